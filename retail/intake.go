package retail

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/purchase"
)

// Webhooks that arrive while others are being stored are stored together, in one transaction, as the ledger does with acts; a lone one
// waits for nobody. In the same transaction the orders are settled that can be: those whose body says all of it, and that concern no
// voucher yet. All else is stored with an errand to read it, and the relay settles it: what must be fetched, what acts upon vouchers
// that exist, what may take points back, what a person has to look at.
//
// Poison: when a group fails, for whatever reason, each of it is stored alone and read by the relay, so that one webhook hurts no
// other, and each is accepted or refused for its own sake. A group whose commit is not known may have happened: what is then stored
// alone is a repeat, which changes nothing.

const (
	mostTogether  = 64              // webhooks of one transaction
	togetherTimes = 2               // such transactions at once: one is decided while the other is written
	acceptWithin  = 5 * time.Second // for one of them
)

// arrival is a webhook that is to be stored.
type arrival struct {
	shop    orders.Shop
	item    orders.Item
	order   *purchase.Order // what it tells, when its body says all of it
	receipt Receipt
	told    chan turnOf // takes one word at a time
}

// turnOf is what a waiting arrival is told.
type turnOf int

const (
	toLead    turnOf = iota // settle the next group
	toBeAlone               // its group has failed
	toBeDone                // its group is durable
)

// key names the order that an arrival tells of.
func (a *arrival) key() orders.Key { return orders.Key{Shop: a.shop.ID, Order: a.order.ID} }

// intake gathers arrivals. Whoever arrives while few groups are under way leads one; who comes later waits, and the first of them leads
// the next. States of one order are settled one after the other, in the order in which they arrived. Each who waits is a request that is
// being served: the queue is bounded by their number.
type intake struct {
	mu      sync.Mutex
	leading int
	busy    map[orders.Key]bool // orders of the groups under way
	waiting []*arrival
}

// together lets an arrival be settled with those that arrive at the same time, and tells whether it was. settle must not panic.
func (n *intake) together(a *arrival, settle func(group []*arrival) error) bool {
	if word := n.enter(a); word != toLead {
		return word == toBeDone
	}
	group := n.gather(a)
	word := toBeDone
	if settle(group) != nil {
		word = toBeAlone
	}
	n.leave(group)
	for _, other := range group[1:] {
		other.told <- word
	}
	return word == toBeDone
}

// enter waits until there is something to tell.
func (n *intake) enter(a *arrival) turnOf {
	n.mu.Lock()
	if n.leading < togetherTimes && n.free(a) {
		n.leading++
		n.take(a)
		n.mu.Unlock()
		return toLead
	}
	n.waiting = append(n.waiting, a)
	n.mu.Unlock()
	return <-a.told
}

// free tells whether no group under way is about the order.
func (n *intake) free(a *arrival) bool { return a.order == nil || !n.busy[a.key()] }

func (n *intake) take(a *arrival) {
	if n.busy == nil {
		n.busy = map[orders.Key]bool{}
	}
	if a.order != nil {
		n.busy[a.key()] = true
	}
}

// gather takes those who wait into the group of the first, in their order, and of each order one state.
func (n *intake) gather(first *arrival) []*arrival {
	n.mu.Lock()
	defer n.mu.Unlock()
	group, left := []*arrival{first}, []*arrival(nil)
	for _, a := range n.waiting {
		if len(group) == mostTogether || !n.free(a) {
			left = append(left, a)
			continue
		}
		n.take(a)
		group = append(group, a)
	}
	n.waiting = left
	return group
}

// leave ends a group and lets the first lead who can.
func (n *intake) leave(group []*arrival) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range group {
		if a.order != nil {
			delete(n.busy, a.key())
		}
	}
	next := slices.IndexFunc(n.waiting, n.free)
	if next < 0 {
		n.leading--
		return
	}
	leader := n.waiting[next]
	n.waiting = slices.Delete(n.waiting, next, next+1)
	n.take(leader)
	leader.told <- toLead
}

// planOnce makes PostgreSQL keep the plans of a group's statements, which it would otherwise make anew each time, since it takes the arrays
// of a general plan for long ones. Every row of theirs is found by its key, so that a plan which is made while tables are young must not
// walk through them.
//
// On the way it asks whether there are points: then what is told of an order is noted for them too.
const planOnce = `
SELECT
	set_config('plan_cache_mode', 'force_generic_plan', true),
	set_config('enable_seqscan', 'off', true),
	EXISTS (SELECT FROM loyalty_programme)`

// accept stores a group and settles what of it can be, in one transaction.
func (s *Sales) accept(ctx context.Context, group []*arrival) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptWithin) // others wait for it as well
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			s.log.WarnContext(ctx, "webhooks could not be stored together", "webhooks", len(group), "err", err)
		}
	}()
	issued := 0
	err = outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) (err error) {
		earned, err := s.begin(ctx, tx, group)
		if err != nil {
			return err
		}
		if issued, err = s.settleArrivals(ctx, tx, group, earned); err != nil {
			return err
		}
		return s.keepBodies(ctx, tx, group)
	})
	if err != nil {
		return err
	}
	if issued > 0 {
		failpoint.Hit(failpoint.IssueCommitted)
		s.ledger.Issued(issued)
	}
	return nil
}

// begin prepares the transaction of a group and notes what has become of its orders, in one round trip. Of those that were cancelled the
// relay takes care.
func (s *Sales) begin(ctx context.Context, tx outbox.Tx, group []*arrival) (earned earns, err error) {
	var told []orders.Told
	for _, a := range group {
		if a.order != nil && stands(*a.order) {
			told = append(told, toldOf(a.shop.ID, *a.order))
		}
	}
	if err := orders.NoteAllAfter(ctx, tx, planOnce, []any{nil, nil, &earned}, told...); err != nil {
		return earned, fmt.Errorf("keep plans: %w", err)
	}
	return earned, nil
}

// settleArrivals settles the orders of a group that can be, notes on their bodies what became of them, and tells how many vouchers were
// issued.
func (s *Sales) settleArrivals(ctx context.Context, tx outbox.Tx, group []*arrival, earned earns) (issued int, err error) {
	told := make(map[*application]*arrival, len(group))
	var all []*application
	for _, a := range group {
		a.item.State, a.item.Reason, a.item.OrderID = orders.Received, "", ""
		if a.order != nil && stands(*a.order) { // else points may have to be taken back first
			run := &application{sales: s, shop: a.shop, order: *a.order}
			told[run], all = a, append(all, run)
		}
	}
	if len(all) == 0 {
		return 0, nil
	}
	b, err := lockBasis(ctx, tx, all...)
	if err != nil {
		return 0, err
	}
	judged := make(map[*application]change, len(all))
	for _, run := range all {
		if c, settles := run.settlesTogether(b); settles {
			judged[run] = c
		}
	}
	if earned {
		if err := notePoints(ctx, tx, judged); err != nil {
			return 0, err
		}
	}
	var changes []change
	for _, run := range all {
		c, settles := judged[run]
		if !settles {
			continue
		}
		o := outcomeOf(c.decision)
		a := told[run]
		a.item.State, a.item.Reason, a.item.OrderID = o.state, o.reason, a.order.ID
		if c.decision.Verdict == purchase.Applied {
			changes, issued = append(changes, c), issued+len(c.decision.Issue)
		}
	}
	if len(changes) == 0 {
		return 0, nil
	}
	if _, err := s.carryOut(ctx, tx, changes...); err != nil {
		return 0, err
	}
	failpoint.Hit(failpoint.RelayApplied)
	return issued, nil
}

// earns tells whether there is a programme of bonus points.
type earns bool

// notePoints notes for their points that orders stand, and leaves those to the relay whose points may change by it.
func notePoints(ctx context.Context, tx outbox.Tx, judged map[*application]change) error {
	standing := make(map[points.OrderName]points.Told, len(judged))
	for a, c := range judged {
		fate := fateOf(a.order)
		fate.Goods, fate.Buyer = goodsOf(a.order.Recalled(c.before), c.catalogue), buyerIn(a.shop.ID, a.order)
		standing[points.OrderName(a.key())] = points.Told{Fate: fate, Number: a.order.Number}
	}
	if len(standing) == 0 {
		return nil
	}
	noted, err := points.NoteStanding(ctx, tx, standing)
	maps.DeleteFunc(judged, func(a *application, _ change) bool { return !noted[points.OrderName(a.key())] })
	return err
}

// settlesTogether judges an order and tells whether it is one to be settled with others: nothing of it is issued or erased, and nobody
// has to be asked.
func (a *application) settlesTogether(b basis) (change, bool) {
	if p := b.stored[a.key()]; p != nil && (!p.ErasedAt.IsZero() || len(p.Erased) > 0) {
		return change{}, false
	}
	c, err := a.judge(b)
	if err != nil || c.reaches() {
		return change{}, false
	}
	v := c.decision.Verdict
	return c, v != purchase.Ask && v != purchase.SetAside
}

// keepBodies stores the bodies of a group, with an errand for each that is not settled. A repeat is settled anew: what became of it
// before may have been nothing.
func (s *Sales) keepBodies(ctx context.Context, tx outbox.Tx, group []*arrival) error {
	items := make([]orders.Item, len(group))
	for i, a := range group {
		items[i] = a.item
	}
	kept, err := orders.Keep(ctx, tx, items...)
	if err != nil {
		return err
	}
	var errands []outbox.Draft
	for i, k := range kept {
		group[i].receipt = Receipt{Duplicate: k.Duplicate}
		if k.Received > 1 || cmp.Or(items[i].State, orders.Received) == orders.Received {
			errands = append(errands, outbox.Draft{Kind: KindRelay, Subject: k.ID, Seq: k.Received - 1, Shop: group[i].shop.ID})
		}
	}
	failpoint.Hit(failpoint.WebhookStored)
	if len(errands) == 0 {
		return nil
	}
	return s.outbox.Add(ctx, tx, errands...)
}
