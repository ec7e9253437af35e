package herald

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// change runs a statement on one subscriber. Error: ErrUnknown.
func change(ctx context.Context, tx pgx.Tx, doing, statement string, args pgx.NamedArgs) error {
	tag, err := tx.Exec(ctx, statement, args)
	if err == nil && tag.RowsAffected() != 1 {
		err = ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("%s a subscriber: %w", doing, err)
	}
	return nil
}

const updateSubscriber = `
UPDATE
	subscriber
SET
	name = @name,
	url = @url,
	events = @events
WHERE
	id::text = @id
	AND deleted_at IS NULL`

// Change replaces name, address and types of a subscriber. Error: ErrUnknown.
func (h *Herald) Change(ctx context.Context, tx pgx.Tx, s Subscriber) error {
	return change(ctx, tx, "change", updateSubscriber, pgx.NamedArgs{"id": s.ID, "name": s.Name, "url": s.URL, "events": orNone(s.Events)})
}

// Retirement is when an old secret stops to sign.
type Retirement string

// An old secret signs beside the new one until the next rotation, or no more.
const (
	RetireLater Retirement = "later"
	RetireNow   Retirement = "now"
)

const rotateSecret = `
UPDATE
	subscriber
SET
	secrets = CASE WHEN @later::boolean THEN ARRAY[@secret::bytea, secrets[1]] ELSE ARRAY[@secret::bytea] END
WHERE
	id::text = @id
	AND deleted_at IS NULL`

// Rotate gives a subscriber a new secret and tells it, this once. Error: ErrUnknown.
func (h *Herald) Rotate(ctx context.Context, tx pgx.Tx, id string, old Retirement) (secret string, err error) {
	secret, sealed, err := h.draw(id)
	if err != nil {
		return "", err
	}
	return secret, change(ctx, tx, "rotate the secret of", rotateSecret, pgx.NamedArgs{"id": id, "secret": sealed, "later": old == RetireLater})
}

const pauseSubscriber = `
UPDATE
	subscriber
SET
	state = 'paused',
	reason = @reason
WHERE
	id::text = @id
	AND deleted_at IS NULL`

// Pause stops telling a subscriber anything; what happens meanwhile waits for it. Error: ErrUnknown.
func (h *Herald) Pause(ctx context.Context, tx pgx.Tx, id, reason string) error {
	return change(ctx, tx, "pause", pauseSubscriber, pgx.NamedArgs{"id": id, "reason": reason})
}

// pause is Pause by ourselves, which the office is told.
func (h *Herald) pause(ctx context.Context, tx pgx.Tx, s Subscriber, reason string) error {
	if err := h.Pause(ctx, tx, s.ID, reason); err != nil {
		return err
	}
	return h.alarm(ctx, tx, Alarm{Subscriber: s.ID, Name: s.Name, Reason: reason})
}

// gaveUp tells the office of a message that nobody takes.
func (h *Herald) gaveUp(ctx context.Context, tx pgx.Tx, s Subscriber, o outcome) error {
	a := Alarm{
		Subscriber: s.ID, Name: s.Name, Message: "msg_" + o.ID, Reason: fmt.Sprintf("%s was not taken %d times: %s", o.Type(), attemptsMost, o.fault),
	}
	if o.Customer != nil {
		a.Account = o.Account
	} else {
		a.Voucher = o.Account
	}
	return h.alarm(ctx, tx, a)
}

const (
	resumeSubscriber = `
UPDATE
	subscriber
SET
	state = 'active',
	reason = '',
	failures = 0,
	failing_since = NULL,
	resting_until = NULL
WHERE
	id::text = @id
	AND deleted_at IS NULL`

	makeDue = `
UPDATE
	webhook
SET
	attempts = 0,
	due_at = least(due_at, vouchsafe_now())
WHERE
	subscriber::text = @id`
)

// Resume tells a subscriber again what happens, and first what has happened since. Error: ErrUnknown.
func (h *Herald) Resume(ctx context.Context, tx pgx.Tx, id string) error {
	if err := change(ctx, tx, "resume", resumeSubscriber, pgx.NamedArgs{"id": id}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, makeDue, pgx.NamedArgs{"id": id}); err != nil {
		return fmt.Errorf("resume a subscriber: %w", err)
	}
	return nil
}

const (
	endSubscriber = `
UPDATE
	subscriber
SET
	deleted_at = vouchsafe_now()
WHERE
	id::text = @id
	AND deleted_at IS NULL`

	dropQueue = `
DELETE FROM webhook
WHERE
	subscriber::text = @id`
)

// End forgets a subscriber and what it was still to be told. Error: ErrUnknown.
func (h *Herald) End(ctx context.Context, tx pgx.Tx, id string) error {
	if err := change(ctx, tx, "end", endSubscriber, pgx.NamedArgs{"id": id}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, dropQueue, pgx.NamedArgs{"id": id}); err != nil {
		return fmt.Errorf("end a subscriber: %w", err)
	}
	return nil
}
