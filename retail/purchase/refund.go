package purchase

import "vouchsafe/retail/money"

// refund counts the refunds that were not looked at before and takes back the units that they name (X01).
func (c *change) refund() {
	for _, r := range c.order.Refunds {
		if c.next.counted(r.ID) {
			continue
		}
		c.count(r.ID, r.Amount, c.settle(r))
	}
	if c.order.Status == Refunded && !c.order.namesItsRefunds() && !c.next.counted(WholeOrder) {
		c.count(WholeOrder, money.Amount{}, c.takeAll())
	}
	if c.next.allTakenBack() {
		for i := range c.next.Refunds {
			c.next.Refunds[i].Settled, c.next.Refunds[i].Problem = true, ""
		}
	}
}

// namesItsRefunds tells whether the refunds say for themselves what they take back: there is one at least, each names lines, and together
// they are less than the order. Some shops call an order refunded after any refund.
func (o *Order) namesItsRefunds() bool {
	given := money.Amount{Currency: o.Total.Currency}
	for _, r := range o.Refunds {
		if len(r.Lines) == 0 {
			return false
		}
		sum, err := given.Add(r.Amount)
		if err != nil {
			return false
		}
		given = sum
	}
	return len(o.Refunds) > 0 && o.Total.Minor > given.Minor
}

// count remembers a refund for ever.
func (c *change) count(id string, amount money.Amount, problem Settlement) {
	c.next.Refunds = append(c.next.Refunds, Counted{ID: id, Amount: amount, Settled: problem == "", Problem: problem})
}

// settle takes back what a refund names and says what stays open, "" for nothing. What it names of other goods is not ours.
func (c *change) settle(r Refund) Settlement {
	if len(r.Lines) == 0 && r.Amount.Minor > 0 {
		return NamesNoLines
	}
	var open Settlement
	for _, l := range r.Lines {
		if c.next.sku(l.Line) == "" {
			continue
		}
		if l.Quantity == 0 {
			open = NamesNoUnits
		}
		if c.take(l.Line, l.Quantity) < l.Quantity {
			open = InUse
		}
	}
	return open
}

// take takes back at most so many units of a line, the last one first, and tells how many it was. One whose voucher a person
// has invalidated already comes before all others: that is most likely the one that was meant.
func (c *change) take(line string, quantity int) int {
	taken := 0
	for _, ended := range []bool{true, false} {
		for i := len(c.next.Units) - 1; i >= 0 && taken < quantity; i-- {
			unit := &c.next.Units[i]
			if unit.Line == line && unit.Voucher.Ended == ended && c.takeBack(unit) {
				taken++
			}
		}
	}
	return taken
}

// takeAll takes back every unit, and says what stays open.
func (c *change) takeAll() Settlement {
	var open Settlement
	for i := len(c.next.Units) - 1; i >= 0; i-- {
		unit := &c.next.Units[i]
		if !c.takeBack(unit) && unit.State == Issued {
			open = InUse
		}
	}
	return open
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

// allTakenBack tells whether no unit is left that a refund could still mean.
func (p *Purchase) allTakenBack() bool {
	for _, u := range p.Units {
		if u.State != TakenBack && u.State != Dismissed {
			return false
		}
	}
	return true
}
