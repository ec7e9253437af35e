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
// the id of another order of which nothing is known, so that they are never joined, and nothing takes them back with the order. Or it tells
// later that the order is somebody else's. Nothing is taken then, since it may be right as it is: a person is asked, once for each thing
// that is known.

// TaskPointsMisplaced waits for somebody to look at points that are not where their order is. It is closed when they are, or are gone.
const TaskPointsMisplaced = "points_misplaced"

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

// doubt is what speaks against the points of the order, which deserves so many.
func (t *tally) doubt(ctx context.Context, tx outbox.Tx, deserves int64) (doubt, error) {
	switch {
	case t.earned != nil && deserves > 0:
		if d, err := t.ofAnother(ctx, tx, deserves); err != nil || d.asked != "" {
			return d, err
		}
		return t.twice(ctx, tx)
	case t.earned != nil:
		return t.twice(ctx, tx)
	case t.known.Closed || t.known.Refunded > 0:
		return t.underNumber(ctx, tx)
	}
	return doubt{}, nil
}

// lookAgain leaves it to the job to ask about an order that earns, where its number has earned already.
func (t *tally) lookAgain(ctx context.Context, tx outbox.Tx) error {
	if t == nil {
		return nil
	}
	_, _, stands, err := t.earnedAsNumber(ctx, tx)
	if err != nil || stands <= 0 {
		return err
	}
	return points.SetUnsettled(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, true)
}

// twice doubts points that the order's buyer earned under its number beside those under its id.
func (t *tally) twice(ctx context.Context, tx outbox.Tx) (doubt, error) {
	about, customer, stands, err := t.earnedAsNumber(ctx, tx)
	if err != nil || stands <= 0 {
		return doubt{}, err
	}
	return doubt{
		about: about, customer: customer, stands: stands, asked: about.Act + " twice",
		reason: fmt.Sprintf("order %.100s has earned under its id, and %d points under %.100s, which is its number", t.order, stands, about.Subject),
	}, nil
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
		about: *t.earned, customer: customer, stands: deserves, asked: t.earned.Act + " buyer",
		reason: fmt.Sprintf("order %.100s is another customer's than who was given %d points for it", t.order, deserves),
	}, nil
}

// ofGuest doubts points of an order that was never told to be anybody's but a guest's. What was known before that state is not kept, so
// that a doubt once raised stays until somebody is named.
func (t *tally) ofGuest(ctx context.Context, tx outbox.Tx, deserves int64) (doubt, error) {
	asked := t.earned.Act + " guest"
	if !t.unnamed && t.known.Asked != asked {
		return doubt{}, nil
	}
	customer, _, err := ledger.CustomerOf(ctx, tx, t.earned.Account)
	return doubt{
		about: *t.earned, customer: customer, stands: deserves, asked: asked,
		reason: fmt.Sprintf("order %.100s is a guest's, and a customer was given %d points for it", t.order, deserves),
	}, err
}

// underNumber doubts points that were earned under the number of the order, which is refunded or cancelled, unless they are of somebody
// whose order it is not.
func (t *tally) underNumber(ctx context.Context, tx outbox.Tx) (doubt, error) {
	about, customer, stands, err := t.earnedAsNumber(ctx, tx)
	if err != nil || stands <= 0 {
		return doubt{}, err
	}
	d := doubt{about: about, customer: customer, stands: stands, asked: about.Act + " refunded"}
	fate := "refunded in part"
	if t.known.Closed {
		d.asked, fate = about.Act+" closed", "cancelled or refunded"
	}
	d.reason = fmt.Sprintf("order %.100s was %s, and its points stay: %d were earned under %.100s, which is its number and not its id", t.order, fate, stands, about.Subject)
	return d, nil
}

// earnedAsNumber is what was earned under the order's number and stands, and by whom; none of somebody whose order it is not.
func (t *tally) earnedAsNumber(ctx context.Context, tx outbox.Tx) (about points.Earned, customer string, stands int64, err error) {
	about, err = points.EarnedAs(ctx, tx, points.OrderName{Shop: t.shop, Order: t.order}, t.known.Number)
	if errors.Is(err, points.ErrNotEarned) {
		return about, "", 0, nil
	}
	if err != nil {
		return about, "", 0, err
	}
	customer, other, err := t.isAnothers(ctx, tx, about.Account)
	if err != nil || other && t.known.Buyer.Whose != loyalty.Guest {
		return about, "", 0, err
	}
	return about, customer, about.Points - about.Back, nil
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

// reviewMisplaced asks again where the points are gone by now that a task is about, or are their own order's: it closes then.
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
		return nil
	}
	return s.settleAgain(ctx, order)
}
