package admin_test

import (
	"fmt"
	"sync"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// goods is a state of an order that sells no voucher, with what was refunded of it.
func goods(number string, minute int, status purchase.Status, refunds ...int64) purchase.Order {
	o := order(number, minute, of("TEA"), withStatus(status))
	o.Total = money.Of(500_00, "DKK")
	for i, minor := range refunds {
		o.Refunds = append(o.Refunds, purchase.Refund{ID: fmt.Sprint(i), Amount: money.Of(minor, "DKK")})
	}
	return o
}

// fivehundred is an order of goods as it earns: 40 points, when all of it is paid with money.
func fivehundred(id string) string { return bought(id, 400_00, pays("total", 500_00)) }

// X17: when what took an order's points back is itself taken back, they return: a refund that is, and a cancellation, told in whatever
// order, late or twice, of orders that sell no voucher as of those that do.
func TestX17PointsReturnWithTheirOrder(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.tells(goods("1001", 5, purchase.Paid))
	h.tells(goods("1001", 2, purchase.Cancelled)) // late
	h.hasPoints("7", 40, 0)
	h.tells(goods("1001", 6, purchase.Paid, 125_00))
	h.hasPoints("7", 30, 0)
	h.tells(goods("1001", 7, purchase.Cancelled, 125_00))
	h.hasPoints("7", 0, 0)
	h.tells(goods("1001", 8, purchase.Paid)) // neither
	h.tells(goods("1001", 8, purchase.Paid))
	h.tells(goods("1001", 7, purchase.Cancelled, 125_00)) // again, and late by now
	h.hasPoints("7", 40, 0)
	h.shop.asks("GET", "/v1/points/e:1", "").has(200, members(point("earned", 40), point("taken_back", 0), says("state", "done")))

	h.tells(goods("1002", 1, purchase.Cancelled)) // before it earns
	h.shop.earns("e:2", "7", "order", fivehundred("91002")).has(201, members(point("earned", 0)))
	h.tells(goods("1002", 2, purchase.Paid))
	h.hasPoints("7", 80, 0)
	h.shop.asks("DELETE", "/v1/points/e:2", "").has(200, says1("outcome", "reversed"))
	h.hasPoints("7", 40, 0)
	h.tells(goods("1002", 3, purchase.Paid))
	h.hasPoints("7", 40, 0) // its caller has taken it back
}

// X17: what points paid of an order earns nothing when the points are given back, whoever gives them, whether or not that is taken back:
// goods came back for them. It earns when the payment itself is taken back, since something else pays then, but for what goods came back of.
func TestX17PointsThatAreGivenBackEarnNothing(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 2000)
	for i, first := range []string{"earns", "pays"} {
		id, key := fmt.Sprint("100", i), fmt.Sprint("r:", i)
		steps := []func(){
			func() { h.shop.earns("e:"+id, "7", "order", fivehundred(id)).has(201, "{}") },
			func() {
				h.shop.paysWith(key, "7", 500_00, point("amount", 1000)).has(201, members(pays("covers", 100_00)))
				h.shop.captures(key, id).has(200, "{}")
			},
		}
		if first == "pays" {
			steps[0], steps[1] = steps[1], steps[0]
		}
		had := 2000 + int64(i)*(32+40+36)
		steps[0]()
		steps[1]()
		h.hasPoints("7", had-1000+32, 0) // four fifths of forty
		refund := members(says("redemption", key), point("amount", 500), because)
		h.shop.asks("PUT", "/v1/refunds/f:"+id, refund).has(201, "{}")
		h.shop.asks("PUT", "/v1/refunds/f:"+id, refund).has(200, "{}")
		h.hasPoints("7", had-500+32, 0)
		h.shop.asks("DELETE", "/v1/refunds/f:"+id, "").has(200, says1("outcome", "reversed"))
		h.shop.asks("DELETE", "/v1/refunds/f:"+id, "").has(200, says1("outcome", "reversed"))
		h.hasPoints("7", had-1000+32, 0)
		redemption := h.reads(`SELECT id::text FROM act WHERE kind = 'redemption' AND key = $1`, key)
		h.office.asks("PUT", "/v1/refunds/o:"+id, members(says("redemption", redemption), point("amount", 500), because)).has(201, "{}")
		h.hasPoints("7", had-500+32, 0)
		h.office.asks("DELETE", "/v1/refunds/o:"+id, "").has(200, says1("outcome", "reversed"))
		h.hasPoints("7", had-1000+32, 0)
		h.shop.asks("PUT", "/v1/refunds/g:"+id, members(says("redemption", key), because)).has(201, "{}")
		h.hasPoints("7", had+32, 0)
		for more, back := range []int64{0, 500} { // two orders like it, whose payment is taken back, whole or what is left of it
			id, key := fmt.Sprint(id, more), fmt.Sprint(key, more)
			h.shop.paysWith(key, "7", 500_00, point("amount", 1000)).has(201, members(pays("covers", 100_00)))
			h.shop.captures(key, id).has(200, "{}")
			h.shop.earns("e:"+id, "7", "order", fivehundred(id)).has(201, members(point("earned", 32)))
			if back > 0 {
				h.shop.asks("PUT", "/v1/refunds/f:"+id, members(says("redemption", key), point("amount", back), because)).has(201, "{}")
			}
			h.shop.asks("DELETE", "/v1/redemptions/"+key, "").has(200, says1("outcome", "reversed"))
		}
		h.hasPoints("7", had+32+40+36, 0)
	}
}

// X17: what could not be taken back since it was spent is given again before anything else, and the office need not look any more.
func TestX17PointsThatWereSpentAreNotGivenTwice(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "7", 3_00).has(201, members(point("amount", 30)))
	h.shop.captures("r:1", "1").has(200, "{}")
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasPoints("7", 0, 0)
	h.shop.asks("DELETE", "/v1/points/e:1", "").refuses(409, "not_reversible")
	h.grantsPoints("7", 100)
	h.tells(goods("1001", 2, purchase.Cancelled)) // nothing is taken twice
	h.hasPoints("7", 100, 0)
	h.hasTasks("points_spent", 1)
	h.tells(goods("1001", 3, purchase.Paid, 125_00)) // it deserves 30, which are spent
	h.hasPoints("7", 100, 0)
	h.hasTasks("points_spent", 0)
	h.tells(goods("1001", 4, purchase.Paid))
	h.hasPoints("7", 110, 0)
}

// X17: facts that come at the same moment, from the shop and from its checkout, leave what the order deserves.
func TestX17FactsThatComeAtOnceLeaveWhatTheOrderDeserves(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 5000)
	for i := range 4 {
		number, key := fmt.Sprint("200", i), fmt.Sprint("r:", i)
		id := "9" + number
		h.shop.paysWith(key, "7", 500_00, point("amount", 1000)).has(201, "{}")
		h.shop.captures(key, id).has(200, "{}")
		var all sync.WaitGroup
		all.Go(func() { h.shop.earns("e:"+id, "7", "order", fivehundred(id)) })
		all.Go(func() { h.shop.asks("PUT", "/v1/refunds/f:"+id, members(says("redemption", key), because)) })
		for minute, status := range []purchase.Status{purchase.Paid, purchase.Cancelled, purchase.Paid} {
			all.Go(func() {
				if _, err := h.sales.ApplyOrder(t.Context(), h.demo, goods(number, minute, status)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		h.hasPoints("7", 5000+int64(i+1)*32, 0)
	}
}

// D17 X17: DELETE of what an event earned finds the points where a merge has moved them, and so does whatever settles their order.
func TestAnEarningIsTakenBackAfterAMerge(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 5)
	h.shop.earns("e:1", "8", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.earns("e:2", "8", "signup").has(201, members(point("earned", 100)))
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, says1("customer", "7"))
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasPoints("7", 105, 0)
	h.tells(goods("1001", 2, purchase.Paid))
	h.hasPoints("7", 145, 0)
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.shop.asks("DELETE", "/v1/points/e:2", "").has(200, says1("outcome", "reversed"))
	h.hasPoints("7", 5, 0)
}

// X17: the time of a state is kept before its order has earned anything, also of states that are stored many at once.
func TestX17AStateIsKnownBeforeItsOrderEarns(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	paid := goods("1001", 5, purchase.Paid)
	_, err := h.sales.Receive(t.Context(), h.demo, retail.Body{Bytes: []byte("paid"), Order: &paid})
	h.must(err)
	if got := h.reads(`SELECT (told_at IS NOT NULL)::text FROM loyalty_order WHERE order_id = '91001'`); got != "true" {
		t.Error("nothing is known of the order")
	}
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.tells(goods("1001", 2, purchase.Cancelled)) // late
	h.hasPoints("7", 40, 0)
}

// X17 P14: an order that deserves more than it first earned has nothing taken back of it, wherever it is told.
func TestX17AnOrderThatDeservesMoreHasNothingTakenBack(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.shop.paysWith("r:1", "7", 500_00).has(201, members(point("amount", 1000)))
	h.shop.captures("r:1", "91001").has(200, "{}")
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 32)))
	tells := func(back, stands int64) {
		t.Helper()
		h.shop.asks("GET", "/v1/points/e:1", "").has(200, members(point("earned", 32), point("taken_back", back), point("stands", stands)))
		h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order=91001", "").has(200, members(point("earned", max(32, stands)), point("taken_back", back)))
		h.shop.asks("GET", "/v1/customers/7/points?context=confirmation&order=91001", "").has(200, members(point("earned", stands)))
	}
	tells(0, 32)
	h.shop.asks("DELETE", "/v1/redemptions/r:1", "").has(200, says1("outcome", "reversed"))
	tells(0, 40)
	h.tells(goods("1001", 1, purchase.Paid, 250_00))
	tells(12, 20)
	h.tells(goods("1001", 2, purchase.Paid))
	tells(0, 40)
	h.shop.asks("DELETE", "/v1/points/e:1", "").has(200, says1("outcome", "reversed"))
	h.shop.asks("GET", "/v1/points/e:1", "").has(200, members(says("state", "reversed"), point("earned", 32), point("stands", 0)))
}
