package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Part is one of several things that a delivery is about.
type Part struct {
	Subject   string
	DroppedAt *time.Time // taken out; nil for what belongs to it
}

const insertParts = `
INSERT INTO delivery_part (
	delivery,
	subject
)
SELECT
	@delivery::uuid,
	part
FROM
	unnest(@parts::text[]) part`

// addParts writes what the deliveries are about beside their subjects.
func addParts(ctx context.Context, tx Tx, deliveries []Draft) error {
	batch := &pgx.Batch{}
	for _, d := range deliveries {
		if len(d.Parts) > 0 {
			batch.Queue(insertParts, pgx.NamedArgs{"delivery": d.ID, "parts": d.Parts})
		}
	}
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, batch).Close()
}

const readParts = `
SELECT
	subject,
	dropped_at
FROM
	delivery_part
WHERE
	delivery = @delivery::uuid
ORDER BY
	subject`

// Parts lists what a delivery of several things is about, by subject.
func (o *Outbox) Parts(ctx context.Context, id string) ([]Part, error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	rows, _ := o.pool.Query(ctx, readParts, pgx.NamedArgs{"delivery": id}) // rows carry the error to CollectRows
	parts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Part])
	if err != nil {
		return nil, fmt.Errorf("read the parts of delivery %s: %w", id, err)
	}
	return parts, nil
}

const lockHolding = `
SELECT` + deliveryColumns + `
FROM
	delivery
WHERE
	delivery.id IN (SELECT p.delivery FROM delivery_part p WHERE p.subject = @subject::text AND p.dropped_at IS NULL)
	AND finished_at IS NULL
ORDER BY
	delivery.id
FOR UPDATE`

// Holding locks and reads the deliveries that are not finished and of which the subject is a part, in the order of their ids.
func Holding(ctx context.Context, tx Tx, subject string) ([]Delivery, error) {
	rows, _ := tx.Query(ctx, lockHolding, pgx.NamedArgs{"subject": subject}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
	if err != nil {
		return nil, fmt.Errorf("read the deliveries that %s is a part of: %w", subject, err)
	}
	return found, nil
}

const dropPart = `
WITH dropped AS (
	UPDATE
		delivery_part
	SET
		dropped_at = vouchsafe_now()
	WHERE
		delivery = @delivery::uuid
		AND subject = @subject::text
		AND dropped_at IS NULL
)
SELECT
	count(*)
FROM
	delivery_part
WHERE
	delivery = @delivery::uuid
	AND subject <> @subject::text
	AND dropped_at IS NULL`

// DropPart takes a part out of a delivery, which the caller has locked, and cancels the delivery when nothing is left of it. One that
// is under way with the part may still arrive.
func (o *Outbox) DropPart(ctx context.Context, tx Tx, id, subject, reason string) error {
	var left int
	err := tx.QueryRow(ctx, dropPart, pgx.NamedArgs{"delivery": id, "subject": subject}).Scan(&left)
	if err != nil {
		return fmt.Errorf("take %s out of delivery %s: %w", subject, id, err)
	}
	if left > 0 {
		return nil
	}
	_, err = o.Cancel(ctx, tx, Where{ID: id}, reason)
	return err
}
