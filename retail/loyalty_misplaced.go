package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
)

// Points are earned under the id of an order, by who bought it. A shop may have told them under the order's number instead: that might be
// the id of another order of which nothing is known, so that they are never joined, and nothing takes them back with the order; all the more
// so where that order is another customer's or a guest's. Or it tells later that the order is somebody else's. Nothing is taken then, since
// it may be right as it is: a person is asked, once for each thing that is known.

// TaskPointsMisplaced waits for somebody to look at points that are not where their order is. It is closed when they are, or are gone.
const TaskPointsMisplaced = "points_misplaced"

// What speaks against points, as the order remembers that it was asked.
const (
	anothersOrder  = "buyer"    // earned for an order that is another customer's
	guestsOrder    = "guest"    // or a guest's
	anothersNumber = "anothers" // earned under the number of an order that is another customer's
	guestsNumber   = "guests"   // or a guest's
	bothNames      = "twice"    // earned under its id as well
	closedNumber   = "closed"   // that was cancelled or refunded
	refundedNumber = "refunded" // in part
)

// asking names the question whether an earning is right, since something speaks against it.
func asking(about points.Earned, against string) string { return about.Act + " " + against }

// doubt is why points may be misplaced; the zero doubt is none.
type doubt struct {
	about    points.Earned
	customer string // who has them, by our id
	stands   int64  // how many
	asked    string // names what is known
	reason   string // for staff
}

// misplacedDetail is the detail of a task for points that are misplaced.
type misplacedDetail struct {
	Order    string       `json:"order"`
	Earned   string       `json:"earned_as"` // what the order was called when it earned
	Act      string       `json:"act"`
	Customer string       `json:"customer"`
	Points   money.Amount `json:"points"`
}

// ask puts before the office what it has not been asked yet of the order's points, which deserves so many, and takes the question back when
// there is nothing to ask any more.
func (t *tally) ask(ctx context.Context, tx outbox.Tx, deserves int64) error {
	d, err := t.doubt(ctx, tx, deserves)
	if err != nil || d.asked == t.known.Asked {
		return err
	}
	t.known.Asked = d.asked
	if err := points.SetAsked(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, d.asked); err != nil {
		return err
	}
	subject := fmt.Sprintf("%s/%.200s", t.shop, t.order)
	if d.asked == "" {
		return outbox.CloseTask(ctx, tx, TaskPointsMisplaced, subject, "the points were taken back, or are in their place")
	}
	detail, err := json.Marshal(misplacedDetail{t.order, d.about.Subject, d.about.Act, d.customer, money.Of(d.stands, money.Point)})
	if err != nil {
		return fmt.Errorf("write the detail of a task: %w", err)
	}
	return outbox.OpenTask(ctx, tx, outbox.Task{Kind: TaskPointsMisplaced, Subject: subject, Shop: t.shop, Reason: d.reason, Detail: detail})
}

// doubt is what speaks against the points of the order, which deserves so many, and against those under its number.
func (t *tally) doubt(ctx context.Context, tx outbox.Tx, deserves int64) (doubt, error) {
	if t.earned != nil && deserves > 0 {
		if d, err := t.ofAnother(ctx, tx, deserves); err != nil || d.asked != "" {
			return d, err
		}
	}
	as, err := t.earnedAsNumber(ctx, tx)
	if err != nil || as.stands <= 0 {
		return doubt{}, err
	}
	guests := t.known.Buyer.Whose == loyalty.Guest
	switch {
	case as.others && !guests:
		return as.asks(anothersNumber, fmt.Sprintf("is another customer's than who was given %d points", as.stands)), nil
	case t.earned != nil:
		return as.asks(bothNames, fmt.Sprintf("has earned under its id, and %d points", as.stands)), nil
	case t.known.Closed:
		return as.asks(closedNumber, fmt.Sprintf("was cancelled or refunded, and its points stay: %d were earned", as.stands)), nil
	case t.known.Refunded > 0:
		return as.asks(refundedNumber, fmt.Sprintf("was refunded in part, and its points stay: %d were earned", as.stands)), nil
	case as.others:
		return as.asks(guestsNumber, fmt.Sprintf("is a guest's, and a customer was given %d points", as.stands)), nil
	}
	return doubt{}, nil
}

// lookAgain leaves it to the job to ask about an order that earns, where its number has earned already.
func (t *tally) lookAgain(ctx context.Context, tx outbox.Tx) error {
	if t == nil {
		return nil
	}
	as, err := t.earnedAsNumber(ctx, tx)
	if err != nil || as.stands <= 0 {
		return err
	}
	return points.SetUnsettled(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, true)
}

// ofAnother doubts points of somebody whose order it is not: another's, or that of a guest (P23). That a shop calls a customer of before a
// guest is no doubt: it does when he gives his account up, or old orders forget their buyers.
func (t *tally) ofAnother(ctx context.Context, tx outbox.Tx, deserves int64) (doubt, error) {
	if t.known.Buyer.Whose == loyalty.Guest {
		return t.ofGuest(ctx, tx, deserves)
	}
	customer, other, err := t.isAnothers(ctx, tx, t.earned.Account)
	if err != nil || !other {
		return doubt{}, err
	}
	return doubt{
		about: *t.earned, customer: customer, stands: deserves, asked: asking(*t.earned, anothersOrder),
		reason: fmt.Sprintf("order %.100s is another customer's than who was given %d points for it", t.order, deserves),
	}, nil
}

// ofGuest doubts points of an order that was never told to be anybody's but a guest's. What was known before that state is not kept, so
// that a doubt once raised stays until somebody is named.
func (t *tally) ofGuest(ctx context.Context, tx outbox.Tx, deserves int64) (doubt, error) {
	asked := asking(*t.earned, guestsOrder)
	if !t.unnamed && t.known.Asked != asked {
		return doubt{}, nil
	}
	customer, _, err := ledger.CustomerOf(ctx, tx, t.earned.Account)
	return doubt{
		about: *t.earned, customer: customer, stands: deserves, asked: asked,
		reason: fmt.Sprintf("order %.100s is a guest's, and a customer was given %d points for it", t.order, deserves),
	}, err
}

// asNumber is what was earned under the order's number.
type asNumber struct {
	order    string
	about    points.Earned
	customer string // who earned it, by our id
	stands   int64  // how many points of it
	others   bool   // the order is known not to be his
}

// asks doubts the points: what speaks against them, and what that says of the order and so many points.
func (n asNumber) asks(against, says string) doubt {
	return doubt{
		about: n.about, customer: n.customer, stands: n.stands, asked: asking(n.about, against),
		reason: fmt.Sprintf("order %.100s %s under %.100s, which is its number and not its id", n.order, says, n.about.Subject),
	}
}

// earnedAsNumber is what was earned under the order's number, which may be the id of an order that its shop has not told of yet.
func (t *tally) earnedAsNumber(ctx context.Context, tx outbox.Tx) (as asNumber, err error) {
	as.order = t.order
	as.about, err = points.EarnedAs(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, t.known.Number)
	if errors.Is(err, points.ErrNotEarned) {
		return asNumber{}, nil
	}
	if err != nil {
		return asNumber{}, err
	}
	as.stands = as.about.Points - as.about.Back
	as.customer, as.others, err = t.isAnothers(ctx, tx, as.about.Account)
	return as, err
}

// isAnothers tells whose an account is, and whether the order is known to be somebody else's.
func (t *tally) isAnothers(ctx context.Context, tx outbox.Tx, account string) (customer string, other bool, err error) {
	customer, login, err := ledger.CustomerOf(ctx, tx, account)
	if err != nil || t.known.Buyer.Whose == "" {
		return customer, false, err
	}
	bought, err := t.boughtBy(ctx, tx, login)
	return customer, !bought, err
}

// reviewMisplaced asks again where the points are gone by now that a task is about, or are their own order's, or their customer's, who was
// merged with its buyer: it closes then.
func (s *Sales) reviewMisplaced(ctx context.Context, task outbox.Task) error {
	var told misplacedDetail
	if err := json.Unmarshal(task.Detail, &told); err != nil {
		return fmt.Errorf("read the detail of task %d: %w", task.ID, err)
	}
	order := points.OrderName{Shop: task.Shop, Order: told.Order}
	find := func() (points.Earned, error) {
		if told.Earned == told.Order {
			return points.EarnedFor(ctx, s.orders.Pool(), task.Shop, loyalty.Order, told.Order)
		}
		return points.EarnedAs(ctx, s.orders.Pool(), order, told.Earned)
	}
	about, err := find()
	if err != nil && !errors.Is(err, points.ErrNotEarned) {
		return err
	}
	if about.Act == told.Act && !about.Over && about.Points > about.Back {
		if his, err := s.isHisByNow(ctx, order, about); err != nil || !his {
			return err
		}
	}
	return s.settleAgain(ctx, order)
}

// isHisByNow tells whether the order is of the person who has points for it, about which the office is asked as another's.
func (s *Sales) isHisByNow(ctx context.Context, order points.OrderName, about points.Earned) (his bool, err error) {
	err = s.ledger.InTx(ctx, func(tx outbox.Tx) error {
		known, err := points.KnownOf(ctx, tx, order)
		if err != nil || known.Asked != asking(about, anothersOrder) && known.Asked != asking(about, anothersNumber) {
			return err
		}
		t := &tally{ledger: s.ledger, shop: order.Shop, order: order.Order, known: known}
		_, other, err := t.isAnothers(ctx, tx, about.Account)
		his = err == nil && !other
		return err
	})
	return his, err
}
