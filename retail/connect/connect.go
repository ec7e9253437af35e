// Package connect opens the connections to PostgreSQL that a process works with.
//
// It knows two things about the way there. A pooler in transaction mode, such as PgBouncer, gives each transaction another connection
// of the server's: what was prepared on one is unknown on the next. So Open finds out whether something stands between, and then has
// every statement described and none prepared. And connections end while they lie idle, all at once when PostgreSQL is started anew:
// whoever takes one from the pool is given one that nothing speaks against, so that neither a read nor an act fails for it.
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
	// modeParameter is the URL's own choice of how statements are sent, which wins over what Open finds out.
	modeParameter = "default_query_exec_mode"
)

// Open makes a pool of connections. It connects once to learn what is at the other end, and fails as that connection does.
func Open(ctx context.Context, config *pgxpool.Config) (*pgxpool.Pool, error) {
	config = config.Copy()
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
