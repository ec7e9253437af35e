package ledger

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// The kinds of task that acts leave for the office.
const (
	TaskShortOrder = "short_order"     // an order counted on a reservation that could not be captured
	TaskQuarantine = "quarantine"      // the database has forgotten a change that somebody was told of
	TaskMissing    = "missing_voucher" // the database has forgotten a voucher altogether
	TaskRollback   = "rollback"        // it has forgotten anything at all: one alarm for all that was lost
)

// queueTasks tells the office of orders that lack money and of vouchers in quarantine, in the
// transaction that found out; a short order that was captured after all is no task any more.
func (s *state) queueTasks(batch *pgx.Batch, c *voucher.Case) {
	before := s.before[c.Voucher.ID]
	for _, short := range c.Shorts {
		queueOpen(batch, shortTask(short, c.Voucher.ID, s.whose[c.Voucher.ID]))
	}
	for _, lifted := range c.Lifted {
		sql, args := outbox.CloseTaskStatement(TaskShortOrder, lifted.Reservation, "captured")
		batch.Queue(sql, args)
	}
	if c.Voucher.Quarantined && !before.Quarantined {
		queueOpen(batch, outbox.Task{
			Kind: TaskQuarantine, Subject: c.Voucher.ID, Shop: before.Shop,
			Reason: "an acknowledged change of this voucher is missing from the database",
			Detail: detailOf(map[string]any{"witness": c.Witness, "version": before.Version}),
		})
		queueOpen(batch, rollbackTask())
	}
}

// rollbackTask is the alarm of a loss, however many vouchers it concerns.
func rollbackTask() outbox.Task {
	return outbox.Task{
		Kind: TaskRollback, Subject: "postgresql",
		Reason: "PostgreSQL has lost changes that were acknowledged (a restore, a fail-over): the vouchers concerned are in quarantine or missing",
	}
}

// shortTask says which order lacks how much, and why: of a voucher, or of the account of a customer.
func shortTask(short voucher.Short, id, customer string) outbox.Task {
	detail := map[string]any{"owner": short.Owner, "order": short.Order, "uncovered": short.Uncovered}
	switch {
	case customer == "":
		detail["voucher"] = id
	case short.Reason == voucher.ErrSuperseded.Error(): // it speaks of a code, and an account has none
		short.Reason = "what was set aside on the customer's account was spent otherwise after the reservation"
		fallthrough
	default:
		detail["account"], detail["customer"] = id, customer
	}
	return outbox.Task{
		Kind: TaskShortOrder, Subject: short.Reservation, Shop: shopOf(short.Owner), Detail: detailOf(detail),
		Reason: fmt.Sprintf("order %s is short by %s: %s", short.Order, short.Uncovered, short.Reason),
	}
}

// shopOf is the shop whose act it is, or nothing for a register and the office.
func shopOf(owner string) string {
	shop, ok := strings.CutPrefix(owner, "shop:")
	if !ok {
		return ""
	}
	return shop
}

// queueOpen opens a task in the batch.
func queueOpen(batch *pgx.Batch, task outbox.Task) {
	sql, args := outbox.TaskStatement(task)
	batch.Queue(sql, args)
}

// detailOf is the JSON of a task's details, which are made of values that always have one.
func detailOf(detail map[string]any) json.RawMessage {
	encoded, err := json.Marshal(detail)
	if err != nil {
		panic("ledger: the details of a task have no JSON: " + err.Error())
	}
	return encoded
}
