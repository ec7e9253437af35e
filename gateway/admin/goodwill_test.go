package admin_test

import (
	"testing"

	"vouchsafe/retail/voucher"
)

// danish vouchers may be paid out to whoever asks.
func danish(v *voucher.Voucher) { v.Country, v.OwedFor = "DK", 1 }

// cashesOut asks for a voucher's value in cash.
func (c *caller) cashesOut(key string, of card) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/cash-outs/"+key, members(says("code", of.code), says("receipt", "R-9"), because))
}

// cashed is the answer: what the customer got, and what is left.
func cashed(key string, minor, left int64) string {
	return members(`"cash_out":`+members(says("key", key), `"id":"*"`, pays("amount", minor), pays("fee", 0)), pays("balance", left))
}

// X12, A25, A31: goodwill never becomes cash, whichever way it takes: booked on the card itself, or on a customer's account, and moved on
// from card to card. What was paid for stays so on its way.
func TestGoodwillNeverBecomesCash(t *testing.T) {
	t.Parallel()
	h := open(t)
	sold, aunts, other, empty := h.issues(500_00, danish), h.issues(100_00, danish), h.issues(50_00, danish), h.issues(10_00, danish)
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 300_00)).has(201, "{}")
	h.office.transfers("t:1", "customer:7", sold.id, pays("amount", 300_00)).has(201, "{}")
	h.office.adjusts("a:2", aunts, pays("delta", 40_00)).has(201, "{}")
	h.till.redeems("r:1", empty, 10_00).has(201, "{}")
	h.office.transfers("t:2", "customer:7", empty.id, pays("amount", 1)).refuses(409, "insufficient_balance", pays("available", 0))
	h.office.grants("a:3", "7", pays("delta", 60_00)).has(201, "{}")
	h.office.transfers("t:3", "customer:7", empty.id).has(201, "{}")
	h.unchanged("cash for what was given", func() { h.till.cashesOut("o:0", empty).refuses(409, "cash_out_not_allowed") })

	h.office.transfers("t:4", sold.id, aunts.id, pays("amount", 400_00)).has(201, "{}")  // 300 of it given, 100 paid for
	h.office.transfers("t:5", aunts.id, other.id, pays("amount", 440_00)).has(201, "{}") // 340 given, 100 paid for
	h.till.cashesOut("o:1", sold).wants(201, cashed("o:1", 400_00, 0))
	h.till.cashesOut("o:2", aunts).wants(201, cashed("o:2", 100_00, 0))
	h.till.cashesOut("o:3", other).wants(201, cashed("o:3", 150_00, 340_00))
	h.till.cashesOut("o:3", other).wants(200, cashed("o:3", 150_00, 340_00))
	h.till.cashesOut("o:4", other).refuses(409, "cash_out_not_allowed")
	h.till.redeems("r:2", other, 340_00).has(201, pays1("balance", 0))
	h.till.asks("DELETE", "/v1/cash-outs/o:3", "").wants(200, `{"outcome":"reversed"}`)
	h.till.cashesOut("o:5", other).wants(201, cashed("o:5", 150_00, 0))
}
