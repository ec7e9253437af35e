package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Errors of a new connection.
var (
	errOther    = errors.New("the server is of another cluster than the one that was served: a restored or moved database is taken by a new process only")
	errOlder    = errors.New("the server is older than the one that was served, or a standby")
	errServed   = errors.New("another server with the same data is the one to work with")
	errStandbys = errors.New("target_session_attrs=prefer-standby is for those who only read")
)

// guard keeps a pool to one server.
type guard struct {
	hosts   []*pgx.ConnConfig // each of several hosts by itself; empty if there is only one
	allowed pgconn.ValidateConnectFunc

	changing sync.Mutex // held while it is found out whom to trust
	trusted  atomic.Pointer[server]
}

// protect has a guard look at every new connection, along with what the URL itself demands of it.
func protect(config *pgx.ConnConfig) *guard {
	g := &guard{allowed: config.ValidateConnect}
	if each := hostsOf(config); len(each) > 1 {
		g.hosts = each
	}
	config.ValidateConnect = g.admit
	return g
}

// hostsOf are the configurations of the hosts, in their order, each with what may be tried with it.
func hostsOf(config *pgx.ConnConfig) (each []*pgx.ConnConfig) {
	tried := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	for _, try := range tried {
		if n := len(each); n > 0 && each[n-1].Host == try.Host && each[n-1].Port == try.Port {
			each[n-1].Fallbacks = append(each[n-1].Fallbacks, try)
			continue
		}
		one := config.Copy()
		one.Host, one.Port, one.TLSConfig, one.Fallbacks = try.Host, try.Port, try.TLSConfig, nil
		one.Tracer, one.ConnectTimeout = nil, reachFor
		each = append(each, one)
	}
	return each
}

// introduced is under what a connection keeps who its server is.
const introduced = "vouchsafe: server"

// admit refuses a new connection to a server that isn't the one to work with, so that the next host is tried.
func (g *guard) admit(ctx context.Context, conn *pgconn.PgConn) error {
	if g.allowed != nil {
		if err := g.allowed(ctx, conn); err != nil {
			return err
		}
	}
	s, err := introduce(ctx, conn)
	if err != nil {
		return err
	}
	conn.CustomData()[introduced] = s
	return g.judge(ctx, s)
}

// judge tells what speaks against a server, and moves the trust on to it where it may take the place of the one before.
func (g *guard) judge(ctx context.Context, s server) error {
	if trusted := g.trusted.Load(); trusted != nil && *trusted == s {
		return nil
	}
	g.changing.Lock()
	defer g.changing.Unlock()
	var trusted server
	if known := g.trusted.Load(); known != nil {
		trusted = *known
	}
	switch {
	case s == trusted:
		return nil
	case !s.of(trusted):
		return errOther
	case !s.follows(trusted):
		return fmt.Errorf("%w: timeline %q after %q", errOlder, s.timeline, trusted.timeline)
	}
	next := successor(trusted, s, g.look(ctx))
	if next.timeline != "" { // a standby is good enough for whoever only reads, until there is something better
		g.trusted.Store(&next)
	}
	if next != s {
		return errServed
	}
	return nil
}

// look asks all hosts at once who they are, and meanwhile nobody gets a new connection. One that doesn't answer, or that the URL doesn't
// want, is none.
func (g *guard) look(ctx context.Context) []server {
	ctx, cancel := context.WithTimeout(ctx, reachFor)
	defer cancel()
	found := make([]server, len(g.hosts))
	var looking sync.WaitGroup
	for n, host := range g.hosts {
		looking.Go(func() {
			conn, err := pgx.ConnectConfig(ctx, host)
			if err != nil {
				return
			}
			defer func() { _ = conn.Close(ctx) }() // it has said what it was asked
			if s, err := introduce(ctx, conn.PgConn()); err == nil {
				found[n] = s
			}
		})
	}
	looking.Wait()
	return slices.DeleteFunc(found, func(s server) bool { return s == server{} })
}

// holds tells whether a connection of the pool still leads to the server to work with.
func (g *guard) holds(_ context.Context, conn *pgx.Conn) (bool, error) {
	s, known := conn.PgConn().CustomData()[introduced].(server)
	if !known { // the driver goes back on a refusal, if nothing better is found, for this one preference alone
		return false, errStandbys
	}
	trusted := g.trusted.Load()
	return trusted == nil || *trusted == s, nil
}
