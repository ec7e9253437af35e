package admin_test

import (
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X17: money that was given back for a voucher whose buyer keeps it is no concern of the goods beside it.
func TestX17MoneyBackForAVoucherTakesNoPointsOfTheGoods(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	kept := func(line string, minor ...int64) purchase.RefundLine {
		part := purchase.RefundLine{Line: line}
		for _, amount := range minor {
			part.Amount = money.Of(amount, "DKK")
		}
		return part
	}
	for minute, tt := range []struct {
		what   string
		amount int64
		lines  []purchase.RefundLine
		left   int64
	}{
		{"of the voucher", 100_00, []purchase.RefundLine{kept("1")}, 40},
		{"of the voucher, as it says", 100_00, []purchase.RefundLine{kept("1", 100_00)}, 40},
		{"of the voucher and the goods, as it says", 200_00, []purchase.RefundLine{kept("1", 75_00), kept("2", 125_00)}, 30},
		{"of the voucher and the goods", 125_00, []purchase.RefundLine{kept("1"), kept("2")}, 30},
		{"of the goods", 250_00, []purchase.RefundLine{kept("2")}, 20},
		{"of neither", 250_00, nil, 20},
		{"more than was given back", 100_00, []purchase.RefundLine{kept("1", 500_00)}, 40},
	} {
		o := goods("1001", minute, purchase.Paid)
		o.Lines = append(order("1001", minute).Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 2, Paid: money.Of(500_00, "DKK")})
		o.Refunds = []purchase.Refund{{ID: "1", Amount: money.Of(tt.amount, "DKK"), Lines: tt.lines}}
		h.tells(o)
		if got := h.reads(`SELECT balance::text FROM account WHERE currency = 'POINT'`); got != fmt.Sprint(tt.left) {
			t.Errorf("money back %s: %s points stand, want %d", tt.what, got, tt.left)
		}
	}
}

// X17: an order that its shop calls refunded after any refund gives back what its refunds do; all of it when they come to all that was
// paid, or nothing is said of them. The earlier state may come first or late.
func TestX17WhatIsRefundedOfAnOrderIsWhatItsRefundsSay(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	n, had := 4000, int64(0)
	for _, tt := range []struct {
		what    string
		refunds []purchase.Refund
		left    int64
		closed  bool
	}{
		{"nothing is said", nil, 0, true},
		{"half", refunds(250_00), 20, false},
		{"all at once", refunds(500_00), 0, true},
		{"all in parts", refunds(125_00, 375_00), 0, true},
	} {
		for _, sequence := range orderings(3) {
			n++
			number := fmt.Sprint(n)
			refunded := goods(number, 1, purchase.Refunded)
			refunded.Refunds = tt.refunds
			steps := []func(){
				func() { h.shop.earns("e:"+number, "7", "order", fivehundred("9"+number)).has(201, "{}") },
				func() { h.tells(goods(number, 0, purchase.Paid)) },
				func() { h.tells(refunded); h.receives(refunded) },
			}
			for _, step := range sequence {
				steps[step]()
			}
			h.tells(refunded)
			if got := h.points("7"); got != had+tt.left {
				t.Errorf("%s, in the order %v: %d points are left, want %d", tt.what, sequence, got-had, tt.left)
			}
			had = h.points("7")
			h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order="+number, "").has(200, members(fmt.Sprintf(`"closed":%t`, tt.closed)))
		}
	}
}

// X17: a refunded order whose refund names a voucher takes no points of the goods beside it.
func TestX17ARefundedOrderWhoseRefundNamesAVoucherKeepsThePointsOfItsGoods(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	o := mixed("1001", 0, purchase.Paid)
	h.tells(o)
	o = mixed("1001", 1, purchase.Refunded)
	o.Refunds = []purchase.Refund{{ID: "1", Amount: money.Of(500_00, "DKK"), Lines: []purchase.RefundLine{{Line: "1", Quantity: 1}}}}
	h.tells(o)
	h.hasPoints("7", 40, 0)
	o.Modified = o.Modified.Add(time.Minute)
	o.Refunds = append(o.Refunds, purchase.Refund{ID: "2", Amount: money.Of(500_00, "DKK"), Lines: []purchase.RefundLine{{Line: "2", Quantity: 2}}})
	h.tells(o)
	h.hasPoints("7", 0, 0)
}

// refunds are refunds that name no lines.
func refunds(amounts ...int64) []purchase.Refund {
	return goods("", 0, purchase.Refunded, amounts...).Refunds
}

// mixed is an order of a voucher for 500.00 and as much of goods.
func mixed(number string, minute int, status purchase.Status) purchase.Order {
	o := order(number, minute, withStatus(status))
	o.Total = money.Of(1000_00, "DKK")
	o.Lines = append(o.Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 2, Paid: money.Of(500_00, "DKK")})
	return o
}

// points is the balance of a customer's account of points.
func (h *house) points(login string) (n int64) {
	h.t.Helper()
	text := h.reads(`SELECT coalesce(sum(a.balance), 0)::text FROM account a WHERE a.currency = 'POINT' AND a.customer = $1::uuid`, h.idOf(login))
	if _, err := fmt.Sscan(text, &n); err != nil {
		h.t.Fatal(err)
	}
	return n
}
