package purchase

import (
	"cmp"
	"fmt"
	"slices"

	"vouchsafe/retail/money"
)

// Counted is a refund that was told. It takes back each of the units that it names once, whenever that can be.
type Counted struct {
	ID      string // the shop's; WholeOrder for the status that says that all was given back
	Amount  money.Amount
	Settled bool       // every unit that it names is taken back
	Problem Settlement // why a person must settle it; "" when settled
	Lines   []Named    // of those that sell vouchers; none for one that says nothing of them
}

// Named is what a refund names of a line, and what became of that.
type Named struct {
	Line     string `json:"line"`
	Quantity int    `json:"quantity"` // units; the most that was ever told
	Taken    int    `json:"taken"`    // of those
	Of       int    `json:"of"`       // units that the line had by then: it can't mean later ones; 0 for a line that the order doesn't have
	// Less is how many of Quantity the shop tells of no more.
	Less int `json:"less,omitempty"`
}

// WholeOrder stands for the refund that an order's status tells of. No shop's id has a space.
const WholeOrder = "whole order"

// Settlement says why a refund waits for a person.
type Settlement string

// The reasons.
const (
	NamesNoLines Settlement = "names_no_lines" // an amount was given back and nobody says for what
	NamesNoUnits Settlement = "names_no_units" // money for a voucher line was given back, but no unit
	InUse        Settlement = "in_use"         // the units it names are spent or reserved
	LessThanPaid Settlement = "less_than_paid" // less was given back than was paid for the units it names
	MoreThanSold Settlement = "more_than_sold" // it names more units than there were
	Withdrawn    Settlement = "withdrawn"      // it waited, and the shop tells of it no more: nothing is taken for it until it does
	// OtherLines is of a refund that names lines which the order doesn't have.
	OtherLines Settlement = "names_other_lines"
	// Undone is of a refund that has ended units and that the shop tells of no more: the buyer has paid for them and holds nothing.
	Undone Settlement = "undone"
	// ToldLess is of one that has ended units and that the shop tells of with fewer units or less money since.
	ToldLess Settlement = "told_less"
)

// same tells whether nothing has changed of a refund.
func (r Counted) same(other Counted) bool {
	return r.ID == other.ID && r.Amount == other.Amount && r.Settled == other.Settled && r.Problem == other.Problem &&
		slices.Equal(r.Lines, other.Lines)
}

// word is what the shop says of a refund.
func (r *Counted) word() string {
	text := fmt.Sprint(r.Amount)
	for _, named := range r.Lines {
		text += fmt.Sprintf(" %q %d", named.Line, named.wants())
	}
	return text
}

// means tells whether a unit can be one of those that are named.
func (n Named) means(u *Unit) bool { return u.Line == n.Line && u.N <= n.Of }

// told finds a refund that was told before; nil if there is none.
func (p *Purchase) told(id string) *Counted {
	for i := range p.Refunds {
		if p.Refunds[i].ID == id {
			return &p.Refunds[i]
		}
	}
	return nil
}

// note remembers a refund for ever. What a later state tells more of it, it names from then on; nothing takes back what it has taken.
func (c *change) note(r Refund) {
	known := c.next.told(r.ID)
	news := known == nil || known.Problem == NamesNoLines || known.Amount != r.Amount
	if known == nil {
		c.next.Refunds = append(c.next.Refunds, Counted{ID: r.ID})
		known = &c.next.Refunds[len(c.next.Refunds)-1]
		if len(r.Lines) == 0 && r.Amount.Minor > 0 {
			known.Problem = NamesNoLines
		}
	}
	known.Amount, known.Settled = r.Amount, false
	if len(r.Lines) > 0 && known.Problem == NamesNoLines {
		known.Problem = ""
	}
	for line, quantity := range r.named() {
		switch unknown := c.order.line(line).ID == ""; {
		case c.next.sku(line) != "":
			known.names(Named{Line: line, Quantity: quantity, Of: c.next.last(line)})
		case !unknown: // it is not ours
			known.Lines = slices.DeleteFunc(known.Lines, func(n Named) bool { return n.Line == line })
		case quantity > 0 && (news || known.lists(line)): // else the shop has dropped a line of goods since
			known.names(Named{Line: line, Quantity: quantity})
		}
	}
	slices.SortFunc(known.Lines, func(a, b Named) int { return cmp.Compare(a.Line, b.Line) })
}

// noteWhole remembers that the whole order was refunded: it names all units that are left.
func (p *Purchase) noteWhole(currency money.Currency) {
	whole := Counted{ID: WholeOrder, Amount: money.Of(0, currency)}
	for _, u := range p.Units {
		if u.State == TakenBack || u.State == Dismissed {
			continue
		}
		if n := len(whole.Lines); n == 0 || whole.Lines[n-1].Line != u.Line {
			whole.Lines = append(whole.Lines, Named{Line: u.Line, Of: p.last(u.Line)})
		}
		whole.Lines[len(whole.Lines)-1].Quantity++
	}
	p.Refunds = append(p.Refunds, whole)
}

// named is how many units a refund names of each line, whether that is ours or not.
func (r Refund) named() map[string]int {
	named := make(map[string]int, len(r.Lines))
	for _, l := range r.Lines {
		named[l.Line] += max(0, min(l.Quantity, maxUnits+1)) // more can't be counted wrong
	}
	return named
}

// names notes what a refund names of a line, unless it named as much before.
func (r *Counted) names(told Named) {
	for i := range r.Lines {
		if known := &r.Lines[i]; known.Line == told.Line {
			if told.Quantity > known.Quantity || known.Of == 0 {
				known.Quantity, known.Of = max(told.Quantity, known.Quantity), told.Of
			}
			return
		}
	}
	r.Lines = append(r.Lines, told)
}

// lists tells whether it names a line.
func (r *Counted) lists(line string) bool {
	return slices.ContainsFunc(r.Lines, func(n Named) bool { return n.Line == line })
}

// wants is how many units of a line a refund takes back, as the shop tells of it now.
func (n Named) wants() int { return n.Quantity - n.Less }

// left is how many of them are not taken back yet.
func (n Named) left() int { return max(0, n.wants()-n.Taken) }

// last is the highest number of a line's units.
func (p *Purchase) last(line string) (n int) {
	for _, u := range p.Units {
		if u.Line == line {
			n = max(n, u.N)
		}
	}
	return n
}

// quantities are how many units refunds name of each line, or have taken back.
func (p *Purchase) quantities() map[string]int {
	sum := map[string]int{}
	for _, r := range p.Refunds {
		if r.ID == WholeOrder { // it names others' units too
			continue
		}
		for _, named := range r.Lines {
			if r.Problem == Withdrawn {
				named.Less = named.Quantity
			}
			sum[named.Line] += max(named.Taken, named.wants())
		}
	}
	return sum
}

// namesAll tells whether refunds name every unit, so that there is nothing else to take back.
func (p *Purchase) namesAll() bool {
	if whole := p.told(WholeOrder); whole != nil && !whole.Problem.byWord() {
		return true
	}
	named := p.quantities()
	units := 0
	for _, u := range p.Units {
		if u.State == Dismissed {
			continue
		}
		units++
		if named[u.Line]--; named[u.Line] < 0 {
			return false
		}
	}
	return units > 0
}

// tellsOf is how many units of a line the refunds name that are told.
func (p *Purchase) tellsOf(line string) (n int) {
	for _, r := range p.Refunds {
		for _, named := range r.Lines {
			if named.Line == line && r.ID != WholeOrder && r.Problem != Withdrawn {
				n += named.wants()
			}
		}
	}
	return n
}

// oversold tells whether the refunds that are told name more units of a line than there are.
func (p *Purchase) oversold(line string) bool { return p.tellsOf(line) > p.units(line) }

// remains tells whether a unit is left that can be one of those that a refund names.
func (p *Purchase) remains(named Named) bool {
	return slices.ContainsFunc(p.Units, func(u Unit) bool {
		return named.means(&u) && u.State != TakenBack && u.State != Dismissed
	})
}

// allGone tells whether no unit is left that a refund could still end.
func (p *Purchase) allGone() bool {
	return !slices.ContainsFunc(p.Units, func(u Unit) bool {
		return u.State != TakenBack && u.State != Dismissed && !u.Voucher.Ended
	})
}

// knows tells whether all that a state tells of a refund was told before. One that a person settles anyway is known.
func (p *Purchase) knows(r Refund) bool {
	known := p.told(r.ID)
	if known == nil || known.Problem == NamesNoLines || p.namesAll() {
		return known != nil
	}
	for line, quantity := range r.named() {
		before := func(n Named) bool { return n.Line == line && n.Quantity >= quantity }
		if quantity > 0 && p.sku(line) != "" && !slices.ContainsFunc(known.Lines, before) {
			return false
		}
	}
	return true
}
