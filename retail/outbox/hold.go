package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Ending counts what became of the deliveries that Cancel was given.
type Ending struct {
	Cancelled int
	Stopping  int // under way: ends cancelled unless its copy has left already
}

// touched is a delivery that an act of the office changed.
type touched struct {
	ID    string
	State State
}

const cancelDeliveries = `
WITH chosen AS (
	SELECT
		id AS chosen_id
	FROM
		delivery
	WHERE` + chosen + `
		AND finished_at IS NULL
	ORDER BY
		id
	FOR UPDATE
)
UPDATE
	delivery
SET
	state = CASE WHEN state = 'sending' THEN state ELSE 'cancelled' END,
	reason = CASE WHEN state = 'sending' THEN reason ELSE @reason::text END,
	cancelling = CASE WHEN state = 'sending' THEN @reason::text END,
	due_at = NULL,
	nudge_at = CASE WHEN state = 'sending' THEN nudge_at END,
	finished_at = CASE WHEN state = 'sending' THEN NULL ELSE vouchsafe_now() END
FROM
	chosen
WHERE
	id = chosen_id
RETURNING
	id::text AS id,
	state`

// Cancel ends the chosen deliveries that are not finished. One that is under way can't be called back at once: it is marked, its
// worker stops before the copy leaves, and Ending tells. A caller to whom that is not enough (a change of recipient) rolls back.
func (o *Outbox) Cancel(ctx context.Context, tx Tx, where Where, reason string) (Ending, error) {
	rows, err := o.touch(ctx, tx, cancelDeliveries, where, reason)
	if err != nil {
		return Ending{}, fmt.Errorf("cancel deliveries: %w", err)
	}
	ended, stopping := split(rows, StateCancelled)
	batch := &pgx.Batch{}
	for _, id := range ended {
		sql, args := CloseTaskStatement(TaskDelivery, id, string(StateCancelled))
		batch.Queue(sql, args)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return Ending{}, fmt.Errorf("cancel deliveries: %w", err)
	}
	if err := o.awaken(ctx, tx, ended...); err != nil {
		return Ending{}, err
	}
	return Ending{Cancelled: len(ended), Stopping: len(stopping)}, nil
}

const holdDeliveries = `
WITH chosen AS (
	SELECT
		id AS chosen_id
	FROM
		delivery
	WHERE` + chosen + `
		AND finished_at IS NULL
		AND NOT @reason::text = ANY (held)
	ORDER BY
		id
	FOR UPDATE
)
UPDATE
	delivery
SET
	held = array_append(held, @reason::text),
	state = CASE WHEN state = 'pending' THEN 'waiting' ELSE state END,
	reason = CASE WHEN state = 'pending' THEN 'held' ELSE reason END,
	nudge_at = CASE WHEN state = 'sending' THEN nudge_at END
FROM
	chosen
WHERE
	id = chosen_id
RETURNING
	id::text AS id,
	state`

// Hold keeps the chosen deliveries that are not finished from being worked, until Unhold with the same reason; holds for several
// reasons add up. One that is under way stops before its copy leaves. It tells how many are held for this reason anew.
func (o *Outbox) Hold(ctx context.Context, tx Tx, where Where, reason string) (int, error) {
	rows, err := o.touch(ctx, tx, holdDeliveries, where, reason)
	if err != nil {
		return 0, fmt.Errorf("hold deliveries: %w", err)
	}
	return len(rows), nil
}

const unholdDeliveries = `
WITH chosen AS (
	SELECT
		id AS chosen_id,
		array_remove(held, @reason::text) AS rest,
		state = 'waiting' AND reason = 'held' AND array_remove(held, @reason::text) = '{}' AS free
	FROM
		delivery
	WHERE` + chosen + `
		AND finished_at IS NULL
		AND @reason::text = ANY (held)
	ORDER BY
		id
	FOR UPDATE
)
UPDATE
	delivery
SET
	held = rest,
	state = CASE WHEN free THEN 'pending' ELSE state END,
	reason = CASE WHEN free THEN '' ELSE reason END,
	due_at = CASE WHEN free THEN COALESCE(due_at, vouchsafe_now()) ELSE due_at END,
	ready_at = greatest(ready_at, vouchsafe_now())
FROM
	chosen
WHERE
	id = chosen_id
RETURNING
	id::text AS id,
	state`

// lockPredecessors keeps those that the chosen ones come after from being settled until this transaction ends, and waits for one that is
// being settled: whichever comes first, one of the two sees the other, and nothing that was made due is forgotten. It comes before the
// chosen ones are locked, since settling goes from predecessor to follower too.
const lockPredecessors = `
SELECT
FROM
	delivery
WHERE
	id IN (
		SELECT
			after
		FROM
			delivery
		WHERE` + chosen + `
			AND after IS NOT NULL
	)
ORDER BY
	id
FOR SHARE`

func lockPredecessorsOf(ctx context.Context, tx Tx, where Where) error {
	if _, err := tx.Exec(ctx, lockPredecessors, where.args()); err != nil {
		return fmt.Errorf("lock what comes before: %w", err)
	}
	return nil
}

// Unhold lifts exactly the holds for this reason. What nothing else stands in the way of is due again when it was due before.
func (o *Outbox) Unhold(ctx context.Context, tx Tx, where Where, reason string) (int, error) {
	if err := lockPredecessorsOf(ctx, tx, where); err != nil {
		return 0, fmt.Errorf("unhold deliveries: %w", err)
	}
	rows, err := o.touch(ctx, tx, unholdDeliveries, where, reason)
	if err != nil {
		return 0, fmt.Errorf("unhold deliveries: %w", err)
	}
	pending, others := split(rows, StatePending)
	if err := o.awaken(ctx, tx, append(pending, others...)...); err != nil {
		return 0, err
	}
	return len(rows), nil
}

// touch runs a statement that takes a choice and a reason.
func (o *Outbox) touch(ctx context.Context, tx Tx, sql string, where Where, reason string) ([]touched, error) {
	args := where.args()
	args["reason"] = clip(reason)
	rows, _ := tx.Query(ctx, sql, args) // rows carry the error to CollectRows
	return pgx.CollectRows(rows, pgx.RowToStructByName[touched])
}

// split divides ids into those in the given state and the others.
func split(rows []touched, state State) (in, out []string) {
	for _, row := range rows {
		if row.State == state {
			in = append(in, row.ID)
		} else {
			out = append(out, row.ID)
		}
	}
	return in, out
}

const retryDelivery = `
UPDATE
	delivery
SET
	state = CASE WHEN held = '{}' THEN 'pending' ELSE 'waiting' END,
	reason = CASE WHEN held = '{}' THEN '' ELSE 'held' END,
	tries = 0,
	ready_at = CASE WHEN held = '{}' THEN vouchsafe_now() ELSE ready_at END,
	due_at = CASE WHEN held = '{}' THEN vouchsafe_now() ELSE coalesce(due_at, ready_at) END,
	nudge_at = NULL,
	give_up_at = NULL,
	finished_at = NULL
WHERE
	id = @id::uuid
	AND state IN ('waiting', 'pending', 'in_doubt', 'bounced', 'failed')
	AND copies < @most`

// Retry makes a delivery due at once, whatever it waited for and however it ended short of done and cancelled; its time to be given
// up starts anew. A hold stays, and so does its place after another. One that is held keeps its day: it can't leave at once, and nobody
// knows when it may. Errors: ErrNotFound, ErrUnderWay, ErrFinished, ErrCopies.
func (o *Outbox) Retry(ctx context.Context, tx Tx, id string) error {
	if err := lockPredecessorsOf(ctx, tx, Where{ID: id}); err != nil {
		return fmt.Errorf("retry delivery %s: %w", id, err)
	}
	tag, err := tx.Exec(ctx, retryDelivery, pgx.NamedArgs{"id": id, "most": copiesMost})
	if err == nil && tag.RowsAffected() == 0 {
		err = retryRefusal(ctx, tx, id)
	}
	if err == nil {
		err = o.awaken(ctx, tx, id)
	}
	if err != nil {
		return fmt.Errorf("retry delivery %s: %w", id, err)
	}
	return nil
}

func retryRefusal(ctx context.Context, tx Tx, id string) error {
	var state State
	err := tx.QueryRow(ctx, `SELECT state FROM delivery WHERE id = @id::uuid`, pgx.NamedArgs{"id": id}).Scan(&state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return err
	case state == StateSending:
		return ErrUnderWay
	case state == StateDone || state == StateCancelled:
		return ErrFinished
	}
	return ErrCopies
}

const lockDeliveries = `
SELECT` + deliveryColumns + `
FROM
	delivery
WHERE` + chosen + `
	AND finished_at IS NULL
ORDER BY
	delivery.id
FOR UPDATE`

// Unfinished locks and reads the chosen deliveries that are not finished, in the order of their ids: for a decision that depends on
// none being under way.
func Unfinished(ctx context.Context, tx Tx, where Where) ([]Delivery, error) {
	rows, _ := tx.Query(ctx, lockDeliveries, where.args()) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
	if err != nil {
		return nil, fmt.Errorf("read unfinished deliveries: %w", err)
	}
	return found, nil
}
