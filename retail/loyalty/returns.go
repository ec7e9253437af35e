package loyalty

import (
	"cmp"
	"slices"

	"vouchsafe/retail/money"
)

// What a refund takes of an order's points is read from the lines that it names: what is kept of each line earns, by the rule by which it
// was bought, so that nothing is taken for what never earned and nothing is left when all that did is back. Money back that is of no
// line, in a refund that names some, is for freight first, which earned nothing; what is more than the freight is a lower price for all
// that is kept. So is a refund that names no line, of which freight has its part, since nobody says what it was for.

// Sold is a line of an order as its shop tells of it. Amounts are minor units with VAT, for all of its units.
type Sold struct {
	ID, SKU      string
	Units, Minor int64
	StoredValue  bool
}

// Refund is money that a shop gave back, minor units with VAT, and for which lines; none where it does not say.
type Refund struct {
	Minor int64
	Lines []RefundLine
}

// RefundLine is a line that a refund names: how much was given back for it or, where it does not say, how many units came back. No units
// are money back for units that are kept.
type RefundLine struct {
	ID    string
	Units int64
	Said  bool // how much it is
	Minor int64
}

// Returns are the refunds of an order of which some name lines: what is left of its goods. The zero Returns say nothing.
type Returns struct {
	Parts   []Part `json:"parts"`             // its goods, by their ids
	Freight int64  `json:"freight,omitempty"` // what it comes to beside its lines, as far as it says
	Loose   int64  `json:"loose,omitempty"`   // given back for no line, where a refund names some
	Spread  int64  `json:"spread,omitempty"`  // given back by refunds that don't say for what
}

// Part is a line of goods: how much it was sold for, and how much of that was given back.
type Part struct {
	ID   string `json:"id"`
	SKU  string `json:"sku,omitempty"`
	Sold int64  `json:"sold"`
	Back int64  `json:"back,omitempty"`
}

// compare orders what is told of an order at one instant: what gives more back for no line comes after what gives less, and what differs
// otherwise by its lines, so that of two one holds, whichever is told first.
func (r Returns) compare(other Returns) int {
	return cmp.Or(
		cmp.Compare(r.Spread, other.Spread), cmp.Compare(r.Loose, other.Loose), cmp.Compare(other.Freight, r.Freight),
		slices.CompareFunc(r.Parts, other.Parts, func(a, b Part) int {
			return cmp.Or(cmp.Compare(a.Back, b.Back), cmp.Compare(b.Sold, a.Sold), cmp.Compare(a.ID, b.ID), cmp.Compare(a.SKU, b.SKU))
		}),
	)
}

// ReturnsOf adds up the refunds of an order that comes to a total, 0 where it does not say. They are the same in whatever order they
// are told; where none names a line that is known, there is nothing to say.
func ReturnsOf(total int64, lines []Sold, refunds []Refund) Returns {
	r := returning{byID: make(map[string]*returned, len(lines))}
	beside := total
	for _, line := range lines {
		r.byID[line.ID] = &returned{Sold: line}
		beside -= line.Minor
	}
	for _, refund := range refunds {
		r.add(refund)
	}
	if !r.named {
		return Returns{}
	}
	now := Returns{Freight: max(0, beside), Loose: r.loose, Spread: r.spread, Parts: []Part{}}
	for _, line := range r.byID {
		if line.StoredValue {
			continue
		}
		back := sum(line.back, line.worth(line.units))
		part := Part{ID: line.ID, SKU: line.SKU, Sold: line.Minor, Back: min(back, line.Minor)}
		// Units that come back after their price was lowered bring no more money than that: only money that is named goes beyond a line.
		now.Parts, now.Loose = append(now.Parts, part), sum(now.Loose, max(0, line.back-line.Minor))
	}
	slices.SortFunc(now.Parts, func(a, b Part) int { return cmp.Compare(a.ID, b.ID) })
	return now
}

// returning adds refunds up.
type returning struct {
	byID          map[string]*returned
	named         bool // a line that is known
	loose, spread int64
}

// returned is a line with what came back of it: money, and units of which nobody says how much money.
type returned struct {
	Sold
	back, units int64
}

// worth is what so many units of the line were sold for.
func (r *returned) worth(units int64) int64 {
	return money.Share(r.Minor, min(units, r.Units), max(r.Units, 1))
}

// add adds a refund: what it says of lines, and the rest of its money to where that belongs.
func (r *returning) add(refund Refund) {
	rest, units, unknown := refund.Minor, int64(0), len(refund.Lines) == 0
	var open []*returned
	for _, named := range refund.Lines {
		line := r.byID[named.ID]
		switch {
		case line == nil && named.Said && named.Minor > 0 && named.Units == 0: // freight, which is no line of goods
			r.loose, rest = sum(r.loose, named.Minor), rest-named.Minor
		case line == nil:
			unknown = true
			continue
		case named.Said:
			line.back = sum(line.back, max(named.Minor, 0))
			rest -= named.Minor
		case named.Units > 0:
			line.units = sum(line.units, named.Units)
			units, rest = sum(units, named.Units), rest-line.worth(named.Units)
		default:
			open = append(open, line)
		}
		r.named = true
	}
	switch {
	case rest <= units: // units that are worth a fraction less than they were given back for
	case len(open) > 0:
		share(rest, open)
	case unknown:
		r.spread = sum(r.spread, rest)
	default:
		r.loose = sum(r.loose, rest)
	}
}

// share gives the rest of a refund to the lines that it names without saying how much of it is for which, by what they were sold for:
// to goods alone, if there are any.
func share(rest int64, among []*returned) {
	goods := slices.DeleteFunc(slices.Clone(among), func(r *returned) bool { return r.StoredValue })
	whole := int64(0)
	for _, line := range goods {
		whole = sum(whole, line.Minor)
	}
	before, given := int64(0), int64(0)
	for i, line := range goods {
		before = sum(before, line.Minor)
		part := rest - given
		if i < len(goods)-1 {
			part = money.Share(rest, before, max(whole, 1)) - given
		}
		line.back, given = sum(line.back, part), given+part
	}
}

// without is the order without what was refunded of it: of each line what is kept. The order is as much smaller in all.
func (b Bought) without(now Fate) Bought {
	r := now.Returns
	if len(r.Parts) == 0 {
		return b.Less(now.Refunded)
	}
	left := b.keeping(r.Parts)
	freight := max(0, b.Total-b.gross())
	left.Total = left.gross() + freight - min(r.Loose, freight)
	return left.Less(sum(r.Spread, max(0, r.Loose-max(freight, r.Freight))))
}

// backInPoints is how much of what came back of the order, so that this is left, was given back in points: what its lines come to beyond the
// money that was given back. Points that were given back beside that are of goods that nobody has told of yet, or of none.
func (b Bought) backInPoints(left Bought, points InPoints, now Fate) int64 {
	r := now.Returns
	if len(r.Parts) == 0 { // money is all that is told
		return 0
	}
	freight := max(0, b.Total-b.gross())
	beside := min(r.Loose, max(freight, r.Freight)) - min(r.Loose, freight) // money back for freight that is no part of the order's total
	return min(max(0, b.Total-left.Total-(now.Refunded-beside)), points.Back)
}

// gross is what the lines that may earn come to, with VAT.
func (b Bought) gross() (minor int64) {
	for _, l := range b.Lines {
		if !l.StoredValue {
			minor = sum(minor, max(l.Gross, 0))
		}
	}
	return minor
}

// keeping is the order with of each line the part that is kept: by the line's id or, where the shop names it otherwise, by its product, or
// else as of all goods together.
func (b Bought) keeping(parts []Part) Bought {
	left := b
	left.Lines = slices.Clone(b.Lines)
	for i, l := range b.Lines {
		if l.StoredValue {
			continue
		}
		kept, sold := l.kept(parts)
		left.Lines[i].Net, left.Lines[i].Gross = money.Share(l.Net, kept, sold), money.Share(l.Gross, kept, sold)
	}
	return left
}

// kept is how much of a line is kept, of how much that was sold.
func (l Line) kept(parts []Part) (kept, sold int64) {
	for _, means := range []func(Part) bool{
		func(p Part) bool { return l.ID != "" && p.ID == l.ID && (p.SKU == l.SKU || p.SKU == "") },
		func(p Part) bool { return l.SKU != "" && p.SKU == l.SKU },
		func(Part) bool { return true },
	} {
		for _, p := range parts {
			if means(p) {
				kept, sold = sum(kept, p.Sold-p.Back), sum(sold, p.Sold)
			}
		}
		if sold > 0 {
			return kept, sold
		}
	}
	return 1, 1 // nothing was paid for any line
}
