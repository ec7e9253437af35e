package admin_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// X01: a cancelled order blocks its vouchers, also those that were spent by then, so that nothing that comes back is spent again. Paid
// again, they are as they were.
func TestX01ACancelledOrderBlocksWhatWasSpent(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	h.till.redeems("t:1", c, ofOne).has(201, "{}")
	h.tells(order("1001", 1, withStatus(purchase.Cancelled)))
	h.tells(order("1001", 2, withStatus(purchase.Cancelled)))
	h.office.sees(c).has(200, `{"state":"depleted","blocked_by":["order"]}`)
	reload := members(says("code", c.code), pays("amount", 100_00), says("receipt", "R-2"), says("tender", "cash"))
	h.till.asks("PUT", "/v1/reloads/l:1", reload).refuses(409, "blocked")
	h.till.asks("DELETE", "/v1/redemptions/t:1", "").has(200, `{"outcome":"reversed"}`)
	h.till.redeems("t:2", c, 100_00).refuses(409, "blocked")
	h.till.cashesOut("o:1", c).refuses(409, "blocked")
	h.tells(order("1001", 3))
	h.office.sees(c).has(200, `{"state":"active","blocked_by":[]}`)
	h.till.redeems("t:2", c, 100_00).has(201, "{}")
	if got := h.openTasks(); got != "" {
		t.Errorf("tasks are left: %s", got)
	}
}
