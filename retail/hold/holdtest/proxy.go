package holdtest

import (
	"fmt"
	"net"
	"sync"
	"testing"
)

// Mode is what a Proxy does with what it is given.
type Mode int

// The ways of a wire.
const (
	Pass    Mode = iota // forward both ways
	Stall               // keep everything back until the mode changes
	Swallow             // deliver requests, lose the replies
	Cut                 // deliver requests, close the connection instead of the reply
)

// Proxy is a wire to a server that can be made faulty at any moment, for the
// connections that are open as well.
type Proxy struct {
	network, address string // of the server behind

	listener net.Listener
	pumps    sync.WaitGroup
	mu       sync.Mutex
	changed  *sync.Cond
	mode     Mode
	closed   bool
	open     map[net.Conn]bool
}

// NewProxy puts a wire before the server; it is taken away with the test.
func NewProxy(t testing.TB, behind *Server) *Proxy {
	t.Helper()
	p, err := OpenProxy(behind.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// OpenProxy puts a wire before whatever listens at an address of a network, such as "unix". Close takes it away.
func OpenProxy(network, address string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a proxy: %w", err)
	}
	p := &Proxy{listener: listener, network: network, address: address, open: map[net.Conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	p.pumps.Go(p.accept)
	return p, nil
}

// URL leads to the server by way of the proxy.
func (p *Proxy) URL() string { return "redis://" + p.listener.Addr().String() }

// Set changes the mode for all connections, at once.
func (p *Proxy) Set(mode Mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
	p.changed.Broadcast()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.address)
		if err != nil {
			client.Close()
			continue
		}
		if !p.track(client, server) {
			return
		}
		p.pumps.Go(func() { p.pump(client, server, p.request) })
		p.pumps.Go(func() { p.pump(server, client, p.reply) })
	}
}

// track remembers the connections, or closes them if the proxy is closed.
func (p *Proxy) track(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		if p.closed {
			conn.Close()
		}
		p.open[conn] = true
	}
	return !p.closed
}

// verdict on a piece of traffic.
type verdict int

const (
	forward verdict = iota
	lose
	hangUp
)

func (p *Proxy) request() verdict {
	if p.settled() < 0 {
		return hangUp
	}
	return forward
}

func (p *Proxy) reply() verdict {
	switch p.settled() {
	case Pass:
		return forward
	case Swallow:
		return lose
	default:
		return hangUp
	}
}

// settled is the mode once it is no longer Stall; negative when the proxy is closed.
func (p *Proxy) settled() Mode {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.mode == Stall && !p.closed {
		p.changed.Wait()
	}
	if p.closed {
		return -1
	}
	return p.mode
}

func (p *Proxy) pump(from, to net.Conn, judge func() verdict) {
	defer from.Close()
	defer to.Close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		switch judge() {
		case hangUp:
			return
		case lose:
			continue
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// Close ends the wire and every connection over it.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	for conn := range p.open {
		conn.Close()
	}
	p.changed.Broadcast()
	p.mu.Unlock()
	p.listener.Close()
	p.pumps.Wait()
}
