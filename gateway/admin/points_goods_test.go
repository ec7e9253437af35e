package admin_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X17 P06: vouchers earn nothing where the lines of an order say no amounts: not by their share of what it comes to, nor by its VAT,
// whether its webhook comes before or after it earns.
func TestX17VouchersEarnNothingBesideLinesWithoutAmounts(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.office.asks("POST", "/v1/admin/products", members(says("sku", "CARD-OPEN"), says("name", "Gavekort"), says("kind", "money"), says("vat", "multi_purpose"),
		`"open":`+members(pays("min", 10_00), pays("max", 900_00)))).has(201, "{}")
	const tea, five, opens, mug = `{"sku":"TEA"}`, `,{"sku":"CARD-500"}`, `,{"sku":"CARD-OPEN"}`, `,{"sku":"MUG",`
	n, had := 7000, int64(0)
	for _, tt := range []struct {
		what        string
		net, stored int64
		lines       string
		alone, want int64 // before its webhook, and with it
	}{
		{"a fixed one, added up", 600_00, 500_00, tea + five, 10, 10},
		{"a fixed one", 100_00, 500_00, tea + five, 10, 10},
		{"two fixed ones, added up", 1100_00, 1000_00, tea + `,{"sku":"CARD-500","quantity":2}`, 10, 10},
		{"a fixed one that was cheaper", 500_00, 400_00, tea + five, 0, 10},
		{"an open one, added up", 150_00, 50_00, tea + opens, 0, 10},
		{"an open one", 100_00, 50_00, tea + opens, 0, 10},
		{"an open one that says its net", 100_00 + 50_00, 50_00, tea + `,{"sku":"CARD-OPEN",` + pays("net", 50_00) + `}`, 10, 10},
		{"one that says its gross", 600_00, 500_00, tea + `,{"sku":"CARD-500",` + pays("gross", 500_00) + `}`, 10, 10},
		{"beside goods that say their net", 150_00, 50_00, tea + `,{"sku":"CARD-OPEN",` + pays("net", 50_00) + `}` + mug + pays("net", 20_00) + `}`, 10, 10},
	} {
		for _, first := range []string{"earned", "told"} {
			n++
			number := fmt.Sprint(n)
			o := order(number, 0)
			o.Total = money.Of(125_00+tt.stored, "DKK")
			o.Lines[0].SKU, o.Lines[0].Paid = "CARD-500", money.Of(tt.stored, "DKK")
			o.Lines = append(o.Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 1, Paid: money.Of(125_00, "DKK")})
			if first == "told" {
				h.tellsBoth(o)
			}
			want := tt.alone
			if first == "told" {
				want = tt.want
			}
			t.Log(tt.what, first)
			h.shop.earns("e:"+number, "7", "order", bought("9"+number, tt.net, `"lines":[`+tt.lines+`]`)).has(201, members(point("earned", want)))
			h.tellsBoth(o)
			if got := h.points("7"); got != had+tt.want {
				t.Errorf("%s, %s first: %d points, want %d", tt.what, first, got-had, tt.want)
			}
			had = h.points("7")
		}
	}
}

// P06: an order that its shop makes smaller keeps no points on its VAT, however its shop tells of it and whatever it said when it earned.
func TestP06AnOrderThatIsMadeSmallerKeepsNoPointsOnItsVAT(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	n, had := 8000, int64(0)
	line := func(id, sku string, net, gross int64, says bool) purchase.Line {
		l := purchase.Line{ID: id, SKU: sku, Quantity: 1, Paid: money.Of(gross, "DKK")}
		if says {
			l.Net = money.Of(net, "DKK")
		}
		return l
	}
	state := func(number string, minute int, lines ...purchase.Line) purchase.Order {
		o := order(number, minute)
		o.Lines, o.Total = lines, money.Of(0, "DKK")
		for _, l := range lines {
			o.Total.Minor += l.Paid.Minor
		}
		return o
	}
	for _, says := range []bool{true, false} {
		for what, form := range map[string]string{
			"lines with gross":    `"lines":[{"id":"1","sku":"TEA",` + pays("net", 800_00) + `,` + pays("gross", 1000_00) + `}]`,
			"lines without gross": `"lines":[{"id":"1","sku":"TEA",` + pays("net", 800_00) + `}]`,
			"no lines":            pays("total", 1000_00),
		} {
			for _, with := range []string{"less", "a voucher"} {
				for _, sequence := range orderings(3) {
					if with == "a voucher" && slices.Index(sequence, 1) > slices.Index(sequence, 2) {
						continue // an older state of an order that sells vouchers is not read, so that nobody knows what it was
					}
					n++
					number := fmt.Sprint(n)
					smaller := state(number, 1, line("1", "TEA", 400_00, 500_00, says))
					if with == "a voucher" {
						smaller = state(number, 1, line("1", "TEA", 400_00, 500_00, says), line("2", "CARD-500", 500_00, 500_00, says))
					}
					steps := []func(){
						func() { h.shop.earns("e:"+number, "7", "order", bought("9"+number, 800_00, form)).has(201, "{}") },
						func() { h.tellsBoth(state(number, 0, line("1", "TEA", 800_00, 1000_00, says))) },
						func() { h.tellsBoth(smaller) },
					}
					for _, step := range sequence {
						steps[step]()
					}
					if got := h.points("7"); got != had+40 {
						t.Errorf("%s, made smaller to %s, says its net %v, in the order %v: %d points, want 40", what, with, says, sequence, got-had)
					}
					had = h.points("7")
				}
			}
		}
	}
}

// X17: points that an order came to deserve after it earned, and that are spent, are owed when it is cancelled: its vouchers are blocked all the
// same.
func TestX17PointsThatCameLaterAreOwedToo(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", bought("97001", 100_00, `"lines":[{"sku":"TEA"},{"sku":"CARD-500"}]`)).has(201, members(point("earned", 10)))
	h.shop.earns("e:2", "7", "order", bought("97002", 500_00, `"lines":[{"sku":"TEA"},{"sku":"CARD-500"}]`)).has(201, members(point("earned", 0)))
	o := order("7002", 0)
	o.Total = money.Of(525_00, "DKK")
	o.Lines[0].Paid = money.Of(400_00, "DKK")
	o.Lines = append(o.Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 1, Paid: money.Of(125_00, "DKK")})
	h.tellsBoth(o)
	h.hasPoints("7", 20, 0)
	h.shop.paysWith("r:1", "7", 2_00).has(201, members(point("amount", 20)))
	h.shop.captures("r:1", "55").has(200, "{}")
	o.Status, o.Modified = purchase.Cancelled, o.Modified.Add(time.Minute)
	h.tellsBoth(o)
	if got := h.reads(`SELECT coalesce(max(detail ->> 'missing'), 'none') FROM task WHERE kind = 'points_spent' AND closed_at IS NULL`); got != `{"amount": 10, "currency": "POINT"}` {
		t.Errorf("the office is told that %s are missing", got)
	}
}

// X17: of an order that is called refunded, and whose refunds name what came back and leave some of it, no more is given back than that.
func TestX17ALineThatIsKeptKeepsItsPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 25)
	h.shop.paysWith("r:1", "7", 2_50).has(201, members(point("amount", 25)))
	h.shop.captures("r:1", "97003").has(200, "{}")
	o := order("7003", 0, of("TEA"))
	o.Total = money.Of(5_00, "DKK")
	o.Lines[0].Paid = money.Of(2_50, "DKK")
	o.Lines = append(o.Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 1, Paid: money.Of(2_50, "DKK")})
	h.tells(o)
	o.Status, o.Modified = purchase.Refunded, o.Modified.Add(time.Minute)
	o.Refunds = []purchase.Refund{{ID: "r1", Amount: money.Of(2_50, "DKK"), Lines: []purchase.RefundLine{{Line: "2", Quantity: 1}}}}
	h.tells(o)
	h.hasPoints("7", 0, 0)
	o.Modified, o.Refunds[0].Lines = o.Modified.Add(time.Minute), append(o.Refunds[0].Lines, purchase.RefundLine{Line: "1", Quantity: 1})
	h.tells(o)
	h.hasPoints("7", 25, 0)
}
