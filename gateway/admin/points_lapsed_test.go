package admin_test

import (
	"strings"
	"testing"
	"time"
)

// P13: points that nobody holds any more are free as soon as their reservation has run out, wherever they are read: also those that have
// ended meanwhile are none.
func TestPointsAreFreeWhenTheirReservationHasRunOut(t *testing.T) {
	t.Parallel()
	h := bonus(t, strings.Replace(tenth, `"lifetime_days":365`, `"lifetime_days":2`, 1))
	h.grantsPoints("7", 1000)
	h.shop.paysWith("r:1", "7", 60_00).has(201, members(point("amount", 600)))
	h.hasPoints("7", 1000, 600)
	shown := func(balance, reserved int64) {
		t.Helper()
		h.hasPoints("7", balance, reserved)
		h.shop.asks("GET", "/v1/customers/7/points?context=account", "").has(200, members(point("balance", balance), point("reserved", reserved), point("available", balance-reserved)))
		h.shop.asks("POST", "/v1/quotes", members(`"codes":[]`, says("customer", "7"), says("pay_with", "points"), pays("due", 900_00))).has(200, members(pays("covered", (balance-reserved)/10*1_00)))
	}
	shown(1000, 600)
	h.passes(24 * time.Hour)
	shown(1000, 0)
	h.passes(3 * 24 * time.Hour)
	shown(0, 0)
}
