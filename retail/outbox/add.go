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

// insertDeliveries locks the predecessors against being settled until this transaction ends: whichever comes first, one of the two
// sees the other, and a new row is never forgotten.
const insertDeliveries = `
WITH predecessor AS (
	SELECT
		id,
		settled
	FROM
		delivery
	WHERE
		id = ANY (@afters::uuid[])
	ORDER BY
		id
	FOR SHARE
), clock AS (
	SELECT
		vouchsafe_now() AS instant
), plan AS (
	SELECT
		n.*,
		instant,
		greatest(n.given_due, instant) AS due,
		n.waiting <> '' OR NOT COALESCE(p.settled, true) AS stuck
	FROM
		clock,
		unnest(
			@ids::uuid[],
			@kinds::text[],
			@subjects::text[],
			@seqs::integer[],
			@parents::text[],
			@shops::text[],
			@waitings::text[],
			@lacks::text[],
			@dues::timestamptz[],
			@afters::uuid[],
			@recipients::bytea[],
			@recipient_hashes::bytea[],
			@message_ids::text[],
			@details::text[]
		) AS n (id, kind, subject, seq, parent, shop, waiting, lack, given_due, after, recipient, recipient_hash, message_id, detail)
		LEFT JOIN predecessor p ON p.id = n.after
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
	COALESCE(id, gen_random_uuid()),
	kind,
	subject,
	CASE
		WHEN seq >= 0 THEN seq
		ELSE COALESCE((SELECT max(d.seq) + 1 FROM delivery d WHERE d.subject = plan.subject AND d.kind = plan.kind), 0)
	END,
	parent,
	shop,
	CASE WHEN waiting = '' THEN 'pending' ELSE 'waiting' END,
	CASE WHEN waiting = '' THEN lack ELSE waiting END,
	due,
	due,
	CASE
		WHEN stuck THEN NULL
		WHEN due > instant THEN due
		ELSE instant + @patience::interval
	END,
	after,
	recipient,
	recipient_hash,
	message_id,
	detail::jsonb,
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
	for _, wave := range o.waves(deliveries) {
		batch.Queue(insertDeliveries, wave.args()).Query(func(rows pgx.Rows) error {
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

// waves divides drafts into those that one statement can insert: a statement does not see the rows that it inserts itself, so that
// whoever comes after another, or takes the number after another's, is in a later one.
func (o *Outbox) waves(deliveries []Draft) []draftColumns {
	type name struct {
		kind    Kind
		subject string
	}
	var made []draftColumns
	afterID, afterName := map[string]int{}, map[name]int{}
	for _, d := range deliveries {
		named := name{d.Kind, d.Subject}
		wave := afterID[d.After]
		if d.Seq == NextSeq {
			wave = max(wave, afterName[named])
		}
		if wave == len(made) {
			made = append(made, draftColumns{})
		}
		made[wave].add(d, o.trades[d.Kind].Lacks)
		if d.ID != "" {
			afterID[d.ID] = wave + 1
		}
		afterName[named] = max(afterName[named], wave+1)
	}
	return made
}

// draftColumns are drafts column by column, as unnest takes them.
type draftColumns struct {
	id, after, messageID                               []*string
	kind, subject, parent, shop, waiting, lack, detail []string
	seq                                                []int
	due                                                []*time.Time
	recipient, recipientHash                           [][]byte
}

func (l *draftColumns) add(d Draft, lack string) {
	l.id, l.after, l.messageID = append(l.id, textOrNull(d.ID)), append(l.after, textOrNull(d.After)), append(l.messageID, textOrNull(d.MessageID))
	l.kind, l.subject, l.seq = append(l.kind, string(d.Kind)), append(l.subject, d.Subject), append(l.seq, d.Seq)
	l.parent, l.shop, l.waiting = append(l.parent, d.Parent), append(l.shop, d.Shop), append(l.waiting, clip(d.Waiting))
	l.lack = append(l.lack, lack)
	l.due, l.detail = append(l.due, instantOrNull(d.Due)), append(l.detail, string(objectOrEmpty(d.Detail)))
	l.recipient, l.recipientHash = append(l.recipient, d.Recipient), append(l.recipientHash, d.RecipientHash)
}

func (l *draftColumns) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"ids":              l.id,
		"kinds":            l.kind,
		"subjects":         l.subject,
		"seqs":             l.seq,
		"parents":          l.parent,
		"shops":            l.shop,
		"waitings":         l.waiting,
		"lacks":            l.lack,
		"dues":             l.due,
		"afters":           l.after,
		"recipients":       l.recipient,
		"recipient_hashes": l.recipientHash,
		"message_ids":      l.messageID,
		"details":          l.detail,
		"patience":         nudgePatience,
	}
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
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
