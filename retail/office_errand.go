package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Errors of sending a code once more.
var (
	// ErrUnderWay says that a delivery of the code is being made, or may have been: its recipient can't change now.
	ErrUnderWay = outbox.ErrUnderWay
	// ErrNeedsAddress says that there is no usable address to send to.
	ErrNeedsAddress = errors.New("there is no usable address")
	// ErrCodeGone says that the code was shredded.
	ErrCodeGone = errNoCode
	// ErrNotSold says that no webshop sold the voucher, so that nothing is known of a recipient.
	ErrNotSold = errors.New("no webshop sold the voucher")
	// ErrNoName says that nothing keeps the name of a recipient, since no webshop sold the voucher.
	ErrNoName = errors.New("no webshop sold the voucher: nothing keeps a name for it")
)

// errand is a new delivery of a voucher's code that the office wants, in the place of those that have
// not left.
type errand struct {
	voucher    string
	purchase   string // id; "" when no webshop sold the voucher
	shop       orders.Shop
	deliveries []outbox.Delivery // of the code so far, the newest first

	expires voucher.Date // last day of the voucher, read under its lock
	unit    orders.Unit  // what sold it, read under the order's lock

	action, reason string                     // for the audit trail
	act            voucher.Act                // on the voucher, which is locked by it
	stoppedBy      func(outbox.Delivery) bool // whether a delivery must end first
	// recode gives the voucher another code; nil for none.
	recode func(outbox.Tx, voucher.Answer) error
	// address says to whom. The draft has the place and the day of the delivery that it displaces.
	address func(outbox.Tx, soldUnit, *outbox.Draft) error
}

// errand prepares one. Errors: voucher.ErrNotFound, ErrNotSold.
func (o *BackOffice) errand(ctx context.Context, id string) (errand, error) {
	if _, err := o.seen(ctx, id); err != nil {
		return errand{}, err
	}
	gift, err := o.sales.orders.Gift(ctx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return errand{}, fmt.Errorf("deliver voucher %s: %w", id, ErrNotSold)
	}
	if err != nil {
		return errand{}, err
	}
	e := errand{voucher: id, purchase: gift.Purchase, act: voucher.Expire{}, stoppedBy: mayArrive}
	if e.shop, err = o.sales.shop(ctx, gift.Shop); err != nil {
		return errand{}, err
	}
	e.deliveries, err = o.deliveries(ctx, id)
	return e, err
}

// errandUnsold prepares one for a voucher that no webshop sold: a register did, the office gave it, or another system issued it. It goes
// in the name of the register's shop, or of the house. Error: voucher.ErrNotFound.
func (o *BackOffice) errandUnsold(ctx context.Context, id string) (errand, error) {
	seen, err := o.seen(ctx, id)
	if err != nil {
		return errand{}, err
	}
	e := errand{voucher: id, act: voucher.Expire{}, stoppedBy: mayArrive}
	if e.shop, err = o.sales.seller(ctx, seen.Voucher.Shop); err != nil {
		return errand{}, err
	}
	e.deliveries, err = o.deliveries(ctx, id)
	return e, err
}

// leaves tells whether a delivery is being made right now.
func leaves(d outbox.Delivery) bool { return d.State == outbox.StateSending }

// mayLeave tells whether a delivery is being made or, in doubt, will be once more by itself.
func mayLeave(d outbox.Delivery) bool {
	return leaves(d) || d.State == outbox.StateInDoubt && d.DueAt != nil
}

// mayArrive tells whether a delivery may have reached its recipient, or still may: nobody else can get the code.
func mayArrive(d outbox.Delivery) bool { return leaves(d) || d.State == outbox.StateInDoubt }

// last is the delivery that counts: the newest that was made or is still wanted; nil if there is none.
func (e errand) last() *outbox.Delivery {
	for i, d := range e.deliveries {
		switch d.State {
		case outbox.StateCancelled, outbox.StateBounced, outbox.StateFailed:
		default:
			return &e.deliveries[i]
		}
	}
	return nil
}

// soldUnit is what an order says of one voucher, read under the order's lock.
type soldUnit struct {
	purchase *orders.Purchase
	unit     orders.Unit
	asked    wishes
	who      buyer
}

// recipient is whom the voucher is for: the one whom the buyer named, or the buyer himself. Where a recipient was erased it is nobody,
// since the buyer must not get what was another's.
func (u soldUnit) recipient() string {
	if u.asked.Email == "" && len(u.purchase.Erased) > 0 {
		return ""
	}
	return cmp.Or(u.asked.Email, u.who.Email)
}

// sold reads what the locked order says of a voucher; nothing where it has none.
func (s *Sales) sold(ctx context.Context, tx outbox.Tx, purchase, id string) (soldUnit, error) {
	if purchase == "" {
		return soldUnit{purchase: &orders.Purchase{}}, nil
	}
	stored, err := orders.LockByID(ctx, tx, purchase)
	if err != nil {
		return soldUnit{}, err
	}
	sold := soldUnit{purchase: stored}
	for _, unit := range stored.Units {
		if unit.Voucher == id {
			sold.unit = unit
		}
	}
	return sold, errors.Join(
		s.unseal(purposeBuyer, stored.ID, stored.Buyer, &sold.who),
		s.unseal(purposeWishes, sold.unit.ID, sold.unit.Wishes, &sold.asked),
	)
}

// deliver makes a new delivery and cancels those that have not left.
func (o *BackOffice) deliver(ctx context.Context, by Actor, e errand) (outbox.Delivery, error) {
	draft := outbox.Draft{
		Kind: KindCode, Subject: e.voucher, Seq: outbox.NextSeq, Parent: e.purchase, Shop: e.shop.ID,
		Detail: detailOf(map[string]any{"resend": true}),
	}
	if e.shop.CodesBy == orders.TheShop {
		draft.Kind = KindHandover
	}
	var err error
	if draft.ID, err = o.desk.ledger.NewID(); err != nil {
		return outbox.Delivery{}, err
	}
	var applied *ledger.Applied
	err = o.within(ctx, e.action+" voucher "+e.voucher, func(tx outbox.Tx) (err error) {
		applied, err = o.carry(ctx, tx, by, e, draft)
		return err
	})
	if err != nil {
		return outbox.Delivery{}, err
	}
	o.desk.ledger.Told(ctx, applied)
	if err := applied.Refused(); err != nil {
		return outbox.Delivery{}, err
	}
	if repeats(applied.Answers[0]) && len(e.deliveries) > 0 {
		return e.deliveries[0], nil
	}
	return o.sales.outbox.Delivery(ctx, draft.ID)
}

// carry locks the order, the voucher and its deliveries, in this order, and puts the new delivery in the
// place of what has not left. A refusal of the rule book is in what it returns.
func (o *BackOffice) carry(ctx context.Context, tx outbox.Tx, by Actor, e errand, draft outbox.Draft) (*ledger.Applied, error) {
	sold, err := o.sales.sold(ctx, tx, e.purchase, e.voucher)
	if err != nil {
		return nil, err
	}
	applied, err := o.desk.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: e.voucher, Act: e.act})
	if err != nil || applied.Refused() != nil || repeats(applied.Answers[0]) {
		return applied, err
	}
	if err := deliverable(applied.Answers[0].Voucher); err != nil {
		return nil, err
	}
	e.expires = applied.Answers[0].Voucher.ExpiresOn
	if e.recode != nil {
		if err := e.recode(tx, applied.Answers[0]); err != nil {
			return nil, err
		}
	}
	if err := o.sales.displace(ctx, tx, e, sold, draft); err != nil {
		return nil, err
	}
	if err := outbox.CloseTask(ctx, tx, TaskRecipientChanged, e.voucher, e.action); err != nil {
		return nil, err
	}
	return applied, o.desk.audit(ctx, tx, by, e.action, e.voucher, why(e.reason))
}

// deliverable says why nobody is to get the code of a voucher, or nil.
func deliverable(v voucher.Voucher) error {
	switch v.State {
	case voucher.Invalidated:
		return voucher.ErrInvalidated
	case voucher.Claimed:
		return voucher.ErrClaimed
	case voucher.Inventory: // its code is for the printer of its batch alone
		return voucher.ErrNotActive
	}
	return nil
}

// displace cancels the deliveries that have not left and adds the draft, which inherits from them what it
// waits for and what holds them.
func (s *Sales) displace(ctx context.Context, tx outbox.Tx, e errand, sold soldUnit, draft outbox.Draft) error {
	open, err := outbox.Unfinished(ctx, tx, lettersOf(e.voucher))
	if err != nil {
		return err
	}
	var held []string
	if sold.purchase.Decided.Blocked {
		held = append(held, heldByOrder)
	}
	e.unit = sold.unit
	for _, d := range open {
		if e.stoppedBy(d) {
			return ErrUnderWay
		}
		e.inherits(d, &draft)
		held = append(held, d.Held...)
	}
	bundles, err := s.leaveBundles(ctx, tx, e, &draft)
	if err != nil {
		return err
	}
	if err := e.address(tx, sold, &draft); err != nil {
		return err
	}
	held = append(held, bundles...)
	const replaced = "a new delivery takes its place"
	if _, err := s.outbox.Cancel(ctx, tx, lettersOf(e.voucher), replaced); err != nil {
		return err
	}
	if err := outbox.CloseReplaced(ctx, tx, e.voucher, draft.ID, replaced, KindCode, KindHandover); err != nil {
		return err
	}
	return s.place(ctx, tx, draft, planOf(e.unit, e.expires).told(), held)
}

// inherits gives a draft the place and the day of a delivery that it displaces and that nobody has tried to make. What waited for its day
// still does, also behind an address that was not known.
func (e errand) inherits(d outbox.Delivery, draft *outbox.Draft) {
	if d.Attempt > 0 {
		return
	}
	draft.Due, draft.After = d.ReadyAt, d.After
	if d.State == outbox.StateWaiting && (d.Reason == NeedsAddress || slices.Contains(forADay(), d.Reason)) {
		draft.Waiting = planOf(e.unit, e.expires).waiting
	}
}

// place adds a delivery under its holds. One without an address or a day is before the office.
func (s *Sales) place(ctx context.Context, tx outbox.Tx, draft outbox.Draft, said string, held []string) error {
	var made drafts
	made.add(draft, said)
	if err := s.outbox.Add(ctx, tx, made.all...); err != nil {
		return err
	}
	for _, reason := range held { // one that is there already holds no more for being told twice
		if _, err := s.outbox.Hold(ctx, tx, outbox.Where{ID: draft.ID}, reason); err != nil {
			return err
		}
	}
	for _, task := range made.tasks {
		if err := outbox.OpenTask(ctx, tx, task); err != nil {
			return err
		}
	}
	return nil
}
