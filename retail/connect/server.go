package connect

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// server is one run of a PostgreSQL server process, as it introduces itself.
type server struct {
	cluster  string // whose files it works on, the same for all that were copied from them; "" where its host keeps that to itself
	timeline string // eight hexadecimal digits, which rise with each promotion; "" for a standby
	started  string // when, by its own clock: it tells one run from another, and orders nothing
}

// of tells whether both work on files of one origin, as far as they say.
func (s server) of(other server) bool {
	return s.cluster == other.cluster || s.cluster == "" || other.cluster == ""
}

// follows tells whether a server may take the place of another one, the zero one for none.
func (s server) follows(trusted server) bool {
	return s.of(trusted) && s.timeline >= trusted.timeline
}

// successor is the server to work with from now on: the candidate, or one of the others that answer at this moment, or the trusted one
// as before. It is never one on a lower timeline than the trusted one, and none on the same timeline while the trusted one answers.
func successor(trusted, candidate server, others []server) server {
	if !candidate.follows(trusted) {
		return trusted
	}
	best := candidate
	for _, s := range others {
		if s.of(candidate) && (s.timeline > best.timeline || s == trusted && s.timeline == best.timeline) {
			best = s
		}
	}
	return best
}

// Whom a connection leads to. Every role may ask it; of a standby the log's position, and with it the timeline, can't be asked.
const (
	askServer = `SELECT
		CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
		extract(epoch FROM pg_postmaster_start_time())::text`
	askCluster = askServer + `,
		(SELECT system_identifier::text FROM pg_control_system())`
)

// insufficientPrivilege is the SQLSTATE of a function that a role may not call.
const insufficientPrivilege = "42501"

// introduce asks a server who it is.
func introduce(ctx context.Context, conn *pgconn.PgConn) (server, error) {
	said, err := conn.Exec(ctx, askCluster).ReadAll()
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == insufficientPrivilege {
		said, err = conn.Exec(ctx, askServer).ReadAll() // some hosts of databases keep the cluster from their customers
	}
	if err != nil {
		return server{}, fmt.Errorf("ask the server who it is: %w", err)
	}
	row := said[0].Rows[0]
	s := server{timeline: string(row[0]), started: string(row[1])}
	if len(row) > 2 {
		s.cluster = string(row[2])
	}
	return s, nil
}
