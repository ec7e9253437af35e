package reach

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ErrRefused is wrapped by every refusal of a URL or an address.
var ErrRefused = errors.New("an address that may not be called")

// Guard knows which addresses may be called. The zero Guard allows public ones alone.
type Guard struct {
	private []netip.Prefix
}

// New makes a guard that allows these networks besides public addresses.
func New(private ...netip.Prefix) Guard { return Guard{private: slices.Clone(private)} }

// special are the networks of IANA's registries that are no ordinary public addresses, and those that carry another address inside. Of
// IPv6, only 2000::/3 is public at all, so that mapped, compatible, translated, local and multicast addresses need no line here.
func special() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	return networks
}

// Check refuses an address that is neither public nor allowed by name.
func (g Guard) Check(address netip.Addr) error {
	plain := address.Unmap()
	if address.Zone() == "" && (g.allows(plain) || public(plain)) {
		return nil
	}
	return fmt.Errorf("%w: %s is not a public one", ErrRefused, address)
}

func (g Guard) allows(address netip.Addr) bool {
	return slices.ContainsFunc(g.private, func(network netip.Prefix) bool { return network.Contains(address) })
}

// public tells whether an address, already unmapped, is an ordinary one of the Internet.
func public(address netip.Addr) bool {
	if address.Is6() && !netip.MustParsePrefix("2000::/3").Contains(address) {
		return false
	}
	return address.IsValid() && !slices.ContainsFunc(special(), func(network netip.Prefix) bool { return network.Contains(address) })
}

// CheckURL refuses a URL that could never be called: one without https (but for a loopback address that is allowed), with a user, a query
// or a fragment, or with a host that is a forbidden address however it is written. A name is not resolved: where it leads is looked at
// when it is dialled.
func (g Guard) CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return fmt.Errorf("%w: want https://host", ErrRefused)
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return fmt.Errorf("%w: want an address alone, without user, query or fragment", ErrRefused)
	}
	return g.checkTarget(u)
}

// checkTarget judges scheme, host and port.
func (g Guard) checkTarget(u *url.URL) error {
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%w: %.8q is not a port", ErrRefused, port)
		}
	}
	host, err := literal(u.Hostname())
	if err != nil {
		return err
	}
	if host.IsValid() {
		if err := g.Check(host); err != nil {
			return err
		}
	}
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && host.IsValid() && host.Unmap().IsLoopback():
		return nil
	default:
		return fmt.Errorf("%w: want https://", ErrRefused)
	}
}

// literal is the address that a host is, or the zero address for a name. Names for this machine are its address. What some resolver takes
// for a number (2130706433, 0x7f.1, 0177.0.0.1) is refused: nobody's shop is called that.
func literal(host string) (netip.Addr, error) {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if address, err := netip.ParseAddr(name); err == nil {
		return address, nil
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	last := name[strings.LastIndex(name, ".")+1:]
	if last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return netip.Addr{}, fmt.Errorf("%w: %.40q is neither a name nor an address", ErrRefused, host)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !isOfName(r) }) {
		return netip.Addr{}, fmt.Errorf("%w: %.40q is not a name (write an international one in its xn-- form)", ErrRefused, host)
	}
	return netip.Addr{}, nil
}

// isOfName tells whether a rune belongs into a name. Others are read as letters, dots or digits by some and not by others.
func isOfName(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_'
}
