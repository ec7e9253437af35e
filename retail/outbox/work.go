package outbox

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Work is one attempt at a delivery, given to a handler. Its methods write only while the lease is this attempt's.
type Work struct {
	Delivery
	Body    []byte // sealed, from an earlier attempt; nil when none was saved
	Resumed bool   // the attempt before never reported: its process died, or was cut off
	Doubted bool   // an attempt ended in doubt: look first, where looking is possible

	box    *Outbox
	marked atomic.Bool
}

func (w *Work) args() pgx.NamedArgs {
	return pgx.NamedArgs{"id": w.ID, "attempt": w.Attempt, "lease": w.box.lease}
}

const markCopy = `
UPDATE
	delivery
SET
	copies = copies + 1,
	copy_attempt = attempt,
	lease_until = vouchsafe_now() + @lease::interval,
	nudge_at = vouchsafe_now() + @lease::interval
WHERE
	id = @id::uuid
	AND attempt = @attempt
	AND state = 'sending'
	AND cancelling IS NULL
	AND held = '{}'
	AND copies < @most
	AND copy_attempt < attempt
RETURNING
	copies`

// MarkCopy announces that a copy leaves now. Call it once, right before the point of no return (the dot that ends a mail), and send
// nothing unless it returns nil: from here on, dying means doubt. Errors: ErrLost, ErrCancelled, ErrHeld, ErrCopies (also for a
// second copy in one attempt), or what the database said. Answer any of them with Refused.
func (w *Work) MarkCopy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	args := w.args()
	args["most"] = copiesMost
	var copies int
	err := w.box.pool.QueryRow(ctx, markCopy, args).Scan(&copies)
	if errors.Is(err, pgx.ErrNoRows) {
		err = w.refusal(ctx)
	}
	if err != nil {
		return fmt.Errorf("mark a copy of delivery %s: %w", w.ID, err)
	}
	w.Copies = copies
	w.marked.Store(true)
	return nil
}

const readRefusal = `
SELECT
	attempt <> @attempt OR state <> 'sending' AS lost,
	cancelling IS NOT NULL AS cancelling,
	held <> '{}' AS on_hold
FROM
	delivery
WHERE
	id = @id::uuid`

// refusal finds the reason why no copy may leave.
func (w *Work) refusal(ctx context.Context) error {
	var lost, cancelling, onHold bool
	err := w.box.pool.QueryRow(ctx, readRefusal, w.args()).Scan(&lost, &cancelling, &onHold)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrLost
	case err != nil:
		return err
	case lost:
		return ErrLost
	case cancelling:
		return ErrCancelled
	case onHold:
		return ErrHeld
	}
	return ErrCopies
}

const saveBody = `
UPDATE
	delivery
SET
	body = @body,
	body_hash = @body_hash,
	message_id = @message_id
WHERE
	id = @id::uuid
	AND attempt = @attempt
	AND state = 'sending'
	AND body_hash IS NULL`

// SaveBody stores the rendered message, sealed, with a hash of the plain bytes, so that every copy is the same one. A message is
// rendered once. Errors: ErrLost; ErrBody when a body was saved before, even if it has been erased since.
func (w *Work) SaveBody(ctx context.Context, body, hash []byte, messageID string) error {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	args := w.args()
	args["body"], args["body_hash"], args["message_id"] = body, hash, messageID
	tag, err := w.box.pool.Exec(ctx, saveBody, args)
	if err == nil && tag.RowsAffected() == 0 {
		err = w.bodyRefusal()
	}
	if err != nil {
		return fmt.Errorf("save the body of delivery %s: %w", w.ID, err)
	}
	w.Body, w.BodyHash, w.MessageID = body, hash, messageID
	return nil
}

// bodyRefusal: the handler was shown a hash if there was one, and nobody but its own attempt can have added one since.
func (w *Work) bodyRefusal() error {
	if w.BodyHash != nil {
		return ErrBody
	}
	return ErrLost
}

// Settle writes the answer in the handler's own transaction, so that the effect and the end of the delivery are one commit. The
// handler then returns Settled, or, when its transaction came to nothing, another answer. Error: ErrLost: roll back.
func (w *Work) Settle(ctx context.Context, tx Tx, r Result) error {
	_, err := w.box.settle(ctx, tx, w, r)
	return err
}
