package herald

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A line is unread if its transaction was not visible in the snapshot with which the subscriber's lines were read last. Instants and
// numbers say nothing of the kind: a transaction may begin early and commit late. The lines of one voucher are committed in their order,
// since each act holds the voucher's row until it has committed.
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

	// The place is named by parameters, and the statement planned for their values: or else PostgreSQL takes a third of the journal for
	// unread, and reads all of it.
	unreadEntries = `e.txid >= @xmin::text::bigint AND NOT pg_visible_in_snapshot(e.txid::text::xid8, @seen::text::pg_snapshot) AND e.at > @since::text::timestamptz`
	unreadAudit   = `a.txid >= @xmin::text::xid8 AND NOT pg_visible_in_snapshot(a.txid, @seen::text::pg_snapshot) AND a.at > @since::text::timestamptz`

	queueUnread = `
INSERT INTO webhook (
	id,
	subscriber,
	voucher,
	entry,
	audit,
	due_at,
	read_at
)
SELECT
	md5(@id::text || ' ' || voucher::text || ' ' || coalesce('e' || entry, 'a' || audit))::uuid,
	@id::uuid,
	voucher,
	entry,
	audit,
	vouchsafe_now(),
	vouchsafe_now()
FROM (
	SELECT
		e.account AS voucher,
		e.seq AS entry,
		NULL::bigint AS audit,
		e.at
	FROM
		entry e
		JOIN voucher v ON v.id = e.account
	WHERE
		` + unreadEntries + `
	UNION ALL
	SELECT
		v.id,
		NULL,
		a.id,
		a.at
	FROM
		audit a
		JOIN voucher v ON v.id = CASE WHEN a.object ~ '^[0-9a-f-]{36}$' THEN a.object::uuid END
	WHERE
		` + unreadAudit + `
		AND a.action = ANY (@actions)
) unread
ORDER BY
	at,
	entry NULLS LAST,
	audit
ON CONFLICT (subscriber, id) DO NOTHING`

	// moveOn keeps the place where it is while nothing has come, for a while: reading a stretch again is cheaper than writing.
	moveOn = `
UPDATE
	subscriber
SET
	seen = pg_current_snapshot(),
	since = CASE WHEN @foreign::boolean THEN coalesce((SELECT max(at) FROM entry), since) ELSE since END,
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
