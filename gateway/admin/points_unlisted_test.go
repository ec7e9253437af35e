package admin_test

import (
	"fmt"
	"testing"

	"vouchsafe/retail/purchase"
)

// tellsBoth tells of a state as a webhook that may be stored with others and, where that leaves it to be read, as the relay does.
func (h *house) tellsBoth(o purchase.Order) {
	h.t.Helper()
	h.receives(o)
	h.tells(o)
}

// X17: an order that names no lines when it earns has no points on vouchers: its webhook says what it sells beside them. It may come
// first, late or twice, and a later one may say nothing of the lines.
func TestX17AnOrderThatNamesNoLinesEarnsNothingOnVouchers(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1)
	n, had := 5000, int64(1)
	card := func(number string, minute int, status purchase.Status) purchase.Order {
		return order(number, minute, withStatus(status))
	}
	tea := func(number string, minute int, status purchase.Status) purchase.Order {
		return goods(number, minute, status)
	}
	for _, tt := range []struct {
		what string
		net  int64
		of   func(number string, minute int, status purchase.Status) purchase.Order
		want int64
	}{
		{"a voucher", 500_00, card, 0},
		{"a voucher and goods", 1000_00, mixed, 50},
		{"a voucher and goods without VAT", 900_00, mixed, 40},
		{"a voucher and goods, of which it told the goods", 400_00, mixed, 40},
		{"goods", 400_00, tea, 40},
	} {
		for i, sequence := range orderings(3) {
			n++
			number := fmt.Sprint(n)
			form := bought("9"+number, tt.net)
			if i%2 == 0 {
				form = bought("9"+number, tt.net, `"lines":[]`)
			}
			silent := tt.of(number, 1, purchase.Paid)
			silent.Lines = nil
			steps := []func(){
				func() { h.shop.earns("e:"+number, "7", "order", form).has(201, "{}") },
				func() { h.tellsBoth(tt.of(number, 0, purchase.Paid)) },
				func() { h.tellsBoth(silent) },
			}
			for _, step := range sequence {
				steps[step]()
			}
			h.tells(tt.of(number, 0, purchase.Paid))
			deleted := tt.of(number, 2, purchase.Paid)
			deleted.Lines[0].SKU = "" // its product is no longer in the shop
			h.tells(deleted)
			if got := h.points("7"); got != had+tt.want {
				t.Errorf("%s, in the order %v: %d points, want %d", tt.what, sequence, got-had, tt.want)
			}
			had = h.points("7")
		}
	}
}

// X17: what is refunded and what points pay of an order is with VAT, and so is what it is measured by: where the shop named no total when
// the order earned, that is what its webhook says of the goods.
func TestX17AnOrderThatNamesNoTotalIsMeasuredByItsWebhook(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 30_000)
	n, had := 6000, int64(30_000)
	for _, sold := range []func(number string, minute int, status purchase.Status) purchase.Order{
		func(number string, minute int, status purchase.Status) purchase.Order {
			return goods(number, minute, status)
		}, mixed,
	} {
		for _, sequence := range orderings(4) {
			n++
			number, key := fmt.Sprint(n), fmt.Sprint("r:", n)
			half := sold(number, 1, purchase.Paid)
			half.Refunds = refunds(250_00)
			steps := []func(){
				func() { h.shop.earns("e:"+number, "7", "order", bought("9"+number, 400_00)).has(201, "{}") },
				func() { h.tellsBoth(sold(number, 0, purchase.Paid)) },
				func() {
					h.shop.paysWith(key, "7", 500_00, point("amount", 500)).has(201, members(pays("covers", 50_00)))
					h.shop.captures(key, "9"+number).has(200, "{}")
				},
				func() { h.tellsBoth(half) },
			}
			for _, step := range sequence {
				steps[step]()
			}
			if got := h.points("7"); got != had-500+16 { // of what is left four fifths were paid with money
				t.Errorf("in the order %v: %d points, want 16", sequence, got-had+500)
			}
			had = h.points("7")
		}
	}
	h.tells(goods("7001", 0, purchase.Paid))
	h.shop.earns("e:7001", "7", "order", bought("97001", 400_00)).has(201, members(point("earned", 40)))
	h.tells(goods("7001", 1, purchase.Paid, 250_00))
	h.shop.asks("GET", "/v1/points/e:7001", "").has(200, members(point("stands", 20)))
	h.tells(goods("7001", 2, purchase.Refunded, 250_00, 250_00))
	h.shop.asks("GET", "/v1/points/e:7001", "").has(200, members(point("stands", 0)))
}
