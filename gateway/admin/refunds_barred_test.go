package admin_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/purchase"
)

// barred checks that nobody can begin to use a card since a refund of its purchase waits for it.
func (h *house) barred(c card, key string) {
	h.t.Helper()
	h.till.redeems("x:"+key, c, 1_00).refuses(409, "blocked")
	h.till.cashesOut("x:"+key, c).refuses(409, "blocked")
	h.till.asks("PUT", "/v1/reloads/x:"+key, members(says("code", c.code), pays("amount", 10_00), says("receipt", "R-9"), says("tender", "cash"))).refuses(409, "blocked")
	h.shop.reserves("x:"+key, c, "cart-x"+key, 1_00).refuses(422, "cannot_be_applied")
	h.office.transfers("x:"+key, c.id, "customer:7", says("shop", "demo")).refuses(409, "blocked")
	h.office.sees(c).has(200, `{"blocked_by":["refund"]}`)
	h.till.looksUp(c).explains(`"blocked":true`)
}

// X01: what comes back to a voucher while a refund of its purchase waits for it is spent by nobody, before the job has looked as after.
func TestX01WhatComesBackToARefundedVoucherIsNotSpent(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.opensAccount("7", "")
	back := []func(*purchase.Order){refundedUnits(1, ofOne), withStatus(purchase.Refunded)}

	c := h.sells(order("1001", 0))[0]
	h.till.redeems("t:1", c, 300_00).has(201, "{}")
	h.tells(order("1001", 1, back...))
	h.barred(c, "a1")
	h.till.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "t:1"), pays("amount", 299_00), because)).has(201, "{}")
	h.barred(c, "a2")
	h.till.asks("DELETE", "/v1/redemptions/t:1", "").has(200, `{"outcome":"reversed"}`)
	h.barred(c, "a3")
	h.office.lists("/v1/admin/vouchers", "id", c.id, "state", "blocked")
	h.must(h.sales.SettleRefunds(t.Context()))
	h.office.sees(c).has(200, `{"state":"invalidated","blocked_by":[]}`)

	for key, free := range map[string]func(){
		"released": func() {
			h.shop.asks("POST", "/v1/reservations/h:released/release", "").has(200, `{"outcome":"released"}`)
		},
		"captured": func() { h.shop.captures("h:captured", "77").has(200, "{}") },
		"deleted":  func() { h.shop.asks("DELETE", "/v1/reservations/h:deleted", "").has(200, `{"outcome":"released"}`) },
		"expired":  func() { h.passes(25 * time.Hour) },
	} {
		number := "20" + key
		c := h.sells(order(number, 0))[0]
		h.shop.reserves("h:"+key, c, "cart-"+key, 10_00).has(201, "{}")
		h.tells(order(number, 1, back...))
		h.barred(c, key)
		h.shop.reserves("h:"+key, c, "cart-"+key, 5_00).has(200, `{"state":"active"}`)
		free()
		h.barred(c, key+"2")
	}
}

// X01: a refund of one of several units bars none of those that are used otherwise than it could take, and the first that it could.
func TestX01ARefundOfOneOfSeveralBarsTheOneThatIsFree(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.opensAccount("7", "")
	all := h.sells(order("1001", 0, units(2)))
	for i, c := range all {
		h.till.redeems("t:"+string(rune('a'+i)), c, 300_00).has(201, "{}")
	}
	h.tells(order("1001", 1, units(2), refundedUnits(1, ofOne)))
	h.till.redeems("s:1", all[0], 50_00).has(201, "{}")
	h.till.asks("DELETE", "/v1/redemptions/t:b", "").has(200, `{"outcome":"reversed"}`)
	h.barred(all[1], "1")
	h.till.redeems("s:2", all[0], 50_00).has(201, "{}")
	h.must(h.sales.SettleRefunds(t.Context()))
	h.office.sees(all[1]).has(200, `{"state":"invalidated"}`)
	h.till.redeems("s:3", all[0], 50_00).has(201, "{}")

	h.tells(order("1001", 2, units(2), refundedUnits(2, 2*ofOne)))
	h.barred(all[0], "2")
}

// X01: the voucher is as good as before when the shop takes its refund back, or a person closes the matter, and the same word of the shop
// doesn't bar it again; what the shop tells anew does.
func TestX01AVoucherIsUsedAgainWhenNoRefundWaits(t *testing.T) {
	t.Parallel()
	back := []func(*purchase.Order){refundedUnits(1, ofOne), withStatus(purchase.Refunded)}
	for _, how := range []string{"closed", "taken back", "taken back by webhook", "closed by two at once"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.opensAccount("7", "")
			c := h.sells(order("1001", 0))[0]
			h.till.redeems("t:1", c, 100_00).has(201, "{}")
			h.tells(order("1001", 1, back...))
			h.tells(order("1001", 1, back...))
			h.barred(c, "1")
			switch how {
			case "closed":
				h.office.closes("refund_to_settle").has(200, "{}")
				h.tells(order("1001", 2, back...))
				h.must(h.sales.SettleRefunds(t.Context()))
			case "taken back":
				h.tells(order("1001", 2))
			case "taken back by webhook":
				h.receives(order("1001", 2))
				h.tells(order("1001", 2))
			case "closed by two at once":
				path := "/v1/admin/tasks/" + h.taskOf("refund_to_settle") + "/close"
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() { h.office.asks("POST", path, members(because)) })
				}
				both.Wait()
			}
			h.office.sees(c).has(200, `{"state":"active","blocked_by":[]}`)
			h.till.redeems("t:2", c, 100_00).has(201, "{}")
			if how == "taken back" || how == "taken back by webhook" {
				h.tells(order("1001", 3, back...))
				h.barred(c, "3")
			}
		})
	}
}

// X01: a refund that a person must judge bars nothing: nobody knows what it is for.
func TestX01ADoubtfulRefundBarsNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	h.till.redeems("t:1", c, 100_00).has(201, "{}")
	for minute, doubtful := range []func(*purchase.Order){refundedUnits(1, 100_00), refunded, refundedUnits(0, 100_00)} {
		h.tells(order("1001", 1+minute, doubtful))
		h.office.sees(c).has(200, `{"blocked_by":[]}`)
		h.till.redeems("t:s"+string(rune('a'+minute)), c, 10_00).has(201, "{}")
	}
}

// X01: whoever is first, a word of the shop told on two machines or the buyer who frees his code and uses it again: the voucher ends, or is
// his who had it before, and then nobody else's.
func TestX01ARaceWithARefundLeavesNoVoucherUnbarred(t *testing.T) {
	t.Parallel()
	h := open(t)
	back := []func(*purchase.Order){refundedUnits(1, ofOne), withStatus(purchase.Refunded)}
	for n := range 12 {
		number, key := fmt.Sprint(3000+n), fmt.Sprintf("k%d", n)
		c := h.sells(order(number, 0))[0]
		h.shop.reserves(key, c, "cart-"+key, 10_00).has(201, "{}")
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if _, err := h.sales.ApplyOrder(t.Context(), h.demo, order(number, 1, back...)); err != nil && !ledger.IsPassing(err) {
					t.Error(err)
				}
			})
		}
		all.Go(func() { h.shop.asks("POST", "/v1/reservations/"+key+"/release", "") })
		all.Go(func() { h.shop.reserves("again"+key, c, "again"+key, 20_00) })
		all.Go(func() { h.till.redeems("till"+key, c, 30_00) })
		all.Wait()
		h.tells(order(number, 1, back...))
		if code := h.till.redeems("late"+key, c, 1).at("code"); code != "blocked" && code != "invalidated" {
			t.Errorf("order %s: it is spent, or %s", number, code)
		}
	}
	if got := h.reads(`SELECT count(*)::text FROM purchase_refund r JOIN purchase_unit u ON u.purchase = r.purchase JOIN voucher v ON v.id = u.voucher
		WHERE NOT r.settled AND v.refund_waits IS DISTINCT FROM 0`); got != "0" {
		t.Errorf("%s vouchers are not barred", got)
	}
}
