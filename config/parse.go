package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vouchsafe/retail/keyring"
	"vouchsafe/retail/money"
)

const (
	// shortest is the least time that a reservation may last; less would end before its answer arrives.
	shortest = time.Second
	// soonest is the least time after which something is erased: a day on which a person can still find a slip.
	soonest = 24 * time.Hour
	// longest is the most that any duration may be; more is a slip of the pen.
	longest = 366 * 24 * time.Hour
	// maxVouchersPerOrder bounds the codes that one transaction locks.
	maxVouchersPerOrder = 100
	// maxRemindDays bounds how early a reminder may come.
	maxRemindDays = 365
	// maxConnections is more than a process can have.
	maxConnections = 1_000_000
	// lineBytes is the longest free text.
	lineBytes = 256
)

// Faults of secrets name no part of the text, and neither do they wrap a parser's fault, which would quote it.
var (
	errDatabaseURL = errors.New("want postgres://user:password@host/database")
	errRedisURL    = errors.New("want redis://host:port, rediss://host:port, unix:///path/of/socket, redis+sentinel://host:port,…/master or redis+cluster://host:port,…")
	errSMTPURL     = errors.New("want smtp://user:password@host:port or smtps://")
	errSMTPPlain   = errors.New("tls=none is for a server on loopback alone")
)

func listen(into *string) func(string) error {
	return func(text string) error {
		_, port, err := net.SplitHostPort(text)
		if err != nil {
			return fmt.Errorf("want host:port: %w", err)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("%q is not a port", port)
		}
		*into = text
		return nil
	}
}

func publicURL(into *string) func(string) error {
	return func(text string) error {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return errors.New("want https://host")
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("want an address without user, query or fragment")
		}
		*into = strings.TrimRight(text, "/")
		return nil
	}
}

func networks(into *[]netip.Prefix) func(string) error {
	return func(text string) error {
		var faults faults
		for item := range strings.SplitSeq(text, ",") {
			network, err := network(strings.TrimSpace(item))
			faults.add(err)
			*into = append(*into, network)
		}
		return errors.Join(faults...)
	}
}

// noneOr lets "none" stand for an empty list, which is something else than a list that was not given.
func noneOr(list func(string) error, into *[]netip.Prefix) func(string) error {
	return func(text string) error {
		if text == "none" {
			*into = []netip.Prefix{}
			return nil
		}
		return list(text)
	}
}

// network reads a CIDR, or an address as the network of itself alone. Bits right of the mask are refused: whoever
// wrote 10.1.2.3/8 meant something else than 10.0.0.0/8.
func network(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither a network nor an address", text)
	}
	if network != network.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q: the network is %s", text, network.Masked())
	}
	return network, nil
}

func level(into *slog.Level) func(string) error {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	return func(text string) error {
		found, ok := levels[strings.ToLower(text)]
		if !ok {
			return fmt.Errorf("%q is none of debug, info, warn, error", text)
		}
		*into = found
		return nil
	}
}

func databaseURL(into *Secret) func(string) error {
	return func(text string) error {
		scheme, rest, _ := strings.Cut(text, "://")
		if scheme != "postgres" && scheme != "postgresql" || rest == "" {
			return errDatabaseURL
		}
		*into = NewSecret(text)
		return nil
	}
}

func redisURL(into *Secret) func(string) error {
	return func(text string) error {
		scheme, rest, _ := strings.Cut(text, "://")
		rest, _, _ = strings.Cut(rest, "?")
		authority, path, _ := strings.Cut(rest, "/")
		hosts := strings.Split(authority[strings.LastIndex(authority, "@")+1:], ",")
		switch {
		case scheme == "unix" && path != "":
		case !slices.Contains([]string{"redis", "rediss", "redis+sentinel", "redis+cluster"}, scheme),
			slices.Contains(hosts, ""),
			strings.HasSuffix(scheme, "+sentinel") && path == "",
			!strings.Contains(scheme, "+") && len(hosts) > 1:
			return errRedisURL
		}
		*into = NewSecret(text)
		return nil
	}
}

func smtpURL(into *Secret) func(string) error {
	return func(text string) error {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
			return errSMTPURL
		}
		for name, values := range u.Query() {
			if name != "tls" || len(values) != 1 || values[0] != "none" || u.Scheme != "smtp" {
				return fmt.Errorf("%w; the only option is ?tls=none", errSMTPURL)
			}
		}
		if u.Query().Has("tls") && !loopback(u.Hostname()) {
			return errSMTPPlain
		}
		*into = NewSecret(text)
		return nil
	}
}

// loopback tells whether a host surely is this machine. Other names could resolve to it too, today.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func masters(into *Secret) func(string) error {
	return func(text string) error {
		if _, err := keyring.ParseMasters(text); err != nil {
			return err
		}
		*into = NewSecret(text)
		return nil
	}
}

func sender(into *string) func(string) error {
	return func(text string) error {
		if _, err := mail.ParseAddress(text); err != nil {
			return fmt.Errorf("%q is not a mail address", text)
		}
		*into = text
		return nil
	}
}

func zone(into **time.Location) func(string) error {
	return func(text string) error {
		location, err := time.LoadLocation(text)
		// "Local" depends on the machine, so that two gateways could disagree on when a day ends.
		if err != nil || text == "Local" {
			return fmt.Errorf("%q is not a time zone, as Europe/Copenhagen is", text)
		}
		*into = location
		return nil
	}
}

func oneOf[T ~string](into *T, known ...T) func(string) error {
	return func(text string) error {
		if !slices.Contains(known, T(text)) {
			return fmt.Errorf("%q is none of %q", text, known)
		}
		*into = T(text)
		return nil
	}
}

// decimal is an amount in any currency: the currency with the most decimals has four.
var decimal = regexp.MustCompile(`^[0-9]{1,14}(\.[0-9]{1,4})?$`)

func ceiling(into *string) func(string) error {
	return func(text string) error {
		if !decimal.MatchString(text) || strings.Trim(text, "0.") == "" {
			return fmt.Errorf("%q is not an amount above 0, as 10000.00 is", text)
		}
		if err := money.Unambiguous(text); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		*into = text
		return nil
	}
}

// amount is a decimal that may be 0.
func amount(into *string) func(string) error {
	return func(text string) error {
		if !decimal.MatchString(text) {
			return fmt.Errorf("%q is not an amount, as 1000.00 is", text)
		}
		if err := money.Unambiguous(text); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		*into = text
		return nil
	}
}

// amounts is a decimal in whichever currency, which may be 0, or one for each of some currencies: DKK:25.00,EUR:3.00.
func amounts(into *string) func(string) error {
	return func(text string) error {
		if decimal.MatchString(text) {
			return amount(into)(text)
		}
		var items []string
		named := map[string]bool{}
		for item := range strings.SplitSeq(text, ",") {
			currency, number, found := strings.Cut(strings.TrimSpace(item), ":")
			_, err := money.Read(number, money.Currency(currency))
			if errors.Is(err, money.ErrAmbiguous) {
				return fmt.Errorf("%q: %w", text, err)
			}
			if !found || err != nil || !decimal.MatchString(number) {
				return fmt.Errorf("%q is neither an amount, as 25.00 is, nor one for each currency, as DKK:25.00,EUR:3.00 is", text)
			}
			if named[currency] {
				return fmt.Errorf("%q names %s twice", text, currency)
			}
			named[currency] = true
			items = append(items, currency+":"+number)
		}
		*into = strings.Join(items, ",")
		return nil
	}
}

func duration(into *time.Duration, least time.Duration) func(string) error {
	return func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration, as 24h or 90m is", text)
		}
		if d < least || d > longest {
			return fmt.Errorf("%s is not between %s and %s", d, least, longest)
		}
		*into = d
		return nil
	}
}

func count(into *int, least, most int) func(string) error {
	return func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is not a number from %d to %d", text, least, most)
		}
		*into = n
		return nil
	}
}

func line(into *string) func(string) error {
	return func(text string) error {
		if len(text) > lineBytes || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("want one line of at most %d bytes", lineBytes)
		}
		*into = text
		return nil
	}
}
