package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// maxReruns bounds how often a state is decided anew because something it rested on had changed: each time one more voucher of the
// order is known to be in use, or one more transaction was first.
const maxReruns = 12

// errMoved says that what was read before the locks is no longer so; the state is decided anew.
var errMoved = errors.New("a voucher of the order has changed meanwhile")

// after is what else happens in the transaction that applies a state.
type after func(ctx context.Context, tx outbox.Tx, d purchase.Decision) error

// ApplyOrder applies the state of an order: everything that follows from it (vouchers, mails, blocks, refunds, tasks) happens in
// one transaction, or nothing does. Applying a state again changes nothing. The decision tells what was made of it; of its
// verdicts, Ask leaves it to the caller to fetch the order and to apply that, and SetAside has opened a task.
func (s *Sales) ApplyOrder(ctx context.Context, shop orders.Shop, o purchase.Order) (purchase.Decision, error) {
	return s.applyOrder(ctx, shop, o, func(ctx context.Context, tx outbox.Tx, d purchase.Decision) error {
		if d.Verdict != purchase.SetAside {
			return nil
		}
		return outbox.OpenTask(ctx, tx, s.asideTask(ctx, shop.ID, o.ID, d.Why))
	})
}

func (s *Sales) applyOrder(ctx context.Context, shop orders.Shop, o purchase.Order, also after) (purchase.Decision, error) {
	if err := s.settlePoints(ctx, shop, o); err != nil { // before the state counts as read: it is told once
		return purchase.Decision{}, err
	}
	if err := s.noteTold(ctx, shop, o); err != nil { // likewise
		return purchase.Decision{}, err
	}
	run := &application{sales: s, shop: shop, order: o, also: also, inUse: map[string]bool{}}
	run.weigh = run.weighState
	d, err := run.through(ctx)
	if err != nil {
		return purchase.Decision{}, fmt.Errorf("apply order %s of shop %s: %w", o.ID, shop.ID, err)
	}
	return d, nil
}

// application is one state on its way into the database.
type application struct {
	sales    *Sales
	shop     orders.Shop
	order    purchase.Order
	weigh    func(ctx context.Context, tx outbox.Tx) (change, error) // locks the order's row and asks the rules
	also     after
	vouchers map[string]voucher.Voucher // the order's vouchers, as they were before the locks
	whole    map[string]int64           // those of which all that was spent has come back, with their entries by then
	inUse    map[string]bool            // those that were found in use under their locks
	heard    []heard                    // what the state corrects of units that were issued
}

// through tries until nothing has changed meanwhile of what the decision rests on.
func (a *application) through(ctx context.Context) (purchase.Decision, error) {
	for range maxReruns {
		d, err := a.once(ctx)
		if !errors.Is(err, errMoved) && !errors.Is(err, orders.ErrOvertaken) {
			return d, err
		}
	}
	return purchase.Decision{}, errMoved
}

// once reads the order's vouchers and makes one try. They are read before the transaction, so that it never needs a second
// connection; the rule book checks under the lock whatever depends on them.
func (a *application) once(ctx context.Context) (purchase.Decision, error) {
	ids, err := a.sales.orders.Vouchers(ctx, a.shop.ID, a.order.ID)
	if err != nil {
		return purchase.Decision{}, err
	}
	if a.vouchers, err = a.sales.vouchersByID(ctx, ids); err != nil {
		return purchase.Decision{}, err
	}
	if a.whole, err = a.sales.ledger.WholeAgain(ctx, used(a.vouchers)...); err != nil {
		return purchase.Decision{}, err
	}
	var d purchase.Decision
	var applied *ledger.Applied
	err = outbox.InTx(ctx, a.sales.orders.Pool(), func(tx outbox.Tx) (err error) {
		d, applied, err = a.decide(ctx, tx)
		if err != nil {
			return err
		}
		failpoint.Hit(failpoint.RelayApplied)
		return a.also(ctx, tx, d)
	})
	if err != nil {
		return purchase.Decision{}, err
	}
	if len(d.Issue) > 0 {
		failpoint.Hit(failpoint.IssueCommitted)
		a.sales.ledger.Issued(len(d.Issue))
	}
	if applied != nil {
		a.sales.ledger.Told(ctx, applied)
	}
	return d, nil
}

func (s *Sales) vouchersByID(ctx context.Context, ids []string) (map[string]voucher.Voucher, error) {
	byID := make(map[string]voucher.Voucher, len(ids))
	if len(ids) == 0 {
		return byID, nil
	}
	found, err := s.ledger.Vouchers(ctx, ids...)
	for _, v := range found {
		byID[v.ID] = v
	}
	return byID, err
}

// used are the vouchers that more has happened to than their issue, and that may still be spent.
func used(vouchers map[string]voucher.Voucher) (ids []string) {
	for id, v := range vouchers {
		if v.Entries > 1 && v.Balance > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// decide asks the rules, and writes what follows.
func (a *application) decide(ctx context.Context, tx outbox.Tx) (purchase.Decision, *ledger.Applied, error) {
	c, err := a.weigh(ctx, tx)
	if err != nil || c.decision.Verdict != purchase.Applied {
		return c.decision, nil, err
	}
	applied, err := a.sales.carryOut(ctx, tx, c)
	return c.decision, applied, err
}

// weighState locks the order's row and asks what its state means.
func (a *application) weighState(ctx context.Context, tx outbox.Tx) (change, error) {
	b, err := lockBasis(ctx, tx, a)
	if err != nil {
		return change{}, err
	}
	return a.judge(b)
}

// basis is what decisions about orders rest on, read while their rows are locked.
type basis struct {
	stored    map[orders.Key]*orders.Purchase
	covered   map[orders.Key]money.Amount // what our own codes have paid of an order, or are reserved for it
	catalogue purchase.Catalogue
}

// lockBasis locks the rows of orders, each of them once, and reads what is decided by.
func lockBasis(ctx context.Context, tx outbox.Tx, all ...*application) (b basis, err error) {
	keys := make([]orders.Key, len(all))
	for i, a := range all {
		keys[i] = a.key()
	}
	if b.stored, err = orders.Lock(ctx, tx, keys...); err != nil {
		return basis{}, err
	}
	var skus []string
	for _, a := range all {
		skus = append(skus, a.skus(b.stored[a.key()])...)
	}
	if b.catalogue, err = orders.Catalogue(ctx, tx, skus); err != nil {
		return basis{}, err
	}
	b.covered, err = coveredOf(ctx, tx, b, all)
	return b, err
}

// coveredOf asks what our own codes have paid of the orders that sell vouchers; most orders of a shop sell none.
func coveredOf(ctx context.Context, tx outbox.Tx, b basis, all []*application) (map[orders.Key]money.Amount, error) {
	var keys []orders.Key
	var names []ledger.Order
	for _, a := range all {
		if slices.ContainsFunc(a.skus(b.stored[a.key()]), func(sku string) bool { _, sold := b.catalogue[sku]; return sold }) {
			keys, names = append(keys, a.key()), append(names, a.names())
		}
	}
	covered := make(map[orders.Key]money.Amount, len(keys))
	if len(keys) == 0 {
		return covered, nil
	}
	paid, err := ledger.PaidFor(ctx, tx, names...)
	for i, amount := range paid {
		covered[keys[i]] = amount
	}
	return covered, err
}

// judge asks the rules.
func (a *application) judge(b basis) (change, error) {
	stored := b.stored[a.key()]
	known, err := a.known(stored)
	if err != nil {
		return change{}, err
	}
	order := a.order
	order.Covered, order.Doubts = b.covered[a.key()], slices.Concat(order.Doubts, tooLong(order, b.catalogue))
	d := purchase.Decide(known, order, b.catalogue, purchase.Shop{
		OnlineTenders: a.shop.OnlineTenders, CanBeAsked: a.shop.CanBeAsked(), Ceiling: a.sales.defaults.Ceiling,
	})
	c := change{shop: a.shop, order: &order, catalogue: b.catalogue, stored: stored, decision: d, before: known, inUse: a.inUse, whole: a.whole, standing: true}
	if d.Verdict == purchase.Applied {
		c.stored, err = a.adopt(stored, d)
		a.correcting(&c)
	}
	return c, err
}

// tooLong tells of the gift messages that are mailed without their end. The rest of their order is not held up for that.
func tooLong(o purchase.Order, products purchase.Catalogue) (doubts []string) {
	for _, line := range o.Lines {
		if _, sold := products[line.SKU]; sold && mail.ShortensMessage(line.Message) {
			doubts = append(doubts, fmt.Sprintf(
				"the gift message of line %.40s is longer than %d characters: it is mailed and printed shortened", line.ID, mail.MaxMessage))
		}
	}
	return doubts
}

func (a *application) key() orders.Key { return orders.Key{Shop: a.shop.ID, Order: a.order.ID} }

// names are what captures and reservations may know the order under: a voucher that buys a voucher is not paid with money.
func (a *application) names() ledger.Order {
	shop := Actor{Channel: Webshop, Name: a.shop.ID}
	o := ledger.Order{Owner: shop.Owner(), Names: []string{a.order.ID, a.order.Number}, Currency: a.order.Currency}
	for _, name := range o.Names {
		holder, _ := shop.holder(name)
		o.Holders = append(o.Holders, holder)
	}
	return o
}

// skus are the products that the order may sell: those of its lines, and those that lines sold before.
func (a *application) skus(stored *orders.Purchase) []string {
	var skus []string
	for _, line := range a.order.Lines {
		skus = append(skus, line.SKU)
	}
	if stored != nil {
		for _, unit := range stored.Decided.Units {
			skus = append(skus, unit.SKU)
		}
	}
	return skus
}

// known is the stored purchase with what is known of its vouchers; nil if there is none.
func (a *application) known(stored *orders.Purchase) (*purchase.Purchase, error) {
	if stored == nil {
		return nil, nil
	}
	known := stored.Decided
	for i := range known.Units {
		unit := &known.Units[i]
		id := stored.Units[unit.Key()].Voucher
		if id == "" {
			continue
		}
		v, read := a.vouchers[id]
		if !read {
			return nil, errMoved // issued since the vouchers were read
		}
		unit.Voucher = standing(v)
		unit.Voucher.Reserved = a.inUse[id]
		if entries, whole := a.whole[id]; whole && entries == v.Entries {
			unit.Voucher.Touched = false
		}
	}
	return &known, nil
}

// standing is what the rules of purchases must know of a voucher. Whether it is reserved is found out under its lock.
func standing(v voucher.Voucher) purchase.Voucher {
	return purchase.Voucher{
		Balance: v.Balance,
		Touched: v.State == voucher.Claimed || v.State != voucher.Invalidated && v.Entries > 1,
		Ended:   v.State == voucher.Invalidated,
	}
}

// detailOf is the JSON of a task's or delivery's details, which are made of values that always have one.
func detailOf(detail any) json.RawMessage {
	encoded, err := json.Marshal(detail)
	if err != nil {
		panic("retail: details have no JSON: " + err.Error())
	}
	return encoded
}
