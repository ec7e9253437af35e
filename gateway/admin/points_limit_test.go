package admin_test

import (
	"fmt"
	"sync"
	"testing"
)

// P19: no more points pay for one order than may, however many reservations they are spread over; what was given back may be used again.
func TestP19TheLimitOfAnOrderHoldsForAllThatPayForIt(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth) // 5000 on one order
	h.grantsPoints("7", 20000)
	for _, key := range []string{"r:1", "r:2", "r:3", "r:4", "r:5"} {
		h.shop.paysWith(key, "7", 300_00).has(201, members(point("amount", 3000)))
	}
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.shop.captures("r:2", "1001").refuses(409, "above_limit", pays("uncovered", 300_00))
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'short_order' AND closed_at IS NULL`); got != "1" {
		t.Error("nobody is told that the order is short")
	}
	h.shop.captures("r:2", "1001", point("amount", 2001)).refuses(409, "above_limit", pays("uncovered", 200_10))
	h.shop.captures("r:2", "1001", point("amount", 2000)).has(200, members(pays("covers", 200_00)))
	h.shop.captures("r:1", "1001").has(200, "{}") // a repeat is one, whatever was paid since
	h.shop.captures("r:2", "1001", point("amount", 2000)).has(200, "{}")
	h.shop.captures("r:3", "1001", pays("order_total", 0)).has(200, members(pays("covers", 0)))
	h.shop.captures("r:4", "1001", point("amount", 1)).refuses(409, "above_limit", pays("uncovered", 10))
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), point("amount", 500), because)).has(201, "{}")
	h.office.rules(1, `"rates":[{"points":10,"value":{"amount":100,"currency":"DKK"}}],"spending":{"per_order":9000}`).has(200, "{}")
	h.shop.captures("r:4", "1001", point("amount", 501)).refuses(409, "above_limit", pays("uncovered", 50_10)) // the limit is that of the day, as the rate is
	h.shop.captures("r:4", "1001", point("amount", 500)).has(200, "{}")
	h.shop.captures("r:5", "1002").has(200, "{}")
	h.hasPoints("7", 20000-5000-3000, 0)
}

// P19: several captures at once are measured together, and are all refused or none.
func TestP19TheLimitOfAnOrderHoldsForCapturesTogether(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 9000)
	for _, key := range []string{"r:1", "r:2"} {
		h.shop.paysWith(key, "7", 300_00).has(201, "{}")
	}
	both := func(second string) *reply {
		return h.shop.asks("POST", "/v1/captures", members(says("order", "1001"), `"reservations":[{"key":"r:1"},{"key":"r:2"`+second+`}]`))
	}
	both("").refuses(409, "above_limit", pays("uncovered", 300_00))
	h.hasPoints("7", 9000, 6000)
	both(","+point("amount", 2000)).has(200, "{}")
	both(","+point("amount", 2000)).has(200, "{}")
	h.hasPoints("7", 4000, 0)
}

// paysAtOnce lets six tabs pay for one order at the same moment, of so much each, with so many points, and makes sure how many were taken
// in all; three times.
func (h *house) paysAtOnce(taken, due, points int64, more ...string) {
	h.t.Helper()
	for round := range 3 {
		var tabs sync.WaitGroup
		for tab := range 6 {
			key := fmt.Sprintf("r:%d:%d", round, tab)
			h.shop.paysWith(key, "7", due, more...).has(201, members(point("amount", points)))
			tabs.Go(func() { h.shop.captures(key, fmt.Sprint("100", round)) })
		}
		tabs.Wait()
		const readTaken = `SELECT sum(amount)::text FROM act WHERE kind = 'redemption' AND detail ->> 'order' = $1`
		if got := h.reads(readTaken, fmt.Sprint("100", round)); got != fmt.Sprint(taken) {
			h.t.Errorf("the order was paid with %s points", got)
		}
	}
}

// P19: two tabs that pay for one order at the same moment use no more points than one may.
func TestP19TheLimitOfAnOrderHoldsAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 30000)
	h.paysAtOnce(4500, 150_00, 1500)
}

// P19: what was given back of the points that paid for an order is not taken again when others have paid in its place.
func TestP19TheLimitOfAnOrderHoldsWhenARefundIsTakenBack(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth) // 5000 on one order
	h.grantsPoints("7", 20000)
	for _, key := range []string{"r:1", "r:2", "r:3"} {
		h.shop.paysWith(key, "7", 300_00).has(201, members(point("amount", 3000)))
	}
	gives := func(key string) {
		t.Helper()
		h.shop.asks("PUT", "/v1/refunds/"+key, members(says("redemption", "r:1"), point("amount", 1000), because)).has(201, "{}")
	}
	h.shop.captures("r:1", "1001").has(200, "{}")
	gives("f:1")
	h.shop.asks("DELETE", "/v1/refunds/f:1", "").has(200, says1("outcome", "reversed"))
	gives("f:2")
	h.shop.captures("r:2", "1001").has(200, "{}")
	h.unchanged("what may not be taken again", func() {
		h.shop.asks("DELETE", "/v1/refunds/f:2", "").refuses(409, "not_reversible")
	})
	h.shop.asks("PUT", "/v1/refunds/f:3", members(says("redemption", "r:2"), point("amount", 1000), because)).has(201, "{}")
	h.shop.asks("DELETE", "/v1/refunds/f:2", "").has(200, says1("outcome", "reversed"))
	h.shop.asks("DELETE", "/v1/refunds/f:2", "").has(200, says1("outcome", "reversed"))
	h.shop.asks("DELETE", "/v1/refunds/f:3", "").refuses(409, "not_reversible")
	h.hasPoints("7", 20000-5000, 3000)
}

// P16: points that pay nothing make no reservation, and no line of the total: whether nothing is due, or less than a point is worth, or
// nothing that they buy. One that lives may come to nothing all the same.
func TestP16PointsThatPayNothingAreNotReserved(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.unchanged("what pays nothing", func() {
		for _, got := range []*reply{
			h.shop.paysWith("r:1", "7", 0),
			h.shop.paysWith("r:1", "7", 9),
			h.shop.paysWith("r:1", "7", 500_00, `"lines":[{"sku":"CARD-500","net":{"amount":50000,"currency":"DKK"}}]`),
		} {
			got.refuses(422, "cannot_be_applied").has(422, says1("detail", "Points can pay nothing of it: less than one point is worth is due of what points buy."))
		}
	})
	h.shop.paysWith("r:1", "7", 10).has(201, members(point("amount", 1)))
	h.shop.paysWith("r:1", "7", 0).has(200, members(point("amount", 0)))
	h.hasPoints("7", 1000, 0)
}

// X17: a refund of points is named in points, and whoever names money is told so.
func TestX17ARefundOfPointsIsNamedInPoints(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.shop.paysWith("r:1", "7", 100_00).has(201, "{}")
	h.shop.captures("r:1", "1").has(200, "{}")
	for _, by := range []*caller{h.shop, h.office} {
		of := map[*caller]string{h.shop: "r:1", h.office: h.reads(`SELECT id::text FROM act WHERE kind = 'redemption'`)}[by]
		by.asks("PUT", "/v1/refunds/f:1", members(says("redemption", of), pays("amount", 10_00), because)).
			refuses(409, "currency_mismatch").has(409, says1("detail", "The amount is in another currency: the redemption is in POINT, and so is the amount of its refund."))
	}
	h.hasPoints("7", 0, 0)
}

// P09, P19, X17: what the lines of an order let points pay of it holds for all that pay for it, however many reservations they are spread
// over, and so does its total.
func TestP09WhatMayBePaidWithPointsHoldsForAllThatPayForAnOrder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 20000)
	lines := `"lines":[{"sku":"A","gross":{"amount":10000,"currency":"DKK"}},{"sku":"CARD-500","gross":{"amount":50000,"currency":"DKK"}}]`
	for version, tt := range []struct {
		spending, lines    string
		due, points, worth int64
	}{
		{`{}`, lines, 600_00, 1000, 100_00}, // no voucher
		{`{"per_product":60}`, `"lines":[{"sku":"A","gross":{"amount":50000,"currency":"DKK"}}]`, 500_00, 60, 6_00},
		{`{"only":{"skus":["A"]}}`, lines, 600_00, 1000, 100_00},
	} {
		h.office.rules(version+1, `"rates":[{"points":10,"value":{"amount":100,"currency":"DKK"}}],"spending":`+tt.spending).has(200, "{}")
		n := fmt.Sprint(version)
		for _, key := range []string{"a", "b", "c", "d"} {
			h.shop.paysWith(key+":"+n, "7", tt.due, tt.lines).has(201, members(point("amount", tt.points), pays("covers", tt.worth)))
		}
		h.shop.captures("a:"+n, "100"+n).has(200, members(pays("covers", tt.worth)))
		h.shop.captures("b:"+n, "100"+n, point("amount", 1)).refuses(409, "above_limit", pays("uncovered", 10))
		together := members(says("order", "200"+n), fmt.Sprintf(`"reservations":[{"key":"b:%s"},{"key":"c:%s"}]`, n, n))
		h.shop.asks("POST", "/v1/captures", together).refuses(409, "above_limit", pays("uncovered", tt.worth))
		h.shop.captures("a:"+n, "100"+n).has(200, "{}") // a repeat is one
		h.shop.asks("PUT", "/v1/refunds/f:"+n, members(says("redemption", "a:"+n), point("amount", 10), because)).has(201, "{}")
		h.shop.captures("b:"+n, "100"+n, point("amount", 10)).has(200, "{}") // in the place of what came back
		h.shop.asks("DELETE", "/v1/refunds/f:"+n, "").refuses(409, "not_reversible")
		h.shop.captures("c:"+n, "300"+n, pays("order_total", tt.worth)).has(200, members(pays("covers", tt.worth)))
		h.shop.captures("d:"+n, "300"+n, pays("order_total", tt.worth)).has(200, members(pays("covers", 0))) // and lets go of the rest
	}
}

// P09: the points of two carts pay no more of one order than it comes to, where the shop says how much that is.
func TestP09PointsOfTwoCartsPayNoMoreThanTheOrder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 5000)
	for _, key := range []string{"a", "b", "c"} {
		h.shop.paysWith(key, "7", 100_00).has(201, members(point("amount", 1000)))
	}
	h.shop.captures("a", "1001", pays("order_total", 150_00)).has(200, members(pays("covers", 100_00)))
	h.shop.captures("b", "1001", pays("order_total", 150_00), point("amount", 501)).refuses(409, "above_limit", pays("uncovered", 50_10))
	h.shop.captures("b", "1001", pays("order_total", 150_00), `"other_tenders":[`+members(says("method", "points"), pays("amount", 100_00))+`]`).
		has(200, members(pays("covers", 50_00)))
	h.shop.captures("c", "1001", pays("order_total", 150_00)).has(200, members(pays("covers", 0)))
	h.hasPoints("7", 3500, 0)
}

// P09: two tabs that pay for one order at the same moment pay no more of it with points than its lines permit.
func TestP09WhatMayBePaidWithPointsHoldsAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 30000)
	h.paysAtOnce(1000, 100_00, 1000, `"lines":[{"sku":"A","gross":{"amount":10000,"currency":"DKK"}}]`)
}
