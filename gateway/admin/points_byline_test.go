package admin_test

import (
	"fmt"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// twoLines is a state of an order of two goods for 500.00 each and 49.00 of freight, with its refunds.
func twoLines(number string, minute int, refunds ...purchase.Refund) purchase.Order {
	o := order(number, minute)
	o.Total = money.Of(1049_00, "DKK")
	o.Lines = []purchase.Line{
		{ID: "1", SKU: "TEA", Quantity: 2, Paid: money.Of(500_00, "DKK")},
		{ID: "2", SKU: "BOOK", Quantity: 1, Paid: money.Of(500_00, "DKK")},
	}
	o.Refunds = refunds
	return o
}

// gaveBack is a refund of an amount that names lines.
func gaveBack(id string, minor int64, lines ...purchase.RefundLine) purchase.Refund {
	return purchase.Refund{ID: id, Amount: money.Of(minor, "DKK"), Lines: lines}
}

// P06 P10 X17: a refund that names lines takes what these earned, by the rule by which they did and whatever the rule has become, and money
// back for the freight takes nothing; in whatever order that is told, late or twice.
func TestP10ARefundTakesWhatItsLinesEarned(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	tea, book := purchase.RefundLine{Line: "1", Quantity: 2}, purchase.RefundLine{Line: "2", Quantity: 1}
	freight := gaveBack("f", 49_00, purchase.RefundLine{Line: "1", Amount: money.Of(0, "DKK")})
	lines := `"lines":[{"id":"1","sku":"TEA",` + pays("net", 400_00) + `,` + pays("gross", 500_00) + `},{"id":"2","sku":"BOOK",` + pays("net", 500_00) + `,` + pays("gross", 500_00) + `}]`
	n, had, version := 8000, int64(0), 1
	rules := func(of string) {
		h.office.rules(version, `"rules":[{"event":"order","per":{"amount":1000,"currency":"DKK"},`+of+`}]`).has(200, "{}")
		version++
	}
	for _, tt := range []struct {
		rule    string
		whole   int64
		refunds [][]purchase.Refund
		left    []int64
	}{
		{`"points":1`, 90, [][]purchase.Refund{
			{gaveBack("1", 500_00, tea)}, {gaveBack("1", 500_00, book)}, {freight}, {gaveBack("1", 250_00, purchase.RefundLine{Line: "1", Quantity: 1})},
			{gaveBack("1", 1000_00, tea, book)}, {gaveBack("1", 500_00, tea), freight}, {gaveBack("1", 500_00, tea), gaveBack("2", 500_00, book)},
			{gaveBack("1", 549_00, tea), gaveBack("2", 500_00)},
		}, []int64{50, 40, 90, 70, 0, 50, 0, 0}},
		{`"points":1,"only":{"skus":["TEA"]}`, 40, [][]purchase.Refund{{gaveBack("1", 500_00, tea)}, {gaveBack("1", 500_00, book)}}, []int64{0, 40}},
		{`"points":1,"per_product":30`, 60, [][]purchase.Refund{{gaveBack("1", 500_00, tea)}, {gaveBack("1", 125_00, purchase.RefundLine{Line: "1"})}}, []int64{30, 60}},
	} {
		for i, refunds := range tt.refunds {
			rules(tt.rule)
			n++
			number := fmt.Sprint(n)
			earned, form := tt.whole, bought("9"+number, 900_00, pays("total", 1049_00), lines)
			if n%2 == 0 { // told before it earns
				h.tellsBoth(twoLines(number, 5, refunds...))
				earned = tt.left[i]
			}
			h.shop.earns("e:"+number, "7", "order", form).has(201, members(point("earned", earned)))
			rules(`"points":7`)
			h.tellsBoth(twoLines(number, 5, refunds...))
			h.tellsBoth(twoLines(number, 0))             // late
			h.tellsBoth(twoLines(number, 5, refunds...)) // again
			if got := h.points("7"); got != had+tt.left[i] {
				t.Errorf("%s after %v: %d points are left, want %d", tt.rule, refunds, got-had, tt.left[i])
			}
			had = h.points("7")
		}
	}
}

// P06 X17: a fee earns nothing, and its refund takes nothing; that of the goods beside it takes what they earned.
func TestX17ARefundOfAFeeTakesNoPoints(t *testing.T) {
	t.Parallel()
	fee := gaveBack("1", 25_00, purchase.RefundLine{Line: "fee", Amount: money.Of(25_00, "DKK")})
	both := gaveBack("1", 525_00, purchase.RefundLine{Line: "1", Quantity: 1, Amount: money.Of(500_00, "DKK")}, fee.Lines[0])
	for i, c := range []struct {
		refunds []purchase.Refund
		left    int64
	}{{[]purchase.Refund{fee}, 40}, {[]purchase.Refund{both}, 0}, {[]purchase.Refund{gaveBack("2", 500_00, both.Lines[0])}, 0}} {
		h := bonus(t, tenth)
		o := goods(fmt.Sprint(1001+i), 1, purchase.Paid)
		o.Total, o.Refunds = money.Of(525_00, "DKK"), c.refunds
		h.shop.earns("e:1", "7", "order", bought(o.ID, 400_00, pays("total", 525_00))).has(201, members(point("earned", 40)))
		h.tellsBoth(o)
		h.hasPoints("7", c.left, 0)
	}
}
