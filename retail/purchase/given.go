package purchase

import (
	"math/big"
	"slices"

	"vouchsafe/retail/money"
)

// What was given back for a line is what refunds say themselves: for that line, or in all where they name no other, or where the order has no
// other. What they give for other lines, for freight, or without a word is never counted for a voucher, however well it would fit.

// short tells whether a refund gives back less than was paid for the units that it names: then nobody knows what it is for, unless all of the
// order's money was given back. Where the state does not tell of the refund, it is what it was.
//
// A correct refund of a unit is never held up. What lowered the price of the whole order lowered that of a unit by its share, and money that
// was given back for a line without a unit of it counts for those that lack it, once.
func (c *change) short(r Counted) bool {
	if r.ID == WholeOrder || !c.order.tells(r.ID) {
		return r.Problem == LessThanPaid
	}
	if c.order.refundedAltogether() {
		return false
	}
	for line, minor := range c.lacking(r) {
		if minor > c.spare(line, r.ID) {
			return true
		}
	}
	return false
}

// lacking is by how much a refund gives less than was paid for the units that it names of lines that sell vouchers.
func (c *change) lacking(r Counted) map[string]int64 {
	told, lacks := c.order.refund(r.ID), map[string]int64{}
	rest := counted(told.Amount) // what it does not say for any line, of which those have a part for which it says nothing
	for _, l := range told.Lines {
		rest -= counted(l.Amount)
	}
	unsaid, named := map[string]int64{}, told.named()
	for _, n := range r.Lines { // it may have told of them before, and not do so now
		named[n.Line] = n.wants()
	}
	for line, units := range named {
		cost := c.cost(line, units, r)
		if minor, said := told.says(line); said {
			lacks[line] = max(0, cost-minor)
			continue
		}
		unsaid[line] = cost
		rest -= max(1, cost)
	}
	for line, cost := range unsaid {
		lacks[line] = max(0, min(cost, -rest))
	}
	for line := range lacks {
		if c.next.sku(line) == "" {
			delete(lacks, line)
		}
	}
	return lacks
}

// cost is the least that was paid for units of a line that a refund names, a cent less for each, since shops round.
func (c *change) cost(line string, units int, r Counted) int64 {
	least := int64(0)
	if i := slices.IndexFunc(r.Lines, func(n Named) bool { return n.Line == line }); i >= 0 {
		paid, sold := c.leastPaid(r.Lines[i])
		least, units = paid.Minor, min(sold, units)
	} else if sold := c.order.line(line); sold.Quantity > 0 {
		least = max(0, sold.Paid.Minor/int64(sold.Quantity))
	}
	full := new(big.Int).Mul(big.NewInt(least), big.NewInt(int64(units)))
	if full.Sign() == 0 {
		return 0
	}
	paid, gross := c.order.paidOfLines()
	if gross > 0 {
		full.Div(full.Mul(full, big.NewInt(paid)), big.NewInt(gross))
	}
	full.Sub(full, big.NewInt(int64(units)))
	if !full.IsInt64() { // more than any refund
		return least
	}
	return max(1, full.Int64())
}

// spare is what other refunds gave back for a line beyond the units that they name of it, less what they lacked for those that they have
// taken back.
func (c *change) spare(line, than string) int64 {
	spare := c.order.givenForSoleLine(line, than)
	for _, told := range c.order.Refunds {
		if told.ID == than || len(told.Lines) == 0 {
			continue
		}
		units := told.named()[line]
		known := c.next.told(told.ID)
		if known == nil {
			continue
		}
		for _, named := range known.Lines {
			if named.Line == line {
				units = named.wants()
			}
		}
		switch over := told.gives(line) - c.cost(line, units, *known); {
		case over > 0 && (units == 0 || told.gives(line) > 0):
			spare += over
		case over < 0 && slices.ContainsFunc(known.Lines, func(n Named) bool { return n.Line == line && n.Taken > 0 }):
			spare += over
		}
	}
	return spare
}

// joinPieces lets pieces that name no unit of a line name all that is left of it once they, and what else was given back for it, come to all
// that was paid for it: then it is clear what they are for. It is the last of them that does. One that alone comes to all of it is no piece:
// its shop says that the buyer keeps what he has.
func (c *change) joinPieces() {
	for i := range c.next.Refunds {
		r := &c.next.Refunds[len(c.next.Refunds)-1-i]
		if !c.order.tells(r.ID) || r.Problem == Withdrawn {
			continue
		}
		for j := range r.Lines {
			named := &r.Lines[j]
			left := c.next.units(named.Line) - c.next.tellsOf(named.Line)
			if named.Quantity == 0 && left > 0 && c.givenInPieces(named.Line) {
				named.Quantity, named.Of = left, c.next.last(named.Line)
			}
		}
	}
}

// givenInPieces tells whether all that was paid for a line was given back for it, in parts.
func (c *change) givenInPieces(line string) bool {
	paid := int64(0)
	for _, u := range c.next.Units {
		if u.Line == line {
			paid += counted(u.Paid)
		}
	}
	paid = max(paid, counted(c.order.line(line).Paid))
	given := c.order.givenForSoleLine(line, "")
	for _, r := range c.order.Refunds {
		if minor := r.gives(line); minor < paid || r.named()[line] > 0 {
			given += minor
		}
	}
	return paid > 0 && given >= paid
}

// accountedFor tells whether a refund that names no unit is explained: what was given back for its line, or for the only line of the order,
// is to the cent what was paid for the units that are taken back of it.
func (c *change) accountedFor(r *Counted) bool {
	if !c.order.tells(r.ID) || r.Problem != NamesNoUnits && r.Problem != NamesNoLines {
		return false
	}
	lines := r.Lines
	if len(lines) == 0 && len(c.order.Lines) == 1 {
		lines = []Named{{Line: c.order.Lines[0].ID}}
	}
	return len(lines) > 0 && !slices.ContainsFunc(lines, func(n Named) bool {
		taken := int64(0)
		for _, u := range c.next.Units {
			if u.Line == n.Line && u.State == TakenBack {
				taken += counted(u.Paid)
			}
		}
		return taken == 0 || c.givenFor(n.Line) != taken
	})
}

// givenFor is what all refunds say that they gave back for a line.
func (c *change) givenFor(line string) int64 {
	minor := c.order.givenForSoleLine(line, "")
	for _, r := range c.order.Refunds {
		minor += r.gives(line)
	}
	return minor
}

// units are how many units a line has.
func (p *Purchase) units(line string) (n int) {
	for _, u := range p.Units {
		if u.Line == line {
			n++
		}
	}
	return n
}

// gives is what a refund says that it gave back for a line; all of it where it names no other.
func (r Refund) gives(line string) int64 {
	if minor, said := r.says(line); said {
		return minor
	}
	if len(r.Lines) > 0 && !slices.ContainsFunc(r.Lines, func(l RefundLine) bool { return l.Line != line }) {
		return counted(r.Amount)
	}
	return 0
}

// says is what a refund says for a line itself.
func (r Refund) says(line string) (minor int64, said bool) {
	for _, l := range r.Lines {
		if l.Line == line && l.Amount.Currency != "" {
			minor, said = minor+counted(l.Amount), true
		}
	}
	return minor, said
}

// givenForSoleLine is what refunds other than one gave back without a word for what, if the order has no other line: for freight first.
func (o *Order) givenForSoleLine(line, other string) int64 {
	if len(o.Lines) != 1 || o.Lines[0].ID != line {
		return 0
	}
	sum := int64(0)
	for _, r := range o.Refunds {
		if len(r.Lines) == 0 && r.ID != other {
			sum += counted(r.Amount)
		}
	}
	if o.Total.Currency == o.Currency {
		sum -= max(0, counted(o.Total)-counted(o.gross()))
	}
	return max(0, sum)
}

// mostCounted is the most that is counted of any amount, so that no sum of a body's amounts is wrong: more is a mistake.
const mostCounted = 1 << 40

// counted are the minor units of an amount, never negative.
func counted(a money.Amount) int64 { return max(0, min(a.Minor, mostCounted)) }

// refund finds a refund of the state.
func (o *Order) refund(id string) Refund {
	for _, r := range o.Refunds {
		if r.ID == id {
			return r
		}
	}
	return Refund{}
}

// line finds a line of the state.
func (o *Order) line(id string) Line {
	for _, l := range o.Lines {
		if l.ID == id {
			return l
		}
	}
	return Line{}
}

// givesAllBack tells whether all of the order was refunded: its shop says so, and its refunds don't say otherwise, or they come to all that
// it cost, and nothing but money paid for it.
func (o *Order) givesAllBack() bool {
	if o.Status == Refunded && !o.namesItsRefunds() {
		return true
	}
	if o.Total.Currency != o.Currency || o.Total.Minor <= 0 || o.Total.Minor < o.gross().Minor || o.Covered.Minor > 0 {
		return false
	}
	given, err := o.given()
	return err == nil && given.Minor >= o.Total.Minor
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

// refundedAltogether tells whether all of the order was given back.
func (o *Order) refundedAltogether() bool {
	if o.Status == Refunded && !o.namesItsRefunds() {
		return true
	}
	given, err := o.given()
	return err == nil && given.Minor >= o.price().Minor
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

// paidOfLines is what money paid of the lines, and what they come to: a total below their sum, and our own codes, lowered all of them alike.
func (o *Order) paidOfLines() (paid, gross int64) {
	gross = o.gross().Minor
	paid = gross - max(0, o.Covered.Minor)
	if o.Total.Currency == o.Currency && o.Total.Minor > 0 {
		paid = min(paid, o.Total.Minor)
	}
	return max(0, paid), gross
}
