package reach

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	dialWithin   = 5 * time.Second  // until a connection stands, names resolved
	headerWithin = 20 * time.Second // until a slow shop begins to answer
	answerWithin = 45 * time.Second // for one answer, to its last byte
	idleFor      = 30 * time.Second
	headerBytes  = 64 << 10
	perHost      = 8 // connections to one shop, so that one that hangs takes no more
)

// Client is an HTTP client that calls what the guard allows, and nothing that a name, a redirect or a proxy makes of it. How much of an
// answer is read is for the caller to limit.
func (g Guard) Client() *http.Client { return g.client(net.DefaultResolver) }

// client asks a resolver of the caller's choice.
func (g Guard) client(names *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: dialWithin, Resolver: names, ControlContext: g.control}
	return &http.Client{
		Timeout:       answerWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: door{guard: g, next: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: dialWithin, ResponseHeaderTimeout: headerWithin,
			IdleConnTimeout: idleFor, MaxConnsPerHost: perHost, MaxResponseHeaderBytes: headerBytes, ForceAttemptHTTP2: true,
		}},
	}
}

// control sees the very address that is about to be dialled.
func (g Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrRefused, address)
	}
	return g.Check(to.Addr())
}

// door looks at the URL of every request: a shop may have been registered when other networks were allowed.
type door struct {
	guard Guard
	next  http.RoundTripper
}

// RoundTrip refuses what may not be called.
func (d door) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := d.guard.checkTarget(request.URL); err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // as RoundTripper promises; nobody has read it
		}
		return nil, err
	}
	return d.next.RoundTrip(request)
}

// CloseIdleConnections ends what lies idle.
func (d door) CloseIdleConnections() {
	if next, ok := d.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
