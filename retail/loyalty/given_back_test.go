package loyalty_test

import (
	"testing"

	"pgregory.net/rapid"

	"vouchsafe/retail/loyalty"
)

// X17: an order earns on what money paid of the goods that are kept, whatever of the points that paid for it was given back: 100.00 of
// goods, which are 80.00 without VAT, of which points paid 30.00.
func TestX17PointsThatAreGivenBackEarnNothing(t *testing.T) {
	t.Parallel()
	rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 1_00}
	goods := loyalty.Basket([]loyalty.Line{{ID: "1", SKU: "A", Net: 80_00, Gross: 100_00}}, 80_00, 100_00)
	shipped := loyalty.Basket([]loyalty.Line{{ID: "1", SKU: "A", Net: 80_00, Gross: 100_00}}, 80_00, 0) // its freight is not told
	sold := []loyalty.Sold{{ID: "1", SKU: "A", Units: 2, Minor: 100_00}}
	reduced := []loyalty.Sold{{ID: "1", SKU: "A", Units: 2, Minor: 70_00}} // by the points
	all := loyalty.InPoints{Paid: 100_00, Back: 100_00}
	paid := func(back int64) loyalty.InPoints { return loyalty.InPoints{Paid: 30_00, Back: back} }
	refund := func(minor int64, lines ...loyalty.RefundLine) []loyalty.Refund {
		return []loyalty.Refund{{Minor: minor, Lines: lines}}
	}
	for name, tt := range map[string]struct {
		bought  loyalty.Bought
		points  loyalty.InPoints
		total   int64
		sold    []loyalty.Sold
		refunds []loyalty.Refund
		want    int64
	}{
		"nothing came back":                         {goods, paid(0), 100_00, sold, nil, 56},
		"the points alone":                          {goods, paid(30_00), 100_00, sold, nil, 56},
		"the points, which paid all of it":          {goods, all, 100_00, sold, nil, 0},
		"a unit, in money and points":               {goods, paid(15_00), 100_00, sold, refund(35_00, units("1", 1)), 28},
		"a unit, its money alone":                   {goods, paid(0), 100_00, sold, refund(35_00, units("1", 1)), 16},
		"a unit, in money alone":                    {goods, paid(0), 100_00, sold, refund(50_00, units("1", 1)), 16},
		"a unit, all points and the rest in money":  {goods, paid(30_00), 100_00, sold, refund(20_00, units("1", 1)), 40},
		"a unit, and points for it that are short":  {goods, paid(10_00), 100_00, sold, refund(35_00, units("1", 1)), 24},
		"a unit, and points beyond it":              {goods, paid(30_00), 100_00, sold, refund(35_00, units("1", 1)), 28},
		"half, of which lines say nothing":          {goods, paid(15_00), 100_00, sold, refund(35_00), 28},
		"half, of which a line says its money":      {goods, paid(15_00), 100_00, sold, refund(35_00, given("1", 35_00)), 28},
		"a unit of lines that the points reduced":   {goods, paid(15_00), 70_00, reduced, refund(35_00, units("1", 1)), 28},
		"a unit, and freight that was not told":     {shipped, paid(15_00), 149_00, sold, refund(84_00, units("1", 1), given("freight", 49_00)), 28},
		"all, by its money":                         {goods, paid(30_00), 100_00, sold, refund(70_00), 0},
		"all, by its lines":                         {goods, paid(30_00), 100_00, sold, refund(70_00, units("1", 2)), 0},
		"all, by its money, and the points later":   {goods, paid(0), 100_00, sold, refund(70_00), 0},
		"all, by its lines, and the points later":   {goods, paid(0), 100_00, sold, refund(70_00, units("1", 2)), 0},
		"all, of lines that the points reduced":     {goods, paid(30_00), 70_00, reduced, refund(70_00, units("1", 2)), 0},
		"all that the points had paid, by its line": {goods, all, 100_00, sold, refund(0, units("1", 2)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := loyalty.Fate{Returns: loyalty.ReturnsOf(tt.total, tt.sold, tt.refunds)}
			for _, r := range tt.refunds {
				now.Refunded += r.Minor
			}
			if got := rule.Deserves(tt.bought, tt.points, now, loyalty.Standing{}); got != tt.want {
				t.Errorf("it deserves %d, want %d", got, tt.want)
			}
		})
	}
}

// X17: whatever comes back in money, in goods and in points, in whatever order it is told: points that are given back never make an order earn
// more than it did as it was bought, nor less than money alone makes it, and when all came back nothing is left.
func TestX17WhateverComesBackEarnsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := loyalty.Rule{Event: loyalty.Order, Points: rapid.Int64Range(1, 50).Draw(t, "points"), Per: rapid.Int64Range(1, 5000).Draw(t, "per")}
		rule.PerProduct, rule.Only.SKUs = rapid.SampledFrom([]int64{0, 40}).Draw(t, "limit"), rapid.SampledFrom([][]string{nil, {"A"}}).Draw(t, "only")
		var lines []loyalty.Line
		var sold []loyalty.Sold
		total, net, every := int64(0), int64(0), loyalty.Refund{}
		for i := range rapid.IntRange(1, 3).Draw(t, "lines") {
			gross := rapid.Int64Range(1, 500_00).Draw(t, "gross")
			l := loyalty.Line{ID: string(rune('1' + i)), SKU: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "sku"), Gross: gross, Net: gross * 4 / 5}
			n := rapid.Int64Range(1, 3).Draw(t, "units")
			lines, total, net = append(lines, l), total+gross, net+l.Net
			sold, every.Lines = append(sold, loyalty.Sold{ID: l.ID, SKU: l.SKU, Units: n, Minor: gross}), append(every.Lines, units(l.ID, n))
		}
		bought := loyalty.Basket(lines, net, total)
		paid := rapid.Int64Range(0, total).Draw(t, "paid with points")
		deserves := func(back int64, refunds ...loyalty.Refund) int64 {
			now := loyalty.Fate{Returns: loyalty.ReturnsOf(total, sold, refunds)}
			for _, r := range refunds {
				now.Refunded += r.Minor
			}
			return rule.Deserves(bought, loyalty.InPoints{Paid: paid, Back: back}, now, loyalty.Standing{})
		}
		whole := deserves(0)
		if got := deserves(rapid.Int64Range(0, paid).Draw(t, "given back")); got != whole {
			t.Fatalf("it earns %d, and %d when points are given back", whole, got)
		}
		var refunds []loyalty.Refund
		back := int64(0)
		for range rapid.IntRange(1, 5).Draw(t, "returns") {
			r := loyalty.Refund{Minor: rapid.Int64Range(0, total-paid).Draw(t, "money")}
			for _, l := range rapid.SliceOfNDistinct(rapid.SampledFrom(sold), 0, len(sold), func(l loyalty.Sold) string { return l.ID }).Draw(t, "named") {
				r.Lines = append(r.Lines, loyalty.RefundLine{ID: l.ID, Units: rapid.Int64Range(0, l.Units).Draw(t, "back")})
			}
			refunds, back = append(refunds, r), back+rapid.Int64Range(0, paid-back).Draw(t, "points back")
			switch now := deserves(back, refunds...); {
			case now > whole:
				t.Fatalf("it earned %d, and %d after %+v and %d in points", whole, now, refunds, back)
			case now < deserves(0, refunds...):
				t.Fatalf("points that are given back take %d", deserves(0, refunds...)-now)
			case now != deserves(back, rapid.Permutation(refunds).Draw(t, "another order")...):
				t.Fatal("in another order it is something else")
			}
		}
		for name, all := range map[string][]loyalty.Refund{"by lines": {every}, "by money": {{Minor: total - paid}}} {
			for _, back := range []int64{0, paid} { // whichever is told first
				if left := deserves(back, all...); left != 0 {
					t.Fatalf("all came back, told %s, and %d points are left", name, left)
				}
			}
		}
	})
}
