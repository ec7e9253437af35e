package admin_test

import (
	"fmt"
	"sync"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X13: an order that is over brings nothing yet, and may bring all once it is paid again: who tells of it gives that.
func TestPointsOfAnOrderThatIsOverCountByWhatItMayBring(t *testing.T) {
	t.Parallel()
	h, clerk, _ := generous(t)
	told := func(minute int, status purchase.Status) {
		o := goods("1001", minute, status)
		o.Lines[0].Paid, o.Buyer.ID = money.Of(18_750_00, "DKK"), "9"
		h.tells(o)
	}
	told(1, purchase.Cancelled)
	clerk.earns("e:1", "9", "order", says("shop", "demo"), bought("91001", 400_000_00)).refuses(403, "approval_required")
	clerk.earns("e:2", "9", "order", says("shop", "demo"), bought("91001", 15_000_00)).has(201, `{}`)
	clerk.grantsBy("g:1", "7", 1000).awaits()
	told(2, purchase.Paid)
	h.shop.customer("9").has(200, `{"points":{"available":{"amount":1500,"currency":"POINT"},"balance":"*","reserved":"*"}}`)
}

// X13: a grant that waited reaches whom its customer was merged into.
func TestAGrantThatWaitedFollowsAMerge(t *testing.T) {
	t.Parallel()
	h, clerk, boss := generous(t)
	id := clerk.grantsBy("g:1", "8", 2001).awaits()
	h.shop.earns("e:1", "7", "signup").has(201, "{}")
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, "{}")
	before := h.reads(`SELECT sum(balance)::text FROM account WHERE currency = 'POINT' AND balance > 0`)
	boss.decides("approve", id)
	got := h.reads(`SELECT count(*)::text FROM account WHERE currency = 'POINT' AND balance = $1::bigint + 2001`, before)
	if got != "1" {
		t.Errorf("%s accounts have the %s points of before and the grant, want 1: %s", got, before, h.shop.customer("7").text)
	}
}

// Whoever gives in the office locks the order and then the sum of what he gave, whatever he gives.
func TestEarningAndRefundingPointsAtOnceGetsInNobodysWay(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 5000)
	h.shop.earns("w", "7", "signup").has(201, "{}")
	for i := range 3 {
		key, order := fmt.Sprint("r:", i), fmt.Sprint("9300", i)
		h.shop.paysWith(key, "7", 10_00, point("amount", 100)).has(201, "{}")
		h.shop.captures(key, order).has(200, "{}")
		paid := h.reads(`SELECT id::text FROM act WHERE kind = 'redemption' AND key = $1`, key)
		var all sync.WaitGroup
		for n := range 5 {
			all.Go(func() {
				h.office.asks("PUT", fmt.Sprintf("/v1/refunds/o:%d-%d", i, n), members(says("redemption", paid), point("amount", 10), because)).has(201, "{}")
			})
			all.Go(func() {
				h.office.earns(fmt.Sprintf("e:%d-%d", i, n), "7", "order", says("shop", "demo"), fivehundred(order)).has(201, "{}")
			})
		}
		all.Wait()
	}
	if n := h.reads(`SELECT deadlocks::text FROM pg_stat_database WHERE datname = current_database()`); n != "0" {
		t.Errorf("%s deadlocks, want none", n)
	}
}
