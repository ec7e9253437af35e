package loyalty

import (
	"cmp"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Goods are what an order sells beside stored values, as far as its shop has told.
type Goods struct {
	ToldAt time.Time    // when that was so; zero while it is not known
	Worth  money.Amount // with VAT, without freight
	Net    money.Amount // likewise without VAT; the zero Amount where the shop does not say
	Stored int64        // the stored values beside them, minor units of that
	First  Opening
}

// Opening is what the goods of an order came to with VAT in the earliest state that is known: most likely when it was bought.
type Opening struct {
	ToldAt time.Time // zero while it is not known
	Worth  money.Amount
}

// None tells that the order is known to sell stored values and nothing else, so that points may pay nothing of it.
func (g Goods) None() bool { return g.Worth.Currency != "" && g.Worth.Minor == 0 && g.Stored > 0 }

// after are the goods of an order of which others were known: those of the later state that says something of them. Of one instant it is
// what the shop answers when it is asked, or else the less.
func (g Goods) after(known Goods, by Word) Goods {
	now := g.over(known, by)
	now.First = g.First.before(known.First)
	return now
}

func (g Goods) over(known Goods, by Word) Goods {
	switch {
	case g.Worth.Currency == "" || g.ToldAt.Before(known.ToldAt):
		return known
	case g.ToldAt.After(known.ToldAt) || by == Asked:
		return g
	case cmp.Or(compare(g.Worth, known.Worth), compare(g.Net, known.Net), cmp.Compare(known.Stored, g.Stored)) < 0:
		return g
	}
	return known
}

// before is the earlier of two openings; of one instant the one that comes to more.
func (o Opening) before(other Opening) Opening {
	switch {
	case o.ToldAt.IsZero():
		return other
	case other.ToldAt.IsZero() || cmp.Or(o.ToldAt.Compare(other.ToldAt), compare(other.Worth, o.Worth)) < 0:
		return o
	}
	return other
}

func compare(a, b money.Amount) int {
	return cmp.Or(cmp.Compare(a.Minor, b.Minor), cmp.Compare(a.Currency, b.Currency))
}

// selling is the order by the goods that it is known to sell by now. It earns on no more than these come to without VAT: what its shop
// says, or as much less than when it was bought as they have become less with VAT; and where nobody knows what they were, on no more than
// they come to with it. What is more than that, of an order that names no stored values, has them counted in. Its total is as much less.
func (b Bought) selling(known Goods) Bought {
	if b.Unclear != nil {
		b = b.clear(known)
	}
	goods, net := known.Worth.Minor, b.net()
	was, keep := b.was(known, net), net
	switch {
	case known.Net.Currency == known.Worth.Currency:
		keep = known.Net.Minor
	case was-int64(len(b.Lines)) > goods: // a minor unit for each line is nothing but how it was rounded
		keep = money.Share(net, goods, was)
	case net > goods && b.mixes():
		keep = goods
	case net > goods:
		keep = max(0, net-known.Stored)
	}
	left := b.scaled(min(keep, net, goods), net)
	left.Lines = slices.Clone(left.Lines)
	switch {
	case was > goods:
		left.Total = max(b.Total-(was-goods), goods)
	case !b.mixes() && (net > goods || b.Unlisted != ""):
		left.Total = max(b.Total-known.Stored, goods)
	}
	if b.Unlisted != "" {
		left.Lines[0].Gross = goods
		if b.Guessed {
			left.Total = goods
		}
		return left
	}
	gross := b.gross()
	for i, l := range left.Lines {
		if !l.StoredValue && gross > goods {
			left.Lines[i].Gross = max(left.Lines[i].Net, money.Share(l.Gross, goods, gross))
		}
	}
	return left
}

// was is what the goods came to with VAT when they were bought; 0 while nobody knows. What is less than they came to without it, or more
// than any VAT makes of that, is of another state: one from before the buyer took something out of his cart.
func (b Bought) was(known Goods, net int64) (was int64) {
	most := sum(net, money.Share(net, highestVAT, 100)+int64(len(b.Lines)))
	fits := func(worth int64) bool { return net <= worth && worth <= most }
	first := known.First.Worth
	switch {
	case fits(b.Before):
		was = b.Before
	case first.Currency == known.Worth.Currency && fits(first.Minor):
		was = first.Minor
	}
	if gross := b.gross(); b.Unlisted == "" && gross > net {
		was = max(was, gross)
	}
	return was
}

// clear is the order as it would have been reckoned, had its shop said what its stored values come to. They are taken off what it said of
// its goods, unless these are known without VAT, or would then bear more of it than there is.
func (b Bought) clear(known Goods) Bought {
	now, whole := b.Unclear.reckon(stored{minor: known.Stored}), b.Unclear.reckon(stored{})
	first := known.First.Worth.Minor
	apart := whole.net() <= first && now.net() < money.Share(first, 100, 100+highestVAT)
	if apart || known.Net.Currency != "" {
		now.Lines = whole.Lines
	}
	now.Unlisted, now.Guessed, now.Before, now.Unclear = b.Unlisted, b.Guessed, b.Before, b.Unclear
	return now
}

// AtMost is the order if its stored values come to nothing, where nobody says: it earns no more than that, whatever is told of them.
func (b Bought) AtMost() Bought {
	if b.Unclear == nil {
		return b
	}
	return b.clear(Goods{})
}

// net is what the lines that may earn come to without VAT.
func (b Bought) net() (minor int64) {
	for _, l := range b.Lines {
		if !l.StoredValue {
			minor = sum(minor, max(l.Net, 0))
		}
	}
	return minor
}

// mixes tells whether the order names stored values.
func (b Bought) mixes() bool {
	return slices.ContainsFunc(b.Lines, func(l Line) bool { return l.StoredValue })
}

// scaled is the order with lines that earn on so much of what they come to without VAT.
func (b Bought) scaled(keep, net int64) Bought {
	if keep >= net {
		return b
	}
	left := b
	left.Lines = slices.Clone(b.Lines)
	for i, l := range b.Lines {
		if !l.StoredValue {
			left.Lines[i].Net = money.Share(max(l.Net, 0), keep, net)
		}
	}
	return left
}
