package edge

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// from is a connection of an address, on one end of a pipe.
type from struct {
	net.Conn
	address net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.address }

// arriving is a listener for connections of a test's making.
type arriving chan net.Conn

func (a arriving) Accept() (net.Conn, error) {
	conn, ok := <-a
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (a arriving) Close() error   { return nil }
func (a arriving) Addr() net.Addr { return &net.TCPAddr{} }

// comes lets a connection arrive and gives its other end.
func (a arriving) comes(address string) net.Conn {
	ours, theirs := net.Pipe()
	a <- from{theirs, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}
	return ours
}

func TestAnAddressHasSoManyConnectionsAndNoMore(t *testing.T) {
	t.Parallel()
	queue := make(arriving, 8)
	door := Crowd{Most: 2, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}.Around(queue)
	accept := func() net.Conn {
		t.Helper()
		conn, err := door.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for _, free := range []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "[::1]:1", "[::1]:2", "[::1]:3"} {
		queue.comes(free)
		accept()
	}
	for _, site := range [][]string{
		{"192.0.2.1:1", "192.0.2.1:2", "[::ffff:192.0.2.1]:3", "192.0.2.2:1"},
		{"[2001:db8::1]:1", "[2001:db8::ffff:2]:2", "[2001:db8::3]:3", "[2001:db8:0:1::1]:1"},
	} {
		queue.comes(site[0])
		first := accept()
		queue.comes(site[1])
		accept()
		refused := queue.comes(site[2])
		queue.comes(site[3])
		if got, want := accept().RemoteAddr().String(), site[3]; got != want {
			t.Errorf("after two of %s: %s was let in, want %s", site[0], got, want)
		}
		if _, err := refused.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the third of %s: %v, want it closed", site[0], err)
		}
		for range 2 { // a connection that is closed twice counts once
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
		}
		queue.comes(site[2])
		accept()
		again := queue.comes(site[0])
		close := queue.comes("10.0.0.1:9")
		accept()
		if _, err := again.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("with two of %s there is room for a third", site[0])
		}
		_ = close.Close()
	}
}

func TestAHouseThatIsFullAsksToComeBack(t *testing.T) {
	t.Parallel()
	d := openWith(t, func(o *Options) { o.InFlight = 1 })
	began, end := make(chan struct{}), make(chan struct{})
	huma.Register(d.API(), huma.Operation{OperationID: "long", Method: http.MethodGet, Path: "/v1/long"},
		func(context.Context, *struct{}) (*reserveOut, error) {
			close(began)
			<-end
			return &reserveOut{}, nil
		})
	first := make(chan int, 1)
	go func() { first <- d.ask("GET", "/v1/long", "", "Authorization", "Bearer shop").Code }()
	<-began
	full := d.reserve("FREE")
	if p := problem(t, full); full.Code != 503 || p["code"] != "unavailable" || full.Header().Get("Retry-After") != "1" {
		t.Errorf("the second is told %d %v", full.Code, p)
	}
	if got := d.ask("GET", "/who", "").Code; got != 200 {
		t.Errorf("what asks for no key: %d", got)
	}
	if got := d.ask("PUT", "/v1/reservations/a", "", "Authorization", "Bearer nobody").Code; got != 401 {
		t.Errorf("without a key: %d", got)
	}
	close(end)
	if got := <-first; got != 200 {
		t.Errorf("the first: %d", got)
	}
	if got := d.reserve("FREE").Code; got != 200 {
		t.Errorf("when there is room again: %d", got)
	}
}
