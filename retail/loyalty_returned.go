package retail

import (
	"context"
	"fmt"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// Points that paid for an order come back when it is cancelled or refunded altogether, whoever says so first: its shop, which refunds
// them, or a state of the order (X17). Of an order that is refunded in part its shop says how many. They are the customer's from then on.
// When the order is paid again all the same, they are not taken again, since he may have spent them: the office learns what the order
// lacks, less what points pay anew.

// whyGivenBack is what staff read of points that an order gave back.
const whyGivenBack = "the order was cancelled or refunded"

// owner is whose captures pay for the order.
func (t *tally) owner() string { return Actor{Channel: Webshop, Name: t.shop}.Owner() }

// settleWhole settles the points that paid for the order, and then those that it has earned.
func (t *tally) settleWhole(ctx context.Context, tx outbox.Tx) (*ledger.Applied, error) {
	back, err := t.giveBack(ctx, tx)
	if err != nil {
		return nil, err
	}
	applied, err := t.settle(ctx, tx)
	if back == nil {
		return applied, err
	}
	back.Then(applied)
	return back, err
}

// giveBack gives back what points still pay of an order that is closed. It locks their accounts together with that of what the order
// earned, so that it comes before anything else is locked.
func (t *tally) giveBack(ctx context.Context, tx outbox.Tx) (*ledger.Applied, error) {
	if closed, err := t.closed(ctx, tx); err != nil || !closed {
		return nil, err
	}
	standing, err := t.standing(ctx, tx)
	if err != nil || len(standing) == 0 {
		return nil, err
	}
	acts := make([]ledger.Aimed, len(standing))
	for i, s := range standing {
		acts[i] = ledger.Aimed{Voucher: s.Account, Account: true, Act: voucher.GiveBack{Redemption: s.Redemption, Reason: whyGivenBack}}
	}
	applied, err := t.ledger.ApplyTx(ctx, tx, t.beside(acts...)...)
	if err != nil {
		return nil, err
	}
	if err := applied.Refused(); err != nil {
		return nil, err
	}
	returned := t.known.Returned
	for i, s := range standing {
		if applied.Answers[i].Created {
			returned = money.Of(returned.Minor+s.Worth.Minor, s.Worth.Currency)
		}
	}
	return applied, t.setReturned(ctx, tx, returned)
}

// repaid counts what points have paid of an order that had given some back.
func (t *tally) repaid(ctx context.Context, tx outbox.Tx, answers []voucher.Answer) error {
	returned := t.known.Returned
	for _, answer := range answers {
		if r := answer.Record; answer.Created && r.Kind == voucher.Redemptions && r.Detail.Covers != nil {
			returned.Minor -= min(returned.Minor, r.Detail.Covers.Minor)
		}
	}
	if returned == t.known.Returned {
		return nil
	}
	if err := t.setReturned(ctx, tx, returned); err != nil {
		return err
	}
	return t.tellShort(ctx, tx)
}

func (t *tally) setReturned(ctx context.Context, tx outbox.Tx, worth money.Amount) error {
	if worth == t.known.Returned {
		return nil
	}
	t.known.Returned = worth
	return points.SetReturned(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, worth)
}

// tellShort tells the office what an order lacks that is paid again, and that it need not look any more.
func (t *tally) tellShort(ctx context.Context, tx outbox.Tx) error {
	subject := fmt.Sprintf("%s/%.200s", t.shop, t.order)
	closed, err := t.closed(ctx, tx)
	if err != nil {
		return err
	}
	switch lacks := t.known.Returned; {
	case closed:
		return outbox.CloseTask(ctx, tx, TaskShortOrder, subject, "the order was cancelled or refunded again")
	case lacks.Minor == 0:
		return outbox.CloseTask(ctx, tx, TaskShortOrder, subject, "points have paid for it again")
	default:
		return outbox.OpenTask(ctx, tx, outbox.Task{
			Kind: TaskShortOrder, Subject: subject, Shop: t.shop,
			Reason: fmt.Sprintf("order %.100s is short by %s: it is paid again after the points that had paid for it came back", t.order, lacks),
			Detail: detailOf(map[string]any{"owner": t.owner(), "order": t.order, "uncovered": lacks}),
		})
	}
}

// closed tells whether the order is cancelled, or refunded altogether.
func (t *tally) closed(ctx context.Context, tx outbox.Tx) (bool, error) {
	return isClosed(ctx, tx, t.owner(), t.known.Fate, t.known.Names)
}

// isClosed tells whether an order, which goes by some names, is cancelled or refunded altogether, by what its shop has told and what our own
// codes and points have paid of it.
func isClosed(ctx context.Context, q ledger.Rowser, owner string, fate loyalty.Fate, names []string) (bool, error) {
	if fate.Rest.Minor == 0 {
		return fate.Closed, nil
	}
	moved, err := ledger.PointsMoved(ctx, q, owner, names...)
	if err != nil {
		return false, err
	}
	codes, err := ledger.CodesPaid(ctx, q, fate.Rest.Currency, owner, names...)
	points, _ := ledger.MostPaid(moved, fate.Rest.Currency)
	return fate.ClosedBy(codes + points), err
}

// owes tells whether points still pay for an order that is closed.
func (t *tally) owes(ctx context.Context, tx outbox.Tx) (bool, error) {
	if closed, err := t.closed(ctx, tx); err != nil || !closed {
		return false, err
	}
	standing, err := t.standing(ctx, tx)
	return len(standing) > 0, err
}

// standing are the redemptions of points that pay for the order, of which something was not given back.
func (t *tally) standing(ctx context.Context, tx outbox.Tx) ([]ledger.PaidInPoints, error) {
	paid, err := ledger.PointsPaid(ctx, tx, t.owner(), t.known.Names...)
	return slices.DeleteFunc(paid, func(p ledger.PaidInPoints) bool { return p.Points == 0 }), err
}
