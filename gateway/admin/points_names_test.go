package admin_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
)

// receives hands over webhooks that arrive at the same moment.
func (h *house) receives(states ...purchase.Order) {
	h.t.Helper()
	var all sync.WaitGroup
	for i, o := range states {
		all.Go(func() {
			if _, err := h.sales.Receive(h.t.Context(), h.demo, retail.Body{Bytes: fmt.Append(nil, i, o), Order: &o}); err != nil {
				h.t.Error(err)
			}
		})
	}
	all.Wait()
}

// orderings are all sequences of so many things.
func orderings(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, shorter := range orderings(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

// X17: an order is one order, whether what pays for it names its id or its number, and in whatever order it comes to be known that these
// are one.
func TestX17AnOrderIsKnownByItsIDAndItsNumber(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 20000)
	had := int64(20000)
	n := 3000
	for _, way := range []string{"applied", "received"} {
		for _, payer := range []string{"id", "number"} {
			for _, sequence := range orderings(3) {
				n++
				number := fmt.Sprint(n)
				id, key := "9"+number, "r:"+number
				named := map[string]string{"id": id, "number": number}
				earned := false
				steps := []func(){
					func() {
						h.shop.earns("e:"+number, "7", "order", fivehundred(id)).has(201, "{}")
						earned = true
					},
					func() {
						h.shop.paysWith(key, "7", 500_00, point("amount", 1000)).has(201, "{}")
						h.shop.captures(key, named[payer]).has(200, "{}")
					},
					func() {
						if way == "applied" {
							h.tells(goods(number, 0, purchase.Paid))
							return
						}
						h.receives(goods(number, 0, purchase.Paid))
						if state := h.reads(`SELECT state FROM inbox ORDER BY received_at DESC LIMIT 1`); earned != (state == "received") {
							t.Errorf("order %s is %s", number, state)
						}
						if earned { // it is left to the relay
							h.tells(goods(number, 0, purchase.Paid))
						}
					},
				}
				for _, step := range sequence {
					steps[step]()
				}
				had += 32 - 1000 // four fifths of forty
				h.hasPoints("7", had, 0)
				h.shop.asks("PUT", "/v1/refunds/f:"+number, members(says("redemption", key), point("amount", 500), because)).has(201, "{}")
				h.tells(goods(number, 1, purchase.Paid, 250_00))
				for _, name := range named {
					h.office.asks("GET", "/v1/admin/loyalty/orders?shop=demo&order="+name, "").has(200, members(says("customer", "7"),
						pays("refunded", 250_00), pays("covers", 50_00), point("redeemed", 500)))
					h.shop.asks("GET", "/v1/customers/7/points?context=confirmation&order="+name, "").has(200, members(point("earned", 12), point("redeemed", 500)))
				}
				h.tells(goods(number, 2, purchase.Cancelled))
				had += 1000 - 32 // what points paid comes back as well
				h.hasPoints("7", had, 0)
				h.shop.earns("again:"+number, "7", "order", fivehundred(id)).has(201, members(point("earned", 0)))
			}
		}
	}
}

// X17: what earns names an id. So an order earns whose id is the number of an older one, even before its shop has told of it, and each is
// settled by what becomes of itself.
func TestX17AnOrderEarnsWhoseIDIsTheNumberOfAnother(t *testing.T) {
	t.Parallel()
	for name, olderEarns := range map[string]string{"before": "8", "after": "8", "never": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			older, younger := goods("1", 0, purchase.Paid), goods("2", 0, purchase.Paid)
			older.ID, older.Number, younger.ID, younger.Number = "900", "10050", "10050", "19200"
			older.Buyer.ID, younger.Buyer.ID = "8", "9"
			want := int64(0)
			earns := func(when string) {
				if name == when {
					h.shop.earns("e:900", "8", "order", fivehundred("900")).has(201, members(point("earned", 40)))
					want = 40
				}
			}
			earns("before")
			h.tells(older)
			h.receives(older)
			h.shop.earns("e:10050", "9", "order", fivehundred("10050")).has(201, members(point("earned", 40)))
			earns("after")
			h.tells(younger)
			h.must(h.sales.SettlePoints(t.Context()))
			h.hasPoints("9", 40, 0)
			if olderEarns != "" {
				h.hasPoints(olderEarns, want, 0)
			}
			younger.Status, younger.Modified = purchase.Cancelled, younger.Modified.Add(time.Minute)
			h.tells(younger)
			h.hasPoints("9", 0, 0)
			if olderEarns != "" {
				h.hasPoints(olderEarns, want, 0)
			}
			older.Modified = older.Modified.Add(time.Minute)
			h.receives(older) // says its number again, which is none
			if got := h.reads(`SELECT string_agg(order_id || ' of ' || number_of, ', ') FROM loyalty_order WHERE number_of <> '' OR unsettled`); got != "19200 of 10050" {
				t.Errorf("the numbers of orders are %s", got)
			}
		})
	}
}

// P19: the limit of an order holds for all that pay for it, by whatever name.
func TestP19TheLimitOfAnOrderHoldsUnderAllItsNames(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth) // 5000 on one order
	h.grantsPoints("7", 20000)
	for _, key := range []string{"r:1", "r:2"} {
		h.shop.paysWith(key, "7", 300_00).has(201, members(point("amount", 3000)))
	}
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.tells(goods("1001", 0, purchase.Paid))
	h.shop.captures("r:2", "91001").refuses(409, "above_limit", pays("uncovered", 300_00))
	h.shop.captures("r:2", "91001", point("amount", 2000)).has(200, "{}")
}

// X17: what is an order's id is no other order's number, whenever that comes to be known; the other one is settled again.
func TestX17TheNumberOfAnOrderMayBeTheIDOfAnother(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 9000)
	for i, sequence := range orderings(3) {
		older, younger := goods("1", 0, purchase.Paid), goods("2", 0, purchase.Paid)
		older.ID, older.Number = fmt.Sprint(1050+i), fmt.Sprint(900+i)
		younger.ID, younger.Number = fmt.Sprint(1100+i), older.ID
		h.shop.earns("e:"+older.ID, "8", "order", fivehundred(older.ID)).has(201, "{}")
		h.shop.earns("e:"+younger.ID, "9", "order", fivehundred(younger.ID)).has(201, "{}")
		steps := []func(){
			func() { h.tells(older) },
			func() { h.tells(younger) },
			func() {
				h.shop.paysWith("r:"+older.ID, "7", 500_00, point("amount", 1000)).has(201, "{}")
				h.shop.captures("r:"+older.ID, older.ID).has(200, "{}")
			},
		}
		for _, step := range sequence {
			steps[step]()
		}
		h.must(h.sales.SettlePoints(t.Context()))
		h.hasPoints("8", int64(i+1)*32, 0)
		h.hasPoints("9", int64(i+1)*40, 0)
	}
	if got := h.reads(`SELECT count(*)::text FROM loyalty_order WHERE unsettled`); got != "0" {
		t.Errorf("%s orders wait to be settled, want none", got)
	}
}

// X17: what names an order by its number and what tells that it is one may come at the same moment, for orders whose ids and numbers
// lie in any order.
func TestX17TheNamesOfAnOrderMayComeToBeKnownAtOnce(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 20000)
	const rounds, orders = 4, 4
	for round := range rounds {
		var all sync.WaitGroup
		var told []purchase.Order
		for i := range orders {
			o := goods("1", 1, purchase.Paid)
			o.ID, o.Number = fmt.Sprintf("%d-%d", round, i), fmt.Sprintf("%d-%d", round, (i+1)%orders+10)
			if i%2 == 0 { // the number sorts before the id
				o.ID, o.Number = o.Number, o.ID
			}
			told = append(told, o)
			key := fmt.Sprintf("r:%d:%d", round, i)
			h.shop.paysWith(key, "7", 500_00, point("amount", 1000)).has(201, "{}")
			all.Go(func() { h.shop.captures(key, o.Number).has(200, "{}") })
			all.Go(func() { h.shop.earns("e:"+o.ID, "7", "order", fivehundred(o.ID)).has(201, "{}") })
			all.Go(func() { h.tells(o) })
		}
		all.Go(func() { h.receives(told...) })
		all.Wait()
		for _, o := range told {
			h.tells(o)
		}
		h.hasPoints("7", 20000-int64(round+1)*orders*(1000-32), 0)
	}
}

// X17: whoever waits for an order by a name that turns out to be its number meanwhile waits for the order.
func TestX17ANameMayGetItsMeaningWhileItIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "7", 500_00, point("amount", 1000)).has(201, "{}")
	tx, err := h.pool.Begin(t.Context())
	h.must(err)
	_, err = tx.Exec(t.Context(), `INSERT INTO loyalty_order (shop, order_id, number_of) VALUES ('demo', '1001', '91001')`)
	h.must(err)
	_, err = tx.Exec(t.Context(), `UPDATE loyalty_order SET told_at = vouchsafe_now() WHERE order_id = '91001'`)
	h.must(err)
	var capture sync.WaitGroup
	capture.Go(func() { h.shop.captures("r:1", "1001").has(200, "{}") })
	for h.reads(`SELECT count(*)::text FROM pg_locks WHERE NOT granted AND locktype = 'transactionid' AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`) == "0" {
		h.must(t.Context().Err())
	}
	h.must(tx.Commit(t.Context()))
	capture.Wait()
	h.hasPoints("7", 32, 0)
}
