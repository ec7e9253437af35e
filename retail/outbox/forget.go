package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Personal chooses deliveries that have to do with a person.
type Personal struct {
	Parents []string // all that belongs to these
	IDs     []string // and these
}

func (p Personal) args() pgx.NamedArgs { return pgx.NamedArgs{"parents": p.Parents, "ids": p.IDs} }

const personal = `
	(parent = ANY (@parents::text[]) AND parent <> '' OR id = ANY (@ids::uuid[]))`

const sentTo = `
SELECT` + deliveryColumns + `
FROM
	delivery
WHERE
	recipient_hash = ANY (@hashes::bytea[])
ORDER BY
	id`

// SentTo finds the deliveries to a recipient, by the hashes that it may be known by; also those whose recipient is erased.
func (o *Outbox) SentTo(ctx context.Context, hashes [][]byte) ([]Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	rows, _ := o.pool.Query(ctx, sentTo, pgx.NamedArgs{"hashes": hashes}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
	if err != nil {
		return nil, fmt.Errorf("find the deliveries to a recipient: %w", err)
	}
	return found, nil
}

const lockUndelivered = `
SELECT` + deliveryColumns + `
FROM
	delivery
WHERE` + personal + `
	AND (
		finished_at IS NULL
		OR state IN ('bounced', 'failed')
			AND recipient IS NOT NULL
			AND EXISTS (SELECT FROM task t WHERE t.subject = delivery.id::text AND t.closed_at IS NULL)
	)
ORDER BY
	id
FOR UPDATE`

// Undelivered locks and reads what is still to be delivered of the chosen: what is not finished, and what did not arrive and waits
// for a person.
func Undelivered(ctx context.Context, tx Tx, p Personal) ([]Delivery, error) {
	rows, _ := tx.Query(ctx, lockUndelivered, p.args()) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
	if err != nil {
		return nil, fmt.Errorf("read what is still to be delivered: %w", err)
	}
	return found, nil
}

const forgetDeliveries = `
UPDATE
	delivery
SET
	recipient = NULL,
	body = NULL
WHERE` + personal + `
	AND finished_at IS NOT NULL
	AND (recipient IS NOT NULL OR body IS NOT NULL)`

// Forget erases recipients and bodies of the chosen deliveries that are finished, and counts them. Their hashes stay.
func Forget(ctx context.Context, tx Tx, p Personal) (int64, error) {
	tag, err := tx.Exec(ctx, forgetDeliveries, p.args())
	if err != nil {
		return 0, fmt.Errorf("erase deliveries: %w", err)
	}
	return tag.RowsAffected(), nil
}

// Words are what free texts may say of a person, as PostgreSQL's regular expressions that ignore case.
type Words struct {
	Address  string   // anywhere
	Names    string   // in texts about Subjects alone, since others have the same name; "" for none
	Subjects []string // what is the person's: purchases, vouchers, deliveries
}

const scrubTasks = `
WITH said AS (
	SELECT
		id AS said_id,
		CASE
			WHEN @names::text <> '' AND (
				subject = ANY (@subjects::text[]) OR detail ->> 'purchase' = ANY (@subjects::text[]) OR detail ->> 'parent' = ANY (@subjects::text[])
			) THEN @address::text || '|' || @names::text
			ELSE @address::text
		END AS words
	FROM
		task
)
UPDATE
	task
SET
	reason = regexp_replace(reason, words, @erased, 'gi'),
	closed_reason = regexp_replace(closed_reason, words, @erased, 'gi'),
	detail = regexp_replace(detail::text, words, @erased, 'gi')::jsonb
FROM
	said
WHERE
	id = said_id
	AND reason || ' ' || closed_reason || ' ' || detail::text ~* words`

// Erased stands where a free text named a person.
const Erased = "[erased]"

// scrubWithin is for the whole list of tasks, which is read from one end to the other.
const scrubWithin = time.Minute

// ScrubTasks takes a person out of the texts of tasks, and counts them.
func ScrubTasks(ctx context.Context, tx Tx, w Words) (int64, error) {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, scrubWithin.Milliseconds())); err != nil {
		return 0, fmt.Errorf("take a person out of tasks: %w", err)
	}
	tag, err := tx.Exec(ctx, scrubTasks, pgx.NamedArgs{
		"address": w.Address, "names": w.Names, "subjects": w.Subjects, "erased": Erased,
	})
	if err != nil {
		return 0, fmt.Errorf("take a person out of tasks: %w", err)
	}
	return tag.RowsAffected(), nil
}
