package herald

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A line is unread if its transaction was not visible in the snapshot with which the subscriber's lines were read last. Instants and
// numbers say nothing of the kind: a transaction may begin early and commit late. The lines of one voucher are committed in their order,
// since each act holds the voucher's row until it has committed; so are those of an account.
const (
	lockPlace = `
SELECT
	pg_snapshot_xmin(seen)::text AS xmin,
	seen::text,
	(CASE WHEN pg_snapshot_xmax(seen)::text::bigint > pg_snapshot_xmax(pg_current_snapshot())::text::bigint THEN read_at - interval '1 day' ELSE since END)::text AS since,
	pg_snapshot_xmax(seen)::text::bigint > pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS foreign
FROM
	subscriber
WHERE
	id = @id::uuid
	AND state = 'active'
	AND deleted_at IS NULL
FOR UPDATE`

	// moveOn keeps the place where it is while nothing has come, for a while: reading a stretch again is cheaper than writing.
	moveOn = `
UPDATE
	subscriber
SET
	seen = pg_current_snapshot(),
	since = CASE WHEN @foreign::boolean THEN greatest(
		(SELECT max(at) FROM entry),
		(SELECT max(at) FROM audit),
		(SELECT max(greatest(granted_at, ended_at)) FROM reservation),
		(SELECT max(greatest(granted_at, ended_at)) FROM account_reservation),
		since
	) ELSE since END,
	read_at = vouchsafe_now()
WHERE
	id = @id::uuid
	AND (@found > 0
		OR @foreign::boolean
		OR pg_snapshot_xmax(pg_current_snapshot())::text::bigint > pg_snapshot_xmin(seen)::text::bigint + @stretch::bigint)`
)

const (
	stretch    = 10_000 // transactions
	readWithin = `SET LOCAL statement_timeout = '5min'; SET LOCAL plan_cache_mode = force_custom_plan`
)

// place is how far the lines were read for a subscriber.
type place struct {
	XMin    string `db:"xmin"`
	Seen    string
	Since   string // an instant, or -infinity
	Foreign bool   // it is a place in the journal of another server
}

// read puts what a subscriber has not been told yet into its queue, all of one snapshot, and moves its place on.
func (h *Herald) read(ctx context.Context, id string) error {
	err := pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, readWithin); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, lockPlace, pgx.NamedArgs{"id": id}) // rows carry the error to CollectExactlyOneRow
		at, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[place])
		if err != nil {
			return err
		}
		if at.Foreign { // it was restored: all of the last day is read anew, and what is told twice bears the same webhook-id
			at.XMin, at.Seen = "1", "1:1:"
		}
		args := pgx.NamedArgs{
			"id": id, "actions": actions(), "stretch": stretch, "xmin": at.XMin, "seen": at.Seen, "since": at.Since, "foreign": at.Foreign,
		}
		tag, err := tx.Exec(ctx, queueUnread, args)
		if err != nil {
			return err
		}
		args["found"] = tag.RowsAffected()
		_, err = tx.Exec(ctx, moveOn, args)
		return err
	})
	if err != nil {
		return fmt.Errorf("read on for subscriber %s: %w", id, err)
	}
	return nil
}
