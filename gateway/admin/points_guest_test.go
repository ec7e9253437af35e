package admin_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// P23: nobody makes an account of a guest, by whatever call, and nothing comes into one that there is from before.
func TestP23AGuestHasNoAccount(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 10)
	code := h.issues(500_00, claimable)
	refuses := func() {
		t.Helper()
		h.unchanged("an account of a guest", func() {
			for what, got := range map[string]*reply{
				"a grant":         h.office.earns("g:0", "0", "manual", says("shop", "demo"), `"points":5`, because),
				"an adjustment":   h.office.grants("a:0", "0", says("shop", "demo"), point("delta", 5)),
				"one of money":    h.office.grants("a:1", "0", says("shop", "demo"), pays("delta", 5_00)),
				"a balance":       h.office.grants("a:2", "0", says("shop", "demo"), `"set_to":{"amount":5,"currency":"POINT"}`, `"expected_balance":{"amount":0,"currency":"POINT"}`),
				"a standing":      h.office.asks("PUT", "/v1/admin/loyalty/customers/0?shop=demo", `{"percent":200}`),
				"a claim":         h.shop.claims("c:0", code, "0"),
				"one for another": h.office.asks("PUT", "/v1/claims/c:1", members(says("code", code.code), says("customer", "0"), says("shop", "demo"))),
				"an event":        h.shop.earns("e:0", "0", "signup"),
			} {
				t.Log(what)
				got.refuses(400, "invalid_request", says("field", "customer"))
			}
		})
	}
	refuses()
	h.office.asks("PUT", "/v1/admin/customers/0?shop=demo", `{"email":"guest@example.dk"}`).refuses(400, "invalid_request", says("field", "customer"))
	kept := order("1001", 1, func(o *purchase.Order) { o.Buyer.ID = "0" })
	h.tells(kept)
	if got := h.reads(`SELECT count(*)::text FROM customer WHERE login = '0'`); got != "0" {
		t.Fatalf("%s guests are customers", got)
	}
	h.runs(`UPDATE customer SET login = '0' WHERE login = '7'`) // an account of before
	refuses()
	h.grantsPoints("8", 10)
	h.unchanged("the account of a guest", func() {
		h.office.asks("PUT", "/v1/transfers/t:1", members(says("from", "customer:8"), says("to", "customer:0"), says("shop", "demo"), point("amount", 1), because)).refuses(400, "invalid_request", says("field", "customer"))
		h.merges("8", "0").refuses(400, "invalid_request", says("field", "customer"))
	})
	h.office.grants("a:3", "0", says("shop", "demo"), point("delta", -4)).has(201, members(point("balance", 6)))
	h.merges("0", "8").has(200, "{}")
	h.hasPoints("8", 16, 0)
}
