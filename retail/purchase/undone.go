package purchase

import "slices"

// A unit that a refund has ended stays ended: its code is void, and may be known to be. When the shop takes such a refund back, or makes it
// smaller, the buyer has paid and holds nothing, so that a person has to make that good. Where another refund says that the same units were
// given back after all, nothing is wrong.

// byWord tells whether a refund waits for the shop's next word of it, so that no unit is taken back for it.
func (s Settlement) byWord() bool { return s == Withdrawn || s.regretted() }

// regretted tells whether a refund has ended units that the shop tells of no more.
func (s Settlement) regretted() bool { return s == Undone || s == ToldLess }

// surplus is how many units the refund has taken back beyond those that the shop tells of.
func (r *Counted) surplus() (n int) {
	for _, named := range r.Lines {
		n += named.surplus()
	}
	return n
}

func (n Named) surplus() int { return max(0, n.Taken-n.wants()) }

// regrets is how many units of a line are taken back though the shop tells of no refund of them any more.
func (p *Purchase) regrets(line string) (n int) {
	for _, r := range p.Refunds {
		for _, named := range r.Lines {
			if named.Line == line {
				n += named.surplus()
			}
		}
	}
	return n
}

// lacks tells whether what is left of a refund may be a unit that another one took back and is told of no more.
func (p *Purchase) lacks(r *Counted) bool {
	return slices.ContainsFunc(r.Lines, func(n Named) bool { return n.left() > 0 && p.regrets(n.Line) > 0 })
}

// tellLess notes how many of the units that were ever told of a refund the state tells of no more.
func (c *change) tellLess() {
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		for j := range r.Lines {
			r.Lines[j].Less = c.less(r.ID, r.Lines[j])
		}
	}
}

// less is how many units of a line the state tells of no more. One that says nothing of units tells of them all.
func (c *change) less(refund string, n Named) int {
	if !c.order.tells(refund) {
		return n.Quantity
	}
	units, said, silent := 0, false, true
	for _, told := range c.order.Refunds {
		if told.ID != refund || len(told.Lines) == 0 {
			continue
		}
		silent = false
		if now, named := told.named()[n.Line]; named {
			units, said = max(units, now), true
		}
	}
	if silent || said && units == 0 {
		return 0
	}
	return max(0, n.Quantity-units)
}

// handOver lets a refund stand for units that another one took back and is told of no more: a shop may tell of the same money under another
// id. It tells whether there were any.
func (c *change) handOver() (some bool) {
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		if r.ID == WholeOrder || !c.order.tells(r.ID) {
			continue
		}
		for j := range r.Lines {
			named := &r.Lines[j]
			if named.left() > 0 && c.next.regrets(named.Line) > 0 && !c.short(*r) {
				named.Taken += c.giveUp(named.Line, named.left())
				some = true
			}
		}
	}
	return some
}

// giveUp takes units of a line from the refunds that are told no more of them, and tells how many it was.
func (c *change) giveUp(line string, units int) (given int) {
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		for j := range r.Lines {
			if named := &r.Lines[j]; named.Line == line {
				n := min(units-given, named.surplus())
				named.Taken -= n
				given += n
			}
		}
	}
	return given
}

// regret marks the refunds that have ended units and that the shop has taken back since, or made smaller. Where all of the order is given
// back, none is missed.
func (c *change) regret() {
	all := c.order.refundedAltogether()
	for i := range c.next.Refunds {
		r := &c.next.Refunds[i]
		for j := range r.Lines {
			if all {
				r.Lines[j].Less -= r.Lines[j].surplus()
			}
		}
		switch told := c.order.tells(r.ID); {
		case !told && r.surplus() > 0:
			r.Problem = Undone
		case !told && r.Problem == Undone:
			r.Problem = ""
		case told && r.Problem == "" && (r.surplus() > 0 || c.givesLess(r)):
			r.Problem = ToldLess
		}
		r.Settled = r.Problem == ""
	}
}

// givesLess tells whether a refund, with others for its line, gives back less than was paid for the units that it has taken back, and gave
// more before.
func (c *change) givesLess(r *Counted) bool {
	if c.before == nil || !slices.ContainsFunc(r.Lines, func(n Named) bool { return n.Taken > 0 }) || !c.short(*r) {
		return false
	}
	if c.before.Status == Refunded && c.order.Status != Refunded { // all was given back, whatever the refunds said
		return true
	}
	return slices.ContainsFunc(c.before.Refunds, func(was Counted) bool {
		if was.ID == r.ID {
			return was.Problem.regretted() || was.Problem == MoreThanSold || r.Amount.Minor < was.Amount.Minor
		}
		return was.Amount.Minor > 0 && !c.order.tells(was.ID) && !was.gone()
	})
}

// gone tells whether the state before told no more of a refund; where that names no units, nobody remembers.
func (r *Counted) gone() bool {
	if r.Problem == Withdrawn || r.Problem == Undone {
		return true
	}
	named := func(n Named) bool { return n.Quantity > 0 }
	return slices.ContainsFunc(r.Lines, named) && !slices.ContainsFunc(r.Lines, func(n Named) bool { return n.wants() > 0 })
}
