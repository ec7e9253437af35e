package admin_test

import (
	"strings"
	"testing"
	"time"
)

// credits asks for a credit note.
func (c *caller) credits(key string, minor int64, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/credit-notes/"+key, members(append(more, pays("amount", minor), says("receipt", "R-9"), says("reason", "a coat came back"))...))
}

// noteIn is the voucher that an answer tells of.
func noteIn(r *reply) card {
	code := r.at("code")
	return card{id: r.at("voucher", "id"), code: code, last4: code[max(0, len(code)-4):]}
}

// A credit note is given for goods that come back, at the till and in the office, and redeemed as a voucher is.
func TestACreditNoteIsGivenAndRedeemed(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("1000.00"))
	for name, by := range map[string]*caller{"till": h.till, "office": h.office} {
		given := by.credits("c:1", 300_00)
		given.has(201, members(pays("balance", 300_00), `"credit_note":{"key":"c:1","id":"*","amount":`+dkk(300_00)+`}`))
		given.explains(`"kind":"credit"`, `"state":"active"`, `"product":"credit-note"`)
		note := noteIn(given)
		if again := by.credits("c:1", 300_00); again.status != 200 || again.text != given.text {
			t.Errorf("%s: again %d %s", name, again.status, again.text)
		}
		by.credits("c:1", 200_00).refuses(422, "key_reused")
		h.till.redeems("r:"+name, note, 100_00).has(201, pays1("balance", 200_00))
		by.asks("DELETE", "/v1/credit-notes/c:1", "").refuses(409, "not_reversible")
		by.asks("GET", "/v1/credit-notes/c:1", "").has(200, members(says("state", "done"), says("code", note.code), pays("balance", 300_00)))
		by.credits("c:2", 100_00).has(201, "{}")
		by.asks("DELETE", "/v1/credit-notes/c:2", "").wants(200, `{"outcome":"reversed"}`)
		by.asks("DELETE", "/v1/credit-notes/c:3", "").wants(200, `{"outcome":"prevented"}`)
		by.credits("c:3", 100_00).refuses(409, "prevented")
		if entry := h.reads(`SELECT kind || ' ' || contra FROM entry WHERE account = $1::uuid AND seq = 1`, note.id); !strings.HasPrefix(entry, "issue credited/") {
			t.Errorf("%s: the first entry is %s", name, entry)
		}
	}
	h.unchanged("a refused credit note", func() {
		h.office.credits("c:9", 1000_01).refuses(403, "approval_required")
		h.shop.credits("c:9", 100_00).refuses(403, "channel_not_allowed")
		h.till.credits("c:9", 100_00, says("product", "CARD-500")).refuses(400, "invalid_request", `"field":"product"`)
		h.till.credits("c:9", 100_00, says("product", "NONE")).refuses(404, "not_found", `"field":"product"`)
		h.till.credits("c:9", 0).refuses(400, "invalid_request", `"field":"amount.amount"`)
		h.till.asks("PUT", "/v1/credit-notes/c:9", members(pays("amount", 1), says("receipt", "1"))).refuses(400, "invalid_request", `"field":"reason"`)
	})
	h.passes(25 * time.Hour)
	h.till.asks("GET", "/v1/credit-notes/c:1", "").has(200, `{"state":"done"}`)
	if got := h.till.asks("GET", "/v1/credit-notes/c:1", ""); strings.Contains(got.text, `"code"`) {
		t.Errorf("a day later it tells the code: %s", got.text)
	}
}

// A redemption of a voucher that was invalidated since goes back to a new credit note (contract: to new).
func TestARefundGoesToANewCreditNoteWhenTheVoucherHasEnded(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	spent := h.till.redeems("r:1", c, 200_00).at("redemption", "id")
	refunds := func(by *caller, key string, more ...string) *reply {
		return by.asks("PUT", "/v1/refunds/"+key, members(append(more, says("redemption", spent), because, says("to", "new"))...))
	}
	h.unchanged("a voucher that is still good", func() { refunds(h.office, "f:1").refuses(400, "invalid_request", `"field":"to"`) })
	h.office.does("invalidate", c, because).has(200, "{}")
	h.unchanged("a refund by others, or of too much", func() {
		refunds(h.till, "f:1").refuses(403, "channel_not_allowed")
		refunds(h.office, "f:1", pays("amount", 200_01)).refuses(409, "insufficient_balance", pays("available", 200_00))
		h.office.asks("PUT", "/v1/refunds/f:1", members(says("redemption", spent), because)).refuses(409, "invalidated")
	})
	given := refunds(h.office, "f:1", pays("amount", 150_00))
	given.has(201, members(`"refund":{"key":"f:1","id":"*","amount":`+dkk(150_00)+`}`, pays("balance", 150_00))).explains(`"kind":"credit"`, `"state":"active"`)
	if again := refunds(h.office, "f:1", pays("amount", 150_00)); again.status != 200 || again.text != given.text {
		t.Errorf("again: %d %s", again.status, again.text)
	}
	h.office.asks("GET", "/v1/refunds/f:1", "").has(200, members(says("state", "done"), says("code", given.at("code"))))
	refunds(h.office, "f:1", pays("amount", 100_00)).refuses(422, "key_reused")
	refunds(h.office, "f:2", pays("amount", 50_01)).refuses(409, "insufficient_balance", pays("available", 50_00))
	h.till.redeems("r:2", noteIn(given), 50_00).has(201, pays1("balance", 100_00))
	h.office.asks("DELETE", "/v1/refunds/f:1", "").refuses(409, "not_reversible")
	rest := refunds(h.office, "f:3")
	rest.has(201, pays1("balance", 50_00))
	h.office.asks("DELETE", "/v1/refunds/f:3", "").wants(200, `{"outcome":"reversed"}`)
	h.till.looksUp(noteIn(rest)).explains(`"state":"invalidated"`)
	refunds(h.office, "f:4").has(201, pays1("balance", 50_00))
}

// A lost code is replaced once, however often that is asked, and told to whoever asked where nobody is mailed (X22).
func TestAReplacementHappensOnceAndIsTold(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.prints("b", "CARD-500", 1)
	c := h.office.cards("b")[0]
	h.till.asks("PUT", "/v1/sales/s:1", members(says("product", "CARD-500"), says("receipt", "1"), says("tender", "cash"), says("code", c.code))).has(201, "{}")
	first := h.office.does("replace", c, because, says("key", "call-17"))
	first.has(200, members(says("code", first.at("code")), `"delivery":null`))
	for range 2 {
		if again := h.office.does("replace", c, because, says("key", "call-17")); again.at("code") != first.at("code") {
			t.Errorf("again: %s", again.text)
		}
	}
	h.office.does("replace", c, says("reason", "another"), says("key", "call-17")).refuses(422, "key_reused")
	h.till.looksUp(c).refuses(404, "voucher_not_found")
	fresh := card{id: c.id, code: first.at("code")}
	h.till.redeems("r:1", fresh, 100_00).has(201, "{}")
	h.passes(25 * time.Hour)
	if got := h.office.does("replace", c, because, says("key", "call-17")); got.status != 200 || strings.Contains(got.text, `"code"`) {
		t.Errorf("a day later: %s", got.text)
	}
}

// The office may choose the text of a code, if it is hard enough to guess for what it guards (X08).
func TestTheOfficeChoosesTheTextOfACode(t *testing.T) {
	t.Parallel()
	h := open(t)
	small, large := h.issues(500_00), h.issues(500_01)
	chosen := func(c card, text string, more ...string) *reply {
		return h.office.does("replace", c, append(more, because, says("code", text))...)
	}
	h.unchanged("a text that is refused", func() {
		chosen(small, "ANNA-50").refuses(400, "invalid_request", `"field":"code"`)
		chosen(small, "AAAAAAAAAAAA").refuses(400, "invalid_request", `"field":"code"`)
		chosen(large, "TILLYKKE-ANNA").refuses(409, "guessable_code")
	})
	chosen(small, "Tillykke-Anna").has(200, says1("code", "TILLYKKE-ANNA"))
	h.unchanged("a text that another has", func() { chosen(large, "TILLYKKE ANNA", `"confirm_guessable":true`).refuses(409, "already_exists") })
	h.till.asks("PUT", "/v1/bindings/b:1", members(says("code", h.issues(1_00).code), says("token", "KORT-17-CLARA"))).has(201, "{}")
	h.unchanged("the number of a token", func() {
		chosen(small, "kort 17 clara").refuses(409, "already_exists")
		h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", "kode;saldo;valuta\nKORT17CLARA;5;DKK\n"), because)).
			refuses(400, "invalid_request", `"field":"csv"`, `"faults":[{"line":2,"column":"code","detail":"a voucher has this code already"}]`)
	})
	chosen(large, "TILLYKKE BENTE", `"confirm_guessable":true`).has(200, says1("code", "TILLYKKE BENTE"))
	h.till.asks("PUT", "/v1/bindings/b:2", members(says("code", h.issues(1_00).code), says("token", "tillykke bente"))).refuses(409, "token_taken")
	h.till.redeems("r:1", card{code: "tillykke anna"}, 100_00).has(201, pays1("balance", 400_00))
	h.shop.reserves("cart-1", card{code: "TILLYKKEBENTE"}, "cart-1", 100_00).has(201, says1("state", "active"))
}

// A mail brings a chosen code as it is, and no other.
func TestAChosenCodeIsMailed(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.mails(1)
	h.office.does("replace", c, because, says("code", "TILLYKKE-ANNA")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	if text := string(h.mails(2)[1].Bytes); !strings.Contains(text, "TILLYKKE-ANNA") {
		t.Errorf("the mail says %s", text)
	}
}

// The codes of a group have its prefix and length, on cards as at the till (X08).
func TestAGroupOfCodesHasAPrefixAndALength(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.asks("POST", "/v1/admin/products", members(says("sku", "JUL"), says("name", "Gavekort"), says("kind", "money"), pays("amount", 500_00),
		says("prefix", "JUL26"), says("code_length", "high"))).has(201, says1("code_length", "high"))
	h.office.asks("POST", "/v1/admin/products", members(says("sku", "BAD"), says("name", "Gavekort"), says("kind", "money"), pays("amount", 500_00),
		says("prefix", "jul"))).refuses(400, "invalid_request", `"field":"prefix"`)
	sold := h.till.asks("PUT", "/v1/sales/s:1", members(says("product", "JUL"), says("receipt", "1"), says("tender", "cash")))
	code := sold.at("code")
	if len(code) != len("JUL26-XXXX-XXXX-XXXX-XXXX-XXXX") || !strings.HasPrefix(code, "JUL26-") {
		t.Fatalf("sold %s", sold.text)
	}
	h.office.prints("b", "JUL", 2)
	for _, line := range h.office.cards("b") {
		if !strings.HasPrefix(line.code, "JUL26-") {
			t.Errorf("printed %s", line.code)
		}
	}
	h.till.redeems("r:1", card{code: strings.ToLower(strings.ReplaceAll(code, "-", ""))}, 100_00).has(201, pays1("balance", 400_00))
	replaced := h.office.does("replace", card{id: sold.at("voucher", "id")}, because)
	if !strings.HasPrefix(replaced.at("code"), "JUL26-") {
		t.Errorf("replaced %s", replaced.text)
	}
}

// pays1 is a body with one amount of DKK.
func pays1(name string, minor int64) string { return members(pays(name, minor)) }
