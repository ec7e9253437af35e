package purchase

import (
	"slices"

	"vouchsafe/retail/money"
)

// refund notes what the state tells of money given back, and takes back the units that refunds name (X01).
func (c *change) refund() {
	for _, r := range c.order.Refunds {
		c.next.note(r)
	}
	c.withdraw()
	c.settle()
	if c.order.Status == Refunded && !c.order.namesItsRefunds() && !c.next.namesAll() {
		c.next.noteWhole(c.order.Currency)
		c.settle()
	}
}

// withdraw marks the refunds that wait and that the state tells of no more. The shop may have taken them back, so that the voucher is good,
// or leave them out: a person decides, unless it tells of them again.
func (c *change) withdraw() {
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		switch {
		case r.Settled:
		case !c.order.tells(r.ID):
			r.Problem = Withdrawn
		case r.Problem == Withdrawn && len(r.Lines) == 0 && r.Amount.Minor > 0:
			r.Problem = NamesNoLines
		case r.Problem == Withdrawn:
			r.Problem = ""
		}
	}
}

// tells tells whether a state tells of a refund.
func (o *Order) tells(refund string) bool {
	if refund == WholeOrder {
		return o.Status == Refunded
	}
	return slices.ContainsFunc(o.Refunds, func(r Refund) bool { return r.ID == refund })
}

// SettleRefunds looks once more at the refunds that wait: what was reserved or spent may be free and whole by now, or ended by a person.
// It needs no word of the shop; changed tells whether anything is to be written. What it takes back is taken once.
func SettleRefunds(known Purchase) (d Decision, changed bool) {
	c := change{next: known.clone()}
	c.Verdict = Applied
	c.settle()
	c.Purchase = c.next
	same := slices.Equal(known.Units, c.next.Units) && slices.EqualFunc(known.Refunds, c.next.Refunds, Counted.same)
	return c.Decision, !same
}

// namesItsRefunds tells whether the refunds say for themselves what they take back: there is one at least, each names lines, and together
// they are less than the order. Some shops call an order refunded after any refund.
func (o *Order) namesItsRefunds() bool {
	if len(o.Refunds) == 0 || slices.ContainsFunc(o.Refunds, func(r Refund) bool { return len(r.Lines) == 0 }) {
		return false
	}
	given, err := o.given()
	return err == nil && o.Total.Minor > given.Minor
}

// settle takes back what refunds name, as far as that is free, and says of each what stays open. Units that no other refund is left to
// mean settle them all, but for one that names more than was sold.
func (c *change) settle() {
	for i := range c.next.Refunds {
		if r := &c.next.Refunds[i]; !r.Settled {
			c.settleOne(r)
		}
	}
	gone := c.next.allGone()
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		if gone && r.Problem != MoreThanSold {
			r.Problem = ""
		}
		r.Settled = r.Problem == ""
	}
}

// settleOne takes back what is left of a refund and says what stays open. One of less than was paid takes back only what a person has
// ended.
func (c *change) settleOne(r *Counted) {
	if r.Problem == NamesNoLines || r.Problem == Withdrawn {
		return
	}
	short := c.short(*r)
	problem := Settlement("")
	for i := range r.Lines {
		named := &r.Lines[i]
		named.Taken += c.take(*named, short)
		switch left := named.Quantity > named.Taken; {
		case named.Quantity == 0 && problem == "":
			problem = NamesNoUnits
		case !left:
		case c.next.remains(*named) && short:
			problem = LessThanPaid
		case c.next.remains(*named):
			problem = InUse
		case r.ID != WholeOrder && c.next.oversold(named.Line):
			problem = MoreThanSold
		}
	}
	r.Problem = problem
}

// take takes back what is left of the units that a refund names of a line, the last one first, and tells how many it was. One whose
// voucher a person has invalidated already comes before all others: that is most likely the one that was meant.
func (c *change) take(named Named, endedOnly bool) int {
	taken, left := 0, named.Quantity-named.Taken
	for _, ended := range []bool{true, false} {
		if endedOnly && !ended {
			break
		}
		for i := len(c.next.Units) - 1; i >= 0 && taken < left; i-- {
			unit := &c.next.Units[i]
			if named.means(unit) && unit.Voucher.Ended == ended && c.takeBack(unit) {
				taken++
			}
		}
	}
	return taken
}

// takeBack takes back one unit unless it is settled otherwise, or its voucher is in use.
func (c *change) takeBack(unit *Unit) bool {
	switch unit.State {
	case TakenBack, Dismissed:
		return false
	case Issued:
		if !unit.Voucher.Ended && (unit.Voucher.Touched || unit.Voucher.Reserved) {
			return false
		}
		if !unit.Voucher.Ended {
			c.Invalidate = append(c.Invalidate, unit.Key())
		}
		unit.Voucher.Ended = true
	}
	unit.State, unit.Reason, unit.Missing = TakenBack, "", false
	return true
}

// short tells whether a refund gives back less than was paid for the units that it names: then nobody knows what it is for, unless the
// order is refunded altogether. Where the state does not tell of the refund, it is what it was.
//
// A correct refund of a unit is never held up. So all that may have lowered the price of a voucher is taken to have lowered this one: what
// the order's total lacks to the sum of its lines, and what our own codes paid. And money given back before without a unit counts as given
// for this one, since shops permit no more than the rest of it.
func (c *change) short(r Counted) bool {
	if r.ID == WholeOrder || !c.order.tells(r.ID) {
		return r.Problem == LessThanPaid
	}
	if r.Amount.Minor <= 0 || c.order.refundedAltogether() {
		return false
	}
	cost, units, err := c.costOf(r)
	if err != nil {
		return false
	}
	given, err := r.Amount.Add(c.order.givenWithoutUnits(r.ID))
	if err != nil {
		return false
	}
	return given.Minor < cost.Minor-c.order.lowered().Minor-units
}

// costOf is the least that was paid for the units that a refund names, and how many there are of them.
func (c *change) costOf(r Counted) (cost money.Amount, units int64, err error) {
	cost = money.Of(0, c.order.Currency)
	for _, named := range r.Lines {
		least, sold := c.leastPaid(named)
		for range min(sold, named.Quantity) {
			if cost, err = cost.Add(least); err != nil {
				return cost, 0, err
			}
			units++
		}
	}
	return cost, units, nil
}

// leastPaid is the least that was paid for a unit of a line that a refund names, as it was stored or as the order's line has it now, and
// how many units the line has.
func (c *change) leastPaid(named Named) (least money.Amount, units int) {
	for i := range c.next.Units {
		unit := &c.next.Units[i]
		if !named.means(unit) {
			continue
		}
		if units++; units == 1 || unit.Paid.Minor < least.Minor {
			least = unit.Paid
		}
	}
	for _, line := range c.order.Lines {
		if line.ID == named.Line && line.Quantity > 0 {
			least.Minor = min(least.Minor, line.Paid.Minor/int64(line.Quantity))
		}
	}
	least.Minor = max(least.Minor, 0)
	return least, units
}

// given is what the refunds come to.
func (o *Order) given() (money.Amount, error) {
	sum := money.Of(0, o.Currency)
	for _, r := range o.Refunds {
		if r.Amount.Minor == 0 {
			continue
		}
		next, err := sum.Add(r.Amount)
		if err != nil {
			return money.Amount{}, err
		}
		sum = next
	}
	return sum, nil
}

// refundedAltogether tells whether all of the order was given back, or that can't be told.
func (o *Order) refundedAltogether() bool {
	if o.Status == Refunded && !o.namesItsRefunds() {
		return true
	}
	given, err := o.given()
	if err != nil {
		return true
	}
	return given.Minor >= o.price().Minor
}

// price is what the order cost: its total, or the sum of its lines where the shop tells none.
func (o *Order) price() money.Amount {
	if o.Total.Currency == o.Currency && o.Total.Minor > 0 {
		return o.Total
	}
	return o.gross()
}

// gross is what the lines come to; 0 where that can't be counted.
func (o *Order) gross() money.Amount {
	sum := money.Of(0, o.Currency)
	for _, l := range o.Lines {
		next, err := sum.Add(l.Paid)
		if err != nil {
			return money.Of(0, o.Currency)
		}
		sum = next
	}
	return sum
}

// lowered is by how much less money may have been paid for a line than it says.
func (o *Order) lowered() money.Amount {
	minor := max(0, o.Covered.Minor)
	if o.Total.Currency == o.Currency {
		minor += max(0, o.gross().Minor-o.Total.Minor)
	}
	return money.Of(minor, o.Currency)
}

// givenWithoutUnits is what refunds other than one gave back without taking a unit of anything.
func (o *Order) givenWithoutUnits(other string) money.Amount {
	rest := Order{Currency: o.Currency}
	for _, r := range o.Refunds {
		if r.ID != other && !slices.ContainsFunc(r.Lines, func(l RefundLine) bool { return l.Quantity > 0 }) {
			rest.Refunds = append(rest.Refunds, r)
		}
	}
	sum, err := rest.given()
	if err != nil {
		return money.Of(0, o.Currency)
	}
	return sum
}
