package api_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// market opens a house whose two shops are registered, so that their customers can have accounts.
func market(t *testing.T, with ...option) *house {
	t.Helper()
	h := open(t, with...)
	for _, id := range []string{"demo", "other"} {
		h.addsShop(id, false)
	}
	return h
}

func (h *house) addsShop(id string, sharedLogins bool) {
	h.t.Helper()
	_, err := h.sales.AddShop(h.t.Context(), retail.NewShop{
		ID: id, Platform: "standard", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", DuplicateLogins: sharedLogins,
	})
	h.must(err)
}

// claims adds a card to a customer's account.
func (c *caller) claims(key string, of card, customer string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/claims/"+key, members(append(more, says("code", of.code), says("customer", customer))...))
}

// spends reserves a part of a customer's account.
func (c *caller) spends(key, customer, holder string, due int64, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/reservations/"+key, members(append(more, says("customer", customer), says("holder", holder), pays("due", due))...))
}

// has is what a customer has.
func (c *caller) knows(customer string) *reply {
	c.h.t.Helper()
	return c.asks("GET", "/v1/customers/"+customer, "")
}

// holds checks an account: balance, and what of it is reserved.
func (c *caller) holds(customer string, balance, reserved int64) {
	c.h.t.Helper()
	c.knows(customer).has(200, `{"balances":[{`+pays("balance", balance)+`,`+pays("reserved", reserved)+`,`+pays("available", balance-reserved)+`}]}`)
}

// filled opens a market in which customer 7 of the demo shop has so much.
func filled(t *testing.T, minor int64, with ...option) *house {
	t.Helper()
	h := market(t, with...)
	h.shop.claims("fill", h.issues(minor, claimable), "7").has(201, members(pays("claimed", minor)))
	return h
}

// claimed is the answer to a claim.
func claimed(key, customer string, minor, balance int64) string {
	return members(says("customer", customer), pays("claimed", minor), pays("balance", balance), `"claim":{`+says("key", key)+`,"id":"*",`+pays("amount", minor)+`}`)
}

// D10, D12, D13, D15, D18, D19: a claim moves the whole amount, needs no order, and finishes the code; several add up.
func TestAClaimMovesAllOfAVoucherAndFinishesItsCode(t *testing.T) {
	t.Parallel()
	h := market(t)
	first, second := h.issues(500_00, claimable), h.issues(300_00, claimable)
	h.shop.claims("c:1", first, "7").wants(201, claimed("c:1", "7", 500_00, 500_00))
	h.shop.claims("c:2", second, "7").wants(201, claimed("c:2", "7", 300_00, 800_00))
	h.shop.holds("7", 800_00, 0)
	h.leaves(first, 0)
	h.shop.looksUp(first).refuses(422, "cannot_be_applied")
	h.shop.claims("c:3", first, "8").refuses(422, "cannot_be_applied")
	h.shop.reserves("r:1", first, "cart", 100_00).refuses(422, "cannot_be_applied")
	h.till.redeems("t:1", first, 100_00).refuses(409, "claimed")
	h.till.looksUp(first).has(200, members(pays("balance", 0)))
	h.shop.knows("8").refuses(404, "not_found")
	if got := h.reads(`SELECT string_agg(kind || ' ' || amount || ' ' || split_part(contra, '/', 1), ', ' ORDER BY amount) FROM entry e WHERE act = (SELECT id FROM act WHERE key = 'c:1')`); got != "claim -50000 account, claim 50000 voucher" {
		t.Errorf("the journal says %s", got)
	}
	if got := h.reads(`SELECT state || ' ' || fence FROM voucher WHERE id = $1`, first.id); got != "claimed 1" {
		t.Errorf("the voucher is %s", got)
	}
}

// X03: the same claim again is the same answer, under another key or with other content it is none.
func TestAClaimHappensOnceAndIsRecovered(t *testing.T) {
	t.Parallel()
	h := market(t)
	one, two := h.issues(500_00, claimable), h.issues(300_00, claimable)
	want := claimed("c:1", "7", 500_00, 500_00)
	h.shop.claims("c:1", one, "7").wants(201, want)
	h.shop.claims("c:2", two, "7").has(201, members(pays("balance", 800_00)))
	for range 2 {
		h.rotated.claims("c:1", one, "7").wants(200, want)
	}
	h.shop.asks("GET", "/v1/claims/c:1", "").wants(200, `{"state":"done",`+want[1:])
	h.shop.claims("c:1", one, "8").refuses(422, "key_reused")
	h.shop.claims("c:1", two, "7").refuses(422, "key_reused")
	h.shop.claims("c:1", h.unknown(), "7").refuses(422, "key_reused")
	h.other.asks("GET", "/v1/claims/c:1", "").refuses(404, "not_found")
	h.shop.asks("GET", "/v1/claims/c:9", "").refuses(404, "not_found")
	h.shop.holds("7", 800_00, 0)
}

// X02: a claim is taken back as a whole as long as the money is there, and prevented when it was not made yet.
func TestAClaimIsTakenBackWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := market(t)
	one, two := h.issues(500_00, claimable), h.issues(300_00, claimable)
	h.shop.claims("c:1", one, "7").has(201, "{}")
	h.shop.claims("c:2", two, "7").has(201, "{}")
	h.shop.spends("r:1", "7", "cart", 400_00).has(201, "{}")
	h.shop.reverses("claims", "c:1").refuses(409, "not_reversible")
	h.shop.reverses("claims", "c:2").wants(200, `{"outcome":"reversed"}`)
	h.shop.reverses("claims", "c:2").wants(200, `{"outcome":"reversed"}`)
	h.leaves(two, 300_00)
	h.shop.holds("7", 500_00, 400_00)
	h.shop.claims("c:2", two, "7").refuses(409, "prevented")
	h.shop.claims("c:3", two, "8").has(201, members(pays("balance", 300_00)))
	h.shop.reverses("claims", "c:4").wants(200, `{"outcome":"prevented"}`)
	h.shop.claims("c:4", h.issues(100_00, claimable), "7").refuses(409, "prevented")
	h.shop.asks("GET", "/v1/claims/c:2", "").has(200, `{"state":"reversed"}`)
	h.shop.asks("GET", "/v1/claims/c:4", "").wants(200, `{"state":"prevented"}`)
	h.passes(25 * time.Hour)
	h.shop.reverses("claims", "c:3").refuses(409, "not_reversible")
}

// D03, D04, D06, D08, D19: the balance of a card belongs to its code, whoever comes with it and without a log-in, that of a customer's voucher to nobody until it is claimed.
func TestEachModeHasItsOwnWay(t *testing.T) {
	t.Parallel()
	h := market(t)
	bearer, own := h.issues(500_00), h.issues(300_00, claimable)
	h.shop.claims("c:1", bearer, "7").refuses(422, "cannot_be_applied")
	h.office.claims("c:1", bearer, "7").refuses(409, "mode_mismatch")
	h.till.redeems("t:1", own, 100_00).refuses(409, "claim_required")
	h.shop.reserves("r:1", own, "cart", 100_00).refuses(422, "cannot_be_applied")
	h.shop.reserves("r:2", bearer, "cart", 100_00).has(201, "{}")
	h.other.reserves("r:2", bearer, "cart", 100_00).has(409, members(says("code", "held_elsewhere")))
	for _, state := range []voucher.State{voucher.Issued, voucher.Invalidated, voucher.Depleted} {
		minor := int64(0)
		if state == voucher.Issued {
			minor = 100_00
		}
		h.shop.claims("c:"+string(state), h.issues(minor, claimable, in(state)), "7").has(map[bool]int{true: 409, false: 422}[state == voucher.Depleted], "{}")
	}
	h.office.claims("c:i", h.issues(0, claimable, in(voucher.Depleted)), "7").refuses(409, "insufficient_balance", pays("available", 0))
	h.shop.knows("7").refuses(404, "not_found")
}

// D16: without a customer's identity nobody spends an account; whoever has none has nothing.
func TestNobodySpendsAnAccountWhoKnowsNoCustomer(t *testing.T) {
	t.Parallel()
	h := filled(t, 500_00)
	h.till.asks("PUT", "/v1/reservations/r:1", members(says("customer", "7"), pays("due", 100_00))).refuses(403, "channel_not_allowed")
	h.till.quotes(100_00, `"codes":[]`, says("customer", "7")).refuses(403, "channel_not_allowed")
	h.till.claims("c:1", h.issues(100_00, claimable), "7").refuses(403, "channel_not_allowed")
	h.till.knows("7").refuses(403, "channel_not_allowed")
	h.other.spends("r:1", "7", "cart", 100_00).refuses(409, "insufficient_balance", pays("available", 0))
	h.other.knows("7").refuses(404, "not_found")
	h.shop.spends("r:1", "nobody", "cart", 100_00).refuses(409, "insufficient_balance", pays("available", 0))
	h.shop.asks("PUT", "/v1/reservations/r:1", members(says("holder", "cart"), pays("due", 100_00))).
		refuses(400, "invalid_request", says("field", "code"))
	h.shop.asks("PUT", "/v1/reservations/r:1", members(says("holder", "cart"), says("customer", "7"), says("code", h.unknown().code), pays("due", 100_00))).
		refuses(400, "invalid_request", says("field", "code"))
	h.shop.holds("7", 500_00, 0)
}

// D07, D16, D17: customers who may share a log-in have no accounts.
func TestAShopWithSharedLoginsHasNoAccounts(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.addsShop("demo", true)
	h.shop.claims("c:1", h.issues(500_00, claimable), "7").refuses(409, "mode_mismatch")
	h.shop.claims("c:1", h.unknown(), "7").refuses(409, "mode_mismatch") // which tells nothing of the code
	h.office.claims("c:1", h.issues(500_00, claimable), "7", says("shop", "demo")).refuses(409, "mode_mismatch")
	h.shop.spends("r:1", "7", "cart", 100_00).refuses(409, "mode_mismatch")
	h.shop.quotes(100_00, `"codes":[]`, says("customer", "7")).refuses(409, "mode_mismatch")
}

// D11, D14: what was claimed is there at every later order, by amount, for several carts at once, without a code.
func TestAnAccountIsReservedByAmountBySeveralAtOnce(t *testing.T) {
	t.Parallel()
	h := filled(t, 500_00)
	h.shop.spends("r:1", "7", "cart-1", 300_00).
		wants(201, members(says("key", "r:1"), says("state", "active"), says("customer", "7"), pays("amount", 300_00), pays("remaining_due", 0),
			`"payment_required":false,"expires_at":"*","resumed":false`))
	h.shop.spends("r:2", "7", "cart-2", 300_00).has(201, members(pays("amount", 200_00), pays("remaining_due", 100_00), `"payment_required":true`))
	h.shop.spends("r:3", "7", "cart-3", 300_00).refuses(409, "insufficient_balance", pays("available", 0))
	h.shop.spends("r:3", "7", "cart-3", 300_00, pays("amount", 100_00)).refuses(409, "insufficient_balance", pays("available", 0))
	h.shop.holds("7", 500_00, 500_00)
	h.shop.releases("r:1").wants(200, `{"outcome":"released","state":"released"}`)
	h.shop.spends("r:3", "7", "cart-3", 300_00, pays("amount", 250_00)).has(201, members(pays("amount", 250_00)))
	h.shop.spends("r:4", "7", "cart-4", 10_00, pays("amount", 10_01)).has(400, members(says("code", "invalid_request")))
	h.shop.captures("r:2", "1042").wants(200, `{"redemption":{"key":"r:2","id":"*",`+pays("amount", 200_00)+`},`+pays("released", 0)+`,`+pays("balance", 300_00)+`,"late":false}`)
	h.shop.captures("r:2", "1042").has(200, members(pays("balance", 300_00)))
	h.shop.captures("r:2", "1043").has(409, members(says("code", "reservation_ended")))
	h.shop.holds("7", 300_00, 250_00)
}

// E21 of an account: the same holder finds his part again under any key, and a key follows its rules.
func TestThePartOfAnAccountFollowsItsKeys(t *testing.T) {
	t.Parallel()
	h := filled(t, 500_00)
	h.shop.spends("r:1", "7", "cart", 100_00, `"revision":3`).has(201, "{}")
	h.shop.spends("r:1", "7", "cart", 100_00, `"revision":3`).has(200, `{"resumed":false}`)
	h.shop.spends("r:2", "7", "cart", 400_00, `"revision":4`).has(200, members(`"resumed":true`, pays("amount", 400_00)))
	h.shop.shows("r:1").has(200, members(says("customer", "7"), pays("amount", 400_00), `"resumed":false,"voucher":null`))
	h.shop.shows("r:2").has(200, members(`"resumed":true`))
	h.shop.spends("r:1", "7", "cart", 50_00, `"revision":2`).has(200, members(pays("amount", 400_00)))
	h.shop.spends("r:1", "7", "order", 450_00, `"revision":5`).has(200, members(pays("amount", 450_00)))
	h.shop.spends("r:3", "7", "cart", 50_00).has(201, members(pays("amount", 50_00)))
	h.shop.spends("r:1", "7", "cart", 450_00).has(409, members(says("code", "held_elsewhere")))
	h.shop.finds("order").has(200, `{"items":[{"key":"r:1","state":"active",`+says("customer", "7")+`,`+pays("amount", 450_00)+`,`+pays("remaining_due", 0)+`,"payment_required":false,"expires_at":"*","resumed":false}]}`)
	h.shop.spends("r:1", "8", "order", 1_00).refuses(422, "key_reused")
	h.shop.reserves("r:1", h.issues(100_00), "order", 1_00).refuses(422, "key_reused")
	bearer := h.issues(100_00)
	h.shop.reserves("b:1", bearer, "cart-9", 1_00).has(201, "{}")
	h.shop.spends("b:1", "7", "cart-9", 1_00).refuses(422, "key_reused")
	h.shop.releases("r:1").has(200, `{"outcome":"released"}`)
	h.shop.spends("r:1", "7", "order", 200_00).has(201, members(`"reopened":true`, pays("amount", 200_00)))
	h.shop.forgets("r:1").has(200, `{"outcome":"released"}`)
	h.shop.spends("r:1", "7", "order", 200_00).refuses(409, "prevented")
	h.shop.forgets("r:9").has(200, `{"outcome":"prevented"}`)
	h.shop.spends("r:9", "7", "order", 200_00).refuses(409, "prevented")
	h.other.shows("r:3").refuses(404, "reservation_not_found")
	h.shop.holds("7", 500_00, 50_00)
}

// D13, D14: codes and accounts pay for one order together, all or none.
func TestCodesAndAccountsAreCapturedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := filled(t, 200_00)
	bearer := h.issues(100_00)
	h.shop.reserves("r:code", bearer, "cart", 100_00).has(201, "{}")
	h.shop.spends("r:account", "7", "cart", 300_00).has(201, members(pays("amount", 200_00)))
	both := `"reservations":[{"key":"r:code"},{"key":"r:account"%s}],"order":"1042",` + pays("order_total", 250_00)
	h.shop.asks("POST", "/v1/captures", members(fmt.Sprintf(both, `,`+pays("amount", 200_01)))).has(409, members(says("code", "insufficient_balance")))
	h.leaves(bearer, 100_00)
	h.shop.holds("7", 200_00, 200_00)
	h.shop.asks("POST", "/v1/captures", members(fmt.Sprintf(both, ""))).
		has(200, `{"captures":[{"key":"r:code","redemption":{"key":"r:code","id":"*",`+pays("amount", 100_00)+`},`+pays("released", 0)+`,`+pays("balance", 0)+`,"late":false,"vat":"multi_purpose"},`+
			`{"key":"r:account","redemption":{"key":"r:account","id":"*",`+pays("amount", 150_00)+`},`+pays("released", 50_00)+`,`+pays("balance", 50_00)+`,"late":false}]}`)
	h.leaves(bearer, 0)
	h.shop.holds("7", 50_00, 0)
}

// D22, X01: the refund of an order goes back to the account, and can itself be taken back.
func TestARefundGoesBackToTheAccount(t *testing.T) {
	t.Parallel()
	h := filled(t, 500_00)
	h.shop.spends("r:1", "7", "cart", 300_00).has(201, "{}")
	h.shop.captures("r:1", "1042").has(200, "{}")
	h.shop.refunds("f:1", "r:1", pays("amount", 100_00)).wants(201, `{"refund":{"key":"f:1","id":"*",`+pays("amount", 100_00)+`},`+pays("balance", 300_00)+`}`)
	h.shop.refunds("f:2", "r:1", pays("amount", 200_01)).refuses(409, "insufficient_balance", pays("available", 200_00))
	h.shop.reverses("refunds", "f:1").wants(200, `{"outcome":"reversed"}`)
	h.shop.recovers("redemptions", "r:1").has(200, `{"state":"done"}`)
	h.shop.reverses("redemptions", "r:1").wants(200, `{"outcome":"reversed"}`)
	h.shop.holds("7", 500_00, 0)
}

// E19 of an account: what is reserved is free again after 24 hours, and an order that was paid with it may still be captured while
// nobody else has been granted the money.
func TestThePartOfAnAccountExpiresAndIsCapturedLateIfItIsThere(t *testing.T) {
	t.Parallel()
	h := filled(t, 500_00)
	h.shop.spends("r:1", "7", "cart-1", 300_00).has(201, "{}")
	h.shop.spends("r:2", "7", "cart-2", 200_00).has(201, "{}")
	h.passes(24 * time.Hour)
	_, err := h.ledger.Sweep(t.Context())
	h.must(err)
	h.shop.holds("7", 500_00, 0)
	h.shop.shows("r:1").has(200, `{"state":"expired"}`)
	h.shop.spends("r:3", "7", "cart-3", 250_00).has(201, "{}")
	h.shop.captures("r:1", "1042").refuses(409, "reservation_superseded", pays("uncovered", 300_00))
	h.shop.captures("r:2", "1043").has(200, members(`"late":true`, pays("balance", 300_00)))
	if got := h.tasks("short_order"); got != "order 1042 is short by 300.00 DKK: what was set aside on the customer's account was spent otherwise after the reservation" {
		t.Errorf("the office is told %q", got)
	}
	h.shop.releases("r:3").has(200, "{}")
	h.passes(97 * time.Hour)
	h.shop.captures("r:1", "1042").refuses(409, "reservation_expired", pays("uncovered", 300_00))
}

// D11, D13: a quote counts codes first, and the account for the rest.
func TestAQuoteCountsTheAccountAfterTheCodes(t *testing.T) {
	t.Parallel()
	h := filled(t, 500_00)
	bearer := h.issues(100_00)
	h.shop.quotes(450_00, `"codes":[`+fmt.Sprintf("%q", bearer.code)+`]`, says("customer", "7")).
		has(200, members(pays("covered", 450_00), pays("remaining_due", 0), `"payment_required":false`))
	h.shop.spends("r:1", "7", "cart", 400_00).has(201, "{}")
	line := func(free, covers int64) string {
		return `{"lines":[{"customer":"*",` + pays("available", free) + `,` + pays("covers", covers) + `}]}`
	}
	h.shop.quotes(450_00, `"codes":[]`, says("customer", "7")).has(200, line(100_00, 100_00))
	h.shop.quotes(450_00, `"codes":[]`, says("customer", "7"), says("holder", "cart")).has(200, line(500_00, 450_00))
	h.shop.quotes(450_00, `"codes":[]`, says("customer", "nobody")).has(200, line(0, 0))
	h.shop.quotes(450_00, `"codes":[]`).refuses(400, "invalid_request", says("field", "codes"))
	h.shop.holds("7", 500_00, 400_00)
}

// A20, A21, A28, A29, D22: the customer's record carries the history: which orders, their totals, how the rest was paid.
func TestTheCustomersRecordCarriesTheHistory(t *testing.T) {
	t.Parallel()
	h := market(t)
	c := h.issues(500_00, claimable)
	h.shop.claims("c:1", c, "kunde 7å").has(201, members(says("customer", "kunde 7å")))
	h.shop.spends("r:1", "kunde 7å", "cart", 300_00).has(201, "{}")
	h.shop.captures("r:1", "1042", pays("order_total", 450_00), cash(150_00)).has(200, "{}")
	got := h.shop.knows("kunde%207%C3%A5").has(200, members(says("customer", "kunde 7å"), `"history":[`+
		`{"at":"*","kind":"redeem","act":"*",`+pays("amount", -300_00)+`,`+pays("balance", 200_00)+`,`+says("order", "1042")+`,`+pays("order_total", 450_00)+`,`+cash(150_00)+`},`+
		`{"at":"*","kind":"claim","act":"*",`+pays("amount", 500_00)+`,`+pays("balance", 500_00)+`,"voucher":{`+says("id", c.id)+`,`+says("last4", c.last4)+`}}]`))
	if wallet := got.at("wallet_id"); wallet == "kunde 7å" || len(wallet) < 10 { // D21
		t.Errorf("the wallet is filed under %q", wallet)
	}
}

// A32: the office claims for the customer, whether or not he ever did anything.
func TestTheOfficeClaimsForACustomer(t *testing.T) {
	t.Parallel()
	h := market(t)
	h.office.claims("c:1", h.issues(500_00, claimable), "7").wants(201, claimed("c:1", "7", 500_00, 500_00))
	h.office.claims("c:2", h.issues(300_00, claimable), "7", says("shop", "other")).has(201, members(pays("balance", 300_00)))
	h.office.claims("c:3", h.issues(100_00, claimable), "7").refuses(400, "invalid_request", says("field", "shop"))
	h.office.claims("c:3", h.issues(100_00, claimable), "7", says("shop", "none")).refuses(400, "invalid_request", says("field", "shop"))
	h.shop.claims("c:3", h.issues(100_00, claimable), "7", says("shop", "demo")).refuses(400, "invalid_request", says("field", "shop"))
	h.shop.holds("7", 500_00, 0)
	h.other.holds("7", 300_00, 0)
	h.office.reverses("claims", "c:2").wants(200, `{"outcome":"reversed"}`)
	if got := h.reads(`SELECT string_agg(action, ' ' ORDER BY id) FROM audit`); got != "claim claim reverse" {
		t.Errorf("the audit trail says %s", got)
	}
}

// Bad input to a claim names its field and changes nothing.
func TestAClaimThatCannotBeMeantIsRefusedByField(t *testing.T) {
	t.Parallel()
	h := market(t)
	c := h.issues(500_00, claimable)
	before := h.books()
	for _, tt := range []struct{ field, body string }{
		{"customer", members(says("code", c.code))},
		{"customer", members(says("code", c.code), says("customer", ""))},
		{"customer", members(says("code", c.code), says("customer", "a\nb"))},
		{"code", members(says("customer", "7"))},
		{"amount", members(says("code", c.code), says("customer", "7"), `"amount":1`)},
	} {
		h.shop.asks("PUT", "/v1/claims/c:1", tt.body).refuses(400, "invalid_request", says("field", tt.field))
	}
	h.shop.claims("c:1", h.unknown(), "7").refuses(422, "cannot_be_applied")
	h.office.claims("c:1", h.unknown(), "7").refuses(404, "voucher_not_found")
	if after := h.books(); after != before {
		t.Errorf("something changed: %s, then %s", before, after)
	}
}

// Whatever a shop calls its customers, each can be asked for: what is escaped in the path is part of the name.
func TestACustomerMayBeCalledAnything(t *testing.T) {
	t.Parallel()
	h := market(t)
	for i, login := range []string{"gid://shopify/Customer/7", "a+b@example.dk", "50 % & more?", "æ/ø", "a%2Fb"} {
		h.shop.claims(fmt.Sprintf("c:%d", i), h.issues(500_00, claimable), login).has(201, "{}")
		h.shop.knows(url.PathEscape(login)).has(200, members(says("customer", login)))
	}
	h.shop.knows("a+b@example%2Edk").has(200, members(says("customer", "a+b@example.dk")))
	h.shop.knows("a/b").refuses(404, "not_found")
}
