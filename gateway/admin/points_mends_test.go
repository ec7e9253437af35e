package admin_test

import (
	"testing"
	"time"
)

// P13: what an order earned and what points paid of it is shown to whoever bought it, under each of his log-ins, and to nobody else.
func TestP13AnOrdersPointsAreShownToItsCustomer(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 100)
	h.grantsPoints("8", 1)
	h.grantsPoints("9", 1)
	h.shop.paysWith("r:1", "7", 10_00).has(201, members(point("amount", 100)))
	h.shop.captures("r:1", "91001").has(200, "{}")
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, "{}")
	shows := func(login string, redeemed int64) {
		t.Helper()
		h.shop.asks("GET", "/v1/customers/"+login+"/points?context=confirmation&order=91001", "").has(200, members(point("redeemed", redeemed)))
	}
	shows("7", 100)
	shows("8", 0)
	shows("nobody", 0)
	h.shop.asks("GET", "/v1/customers/8/points?context=confirmation&order=91001", "").has(200, members(point("earned", 0)))
	h.merges("7", "9").has(200, "{}")
	shows("7", 100)
	shows("9", 100)
	shows("8", 0)
	h.shop.asks("GET", "/v1/redemptions/r:1", "").has(200, members(pays("covers", 10_00), `"total_line":{"amount":{"amount":-1000,"currency":"DKK"},"type":"redeemed_points","points":100}`))
}

// P05: a referral is of a new customer: of nobody who had something here before, nor of who has referred him who refers.
func TestP05AReferralIsOfANewCustomer(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	refers := func(key, who, whom string) *reply {
		t.Helper()
		return h.shop.earns(key, who, "referral", says("referred", whom))
	}
	h.shop.earns("e:1", "8", "signup").has(201, "{}")
	refers("r:1", "7", "8").has(201, members(point("earned", 75))) // his welcome was told first
	refers("r:2", "8", "7").refuses(400, "invalid_request", says("field", "referred"))
	h.passes(25 * time.Hour)
	refers("r:3", "9", "7").refuses(400, "invalid_request", says("field", "referred"))
	refers("r:4", "9", "8").has(201, members(point("earned", 0))) // he was referred already
	refers("r:1", "7", "8").has(200, members(point("earned", 75)))
	refers("r:5", "9", "10").has(201, members(point("earned", 75)))
}

// P03 P23: white space is nobody, and makes no other product of one.
func TestP23WhiteSpaceIsNoCustomer(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.unchanged("white space for a customer", func() {
		for _, login := range []string{" ", "7 ", " 7"} {
			h.shop.earns("e:1", login, "signup").refuses(400, "invalid_request", says("field", "customer"))
			h.shop.paysWith("r:1", login, 10_00).refuses(400, "invalid_request", says("field", "customer"))
			h.shop.spends("r:1", login, 10_00).refuses(400, "invalid_request", says("field", "customer"))
		}
		h.shop.earns("e:1", "7", "review_product", `"about":{"sku":"  "}`).refuses(400, "invalid_request", says("field", "about.sku"))
	})
	h.shop.earns("e:2", "7", "review_product", `"about":{"sku":"TEA"}`).has(201, members(point("earned", 25)))
	h.shop.earns("e:3", "7", "review_product", `"about":{"sku":" TEA "}`).has(201, members(point("earned", 0)))
	h.shop.asks("GET", "/v1/customers/nobody/points?context=account&language=en", "").has(200, `{"variables":{"points_balance":"0\u00a0points","points_ending":"","points_ending_on":"","points_rate":"*","points_reserved":"","points_worth":""}}`)
}
