package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

const (
	forfeitBatch  = 500         // vouchers that are written off together
	forfeitWithin = time.Minute // one search, which may pass a million vouchers that have expired before
)

// findForfeit walks the expired vouchers by index voucher_by_expiry. It only proposes: the rule book decides under the lock.
const findForfeit = `SELECT
		v.id::text,
		v.ends_at
	FROM voucher v
	WHERE (coalesce(v.ends_at, 'infinity'), v.id) > (@after::timestamptz, @id::uuid)
		AND coalesce(v.ends_at, 'infinity') <= (SELECT vouchsafe_now()) - @claims::interval
		AND v.balance > 0
		AND NOT (v.blocked_order OR v.blocked_office OR v.quarantined)
		AND vouchsafe_owed_until(v.expires_on, v.owed_for, v.zone) <= (SELECT vouchsafe_now())
	ORDER BY
		coalesce(v.ends_at, 'infinity'),
		v.id
	LIMIT @most`

// forfeitRow is a voucher that may be due.
type forfeitRow struct {
	ID     string
	EndsAt time.Time
}

// WriteOff writes off what is left of vouchers that is nobody's any more (X12), and tells of how many. It runs on a schedule; it may be
// missed, repeated, cut off anywhere or run by several gateways at once, since each voucher is decided under its lock and what was written
// off is there no more. A voucher that can't be settled keeps none of the others; the error is that of the first.
func (l *Ledger) WriteOff(ctx context.Context) (written int, err error) {
	last := forfeitRow{ID: "00000000-0000-0000-0000-000000000000"}
	for {
		found, fault := l.forfeit(ctx, last)
		if fault != nil {
			return written, fault
		}
		some, fault := l.writeOff(ctx, found)
		if written += some; err == nil {
			err = fault
		}
		if len(found) < forfeitBatch {
			return written, err
		}
		last = found[forfeitBatch-1]
	}
}

// forfeit finds the next vouchers that may be due.
func (l *Ledger) forfeit(ctx context.Context, last forfeitRow) (found []forfeitRow, err error) {
	err = outbox.InTx(ctx, l.pool, func(tx outbox.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d; SET LOCAL plan_cache_mode = force_custom_plan`, forfeitWithin.Milliseconds())); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, findForfeit, pgx.NamedArgs{ // rows carry the error to CollectRows
			"after": last.EndsAt, "id": last.ID, "claims": l.rules.Claims(), "most": forfeitBatch,
		})
		found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[forfeitRow])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find what to write off: %w", err)
	}
	return found, nil
}

// writeOff writes off those of the vouchers that are due, and tells how many that were.
func (l *Ledger) writeOff(ctx context.Context, found []forfeitRow) (written int, first error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, v := range found {
		wg.Go(func() {
			done, err := l.writeOffOne(ctx, v.ID)
			mu.Lock()
			defer mu.Unlock()
			if done {
				written++
			}
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	return written, first
}

func (l *Ledger) writeOffOne(ctx context.Context, id string) (done bool, err error) {
	act := voucher.WriteOff{}
	if act.ID, err = l.NewID(); err != nil {
		return false, err
	}
	answer, err := l.Apply(ctx, Aimed{Voucher: id, Act: act})
	if err != nil {
		return false, fmt.Errorf("write off voucher %s: %w", id, err)
	}
	return answer.Created, nil
}

// writeOffProofs are what must hold of write-offs.
func writeOffProofs() []proof {
	return []proof{
		{"a write-off is a line of the journal, and stands unless it was brought back", `SELECT coalesce(a.voucher, e.account)::text, format('%s of %s, %s, taken back %s; line %s of %s, brought back %s', a.key, a.amount, a.state, a.taken_back, e.seq, e.amount, e.back)
			FROM (SELECT a.* FROM act a JOIN voucher v ON v.id = a.voucher WHERE a.kind = 'lapse') a
			FULL JOIN (
				SELECT
					e.account,
					e.act,
					e.seq,
					e.amount,
					(SELECT coalesce(sum(b.amount), 0) FROM entry b WHERE b.account = e.account AND b.act = e.act AND b.kind = 'reversal') AS back
				FROM entry e
				JOIN voucher v ON v.id = e.account
				WHERE e.kind = 'expire'
			) e ON e.account = a.voucher AND e.act = a.id
			WHERE a.id IS NULL OR e.act IS NULL OR a.key <> format('%s:%s', a.voucher, e.seq) OR a.amount <> -e.amount OR a.taken_back <> e.back
				OR (a.state = 'reversed') <> (e.back > 0)`},
		{"what is written off had expired, and nobody could ask for it", `SELECT v.id::text, format('written off at %s, valid through %s, owed until %s', a.at, v.expires_on, vouchsafe_owed_until(v.expires_on, v.owed_for, v.zone))
			FROM act a
			JOIN voucher v ON v.id = a.voucher
			WHERE a.kind = 'lapse' AND a.state = 'done'
				AND coalesce(vouchsafe_owed_until(v.expires_on, v.owed_for, v.zone) > a.at, true)
				AND NOT EXISTS (SELECT FROM act r WHERE r.voucher = v.id AND r.kind IN ('refund', 'adjustment') AND r.at >= a.at) -- which has prolonged it since, or let it be prolonged`},
		{"nothing is written off that somebody has reserved", `SELECT v.id::text, format('written off at %s, reserved from %s to %s', a.at, r.granted_at, least(r.ended_at, r.expires_at))
			FROM act a
			JOIN voucher v ON v.id = a.voucher
			JOIN reservation r ON r.voucher = v.id
			WHERE a.kind = 'lapse' AND a.at >= r.granted_at AND a.at < least(r.ended_at, r.expires_at)`},
	}
}
