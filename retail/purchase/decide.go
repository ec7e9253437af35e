package purchase

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// maxUnits is the most vouchers that one order may sell; more is a mistake, or somebody trying our patience.
const maxUnits = 1000

// Verdict is what happens with a state that was told.
type Verdict string

// The verdicts.
const (
	Applied   Verdict = "applied"    // the purchase is now as the state says
	Older     Verdict = "older"      // a newer state is applied already; this one is kept and changes nothing
	Ask       Verdict = "ask"        // two states bear the same instant: the shop must say which is true
	SetAside  Verdict = "set_aside"  // a person must look before anything of it is believed
	NoVoucher Verdict = "no_voucher" // the order sells none
)

// Catalogue is the registered products by SKU.
type Catalogue map[string]Product

// Decision is what follows from a state. Only Applied changes anything.
type Decision struct {
	Verdict  Verdict
	Why      string // for a person; "" when applied
	Purchase Purchase

	Confirm    bool  // the order confirmation is due: it has not been made before
	Issue      []Key // units whose vouchers are made now
	Invalidate []Key // units whose vouchers a refund ends
	Block      []Key // units whose vouchers get the order's block
	Lift       []Key // units whose vouchers lose it
}

// Decide settles what the state of an order means for its purchase, nil if there is none yet.
func Decide(known *Purchase, o Order, products Catalogue, shop Shop) Decision {
	if known != nil {
		if verdict, why := o.against(known, shop); verdict != Applied {
			return Decision{Verdict: verdict, Why: why}
		}
	}
	units := o.voucherUnits(known, products)
	switch {
	case units > maxUnits:
		return Decision{Verdict: SetAside, Why: fmt.Sprintf("the order sells more than %d vouchers", maxUnits)}
	case units == 0 && known == nil:
		return Decision{Verdict: NoVoucher, Why: "no line is a registered product"}
	}
	c := change{order: o, products: products, shop: shop}
	if known != nil {
		c.next, c.before = known.clone(), known
	}
	c.adopt()
	c.layOut()
	c.refund()
	c.issue()
	c.block()
	c.Purchase = c.next
	return c.Decision
}

// against compares a state with the one applied before: is it of the same order, and is it newer?
func (o Order) against(known *Purchase, shop Shop) (Verdict, string) {
	switch {
	case o.Number != "" && known.Number != "" && o.Number != known.Number:
		return SetAside, fmt.Sprintf("the order's number is %q and was %q", o.Number, known.Number)
	case !o.Created.IsZero() && !known.Created.IsZero() && !o.Created.Equal(known.Created):
		return SetAside, "the order's creation time is not the one that is stored"
	case o.Source != "" && known.Source != "" && place(o.Source) != place(known.Source):
		return SetAside, fmt.Sprintf("the order comes from %q and came from %q", o.Source, known.Source)
	case o.Modified.Before(known.Modified):
		return o.overtaken(known, shop, "a newer state is applied")
	case o.Modified.After(known.Modified) || o.Origin == Fetched || o.digest() == known.Digest:
		return Applied, ""
	case shop.CanBeAsked:
		return Ask, "two different states bear the same instant"
	case o.Status < known.Status:
		return o.overtaken(known, shop, "a further state of the same instant is applied")
	}
	return Applied, ""
}

// overtaken is what happens with a state after which another was applied. It changes nothing, but what it alone tells of money given back
// is not lost: that money is gone, and its code would still be good (X01).
func (o Order) overtaken(known *Purchase, shop Shop, why string) (Verdict, string) {
	if !o.knowsOfRefunds(known) {
		return Older, why
	}
	why += ", which says nothing of a refund that this one tells of"
	if shop.CanBeAsked && o.Origin != Fetched {
		return Ask, why
	}
	return SetAside, why
}

// knowsOfRefunds tells whether a state tells of money given back that was never told of a purchase.
func (o Order) knowsOfRefunds(known *Purchase) bool {
	if o.Status == Refunded && len(o.Refunds) == 0 {
		return known.Status != Refunded && !known.namesAll()
	}
	return slices.ContainsFunc(o.Refunds, func(r Refund) bool { return !known.knows(r) })
}

// place is where an address leads, so that http and https of one shop are one.
func place(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		rest = address
	}
	return strings.ToLower(strings.TrimSuffix(rest, "/"))
}

// digest sums up what a state decides by. It covers no personal data.
func (o Order) digest() [32]byte {
	var text strings.Builder
	fmt.Fprintf(&text, "%v %v %q %v %v\n", o.Status, o.PaidAt.UTC(), o.Tender, o.Currency, o.Total)
	for _, l := range o.Lines {
		fmt.Fprintf(&text, "line %q %q %d %v %v\n", l.ID, l.SKU, l.Quantity, l.Paid, l.Unclear)
	}
	for _, r := range o.Refunds {
		fmt.Fprintf(&text, "refund %q %v %v\n", r.ID, r.Amount, r.Lines)
	}
	return sha256.Sum256([]byte(text.String()))
}

// voucherUnits counts the units of lines that sell vouchers.
func (o Order) voucherUnits(known *Purchase, products Catalogue) int {
	units := 0
	for _, l := range o.Lines {
		if _, ok := soldAs(l, known, products); ok {
			units += min(l.Quantity, maxUnits+1) // more can't be counted wrong
		}
	}
	return units
}

// soldAs is the product that a line sells. A line whose product the shop has deleted still sells what it sold.
func soldAs(l Line, known *Purchase, products Catalogue) (Product, bool) {
	sku := l.SKU
	if sku == "" && known != nil {
		sku = known.sku(l.ID)
	}
	product, ok := products[sku]
	return product, ok && sku != ""
}

// change is a decision in the making.
type change struct {
	Decision
	order    Order
	products Catalogue
	shop     Shop
	next     Purchase
	before   *Purchase // as it was; nil for a new one, and where no state is told
}

// adopt takes over what the state says of the order as a whole.
func (c *change) adopt() {
	c.Verdict = Applied
	c.next.Number = cmp.Or(c.next.Number, c.order.Number)
	c.next.Source = cmp.Or(c.next.Source, c.order.Source)
	if c.next.Created.IsZero() {
		c.next.Created = c.order.Created
	}
	c.next.Modified, c.next.Status, c.next.Digest = c.order.Modified, c.order.Status, c.order.digest()
	c.next.Doubts = c.order.Doubts
	alive := c.order.Status == Placed || c.order.Status == Paid
	c.Confirm = alive && !c.next.Confirmed
	c.next.Confirmed = c.next.Confirmed || alive
}

// layOut makes the purchase's units those of the order's lines, as far as they are still free to change.
func (c *change) layOut() {
	listed := map[Key]bool{}
	paid := c.paidPerLine()
	for _, l := range c.order.Lines {
		product, ok := soldAs(l, &c.next, c.products)
		if !ok || l.Quantity < 1 {
			continue
		}
		for _, unit := range c.appraise(l, product, paid[l.ID]) {
			listed[unit.Key()] = true
			c.place(unit)
		}
	}
	c.next.Units = slices.DeleteFunc(c.next.Units, func(u Unit) bool { return !listed[u.Key()] && c.forgettable(u) })
	slices.SortFunc(c.next.Units, func(a, b Unit) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.N, b.N)) })
	c.flagMissing()
}

// place puts an appraised unit where it belongs: beside those known, or in the place of one that is still open.
func (c *change) place(unit Unit) {
	known := c.next.unit(unit.Key())
	switch {
	case known == nil && !c.next.Fixed:
		c.next.Units = append(c.next.Units, unit)
	case known == nil:
		c.next.Units = append(c.next.Units, c.late(unit))
	case known.State == Dismissed && c.paidSince(*known, unit), known.Reason == PaidAfterDismissal && known.State != Dismissed:
		*known = c.reopened(unit)
	case known.State == Issued || known.State == TakenBack || known.State == Dismissed:
	case known.Reason == AddedLater:
		*known = c.late(unit)
	default:
		*known = unit
	}
}

// late is a unit that appeared after the order had issued. Only a person may let it issue.
func (c *change) late(unit Unit) Unit {
	unit.Reason, unit.State = AddedLater, Offered
	if c.order.Status == Paid {
		unit.State = Waiting
	}
	return unit
}

// paidSince tells whether the order was paid after a unit of it was dismissed, which was decided of one that was not, or not online. The
// buyer's money must not be kept for nothing, and nobody be told of it (X22).
func (c *change) paidSince(dismissed, told Unit) bool {
	if c.order.Status != Paid {
		return false
	}
	return dismissed.Reason == Unpaid || dismissed.Reason.unpaid() && !told.Reason.unpaid()
}

// reopened is a unit that was paid after it was dismissed. It waits for what is in its way, or else since only a person may undo what a
// person has decided.
func (c *change) reopened(unit Unit) Unit {
	switch {
	case c.order.Status != Paid:
		unit.State, unit.Reason = Offered, PaidAfterDismissal
	case unit.State != Waiting:
		unit.State, unit.Reason = Waiting, PaidAfterDismissal
	}
	return unit
}

// forgettable tells whether a unit that the shop no longer lists may be dropped: nothing came of it yet, and the order's
// units are not settled.
func (c *change) forgettable(u Unit) bool {
	open := u.State == Offered || u.State == Waiting
	return open && (!c.next.Fixed || u.Reason == AddedLater)
}

// flagMissing marks, of each line, the last units that neither the shop lists nor a refund explains.
func (c *change) flagMissing() {
	if !c.next.Fixed {
		return
	}
	room := map[string]int{}
	for _, l := range c.order.Lines {
		room[l.ID] += l.Quantity
	}
	for i := range c.next.Units {
		unit := &c.next.Units[i]
		if unit.State == TakenBack || unit.State == Dismissed {
			unit.Missing = false
			continue
		}
		room[unit.Line]--
		unit.Missing = room[unit.Line] < 0
	}
}

// issue decides which units get their vouchers now, and settles the order's units with the first of them.
func (c *change) issue() {
	if c.order.Status != Paid {
		return
	}
	for i := range c.next.Units {
		unit := &c.next.Units[i]
		if unit.State == Offered && unit.Reason == "" && !unit.Missing {
			unit.State = Issued
			unit.Voucher = Voucher{Balance: unit.Value.Minor}
			c.Issue = append(c.Issue, unit.Key())
		}
	}
	c.next.Fixed = c.next.Fixed || len(c.Issue) > 0
}

// block lets a cancelled order block its vouchers, also those that are spent: what is given back of that must not be spent again. A paid one
// lifts that block. Other states leave it.
func (c *change) block() {
	switch c.order.Status {
	case Cancelled:
		c.Block = c.next.vouchers(func(v Voucher) bool { return !v.Ended })
		c.next.Blocked = c.next.Blocked || len(c.Block) > 0
	case Paid:
		if c.next.Blocked {
			c.Lift = c.next.vouchers(func(v Voucher) bool { return !v.Ended })
		}
		c.next.Blocked = false
	}
}

// vouchers are the units whose vouchers are as wanted.
func (p *Purchase) vouchers(wanted func(Voucher) bool) []Key {
	var keys []Key
	for _, u := range p.Units {
		if u.State == Issued && wanted(u.Voucher) {
			keys = append(keys, u.Key())
		}
	}
	return keys
}
