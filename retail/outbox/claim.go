package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// claimed is a row as its new owner finds it.
type claimed struct {
	Delivery
	Body   []byte
	Was    State
	Marked bool // an attempt before announced a copy and was never heard of again, nor was whoever came to say so
	OnHold bool
}

// claimDelivery takes a row that is due, or whose worker let its lease run out. An abandoned row is taken even when it was held or
// cancelled meanwhile, since somebody has to settle it.
const claimDelivery = `
WITH found AS (
	SELECT
		id AS found_id,
		state AS was,
		copy_attempt > 0 AS marked
	FROM
		delivery
	WHERE
		id = @id::uuid
		AND kind = @kind::text
		AND (
			(
				state IN ('pending', 'in_doubt')
				AND due_at <= (SELECT vouchsafe_now())
				AND held = '{}'
				AND NOT EXISTS (SELECT FROM delivery p WHERE p.id = delivery.after AND NOT p.settled)
			)
			OR (
				state = 'sending'
				AND lease_until <= (SELECT vouchsafe_now())
			)
		)
	FOR UPDATE SKIP LOCKED
)
UPDATE
	delivery
SET
	state = 'sending',
	attempt = attempt + 1,
	due_at = NULL,
	lease_until = vouchsafe_now() + @lease::interval,
	nudge_at = vouchsafe_now() + @lease::interval,
	nudges = 0,
	give_up_at = COALESCE(give_up_at, vouchsafe_now() + @give_up_after::interval)
FROM
	found
WHERE
	id = found_id
RETURNING` + deliveryColumns + `,
	body,
	was,
	was = 'sending' AND marked AS marked,
	held <> '{}' AS on_hold`

// claim returns nil when there is nothing to do: somebody else has the row, or it isn't due after all.
func (o *Outbox) claim(ctx context.Context, t trade, id string) (*claimed, error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	rows, _ := o.pool.Query(ctx, claimDelivery, pgx.NamedArgs{ // rows carry the error to CollectRows
		"id":            id,
		"kind":          t.kind,
		"lease":         o.lease,
		"give_up_after": t.GiveUpAfter,
	})
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[claimed])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim delivery %s: %w", id, err)
	}
	return row, nil
}

// pulse is what a heartbeat learns about the row.
type pulse struct {
	Cancelling bool
	OnHold     bool
	Marked     bool
}

const renewLease = `
UPDATE
	delivery
SET
	lease_until = vouchsafe_now() + @lease::interval,
	nudge_at = vouchsafe_now() + @lease::interval
WHERE
	id = @id::uuid
	AND attempt = @attempt
	AND state = 'sending'
RETURNING
	cancelling IS NOT NULL AS cancelling,
	held <> '{}' AS on_hold,
	copy_attempt = attempt AS marked`

// renew keeps the lease, even one that ran out as long as nobody took over. Error: ErrLost.
func (w *Work) renew(ctx context.Context) (pulse, error) {
	ctx, cancel := context.WithTimeout(ctx, w.box.lease/beatsInLease)
	defer cancel()
	rows, _ := w.box.pool.Query(ctx, renewLease, w.args()) // rows carry the error to CollectRows
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[pulse])
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrLost
	}
	return p, err
}
