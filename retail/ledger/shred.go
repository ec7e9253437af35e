package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// shredBatch is how many codes are shredded in one statement.
const shredBatch = 1000

// shredWithin is for one batch, which may have to pass a million vouchers to find its few.
const shredWithin = time.Minute

// findShreddable walks the vouchers in the order of their ids; no index is kept for it, since that would cost each act of a
// voucher more than this costs a night.
const findShreddable = `SELECT v.id::text
	FROM voucher v
	WHERE v.id > $1::uuid AND ` + shreddable + `
	ORDER BY v.id
	LIMIT $3
	FOR UPDATE SKIP LOCKED`

// shreddable: it has ended or its validity has, so long ago, and nobody holds it or waits for its code. An expired one that the
// office extends later lives on; to be sent again it needs a new code.
const shreddable = `v.code_sealed IS NOT NULL
		AND (v.state IN ('claimed', 'depleted', 'invalidated') OR coalesce(vouchsafe_owed_until(v.expires_on, v.owed_for, v.zone) <= vouchsafe_now() - $2::interval, false))
		AND v.last_at <= vouchsafe_now() - $2::interval
		AND NOT EXISTS (SELECT FROM reservation r WHERE r.voucher = v.id AND r.state = 'active')
		AND NOT EXISTS (SELECT FROM delivery d WHERE d.subject = v.id::text AND d.finished_at IS NULL)`

// shred asks again under the locks: a delivery may have been made before them.
const shred = `UPDATE voucher v
	SET code_sealed = NULL
	WHERE v.id = ANY($1::uuid[]) AND ` + shreddable

// Shred forgets the sealed codes of vouchers that could be spent or paid out for the last time so long ago, and tells how many. The
// codes are still recognised where somebody shows them. It runs on a schedule; it may be cut off anywhere.
func (l *Ledger) Shred(ctx context.Context, after time.Duration) (shredded int64, err error) {
	last := "00000000-0000-0000-0000-000000000000"
	for last != "" {
		err := outbox.InTx(ctx, l.pool, func(tx outbox.Tx) error {
			ids, err := lockShreddable(ctx, tx, last, after)
			if err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, shred, ids, after)
			if err != nil {
				return err
			}
			if last = ""; len(ids) == shredBatch {
				last = ids[shredBatch-1]
			}
			shredded += tag.RowsAffected()
			return nil
		})
		if err != nil {
			return shredded, fmt.Errorf("shred codes: %w", err)
		}
	}
	return shredded, nil
}

func lockShreddable(ctx context.Context, tx outbox.Tx, last string, after time.Duration) ([]string, error) {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, shredWithin.Milliseconds())); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, findShreddable, last, after, shredBatch) // rows carry the error to CollectRows
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const scrubActs = `UPDATE act
	SET detail = jsonb_set(detail, '{reason}', to_jsonb(regexp_replace(detail ->> 'reason', @words, @erased, 'gi')))
	WHERE voucher = ANY(@vouchers::uuid[]) AND detail ->> 'reason' ~* @words`

// ScrubActs takes a person out of the reasons that the office gave for acts on vouchers, and counts them. The words are a regular
// expression of PostgreSQL's. Neither journal nor chain knows of reasons.
func ScrubActs(ctx context.Context, tx outbox.Tx, vouchers []string, words string) (int64, error) {
	tag, err := tx.Exec(ctx, scrubActs, pgx.NamedArgs{"vouchers": vouchers, "words": words, "erased": outbox.Erased})
	if err != nil {
		return 0, fmt.Errorf("take a person out of the reasons of acts: %w", err)
	}
	return tag.RowsAffected(), nil
}
