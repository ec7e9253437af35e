package retail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// settlePoints settles the points of an order, now that its shop says what has become of it (X17). It may be told before the order earns
// any, late, or twice.
func (s *Sales) settlePoints(ctx context.Context, shop orders.Shop, o purchase.Order) error {
	if version, _, err := points.Programme(ctx, s.orders.Pool()); err != nil || version == 0 {
		return err
	}
	known, err := s.knownPurchase(ctx, shop.ID, o.ID)
	if err != nil || isLate(o, known) {
		return err
	}
	o = o.Recalled(known)
	err = s.retally(ctx, func(tx outbox.Tx) (*tally, error) {
		t, err := openTold(ctx, tx, s.ledger, shop.ID, o)
		if err != nil {
			return nil, err
		}
		return t, t.follow(ctx, tx, o)
	})
	if err != nil {
		return fmt.Errorf("settle the points of order %s of shop %s: %w", o.ID, shop.ID, err)
	}
	return nil
}

// retally settles the points of an order that open locks.
func (s *Sales) retally(ctx context.Context, open func(outbox.Tx) (*tally, error)) error {
	var applied *ledger.Applied
	err := s.ledger.InTx(ctx, func(tx outbox.Tx) error {
		t, err := open(tx)
		if err != nil {
			return err
		}
		applied, err = t.settleWhole(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.ActCommitted)
	if applied != nil {
		s.ledger.Told(ctx, applied)
		s.forwarding().onward(ctx, applied.Answers...)
	}
	return nil
}

// unsettledMost is how many orders are read at once to be settled again.
const unsettledMost = 200

// SettlePoints settles again what could not be settled when its order was refunded or cancelled: points that a cart had set aside then,
// those of an account in quarantine, or those that have paid for it since. And it tells the office where points that were spent have come
// back since, or are not misplaced any more. Who has waited until another's points were taken back gets his own. It may be missed, repeated, or run
// twice at once.
func (s *Sales) SettlePoints(ctx context.Context) error {
	settled := errors.Join(s.settleWaiting(ctx), s.settleFreed(ctx))
	return errors.Join(settled, s.review(ctx, TaskPointsSpent, s.reviewSpent), s.review(ctx, TaskPointsMisplaced, s.reviewMisplaced))
}

func (s *Sales) settleWaiting(ctx context.Context) error {
	return s.settleEach(ctx, points.Unsettled, s.settleAgain)
}

// settleFreed gives an order's points to who has told of it while another's stood for it, which were taken back since.
func (s *Sales) settleFreed(ctx context.Context) error {
	return s.settleEach(ctx, points.Freed, func(ctx context.Context, order points.OrderName) error {
		return s.retally(ctx, func(tx outbox.Tx) (*tally, error) {
			t, err := openEarning(ctx, tx, s.ledger, order.Shop, order.Order)
			if err != nil {
				return nil, err
			}
			return t.handOn(ctx, tx)
		})
	})
}

// settleEach settles orders that are looked for.
func (s *Sales) settleEach(
	ctx context.Context,
	look func(context.Context, points.Asked, points.OrderName, int) ([]points.OrderName, error),
	one func(context.Context, points.OrderName) error,
) error {
	var faults error
	for after := (points.OrderName{}); ; {
		waiting, err := look(ctx, s.orders.Pool(), after, unsettledMost)
		if err != nil || len(waiting) == 0 {
			return errors.Join(faults, err)
		}
		for _, after = range waiting {
			if err := one(ctx, after); err != nil { // the others need not wait for it
				faults = errors.Join(faults, fmt.Errorf("settle the points of order %s of shop %s again: %w", after.Order, after.Shop, err))
			}
		}
	}
}

// handOn lets the earning count that has waited for the order, unless it is not of its buyer, or another stands by now. It is settled then.
func (t *tally) handOn(ctx context.Context, tx outbox.Tx) (*tally, error) {
	if t.earned != nil {
		return t, nil
	}
	heir, ok, err := points.EndWait(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order})
	if err != nil || !ok {
		return t, err
	}
	if _, other, err := t.isAnothers(ctx, tx, heir.Account); err != nil || other {
		return t, err
	}
	if err := points.AddEarning(ctx, tx, heir); err != nil {
		return nil, err
	}
	return readTally(ctx, tx, t)
}

func (s *Sales) settleAgain(ctx context.Context, order points.OrderName) error {
	return s.retally(ctx, func(tx outbox.Tx) (*tally, error) { return openTally(ctx, tx, s.ledger, order.Shop, order.Order) })
}

// review looks through the office's tasks of a kind, and sets right those that say too much by now.
func (s *Sales) review(ctx context.Context, kind string, one func(context.Context, outbox.Task) error) error {
	var faults error
	for filter := (outbox.TaskFilter{Kind: kind}); ; {
		page, next, err := s.outbox.TaskPage(ctx, filter)
		if err != nil {
			return errors.Join(faults, err)
		}
		for _, task := range page {
			faults = errors.Join(faults, one(ctx, task))
		}
		if filter.Cursor = next; next == "" {
			return faults
		}
	}
}

// reviewSpent makes the task of an order say how many of its points are open.
func (s *Sales) reviewSpent(ctx context.Context, task outbox.Task) error {
	var told spentDetail
	if err := json.Unmarshal(task.Detail, &told); err != nil {
		return fmt.Errorf("read the detail of task %d: %w", task.ID, err)
	}
	earned, err := points.EarnedFor(ctx, s.orders.Pool(), task.Shop, loyalty.Order, told.Order)
	if err != nil || earned.Open == told.Missing.Minor {
		return err
	}
	return s.ledger.InTx(ctx, func(tx outbox.Tx) error {
		t, err := openTally(ctx, tx, s.ledger, task.Shop, told.Order)
		if err != nil {
			return err
		}
		return t.reviewSpent(ctx, tx)
	})
}

// knownPurchase is what is known of an order that sells vouchers; nil for every other.
func (s *Sales) knownPurchase(ctx context.Context, shop, order string) (*purchase.Purchase, error) {
	known, err := s.orders.Purchase(ctx, shop, order)
	switch {
	case errors.Is(err, orders.ErrNotFound) || err == nil && known == nil:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &known.Decided, nil
}

// isLate tells whether a later state is known of an order that sells vouchers, or another order altogether.
func isLate(o purchase.Order, known *purchase.Purchase) bool {
	return known != nil && (o.Modified.Before(known.Modified) || o.Number != known.Number)
}

// follow writes down what has become of an order, unless what was told is older than what is known. What was refunded of vouchers is no
// concern of points: they never earned any.
func (t *tally) follow(ctx context.Context, tx outbox.Tx, o purchase.Order) error {
	ours, err := orders.Catalogue(ctx, tx, skusOf(o.Lines))
	if err != nil {
		return err
	}
	told, word := fateOf(o), loyalty.Told
	told.Buyer = buyerIn(t.shop, o)
	told.Refunded, told.Goods, told.Returns = max(0, told.Refunded-refundedOf(o, ours)), goodsOf(o, ours), returnsOf(o, ours)
	if o.Origin == purchase.Fetched {
		word = loyalty.Asked
	}
	was, err := t.closed(ctx, tx)
	if err != nil {
		return err
	}
	t.unnamed = t.known.Buyer.Whose == ""
	t.known.Fate = told.After(t.known.Fate, word)
	if t.known.ToldAt.Equal(o.Modified) {
		t.known.Number = cmp.Or(o.Number, t.known.Number)
	}
	if err := points.SetFate(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, points.Told{Fate: t.known.Fate, Number: t.known.Number}); err != nil {
		return err
	}
	if closed, err := t.closed(ctx, tx); err != nil || was == closed || t.known.Returned.Minor == 0 {
		return err
	}
	return t.tellShort(ctx, tx)
}

// capture spends a reservation of this actor.
func (a *Accounts) capture(ctx context.Context, by Actor, c Capture) (voucher.Answer, error) {
	answer, pointed, err := a.desk.capture(ctx, by, c)
	if err != nil || pointed == nil {
		return answer, err
	}
	answers, err := a.capturePoints(ctx, by, c.Detail.Order, []ledger.Aimed{*pointed})
	if err != nil {
		return voucher.Answer{}, err
	}
	return answers[0], nil
}

// captureAll spends several reservations for one order: all of them or none.
func (a *Accounts) captureAll(ctx context.Context, by Actor, captures []Capture) ([]voucher.Answer, error) {
	aimed, pointed, err := a.desk.aimCaptures(ctx, by, captures, 0)
	if err != nil {
		return nil, err
	}
	return a.settleAll(ctx, by, captures[0].Detail.Order, aimed, pointed)
}

// settleAll settles acts that end in captures for an order, all of them or none; pointed tells whether points are among these.
func (a *Accounts) settleAll(ctx context.Context, by Actor, order string, acts []ledger.Aimed, pointed bool) ([]voucher.Answer, error) {
	if pointed {
		return a.capturePoints(ctx, by, order, acts)
	}
	return a.desk.ledger.ApplyAll(ctx, acts...)
}

// capturePoints settles captures for an order, of points among others, and with them the points that the order has earned: none on the
// part that points now pay (X17). No more of them pay for it than may (P09, P19): however many reservations there are, and at the same moment
// too, since the order is locked.
func (a *Accounts) capturePoints(ctx context.Context, by Actor, order string, captures []ledger.Aimed) ([]voucher.Answer, error) {
	var t *tally
	applied, err := a.desk.ledger.ApplyWhole(ctx, func(tx outbox.Tx) (_ []ledger.Aimed, err error) {
		if t, err = openTally(ctx, tx, a.desk.ledger, by.Name, order); err != nil {
			return nil, err
		}
		paid, err := ledger.PointsPaid(ctx, tx, by.Owner(), t.known.Names...)
		return t.beside(afterPoints(captures, ledger.SumOf(paid), t.known.Goods.None())...), err
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		if err := t.repaid(ctx, tx, applied.Answers); err != nil {
			return err
		}
		return t.after(ctx, tx, applied)
	})
	if explain("capture points", &err); err != nil {
		return nil, err
	}
	own := len(captures)
	for _, c := range captures {
		if c.Then != nil { // it is answered too
			own++
		}
	}
	return applied.Answers[:own], nil
}

// afterPoints tells captures for an order what points have paid for it by then: so much before them, and with those of the captures among
// them that come first; and whether they are barred from it.
func afterPoints(captures []ledger.Aimed, paid voucher.PointsPaid, barred bool) []ledger.Aimed {
	told := slices.Clone(captures)
	for i, aimed := range captures {
		told[i].After = func(before []voucher.Answer) voucher.Act {
			act := aimed.Act
			if aimed.After != nil {
				act = aimed.After(before)
			}
			capture, ok := act.(voucher.Capture)
			if !ok {
				return act
			}
			capture.Paid, capture.Barred = paid.And(before), barred
			return capture
		}
	}
	return told
}

// OrderPoints is what an order has to do with points (P14).
type OrderPoints struct {
	Customer  string // who earned or paid, by the shop's id; "" when nobody did
	Earned    int64
	TakenBack int64 // of those
	Redeemed  int64 // the points that paid for it
	Covers    money.Amount
	Refunded  int64 // minor units of Covers' currency
	Closed    bool  // cancelled, or refunded altogether
}

// OrderPoints reads it, of an order that is named by its id or its number. Error: ErrUnknownShop.
func (o *BackOffice) OrderPoints(ctx context.Context, shop, order string) (OrderPoints, error) {
	told, err := o.sales.orderPoints(ctx, shop, order)
	return told, settled("read the points of an order", err)
}

func (s *Sales) orderPoints(ctx context.Context, shop, order string) (told OrderPoints, err error) {
	if _, err := s.orders.Shop(ctx, shop); err != nil {
		if errors.Is(err, orders.ErrNotFound) {
			err = ErrUnknownShop
		}
		return OrderPoints{}, err
	}
	pool := s.orders.Pool()
	names, err := points.NamesOf(ctx, pool, points.OrderName{Shop: shop, Order: order})
	if err != nil {
		return OrderPoints{}, err
	}
	fate, err := points.FateOf(ctx, pool, shop, names[0])
	if err != nil {
		return OrderPoints{}, err
	}
	told.Refunded = fate.Refunded
	if told.Closed, err = isClosed(ctx, pool, Actor{Channel: Webshop, Name: shop}.Owner(), fate, names); err != nil {
		return OrderPoints{}, err
	}
	earned, err := points.EarnedFor(ctx, pool, shop, loyalty.Order, names[0])
	if err != nil && !errors.Is(err, points.ErrNotEarned) {
		return OrderPoints{}, err
	}
	told.Earned, told.TakenBack = earned.Points, earned.Back
	account, err := s.redeemed(ctx, Actor{Channel: Webshop, Name: shop}, earned, names, &told)
	if err != nil {
		return OrderPoints{}, err
	}
	if account = cmp.Or(earned.Account, account); account == "" {
		return told, nil
	}
	whose, err := s.customersOf(ctx, account)
	told.Customer = whose[account].Login
	return told, err
}

// redeemed tells what points have paid of an order, in the currency that was fixed when they did or, where none have, when it earned;
// the programme's is that of an order which did neither. The account is whose points they were, "" for none.
func (s *Sales) redeemed(ctx context.Context, shop Actor, earned points.Earned, names []string, told *OrderPoints) (account string, err error) {
	pool := s.orders.Pool()
	paid, err := ledger.PointsPaid(ctx, pool, shop.Owner(), names...)
	if err != nil {
		return "", err
	}
	in := earned.Terms.Currency
	if len(paid) > 0 {
		account, in = paid[0].Account, paid[0].Worth.Currency
	}
	if in == "" {
		_, p, err := points.Programme(ctx, pool)
		told.Covers.Currency = p.Currency()
		return "", err
	}
	sum := ledger.SumOf(slices.DeleteFunc(paid, func(p ledger.PaidInPoints) bool { return p.Worth.Currency != in }))
	told.Redeemed, told.Covers = sum.Points, money.Of(sum.Worth[in], in)
	return account, nil
}
