package admin_test

import (
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// X17: what was spent before its order was cancelled and comes back later, whichever way, makes up for what the order did not give back;
// and the office need not look any more.
func TestX17PointsThatComeBackLaterAreTakenBackThen(t *testing.T) {
	t.Parallel()
	paysAnother := func(h *house) {
		h.shop.paysWith("r:1", "7", 4_00).has(201, members(point("amount", 40)))
		h.shop.captures("r:1", "55").has(200, "{}")
	}
	for name, way := range map[string]struct {
		spends, returns func(h *house)
	}{
		"a refund": {
			paysAnother,
			func(h *house) {
				h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), because)).has(201, "{}")
			},
		},
		"a redemption taken back": {
			paysAnother,
			func(h *house) { h.shop.asks("DELETE", "/v1/redemptions/r:1", "").has(200, "{}") },
		},
		"a transfer taken back": {
			func(h *house) {
				h.shop.earns("e:2", "8", "signup").has(201, "{}")
				h.office.asks("PUT", "/v1/transfers/t:1", members(says("from", "customer:7"), says("to", "customer:8"), says("shop", "demo"), point("amount", 40), because)).has(201, "{}")
			},
			func(h *house) { h.office.asks("DELETE", "/v1/transfers/t:1", "").has(200, "{}") },
		},
		"an adjustment taken back": {
			func(h *house) {
				h.office.asks("PUT", "/v1/adjustments/a:1", members(says("customer", h.idOf("7")), point("delta", -40), because)).has(201, "{}")
			},
			func(h *house) { h.office.asks("DELETE", "/v1/adjustments/a:1", "").has(200, "{}") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := bonus(t, tenth)
			h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
			way.spends(h)
			h.hasPoints("7", 0, 0)
			h.tells(goods("1001", 1, purchase.Cancelled))
			way.returns(h)
			h.hasPoints("7", 0, 0)
			h.must(h.sales.SettlePoints(t.Context()))
			h.hasTasks("points_spent", 0)
			h.tells(goods("1001", 2, purchase.Paid))
			h.hasPoints("7", 40, 0)
		})
	}
}

// X17: so does what is exchanged for a reward that is not handed over, a part of it at a time; the matter says how much is left.
func TestX17WhatIsLeftOfPointsThatWereSpentIsSaid(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 10)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.exchanges("c:1", "7", 50, "Billet").has(201, "{}")
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.grantsPoints("7", 5)
	h.hasPoints("7", 5, 0) // what is given anew is his own
	h.shop.asks("DELETE", "/v1/conversions/c:1", "").has(200, "{}")
	h.hasPoints("7", 15, 0)
	h.shop.paysWith("r:1", "7", 1_00).has(201, members(point("amount", 10)))
	h.shop.captures("r:1", "56").has(200, "{}")
	h.tells(goods("1001", 2, purchase.Paid))
	h.hasPoints("7", 45, 0)
	h.shop.paysWith("r:2", "7", 4_50).has(201, members(point("amount", 45)))
	h.shop.captures("r:2", "57").has(200, "{}")
	h.tells(goods("1001", 3, purchase.Cancelled))
	open := func() string {
		return h.reads(`SELECT coalesce(string_agg(detail ->> 'missing', ' '), 'none') FROM task WHERE kind = 'points_spent' AND closed_at IS NULL`)
	}
	before := open()
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:2"), point("amount", 15), because)).has(201, "{}")
	h.must(h.sales.SettlePoints(t.Context()))
	if got, want := before+" then "+open(), `{"amount": 40, "currency": "POINT"} then {"amount": 25, "currency": "POINT"}`; got != want {
		t.Errorf("the office is told %s, want %s", got, want)
	}
}

// spendsAll lets a customer earn 40 points and spend all of them, and another have 75.
func (h *house) spendsAll() {
	h.t.Helper()
	h.grantsPoints("7", 75)
	h.shop.earns("e:1", "8", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "8", 4_00).has(201, members(point("amount", 40)))
	h.shop.captures("r:1", "55").has(200, "{}")
}

// X17: points that were on their way to whom their customer was merged into when their order was cancelled are taken back where they arrive.
func TestX17PointsThatComeBackAfterAMergeAreTakenBackWhereTheyGo(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.spendsAll()
	h.shop.paysWith("r:2", "7", 7_50).has(201, members(point("amount", 75)))
	h.shop.captures("r:2", "56").has(200, "{}")
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, "{}")
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), because)).has(201, "{}")
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.must(h.backOffice().ForwardMerged(t.Context()))
	h.hasPoints("7", 0, 0)
	h.grantsPoints("7", 5)
	h.hasPoints("7", 5, 0)
}

// X17: what has ended is not taken from another order's points, and does not come again when its order is paid after all.
func TestX17PointsThatHaveEndedAreNotTakenFromOthers(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.paysWith("r:1", "7", 1_00).has(201, members(point("amount", 10)))
	h.shop.captures("r:1", "55").has(200, "{}")
	h.passes(367 * 24 * time.Hour)
	h.shop.earns("e:2", "7", "order", fivehundred("91002")).has(201, members(point("earned", 40)))
	for minute, want := range []int64{30, 40, 30} { // the 10 that were spent are another's now
		h.tells(goods("1001", minute+1, []purchase.Status{purchase.Cancelled, purchase.Paid, purchase.Cancelled}[minute]))
		if h.hasPoints("7", want, 0); t.Failed() {
			t.Fatalf("after state %d", minute+1)
		}
	}
	if got, want := h.reads(`SELECT string_agg(ended::text, ' ' ORDER BY ended) FROM lot`), fmt.Sprint("0 ", 30); got != want {
		t.Errorf("%s have ended, want %s", got, want)
	}
}

// X17: a merge waits for whoever has the account of the customer who goes, even when nothing is in it: what is open of its earnings is
// made up for in one account at a time.
func TestX17AMergeLocksAnAccountThatIsEmpty(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.spendsAll()
	tx, err := h.pool.Begin(t.Context())
	h.must(err)
	_, err = tx.Exec(t.Context(), `SELECT FROM account WHERE currency = 'POINT' AND balance = 0 FOR UPDATE`)
	h.must(err)
	merged := make(chan struct{})
	go func() {
		defer close(merged)
		h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, "{}")
	}()
	for waits := false; !waits; {
		select {
		case <-merged:
			t.Error("the merge went on while somebody had the account")
			waits = true
		default:
			waits = h.reads(`SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "0"
		}
	}
	h.must(tx.Commit(t.Context()))
	<-merged
}

// X02: points that were moved on and have ended there don't come back by others that are there.
func TestX02ATransferOfPointsThatHaveEndedIsNotTakenBack(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	h.shop.earns("e:2", "8", "signup").has(201, "{}")
	h.office.asks("PUT", "/v1/transfers/t:1", members(says("from", "customer:7"), says("to", "customer:8"), says("shop", "demo"), point("amount", 40), because)).has(201, "{}")
	h.passes(367 * 24 * time.Hour)
	h.grantsPoints("8", 50)
	h.office.asks("DELETE", "/v1/transfers/t:1", "").refuses(409, "not_reversible")
	h.hasPoints("7", 0, 0)
	h.hasPoints("8", 50, 0)
}
