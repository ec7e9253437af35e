package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
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
	Text    string    // within kind, subject or reason, whatever its case
	From    time.Time // opened at or after
	To      time.Time // opened before
	Sort    string    // opened_at, which "" means too, or -opened_at
	Cursor  string    // from the page before
	Limit   int       // at most 500, which 0 means too
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
	closed_reason, `

const chosenTasks = `
FROM
	task
WHERE
	(@kind::text = '' OR kind = @kind::text)
	AND (@subject::text = '' OR subject = @subject::text)
	AND (@shop::text = '' OR shop = @shop::text)
	AND (@text::text = '' OR strpos(lower(kind || ' ' || subject || ' ' || reason), lower(@text::text)) > 0)
	AND (@from::timestamptz IS NULL OR opened_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR opened_at < @to::timestamptz)`

// condition is the one on closed_at, written out so that an index of the open ones alone will do.
func (c Closure) condition() string {
	switch c {
	case OpenTasks:
		return `
	AND closed_at IS NULL`
	case ClosedTasks:
		return `
	AND closed_at IS NOT NULL`
	}
	return ""
}

// taskList is how tasks are listed: by index task_listed, the open ones by task_waiting.
func taskList() keyset.List {
	return keyset.InTime("tasks", "opened_at", keyset.Key{Column: "id", Type: "bigint"})
}

// listedTask is a row of the list.
type listedTask struct {
	Task
	SortKey string
}

// Tasks lists what waits for a person, the first page of it.
func (o *Outbox) Tasks(ctx context.Context, f TaskFilter) ([]Task, error) {
	page, _, err := o.TaskPage(ctx, f)
	return page, err
}

// TaskPage lists what waits for a person, the oldest first unless asked otherwise. Next is the cursor of the page after this one, empty
// on the last. Errors: ErrCursor, keyset.ErrSort.
func (o *Outbox) TaskPage(ctx context.Context, f TaskFilter) (page []Task, next string, err error) {
	turn, err := taskList().Turn(keyset.Page{Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit})
	if err != nil {
		return nil, "", err
	}
	asked := keyset.Query{Turn: turn, SQL: listTasks + turn.Column() + chosenTasks + f.Closed.condition(), Args: pgx.NamedArgs{
		"kind":    f.Kind,
		"subject": f.Subject,
		"shop":    f.Shop,
		"text":    f.Text,
		"from":    instantOrNull(f.From),
		"to":      instantOrNull(f.To),
	}}
	found, next, err := paged(ctx, o, asked, func(r listedTask) (key, id string) { return r.SortKey, strconv.FormatInt(r.ID, 10) })
	if err != nil {
		return nil, "", fmt.Errorf("list tasks: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Task)
	}
	return page, next, nil
}
