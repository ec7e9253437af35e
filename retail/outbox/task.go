package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Task is something that waits for a person.
type Task struct {
	ID           int64
	Kind         string // which sort of matter: "delivery", "purchase", "short_order" ...
	Subject      string // which one; a matter has at most one open task
	Shop         string // may be empty
	Reason       string // a word
	Detail       json.RawMessage
	OpenedAt     time.Time
	ClosedAt     *time.Time
	ClosedReason string
}

const openTask = `
INSERT INTO task (
	kind,
	subject,
	shop,
	reason,
	detail,
	opened_at
)
VALUES (
	@kind::text,
	@subject::text,
	@shop::text,
	@reason::text,
	@detail::jsonb,
	vouchsafe_now()
)
ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO UPDATE SET
	shop = EXCLUDED.shop,
	reason = EXCLUDED.reason,
	detail = EXCLUDED.detail`

// TaskStatement is what OpenTask runs, for a caller that queues it in a batch of its own.
func TaskStatement(t Task) (sql string, args pgx.NamedArgs) {
	return openTask, pgx.NamedArgs{
		"kind":    t.Kind,
		"subject": t.Subject,
		"shop":    t.Shop,
		"reason":  clip(t.Reason),
		"detail":  objectOrEmpty(t.Detail),
	}
}

// OpenTask puts a matter before the office. One that is open already keeps its age and takes the new reason and detail. Kind,
// Subject and Reason are needed.
func OpenTask(ctx context.Context, tx Tx, t Task) error {
	sql, args := TaskStatement(t)
	if _, err := tx.Exec(ctx, sql, args); err != nil {
		return fmt.Errorf("open task %s %s: %w", t.Kind, t.Subject, err)
	}
	return nil
}

const closeTask = `
UPDATE
	task
SET
	closed_at = vouchsafe_now(),
	closed_reason = @reason::text
WHERE
	kind = @kind::text
	AND subject = @subject::text
	AND closed_at IS NULL`

// CloseTaskStatement is what CloseTask runs, for a caller that queues it in a batch of its own.
func CloseTaskStatement(kind, subject, reason string) (sql string, args pgx.NamedArgs) {
	return closeTask, pgx.NamedArgs{
		"kind":    kind,
		"subject": subject,
		"reason":  clip(reason),
	}
}

// CloseTask settles a matter for the given reason, which may not be empty. It does nothing when no task is open.
func CloseTask(ctx context.Context, tx Tx, kind, subject, reason string) error {
	sql, args := CloseTaskStatement(kind, subject, reason)
	if _, err := tx.Exec(ctx, sql, args); err != nil {
		return fmt.Errorf("close task %s %s: %w", kind, subject, err)
	}
	return nil
}

// TaskFilter narrows a list of tasks; what is left empty doesn't narrow.
type TaskFilter struct {
	Kind    string
	Subject string
	Shop    string
	Closed  Closure
	After   int64 // the ID of the last one seen
	Limit   int   // at most 500, which 0 means too
}

// Closure chooses between open and closed tasks.
type Closure int

// The choices of a TaskFilter.
const (
	OpenTasks Closure = iota
	ClosedTasks
	AllTasks
)

const listTasks = `
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
	id > @after::bigint
	AND (@kind::text = '' OR kind = @kind::text)
	AND (@subject::text = '' OR subject = @subject::text)
	AND (@shop::text = '' OR shop = @shop::text)
	AND (@open::boolean IS NULL OR (closed_at IS NULL) = @open::boolean)
ORDER BY
	id
LIMIT
	@limit`

// Tasks lists what waits for a person, the oldest first. To go on, ask again with After the last ID.
func (o *Outbox) Tasks(ctx context.Context, f TaskFilter) ([]Task, error) {
	return o.tasks(ctx, f, pageOf(f.Limit))
}

func (o *Outbox) tasks(ctx context.Context, f TaskFilter, limit int) ([]Task, error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	rows, _ := o.pool.Query(ctx, listTasks, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{ // rows carry the error to CollectRows
		"after":   f.After,
		"kind":    f.Kind,
		"subject": f.Subject,
		"shop":    f.Shop,
		"open":    f.Closed.open(),
		"limit":   limit,
	})
	tasks, err := pgx.CollectRows(rows, pgx.RowToStructByName[Task])
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return tasks, nil
}

func (c Closure) open() *bool {
	if c == AllTasks {
		return nil
	}
	open := c == OpenTasks
	return &open
}
