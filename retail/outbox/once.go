package outbox

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const everOpened = `
SELECT EXISTS (
	SELECT
	FROM
		task
	WHERE
		kind = @kind::text
		AND subject = @subject::text
)`

// OpenTaskOnce opens a task unless its matter has one already, or ever had: for what is found again and
// again though a person has settled it. It tells whether it did.
func OpenTaskOnce(ctx context.Context, tx Tx, t Task) (bool, error) {
	var known bool
	if err := tx.QueryRow(ctx, everOpened, pgx.NamedArgs{"kind": t.Kind, "subject": t.Subject}).Scan(&known); err != nil {
		return false, fmt.Errorf("look for task %s %s: %w", t.Kind, t.Subject, err)
	}
	if known {
		return false, nil
	}
	return true, OpenTask(ctx, tx, t)
}

const lockOpen = `
SELECT
	id
FROM
	task
WHERE
	kind = @kind::text
	AND subject = @subject::text
	AND closed_at IS NULL
FOR UPDATE`

// LockTask tells whether a matter is open, and keeps it so until the transaction ends: for whoever brings it up to date, and must not open
// again what a person has closed.
func LockTask(ctx context.Context, tx Tx, kind, subject string) (bool, error) {
	rows, _ := tx.Query(ctx, lockOpen, pgx.NamedArgs{"kind": kind, "subject": subject}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return false, fmt.Errorf("lock task %s %s: %w", kind, subject, err)
	}
	return len(found) > 0, nil
}

const closedSubjects = `
SELECT DISTINCT
	subject
FROM
	task
WHERE
	kind = @kind::text
	AND subject = ANY(@subjects::text[])
	AND closed_at IS NOT NULL`

// ClosedSubjects tells of which of these matters a task of that kind was closed.
func ClosedSubjects(ctx context.Context, tx Tx, kind string, subjects []string) (map[string]bool, error) {
	rows, _ := tx.Query(ctx, closedSubjects, pgx.NamedArgs{"kind": kind, "subjects": subjects}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for closed tasks %s: %w", kind, err)
	}
	closed := make(map[string]bool, len(found))
	for _, subject := range found {
		closed[subject] = true
	}
	return closed, nil
}
