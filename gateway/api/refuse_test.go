package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/throttle"
	"vouchsafe/retail/voucher"
)

// unusable are the codes that nobody can be granted anything of, by what a till is told of them.
func unusable(h *house) map[string]card {
	cards := map[string]card{
		"voucher_not_found": h.unknown(),
		"not_active":        h.issues(100_00, in(voucher.Issued)),
		"blocked":           h.issues(100_00),
		"invalidated":       h.issues(100_00),
		"expired":           h.issues(100_00),
		"claimed":           h.issues(0, in(voucher.Claimed)),
		"quarantined":       h.issues(100_00),
		"claim_required":    h.issues(100_00, claimable),
	}
	h.blocks(cards["blocked"])
	h.invalidates(cards["invalidated"])
	h.expires(cards["expired"])
	h.runs(`UPDATE voucher SET quarantined = true WHERE id = $1`, cards["quarantined"].id)
	return cards
}

// X04: staff are told why a code can't be used; a shop gets one answer, the same to the byte but for the request's id.
func TestWhyACodeCannotBeUsedIsToldToStaffAlone(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	cards := unusable(h)
	cards["misspelt"] = card{code: "no code at all, and too long for one: 0123456789012345678901234567890"}
	constant := ""
	for why, c := range cards {
		code, status := why, 409
		if why == "voucher_not_found" || why == "misspelt" {
			code, status = "voucher_not_found", 404
		}
		before := h.books()
		quoted := `"codes":["` + c.code + `"]`
		for _, got := range []*reply{
			h.till.redeems("t:1", c, 10_00), h.till.redeems("t:1", c, 10_00, `"allow_partial":true`), h.till.reserves("t:1", c, "", 10_00),
			h.till.quotes(1_00, quoted), h.office.quotes(1_00, quoted), h.till.reloads("l:1", c, 1_00), h.office.reloads("l:1", c, 1_00),
		} {
			got.refuses(status, code)
		}
		for _, got := range []*reply{
			h.shop.looksUp(c), h.shop.quotes(1_00, quoted), h.shop.reserves("w:1", c, "cart-1", 10_00), h.other.reserves("w:1", c, "cart-1", 0),
		} {
			got.refuses(422, "cannot_be_applied")
			text := strings.Replace(got.text, got.at("request_id"), "…", 1)
			if constant == "" {
				constant = text
			}
			if text != constant || got.header.Get("Retry-After") != "" {
				t.Errorf("%s: a shop is told %s and %v; it was told %s", why, text, got.header, constant)
			}
		}
		if after := h.books(); after != before {
			t.Errorf("%s: a refusal changed something: %s, then %s", why, before, after)
		}
	}
}

// Staff may look at every voucher that there is.
func TestStaffSeeTheBalanceOfEveryVoucher(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	for why, c := range unusable(h) {
		state := map[string]string{"not_active": "issued", "invalidated": "invalidated", "expired": "expired", "claimed": "claimed"}[why]
		if state == "" {
			state = "active"
		}
		if why == "voucher_not_found" {
			h.till.looksUp(c).refuses(404, "voucher_not_found")
			continue
		}
		if got := h.office.looksUp(c).at("voucher", "state"); got != state {
			t.Errorf("%s: shown as %q; want %q", why, got, state)
		}
	}
}

// A guesser with a voucher of his own learns nothing from a key that is taken.
func TestUnderATakenKeyEveryOtherCodeIsAnotherAct(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	h.shop.reserves("w:1", h.issues(100_00), "cart-1", 10_00).has(201, `{"state":"active"}`)
	constant := ""
	for why, c := range unusable(h) {
		got := h.shop.reserves("w:1", c, "cart-1", 10_00).refuses(422, "key_reused")
		text := strings.Replace(got.text, got.at("request_id"), "…", 1)
		if constant == "" {
			constant = text
		}
		if text != constant {
			t.Errorf("%s: %s; it was %s", why, text, constant)
		}
	}
}

// I9: Redis has seen more than PostgreSQL knows, so that the balance may have been spent: nothing is granted any more.
func TestACodeWhoseWitnessIsAheadIsQuarantined(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		asks func(h *house, of card)
	}{
		{"redeem", func(h *house, of card) { h.till.redeems("t:1", of, 1_00).refuses(409, "quarantined") }},
		{"reload", func(h *house, of card) { h.office.reloads("l:1", of, 1_00).refuses(409, "quarantined") }},
		{"reserve at a till", func(h *house, of card) { h.till.reserves("t:1", of, "", 1_00).refuses(409, "quarantined") }},
		{"reserve in a shop", func(h *house, of card) { h.shop.reserves("w:1", of, "cart-1", 1_00).refuses(422, "cannot_be_applied") }},
		{"refund", func(h *house, of card) { h.till.refunds("r:1", "t:0").refuses(409, "quarantined") }},
		{"reverse", func(h *house, of card) { h.till.reverses("redemptions", "t:0").refuses(409, "not_reversible") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := ajar(t)
			of := h.issues(500_00)
			h.till.redeems("t:0", of, 100_00)
			h.testifies(of)
			c.asks(h, of)
			c.asks(h, of)
			h.leaves(of, 400_00)
			if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'quarantine' AND subject = $1`, of.id); got != "1" {
				t.Errorf("%s tasks; want one", got)
			}
			h.till.looksUp(of).has(200, members(pays("balance", 400_00)))
			h.shop.looksUp(of).refuses(422, "cannot_be_applied")
		})
	}
}

func TestRefusalsThatEverybodyIsTold(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, euro := h.issues(100_00), h.issues(100_00, of("EUR"))
	before := h.books()
	h.shop.reserves("w:1", euro, "cart-1", 10_00).refuses(409, "currency_mismatch")
	h.shop.quotes(10_00, `"codes":["`+euro.code+`"]`).refuses(409, "currency_mismatch")
	h.till.redeems("t:1", euro, 10_00).refuses(409, "currency_mismatch")
	h.shop.reserves("w:1", c, "cart-1", 200_00, pays("amount", 150_00)).refuses(409, "insufficient_balance", pays("available", 100_00))
	h.till.redeems("t:1", c, 150_00).refuses(409, "insufficient_balance", pays("available", 100_00))
	h.shop.reserves("w:1", c, "cart-1", 20_00, pays("amount", 30_00)).refuses(400, "invalid_request", `"field":"amount"`)
	if after := h.books(); after != before {
		t.Errorf("a refusal changed something: %s, then %s", before, after)
	}
}

// buyer is the member that names a shop's buyer.
func buyer(ip, session string) string {
	return `"buyer":` + members(says("ip", ip), says("session", session))
}

// A buyer who guesses waits; others, and acts that exist, are not in his way.
func TestAGuesserIsSlowedAndNobodyElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, mine := h.issues(100_00), h.issues(100_00)
	h.shop.reserves("w:0", mine, "cart-0", 10_00, buyer("203.0.113.9", "s-1")).has(201, `{"state":"active"}`)
	for range 5 {
		h.shop.reserves("w:1", h.unknown(), "cart-1", 10_00, buyer("203.0.113.9", "s-1")).refuses(422, "cannot_be_applied")
	}
	for _, who := range []string{buyer("203.0.113.9", "s-1"), buyer("203.0.113.9", "s-2"), buyer("203.0.113.10", "s-1"), `"buyer":{"session":"s-1"}`} {
		got := h.shop.reserves("w:1", c, "cart-1", 10_00, who).refuses(429, "rate_limited")
		if wait := got.header.Get("Retry-After"); wait == "" || wait == "0" {
			t.Errorf("Retry-After is %q", wait)
		}
		h.shop.quotes(1_00, `"codes":["`+c.code+`"]`, who).refuses(429, "rate_limited")
		h.shop.asks("POST", "/v1/balance", members(says("code", c.code), who)).refuses(429, "rate_limited")
	}
	h.shop.reserves("w:0", mine, "cart-0", 20_00, buyer("203.0.113.9", "s-1")).has(200, members(pays("amount", 20_00)))
	h.shop.captures("w:0", "A-1").has(200, members(pays("balance", 80_00)))
	h.other.reserves("w:1", c, "cart-1", 10_00, buyer("203.0.113.9", "s-1")).has(201, `{"state":"active"}`)
	h.other.releases("w:1")
	h.shop.reserves("w:1", c, "cart-1", 10_00, buyer("203.0.113.11", "s-3")).has(201, `{"state":"active"}`)
}

func TestARegisterThatGuessesIsStoppedAndItsActsAreNot(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(100_00)
	h.till.redeems("t:1", c, 10_00)
	for range 20 {
		h.throttle.Wrong(t.Context(), throttle.Who{Kind: throttle.Register, ID: "till-1"})
	}
	h.till.redeems("t:2", c, 10_00).refuses(429, "rate_limited")
	h.till.redeems("t:1", c, 10_00).wants(200, redeemed("t:1", 10_00, 90_00, 0))
	h.till.refunds("r:1", "t:1").wants(201, refunded("r:1", 10_00, 100_00))
	h.mayRelease.redeems("t:2", c, 10_00).has(201, members(pays("balance", 90_00)))
}

// A shop under attack answers slower that a code can't be used, whatever the reason, and is never locked.
func TestAShopUnderAttackIsSlowAndNotLocked(t *testing.T) {
	t.Parallel()
	h := open(t)
	blocked, c := h.issues(100_00), h.issues(100_00)
	h.blocks(blocked)
	for range 80 {
		h.throttle.Wrong(t.Context(), throttle.Who{Kind: throttle.Shop, ID: "demo"})
	}
	for _, of := range []card{h.unknown(), blocked} {
		for path, body := range map[string]string{
			"POST /v1/balance":         members(says("code", of.code)),
			"POST /v1/quotes":          members(`"codes":["`+of.code+`"]`, pays("due", 1)),
			"PUT /v1/reservations/w:1": members(says("code", of.code), pays("due", 1), says("holder", "cart-1")),
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			method, path, _ := strings.Cut(path, " ")
			if got, err := h.shop.tries(ctx, method, path, body); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s %s was answered at once: %v", method, path, got)
			}
			cancel()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1900*time.Millisecond)
	defer cancel()
	got, err := h.shop.tries(ctx, "PUT", "/v1/reservations/w:1", members(says("code", c.code), pays("due", 1), says("holder", "cart-1")))
	if err != nil {
		t.Fatalf("a good code waits: %v", err)
	}
	got.has(201, `{"state":"active"}`)
}

func TestAnybodyWithoutAKeyIsUnauthorized(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, key := range []string{"", "nobody", strings.Repeat("x", 600)} {
		stranger := &caller{h: h, key: key}
		stranger.looksUp(h.unknown()).refuses(401, "unauthorized")
		stranger.asks("PUT", "/v1/redemptions/t:1", `{"nonsense`).refuses(401, "unauthorized")
		if got := stranger.shows("w:1").header.Get("WWW-Authenticate"); got != "Bearer" {
			t.Errorf("WWW-Authenticate is %q", got)
		}
	}
}

// Every code that the API can answer is explained.
func TestEveryProblemIsExplained(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, code := range []string{"cannot_be_applied", "held_elsewhere", "key_reused", "prevented", "rate_limited", "unavailable"} {
		if got := h.shop.asks("GET", "/problems/"+code, ""); got.status != 200 || !strings.Contains(got.text, code) {
			t.Errorf("%s: %d %s", code, got.status, fmt.Sprintf("%.80s", got.text))
		}
	}
}
