package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// TaskPointsSpent waits for somebody to look at an order that was refunded after its points had been spent.
const TaskPointsSpent = "points_spent"

// settlePoints takes back what an order has earned too much, now that its shop says what has become of it (X17): all of it when it was
// cancelled or refunded, its share when a part was. It may be told before the order earns anything, or twice.
func (s *Sales) settlePoints(ctx context.Context, shop orders.Shop, o purchase.Order) error {
	fate := fateOf(o)
	if fate == (points.Fate{}) {
		return nil
	}
	if version, _, err := points.Programme(ctx, s.orders.Pool()); err != nil || version == 0 {
		return err
	}
	known, err := s.purchaseOf(ctx, shop.ID, o.ID)
	if err != nil || known != nil && (o.Modified.Before(known.Modified) || o.Number != known.Number) { // late, or another order altogether
		return err
	}
	_, err = s.ledger.ApplyWhole(ctx, func(tx outbox.Tx) ([]ledger.Aimed, error) {
		return s.recalls(ctx, tx, shop.ID, o, fate)
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		return spentPoints(ctx, tx, shop.ID, o.ID, applied.Answers)
	})
	if err != nil {
		return fmt.Errorf("take back points of order %s of shop %s: %w", o.ID, shop.ID, err)
	}
	return nil
}

// fateOf is what a state tells of an order's points; nothing while all of it stands.
func fateOf(o purchase.Order) points.Fate {
	fate := points.Fate{Closed: o.Status == purchase.Cancelled || o.Status == purchase.Refunded}
	for _, refund := range o.Refunds {
		fate.Refunded += refund.Amount.Minor
	}
	return fate
}

// purchaseOf is an order as it was last applied; nil for one that sells no vouchers, of which nothing is kept.
func (s *Sales) purchaseOf(ctx context.Context, shop, order string) (*purchase.Purchase, error) {
	known, err := s.orders.Purchase(ctx, shop, order)
	switch {
	case errors.Is(err, orders.ErrNotFound) || err == nil && known == nil:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &known.Decided, nil
}

// recalls writes down what has become of an order and aims at what it has earned, so that it keeps no more than it would earn as it is
// now. What was refunded of vouchers is no concern of points: they never earned any.
func (s *Sales) recalls(ctx context.Context, tx outbox.Tx, shop string, o purchase.Order, fate points.Fate) ([]ledger.Aimed, error) {
	was, err := points.LockOrder(ctx, tx, shop, o.ID)
	if err != nil {
		return nil, err
	}
	ours, err := orders.Catalogue(ctx, tx, skusOf(o.Lines))
	if err != nil {
		return nil, err
	}
	fate.Refunded -= refundedOf(o, ours)
	fate.Refunded, fate.Closed = max(fate.Refunded, was.Refunded), fate.Closed || was.Closed
	if err := points.SettleOrder(ctx, tx, shop, o.ID, fate); err != nil {
		return nil, err
	}
	earned, err := points.EarnedFor(ctx, tx, shop, loyalty.Order, o.ID)
	if errors.Is(err, points.ErrNotEarned) || err == nil && earned.Over {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now, err := paidWithPoints(ctx, tx, earned, fate)
	if err != nil {
		return nil, err
	}
	recall, err := s.recall(earned)
	if err != nil {
		return nil, err
	}
	recall.Keep = keeps(earned, now, fate)
	account, err := s.nowAt(ctx, earned.Account)
	if err != nil {
		return nil, err
	}
	return []ledger.Aimed{{Voucher: account, Account: true, Act: recall}}, nil
}

// nowAt is the account in which the points of an account are: its own, or that of whom its customer was merged into since.
func (s *Sales) nowAt(ctx context.Context, account string) (string, error) {
	whose, err := s.customersOf(ctx, account)
	if err != nil || whose[account].MergedInto == "" {
		return account, err
	}
	now, err := s.ledger.AccountOf(ctx, whose[account].MergedInto, money.Point)
	if errors.Is(err, ledger.ErrNoAccount) { // there was nothing to move
		return account, nil
	}
	return now.ID, err
}

func skusOf(lines []purchase.Line) []string {
	skus := make([]string, len(lines))
	for i, line := range lines {
		skus[i] = line.SKU
	}
	return skus
}

// refundedOf is how much of an order's refunds was for products of ours.
func refundedOf(o purchase.Order, ours purchase.Catalogue) (minor int64) {
	for _, refund := range o.Refunds {
		for _, part := range refund.Lines {
			for _, line := range o.Lines {
				if _, sold := ours[line.SKU]; sold && line.ID == part.Line && line.Quantity > 0 {
					minor += line.Paid.Minor / int64(line.Quantity) * int64(part.Quantity)
				}
			}
		}
	}
	return minor
}

// paidWithPoints is an order that earned points as it is now: without what was refunded, and with what points have paid of it.
func paidWithPoints(ctx context.Context, tx outbox.Tx, earned points.Earned, fate points.Fate) (loyalty.Bought, error) {
	now := earned.Terms.Bought.Less(fate.Refunded)
	paid, err := pointsPaid(ctx, tx, earned.Shop, earned.Subject, earned.Terms.Currency)
	now.PointsPaid = paid
	return now, err
}

// pointsPaid is what points have paid of an order, in minor units of its currency.
func pointsPaid(ctx context.Context, q ledger.Queryer, shop, order string, in money.Currency) (int64, error) {
	owner := Actor{Channel: Webshop, Name: shop}.Owner()
	_, worth, err := ledger.PointsFor(ctx, q, ledger.Order{Owner: owner, Names: []string{order}, Currency: in})
	return worth.Minor, err
}

// recall is the act that takes back what an order has earned; how much it may keep is said later.
func (s *Sales) recall(earned points.Earned) (voucher.Recall, error) {
	id, err := s.ledger.NewID()
	return voucher.Recall{
		ID: id, Ref: voucher.Ref{Owner: earned.Owner, Kind: voucher.Recalls, Key: id},
		Earning: voucher.Ref{Owner: earned.Owner, Kind: voucher.Earnings, Key: earned.Key}, Detail: voucher.Detail{Order: earned.Subject},
	}, err
}

// keeps is how many points an order may keep as it is now, under the rule by which it earned them.
func keeps(earned points.Earned, now loyalty.Bought, fate points.Fate) int64 {
	if fate.Closed {
		return 0
	}
	return earned.Terms.Rule.Earn(loyalty.Did{Event: loyalty.Order, Bought: now}, earned.Terms.Standing)
}

// spentPoints tells the office of points that could not be taken back, since they were spent.
func spentPoints(ctx context.Context, tx outbox.Tx, shop, order string, answers []voucher.Answer) error {
	for _, answer := range answers {
		r := answer.Record
		if r == nil || r.Kind != voucher.Recalls || !answer.Created || r.Rest == 0 {
			continue
		}
		err := outbox.OpenTask(ctx, tx, outbox.Task{
			Kind: TaskPointsSpent, Subject: fmt.Sprintf("%s/%.200s", shop, order), Shop: shop,
			Reason: fmt.Sprintf("%d of the points that order %.100s earned were spent before it was refunded", r.Rest, order),
			Detail: detailOf(map[string]any{"order": order, "missing": money.Of(r.Rest, money.Point), "account": answer.Voucher.ID}),
		})
		if err != nil {
			return err
		}
	}
	return nil
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

// capturePoints settles captures for an order, of points among others, together with taking back what it had earned on the part that
// points now pay (X17).
func (a *Accounts) capturePoints(ctx context.Context, by Actor, order string, captures []ledger.Aimed) ([]voucher.Answer, error) {
	applied, err := a.desk.ledger.ApplyWhole(ctx, func(tx outbox.Tx) ([]ledger.Aimed, error) {
		fate, err := points.LockOrder(ctx, tx, by.Name, order)
		if err != nil {
			return nil, err
		}
		earned, err := points.EarnedFor(ctx, tx, by.Name, loyalty.Order, order)
		if errors.Is(err, points.ErrNotEarned) || err == nil && earned.Over {
			return captures, nil
		}
		if err != nil {
			return nil, err
		}
		now, err := paidWithPoints(ctx, tx, earned, fate)
		if err != nil {
			return nil, err
		}
		recall, err := a.sales.recall(earned)
		if err != nil {
			return nil, err
		}
		account, err := a.sales.nowAt(ctx, earned.Account)
		if err != nil {
			return nil, err
		}
		return append(slices.Clone(captures), ledger.Aimed{Voucher: account, Account: true, Act: recall, After: func(before []voucher.Answer) voucher.Act {
			now.PointsPaid += covered(before)
			recall.Keep = keeps(earned, now, fate)
			return recall
		}}), nil
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		return spentPoints(ctx, tx, by.Name, order, applied.Answers)
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

// covered is what points have just paid, in minor units.
func covered(answers []voucher.Answer) (minor int64) {
	for _, answer := range answers {
		if r := answer.Record; r != nil && answer.Created && r.Detail.Covers != nil {
			minor += r.Detail.Covers.Minor
		}
	}
	return minor
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

// OrderPoints reads it. Error: ErrUnknownShop.
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
	fate, err := points.FateOf(ctx, pool, shop, order)
	if err != nil {
		return OrderPoints{}, err
	}
	told.Refunded, told.Closed = fate.Refunded, fate.Closed
	earned, err := points.EarnedFor(ctx, pool, shop, loyalty.Order, order)
	if err != nil && !errors.Is(err, points.ErrNotEarned) {
		return OrderPoints{}, err
	}
	told.Earned, told.TakenBack = earned.Points, earned.Back
	account, err := s.redeemed(ctx, Actor{Channel: Webshop, Name: shop}, earned, order, &told)
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
func (s *Sales) redeemed(ctx context.Context, shop Actor, earned points.Earned, order string, told *OrderPoints) (account string, err error) {
	pool := s.orders.Pool()
	account, in, err := ledger.PaidBy(ctx, pool, shop.Owner(), order)
	if err != nil {
		return "", err
	}
	if in = cmp.Or(in, earned.Terms.Currency); in == "" {
		_, p, err := points.Programme(ctx, pool)
		told.Covers.Currency = p.Currency()
		return "", err
	}
	told.Redeemed, told.Covers, err = ledger.PointsFor(ctx, pool, ledger.Order{Owner: shop.Owner(), Names: []string{order}, Currency: in})
	return account, err
}
