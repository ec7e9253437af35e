package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// The kinds of task that other packages of the back office open.
const (
	TaskDelivery   = outbox.TaskDelivery
	TaskShortOrder = ledger.TaskShortOrder
	TaskQuarantine = ledger.TaskQuarantine
	TaskMissing    = ledger.TaskMissing
	TaskRollback   = ledger.TaskRollback
)

// Ending says how a task comes to its end.
type Ending string

// The endings of tasks.
const (
	ByHand   Ending = "by_hand"   // a person looks into it, and closes it
	ByItself Ending = "by_itself" // with its cause, which an act of the office or of the shop settles
	OnceOver Ending = "once_over" // with its cause; by hand when that is over and nothing more can come of it
)

// endingOf is the one table of how the kinds of task end. A kind that is not in it ends by itself: closing it by hand would hide
// what still waits.
func endingOf(kind string) Ending {
	switch kind {
	case purchase.FlaggedPurchase, purchase.RefundToSettle, purchase.DoubtfulOrder, TaskShortOrder, TaskSetAside,
		TaskMissing, TaskRollback, TaskUnwitnessed, TaskPointsSpent, TaskPointsMisplaced, TaskCancelledOrder,
		TaskRecipientChanged:
		return ByHand
	case TaskDelivery:
		return OnceOver
	}
	return ByItself
}

// TaskFilter narrows a list of tasks; what is left empty doesn't narrow.
type TaskFilter struct {
	Page
	Kind, Shop string
	State      string    // "open", which "" means too, "closed" or "all"
	Text       string    // within kind, subject or reason, whatever its case
	From, To   time.Time // opened at or after, and before
}

// Task is something that waits for a person, or did.
type Task struct {
	outbox.Task
	Age    time.Duration // since it was opened, until it was closed
	Ending Ending
}

// Tasks lists what waits for a person, the oldest first unless asked otherwise. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Tasks(ctx context.Context, f TaskFilter) (page []Task, next string, err error) {
	page, next, err = o.tasks(ctx, f)
	return page, next, settled("list tasks", err)
}

func (o *BackOffice) tasks(ctx context.Context, f TaskFilter) (page []Task, next string, err error) {
	if err := o.noCode(ctx, f.Text); err != nil {
		return nil, "", err
	}
	found, next, err := o.sales.outbox.TaskPage(ctx, outbox.TaskFilter{
		Kind: f.Kind, Shop: f.Shop, Closed: closures()[f.State], Text: f.Text, From: f.From, To: f.To,
		Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit,
	})
	if err != nil {
		return nil, "", err
	}
	now, err := o.sales.orders.Now(ctx)
	if err != nil {
		return nil, "", err
	}
	page = make([]Task, len(found))
	for i, task := range found {
		page[i] = taskAt(task, now)
	}
	return page, next, nil
}

// closures are the choices between open and closed tasks.
func closures() map[string]outbox.Closure {
	return map[string]outbox.Closure{"closed": outbox.ClosedTasks, "all": outbox.AllTasks}
}

// taskAt is a task as it is at an instant.
func taskAt(task outbox.Task, now time.Time) Task {
	if task.ClosedAt != nil {
		now = *task.ClosedAt
	}
	return Task{Task: task, Age: max(0, now.Sub(task.OpenedAt)), Ending: endingOf(task.Kind)}
}

// CloseTask settles a task that only a person can settle. Errors: ErrNoTask, ErrSettled, and ErrClosesItself for one whose cause
// still is: closing it would hide what waits.
func (o *BackOffice) CloseTask(ctx context.Context, by Actor, id int64, reason string) (Task, error) {
	task, err := o.closeTask(ctx, by, id, reason)
	return task, settled(fmt.Sprintf("close task %d", id), err)
}

func (o *BackOffice) closeTask(ctx context.Context, by Actor, id int64, reason string) (Task, error) {
	task, err := o.task(ctx, id)
	switch {
	case err != nil:
		return Task{}, err
	case task.ClosedAt != nil:
		return Task{}, ErrSettled
	case endingOf(task.Kind) == ByItself:
		return Task{}, ErrClosesItself
	}
	vouchers, err := o.soldIn(ctx, task)
	if err != nil {
		return Task{}, err
	}
	var waived, released *ledger.Applied
	err = o.desk.ledger.InTx(ctx, func(tx outbox.Tx) error {
		err := o.isOver(ctx, tx, task)
		if err == nil {
			waived, err = o.waive(ctx, tx, task, reason)
		}
		if err == nil {
			released, err = o.release(ctx, tx, task, vouchers)
		}
		if err != nil {
			return err
		}
		if err := outboxRefusal(outbox.CloseByID(ctx, tx, id, reason)); err != nil {
			return err
		}
		if err := o.layToRest(ctx, tx, task, reason); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didCloseTask, fmt.Sprintf("task %d", id), map[string]any{
			"kind": task.Kind, "subject": task.Subject, "reason": reason,
		})
	})
	if err != nil {
		return Task{}, err
	}
	for _, applied := range []*ledger.Applied{waived, released} {
		if applied != nil {
			o.desk.ledger.Told(ctx, applied)
		}
	}
	task, err = o.task(ctx, id)
	return taskAt(task, task.OpenedAt), err
}

func (o *BackOffice) task(ctx context.Context, id int64) (outbox.Task, error) {
	task, err := o.sales.outbox.Task(ctx, id)
	if errors.Is(err, outbox.ErrNotFound) {
		return outbox.Task{}, ErrNoTask
	}
	return task, err
}

// isOver refuses to close the task of a delivery that still may be made: retry or cancel it.
func (o *BackOffice) isOver(ctx context.Context, tx outbox.Tx, task outbox.Task) error {
	if endingOf(task.Kind) != OnceOver {
		return nil
	}
	open, err := outbox.Unfinished(ctx, tx, outbox.Where{ID: task.Subject})
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return ErrClosesItself
	}
	return nil
}

// waive lets be the points that a task says were spent: whoever closes it has settled them with the customer, or forgives them. It comes
// before the task is locked, as it does for whoever opens one.
func (o *BackOffice) waive(ctx context.Context, tx outbox.Tx, task outbox.Task, reason string) (*ledger.Applied, error) {
	if task.Kind != TaskPointsSpent {
		return nil, nil
	}
	var told spentDetail
	if err := json.Unmarshal(task.Detail, &told); err != nil {
		return nil, fmt.Errorf("read the detail of task %d: %w", task.ID, err)
	}
	t, err := openTally(ctx, tx, o.desk.ledger, task.Shop, told.Order)
	if err != nil || t.earned == nil {
		return nil, err
	}
	return t.waive(ctx, tx, reason)
}

// layToRest lets a stored body that a person has looked into be forgotten in its time. It keeps personal data otherwise.
func (o *BackOffice) layToRest(ctx context.Context, tx outbox.Tx, task outbox.Task, reason string) error {
	if task.Kind != TaskSetAside || !isID(task.Subject) { // an order that a question to the shop told of has no body
		return nil
	}
	return orders.Settle(ctx, tx, orders.Item{ID: task.Subject, State: orders.Ignored, Reason: "the office: " + reason})
}
