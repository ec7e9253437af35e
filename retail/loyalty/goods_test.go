package loyalty_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// sells tells that an order sells goods and stored values of so much by now, and came to so much when it was first told.
func sells(worth, stored, first int64) loyalty.Goods {
	g := loyalty.Goods{ToldAt: day(5), Worth: money.Of(worth, "DKK"), Stored: stored}
	if first > 0 {
		g.First = loyalty.Opening{ToldAt: day(4), Worth: money.Of(first, "DKK")}
	}
	return g
}

// said is what an order sells, with what it comes to without VAT.
func said(g loyalty.Goods, net int64) loyalty.Goods {
	g.Net = money.Of(net, g.Worth.Currency)
	return g
}

// P06 X17: an order that its shop makes smaller keeps no points on its VAT.
func TestP06AnOrderThatIsMadeSmallerEarnsNothingOnItsVAT(t *testing.T) {
	t.Parallel()
	rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 1_00}
	line := func(net, gross int64) loyalty.Line { return loyalty.Line{SKU: "A", Net: net, Gross: gross} }
	priced := loyalty.Basket([]loyalty.Line{line(80_00, 100_00)}, 80_00, 0)
	plain := loyalty.Basket([]loyalty.Line{line(80_00, 80_00)}, 80_00, 0)
	unlisted := loyalty.Unlisted(money.Of(80_00, "DKK"), 100_00)
	freight := loyalty.Unlisted(money.Of(80_00, "DKK"), 149_00)
	before := func(b loyalty.Bought, minor int64) loyalty.Bought { b.Before = minor; return b }
	for name, c := range map[string]struct {
		bought         loyalty.Bought
		paid, refunded int64
		now            loyalty.Goods
		want           int64
	}{
		"as it was":                                        {priced, 0, 0, sells(100_00, 0, 100_00), 80},
		"half of it":                                       {priced, 0, 0, sells(50_00, 0, 100_00), 40},
		"half of it, first told by now":                    {priced, 0, 0, sells(50_00, 0, 50_00), 40},
		"half of it, which said no gross":                  {plain, 0, 0, sells(50_00, 0, 100_00), 40},
		"half of it, which said no lines":                  {unlisted, 0, 0, sells(50_00, 0, 100_00), 40},
		"half of it is a voucher":                          {priced, 0, 0, sells(50_00, 50_00, 100_00), 40},
		"half of it is a voucher, which said no gross":     {plain, 0, 0, sells(50_00, 50_00, 100_00), 40},
		"half of it is a voucher, which said no lines":     {unlisted, 0, 0, sells(50_00, 50_00, 100_00), 40},
		"what is left bears no VAT":                        {priced, 0, 0, said(sells(50_00, 0, 100_00), 50_00), 50},
		"what is left bears all of it":                     {plain, 0, 0, said(sells(50_00, 0, 50_00), 30_00), 30},
		"said by its shop of an order without lines":       {unlisted, 0, 0, said(sells(50_00, 0, 50_00), 40_00), 40},
		"nobody knows what it was":                         {plain, 0, 0, sells(50_00, 0, 50_00), 50},
		"it was made smaller before it earned":             {before(loyalty.Basket([]loyalty.Line{line(40_00, 40_00)}, 40_00, 0), 50_00), 0, 0, sells(50_00, 0, 100_00), 40},
		"it was made smaller, and told as it had been":     {before(plain, 50_00), 0, 0, sells(50_00, 0, 100_00), 40},
		"told first with a line that was not bought":       {priced, 0, 0, sells(100_00, 0, 200_00), 80},
		"so told, and unlisted":                            {unlisted, 0, 0, sells(100_00, 0, 200_00), 80},
		"rounded otherwise":                                {priced, 0, 0, sells(99_99, 0, 99_99), 80},
		"made larger":                                      {priced, 0, 0, sells(200_00, 0, 100_00), 80},
		"half of it, of which half is refunded":            {priced, 0, 25_00, sells(50_00, 0, 100_00), 20},
		"half of it, of which half is refunded, unlisted":  {unlisted, 0, 25_00, sells(50_00, 0, 100_00), 20},
		"half of it beside freight, and that refunded too": {freight, 0, 49_00, sells(50_00, 0, 100_00), 20}, // nobody says for what
		"half of it, of which points paid half":            {priced, 25_00, 0, sells(50_00, 0, 100_00), 20},
		"all of it is vouchers":                            {priced, 0, 0, sells(0, 100_00, 100_00), 0},
		"sold in other money at first":                     {plain, 0, 0, loyalty.Goods{ToldAt: day(5), Worth: money.Of(50_00, "DKK"), First: loyalty.Opening{ToldAt: day(4), Worth: money.Of(100_00, "EUR")}}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rule.Deserves(c.bought, loyalty.InPoints{Paid: c.paid}, loyalty.Fate{Goods: c.now, Refunded: c.refunded}, loyalty.Standing{}); got != c.want {
				t.Errorf("it deserves %d, want %d", got, c.want)
			}
		})
	}
}

// X17: what nobody could tell when an order earned is settled by what its shop tells of its vouchers, and never brings more than it might have.
func TestX17AnOrderIsReckonedAnewWhenItsVouchersAreKnown(t *testing.T) {
	t.Parallel()
	rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 1_00}
	unsaid := loyalty.Line{SKU: "A", Units: 1, Unsaid: true}
	open := loyalty.Line{SKU: "CARD", Units: 1, Unsaid: true, StoredValue: true}
	fixed := open
	fixed.Face = 500_00
	for name, c := range map[string]struct {
		lines []loyalty.Line
		goods int64
		now   loyalty.Goods
		want  int64
	}{
		"nothing is told":                         {[]loyalty.Line{unsaid, open}, 150_00, loyalty.Goods{}, 0},
		"the voucher was counted in":              {[]loyalty.Line{unsaid, open}, 150_00, sells(125_00, 50_00, 125_00), 100},
		"the voucher was not":                     {[]loyalty.Line{unsaid, open}, 100_00, sells(125_00, 500_00, 125_00), 100},
		"a small one that was not":                {[]loyalty.Line{unsaid, open}, 100_00, sells(125_00, 20_00, 125_00), 100},
		"one that may have been or not":           {[]loyalty.Line{unsaid, open}, 100_00, sells(105_00, 2_00, 105_00), 98},
		"one of goods that say their net":         {[]loyalty.Line{unsaid, open}, 150_00, said(sells(125_00, 50_00, 125_00), 100_00), 100},
		"the order sells none":                    {[]loyalty.Line{unsaid, open}, 100_00, sells(125_00, 0, 125_00), 100},
		"a voucher of a face value":               {[]loyalty.Line{unsaid, fixed}, 600_00, loyalty.Goods{}, 100},
		"which it was sold for":                   {[]loyalty.Line{unsaid, fixed}, 600_00, sells(125_00, 500_00, 125_00), 100},
		"and which was sold for less":             {[]loyalty.Line{unsaid, fixed}, 500_00, sells(125_00, 400_00, 125_00), 100},
		"and was not counted in, which none says": {[]loyalty.Line{unsaid, fixed}, 600_00, loyalty.Goods{}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := loyalty.Basket(c.lines, c.goods, 0)
			got := rule.Deserves(b, loyalty.InPoints{}, loyalty.Fate{Goods: c.now}, loyalty.Standing{})
			if most := rule.Earn(loyalty.Did{Event: loyalty.Order, Bought: b.AtMost()}, loyalty.Standing{}); got != c.want || most < got {
				t.Errorf("it deserves %d, at most %d, want %d", got, most, c.want)
			}
		})
	}
}

// X17 P06: whatever is told of an order that says its amounts, it earns on no more than it said, nor than the goods come to by then.
func TestAnOrderEarnsOnNoMoreThanItsGoods(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, 1e6)
		lines := make([]loyalty.Line, rapid.IntRange(0, 4).Draw(t, "lines"))
		for i := range lines {
			lines[i] = loyalty.Line{
				SKU: "A", Net: amount.Draw(t, "net"), Gross: amount.Draw(t, "gross"), StoredValue: rapid.Bool().Draw(t, "voucher"), Unsaid: rapid.Bool().Draw(t, "unsaid"),
				Units: rapid.Int64Range(0, 3).Draw(t, "units"), Face: rapid.SampledFrom([]int64{0, 500}).Draw(t, "face"),
			}
			if lines[i].Unsaid {
				lines[i].Net = 0
			}
		}
		net := amount.Draw(t, "net of the goods")
		b := loyalty.Basket(lines, net, amount.Draw(t, "total"))
		if len(lines) == 0 {
			b = loyalty.Unlisted(money.Of(net, "DKK"), amount.Draw(t, "total"))
		}
		b.Before = amount.Draw(t, "before")
		now := sells(amount.Draw(t, "goods"), amount.Draw(t, "stored"), amount.Draw(t, "first"))
		if rapid.Bool().Draw(t, "says its net") {
			now.Net = money.Of(amount.Draw(t, "its net"), "DKK")
		}
		rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 1}
		got := rule.Deserves(b, loyalty.InPoints{}, loyalty.Fate{Goods: now}, loyalty.Standing{})
		if most := min(net, now.Worth.Minor); got < 0 || got > most || now.Net.Currency != "" && got > now.Net.Minor {
			t.Fatalf("it deserves %d of %+v, which sells %+v", got, b, now)
		}
		if whole := rule.Deserves(b, loyalty.InPoints{}, loyalty.Fate{Goods: sells(math.MaxInt64, 0, math.MaxInt64)}, loyalty.Standing{}); b.Unclear == nil && got > whole {
			t.Fatalf("it deserves %d, and %d while nothing is taken off it", got, whole)
		}
	})
}
