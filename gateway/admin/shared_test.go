package admin_test

import (
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// sharesLogins is a shop whose customers may have the same log-in.
func sharesLogins(_ *voucher.Rules, s *retail.NewShop) { s.DuplicateLogins = true }

// D07, A31: the office fills no account that nobody could pay with. What is on one, since the shop had log-ins of its own once, can be
// taken from it, and what was done is answered as it was.
func TestNoAccountIsFilledWhereLoginsAreShared(t *testing.T) {
	t.Parallel()
	h := open(t, sharesLogins)
	shared := func(is string) { h.runs(`UPDATE shop SET duplicate_logins = ` + is) }
	c := h.issues(300_00)
	demo := says("shop", "demo")
	h.unchanged("what would bring value", func() {
		h.office.grants("a:1", "7", demo, pays("delta", 50_00)).refuses(409, "mode_mismatch")
		h.office.grants("a:1", "7", demo, pays("set_to", 50_00), pays("expected_balance", 0)).refuses(409, "mode_mismatch")
		h.office.grants("a:1", "7", demo, `"delta":{"amount":5,"currency":"POINT"}`).refuses(409, "mode_mismatch")
		h.office.grantsBy("e:1", "7", 5).refuses(409, "mode_mismatch")
		h.shop.earns("e:1", "7", "signup").refuses(409, "mode_mismatch")
		h.office.asks("GET", "/v1/admin/customers/7?shop=demo", "").refuses(404, "not_found")
	})
	shared("false")
	h.office.grants("a:1", "7", demo, pays("delta", 50_00)).has(201, "{}")
	h.office.transfers("t:1", c.id, "customer:7", demo, pays("amount", 20_00)).has(201, "{}")
	shared("true")
	h.unchanged("what would bring more, and repeats", func() {
		h.office.transfers("t:2", c.id, "customer:7", demo, pays("amount", 20_00)).refuses(409, "mode_mismatch")
		h.office.grants("a:2", "7", demo, pays("set_to", 90_00), pays("expected_balance", 70_00)).refuses(409, "mode_mismatch")
		h.office.grants("a:1", "7", demo, pays("delta", 50_00)).wants(200, adjusted("a:1", 50_00, 50_00))
		h.office.grants("a:1", "7", demo, pays("delta", 51_00)).refuses(422, "key_reused")
		h.office.transfers("t:1", c.id, "customer:7", demo, pays("amount", 20_00)).wants(200, transferred("t:1", 20_00, 280_00, 70_00))
	})
	h.office.grants("a:2", "7", demo, pays("delta", -10_00)).wants(201, adjusted("a:2", -10_00, 60_00))
	h.office.grants("a:3", "7", demo, pays("set_to", 40_00), pays("expected_balance", 60_00)).wants(201, adjusted("a:3", -20_00, 40_00))
	h.office.transfers("t:2", "customer:7", c.id, demo, pays("amount", 40_00)).wants(201, transferred("t:2", 40_00, 0, 320_00))
}
