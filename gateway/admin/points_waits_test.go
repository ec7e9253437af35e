package admin_test

import (
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X17: whoever tells of an order for which somebody else has earned gets nothing, and is told why; once the other's points are taken back, his
// come by themselves: those that the order deserves by then, and once.
func TestX17AnEarningWaitsForThePointsOfAnother(t *testing.T) {
	t.Parallel()
	wants := func(n int64) string { return members(point("earned", n)) }
	reverses := func(h *house, key string) {
		h.shop.asks("DELETE", "/v1/points/"+key, "").has(200, says1("outcome", "reversed"))
	}
	for name, c := range map[string]struct {
		between func(h *house)
		of8     int64 // the points of customer 8 in the end
	}{
		"and it comes": {func(h *house) { reverses(h, "e:1") }, 40},
		"of a cancelled order there is none": {func(h *house) {
			h.tellsBoth(by8(2, purchase.Cancelled))
			reverses(h, "e:1")
		}, 0},
		"of a refunded one there is less": {func(h *house) {
			refunded := by8(2, purchase.Paid)
			refunded.Refunds = []purchase.Refund{{ID: "1", Amount: money.Of(250_00, "DKK")}}
			h.tellsBoth(refunded)
			reverses(h, "e:1")
		}, 20},
		"taken back itself it never comes": {func(h *house) {
			reverses(h, "e:2")
			reverses(h, "e:1")
		}, 0},
		"told anew it comes once": {func(h *house) {
			reverses(h, "e:1")
			h.shop.earns("e:3", "8", "order", fivehundred("91001")).has(201, wants(40))
		}, 40},
		"told anew and taken back it doesn't": {func(h *house) {
			reverses(h, "e:1")
			h.shop.earns("e:3", "8", "order", fivehundred("91001")).has(201, wants(40))
			reverses(h, "e:3")
		}, 0},
		"of an order that is a third's it doesn't": {func(h *house) {
			h.boughtBy("9", 3)
			reverses(h, "e:1")
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, wants(40))
			h.tellsBoth(by8(1, purchase.Paid))
			for _, status := range []int{201, 200} {
				h.shop.earns("e:2", "8", "order", fivehundred("91001")).has(status, members(point("earned", 0), says("earned_before", "another")))
			}
			h.must(h.sales.SettlePoints(t.Context()))
			h.hasPoints("8", 0, 0)
			c.between(h)
			for range 2 {
				h.must(h.sales.SettlePoints(t.Context()))
				h.hasPoints("7", 0, 0)
				h.hasPoints("8", c.of8, 0)
			}
			h.asksOf("none")
			if c.of8 == 40 && name == "and it comes" {
				h.shop.asks("GET", "/v1/points/e:2", "").has(200, members(point("earned", 0), point("stands", 40), says("earned_before", "another")))
				h.tellsBoth(by8(4, purchase.Cancelled))
				h.hasPoints("8", 0, 0)
			}
		})
	}
}

// by8 is order 91001, which customer 8 has bought.
func by8(minute int, status purchase.Status) purchase.Order {
	o := goods("1001", minute, status)
	o.Buyer.ID = "8"
	return o
}

// X17 D17: nobody waits for himself, whichever of his log-ins he uses: what he has earned for an order and his shop takes back is gone.
func TestX17NobodyWaitsForHisOwnPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("8", 1)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.merges("8", "7").has(200, "{}")
	for key, login := range map[string]string{"e:2": "7", "e:3": "8"} {
		h.shop.earns(key, login, "order", fivehundred("91001")).has(201, members(point("earned", 0), says("earned_before", "customer")))
	}
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.must(h.sales.SettlePoints(t.Context()))
	h.hasPoints("7", 1, 0)
}
