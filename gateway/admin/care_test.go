package admin_test

import (
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// E22: an invalidated voucher is worth nothing, nowhere, for good.
func TestInvalidate(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.office.does("invalidate", c, says("reason", "stolen")).has(200, members(says("state", "invalidated"), pays("balance", 0), pays("available", 0)))
	h.till.redeems("t:1", c, 1_00).refuses(409, "invalidated")
	h.shop.reserves("w:1", c, "cart", 1_00).refuses(422, "cannot_be_applied")
	if got, want := h.audited(c), `invalidate {"reason": "stolen"}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	h.unchanged("an end of what is ended", func() {
		h.office.does("invalidate", c, says("reason", "again")).has(200, says1("state", "invalidated"))
	})
	for _, act := range []string{"block", "unblock", "activate"} {
		h.office.does(act, c).refuses(409, "invalidated")
	}
	h.office.does("replace", c, because).refuses(409, "invalidated")
	h.office.does("extend", c, because, says("expires_on", "2040-01-01")).refuses(409, "invalidated")
}

// Whoever asks first, as a page does, sees for whom a voucher is held, and for how much, before it is ended; an end without the question
// wins over the reservation.
func TestTheOfficeSeesWhoIsLeftShortBeforeItEndsAReservedVoucher(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	until := says("held_until", h.shop.reserves("w:1", c, "order-2026-001042", 120_00).at("expires_at"))
	h.unchanged("an end that is not confirmed", func() {
		h.office.does("invalidate", c, because, `"confirm_live":false`).refuses(409, "held_elsewhere", until, pays("amount", 120_00),
			`"held_by":`+members(says("channel", "webshop"), says("holder", "001042"), `"since":"*"`), `"released_by":"*"`)
	})
	h.office.does("invalidate", c, because).has(200, members(says("state", "invalidated"), `"reservation":null`))
	h.shop.captures("w:1", "A-1").refuses(409, "invalidated", pays("uncovered", 120_00))
	if got := h.reads(`SELECT string_agg(reason, ';') FROM task WHERE kind = 'short_order'`); !strings.Contains(got, "order A-1 is short by 120.00 DKK") {
		t.Errorf("the office has %q", got)
	}
}

// E22: the mail that would still bring the code of an ended voucher is cancelled.
func TestAnEndCancelsTheMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	h.office.does("invalidate", c, because).has(200, says1("state", "invalidated"))
	if got, want := h.sent(c), "code cancelled the voucher was invalidated"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheOfficeLiftsItsOwnBlockAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	h.office.does("block", c, because).has(200, `{"state":"active","blocked_by":["office"]}`)
	h.till.redeems("t:1", c, 1_00).refuses(409, "blocked")
	h.unchanged("a second block", func() { h.office.does("block", c).has(200, `{"blocked_by":["office"]}`) })
	h.tells(order("1042", 1, withStatus(purchase.Cancelled)))
	h.office.sees(c).has(200, `{"blocked_by":["order","office"]}`)
	h.office.does("unblock", c).has(200, `{"blocked_by":["order"]}`)
	h.unchanged("to lift the order's block", func() { h.office.does("unblock", c).has(200, `{"blocked_by":["order"]}`) })
	h.till.redeems("t:1", c, 1_00).refuses(409, "blocked")
	h.tells(order("1042", 2))
	h.till.redeems("t:1", c, 1_00).has(201, members(pays("balance", 499_00)))
	if got, want := h.audited(c), "block {\"reason\": \"a customer called\"}\nunblock {}"; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}

// A13: what the product keeps back the office activates.
func TestActivate(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, of("CARD-MANUAL")))[0]
	h.till.redeems("t:1", c, 1_00).refuses(409, "not_active")
	h.office.does("activate", c).has(200, says1("state", "active"))
	h.unchanged("to activate it again", func() { h.office.does("activate", c).has(200, says1("state", "active")) })
	h.till.redeems("t:1", c, 1_00).has(201, members(pays("balance", 499_00)))
}

// X22: validity only moves to a later day.
func TestExtend(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	was := h.office.sees(c).at("expires_on")
	ended, err := voucher.ParseDate(was)
	h.must(err)
	later := voucher.Date{Year: ended.Year + 1, Month: ended.Month, Day: ended.Day}.String()
	h.unchanged("a day that is no later", func() {
		h.office.does("extend", c, because, says("expires_on", "2026-01-01")).refuses(400, "invalid_request", `"field":"expires_on"`)
		h.office.does("extend", c, because, says("expires_on", was)).has(200, says1("expires_on", was))
	})
	h.office.does("extend", c, because, says("expires_on", later)).has(200, says1("expires_on", later))
	if got, want := h.audited(c), `extend {"reason": "a customer called", "expires_on": "`+later+`"}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	h.passes(4*366*24*time.Hour - 30*24*time.Hour)
	h.till.redeems("t:1", c, 1_00).has(201, members(pays("balance", 499_00)))
}

// 3.5: a quarantine shows both versions, and is lifted above the one that was acknowledged.
func TestAQuarantineIsShownAndLifted(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	c := h.issues(500_00)
	h.unchanged("to lift what is not in quarantine", func() {
		h.office.does("lift", c, because).has(200, `{"quarantined":false,"quarantine":null}`)
	})
	h.forgets(c, 99)
	h.till.redeems("t:1", c, 1_00).refuses(409, "quarantined")
	h.office.sees(c).has(200, `{"quarantined":true,"quarantine":{"version":1,"witness":99},"version":1}`)
	h.office.does("invalidate", c, because).has(200, `{"state":"invalidated"}`)
	c = h.issues(500_00)
	h.forgets(c, 99)
	h.must(h.redis.FlushAll(h.t.Context()).Err()) // what was noted when it began counts too
	h.office.sees(c).has(200, `{"quarantine":{"version":1,"witness":99}}`)
	h.office.does("lift", c, because).has(200, `{"quarantined":false,"quarantine":null,"version":100}`)
	if got, want := h.audited(c), `lift {"reason": "a customer called", "witness": 99}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
	if got := h.reads(`SELECT coalesce(string_agg(closed_reason, ','), '') FROM task WHERE kind = 'quarantine' AND subject = $1`, c.id); got != "lifted" {
		t.Errorf("its task is closed for %q", got)
	}
	h.till.redeems("t:2", c, 1_00).has(201, members(pays("balance", 499_00)))
}

func TestAVoucherThatDoesNotExistIsNotFound(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, none := range []card{{id: "01890a5d-ac96-774b-bcce-b302099a8057"}, {id: "none"}, {id: h.issues(1).code}} {
		h.office.sees(none).refuses(404, "voucher_not_found")
		h.office.asks("GET", "/v1/admin/vouchers/"+none.id+"/history", "").refuses(404, "voucher_not_found")
		h.office.asks("GET", "/v1/admin/vouchers/"+none.id+"/document.pdf", "").refuses(404, "voucher_not_found")
		for _, act := range []string{"activate", "block", "unblock", "invalidate", "lift", "replace"} {
			h.office.does(act, none, because).refuses(404, "voucher_not_found")
		}
		h.office.does("resend", none).refuses(404, "voucher_not_found")
		h.office.does("extend", none, because, says("expires_on", "2040-01-01")).refuses(404, "voucher_not_found")
		h.office.gives(none, says("email", "a@example.dk")).refuses(404, "voucher_not_found")
		h.office.adjusts("a:1", none, pays("delta", 1)).refuses(404, "voucher_not_found")
	}
}
