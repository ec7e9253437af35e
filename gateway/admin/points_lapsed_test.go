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
		has := `{` + point("balance", balance) + `,` + point("reserved", reserved) + `,` + point("available", balance-reserved) + `}`
		h.office.asks("GET", "/v1/admin/customers?q=7", "").has(200, `{"items":[`+members(says("customer", "7"), says("shop", "demo"), `"balances":[`+has+`]`,
			`"id":"*","wallet_id":"*","member_until":null,"merged_into":null,"created_at":"*"`)+`]}`)
		h.shop.asks("POST", "/v1/quotes", members(`"codes":[]`, says("customer", "7"), says("pay_with", "points"), pays("due", 900_00))).has(200, members(pays("covered", (balance-reserved)/10*1_00)))
	}
	shown(1000, 600)
	h.passes(24 * time.Hour)
	shown(1000, 0)
	h.passes(3 * 24 * time.Hour)
	shown(0, 0)
}

// D22: so is money that nobody holds any more.
func TestMoneyOfAnAccountIsFreeWhenItsReservationHasRunOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 100_00)).has(201, "{}")
	h.shop.spends("r:1", "7", 60_00).has(201, "{}")
	shown := func(reserved int64) {
		t.Helper()
		has := `"balances":[{` + pays("balance", 100_00) + `,` + pays("reserved", reserved) + `,` + pays("available", 100_00-reserved) + `}]`
		h.office.asks("GET", "/v1/admin/customers/"+h.idOf("7"), "").has(200, members(has))
		h.office.asks("GET", "/v1/admin/customers?q=7", "").has(200, `{"items":[`+members(says("customer", "7"), says("shop", "demo"), has,
			`"id":"*","wallet_id":"*","member_until":null,"merged_into":null,"created_at":"*"`)+`]}`)
	}
	shown(60_00)
	h.passes(25 * time.Hour)
	shown(0)
}
