package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const rescheduleDelivery = `
WITH settled AS (
	UPDATE
		task
	SET
		closed_at = vouchsafe_now(),
		closed_reason = 'rescheduled'
	WHERE
		kind = @task_kind::text
		AND subject = @id::text
		AND reason = ANY (@settles::text[])
		AND closed_at IS NULL
		AND EXISTS (SELECT FROM delivery WHERE id = @id::uuid AND state IN ('waiting', 'pending') AND copies = 0)
)
UPDATE
	delivery
SET
	state = CASE WHEN state = 'waiting' AND reason = ANY (@settles::text[]) AND held = '{}' THEN 'pending' ELSE state END,
	reason = CASE
		WHEN state = 'waiting' AND reason = ANY (@settles::text[]) THEN CASE WHEN held = '{}' THEN '' ELSE 'held' END
		ELSE reason
	END,
	due_at = greatest(@due::timestamptz, vouchsafe_now()),
	ready_at = greatest(@due::timestamptz, vouchsafe_now()),
	nudge_at = NULL
WHERE
	id = @id::uuid
	AND state IN ('waiting', 'pending')
	AND copies = 0`

// Reschedule moves a delivery of which nothing has left to another instant, at once for one in the past. What it waits for, it still
// waits for, unless it is one of the reasons that this settles. Errors: ErrNotFound, ErrUnderWay while it is sent or in doubt, ErrFinished.
func (o *Outbox) Reschedule(ctx context.Context, tx Tx, id string, due time.Time, settles ...string) error {
	if err := lockPredecessorsOf(ctx, tx, Where{ID: id}); err != nil {
		return fmt.Errorf("reschedule delivery %s: %w", id, err)
	}
	tag, err := tx.Exec(ctx, rescheduleDelivery, pgx.NamedArgs{"id": id, "due": due, "settles": settles, "task_kind": TaskDelivery})
	if err == nil && tag.RowsAffected() == 0 {
		err = standingRefusal(ctx, tx, id)
	}
	if err == nil {
		err = o.awaken(ctx, tx, id)
	}
	if err != nil {
		return fmt.Errorf("reschedule delivery %s: %w", id, err)
	}
	return nil
}

// standingRefusal tells why a delivery can't be touched that is neither waiting nor pending.
func standingRefusal(ctx context.Context, tx Tx, id string) error {
	var finished bool
	err := tx.QueryRow(ctx, `SELECT finished_at IS NOT NULL FROM delivery WHERE id = @id::uuid`, pgx.NamedArgs{"id": id}).Scan(&finished)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return err
	case finished:
		return ErrFinished
	}
	return ErrUnderWay
}

const lockByMessage = `
SELECT` + deliveryColumns + `
FROM
	delivery
WHERE
	message_id = @message_id::text
FOR UPDATE`

// LockByMessage locks and reads the delivery of a mail, by its Message-ID without angle brackets. Error: ErrNotFound.
func LockByMessage(ctx context.Context, tx Tx, messageID string) (Delivery, error) {
	rows, _ := tx.Query(ctx, lockByMessage, pgx.NamedArgs{"message_id": messageID}) // rows carry the error to CollectRows
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Delivery])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("find the delivery of a mail: %w", err)
	}
	return found, nil
}

// What is under way with a copy that may have left is over as well: whoever has it finds that its lease is lost, and writes nothing.
const bounceDelivery = `
UPDATE
	delivery
SET
	state = CASE WHEN cancelling IS NULL THEN 'bounced' ELSE 'cancelled' END,
	reason = COALESCE(cancelling, @reason::text),
	cancelling = NULL,
	copy_attempt = 0,
	due_at = NULL,
	lease_until = NULL,
	nudge_at = NULL,
	finished_at = COALESCE(finished_at, greatest(vouchsafe_now(), (SELECT c.finished_at FROM delivery c WHERE c.id = delivery.after)))
WHERE
	id = @id::uuid
	AND (state IN ('done', 'in_doubt') OR state = 'sending' AND copy_attempt > 0)
RETURNING` + deliveryColumns

// Bounce notes that a message came back after a server had taken it, and opens the task of a delivery that did not arrive. A copy that
// is under way may be the one, once it has been announced: a server may answer later than it sends back; if it was called off meanwhile,
// it is cancelled, and nobody's task. Again, it changes nothing.
// Errors: ErrNotFound; ErrUnderWay for one of which no copy is out, be it the first or one more; ErrFinished for one that was cancelled
// or given up.
func (o *Outbox) Bounce(ctx context.Context, tx Tx, id, reason string) (changed bool, err error) {
	rows, _ := tx.Query(ctx, bounceDelivery, pgx.NamedArgs{"id": id, "reason": clip(reason)}) // rows carry the error to CollectRows
	bounced, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Delivery])
	if errors.Is(err, pgx.ErrNoRows) {
		return false, bounceRefusal(ctx, tx, id)
	}
	if err == nil && bounced.State == StateBounced {
		err = OpenTask(ctx, tx, Task{
			Kind: TaskDelivery, Subject: id, Shop: bounced.Shop, Reason: string(StateBounced), Detail: taskDetail(bounced, bounced.Reason),
		})
	}
	if err == nil {
		err = o.awaken(ctx, tx, id)
	}
	if err != nil {
		return false, fmt.Errorf("note that delivery %s came back: %w", id, err)
	}
	return true, nil
}

func bounceRefusal(ctx context.Context, tx Tx, id string) error {
	var state State
	err := tx.QueryRow(ctx, `SELECT state FROM delivery WHERE id = @id::uuid`, pgx.NamedArgs{"id": id}).Scan(&state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return err
	case state == StateBounced:
		return nil
	case state == StateCancelled || state == StateFailed:
		return ErrFinished
	}
	return ErrUnderWay
}
