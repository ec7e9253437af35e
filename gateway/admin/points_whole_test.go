package admin_test

import (
	"fmt"
	"slices"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X17: after all of an order came back, its customer has what he had before it: whether its shop gives the points back or leaves that to us,
// however it tells of the money, and in whatever order all of this comes. The order came to 500.00, of which points paid 100.00.
func TestX17AfterAllCameBackACustomerHasWhatHeHad(t *testing.T) {
	t.Parallel()
	line := purchase.RefundLine{Line: "1", Quantity: 1}
	for name, refunds := range map[string][]purchase.Refund{
		"all that was paid with money":               {gaveBack("1", 400_00)},
		"all that was paid with money, for its line": {gaveBack("1", 400_00, line)},
		"all that was paid with money, in parts":     {gaveBack("1", 150_00), gaveBack("2", 250_00)},
		"all of it":                                  {gaveBack("1", 500_00, line)},
		"nothing of it":                              nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			h.grantsPoints("7", 1000)
			n := 4000
			for _, sequence := range orderings(4) {
				if slices.Index(sequence, 2) < slices.Index(sequence, 0) {
					continue // nothing was paid yet that could be given back
				}
				n++
				number, key := fmt.Sprint(n), fmt.Sprint("r:", n)
				id := "9" + number
				h.shop.paysWith(key, "7", 500_00, point("amount", 1000)).has(201, "{}")
				refunded := goods(number, 2, purchase.Refunded)
				refunded.Refunds = refunds
				steps := []func(){
					func() { h.shop.captures(key, id).has(200, "{}") },
					func() { h.shop.earns("e:"+id, "7", "order", fivehundred(id)).has(201, "{}") },
					func() { // a part of them: the rest comes back with the order
						h.shop.asks("PUT", "/v1/refunds/f:"+id, members(says("redemption", key), point("amount", 300), because))
					},
					func() { h.tells(refunded); h.receives(refunded) },
				}
				for _, step := range sequence {
					steps[step]()
				}
				h.tells(refunded)
				if h.hasPoints("7", 1000, 0); t.Failed() {
					t.Fatalf("in the order %v", sequence)
				}
				h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order="+id, "").has(200, members(point("redeemed", 0), `"closed":true`))
			}
			h.tells(goods(fmt.Sprint(n), 3, purchase.Paid))
			h.hasTasks("short_order", 1)
		})
	}
}

// X17: an order that its shop calls refunded after less than its money is refunded in part, and its points stay; what a code has paid of it is no
// money that came in.
func TestX17AnOrderIsRefundedAltogetherWhenItsMoneyIs(t *testing.T) {
	t.Parallel()
	h := paidWithPoints(t, "91001")
	part := goods("1001", 1, purchase.Refunded, 399_99)
	h.tells(part)
	h.hasPoints("7", 0, 0)
	h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order=91001", "").has(200, members(point("redeemed", 1000), `"closed":false`))
	code := h.sells(order("1002", 1))[0].code
	h.shop.asks("PUT", "/v1/reservations/c:1", members(says("code", code), says("holder", "91001"), pays("due", 500_00), pays("amount", 1))).has(201, "{}")
	h.shop.captures("c:1", "91001").has(200, "{}")
	h.tells(part) // told again, and now all the money is given back
	h.hasPoints("7", 1000, 0)
}

// X17: points buy no voucher: not when the order that they are captured for is known to sell nothing else, as its checkout would not let them. It
// is short of them, and the office is told.
func TestX17PointsPayNothingOfAnOrderThatSellsVouchersAlone(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 10000)
	h.shop.paysWith("r:1", "7", 500_00).has(201, members(point("amount", 5000)))
	h.shop.paysWith("r:2", "7", 500_00).has(201, members(point("amount", 5000)))
	if got := h.sells(order("1001", 1)); len(got) != 1 {
		t.Fatalf("issued %v", got)
	}
	for _, name := range []string{"91001", "1001"} {
		h.shop.captures("r:1", name).refuses(422, "cannot_be_applied", pays("uncovered", 500_00))
	}
	h.hasPoints("7", 10000, 10000)
	h.hasTasks("short_order", 1)
	o := order("1002", 1)
	o.Lines = append(o.Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 1, Paid: money.Of(500_00, "DKK")})
	o.Total = money.Of(1000_00, "DKK")
	h.tells(o)
	h.shop.captures("r:2", "91002").has(200, "{}") // for the goods beside it
	h.hasPoints("7", 5000, 5000)
}
