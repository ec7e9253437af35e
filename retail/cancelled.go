package retail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// A voucher that paid for an order stays spent when the shop cancels the order, until the shop asks for a refund. Many plugins never do,
// and the customer has neither goods nor voucher; whether he shall have it back is not ours to guess, since the shop may have paid him
// otherwise. So the office is told, until it is refunded, the order stands again, or somebody closes the matter.
//
// An order that is called refunded is as good as cancelled when what its refunds in money don't give back of its total is what vouchers and
// points had paid. With less given back it may be one that its shop calls refunded after any refund.
//
// The task follows from two facts: what the shop said last, and what captures for the order have not come back. The first is noted when it
// is told, and whatever changes the second is found by a job, so that nothing of it costs a capture.

// TaskCancelledOrder waits for somebody to look at an order that was cancelled after vouchers had paid for it. It is closed when all of it
// has come back.
const TaskCancelledOrder = "cancelled_order"

// watchedFor is for how long captures that come late are looked for after an order was cancelled: longer than any can come.
const watchedFor = 14 * 24 * time.Hour

// toldOf is what a state says of an order as a whole.
func toldOf(shop string, o purchase.Order) orders.Told {
	fate := fateOf(o)
	told := orders.Told{Key: orders.Key{Shop: shop, Order: o.ID}, Number: o.Number, At: fate.ToldAt, Stage: fate.Stage, Closed: fate.Closed}
	if o.Status == purchase.Refunded && !fate.Closed && o.Total.Currency != "" {
		lacks := money.Of(o.Total.Minor-fate.Refunded, o.Total.Currency)
		told.Lacks = &lacks
	}
	return told
}

// noteTold notes what has become of an order that vouchers may have paid for. It may be told late, or twice.
func (s *Sales) noteTold(ctx context.Context, shop orders.Shop, o purchase.Order) error {
	told := toldOf(shop.ID, o)
	if told.Closed || told.Lacks != nil {
		known, err := s.knownPurchase(ctx, shop.ID, o.ID)
		if err != nil || isLate(o, known) {
			return err
		}
	}
	err := outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		news, err := orders.NoteTold(ctx, tx, o.Origin, told)
		if err != nil || !news {
			return err
		}
		return s.reviewCancelled(ctx, tx, told.Key)
	})
	if err != nil {
		return fmt.Errorf("note what has become of order %s of shop %s: %w", o.ID, shop.ID, err)
	}
	return nil
}

// ReviewCancelled brings the office's tasks about cancelled orders up to date with what was captured and refunded since. It may be missed,
// repeated, or run twice at once.
func (s *Sales) ReviewCancelled(ctx context.Context) error {
	changed, err := s.orders.Unreturned(ctx, watchedFor)
	for _, order := range changed { // one that can't be settled keeps none of the others
		err = errors.Join(err, outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error { return s.reviewCancelled(ctx, tx, order) }))
	}
	return err
}

// reviewCancelled makes the office's task about an order say what did not come back of it. What the office has closed is told again only
// when it becomes more.
func (s *Sales) reviewCancelled(ctx context.Context, tx outbox.Tx, order orders.Key) error {
	c, err := orders.LockCancelled(ctx, tx, order)
	if err != nil || c == nil {
		return err
	}
	left, subject := c.Left(), fmt.Sprintf("%s/%.200s", order.Shop, order.Order)
	switch {
	case len(left) > 0:
		if !left.Beyond(c.Told) {
			if waits, err := outbox.LockTask(ctx, tx, TaskCancelledOrder, subject); err != nil || !waits {
				return errors.Join(err, orders.SetUnreturned(ctx, tx, order, left))
			}
		}
		err = outbox.OpenTask(ctx, tx, cancelledTask(order, subject, *c))
	case !c.Closed:
		err = outbox.CloseTask(ctx, tx, TaskCancelledOrder, subject, "the order stands again")
	default:
		err = outbox.CloseTask(ctx, tx, TaskCancelledOrder, subject, "all of it has come back")
	}
	return errors.Join(err, orders.SetUnreturned(ctx, tx, order, left))
}

// mostPayments is how many payments a task names.
const mostPayments = 20

// cancelledTask says of which order how much did not come back, and where it came from.
func cancelledTask(order orders.Key, subject string, c orders.Cancelled) outbox.Task {
	var sums []string
	for _, amount := range c.Left().Amounts() {
		sums = append(sums, amount.String())
	}
	return outbox.Task{
		Kind: TaskCancelledOrder, Subject: subject, Shop: order.Shop,
		Reason: fmt.Sprintf("order %.100s was cancelled, and %s that vouchers paid of it was not refunded", c.Names(order), strings.Join(sums, " and ")),
		Detail: detailOf(map[string]any{
			"owner": Actor{Channel: Webshop, Name: order.Shop}.Owner(), "order": order.Order, "number": c.Number,
			"unreturned": c.Left().Amounts(), "payments": c.Payments[:min(len(c.Payments), mostPayments)],
		}),
	}
}
