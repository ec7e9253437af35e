package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// voucherOf is a card as every answer shows it.
func voucherOf(c card, state string) string {
	return fmt.Sprintf(`{"id":%q,"last4":%q,"kind":"money","state":%q,"mode":"card","product":"CARD-500","expires_on":"*","vat":"multi_purpose"}`, c.id, c.last4, state)
}

// reservationOf is a reservation as it is answered, for a voucher that can be used.
func reservationOf(c card, key, state string, amount, rest int64, more ...string) string {
	return members(append(more, says("key", key), says("state", state), `"voucher":`+voucherOf(c, "active"), pays("amount", amount),
		pays("remaining_due", rest), fmt.Sprintf(`"payment_required":%v`, rest > 0), `"expires_at":"*"`)...)
}

const (
	fresh    = `"resumed":false`
	resumed  = `"resumed":true`
	reopened = `"resumed":false,"reopened":true`
)

// E12, E15: what a code holds, and what of it is reserved.
func TestBalanceShowsWhatIsThereAndConsumesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	before := h.books()
	for _, who := range []*caller{h.shop, h.till, h.office} {
		who.looksUp(c).wants(200, members(`"voucher":`+voucherOf(c, "active"), pays("balance", 500_00), pays("reserved", 0), pays("available", 500_00)))
	}
	lower := card{code: strings.ToLower(strings.ReplaceAll(c.code, "-", " "))} // A08: as somebody types it
	h.till.looksUp(lower).has(200, members(pays("balance", 500_00)))
	if after := h.books(); after != before {
		t.Errorf("looking changed something: %s, then %s", before, after)
	}
	until := h.shop.reserves("w:1", c, "cart-1", 120_00).at("expires_at")
	h.till.looksUp(c).wants(200, members(`"voucher":`+voucherOf(c, "active"), pays("balance", 500_00), pays("reserved", 120_00),
		pays("available", 380_00), says("reserved_until", until)))
}

// E14: no method of payment is needed when the code covers it all.
func TestQuoteReckonsAndConsumesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(300_00), h.issues(500_00)
	line := func(c card, available, covers int64) string {
		return members(`"voucher":`+voucherOf(c, "active"), pays("available", available), pays("covers", covers))
	}
	codes := func(of ...card) string {
		var quoted []string
		for _, c := range of {
			quoted = append(quoted, `"`+c.code+`"`)
		}
		return `"codes":[` + strings.Join(quoted, ",") + `]`
	}
	before := h.books()
	h.shop.quotes(200_00, codes(a)).wants(200, members(pays("covered", 200_00), pays("remaining_due", 0), `"payment_required":false`,
		`"lines":[`+line(a, 300_00, 200_00)+`]`))
	h.till.quotes(900_00, codes(a, b, a)).wants(200, members(pays("covered", 800_00), pays("remaining_due", 100_00), `"payment_required":true`,
		`"lines":[`+line(a, 300_00, 300_00)+","+line(b, 500_00, 500_00)+`]`))
	h.shop.quotes(0, codes(a)).has(200, members(pays("covered", 0), `"payment_required":false`))
	h.shop.quotes(100, codes(a), `"buyer":{"ip":"203.0.113.9"}`).has(200, members(pays("covered", 100)))
	if after := h.books(); after != before {
		t.Errorf("a quote changed something: %s, then %s", before, after)
	}
	h.shop.reserves("w:1", a, "cart-1", 300_00)
	h.shop.quotes(200_00, codes(a), says("holder", "cart-1")).has(200, members(pays("covered", 200_00)))
	h.shop.quotes(200_00, codes(a), says("holder", "cart-2")).refuses(409, "held_elsewhere", `"held_until":"*"`)
	h.shop.quotes(200_00, codes(a, h.unknown())).refuses(409, "held_elsewhere", `"held_until":"*"`)
	h.shop.quotes(200_00, codes(b, h.unknown())).refuses(422, "cannot_be_applied")
}

// E13, E18, E19: a code is reserved as a whole, for its holder, for 24 hours.
func TestReserve(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, c := range []struct {
		name         string
		due          int64
		asked        string
		amount, rest int64
	}{
		{"all that is due", 120_00, "", 120_00, 0},
		{"all there is", 800_00, "", 500_00, 300_00},
		{"a part that was asked for", 400_00, pays("amount", 100_00), 100_00, 300_00},
		{"nothing is due", 0, "", 0, 0},
	} {
		key := "w:" + strings.ReplaceAll(c.name, " ", "-")
		of := h.issues(500_00)
		h.shop.reserves(key, of, "cart "+c.name, c.due, c.asked).wants(201, reservationOf(of, key, "active", c.amount, c.rest, fresh))
		h.shop.shows(key).wants(200, reservationOf(of, key, "active", c.amount, c.rest, fresh))
		h.shop.finds("cart "+c.name).wants(200, `{"items":[`+reservationOf(of, key, "active", c.amount, c.rest, fresh)+`]}`)
		h.leaves(of, 500_00)
	}
	own := h.issues(500_00)
	h.till.reserves("t:1", own, "", 50_00).wants(201, reservationOf(own, "t:1", "active", 50_00, 0, fresh))
	h.till.finds("").wants(200, `{"items":[`+reservationOf(own, "t:1", "active", 50_00, 0, fresh)+`]}`)
	h.mayRelease.finds("").wants(200, `{"items":[]}`)
}

// E21: a crashed browser, a second tab and a changed cart find the reservation again; nothing prolongs it.
func TestAReservationIsResumedReplacedAndMovedWithoutBeingProlonged(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	until := says("expires_at", h.shop.reserves("w:1", c, "cart-1", 120_00).at("expires_at"))
	h.passes(time.Hour)
	h.shop.reserves("w:1", c, "cart-1", 120_00).wants(200, reservationOf(c, "w:1", "active", 120_00, 0, fresh)).has(200, members(until))
	h.shop.reserves("w:1", c, "cart-1", 700_00).wants(200, reservationOf(c, "w:1", "active", 500_00, 200_00, fresh)).has(200, members(until))
	h.rotated.reserves("w:2", c, "cart-1", 200_00).wants(200, reservationOf(c, "w:2", "active", 200_00, 0, resumed)).has(200, members(until))
	h.shop.reserves("w:2", c, "cart-1", 200_00).wants(200, reservationOf(c, "w:2", "active", 200_00, 0, resumed))
	h.shop.shows("w:2").wants(200, reservationOf(c, "w:2", "active", 200_00, 0, resumed)).has(200, members(until))
	h.shop.shows("w:1").wants(200, reservationOf(c, "w:1", "active", 200_00, 0, fresh)).has(200, members(until))

	h.shop.reserves("w:1", c, "order-17", 200_00).wants(200, reservationOf(c, "w:1", "active", 200_00, 0, fresh)).has(200, members(until))
	h.shop.finds("cart-1").wants(200, `{"items":[]}`)
	h.shop.finds("order-17").has(200, `{"items":[`+reservationOf(c, "w:1", "active", 200_00, 0, fresh)+`]}`)
	h.shop.reserves("w:3", c, "cart-1", 200_00).refuses(409, "held_elsewhere", `"held_until":"*"`)
	h.shop.reserves("w:1", h.issues(100_00), "order-17", 200_00).refuses(422, "key_reused")
}

func TestAnOlderRevisionChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 120_00, `"revision":7`).has(201, members(pays("amount", 120_00)))
	h.shop.reserves("w:1", c, "cart-2", 300_00, `"revision":6`).wants(200, reservationOf(c, "w:1", "active", 120_00, 0, fresh))
	h.shop.reserves("w:1", c, "cart-1", 300_00, `"revision":8`).wants(200, reservationOf(c, "w:1", "active", 300_00, 0, fresh))
	h.shop.releases("w:1").wants(200, `{"outcome":"released","state":"released"}`)
	h.shop.reserves("w:1", c, "cart-1", 120_00, `"revision":7`).wants(200, reservationOf(c, "w:1", "released", 300_00, 0, fresh))
	h.shop.reserves("w:1", c, "cart-1", 120_00, `"revision":9`).wants(201, reservationOf(c, "w:1", "active", 120_00, 0, reopened))
}

func TestAReleasedOrExpiredReservationOpensAnewUnderItsKey(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	first := h.shop.reserves("w:1", c, "cart-1", 120_00).at("expires_at")
	h.shop.releases("w:1").wants(200, `{"outcome":"released","state":"released"}`)
	h.shop.shows("w:1").wants(200, reservationOf(c, "w:1", "released", 120_00, 0, fresh))
	h.shop.reserves("w:1", c, "cart-1", 130_00).wants(201, reservationOf(c, "w:1", "active", 130_00, 0, reopened))

	h.passes(24*time.Hour + time.Minute)
	h.shop.shows("w:1").wants(200, reservationOf(c, "w:1", "expired", 130_00, 0, fresh))
	h.shop.finds("cart-1").wants(200, `{"items":[]}`)
	second := h.shop.reserves("w:1", c, "cart-1", 140_00).wants(201, reservationOf(c, "w:1", "active", 140_00, 0, reopened)).at("expires_at")
	if first >= second {
		t.Errorf("opened anew until %s, which is not after %s", second, first)
	}
	h.shop.releases("w:1")
	h.other.reserves("o:1", c, "cart-9", 10_00).has(201, `{"state":"active"}`)
	h.shop.reserves("w:1", c, "cart-1", 140_00).refuses(409, "held_elsewhere", `"held_until":"*"`)
}

// X02: a release never fails and never undoes a capture; after a DELETE the key stays shut.
func TestReleaseAndDelete(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.releases("never").wants(200, `{"outcome":"unchanged","state":"none"}`)
	h.shop.reserves("never", c, "cart-1", 10_00).has(201, `{"state":"active"}`)
	h.shop.forgets("never").wants(200, `{"outcome":"released","state":"released"}`)
	h.shop.forgets("never").has(200, `{"outcome":"unchanged"}`)
	h.shop.reserves("never", c, "cart-1", 10_00).refuses(409, "prevented")

	h.shop.forgets("early").wants(200, `{"outcome":"prevented","state":"prevented"}`)
	h.shop.forgets("early").wants(200, `{"outcome":"prevented","state":"prevented"}`)
	h.shop.releases("early").wants(200, `{"outcome":"prevented","state":"prevented"}`)
	h.shop.shows("early").has(200, `{"key":"early","state":"prevented","voucher":null,"amount":null}`)
	h.shop.reserves("early", c, "cart-1", 10_00).refuses(409, "prevented")
	h.shop.reserves("early", h.unknown(), "cart-1", 10_00).refuses(409, "prevented")
	h.shop.captures("early", "A-1").refuses(404, "reservation_not_found")

	h.shop.reserves("w:1", c, "cart-1", 10_00)
	h.shop.captures("w:1", "A-1").has(200, `{"late":false}`)
	h.shop.releases("w:1").wants(200, `{"outcome":"unchanged","state":"captured"}`)
	h.shop.forgets("w:1").wants(200, `{"outcome":"unchanged","state":"captured"}`)
	h.shop.reserves("w:1", c, "cart-2", 400_00).wants(200, reservationOf(c, "w:1", "captured", 10_00, 0, fresh))
	h.shop.shows("w:1").wants(200, reservationOf(c, "w:1", "captured", 10_00, 0, fresh))
	h.leaves(c, 490_00)

	h.shop.reserves("w:2", c, "cart-1", 10_00)
	h.passes(25 * time.Hour)
	h.shop.releases("w:2").wants(200, `{"outcome":"unchanged","state":"expired"}`)
}

// D09: a quote promises no more codes than the holder may reserve, or the shop would hide the payment of an order that it can't place.
func TestAQuoteCountsTheCodesOfAnOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(100_00), h.issues(100_00)
	codes := func(cards ...card) string {
		var named []string
		for _, c := range cards {
			named = append(named, `"`+c.code+`"`)
		}
		return `"codes":[` + strings.Join(named, ",") + `]`
	}
	cart := says("holder", "cart-1")
	h.shop.quotes(200_00, codes(a, b)).refuses(409, "too_many_vouchers")
	h.shop.quotes(200_00, codes(a, b), cart).refuses(409, "too_many_vouchers")
	h.shop.quotes(200_00, codes(a, a), cart).has(200, members(pays("covered", 100_00)))
	h.till.quotes(200_00, codes(a, b)).has(200, members(pays("covered", 200_00)))
	h.shop.reserves("w:1", a, "cart-1", 100_00).has(201, "{}")
	h.shop.quotes(200_00, codes(a), cart).has(200, members(pays("covered", 100_00)))
	h.shop.quotes(200_00, codes(b), cart).refuses(409, "too_many_vouchers")
	h.shop.quotes(200_00, codes(b), says("holder", "cart-2")).has(200, members(pays("covered", 100_00)))
	h.shop.releases("w:1")
	h.shop.quotes(200_00, codes(b), cart).has(200, members(pays("covered", 100_00)))
}

// D09: how many codes one holder of a shop may reserve.
func TestCodesPerHolder(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(100_00), h.issues(100_00)
	h.shop.reserves("w:1", a, "cart-1", 150_00)
	h.shop.reserves("w:2", b, "cart-1", 50_00).refuses(409, "too_many_vouchers")
	h.shop.reserves("w:2", b, "cart-2", 50_00).has(201, `{"state":"active"}`)
	h.shop.reserves("w:2", b, "cart-1", 50_00).refuses(409, "too_many_vouchers")
	h.shop.releases("w:1")
	h.shop.reserves("w:2", b, "cart-1", 50_00).has(200, `{"state":"active"}`)
	h.till.reserves("t:1", a, "", 10_00).has(201, `{"state":"active"}`)
	h.till.reserves("t:2", h.issues(100_00), "", 10_00).has(201, `{"state":"active"}`)
}
