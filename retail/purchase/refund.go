package purchase

import (
	"cmp"
	"slices"
)

// refund notes what the state tells of money given back, and takes back the units that refunds name (X01).
func (c *change) refund() {
	for _, r := range c.order.Refunds {
		c.note(r)
	}
	c.withdraw()
	c.tellLess()
	c.handOver()
	c.joinPieces()
	c.settle()
	if c.order.givesAllBack() && !c.next.namesAll() {
		c.next.noteWhole(c.order.Currency)
		c.settle()
	}
	c.regret()
}

// withdraw marks the refunds that wait and that the state tells of no more. The shop may have taken them back, so that the voucher is good,
// or leave them out: a person decides, unless it tells of them again.
func (c *change) withdraw() {
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		switch {
		case r.Settled || r.Problem == Undone && !c.order.tells(r.ID):
		case !c.order.tells(r.ID):
			r.Problem = Withdrawn
		case !r.Problem.byWord():
		case len(r.Lines) == 0 && r.Amount.Minor > 0:
			r.Problem = NamesNoLines
		default:
			r.Problem = ""
		}
	}
}

// tells tells whether a state tells of a refund.
func (o *Order) tells(refund string) bool {
	if refund == WholeOrder {
		return o.Status == Refunded || o.givesAllBack()
	}
	return slices.ContainsFunc(o.Refunds, func(r Refund) bool { return r.ID == refund })
}

// SettleRefunds looks once more at the refunds that wait: what was reserved or spent may be free and whole by now, or ended by a person.
// It needs no word of the shop; changed tells whether anything is to be written. What it takes back is taken once.
func SettleRefunds(known Purchase) (d Decision, changed bool) {
	c := change{next: known.clone()}
	c.Verdict = Applied
	c.settle()
	for i := range c.next.Refunds {
		if r := &c.next.Refunds[i]; r.Settled && r.surplus() > 0 {
			r.Problem, r.Settled = ToldLess, false
		}
	}
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
	for more := true; more; { // what one takes back another can't mean
		more = c.handOver()
		for i := range c.next.Refunds {
			if r := &c.next.Refunds[i]; !r.Settled && c.settleOne(r) {
				more = true
			}
		}
	}
	gone := c.next.allGone()
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		if gone && r.Problem != MoreThanSold && !r.Problem.regretted() && !c.next.lacks(r) || c.accountedFor(r) {
			r.Problem = ""
		}
		r.Settled = r.Problem == ""
	}
}

// settleOne takes back what is left of a refund and says what stays open. One of less than was paid takes back only what a person has
// ended. It tells whether it took anything.
func (c *change) settleOne(r *Counted) (took bool) {
	if r.Problem == NamesNoLines || r.Problem.byWord() {
		return false
	}
	short := c.short(*r)
	problem := Settlement("")
	for i := range r.Lines {
		named := &r.Lines[i]
		taken := c.take(*named, short)
		named.Taken, took = named.Taken+taken, took || taken > 0
		switch left := named.left() > 0; {
		case named.Quantity == 0 && problem == "":
			problem = NamesNoUnits
		case !left:
		case named.Of == 0:
			problem = cmp.Or(problem, OtherLines)
		case short && (c.next.remains(*named) || c.next.regrets(named.Line) > 0):
			problem = LessThanPaid
		case c.next.remains(*named):
			problem = InUse
		case r.ID != WholeOrder && c.next.oversold(named.Line):
			problem = MoreThanSold
		}
	}
	r.Problem = problem
	return took
}

// take takes back what is left of the units that a refund names of a line, the last one first, and tells how many it was. One whose
// voucher a person has invalidated already comes before all others: that is most likely the one that was meant.
func (c *change) take(named Named, endedOnly bool) int {
	taken, left := 0, named.left()
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
