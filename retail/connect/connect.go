// Package connect opens the connections to PostgreSQL that a process works with.
//
// It knows three things about the way there. A pooler in transaction mode, such as PgBouncer, gives each transaction another connection
// of the server's: what was prepared on one is unknown on the next. So Open finds out whether something stands between, and then has
// every statement described and none prepared. And connections end while they lie idle, all at once when PostgreSQL is started anew:
// whoever takes one from the pool is given one that nothing speaks against, so that neither a read nor an act fails for it.
//
// And several hosts, or one name that leads now here and now there, may be several servers that all take writes: the old primary that
// comes back after its standby was promoted. A pool works with one of them. Each new connection asks its server who it is, and each that
// is taken from the pool must lead to the server that is trusted then:
//
//   - A server of another cluster is never taken in its place. It is another database, which somebody has to adopt; a new process does.
//   - One on a higher timeline is, at once. A timeline begins with a promotion or the end of a restore, and its number is above all that
//     the promoted server has ever followed: whoever sees both knows that the lower one was left.
//   - One on a lower timeline never is. So the trust rises only, and no pool goes back to a server that was left, however the hosts are
//     ordered, whichever comes back first, and whatever the clocks say, which order nothing here.
//   - Another one on the same timeline is a restart, or a copy of the files in their place. It is taken when the trusted server answers
//     at none of the hosts any more.
//
// Whenever the trust may move, and when the pool is made, all hosts are asked, and the highest timeline wins. A process that was left
// behind by all of this, since its operator means to go back, is started anew: it trusts whomever it finds.
//
// What no number tells is left to the acts themselves, each of which compares the life of its server (package ledger): two standbys that
// were promoted apart to the same number, and a pooler that changes the server behind a connection.
package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// idleLong is how long a connection may lie idle and be given away unasked: a firewall, or a server that lost its power, says
	// nothing when it ends one.
	idleLong = time.Second
	// pingFor is how long a connection may take to show that it lives: one that lost its server says nothing for ever.
	pingFor = 5 * time.Second
	// reachFor is how long each of several hosts may take to answer, unless the URL says otherwise: a host without power says nothing,
	// and the next one is waiting.
	reachFor = 5 * time.Second
	// modeParameter is the URL's own choice of how statements are sent, which wins over what Open finds out.
	modeParameter = "default_query_exec_mode"
)

// Open makes a pool of connections. It connects once to learn what is at the other end, and fails as that connection does.
func Open(ctx context.Context, config *pgxpool.Config) (*pgxpool.Pool, error) {
	config = config.Copy()
	guard := protect(config.ConnConfig)
	config.PrepareConn = guard.holds
	if config.ConnConfig.ConnectTimeout == 0 && len(guard.hosts) > 1 {
		config.ConnConfig.ConnectTimeout = reachFor
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = pingFor
	}
	if !strings.Contains(config.ConnString(), modeParameter) {
		between, err := pooled(ctx, config.ConnConfig)
		if err != nil {
			return nil, fmt.Errorf("open the database: %w", err)
		}
		if between {
			config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		}
	}
	config.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		return p.IdleDuration > idleLong || spoken(p.Conn.PgConn().Conn())
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return pool, nil
}

// pooled tells whether a pooler stands between. PostgreSQL introduces itself with the number of the process that serves the
// connection; a pooler, which serves it with one process after the other, makes a number up.
func pooled(ctx context.Context, config *pgx.ConnConfig) (between bool, err error) {
	config = config.Copy()
	config.Tracer = nil
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(ctx) }() // it has said what it was asked
	var serving uint32
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&serving)
	return serving != conn.PgConn().PID(), err
}

// spoken tells whether the other end has said something on an idle connection, or hung up. PostgreSQL speaks unasked only to say
// that it ends, or that a setting has changed; a question tells which.
func spoken(conn net.Conn) bool {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	silent := false
	err = raw.Control(func(fd uintptr) {
		var first [1]byte
		_, _, err := syscall.Recvfrom(int(fd), first[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		silent = errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR)
	})
	return err != nil || !silent
}
