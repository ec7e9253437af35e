package admin_test

import (
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// cashes lets the merchant pay out what is left of notes as well.
func cashes(r *voucher.Rules, _ *retail.NewShop) { r.CashOutLimit = "9000.00" }

// thanks issues a voucher of 1,000 of which all is spent, and gives as much as goodwill.
func (h *house) thanks(name string) card {
	h.t.Helper()
	c := h.issues(1000_00, danish)
	h.till.redeems("paid:"+name, c, 1000_00).has(201, pays1("balance", 0))
	h.office.adjusts("given:"+name, c, pays("delta", 1000_00)).has(201, pays1("balance", 1000_00))
	return c
}

// refundsTo gives a redemption back, or a part of it.
func (c *caller) refundsTo(key, redemption string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/refunds/"+key, members(append(more, says("redemption", redemption), because)...))
}

// X12, X02: goodwill that was spent comes back as goodwill, whichever way it took and whoever takes it back.
func TestGoodwillThatComesBackIsGoodwill(t *testing.T) {
	t.Parallel()
	h := open(t, cashes)
	for name, way := range map[string]func(name string, c card) card{
		"as-it-was": func(_ string, c card) card { return c },
		"reversed": func(name string, c card) card {
			h.till.redeems(name, c, 1000_00).has(201, "{}")
			h.till.asks("DELETE", "/v1/redemptions/"+name, "").wants(200, `{"outcome":"reversed"}`)
			return c
		},
		"reversed-bit-by-bit": func(name string, c card) card {
			for _, bit := range []string{"1", "2", "3", "4", "5"} {
				h.till.redeems(name+bit, c, 200_00).has(201, "{}")
				h.till.asks("DELETE", "/v1/redemptions/"+name+bit, "").wants(200, `{"outcome":"reversed"}`)
			}
			return c
		},
		"refunded": func(name string, c card) card {
			h.till.redeems(name, c, 1000_00).has(201, "{}")
			h.till.refundsTo(name+"1", name, pays("amount", 400_00)).has(201, "{}")
			h.till.refundsTo(name+"2", name).has(201, pays1("balance", 1000_00))
			return c
		},
		"refunded-by-the-shop": func(name string, c card) card {
			h.shop.reserves(name, c, "cart-"+name, 1000_00).has(201, "{}")
			h.shop.captures(name, "order-"+name).has(200, "{}")
			h.shop.refundsTo(name, name).has(201, pays1("balance", 1000_00))
			return c
		},
		"moved-on": func(name string, c card) card {
			h.till.redeems(name, c, 1000_00).has(201, "{}")
			h.till.asks("DELETE", "/v1/redemptions/"+name, "").wants(200, `{"outcome":"reversed"}`)
			to := h.thanks("to-" + name)
			h.office.transfers(name, c.id, to.id).has(201, "{}")
			return to
		},
		"moved-and-back": func(name string, c card) card {
			h.office.transfers(name, c.id, h.thanks("to-"+name).id).has(201, "{}")
			h.office.asks("DELETE", "/v1/transfers/"+name, "").wants(200, `{"outcome":"reversed"}`)
			return c
		},
		"through-an-account-that-was-merged": func(name string, c card) card {
			h.office.grants(name+"1", "old", says("shop", "demo"), pays("delta", 1)).has(201, "{}")
			h.office.grants(name+"2", "new", says("shop", "demo"), pays("delta", 1)).has(201, "{}")
			h.office.transfers(name+"1", c.id, "customer:old").has(201, "{}")
			h.shop.spends(name, "old", 1000_00).has(201, "{}")
			h.shop.captures(name, "order-"+name).has(200, "{}")
			h.merges("old", "new").has(200, "{}")
			h.shop.refundsTo(name, name).has(201, "{}")
			h.office.transfers(name+"2", "customer:new", c.id, pays("amount", 1000_00)).has(201, "{}")
			return c
		},
		"refunded-to-a-note": func(name string, c card) card {
			spent := h.till.redeems(name, c, 1000_00).at("redemption", "id")
			h.office.does("invalidate", c, because).has(200, "{}")
			given := h.office.refundsTo(name, spent, says("to", "new"), pays("amount", 600_00))
			given.has(201, pays1("balance", 600_00))
			return noteIn(given)
		},
	} {
		c := way(name, h.thanks(name))
		h.unchanged(name, func() { h.till.cashesOut("o:"+name, c).refuses(409, "cash_out_not_allowed") })
	}
}

// X12, X01: what was paid for comes back as that, first of all in parts, and never more of it than was taken.
func TestWhatWasPaidForComesBackAsPaidFor(t *testing.T) {
	t.Parallel()
	h := open(t, cashes)
	c := h.issues(1000_00, danish)
	h.office.adjusts("a:1", c, pays("delta", 300_00)).has(201, "{}")
	h.till.redeems("r:1", c, 500_00).has(201, "{}") // 300 given, 200 paid for
	h.till.refundsTo("f:1", "r:1", pays("amount", 250_00)).has(201, pays1("balance", 1050_00))
	h.till.cashesOut("o:1", c).wants(201, cashed("o:1", 1000_00, 50_00))
	h.till.refundsTo("f:2", "r:1").has(201, pays1("balance", 300_00))
	h.till.cashesOut("o:2", c).refuses(409, "cash_out_not_allowed")

	ended := h.issues(300_00, danish)
	h.office.adjusts("a:2", ended, pays("delta", 100_00)).has(201, "{}")
	spent := h.till.redeems("r:2", ended, 400_00).at("redemption", "id")
	h.office.does("invalidate", ended, because).has(200, "{}")
	gone := h.office.refundsTo("f:3", spent, says("to", "new"), pays("amount", 200_00))
	gone.has(201, "{}")
	h.office.asks("DELETE", "/v1/refunds/f:3", "").wants(200, `{"outcome":"reversed"}`)
	first := noteIn(h.office.refundsTo("f:4", spent, says("to", "new"), pays("amount", 250_00)))
	second := noteIn(h.office.refundsTo("f:5", spent, says("to", "new")))
	h.till.cashesOut("o:3", second).wants(201, cashed("o:3", 50_00, 100_00)) // whichever is asked for first
	h.till.cashesOut("o:4", first).wants(201, cashed("o:4", 250_00, 0))

	claimed, other := h.issues(500_00, danish, claimable), h.issues(10_00, danish)
	h.shop.claims("c:1", claimed, "7").has(201, "{}")
	h.shop.spends("w:1", "7", 100_00).has(201, "{}")
	h.shop.captures("w:1", "A-1").has(200, "{}")
	h.office.grants("a:3", "7", pays("delta", 50_00)).has(201, "{}")
	h.shop.refundsTo("f:6", "w:1").has(201, "{}")
	h.office.transfers("t:1", "customer:7", other.id).has(201, pays1("to_balance", 560_00))
	h.till.cashesOut("o:5", other).wants(201, cashed("o:5", 510_00, 50_00))
}

// X12, X02: a reload whose money was spent is not handed back in cash because goodwill has come in its place.
func TestAReloadIsNotHandedBackOutOfGoodwill(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(100_00, danish)
	reload := members(says("code", c.code), pays("amount", 200_00), says("receipt", "R-2"), says("tender", "cash"))
	h.till.asks("PUT", "/v1/reloads/l:1", reload).has(201, pays1("balance", 300_00))
	h.till.redeems("r:1", c, 250_00).has(201, "{}")
	h.office.adjusts("a:1", c, pays("delta", 150_00)).has(201, pays1("balance", 200_00))
	h.unchanged("the reload", func() { h.till.asks("DELETE", "/v1/reloads/l:1", "").refuses(409, "not_reversible") })
	h.till.refundsTo("f:1", "r:1", pays("amount", 150_00)).has(201, "{}")
	h.till.asks("DELETE", "/v1/reloads/l:1", "").wants(200, `{"outcome":"reversed"}`)
	h.till.asks("DELETE", "/v1/reloads/l:1", "").wants(200, `{"outcome":"reversed"}`)
	h.unchanged("the rest", func() { h.till.cashesOut("o:1", c).refuses(409, "cash_out_not_allowed") })
}

// X12, X02: goodwill that is moved, spent and taken back, in whatever order, takes nobody the cash that he has paid for.
func TestGoodwillThatIsTakenBackTakesNoCashAway(t *testing.T) {
	t.Parallel()
	h := open(t)
	undone := func(paths ...string) {
		for _, path := range paths {
			h.office.asks("DELETE", "/v1/"+path, "").has(200, `{"outcome":"reversed"}`)
		}
	}
	spends := h.issues(500_00, danish)
	h.office.adjusts("a:1", spends, pays("delta", 100_00)).has(201, "{}")
	h.till.redeems("r:1", spends, 100_00).has(201, "{}")
	undone("adjustments/a:1")
	h.till.asks("DELETE", "/v1/redemptions/r:1", "").has(200, `{"outcome":"reversed"}`)
	h.till.cashesOut("o:1", spends).wants(201, cashed("o:1", 500_00, 0))

	moves, given := h.issues(500_00, danish), h.thanks("2")
	h.office.transfers("t:2", given.id, moves.id, pays("amount", 300_00)).has(201, "{}")
	h.office.transfers("t:3", moves.id, given.id, pays("amount", 400_00)).has(201, "{}")
	undone("transfers/t:2", "transfers/t:3")
	h.till.cashesOut("o:2", given).refuses(409, "cash_out_not_allowed")
	h.till.cashesOut("o:3", moves).wants(201, cashed("o:3", 500_00, 0))
}
