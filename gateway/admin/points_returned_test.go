package admin_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// paidWithPoints lets a customer of 1000 points pay an order with them, and earn the 32 points of the rest.
func paidWithPoints(t *testing.T, order string) *house {
	t.Helper()
	h := bonus(t, tenth)
	h.tells(goods("1001", 0, purchase.Paid))
	h.grantsPoints("7", 1000)
	h.shop.paysWith("r:1", "7", 500_00).has(201, members(point("amount", 1000)))
	h.shop.captures("r:1", order).has(200, "{}")
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 32)))
	h.hasPoints("7", 32, 0)
	return h
}

// hasTasks checks how many matters of a kind are open.
func (h *house) hasTasks(kind string, want int) {
	h.t.Helper()
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = $1 AND closed_at IS NULL`, kind); got != fmt.Sprint(want) {
		h.t.Errorf("%s matters of %s are open, want %d", got, kind, want)
	}
}

// X17: what points paid for an order comes back when its shop says that it was cancelled, or refunded altogether, whichever of its names
// the capture knew; told twice, late, or on two machines at once, it comes back once. What is refunded in part is the shop's to say.
func TestX17PointsThatPaidForAnOrderComeBackWithIt(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]purchase.Order{
		"cancelled":       goods("1001", 2, purchase.Cancelled),
		"refunded":        goods("1001", 2, purchase.Refunded),
		"refunded in all": goods("1001", 2, purchase.Refunded, 125_00, 375_00),
	} {
		for _, order := range []string{"91001", "1001"} {
			t.Run(name+" as "+order, func(t *testing.T) {
				t.Parallel()
				h := paidWithPoints(t, order)
				h.tells(goods("1001", 1, purchase.Refunded, 125_00))
				h.hasPoints("7", 22, 0)
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() {
						if _, err := h.sales.ApplyOrder(t.Context(), h.demo, end); err != nil {
							t.Error(err)
						}
					})
				}
				both.Wait()
				h.hasPoints("7", 1000, 0)
				h.tells(goods("1001", 1, purchase.Paid)) // late
				h.must(h.sales.SettlePoints(t.Context()))
				h.hasPoints("7", 1000, 0)
				h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order=91001", "").has(200, members(point("redeemed", 0), `"closed":true`))
			})
		}
	}
}

// X17: a shop that refunds what came back already is told so, and one that did before is not doubled.
func TestX17PointsThatTheShopRefundsComeBackOnce(t *testing.T) {
	t.Parallel()
	h := paidWithPoints(t, "91001")
	part := members(says("redemption", "r:1"), point("amount", 300), because)
	h.shop.asks("PUT", "/v1/refunds/f:1", part).has(201, "{}")
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasPoints("7", 1000, 0)
	h.shop.asks("PUT", "/v1/refunds/f:1", part).has(200, members(point("balance", 332)))
	h.shop.asks("PUT", "/v1/refunds/f:2", members(says("redemption", "r:1"), because)).
		refuses(409, "insufficient_balance", point("available", 0)).has(409, says1("detail", "Nothing is left of the redemption: all of it has come back already, and there is nothing to repeat."))
	h.shop.asks("DELETE", "/v1/redemptions/r:1", "").refuses(409, "not_reversible")
	h.hasPoints("7", 1000, 0)
	h.shop.asks("DELETE", "/v1/refunds/f:1", "").has(200, says1("outcome", "reversed"))
	h.hasPoints("7", 700, 0)
	h.must(h.sales.SettlePoints(t.Context())) // the order is cancelled all the same
	h.hasPoints("7", 1000, 0)
}

// X17: a capture that comes after its order was cancelled is given back when the order is settled the next time, and so is what an account
// in quarantine could not take.
func TestX17ALateCaptureOfACancelledOrderIsGivenBack(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.shop.paysWith("r:1", "7", 100_00).has(201, members(point("amount", 1000)))
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.shop.captures("r:1", "91001").has(200, members(point("balance", 0)))
	h.hasPoints("7", 0, 0)
	h.runs(`UPDATE account SET quarantined = true`)
	h.must(h.sales.SettlePoints(t.Context()))
	h.hasPoints("7", 0, 0)
	h.runs(`UPDATE account SET quarantined = false`)
	h.must(h.sales.SettlePoints(t.Context()))
	h.hasPoints("7", 1000, 0)
	if got := h.reads(`SELECT count(*)::text FROM loyalty_order WHERE unsettled`); got != "0" {
		t.Errorf("%s orders wait to be settled, want none", got)
	}
	paid := goods("1001", 2, purchase.Paid) // it has earned nothing, and is left to the relay all the same
	h.receives(paid)
	h.tells(paid)
	h.hasTasks("short_order", 1)
}

// X17: an order that is paid again after its points came back is short of them: they are not taken again, and the office is told until
// points have paid for it anew, or it is cancelled again.
func TestX17AnOrderThatIsPaidAgainIsShortOfItsPoints(t *testing.T) {
	t.Parallel()
	h := paidWithPoints(t, "91001")
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasTasks("short_order", 0)
	paid := goods("1001", 2, purchase.Paid)
	h.receives(paid)
	h.tells(paid)
	h.hasPoints("7", 1032, 0) // nobody is known to have paid that part with money
	want := "order 91001 is short by 100.00 DKK: it is paid again after the points that had paid for it came back"
	if got := h.reads(`SELECT reason FROM task WHERE kind = 'short_order' AND closed_at IS NULL`); got != want {
		t.Errorf("the office is told %q, want %q", got, want)
	}
	h.shop.paysWith("r:2", "7", 500_00, point("amount", 400)).has(201, "{}")
	h.shop.captures("r:2", "1001").has(200, "{}")
	if got := h.reads(`SELECT detail ->> 'uncovered' FROM task WHERE kind = 'short_order' AND closed_at IS NULL`); got != `{"amount": 6000, "currency": "DKK"}` {
		t.Errorf("the order is short by %s", got)
	}
	h.tells(goods("1001", 3, purchase.Cancelled))
	h.hasTasks("short_order", 0)
	h.hasPoints("7", 1000, 0)
	h.tells(goods("1001", 4, purchase.Paid))
	h.hasTasks("short_order", 1)
	h.shop.paysWith("r:3", "7", 100_00, point("amount", 1000)).has(201, "{}")
	h.shop.captures("r:3", "91001").has(200, "{}")
	h.hasTasks("short_order", 0)
}

// X17 P18: points that have ended meanwhile come back for a while, as by a refund.
func TestX17PointsThatHaveEndedComeBackForAWhile(t *testing.T) {
	t.Parallel()
	h := paidWithPoints(t, "91001")
	h.passes(400 * 24 * time.Hour)
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasPoints("7", 1000, 0)
	h.passes(429 * 24 * time.Hour)
	h.hasPoints("7", 1000, 0)
	h.passes(432 * 24 * time.Hour)
	h.hasPoints("7", 0, 0)
}
