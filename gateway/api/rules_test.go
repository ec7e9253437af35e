package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"vouchsafe/retail/voucher"
)

// under gives a voucher the rules of a country.
func under(country string) trait {
	return func(v *voucher.Voucher) {
		if err := v.Under(voucher.Terms{Country: country, Expires: "country"}); err != nil {
			panic(err)
		}
	}
}

// punches makes a voucher a punch card.
func punches(v *voucher.Voucher) {
	v.Kind, v.Currency, v.VAT, v.VATRate = voucher.Punches, "PUNCH", voucher.SinglePurpose, "25"
}

// forMembers makes a voucher one that needs a membership.
func forMembers(v *voucher.Voucher) { v.MembersOnly = true }

// draw is so many punches.
func draw(n int) string { return fmt.Sprintf(`"amount":{"amount":%d,"currency":"PUNCH"}`, n) }

// pays out in cash.
func (c *caller) cashesOut(key string, of card) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/cash-outs/"+key, members(says("code", of.code), says("receipt", "R-9"), says("reason", "asked for it")))
}

// binds a token.
func (c *caller) binds(key string, of card, token string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/bindings/"+key, members(append(more, says("code", of.code), says("token", token))...))
}

// draws takes punches.
func (c *caller) draws(key string, of card, n int) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/redemptions/"+key, members(says("code", of.code), draw(n), says("receipt", "R-1")))
}

// B11, B16: a punch card is drawn upon one by one or by several, and a draw is taken back.
func TestPunchCard(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(10, punches)
	left := func(n int) string { return fmt.Sprintf(`{"balance":{"amount":%d,"currency":"PUNCH"}}`, n) }
	h.till.draws("d:1", c, 1).has(201, left(9))
	h.till.draws("d:1", c, 1).has(200, left(9))
	h.till.draws("d:2", c, 3).has(201, left(6))
	h.till.looksUp(c).has(200, left(6))
	h.till.redeems("d:3", c, 1_00).refuses(409, "currency_mismatch")
	h.till.draws("d:3", c, 7).refuses(409, "insufficient_balance", `"available":{"amount":6,"currency":"PUNCH"}`)
	h.till.reverses("redemptions", "d:2").wants(200, `{"outcome":"reversed"}`)
	h.till.looksUp(c).has(200, left(9))
	h.till.draws("d:4", c, 9).has(201, left(0))
	h.till.draws("d:5", c, 1).refuses(409, "insufficient_balance", `"available":{"amount":0,"currency":"PUNCH"}`)
	h.till.refunds("f:1", "d:4", `"amount":{"amount":2,"currency":"PUNCH"}`).has(201, left(2))
	h.till.draws("d:6", c, 1).has(201, members(says("vat", "single_purpose"), says("vat_rate", "25"), `"balance":{"amount":1,"currency":"PUNCH"}`))
	h.till.cashesOut("o:1", c).refuses(409, "cash_out_not_allowed")
	sold := h.till.sells("s:1", "CLIPS").has(201, left(10))
	h.till.draws("d:7", card{code: sold.at("code")}, 1).has(201, left(9))
}

// X10: how a voucher is taxed goes with every answer about its value.
func TestAnswersTellHowAVoucherIsTaxed(t *testing.T) {
	t.Parallel()
	h := open(t, perOrder(2))
	taxed := h.issues(500_00, func(v *voucher.Voucher) { v.VAT, v.VATRate = voucher.SinglePurpose, "25" })
	multi := h.issues(500_00)
	single := members(says("vat", "single_purpose"), says("vat_rate", "25"))
	for name, got := range map[string]*reply{
		"balance": h.till.looksUp(taxed), "quote": h.shop.quotes(100_00, `"codes":["`+taxed.code+`"]`),
		"reservation": h.shop.reserves("w:1", taxed, "cart", 100_00), "sale": h.till.sells("s:1", "CLIPS"),
	} {
		if !strings.Contains(got.text, `"vat":"single_purpose"`) || !strings.Contains(got.text, `"vat_rate":"25"`) {
			t.Errorf("%s: %s", name, got.text)
		}
	}
	h.shop.captures("w:1", "A-1").has(200, single)
	h.shop.recovers("redemptions", "w:1").has(200, single)
	h.till.redeems("t:1", taxed, 10_00).has(201, single)
	h.till.redeems("t:2", multi, 10_00).has(201, members(says("vat", "multi_purpose"), `"vat_rate":null`))
	h.till.sells("s:2", "CARD-500").has(201, `{"sale":{"key":"s:2","id":"*","amount":{"amount":50000,"currency":"DKK"}}}`)
	if kinds := h.reads(`SELECT string_agg(DISTINCT vat || ' ' || vat_rate, ', ' ORDER BY vat || ' ' || vat_rate) FROM voucher`); kinds != "multi_purpose , single_purpose 25" {
		t.Errorf("stored: %q", kinds)
	}
}

// B08, B09: a voucher for members is told of, and used by members alone.
func TestAVoucherForMembers(t *testing.T) {
	t.Parallel()
	h := open(t, perOrder(3))
	c := h.issues(500_00, forMembers)
	before := h.books()
	notice := `"notice":"*"`
	h.till.redeems("t:1", c, 10_00).refuses(409, "membership_required", notice)
	h.shop.reserves("w:1", c, "cart", 10_00).refuses(409, "membership_required", notice)
	h.shop.reserves("w:1", c, "cart", 10_00, says("member", "stranger")).refuses(409, "membership_required", notice)
	h.shop.reserves("w:1", c, "cart", 10_00, `"membership_confirmed":true`).refuses(400, "invalid_request", says("field", "membership_confirmed"))
	h.shop.quotes(10_00, `"codes":["`+c.code+`"]`, says("member", "stranger")).refuses(409, "membership_required", notice)
	if after := h.books(); after != before {
		t.Errorf("a refusal changed something: %s, then %s", before, after)
	}
	told := h.shop.quotes(10_00, `"codes":["`+c.code+`"]`).has(200, members(pays("covered", 10_00)))
	if !strings.Contains(told.text, `"notice":"`) || !strings.Contains(told.text, `"requires_membership":true`) {
		t.Errorf("the quote tells nothing: %s", told.text)
	}
	h.till.redeems("t:1", c, 10_00, `"membership_confirmed":true`).wants(201, redeemed("t:1", 10_00, 490_00, 0))
	h.till.redeems("t:1", c, 10_00).wants(200, redeemed("t:1", 10_00, 490_00, 0))
	h.till.looksUp(c).has(200, members(pays("available", 490_00)))

	h.joins("demo", "anna", "2999-12-31")
	h.joins("demo", "bo", "2020-12-31")
	h.shop.reserves("w:2", c, "cart", 10_00, says("member", "bo")).refuses(409, "membership_required", notice)
	h.other.reserves("w:2", c, "cart", 10_00, says("member", "anna")).refuses(409, "membership_required", notice)
	h.shop.reserves("w:2", c, "cart", 10_00, says("member", "anna")).has(201, `{"state":"active"}`)
	h.shop.captures("w:2", "A-1").has(200, members(pays("balance", 480_00)))
	quiet := h.shop.quotes(10_00, `"codes":["`+c.code+`"]`, says("member", "anna"))
	if quiet.status != 200 || strings.Contains(quiet.text, `"notice"`) {
		t.Errorf("a member is told: %d %s", quiet.status, quiet.text)
	}
	h.till.sells("s:1", "GYM").has(201, members(notice))
}

// joins makes a customer of a shop a member through a day.
func (h *house) joins(shop, login, until string) {
	h.t.Helper()
	h.runs(`INSERT INTO customer (id, shop, login, wallet_id, member_until, created_at)
		VALUES (gen_random_uuid(), $1, $2, 'w-' || $2, $3::date, vouchsafe_now())`, shop, login, until)
}

// X12: what the law of the voucher's country lets the holder ask for, and otherwise what the merchant gives.
func TestCashOut(t *testing.T) {
	t.Parallel()
	h := open(t, paysOut("50.00", "DKK:25.00,EUR:3.00"))
	c := h.issues(500_00, under("DK"))
	paid := func(key string, amount, fee int64) string {
		return members(`"cash_out":`+members(says("key", key), `"id":"*"`, pays("amount", amount), pays("fee", fee)), pays("balance", 0))
	}
	before := h.books()
	h.shop.cashesOut("o:1", c).refuses(403, "channel_not_allowed")
	h.till.asks("PUT", "/v1/cash-outs/o:1", members(says("code", c.code), says("reason", "r"))).refuses(400, "invalid_request", says("field", "receipt"))
	h.till.asks("PUT", "/v1/cash-outs/o:1", members(says("code", c.code), says("receipt", "r"))).refuses(400, "invalid_request", says("field", "reason"))
	h.till.asks("PUT", "/v1/cash-outs/o:1", members(says("code", c.code), says("receipt", "r"), says("reason", "r"), pays("amount", 1))).refuses(400, "invalid_request", says("field", "amount"))
	h.till.cashesOut("o:1", h.unknown()).refuses(404, "voucher_not_found")
	h.till.cashesOut("o:1", h.issues(500_00, under("DE"))).refuses(409, "cash_out_not_allowed", pays("limit", 50_00))
	if after := h.books(); after == before {
		t.Error("the issue of the second voucher is not seen")
	}
	first := h.till.cashesOut("o:1", c).wants(201, paid("o:1", 475_00, 25_00))
	if again := h.till.cashesOut("o:1", c); again.status != 200 || again.text != first.text {
		t.Errorf("the same again: %d %s", again.status, again.text)
	}
	h.till.recovers("cash-outs", "o:1").has(200, members(says("state", "done"), pays("balance", 0)))
	h.till.cashesOut("o:1", h.issues(10_00)).refuses(422, "key_reused")
	h.till.cashesOut("o:2", c).refuses(409, "insufficient_balance", pays("available", 0))
	entries := h.reads(`SELECT string_agg(kind || ' ' || contra || ' ' || amount, ', ' ORDER BY seq) FROM entry WHERE account = $1`, c.id)
	if entries != "issue sold/shop:demo 50000, cash_out paid_out/till:till-1 -47500, cash_out_fee fees/till:till-1 -2500" {
		t.Errorf("the journal says %s", entries)
	}
	h.till.reverses("cash-outs", "o:1").wants(200, `{"outcome":"reversed"}`)
	h.till.reverses("cash-outs", "o:1").wants(200, `{"outcome":"reversed"}`)
	h.leaves(c, 500_00)
	h.till.cashesOut("o:1", c).refuses(409, "prevented")
	h.till.reverses("cash-outs", "o:never").wants(200, `{"outcome":"prevented"}`)
	h.till.cashesOut("o:never", c).refuses(409, "prevented")
	h.till.recovers("cash-outs", "o:never").wants(200, `{"state":"prevented"}`)

	h.shop.reserves("w:1", c, "cart", 10_00)
	h.till.cashesOut("o:3", c).refuses(409, "held_elsewhere", `"held_until":"*"`, `"held_by":{"channel":"webshop","holder":"cart","since":"*"}`, `"released_by":"*"`)
	h.shop.releases("w:1")
	h.office.cashesOut("o:3", c).wants(201, paid("o:3", 475_00, 25_00))
	if said := h.reads(`SELECT action || ' ' || (detail ->> 'receipt') FROM audit WHERE object = $1`, c.id); said != "cash_out R-9" {
		t.Errorf("the audit trail says %q", said)
	}
	h.till.cashesOut("o:4", h.issues(50_00, under("DE"))).wants(201, paid("o:4", 50_00, 0))
}

// X12: an expired Danish voucher is owed for one more year, without a fee, and stays in the books until then.
func TestCashOutOfAnExpiredVoucher(t *testing.T) {
	t.Parallel()
	h := open(t, paysOut("", "25.00"))
	danish, swedish, late := h.issues(500_00, under("DK")), h.issues(500_00, under("SE")), h.issues(500_00, under("DK"))
	h.runs(`UPDATE voucher SET expires_on = vouchsafe_now()::date - 300, ends_at = vouchsafe_now() - interval '299 days' WHERE id = ANY(ARRAY[$1, $2]::uuid[])`, danish.id, swedish.id)
	h.runs(`UPDATE voucher SET expires_on = vouchsafe_now()::date - 400, ends_at = vouchsafe_now() - interval '399 days' WHERE id = $1`, late.id)
	h.till.redeems("t:1", danish, 1_00).refuses(409, "expired")
	owed := h.reads(`SELECT sum(balance)::text FROM voucher WHERE vouchsafe_owed_until(expires_on, owed_for, zone) > vouchsafe_now()`)
	if owed != "50000" {
		t.Errorf("owed are %s", owed)
	}
	h.till.cashesOut("o:1", danish).has(201, members(pays("balance", 0), `"cash_out":`+members(says("key", "o:1"), `"id":"*"`, pays("amount", 500_00), pays("fee", 0))))
	h.till.cashesOut("o:2", swedish).refuses(409, "expired")
	h.till.cashesOut("o:3", late).refuses(409, "expired")
	h.leaves(swedish, 500_00)
}

// B14, B15, B17: the card in the customer's hand is the code from then on, at tills.
func TestBinding(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, other := h.issues(10, punches), h.issues(500_00)
	const number = "04a1 b2-c3d4"
	token := card{code: "04A1B2C3D4"}
	before := h.books()
	h.till.looksUp(token).refuses(404, "voucher_not_found")
	for _, bad := range []string{"12345", "----------", strings.Repeat("1", 65), h.unknown().code} {
		h.till.binds("b:1", c, bad).refuses(400, "invalid_request", says("field", "token"))
	}
	h.shop.binds("b:1", c, number).refuses(403, "channel_not_allowed")
	h.office.binds("b:1", c, number).refuses(403, "channel_not_allowed")
	h.till.binds("b:1", h.unknown(), number).refuses(404, "voucher_not_found")
	if after := h.books(); after != before {
		t.Errorf("a refusal changed something: %s, then %s", before, after)
	}
	first := h.till.binds("b:1", c, number).wants(201, members(says("voucher", c.id),
		`"binding":`+members(says("key", "b:1"), `"id":"*"`, says("token_last4", "C3D4"), `"code_retired":false`)))
	if again := h.till.binds("b:1", c, "04A1B2C3D4"); again.status != 200 || again.text != first.text {
		t.Errorf("the same again: %d %s", again.status, again.text)
	}
	h.till.recovers("bindings", "b:1").has(200, members(says("state", "done"), says("voucher", c.id)))
	h.till.binds("b:1", c, "another-card").refuses(422, "key_reused")
	h.till.binds("b:1", other, number).refuses(422, "key_reused")

	h.till.looksUp(token).has(200, `{"balance":{"amount":10,"currency":"PUNCH"}}`)
	h.mayRelease.draws("d:1", token, 1).has(201, `{"balance":{"amount":9,"currency":"PUNCH"}}`)
	h.mayRelease.draws("d:1", token, 1).has(200, `{"balance":{"amount":9,"currency":"PUNCH"}}`)
	h.till.draws("d:2", c, 1).has(201, `{"balance":{"amount":8,"currency":"PUNCH"}}`)
	h.shop.looksUp(token).refuses(422, "cannot_be_applied")
	h.office.looksUp(token).refuses(404, "voucher_not_found")
	h.till.binds("b:2", other, number).refuses(409, "token_taken")
	h.till.asks("PUT", "/v1/reloads/l:1", members(says("code", token.code), draw(2), says("receipt", "R"), says("tender", "cash"))).has(201, `{"balance":{"amount":10,"currency":"PUNCH"}}`)

	stored := h.reads(`SELECT concat_ws(' ', encode(token_mac, 'hex'), encode(token_sealed, 'escape'), (SELECT string_agg(detail::text || key, ' ') FROM act), (SELECT string_agg(detail::text, ' ') FROM audit)) FROM voucher WHERE id = $1`, c.id)
	if strings.Contains(stored, "04A1B2") {
		t.Errorf("the number is stored as it is: %s", stored)
	}
	h.till.reverses("bindings", "b:1").wants(200, `{"outcome":"reversed"}`)
	h.till.looksUp(token).refuses(404, "voucher_not_found")
	h.till.binds("b:3", other, number).has(201, members(says("voucher", other.id)))
	h.till.reverses("bindings", "b:never").wants(200, `{"outcome":"prevented"}`)
	h.till.binds("b:never", c, "other-card-1").refuses(409, "prevented")
}

// A retired code finds nothing any more; a binding that is taken back lets it work again; a later binding ends an earlier token.
func TestABindingRetiresTheCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, fresh := h.issues(500_00), h.issues(100_00)
	token, second := card{code: "CARD-000-001"}, card{code: "CARD-000-002"}
	h.till.binds("b:1", c, token.code, `"retire_code":true`).has(201, members(says("voucher", c.id)))
	h.till.binds("b:1", c, token.code, `"retire_code":true`).has(200, members(says("voucher", c.id)))
	h.till.looksUp(c).refuses(404, "voucher_not_found")
	h.shop.looksUp(c).refuses(422, "cannot_be_applied")
	h.shop.reserves("w:1", c, "cart", 10_00).refuses(422, "cannot_be_applied")
	h.till.redeems("t:1", token, 100_00).has(201, members(pays("balance", 400_00)))
	h.till.reverses("bindings", "b:1").wants(200, `{"outcome":"reversed"}`)
	h.till.redeems("t:2", c, 100_00).has(201, members(pays("balance", 300_00)))

	h.till.binds("b:2", c, token.code, `"retire_code":true`).has(201, members(says("voucher", c.id)))
	h.till.binds("b:3", token, second.code).has(201, members(says("voucher", c.id)))
	h.till.binds("b:3", token, second.code).has(200, members(says("voucher", c.id)))
	h.till.looksUp(token).refuses(404, "voucher_not_found")
	h.till.looksUp(c).refuses(404, "voucher_not_found")
	h.till.reverses("bindings", "b:2").refuses(409, "not_reversible")
	h.till.redeems("t:3", second, 300_00).has(201, members(pays("balance", 0)))
	h.till.binds("b:4", fresh, second.code).has(201, members(says("voucher", fresh.id)))
	h.till.looksUp(second).has(200, members(pays("balance", 100_00)))

	h.invalidates(fresh)
	h.till.redeems("t:4", second, 1_00).refuses(409, "invalidated")
	h.till.binds("b:5", h.issues(1_00), second.code).has(201, `{"voucher":"*"}`)
	h.till.binds("b:6", h.issues(1_00), fresh.code).refuses(400, "invalid_request", says("field", "token"))
}

// A number that is the code of a voucher that another system issued is no token.
func TestATokenIsNoCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	foreign := h.issues(100_00)
	h.runs(`UPDATE voucher SET code_mac = $2 WHERE id = $1`, foreign.id, h.ring.MAC("foreign voucher code", []byte("OLD47110815")))
	h.till.binds("b:1", c, "old-4711-0815").refuses(409, "token_taken")
	h.till.looksUp(card{code: "old-4711-0815"}).has(200, members(pays("balance", 100_00)))
}

// Of many who bind one token to different vouchers at once, one does.
func TestATokenIsBoundOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	const tills = 6
	answers := make([]*reply, tills)
	cards := make([]card, tills)
	for i := range cards {
		cards[i] = h.issues(100_00)
	}
	var all sync.WaitGroup
	for i := range tills {
		all.Go(func() { answers[i] = h.till.binds(fmt.Sprintf("b:%d", i), cards[i], "ONE-CARD-42") })
	}
	all.Wait()
	bound := 0
	for _, a := range answers {
		switch a.status {
		case 201:
			bound++
		default:
			a.refuses(409, "token_taken")
		}
	}
	if bound != 1 {
		t.Errorf("%d tills have bound it", bound)
	}
}

// Tokens are weak: whoever tries numbers is stopped soon. Codes go on working for him, and so do acts that exist.
func TestWhoTriesTokensIsStoppedSoon(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	token := card{code: "SERIAL-1000"}
	h.till.binds("b:1", c, token.code)
	h.till.redeems("t:1", token, 1_00).has(201, members(pays("balance", 499_00)))
	for i := range 5 {
		h.till.looksUp(card{code: fmt.Sprintf("SERIAL-%d", 2000+i)}).refuses(404, "voucher_not_found")
	}
	got := h.till.looksUp(card{code: "SERIAL-2005"}).refuses(429, "rate_limited")
	if got.header.Get("Retry-After") == "" {
		t.Error("nobody says until when")
	}
	if got := h.till.looksUp(token).refuses(429, "rate_limited"); !strings.Contains(got.text, "no card is looked up at this register") {
		t.Errorf("it says %s", got.text)
	}
	h.till.redeems("t:1", token, 1_00).has(200, members(pays("balance", 499_00)))
	h.till.looksUp(c).has(200, members(pays("balance", 499_00)))
	h.till.looksUp(h.unknown()).refuses(404, "voucher_not_found")
	h.mayRelease.looksUp(token).has(200, members(pays("balance", 499_00)))
}

// memberships are those that the house's sales know of, which open after the desk.
type memberships struct{ h *house }

func (m memberships) MemberUntil(ctx context.Context, shop, customer string) (voucher.Date, error) {
	return m.h.sales.MemberUntil(ctx, shop, customer)
}

func (m memberships) MembershipNotice(ctx context.Context, shop string) string {
	return m.h.sales.MembershipNotice(ctx, shop)
}

// paysOut sets what the merchant pays out, and keeps.
func paysOut(limit, fee string) option {
	return func(o *options) { o.rules.CashOutLimit, o.rules.CashOutFee = limit, fee }
}
