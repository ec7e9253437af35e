package api_test

import (
	"testing"
	"time"
)

// redeemed is a redemption at a till as it is answered.
func redeemed(key string, amount, balance, rest int64) string {
	return members(`"redemption":`+actOf(key, amount), pays("balance", balance), pays("remaining_due", rest), says("vat", "multi_purpose"))
}

func TestRedeem(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	first := h.till.redeems("t:1", c, 120_00, pays("order_total", 200_00), cash(80_00)).wants(201, redeemed("t:1", 120_00, 380_00, 0))
	again := h.till.redeems("t:1", c, 120_00, pays("order_total", 200_00), cash(80_00))
	if again.status != 200 || again.text != first.text {
		t.Errorf("the same again is %d %s; want %s", again.status, again.text, first.text)
	}
	h.till.redeems("t:1", c, 120_01, pays("order_total", 200_00), cash(80_00)).refuses(422, "key_reused")
	h.till.redeems("t:1", h.issues(500_00), 120_00, pays("order_total", 200_00), cash(80_00)).refuses(422, "key_reused")
	h.till.redeems("t:1", h.unknown(), 120_00).refuses(422, "key_reused")
	h.mayRelease.redeems("t:1", c, 80_00).wants(201, redeemed("t:1", 80_00, 300_00, 0))

	h.till.redeems("t:2", c, 400_00).refuses(409, "insufficient_balance", pays("available", 300_00))
	h.till.redeems("t:2", c, 400_00, `"allow_partial":true`).wants(201, redeemed("t:2", 300_00, 0, 100_00))
	h.till.looksUp(c).has(200, members(`"voucher":`+voucherOf(c, "depleted"), pays("available", 0)))
	h.till.redeems("t:3", c, 1, `"allow_partial":true`).refuses(409, "insufficient_balance", pays("available", 0))
	h.shop.reserves("w:1", c, "cart-1", 1).refuses(409, "insufficient_balance", pays("available", 0))
	h.till.redeems("t:4", h.issues(100_00), 1_00, `"amount":{"amount":1,"currency":"EUR"}`).refuses(400, "invalid_request", `"field":"amount"`)
}

// E20, X04: staff see who holds the code, since when, until when and what frees it; a shop sees until when.
func TestAHeldCodeIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	until := says("held_until", h.shop.reserves("w:1", c, "order-2026-001042", 100_00).at("expires_at"))
	by := func(channel, holder string) string {
		return `"held_by":` + members(says("channel", channel), says("holder", holder), `"since":"*"`)
	}
	for _, who := range []*caller{h.till, h.mayRelease} {
		who.redeems("t:1", c, 10_00).refuses(409, "held_elsewhere", until, by("webshop", "001042"), `"released_by":"*"`)
		who.redeems("t:1", c, 10_00, `"allow_partial":true`).refuses(409, "held_elsewhere", until, by("webshop", "001042"), `"released_by":"*"`)
		who.reserves("t:1", c, "", 10_00).refuses(409, "held_elsewhere", until, by("webshop", "001042"), `"released_by":"*"`)
	}
	h.office.quotes(1_00, `"codes":["`+c.code+`"]`).refuses(409, "held_elsewhere", until, by("webshop", "001042"), `"released_by":"*"`)
	for _, who := range []*caller{h.shop, h.other} {
		who.reserves("w:2", c, "cart-2", 10_00).refuses(409, "held_elsewhere", until)
	}
	h.other.reserves("w:1", c, "order-2026-001042", 10_00).refuses(409, "held_elsewhere", until)
	h.shop.releases("w:1")
	until = says("held_until", h.till.reserves("t:1", c, "", 10_00).at("expires_at"))
	h.mayRelease.redeems("t:1", c, 10_00).refuses(409, "held_elsewhere", until, by("till", "till-1"), `"released_by":"*"`)
	h.shop.reserves("w:1", c, "cart-1", 10_00).refuses(409, "held_elsewhere", until)
	h.leaves(c, 500_00)
}

func TestARegisterRedeemsWhatItHolds(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.till.reserves("t:1", c, "", 100_00)
	h.till.redeems("r:1", c, 150_00).wants(201, redeemed("r:1", 150_00, 350_00, 0))
	h.till.shows("t:1").has(200, `{"state":"captured"}`)
	h.till.captures("t:1", "R-1").refuses(409, "reservation_ended", pays("uncovered", 150_00))
	h.mayRelease.redeems("r:1", c, 50_00).wants(201, redeemed("r:1", 50_00, 300_00, 0))
}

// A register with the right frees a webshop's reservation for the customer who stands there, and it is noted who did.
func TestReleaseForeign(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "order-1042", 100_00)
	before := h.books()
	h.till.frees(c).refuses(403, "channel_not_allowed")
	h.shop.frees(c).refuses(403, "channel_not_allowed")
	h.mayRelease.frees(h.unknown()).refuses(404, "voucher_not_found")
	if after := h.books(); after != before {
		t.Errorf("a refusal changed something: %s, then %s", before, after)
	}
	h.mayRelease.frees(c).wants(200, `{"outcome":"released","state":"voided"}`)
	audited := h.reads(`SELECT string_agg(actor || '|' || action || '|' || object || '|' || detail::text, ';') FROM audit`)
	if want := `till:till-2 (key id-of-till-2)|release_foreign|` + c.id + `|{"reason": "stands here with it"}`; audited != want {
		t.Errorf("audited %s; want %s", audited, want)
	}
	h.mayRelease.frees(c).wants(200, `{"outcome":"unchanged","state":"none"}`)
	h.shop.shows("w:1").has(200, `{"state":"voided"}`)
	h.mayRelease.redeems("t:1", c, 450_00).wants(201, redeemed("t:1", 450_00, 50_00, 0))
	h.shop.captures("w:1", "A-1").refuses(409, "reservation_superseded", pays("uncovered", 100_00))
	h.shop.reserves("w:1", c, "order-1042", 50_00).has(201, `{"reopened":true}`)
	h.office.asks("POST", "/v1/reservations/release-foreign", members(says("code", c.code), says("reason", "called"), `"buyer":{"ip":"203.0.113.9"}`)).
		wants(200, `{"outcome":"released","state":"voided"}`)
}

// reloaded is a reload as it is answered.
func reloaded(key string, amount, balance int64) string {
	return members(`"reload":`+actOf(key, amount), pays("balance", balance))
}

// E23, E24: reloads are for the till and the office, never for the shop.
func TestReload(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	c := h.issues(500_00)
	first := h.till.reloads("l:1", c, 100_00).wants(201, reloaded("l:1", 100_00, 600_00))
	if again := h.till.reloads("l:1", c, 100_00); again.status != 200 || again.text != first.text {
		t.Errorf("the same again is %d %s; want %s", again.status, again.text, first.text)
	}
	h.till.reloads("l:1", c, 90_00).refuses(422, "key_reused")
	h.office.reloads("l:1", c, 50_00).wants(201, reloaded("l:1", 50_00, 650_00))
	h.shop.reloads("l:2", c, 100_00).refuses(403, "channel_not_allowed")
	h.shop.reserves("w:1", c, "cart-1", 650_00)
	h.till.reloads("l:3", c, 10_00).wants(201, reloaded("l:3", 10_00, 660_00))
	h.shop.shows("w:1").has(200, members(pays("amount", 650_00)))
	h.till.reloads("l:4", c, 9_340_01).refuses(409, "above_limit")
	h.till.reloads("l:4", c, 10_000_01).refuses(400, "invalid_request", `"field":"amount.amount"`)
	h.till.reloads("l:4", c, 9_340_00).wants(201, reloaded("l:4", 9_340_00, 10_000_00))
	h.leaves(c, 10_000_00)

	gone := h.issues(100_00)
	h.expires(gone)
	h.till.reloads("l:5", gone, 10_00).refuses(409, "expired")
	h.leaves(gone, 100_00)
	euro := h.issues(100_00, of("EUR"))
	h.till.reloads("l:6", euro, 10_00).refuses(409, "currency_mismatch")
}

func TestAReloadOfAUsedUpVoucherMakesItYoungAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.till.redeems("t:1", c, 500_00)
	before := h.till.looksUp(c).at("voucher", "expires_on")
	h.passes(400 * 24 * time.Hour)
	h.till.reloads("l:1", c, 10_00).wants(201, reloaded("l:1", 10_00, 10_00))
	h.till.looksUp(c).has(200, members(`"voucher":`+voucherOf(c, "active")))
	if after := h.till.looksUp(c).at("voucher", "expires_on"); after <= before {
		t.Errorf("valid through %s; it was %s before", after, before)
	}
}

// refunded is a refund as it is answered.
func refunded(key string, amount, balance int64) string {
	return members(`"refund":`+actOf(key, amount), pays("balance", balance))
}

// X01: a redemption goes back where it came from, never more than it was.
func TestRefund(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	id := h.shop.captures("w:1", "A-1").at("redemption", "id")
	first := h.shop.refunds("r:1", "w:1", pays("amount", 100_00)).wants(201, refunded("r:1", 100_00, 300_00))
	if again := h.shop.refunds("r:1", "w:1", pays("amount", 100_00)); again.status != 200 || again.text != first.text {
		t.Errorf("the same again is %d %s; want %s", again.status, again.text, first.text)
	}
	h.shop.refunds("r:1", "w:1").refuses(422, "key_reused")
	h.shop.refunds("r:2", "w:1", pays("amount", 200_01)).refuses(409, "insufficient_balance", pays("available", 200_00))
	h.shop.refunds("r:2", id).refuses(404, "not_found")
	h.shop.refunds("r:2", "w:1", `"amount":{"amount":1,"currency":"EUR"}`).refuses(409, "currency_mismatch")

	h.other.reserves("o:1", c, "cart-9", 300_00).has(201, `{"state":"active"}`)
	h.till.refunds("r:2", id, pays("amount", 50_00)).wants(201, refunded("r:2", 50_00, 350_00))
	h.office.refunds("r:3", id).wants(201, refunded("r:3", 150_00, 500_00))
	h.till.refunds("r:4", id).refuses(409, "insufficient_balance", pays("available", 0))
	h.till.refunds("r:4", "w:1").refuses(404, "not_found")
	h.till.refunds("r:4", "00000000-0000-4000-8000-000000000000").refuses(404, "not_found")
	h.other.shows("o:1").has(200, members(pays("amount", 300_00)))
}

func TestARefundToAnExpiredAndToAnInvalidatedVoucher(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	gone, ended := h.issues(500_00), h.issues(500_00)
	h.till.redeems("t:1", gone, 500_00)
	h.till.redeems("t:2", ended, 500_00)
	h.expires(gone)
	h.invalidates(ended)
	h.till.refunds("r:1", "t:1").wants(201, refunded("r:1", 500_00, 500_00))
	h.till.redeems("t:3", gone, 500_00).wants(201, redeemed("t:3", 500_00, 0, 0))
	h.till.refunds("r:2", "t:2").refuses(409, "invalidated")
	h.leaves(ended, 0)
}
