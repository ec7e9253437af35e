package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// NextSeq as the Seq of a Draft means the number after the highest of its kind and subject: a resend.
const NextSeq = -1

// Draft is a delivery to be. Kind and Subject are needed, all else may be left out.
type Draft struct {
	ID      string // a UUID; PostgreSQL draws one when empty
	Kind    Kind
	Subject string
	Seq     int // one row for each of kind, subject and Seq, for ever
	Parent  string
	Shop    string
	Parts   []string // what it is about beside the subject, in one message; needs the ID

	Waiting string    // starts waiting for this reason instead of pending
	Due     time.Time // not before; zero means at once
	After   string    // id of the delivery that must be settled first

	Recipient     []byte // sealed
	RecipientHash []byte
	MessageID     string          // when it is known before the body is
	Detail        json.RawMessage // what the handler needs beside; no secrets, no personal data
}

// insertDelivery locks the predecessor against being settled until this transaction ends: whichever comes first, one of the two
// sees the other, and the new row is never forgotten.
const insertDelivery = `
WITH predecessor AS (
	SELECT
		settled
	FROM
		delivery
	WHERE
		id = NULLIF(@after::text, '')::uuid
	FOR SHARE
), clock AS (
	SELECT
		vouchsafe_now() AS instant
), plan AS (
	SELECT
		instant,
		greatest(@due::timestamptz, instant) AS due,
		@waiting::text <> '' OR NOT COALESCE((SELECT settled FROM predecessor), true) AS stuck
	FROM
		clock
)
INSERT INTO delivery (
	id,
	kind,
	subject,
	seq,
	parent,
	shop,
	state,
	reason,
	ready_at,
	due_at,
	nudge_at,
	after,
	recipient,
	recipient_hash,
	message_id,
	detail,
	created_at
)
SELECT
	COALESCE(NULLIF(@id::text, '')::uuid, gen_random_uuid()),
	@kind::text,
	@subject::text,
	CASE
		WHEN @seq::integer >= 0 THEN @seq::integer
		ELSE COALESCE((SELECT max(seq) + 1 FROM delivery WHERE subject = @subject::text AND kind = @kind::text), 0)
	END,
	@parent::text,
	@shop::text,
	CASE WHEN @waiting::text = '' THEN 'pending' ELSE 'waiting' END,
	@waiting::text,
	due,
	due,
	CASE
		WHEN stuck THEN NULL
		WHEN due > instant THEN due
		ELSE instant + @patience::interval
	END,
	NULLIF(@after::text, '')::uuid,
	@recipient::bytea,
	@recipient_hash::bytea,
	NULLIF(@message_id::text, ''),
	@detail::jsonb,
	instant
FROM
	plan
ON CONFLICT DO NOTHING
RETURNING
	id::text AS id,
	kind,
	COALESCE(nudge_at > due_at, false) AS due`

// Add writes the deliveries and their nudges in the caller's transaction, two or three round trips however many there are. A day in the
// past is now: nobody was late before the cause was there. Error: ErrExists
// when one of them (by kind, subject and Seq, by ID or by MessageID) is there already; the others are added and the transaction
// is still good, so that a caller who expected it may ignore it.
func (o *Outbox) Add(ctx context.Context, tx Tx, deliveries ...Draft) error {
	batch := &pgx.Batch{}
	added := make([]nudge, 0, len(deliveries))
	for _, d := range deliveries {
		batch.Queue(insertDelivery, d.args()).Query(func(rows pgx.Rows) error {
			inserted, err := pgx.CollectRows(rows, pgx.RowToStructByName[nudge])
			added = append(added, inserted...)
			return err
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("add deliveries: %w", err)
	}
	if err := addParts(ctx, tx, deliveries); err != nil {
		return fmt.Errorf("add deliveries: %w", err)
	}
	if err := o.send(ctx, tx, added); err != nil {
		return fmt.Errorf("add deliveries: %w", err)
	}
	if len(added) < len(deliveries) {
		return fmt.Errorf("add deliveries: %d of %d: %w", len(deliveries)-len(added), len(deliveries), ErrExists)
	}
	return nil
}

func (d Draft) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":             d.ID,
		"kind":           d.Kind,
		"subject":        d.Subject,
		"seq":            d.Seq,
		"parent":         d.Parent,
		"shop":           d.Shop,
		"waiting":        clip(d.Waiting),
		"due":            instantOrNull(d.Due),
		"after":          d.After,
		"recipient":      d.Recipient,
		"recipient_hash": d.RecipientHash,
		"message_id":     d.MessageID,
		"detail":         objectOrEmpty(d.Detail),
		"patience":       nudgePatience,
	}
}

func instantOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func objectOrEmpty(detail json.RawMessage) json.RawMessage {
	if len(detail) == 0 {
		return json.RawMessage("{}")
	}
	return detail
}
