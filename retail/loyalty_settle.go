package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// The points of an order follow from facts: what was bought, what has become of it, and what points have paid of it. Whatever changes
// one of them (the shop's word, a capture of points, the refund or the reversal of one) does so while the order is locked, and in the same
// transaction lets the order be settled: its points become those that it deserves (X17). So it is the same in the end in whatever order
// the facts came, and however often.

// TaskPointsSpent waits for somebody to look at an order that was refunded after its points had been spent. It is closed when
// they have come back, or the order deserves them after all.
const TaskPointsSpent = "points_spent"

// tally is an order whose points may change, while it is locked.
type tally struct {
	ledger      *ledger.Ledger
	shop, order string // by its id, where that is known
	known       points.Known
	earned      *points.Earned // nil while nothing was earned for it
	account     string         // where what it earned is by now
	unnamed     bool           // nobody was known to have bought it before the state that is told now
}

// openTally locks an order, by its id or its number, and reads what it has to do with points.
func openTally(ctx context.Context, tx outbox.Tx, l *ledger.Ledger, shop, order string) (*tally, error) {
	known, err := points.LockOrder(ctx, tx, points.OrderName{Shop: shop, Order: order})
	if err != nil {
		return nil, err
	}
	return readTally(ctx, tx, &tally{ledger: l, shop: shop, order: known.Names[0], known: known})
}

// openTold locks an order of which its shop tells.
func openTold(ctx context.Context, tx outbox.Tx, l *ledger.Ledger, shop string, o purchase.Order) (*tally, error) {
	known, err := points.LockTold(ctx, tx, points.OrderName{Shop: shop, Order: o.ID}, o.Number)
	if err != nil {
		return nil, err
	}
	return readTally(ctx, tx, &tally{ledger: l, shop: shop, order: o.ID, known: known})
}

// openEarning locks an order that an earning names, which is by its id.
func openEarning(ctx context.Context, tx outbox.Tx, l *ledger.Ledger, shop, order string) (*tally, error) {
	known, err := points.LockID(ctx, tx, points.OrderName{Shop: shop, Order: order})
	if err != nil {
		return nil, err
	}
	return readTally(ctx, tx, &tally{ledger: l, shop: shop, order: order, known: known})
}

// readTally reads what an order that is locked has earned.
func readTally(ctx context.Context, tx outbox.Tx, t *tally) (*tally, error) {
	earned, err := points.EarnedFor(ctx, tx, t.shop, loyalty.Order, t.order)
	if errors.Is(err, points.ErrNotEarned) || err == nil && earned.Over {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	t.earned = &earned
	t.account, err = ledger.PlaceOf(ctx, tx, earned.Account)
	return t, err
}

// beside locks the account of what the order earned together with those of the acts that change the order.
func (t *tally) beside(acts ...ledger.Aimed) []ledger.Aimed {
	if t == nil || t.earned == nil {
		return acts
	}
	return append(acts[:len(acts):len(acts)], ledger.Aimed{Voucher: t.account, Account: true, Act: voucher.Expire{}})
}

// deserves is how many points the order deserves by what is known in the transaction.
func (t *tally) deserves(ctx context.Context, tx outbox.Tx, terms points.Terms) (int64, error) {
	moved, err := ledger.PointsMoved(ctx, tx, t.owner(), t.known.Names...)
	most, now := ledger.MostPaid(moved, terms.Currency)
	fate := t.known.Fate
	closed, closes := t.closed(ctx, tx)
	fate.Closed = closed
	if fate.Goods.Worth.Currency != terms.Currency {
		fate.Goods = loyalty.Goods{}
	}
	return terms.Rule.Deserves(terms.Bought, loyalty.InPoints{Paid: most, Back: most - now}, fate, terms.Standing), errors.Join(err, closes)
}

// settle makes the points of the order those that it deserves, after whatever changed that in the transaction. Nothing comes of an order
// that has earned nothing.
func (t *tally) settle(ctx context.Context, tx outbox.Tx) (*ledger.Applied, error) {
	if t.earned == nil {
		return nil, errors.Join(t.noteUnsettled(ctx, tx, false), t.ask(ctx, tx, 0))
	}
	deserves, err := t.deserves(ctx, tx, t.earned.Terms)
	if err != nil {
		return nil, err
	}
	id, err := t.ledger.NewID()
	if err != nil {
		return nil, err
	}
	applied, err := t.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: t.account, Account: true, Act: voucher.Settle{
		ID: id, Ref: voucher.Ref{Owner: t.earned.Owner, Kind: voucher.Recalls, Key: id},
		Earning: voucher.Ref{Owner: t.earned.Owner, Kind: voucher.Earnings, Key: t.earned.Key}, Deserves: deserves, Days: t.earned.Terms.Days,
		Detail: voucher.Detail{Order: t.order},
	}})
	if err != nil {
		return nil, err
	}
	answer := applied.Answers[0]
	return applied, errors.Join(applied.Refused(), t.tellSpent(ctx, tx, answer), t.noteWaiting(ctx, tx, answer, deserves), t.ask(ctx, tx, deserves))
}

// noteWaiting writes down whether the order has to be settled again: what is set aside can't be taken back until it is free or spent, and
// nothing moves on an account in quarantine; nor does what points pay of an order come back in the transaction that lets them pay.
func (t *tally) noteWaiting(ctx context.Context, tx outbox.Tx, answer voucher.Answer, deserves int64) error {
	stands := t.earned.Points - t.earned.Back
	if answer.Created {
		moved := answer.Record.Amount + answer.Record.Rest + answer.Record.Detail.Waived + answer.Record.Detail.Ended
		if answer.Record.Kind == voucher.Recalls {
			moved = -moved
		}
		stands += moved
	}
	return t.noteUnsettled(ctx, tx, stands != deserves)
}

func (t *tally) noteUnsettled(ctx context.Context, tx outbox.Tx, waits bool) error {
	owes, err := t.owes(ctx, tx)
	if waits = waits || owes; err != nil || waits == t.known.Unsettled {
		return err
	}
	return points.SetUnsettled(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, waits)
}

// after settles the order, if there is one, after the acts of its transaction.
func (t *tally) after(ctx context.Context, tx outbox.Tx, applied *ledger.Applied) error {
	if t == nil {
		return nil
	}
	later, err := t.settle(ctx, tx)
	applied.Then(later)
	return err
}

// tellSpent tells the office of points that could not be taken back, since they were spent, and that it need not look any more.
func (t *tally) tellSpent(ctx context.Context, tx outbox.Tx, answer voucher.Answer) error {
	if !answer.Created || answer.Record.Rest == 0 {
		return nil
	}
	return t.reviewSpent(ctx, tx)
}

// waive lets be what is open of the order.
func (t *tally) waive(ctx context.Context, tx outbox.Tx, reason string) (*ledger.Applied, error) {
	id, err := t.ledger.NewID()
	if err != nil {
		return nil, err
	}
	applied, err := t.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: t.account, Account: true, Act: voucher.Waive{
		ID: id, Ref: voucher.Ref{Owner: t.earned.Owner, Kind: voucher.Recalls, Key: id},
		Earning: voucher.Ref{Owner: t.earned.Owner, Kind: voucher.Earnings, Key: t.earned.Key},
		Detail:  voucher.Detail{Order: t.order, Reason: reason},
	}})
	if err != nil {
		return nil, err
	}
	return applied, applied.Refused()
}

// spentDetail is the detail of a task for points that were spent.
type spentDetail struct {
	Order   string       `json:"order"` // as it was called when it earned
	Missing money.Amount `json:"missing"`
	Account string       `json:"account"`
}

// reviewSpent makes the office's task say how many points of the order are open.
func (t *tally) reviewSpent(ctx context.Context, tx outbox.Tx) error {
	now, err := points.EarnedFor(ctx, tx, t.shop, loyalty.Order, t.order)
	if err != nil {
		return err
	}
	subject := fmt.Sprintf("%s/%.200s", t.shop, now.Subject)
	if now.Open == 0 {
		return outbox.CloseTask(ctx, tx, TaskPointsSpent, subject, "nothing of it is open any more")
	}
	detail, err := json.Marshal(spentDetail{now.Subject, money.Of(now.Open, money.Point), t.account})
	if err != nil {
		return fmt.Errorf("write the detail of a task: %w", err)
	}
	return outbox.OpenTask(ctx, tx, outbox.Task{
		Kind: TaskPointsSpent, Subject: subject, Shop: t.shop, Detail: detail,
		Reason: fmt.Sprintf("%d of the points that order %.100s earned were spent before it was refunded; what comes back makes up for them until this is closed", now.Open, now.Subject),
	})
}

// paidBack is the redemption that an act gives back, or whose giving back it takes back; ok is false for every other act.
func paidBack(act voucher.Act) (redemption voucher.Ref, ok bool) {
	switch a := act.(type) {
	case voucher.Refund:
		return a.Redemption, true
	case voucher.Reverse:
		switch {
		case a.Source != nil:
			return *a.Source, true
		case a.Target.Kind == voucher.Redemptions:
			return a.Target, true
		}
	}
	return voucher.Ref{}, false
}

// unearns tells whether an act takes back what an event earned.
func unearns(act voucher.Act) bool {
	a, ok := act.(voucher.Reverse)
	return ok && a.Target.Kind == voucher.Earnings
}

// aim is where an act on points is done, and with which order: the act that takes an earning back is done to where its points are by
// now, and the one that gives points back which had paid for an order, or takes them again, changes that order. The order is nil for
// every other act.
func (d *Desk) aim(ctx context.Context, tx outbox.Tx, aimed ledger.Aimed) (ledger.Aimed, *tally, error) {
	if !aimed.Account {
		return aimed, nil, nil
	}
	if unearns(aimed.Act) {
		place, err := ledger.PlaceOf(ctx, tx, aimed.Voucher)
		aimed.Voucher = place
		return aimed, nil, err
	}
	redemption, ok := paidBack(aimed.Act)
	if !ok {
		return aimed, nil, nil
	}
	owner, order, err := ledger.OrderPaid(ctx, tx, redemption)
	shop, sold := strings.CutPrefix(owner, Actor{Channel: Webshop}.Owner())
	if err != nil || !sold {
		return aimed, nil, err
	}
	t, err := openTally(ctx, tx, d.ledger, shop, order)
	if err != nil {
		return aimed, nil, err
	}
	aimed.Act, err = within(ctx, tx, aimed.Act, owner, t)
	return aimed, t, err
}

// within holds the act that takes points again which were given back to the limit of their order (P19): others may have paid in their
// place since.
func within(ctx context.Context, tx outbox.Tx, act voucher.Act, owner string, t *tally) (voucher.Act, error) {
	a, ok := act.(voucher.Reverse)
	if !ok || a.Source == nil {
		return act, nil
	}
	room, err := ledger.PointsRoom(ctx, tx, *a.Source, t.known.Names...)
	a.Room = &room
	return a, err
}

// applyTx settles an act in the caller's transaction, and with it the order whose points it changes.
func (d *Desk) applyTx(ctx context.Context, tx outbox.Tx, aimed ledger.Aimed) (*ledger.Applied, error) {
	aimed, t, err := d.aim(ctx, tx, aimed)
	if err != nil {
		return nil, err
	}
	return d.applyBeside(ctx, tx, aimed, t)
}

// applyBeside settles an act that was aimed, and with it the order of the tally.
func (d *Desk) applyBeside(ctx context.Context, tx outbox.Tx, aimed ledger.Aimed, t *tally) (*ledger.Applied, error) {
	applied, err := d.ledger.ApplyTx(ctx, tx, t.beside(aimed)...)
	if err != nil || applied.Refused() != nil {
		return applied, err
	}
	return applied, t.after(ctx, tx, applied)
}

// settlePoints settles an act of a shop or till on points, and with it the order whose points it changes.
func (d *Desk) settlePoints(ctx context.Context, aimed ledger.Aimed) (voucher.Answer, error) {
	var t *tally
	applied, err := d.ledger.ApplyWhole(ctx, func(tx outbox.Tx) (_ []ledger.Aimed, err error) {
		var at ledger.Aimed
		at, t, err = d.aim(ctx, tx, aimed)
		return t.beside(at), err
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		return t.after(ctx, tx, applied)
	})
	if explain("settle an act on points", &err); err != nil {
		return voucher.Answer{}, err
	}
	return applied.Answers[0], nil
}

// settleAccount settles an act of a shop or till on the account of a customer.
func (d *Desk) settleAccount(ctx context.Context, aimed ledger.Aimed) (voucher.Answer, error) {
	concerns, err := d.concernsPoints(ctx, aimed.Act)
	if err != nil {
		return voucher.Answer{}, err
	}
	if concerns {
		return d.settlePoints(ctx, aimed)
	}
	return d.ledger.Apply(ctx, aimed)
}

// concernsPoints tells whether an act must be settled by settlePoints.
func (d *Desk) concernsPoints(ctx context.Context, act voucher.Act) (bool, error) {
	redemption, ok := paidBack(act)
	if !ok {
		return unearns(act), nil
	}
	record, err := d.ledger.Find(ctx, redemption)
	if errors.Is(err, voucher.ErrActNotFound) {
		return false, nil
	}
	return record.Currency == money.Point, err
}
