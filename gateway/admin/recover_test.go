package admin_test

import (
	"fmt"
	"testing"
)

// X03: whatever act it is, what is recovered by its key says all that its answer said, and its state.
func TestARecoveredAnswerIsComplete(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 1000)
	c, ended, claimed := h.issues(500_00, danish), h.issues(300_00), h.issues(200_00, claimable)
	h.shop.reserves("w:1", c, "cart", 100_00).has(201, "{}")
	h.shop.captures("w:1", "A-1", pays("amount", 60_00)).has(200, "{}")
	spent := h.till.redeems("r:ended", ended, 100_00).at("redemption", "id")
	h.office.does("invalidate", ended, because).has(200, "{}")
	h.office.grants("a:7", "7", says("shop", "demo"), pays("delta", 10_00)).has(201, "{}")
	acts := []struct {
		by         *caller
		path, body string
	}{
		{h.till, "redemptions/r:1", members(says("code", c.code), pays("amount", 50_00), says("receipt", "R"), pays("order_total", 70_00))},
		{h.shop, "refunds/f:1", members(says("redemption", "w:1"), because)},
		{h.office, "refunds/f:2", members(says("redemption", spent), says("to", "new"), because)},
		{h.till, "reloads/l:1", members(says("code", c.code), pays("amount", 20_00), says("receipt", "R"), says("tender", "cash"))},
		{h.till, "sales/s:1", members(says("product", "CARD-500"), says("receipt", "R"), says("tender", "cash"))},
		{h.shop, "claims/c:1", members(says("code", claimed.code), says("customer", "7"))},
		{h.till, "bindings/b:1", members(says("code", c.code), says("token", "card 4711 0815"))},
		{h.office, "adjustments/a:1", members(says("voucher", c.id), pays("delta", 5_00), because)},
		{h.office, "adjustments/a:2", members(says("customer", "7"), pays("delta", 5_00), because)},
		{h.office, "adjustments/a:3", members(says("voucher", claimed.id), pays("set_to", 30_00), pays("expected_balance", 0), because)},
		{h.office, "transfers/t:1", members(says("from", c.id), says("to", "customer:7"), pays("amount", 5_00), because)},
		{h.till, "credit-notes/n:1", members(pays("amount", 5_00), says("receipt", "R"), because)},
		{h.till, "cash-outs/o:1", members(says("code", c.code), says("receipt", "R"), because)},
		{h.shop, "points/p:1", members(says("customer", "7"), says("event", "order"), bought("A-2", 500_00))},
		{h.shop, "conversions/x:1", members(says("customer", "7"), `"points":50`, says("reward", "Billet"))},
		{h.shop, "conversions/x:2", members(says("customer", "7"), `"points":500`, says("reward", "Gavekort"))},
	}
	for _, act := range acts {
		said := act.by.asks("PUT", "/v1/"+act.path, act.body)
		if said.status != 201 {
			t.Errorf("%s: %d %s", act.path, said.status, said.text)
			continue
		}
		act.by.asks("GET", "/v1/"+act.path, "").has(200, fmt.Sprintf(`{"state":"done",%s`, said.text[1:]))
	}
	// A capture is recovered as the redemption that it is.
	said := h.shop.captures("w:1", "A-1", pays("amount", 60_00))
	h.shop.asks("GET", "/v1/redemptions/w:1", "").has(200, fmt.Sprintf(`{"state":"done",%s`, said.text[1:]))
}
