package admin_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

func claimable(v *voucher.Voucher)   { v.Mode = voucher.Customer }
func ofKind(kind voucher.Kind) trait { return func(v *voucher.Voucher) { v.Kind = kind } }
func taxedAs(vat voucher.VAT) trait  { return func(v *voucher.Voucher) { v.VAT = vat } }
func inEuros(v *voucher.Voucher)     { v.Currency = "EUR" }

// claims adds a card to a customer's account.
func (c *caller) claims(key string, of card, customer string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/claims/"+key, members(says("code", of.code), says("customer", customer)))
}

// spends reserves a part of a customer's account.
func (c *caller) spends(key, customer string, minor int64) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/reservations/"+key, members(says("customer", customer), says("holder", key), pays("due", minor), pays("amount", minor)))
}

// transfers moves value.
func (c *caller) transfers(key, from, to string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/transfers/"+key, members(append(more, says("from", from), says("to", to), because)...))
}

// transferred is the answer to a transfer.
func transferred(key string, minor, balance, to int64) string {
	return members(`"transfer":`+members(says("key", key), `"id":"*"`, pays("amount", minor)), pays("balance", balance), pays("to_balance", to))
}

// grants adjusts a customer's account.
func (c *caller) grants(key, customer string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/adjustments/"+key, members(append(more, says("customer", customer), because)...))
}

// customer is what the office knows of one of the demo shop.
func (h *house) customer(login string) *reply {
	h.t.Helper()
	return h.office.asks("GET", "/v1/admin/customers/"+url.PathEscape(login)+"?shop=demo", "")
}

// has checks an account.
func (h *house) has(login string, balance int64) {
	h.t.Helper()
	h.customer(login).has(200, `{"balances":[{`+pays("balance", balance)+`,`+pays("reserved", 0)+`,`+pays("available", balance)+`}]}`)
}

// idOf is our own id of a customer of the demo shop.
func (h *house) idOf(login string) string {
	h.t.Helper()
	return h.customer(login).at("id")
}

// A25: the amount of a new card moves to an old one in one step; all of it, or some.
func TestATransferMovesTheAmountOfANewCardToAnOldOne(t *testing.T) {
	t.Parallel()
	h := open(t)
	fresh, aunts := h.issues(500_00), h.issues(300_00)
	h.office.transfers("t:1", fresh.id, aunts.id, pays("amount", 200_00)).wants(201, transferred("t:1", 200_00, 300_00, 500_00))
	h.office.transfers("t:1", fresh.id, aunts.id, pays("amount", 200_00)).wants(200, transferred("t:1", 200_00, 300_00, 500_00))
	h.office.transfers("t:1", fresh.id, aunts.id, pays("amount", 100_00)).refuses(422, "key_reused")
	h.office.transfers("t:2", fresh.id, aunts.id).wants(201, transferred("t:2", 300_00, 0, 800_00))
	h.office.sees(fresh).has(200, says1("state", "depleted"))
	h.office.asks("GET", "/v1/transfers/t:2", "").wants(200, `{"state":"done",`+transferred("t:2", 300_00, 0, 800_00)[1:])
	h.till.redeems("x:1", aunts, 600_00).has(201, members(pays("balance", 200_00)))
	h.office.asks("DELETE", "/v1/transfers/t:2", "").refuses(409, "not_reversible")
	h.office.asks("DELETE", "/v1/transfers/t:1", "").wants(200, `{"outcome":"reversed"}`)
	h.office.asks("DELETE", "/v1/transfers/t:1", "").wants(200, `{"outcome":"reversed"}`)
	h.office.sees(fresh).has(200, members(says("state", "active"), pays("balance", 200_00)))
	h.office.sees(aunts).has(200, members(pays("balance", 0)))
	h.office.asks("DELETE", "/v1/transfers/t:9", "").wants(200, `{"outcome":"prevented"}`)
	h.office.transfers("t:9", aunts.id, fresh.id).refuses(409, "prevented")
	if got := h.audited(fresh); strings.Count(got, "transfer ") != 2 || strings.Count(got, "reverse ") != 1 {
		t.Errorf("the audit trail says %s", got)
	}
}

// A25: only like goes to like, only what is free, and never half of it.
func TestATransferIsRefusedWhole(t *testing.T) {
	t.Parallel()
	h := open(t)
	from, held := h.issues(500_00), h.issues(500_00)
	h.shop.reserves("r:1", held, "cart", 400_00)
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 100_00)).has(201, "{}")
	h.unchanged("a refused transfer", func() {
		for _, tt := range []struct {
			to     string
			status int
			code   string
			more   []string
		}{
			{h.unknown().id, 404, "voucher_not_found", nil},
			{"customer:nobody", 404, "not_found", nil},
			{from.id, 400, "invalid_request", []string{says("field", "to")}},
		} {
			h.office.transfers("t:1", from.id, tt.to).refuses(tt.status, tt.code, tt.more...)
		}
		h.office.transfers("t:1", "customer:7", "customer:7", pays("amount", 1_00)).refuses(400, "invalid_request", says("field", "to"))
		h.office.transfers("t:1", held.id, from.id, pays("amount", 100_01)).refuses(409, "insufficient_balance", pays("available", 100_00))
		h.office.transfers("t:1", "customer:7", from.id, pays("amount", 100_01)).refuses(409, "insufficient_balance", pays("available", 100_00))
		h.office.transfers("t:1", from.id, held.id, pays("amount", 0)).refuses(400, "invalid_request", says("field", "amount.amount"))
		h.shop.transfers("t:1", from.id, held.id).refuses(403, "forbidden")
	})
	for _, other := range []card{
		h.issues(100_00, ofKind(voucher.Credit)), h.issues(100_00, taxedAs(voucher.SinglePurpose)),
	} {
		h.office.transfers("t:1", from.id, other.id).refuses(409, "kind_mismatch")
		h.office.transfers("t:1", other.id, "customer:7").refuses(409, "kind_mismatch")
	}
	h.office.transfers("t:1", from.id, h.issues(100_00, inEuros).id).refuses(409, "currency_mismatch")
	h.office.transfers("t:1", from.id, h.issues(9600_00).id).refuses(409, "above_limit")
	h.office.sees(from).has(200, members(pays("balance", 500_00)))
	blocked := h.issues(100_00)
	h.office.does("block", blocked)
	h.office.transfers("t:1", from.id, blocked.id).refuses(409, "blocked")
	h.office.transfers("t:1", blocked.id, from.id).refuses(409, "blocked")
}

// A25, D17: between a voucher and a customer, and between two customers.
func TestATransferReachesCustomersToo(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 100_00)).has(201, "{}")
	h.office.grants("a:2", "8", says("shop", "demo"), pays("delta", 10_00)).has(201, "{}")
	h.office.transfers("t:1", c.id, "customer:7").wants(201, transferred("t:1", 500_00, 0, 600_00))
	h.office.transfers("t:2", "customer:7", "customer:"+h.idOf("8"), pays("amount", 50_00)).wants(201, transferred("t:2", 50_00, 550_00, 60_00))
	h.office.transfers("t:3", "customer:7", "customer:8").refuses(400, "invalid_request", says("field", "amount"))
	h.office.transfers("t:3", "customer:"+h.customer("7").at("wallet_id"), c.id, pays("amount", 25_00)).wants(201, transferred("t:3", 25_00, 525_00, 25_00))
	h.office.asks("DELETE", "/v1/transfers/t:2", "").wants(200, `{"outcome":"reversed"}`)
	h.has("7", 575_00)
	h.has("8", 10_00)
}

// X13: a transfer above what one alone may give waits for a second person, and happens once.
func TestALargeTransferWaitsForASecondPerson(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c := h.issues(500_00)
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 1_00)).has(201, "{}")
	h.office.transfers("t:1", c.id, "customer:7").refuses(403, "approval_required")
	id := clerk.transfers("t:1", c.id, "customer:7").awaits()
	h.office.asks("GET", "/v1/transfers/t:1", "").wants(200, `{"state":"awaiting_approval"}`)
	clerk.decides("approve", id).refuses(403, "forbidden")
	h.has("7", 1_00)
	for range 2 {
		boss.decides("approve", id).has(200, says1("state", "approved"))
	}
	h.has("7", 501_00)
	clerk.transfers("t:1", c.id, "customer:7").wants(200, transferred("t:1", 500_00, 0, 501_00))
	grant := clerk.grants("a:2", "7", pays("delta", 300_00)).awaits()
	boss.decides("approve", grant).has(200, says1("state", "approved"))
	h.has("7", 801_00)
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("7")+"/merge", members(says("into", h.idOf("7")), because)).
		refuses(400, "invalid_request", says("field", "into"))
}

// A30, A31, A32: a balance is set directly on the customer, or added to it, without any card and without anything before it.
func TestACustomerIsCreditedWithoutACard(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.unchanged("a credit to nobody", func() {
		h.office.grants("a:1", "7", pays("delta", 100_00)).refuses(404, "not_found")
		h.office.grants("a:1", "7", says("shop", "none"), pays("delta", 100_00)).refuses(400, "invalid_request", says("field", "shop"))
		h.office.grants("a:1", "7", says("shop", "demo"), says("voucher", h.unknown().id), pays("delta", 1)).refuses(400, "invalid_request", says("field", "customer"))
		h.office.grants("a:1", "7", says("shop", "demo"), `"delta":{"amount":5,"currency":"PUNCH"}`).refuses(409, "currency_mismatch")
	})
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 100_00)).wants(201, adjusted("a:1", 100_00, 100_00))
	h.office.grants("a:1", "7", says("shop", "demo"), pays("delta", 100_00)).wants(200, adjusted("a:1", 100_00, 100_00))
	h.office.grants("a:2", "7", sets(250_00, 90_00)...).refuses(409, "balance_changed", pays("balance", 100_00))
	h.office.grants("a:2", "7", sets(250_00, 100_00)...).wants(201, adjusted("a:2", 150_00, 250_00))
	h.office.grants("a:3", "7", pays("delta", -50_00)).wants(201, adjusted("a:3", -50_00, 200_00))
	h.shop.spends("r:1", "7", 180_00).has(201, "{}")
	h.office.grants("a:4", "7", pays("delta", -20_01)).refuses(409, "insufficient_balance", pays("available", 20_00))
	h.office.grants("a:4", "7", sets(300_00, 200_00)...).has(409, members(says("code", "held_elsewhere")))
	h.office.asks("DELETE", "/v1/adjustments/a:2", "").refuses(409, "not_reversible")
	h.shop.asks("POST", "/v1/reservations/r:1/release", "").has(200, "{}")
	h.office.asks("DELETE", "/v1/adjustments/a:2", "").wants(200, `{"outcome":"reversed"}`)
	h.has("7", 50_00)
	h.office.grants("a:5", "7", `"delta":{"amount":900,"currency":"EUR"}`).has(201, "{}")
	h.customer("7").has(200, `{"balances":[{`+pays("balance", 50_00)+`,`+pays("reserved", 0)+`,`+pays("available", 50_00)+`},`+
		`{"balance":{"amount":900,"currency":"EUR"},"reserved":{"amount":0,"currency":"EUR"},"available":{"amount":900,"currency":"EUR"}}]}`)
}

// A27, A19, D12: a new amount opens a claimed voucher anew, also for another customer, and the earlier one keeps what he claimed: which
// is said before it is confirmed, and in the history after.
func TestAClaimedVoucherIsOpenedAnew(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00, claimable)
	h.shop.claims("c:1", c, "7").has(201, "{}")
	keeps := members(says("id", h.idOf("7")), says("shop", "demo"), says("customer", "7"), `"wallet_id":"*"`, pays("kept", 500_00))
	h.unchanged("an adjustment that only asks", func() {
		h.office.adjusts("a:1", c, pays("delta", 500_00)).refuses(409, "claimed", `"claimed_by":`+keeps)
		h.office.adjusts("a:1", c, append(sets(400_00, 0), `"confirm_claimed":false`)...).refuses(409, "claimed", `"claimed_by":`+keeps)
	})
	opened := adjusted("a:1", 400_00, 400_00)
	opened = opened[:len(opened)-1] + `,"reopened":` + keeps + `}`
	h.office.adjusts("a:1", c, append(sets(400_00, 0), `"confirm_claimed":true`)...).wants(201, opened)
	h.office.adjusts("a:1", c, sets(400_00, 0)...).wants(200, opened)
	h.office.sees(c).has(200, says1("state", "active"))
	h.shop.asks("DELETE", "/v1/claims/c:1", "").refuses(409, "not_reversible")
	h.shop.claims("c:2", c, "8").has(201, members(pays("balance", 400_00)))
	h.has("7", 500_00)
	h.has("8", 400_00)
	claim := func(key, customer string, minor int64) string {
		return `{"id":"*","kind":"claim",` + says("key", key) + `,"owner":"shop:demo","state":"done",` + pays("amount", minor) + `,` + pays("taken_back", 0) + `,` + pays("balance", 0) +
			`,"at":"*","customer":{"id":"*","shop":"demo",` + says("customer", customer) + `,"wallet_id":"*"}}`
	}
	h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/history", "").has(200, `{"claims":[`+claim("c:1", "7", 500_00)+`,`+claim("c:2", "8", 400_00)+`]}`)
	h.till.redeems("x:1", c, 1_00).refuses(409, "claimed")
	if got := h.audited(c); !strings.Contains(got, "adjust") {
		t.Errorf("the audit trail says %s", got)
	}
}

// B03, B04: a voucher that its buyer bought for himself is his; any other is nobody's, and a guest's too. It binds nobody (D05, E13).
func TestAVoucherForOneselfHasAnOwner(t *testing.T) {
	t.Parallel()
	h := open(t)
	guest := func(o *purchase.Order) { o.Buyer.ID = "" }
	told := func(wish purchase.Wish) func(*purchase.Order) {
		return func(o *purchase.Order) { o.Lines[0].ForSelf = wish }
	}
	for i, tt := range []struct {
		name   string
		change []func(*purchase.Order)
		owner  bool
	}{
		{"an account, and no recipient named", nil, true},
		{"an account, and a recipient", []func(*purchase.Order){toRecipient("mormor@example.dk")}, false},
		{"told so, with a recipient", []func(*purchase.Order){toRecipient("mormor@example.dk"), told(purchase.Yes)}, true},
		{"told otherwise", []func(*purchase.Order){told(purchase.No)}, false},
		{"a guest", []func(*purchase.Order){guest}, false},
		{"a guest who says so", []func(*purchase.Order){guest, told(purchase.Yes)}, false},
	} {
		c := h.sells(order(fmt.Sprint(2000+i), 0, tt.change...))[0]
		owner := `null`
		if tt.owner {
			owner = `{"id":"*","shop":"demo","customer":"7","wallet_id":"*"}`
		}
		h.office.sees(c).has(200, `{"id":"`+c.id+`"}`)
		if got := h.office.sees(c).fields()["owner"]; (got != nil) != tt.owner {
			t.Errorf("%s: the owner is %v, want %s", tt.name, got, owner)
		}
		h.till.redeems("x:"+fmt.Sprint(i), c, 1_00).has(201, "{}")
	}
}

// D21: membership, address and wallet id are the office's to set; the wallet id is none of the log-in's.
func TestTheOfficeKeepsWhatItKnowsOfACustomer(t *testing.T) {
	t.Parallel()
	h := open(t)
	set := func(more ...string) *reply {
		return h.office.asks("PUT", "/v1/admin/customers/7?shop=demo", members(more...))
	}
	h.customer("7").refuses(404, "not_found")
	h.office.asks("PUT", "/v1/admin/customers/7", members(says("member_until", "2030-01-31"))).refuses(404, "not_found")
	h.office.asks("PUT", "/v1/admin/customers/7?shop=none", members(says("member_until", "2030-01-31"))).refuses(404, "not_found")
	first := set(says("member_until", "2030-01-31"), says("email", "kunde@Example.dk")).
		has(200, members(says("customer", "7"), says("shop", "demo"), says("member_until", "2030-01-31"), says("email", "kunde@Example.dk"), `"balances":[],"history":[],"merged":[]`))
	id, wallet := first.at("id"), first.at("wallet_id")
	set(says("wallet_id", "K-1001")).has(200, members(says("id", id), says("wallet_id", "K-1001"), says("member_until", "2030-01-31")))
	h.office.asks("GET", "/v1/admin/customers/K-1001", "").has(200, says1("id", id))
	h.office.asks("GET", "/v1/admin/customers/"+id, "").has(200, says1("customer", "7"))
	h.office.asks("GET", "/v1/admin/customers/"+wallet, "").refuses(404, "not_found")
	h.shop.asks("GET", "/v1/customers/7", "").has(200, members(says("wallet_id", "K-1001"), `"email":null`))
	h.office.asks("PUT", "/v1/admin/customers/8?shop=demo", members(says("wallet_id", "K-1001"))).refuses(409, "already_exists")
	set(says("member_until", "soon")).refuses(400, "invalid_request", says("field", "member_until"))
	set(says("email", "nowhere")).refuses(400, "invalid_request", says("field", "email"))
	set(says("wallet_id", "no good")).has(400, members(says("code", "invalid_request")))
	set(says("member_until", ""), says("email", "")).has(200, `{"id":"*","email":null}`)
	if got := h.reads(`SELECT string_agg(detail::text, ' ') FROM audit WHERE action = 'set_customer'`); strings.Contains(got, "kunde@") {
		t.Errorf("the audit trail holds an address: %s", got)
	}
	if got := h.reads(`SELECT count(*)::text FROM customer WHERE convert_from(coalesce(email, ''), 'SQL_ASCII') LIKE '%kunde%'`); got != "0" {
		t.Error("the address is stored in the clear")
	}
	h.office.asks("GET", "/v1/admin/customers?q=7&shop=demo", "").has(200, `{"items":[{"id":"`+id+`","shop":"demo","customer":"7","wallet_id":"K-1001","member_until":null,"merged_into":null,"balances":[],"created_at":"*"}]}`)
	page := h.office.asks("GET", "/v1/admin/customers?limit=1", "").has(200, `{"items":[{"id":"*","shop":"demo","customer":"8","wallet_id":"*","member_until":null,"merged_into":null,"balances":[],"created_at":"*"}]}`)
	h.office.asks("GET", "/v1/admin/customers?limit=1&cursor="+page.at("next_cursor"), "").has(200, `{"items":[{"id":"`+id+`","shop":"demo","customer":"7","wallet_id":"*","member_until":null,"merged_into":null,"balances":[],"created_at":"*"}]}`)
}

// D17: what lies on a forgotten log-in is found and moved to the one that its owner uses, with a line in the audit trail; what comes
// back to it later follows.
func TestAForgottenLoginIsFoundAndMerged(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop.claims("c:1", h.issues(500_00, claimable), "old").has(201, "{}")
	h.shop.spends("r:1", "old", 100_00).has(201, "{}")
	h.shop.captures("r:1", "1042").has(200, "{}")
	h.passes(400 * 24 * time.Hour)
	h.shop.claims("c:2", h.issues(50_00, claimable), "new").has(201, "{}")
	old, fresh := h.idOf("old"), h.idOf("new")
	h.office.asks("GET", "/v1/admin/customers/dormant?days=365", "").has(200, `{"items":[{"account":"*","last_at":"*","balance":{`+pays("balance", 400_00)+`,`+pays("reserved", 0)+`,`+pays("available", 400_00)+
		`},"customer":{"id":"`+old+`","shop":"demo","customer":"old","wallet_id":"*","member_until":null,"merged_into":null,"created_at":"*","balances":[{`+pays("balance", 400_00)+`,`+pays("reserved", 0)+`,`+pays("available", 400_00)+`}]}}]}`)
	merge := func(from, into string) *reply {
		return h.office.asks("POST", "/v1/admin/customers/"+from+"/merge", members(says("into", into), because))
	}
	h.shop.spends("r:2", "old", 1_00).has(201, "{}")
	merge(old, fresh).has(409, members(says("code", "held_elsewhere")))
	h.shop.asks("DELETE", "/v1/reservations/r:2", "").has(200, "{}")
	for range 2 {
		merge(old, fresh).has(200, members(says("id", fresh), `"merged":["`+old+`"]`))
	}
	merge(old, h.idOf("old")).has(400, members(says("field", "into")))
	h.shop.spends("r:1", "old", 100_00).has(200, members(says("state", "captured"))) // a shop that repeats is told what is
	h.shop.spends("r:2", "old", 1_00).refuses(409, "prevented")
	h.has("new", 450_00)
	h.has("old", 450_00)
	h.customer("old").has(200, members(says("id", old), says("merged_into", fresh)))
	h.shop.spends("r:3", "old", 440_00).has(201, "{}")
	h.shop.asks("DELETE", "/v1/reservations/r:3", "").has(200, "{}")
	h.shop.claims("c:3", h.issues(20_00, claimable), "old").has(201, members(pays("balance", 470_00)))
	h.shop.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "r:1"), because)).has(201, "{}")
	h.must(h.backOffice().ForwardMerged(t.Context()))
	h.must(h.backOffice().ForwardMerged(t.Context()))
	h.has("new", 570_00)
	if got := h.reads(`SELECT string_agg(object || ' ' || (detail ->> 'into') || ' ' || (detail ->> 'reason'), ',') FROM audit WHERE action = 'merge_customers'`); !strings.HasPrefix(got, old+" "+fresh+" ") {
		t.Errorf("the audit trail says %s", got)
	}
}

// X13: nobody gets past the set amount by merging.
func TestAMergeGivesNoMoreThanOneAloneMay(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("200.00"))
	h.shop.claims("c:1", h.issues(500_00, claimable), "old").has(201, "{}")
	h.shop.claims("c:2", h.issues(50_00, claimable), "new").has(201, "{}")
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("old")+"/merge", members(says("into", h.idOf("new")), because)).refuses(403, "approval_required")
	h.has("old", 500_00)
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("new")+"/merge", members(says("into", h.idOf("old")), because)).has(200, "{}")
	h.has("old", 550_00)
}

// backOffice is the office without its door.
func (h *house) backOffice() *retail.BackOffice { return retail.NewBackOffice(h.desk, h.sales) }
