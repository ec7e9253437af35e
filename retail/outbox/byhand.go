package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const readTask = `
SELECT
	id,
	kind,
	subject,
	shop,
	reason,
	detail,
	opened_at,
	closed_at,
	closed_reason
FROM
	task
WHERE
	id = @id`

// Task reads one. Error: ErrNotFound.
func (o *Outbox) Task(ctx context.Context, id int64) (Task, error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	rows, _ := o.pool.Query(ctx, readTask, pgx.NamedArgs{"id": id}) // rows carry the error to CollectRows
	task, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Task])
	if errors.Is(err, pgx.ErrNoRows) {
		return Task{}, ErrNotFound
	}
	if err != nil {
		return Task{}, fmt.Errorf("read task %d: %w", id, err)
	}
	return task, nil
}

const closeByID = `
UPDATE
	task
SET
	closed_at = vouchsafe_now(),
	closed_reason = @reason::text
WHERE
	id = @id
	AND closed_at IS NULL`

// CloseByID closes one task and no later one of the same matter. Error: ErrFinished when it was closed meanwhile.
func CloseByID(ctx context.Context, tx Tx, id int64, reason string) error {
	tag, err := tx.Exec(ctx, closeByID, pgx.NamedArgs{"id": id, "reason": clip(reason)})
	if err == nil && tag.RowsAffected() != 1 {
		err = ErrFinished
	}
	if err != nil {
		return fmt.Errorf("close task %d: %w", id, err)
	}
	return nil
}

const findNewer = `
SELECT
	EXISTS (
		SELECT
		FROM
			delivery newer
			JOIN delivery older ON older.id = @id::uuid
		WHERE
			newer.subject = older.subject
			AND newer.kind = ANY (@kinds::text[])
			AND (newer.created_at, newer.id) > (older.created_at, older.id)
	)`

// Replaced tells whether a later delivery of these kinds is about the same subject as this one.
func Replaced(ctx context.Context, tx Tx, id string, kinds ...Kind) (bool, error) {
	var replaced bool
	err := tx.QueryRow(ctx, findNewer, pgx.NamedArgs{"id": id, "kinds": texts(kinds)}).Scan(&replaced)
	if err != nil {
		return false, fmt.Errorf("look for what replaced delivery %s: %w", id, err)
	}
	return replaced, nil
}

const closeReplaced = `
UPDATE
	task
SET
	closed_at = vouchsafe_now(),
	closed_reason = @reason::text
FROM
	delivery older
WHERE
	task.kind = @task_kind
	AND task.subject = older.id::text
	AND task.closed_at IS NULL
	AND older.subject = @subject::text
	AND older.kind = ANY (@kinds::text[])
	AND older.finished_at IS NOT NULL
	AND older.id <> @newer::uuid`

// CloseReplaced settles what the office was to do about deliveries of these kinds about a subject that came to nothing, since a newer one
// took their place: it has a task of its own if it comes to nothing too.
func CloseReplaced(ctx context.Context, tx Tx, subject, newer, reason string, kinds ...Kind) error {
	_, err := tx.Exec(ctx, closeReplaced, pgx.NamedArgs{
		"subject": subject, "newer": newer, "reason": clip(reason), "kinds": texts(kinds), "task_kind": TaskDelivery,
	})
	if err != nil {
		return fmt.Errorf("close the tasks of what delivery %s replaces: %w", newer, err)
	}
	return nil
}
