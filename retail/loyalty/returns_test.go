package loyalty_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// units names so many units of a line that came back, given so much money for a line.
func units(id string, n int64) loyalty.RefundLine { return loyalty.RefundLine{ID: id, Units: n} }

func given(id string, minor int64) loyalty.RefundLine {
	return loyalty.RefundLine{ID: id, Said: true, Minor: minor}
}

// X17: what a refund says of lines counts for these, and the rest for none, or for all.
func TestX17WhatRefundsSayOfLinesIsAddedUp(t *testing.T) {
	t.Parallel()
	lines := []loyalty.Sold{
		{ID: "1", SKU: "A", Units: 3, Minor: 100_00},
		{ID: "2", SKU: "B", Units: 1, Minor: 200_00},
		{ID: "3", SKU: "CARD", Units: 1, Minor: 500_00, StoredValue: true},
	}
	back := func(a, b, loose, spread int64) loyalty.Returns {
		return loyalty.Returns{Parts: []loyalty.Part{{"1", "A", 100_00, a}, {"2", "B", 200_00, b}}, Freight: 49_00, Loose: loose, Spread: spread}
	}
	refund := func(minor int64, lines ...loyalty.RefundLine) loyalty.Refund {
		return loyalty.Refund{Minor: minor, Lines: lines}
	}
	for name, tt := range map[string]struct {
		refunds []loyalty.Refund
		want    loyalty.Returns
	}{
		"nothing":                                  {nil, loyalty.Returns{}},
		"money for nothing in particular":          {[]loyalty.Refund{refund(50_00)}, loyalty.Returns{}},
		"money for a line that nobody knows":       {[]loyalty.Refund{refund(50_00, units("9", 1))}, loyalty.Returns{}},
		"money for nobody knows what line":         {[]loyalty.Refund{refund(50_00, given("9", 0))}, loyalty.Returns{}},
		"the freight alone, by a name of its own":  {[]loyalty.Refund{refund(49_00, given("freight", 49_00))}, back(0, 0, 49_00, 0)},
		"a unit, and a fee by a name of its own":   {[]loyalty.Refund{refund(225_00, units("2", 1), given("fee", 25_00))}, back(0, 200_00, 25_00, 0)},
		"a fee and the freight alone":              {[]loyalty.Refund{refund(74_00, given("freight", 49_00), given("fee", 25_00))}, back(0, 0, 74_00, 0)},
		"a unit, and freight by a name of its own": {[]loyalty.Refund{refund(249_00, units("2", 1), given("freight", 49_00))}, back(0, 200_00, 49_00, 0)},
		"a unit":                                  {[]loyalty.Refund{refund(33_33, units("1", 1))}, back(33_33, 0, 0, 0)},
		"each unit, in parts":                     {[]loyalty.Refund{refund(33_34, units("1", 1)), refund(33_33, units("1", 1)), refund(33_33, units("1", 1))}, back(100_00, 0, 0, 0)},
		"a unit that points had paid":             {[]loyalty.Refund{refund(0, units("2", 1))}, back(0, 200_00, 0, 0)},
		"a unit and the freight":                  {[]loyalty.Refund{refund(249_00, units("2", 1))}, back(0, 200_00, 49_00, 0)},
		"the freight, beside a line of no money":  {[]loyalty.Refund{refund(49_00, given("2", 0))}, back(0, 0, 49_00, 0)},
		"a lower price for a line that is kept":   {[]loyalty.Refund{refund(50_00, units("2", 0))}, back(0, 50_00, 0, 0)},
		"a lower price for two lines":             {[]loyalty.Refund{refund(31_00, units("1", 0), units("2", 0))}, back(10_33, 20_67, 0, 0)},
		"a lower price for a line and a voucher":  {[]loyalty.Refund{refund(50_00, units("2", 0), units("3", 0))}, back(0, 50_00, 0, 0)},
		"a lower price for a voucher":             {[]loyalty.Refund{refund(50_00, units("3", 0))}, back(0, 0, 0, 0)},
		"a voucher":                               {[]loyalty.Refund{refund(500_00, units("3", 1))}, back(0, 0, 0, 0)},
		"a voucher and the freight":               {[]loyalty.Refund{refund(549_00, units("3", 1))}, back(0, 0, 49_00, 0)},
		"more for a line than it was sold for":    {[]loyalty.Refund{refund(250_00, given("2", 250_00))}, back(0, 200_00, 50_00, 0)},
		"more units than were sold":               {[]loyalty.Refund{refund(200_00, units("2", 7))}, back(0, 200_00, 0, 0)},
		"a line, and money for nothing in it":     {[]loyalty.Refund{refund(200_00, units("2", 1)), refund(30_00)}, back(0, 200_00, 0, 30_00)},
		"a line, and one that nobody knows":       {[]loyalty.Refund{refund(230_00, units("2", 1), units("9", 1))}, back(0, 200_00, 0, 30_00)},
		"a line twice, by its money and its unit": {[]loyalty.Refund{refund(20_00, given("2", 20_00)), refund(180_00, units("2", 1))}, back(0, 200_00, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, loyalty.ReturnsOf(849_00, lines, tt.refunds)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// P06, P10, X17: what is kept of each line earns, by the rule by which it was bought.
func TestX17WhatIsKeptOfEachLineEarns(t *testing.T) {
	t.Parallel()
	rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 1_00}
	only, capped, limited := rule, rule, rule
	only.Only = loyalty.Filter{SKUs: []string{"A"}}
	capped.PerProduct, limited.PerOrder = 50, 60
	two := func(netA, netB int64) []loyalty.Line {
		return []loyalty.Line{{ID: "1", SKU: "A", Net: netA, Gross: 100_00}, {ID: "2", SKU: "B", Net: netB, Gross: 100_00}}
	}
	sold := []loyalty.Sold{{ID: "1", SKU: "A", Units: 2, Minor: 100_00}, {ID: "2", SKU: "B", Units: 1, Minor: 100_00}}
	equal, mixedVAT := loyalty.Basket(two(80_00, 80_00), 160_00, 249_00), loyalty.Basket(two(80_00, 100_00), 180_00, 249_00)
	otherIDs := loyalty.Basket([]loyalty.Line{{ID: "x", SKU: "A", Net: 80_00}, {SKU: "B", Net: 80_00}}, 160_00, 249_00)
	swapped := loyalty.Basket([]loyalty.Line{{ID: "2", SKU: "A", Net: 80_00}, {ID: "1", SKU: "B", Net: 80_00}}, 160_00, 249_00)
	unlisted := loyalty.Unlisted(money.Of(160_00, "DKK"), 249_00)
	for name, tt := range map[string]struct {
		rule   loyalty.Rule
		bought loyalty.Bought
		paid   int64 // with points
		refund loyalty.Refund
		want   int64
	}{
		"all goods, and the freight is kept": {rule, equal, 0, loyalty.Refund{Minor: 200_00, Lines: []loyalty.RefundLine{units("1", 2), units("2", 1)}}, 0},
		"what earned nothing":                {only, equal, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("2", 1)}}, 80},
		"all that earned":                    {only, equal, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("1", 2)}}, 0},
		"half of what earned":                {only, equal, 0, loyalty.Refund{Minor: 50_00, Lines: []loyalty.RefundLine{units("1", 1)}}, 40},
		"the freight":                        {rule, equal, 0, loyalty.Refund{Minor: 49_00, Lines: []loyalty.RefundLine{given("1", 0)}}, 160},
		"the freight, and as much again for its being late": {rule, equal, 0, loyalty.Refund{Minor: 99_00, Lines: []loyalty.RefundLine{given("1", 0)}}, 120},
		"a product at its limit beside another":             {capped, equal, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("1", 2)}}, 50},
		"a product above its limit, in part":                {capped, equal, 0, loyalty.Refund{Minor: 20_00, Lines: []loyalty.RefundLine{given("1", 20_00)}}, 100},
		"of an order above its limit":                       {limited, equal, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("1", 2)}}, 60},
		"a line without VAT":                                {rule, mixedVAT, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("2", 1)}}, 80},
		"a line with VAT":                                   {rule, mixedVAT, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("1", 2)}}, 100},
		"lines that the shop names otherwise":               {only, otherIDs, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("1", 2)}}, 0},
		"lines whose ids are those of others":               {only, swapped, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("2", 1)}}, 80},
		"goods of an order that named none":                 {rule, unlisted, 0, loyalty.Refund{Minor: 100_00, Lines: []loyalty.RefundLine{units("2", 1)}}, 80},
		"all goods of an order that named none":             {rule, unlisted, 0, loyalty.Refund{Minor: 200_00, Lines: []loyalty.RefundLine{units("1", 2), units("2", 1)}}, 0},
		"half, of an order that points paid a part of":      {rule, equal, 49_00, loyalty.Refund{Minor: 51_00, Lines: []loyalty.RefundLine{units("1", 2)}}, 53}, // 100 of 149 of what is left
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := loyalty.Fate{
				Refunded: tt.refund.Minor, Returns: loyalty.ReturnsOf(249_00, sold, []loyalty.Refund{tt.refund}),
				Goods: loyalty.Goods{ToldAt: day(1), Worth: money.Of(200_00, "DKK")},
			}
			if got := tt.rule.Deserves(tt.bought, loyalty.InPoints{Paid: tt.paid}, now, loyalty.Standing{}); got != tt.want {
				t.Errorf("it deserves %d, want %d; of %+v", got, tt.want, now.Returns)
			}
		})
	}
}

// X17: more that is refunded never earns more, in whatever order it is told, and all of it leaves nothing.
func TestX17TheMoreIsRefundedByLineTheLessIsEarned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := loyalty.Rule{Event: loyalty.Order, Points: rapid.Int64Range(1, 50).Draw(t, "points"), Per: rapid.Int64Range(1, 5000).Draw(t, "per")}
		rule.PerProduct, rule.PerOrder = rapid.SampledFrom([]int64{0, 40}).Draw(t, "per product"), rapid.SampledFrom([]int64{0, 60}).Draw(t, "per order")
		var lines []loyalty.Line
		var sold []loyalty.Sold
		total, net := rapid.Int64Range(0, 100_00).Draw(t, "freight"), int64(0)
		for i := range rapid.IntRange(1, 4).Draw(t, "lines") {
			gross := rapid.Int64Range(1, 500_00).Draw(t, "gross")
			l := loyalty.Line{ID: string(rune('1' + i)), SKU: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "sku"), Gross: gross, Net: gross * 4 / 5, StoredValue: i == 3}
			lines, total, net = append(lines, l), total+gross, net+l.Net
			sold = append(sold, loyalty.Sold{ID: l.ID, SKU: l.SKU, Units: rapid.Int64Range(1, 3).Draw(t, "units"), Minor: gross, StoredValue: l.StoredValue})
		}
		told := rapid.SampledFrom([]int64{0, total}).Draw(t, "total that is told")
		bought, paid := loyalty.Basket(lines, net, told), rapid.Int64Range(0, total).Draw(t, "paid")
		deserves := func(refunds []loyalty.Refund) int64 {
			now := loyalty.Fate{Returns: loyalty.ReturnsOf(total, sold, refunds)}
			for _, r := range refunds {
				now.Refunded += r.Minor
			}
			return rule.Deserves(bought, loyalty.InPoints{Paid: paid}, now, loyalty.Standing{})
		}
		every := loyalty.Refund{}
		for _, l := range sold {
			every.Lines = append(every.Lines, units(l.ID, l.Units))
		}
		refunds, last := []loyalty.Refund(nil), rule.Deserves(bought, loyalty.InPoints{Paid: paid}, loyalty.Fate{}, loyalty.Standing{})
		for range rapid.IntRange(1, 6).Draw(t, "refunds") {
			r := loyalty.Refund{Minor: rapid.Int64Range(0, total).Draw(t, "money")}
			for _, l := range rapid.SliceOfNDistinct(rapid.SampledFrom(sold), 0, len(sold), func(l loyalty.Sold) string { return l.ID }).Draw(t, "named") {
				r.Lines = append(r.Lines, loyalty.RefundLine{ID: l.ID, Units: rapid.Int64Range(0, l.Units).Draw(t, "back")})
			}
			refunds = append(refunds, r)
			now := deserves(refunds)
			if now > last {
				t.Fatalf("%d more points after %+v", now-last, r)
			}
			if other := deserves(rapid.Permutation(refunds).Draw(t, "another order")); other != now {
				t.Fatalf("%d points, and in another order %d", now, other)
			}
			last = now
		}
		if left := deserves(append(refunds, every)); left != 0 {
			t.Fatalf("all is refunded, and %d points are left", left)
		}
	})
}
