package report

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Lines of the journal are committed in another order than their instants have, so that no instant says how far somebody has read. A
// snapshot of PostgreSQL does: a line is unseen if its transaction was not visible when that snapshot was taken, however early it
// began. Whoever reads on takes the snapshot that he reads with as his next one, and neither misses a line nor reads one twice.
//
// Lines that another server has written (before the database was restored here) bear transactions of that server. All of those are of
// an instant up to since.
//
// The place is named by parameters and not joined, and each statement is planned for its values: or else PostgreSQL takes a third of
// the journal for unseen, and reads all of it.
const unseen = `
	e.txid >= @xmin::bigint
	AND NOT pg_visible_in_snapshot(e.txid::text::xid8, @seen::text::pg_snapshot)
	AND e.at > @since::text::timestamptz`

// place is how far the journal is summed up.
type place struct {
	XMin    int64 `db:"xmin"`
	Seen    string
	Since   string // an instant, or -infinity
	Foreign bool   // it is a place in the journal of another server
}

const readPlace = `
SELECT
	pg_snapshot_xmin(seen)::text::bigint AS xmin,
	seen::text,
	since::text,
	pg_snapshot_xmax(seen)::text::bigint > pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS foreign
FROM
	turnover_seen`

// placeOf reads the place, with a clause that locks it or none.
func placeOf(ctx context.Context, tx pgx.Tx, lock string) (place, error) {
	rows, _ := tx.Query(ctx, readPlace+lock) // rows carry the error to CollectExactlyOneRow
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[place])
}

// args are the place's parameters of unseen, and others.
func (p place) args(others pgx.NamedArgs) pgx.NamedArgs {
	args := pgx.NamedArgs{"xmin": p.XMin, "seen": p.Seen, "since": p.Since}
	maps.Copy(args, others)
	return args
}

// snapshotWithin bounds a statement of a report.
const snapshotWithin = `SET LOCAL statement_timeout = '2min'; SET LOCAL plan_cache_mode = force_custom_plan`

// inSnapshot lets a report read everything from one snapshot of the database, which it leaves unchanged.
func inSnapshot(ctx context.Context, pool *pgxpool.Pool, doing string, read func(tx pgx.Tx) error) error {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	if _, err = tx.Exec(ctx, snapshotWithin); err == nil {
		err = read(tx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Now is the instant by the clock of all acts.
func Now(ctx context.Context, pool *pgxpool.Pool) (at time.Time, err error) {
	if err := pool.QueryRow(ctx, `SELECT vouchsafe_now()`).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	return at, nil
}
