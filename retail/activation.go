package retail

import (
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// TaskActivate waits for the office to activate a voucher that a webshop sold (A11 to A13): its buyer has paid, and its code is worth nothing
// until then. Activating it closes the task, and so does its end.
const TaskActivate = "voucher_to_activate"

// activationTasks are the tasks of the vouchers that begin without being active.
func (c change) activationTasks(issued []ledger.NewVoucher) (tasks []outbox.Task) {
	for _, n := range issued {
		if n.Voucher.State != voucher.Issued {
			continue
		}
		tasks = append(tasks, outbox.Task{
			Kind: TaskActivate, Subject: n.Voucher.ID, Shop: c.shop.ID, Reason: "manual_activation",
			Detail: detailOf(map[string]any{"purchase": c.stored.ID, "order": c.stored.Order, "number": c.decision.Purchase.Number, "voucher": n.Voucher.ID}),
		})
	}
	return tasks
}
