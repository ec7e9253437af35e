package edge

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// inFlightDefault is how many requests with a valid key are worked on at once, where Options doesn't say.
	inFlightDefault = 1024
	// comeBackAfter is when a request that found the house full may try again: by then others are done.
	comeBackAfter = time.Second
	// siteBits of an IPv6 address are what one customer of a provider has to choose from.
	siteBits = 64
)

// Crowd says how many connections one source address may have open.
type Crowd struct {
	// Most is the number; 0 is any.
	Most int
	// Proxies stand for many clients and may have any number. So does this machine itself.
	Proxies []netip.Prefix
}

// Around counts the connections that a listener accepts, and closes at once those that are too many: whoever opens
// connections to keep others out runs out of them first.
func (c Crowd) Around(listener net.Listener) net.Listener {
	if c.Most == 0 {
		return listener
	}
	return &counted{Listener: listener, crowd: c, open: map[netip.Prefix]int{}}
}

// source is what a connection counts for; it is not valid for one that doesn't count.
func (c Crowd) source(from net.Addr) netip.Prefix {
	peer, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return netip.Prefix{} // a socket of this machine
	}
	address := peer.Addr().Unmap().WithZone("")
	isProxy := func(p netip.Prefix) bool { return p.Contains(address) }
	if address.IsLoopback() || slices.ContainsFunc(c.Proxies, isProxy) {
		return netip.Prefix{}
	}
	site, err := address.Prefix(min(address.BitLen(), siteBits))
	if err != nil {
		return netip.Prefix{}
	}
	return site
}

// counted is a listener that counts.
type counted struct {
	net.Listener
	crowd Crowd
	mu    sync.Mutex
	open  map[netip.Prefix]int
}

// Accept waits for a connection that is not one too many.
func (l *counted) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := l.crowd.source(conn.RemoteAddr())
		if !from.IsValid() {
			return conn, nil
		}
		if l.enter(from) {
			return &leaving{Conn: conn, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		_ = conn.Close() // nothing was said on it
	}
}

func (l *counted) enter(from netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from] >= l.crowd.Most {
		return false
	}
	l.open[from]++
	return true
}

func (l *counted) leave(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// leaving is a connection that counts until it is closed.
type leaving struct {
	net.Conn
	leave func()
}

// Close closes the connection, which counts no more.
func (c *leaving) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// admit lets so many requests in at once and asks the others to come back. It stands behind the key: nobody without
// one can fill the house, however slowly he sends.
func (e *Edge) admit(c *gin.Context) {
	select {
	case e.inside <- struct{}{}:
	default:
		Fail(c, Refuse(Unavailable, "Too many requests are under way.").After(comeBackAfter))
		return
	}
	defer func() { <-e.inside }()
	c.Next()
}
