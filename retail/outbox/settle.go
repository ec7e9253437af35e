package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// TaskDelivery is the kind of the tasks that this package opens; their subject is the delivery's id. Such a task closes by itself
// when its delivery is done or cancelled.
const TaskDelivery = "delivery"

const lockAttempt = `
SELECT
	attempt,
	tries,
	copies,
	copy_attempt,
	doubts,
	held <> '{}' AS on_hold,
	cancelling IS NOT NULL AS cancelling,
	give_up_at,
	vouchsafe_now() AS at
FROM
	delivery
WHERE
	id = @id::uuid
	AND attempt = @attempt
	AND state = 'sending'
FOR UPDATE`

// A delivery ends no earlier than the one that it had to wait for, even if the clock was set back in between.
const writeVerdict = `
UPDATE
	delivery
SET
	state = @state::text,
	reason = CASE WHEN @state::text = 'cancelled' THEN COALESCE(cancelling, @reason::text) ELSE @reason::text END,
	cancelling = NULL,
	tries = @tries,
	copies = @copies,
	copy_attempt = @copy_attempt,
	doubts = @doubts,
	due_at = vouchsafe_now() + @due::interval,
	lease_until = NULL,
	nudge_at = CASE
		WHEN @state::text IN ('pending', 'in_doubt') AND held = '{}' THEN vouchsafe_now() + @due::interval
	END,
	nudges = 0,
	finished_at = CASE
		WHEN @state::text IN ('done', 'bounced', 'failed', 'cancelled') THEN
			greatest(vouchsafe_now(), (SELECT c.finished_at FROM delivery c WHERE c.id = delivery.after))
	END
WHERE
	id = @id::uuid
	AND attempt = @attempt
	AND state = 'sending'`

// settle applies an answer: lock, decide, write. What comes after the delivery is awakened in the same transaction. Error: ErrLost.
func (o *Outbox) settle(ctx context.Context, tx Tx, w *Work, r Result) (verdict, error) {
	rows, _ := tx.Query(ctx, lockAttempt, w.args()) // rows carry the error to CollectRows
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[standing])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrLost
	}
	if err != nil {
		return verdict{}, fmt.Errorf("settle delivery %s: %w", w.ID, err)
	}
	v := decide(s, r)
	nudges, err := o.write(ctx, tx, w, v)
	if err == nil {
		err = o.send(ctx, tx, nudges)
	}
	if err != nil {
		return verdict{}, fmt.Errorf("settle delivery %s: %w", w.ID, err)
	}
	return v, nil
}

// write changes the row and whatever depends on it in one round trip.
func (o *Outbox) write(ctx context.Context, tx Tx, w *Work, v verdict) (nudges []nudge, err error) {
	batch := &pgx.Batch{}
	batch.Queue(writeVerdict, w.verdictArgs(v))
	if v.task != "" {
		sql, args := TaskStatement(w.task(v))
		batch.Queue(sql, args)
	}
	if v.state == StateDone || v.state == StateCancelled {
		sql, args := CloseTaskStatement(TaskDelivery, w.ID, string(v.state))
		batch.Queue(sql, args)
	}
	if v.settles() {
		batch.Queue(awaken, awakenArgs(w.ID)).Query(func(rows pgx.Rows) error {
			nudges, err = pgx.CollectRows(rows, pgx.RowToStructByName[nudge])
			return err
		})
	}
	return nudges, tx.SendBatch(ctx, batch).Close()
}

// settles says what the generated column says: over, or in doubt. What waited for it need not wait for the doubt to be cleared.
func (v verdict) settles() bool {
	switch v.state {
	case StateDone, StateBounced, StateFailed, StateCancelled, StateInDoubt:
		return true
	}
	return false
}

func (w *Work) verdictArgs(v verdict) pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":           w.ID,
		"attempt":      w.Attempt,
		"state":        v.state,
		"reason":       v.reason,
		"tries":        v.tries,
		"copies":       v.copies,
		"copy_attempt": v.copyAttempt,
		"doubts":       v.doubts,
		"due":          v.due,
	}
}

func (w *Work) task(v verdict) Task {
	return Task{
		Kind:    TaskDelivery,
		Subject: w.ID,
		Shop:    w.Shop,
		Reason:  v.task,
		Detail:  taskDetail(w.Delivery, v.reason),
	}
}

// taskDetail tells the office which delivery it is, without a second look.
func taskDetail(d Delivery, said string) json.RawMessage {
	detail, err := json.Marshal(map[string]string{
		"kind":    string(d.Kind),
		"subject": d.Subject,
		"parent":  d.Parent,
		"said":    said,
	})
	if err != nil {
		panic(fmt.Sprintf("outbox: %v", err)) // strings always marshal
	}
	return detail
}
