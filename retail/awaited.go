package retail

import (
	"context"
	"strings"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// A refund of a purchase that finds its voucher reserved or spent waits, and the job that settles it comes once a minute. What comes back
// to the voucher until then would be spent by whoever is quick, though its buyer has the money (X01). So the voucher's own row says that a
// refund waits for it, and the rule book lets nobody begin to use it; who has reserved it goes on. It says so as long as the office's task
// is open: when a person closes that, or the shop takes the refund back, the voucher is as good as before.

// awaits tells whether refunds of the purchase wait for vouchers in use, or did.
func (c change) awaits() bool {
	return c.standing && (c.before != nil && c.before.AwaitsUse() || c.decision.Purchase.AwaitsUse())
}

// awaiting are the acts that tell the vouchers of a purchase whether a refund waits for them. Its row is locked.
func (c change) awaiting(ctx context.Context, tx outbox.Tx) ([]ledger.Aimed, error) {
	if !c.awaits() {
		return nil, nil
	}
	open, err := c.openRefunds(ctx, tx)
	if err != nil {
		return nil, err
	}
	return c.telling(c.decision.Purchase.Awaited(func(refund string) bool { return open[refund] })), nil
}

// telling are the acts that tell each voucher whether a refund waits for it.
func (c change) telling(waits map[purchase.Key]purchase.Wait) []ledger.Aimed {
	var acts []ledger.Aimed
	for _, unit := range c.decision.Purchase.Units {
		if unit.State != purchase.Issued || unit.Voucher.Ended {
			continue
		}
		act := voucher.Await{}
		switch waits[unit.Key()] {
		case purchase.ForIt:
			act.Refund = voucher.RefundWait{Waits: true}
		case purchase.ForOneOf:
			act.Refund = voucher.RefundWait{Waits: true, Whole: unit.Value.Minor}
		}
		acts = append(acts, ledger.Aimed{Voucher: c.stored.Units[unit.Key()].Voucher, Act: act})
	}
	return acts
}

// openRefunds are the refunds whose matter will be open: those that this decision opens, and those that no person has closed.
func (c change) openRefunds(ctx context.Context, tx outbox.Tx) (map[string]bool, error) {
	known := map[matterKey]bool{}
	if c.before != nil {
		for _, m := range c.before.Matters() {
			known[keyOf(m)] = true
		}
	}
	open := map[string]bool{}
	for _, m := range c.decision.Purchase.Matters() {
		if m.Kind != purchase.RefundToSettle {
			continue
		}
		open[m.About] = true
		if !known[keyOf(m)] {
			continue
		}
		waits, err := outbox.LockTask(ctx, tx, m.Kind, c.subject(m))
		if err != nil {
			return nil, err
		}
		open[m.About] = waits
	}
	return open, nil
}

// release makes vouchers good again whose refund a person settles otherwise: he closes the refund's task. It comes before the task is
// locked, as it does for whoever opens one. How the vouchers stand was read before the transaction.
func (o *BackOffice) release(ctx context.Context, tx outbox.Tx, task outbox.Task, vouchers map[string]voucher.Voucher) (*ledger.Applied, error) {
	if len(vouchers) == 0 {
		return nil, nil
	}
	stored, err := orders.LockByID(ctx, tx, purchaseIn(task))
	if err != nil {
		return nil, err
	}
	for i := range stored.Decided.Units {
		unit := &stored.Decided.Units[i]
		unit.Voucher = standing(vouchers[stored.Units[unit.Key()].Voucher])
	}
	c := change{stored: stored, before: &stored.Decided, decision: purchase.Decision{Purchase: stored.Decided}, standing: true}
	if !c.awaits() {
		return nil, nil
	}
	open, err := c.openRefunds(ctx, tx)
	if err != nil {
		return nil, err
	}
	acts := c.telling(stored.Decided.Awaited(func(refund string) bool {
		return open[refund] && c.subject(purchase.Matter{About: refund}) != task.Subject
	}))
	if len(acts) == 0 {
		return nil, nil
	}
	applied, err := o.desk.ledger.ApplyTx(ctx, tx, acts...)
	if err != nil {
		return nil, err
	}
	return applied, c.refusals(acts, applied)
}

// soldIn are the vouchers of the purchase that a task is about, as they stand; none for other tasks.
func (o *BackOffice) soldIn(ctx context.Context, task outbox.Task) (map[string]voucher.Voucher, error) {
	if task.Kind != purchase.RefundToSettle {
		return nil, nil
	}
	stored, err := o.sales.orders.PurchaseByID(ctx, purchaseIn(task))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, unit := range stored.Units {
		if unit.Voucher != "" {
			ids = append(ids, unit.Voucher)
		}
	}
	return o.sales.vouchersByID(ctx, ids)
}

// purchaseIn is the id of the purchase that a task is about.
func purchaseIn(task outbox.Task) string {
	id, _, _ := strings.Cut(task.Subject, "/")
	return id
}
