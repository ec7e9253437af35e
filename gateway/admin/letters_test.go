package admin_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// A22: a resend is a new mail with the same code.
func TestResend(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.mails(1)
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	h.office.does("resend", c).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	h.mails(2)
	h.until("both are done", func() bool { return h.sent(c) == "code done\ncode done" })
	h.office.does("resend", c, says("recipient", "else@example.dk"), because)
	mails := h.mails(3)
	for i, want := range []string{"buyer@example.dk " + c.code, "buyer@example.dk " + c.code, "else@example.dk " + c.code} {
		if got := h.letter(mails[i]); got != want {
			t.Errorf("mail %d is %s, want %s", i, got, want)
		}
	}
	if got, want := h.audited(c), "resend {}\nresend {\"reason\": \"a customer called\"}"; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}

func TestResendsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	sold := h.sells(order("1042", 0, func(o *purchase.Order) { o.Buyer.Email = "nowhere" }))[0]
	ended := h.sells(order("1043", 0))[0]
	gone := h.sells(order("1044", 0))[0]
	unsold := h.issues(500_00)
	h.office.does("invalidate", ended, because)
	h.runs(`UPDATE voucher SET code_sealed = NULL WHERE id = $1`, gone.id)
	h.unchanged("a refused resend", func() {
		h.office.does("resend", sold).refuses(409, "needs_address")
		h.office.does("resend", sold, says("recipient", "a@b@c")).refuses(400, "invalid_request", `"field":"recipient"`)
		h.office.does("resend", ended).refuses(409, "invalidated")
		h.office.does("resend", gone).refuses(409, "code_gone")
		h.office.does("resend", unsold).refuses(409, "needs_address")
	})
	h.office.does("resend", sold, says("recipient", "right@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	if got, want := h.sent(sold), "code cancelled a new delivery takes its place\ncode pending"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'delivery' AND closed_at IS NULL`); got != "0" {
		t.Errorf("%s deliveries wait for the office still", got)
	}
}

// 3.7.24: while a mail is being sent, or may have been, nobody changes where it goes.
func TestAMailInDoubtKeepsItsRecipient(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sink.Next(mailtest.CloseAfterDot)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.until("it is in doubt", func() bool { return strings.HasPrefix(h.sent(c), "code in_doubt") })
	h.unchanged("a change of a mail in doubt", func() {
		h.office.does("resend", c).refuses(409, "delivery_under_way")
		h.office.gives(c, says("email", "else@example.dk")).refuses(409, "delivery_under_way")
	})
	was := c.code
	h.office.does("replace", c, because).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	mails := h.mails(2)
	if got := h.letter(mails[1]); got != "buyer@example.dk "+h.reveals(c.id).code || strings.Contains(got, was) {
		t.Errorf("after a new code the doubt is of no matter: got %s", got)
	}
}

func TestAMailThatIsBeingSentKeepsItsRecipient(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sink.Next(mailtest.HangAfterDot)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.until("it is being sent", func() bool { return h.sent(c) == "code sending" })
	h.office.does("resend", c).refuses(409, "delivery_under_way")
	h.office.does("replace", c, because).refuses(409, "delivery_under_way")
	h.office.gives(c, says("email", "else@example.dk")).refuses(409, "delivery_under_way")
	if got := h.reveals(c.id).code; got != c.code {
		t.Errorf("a refused replacement changed the code")
	}
	if got := h.audited(c); got != "" {
		t.Errorf("audited %q", got)
	}
}

// X22: another recipient gets the mail in the place of the first one, on its day, and every later one.
func TestChangeRecipient(t *testing.T) {
	t.Parallel()
	h := open(t)
	day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	c := h.sells(order("1042", 0, toRecipient("wrong@example.dk"), deliverOn(day)))[0]
	due := h.reads(`SELECT due_at::text FROM delivery WHERE subject = $1`, c.id)
	h.office.gives(c, says("email", "right@example.dk"), says("name", "Farfar"), because).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	if got, want := h.sent(c), "code cancelled a new delivery takes its place\ncode pending"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := h.reads(`SELECT due_at::text FROM delivery WHERE subject = $1 AND state = 'pending'`, c.id); got != due {
		t.Errorf("X05: it is due at %s, want %s", got, due)
	}
	h.unchanged("the same recipient again", func() {
		h.office.gives(c, says("email", "Right@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	})
	h.tells(order("1042", 1, toRecipient("wrong@example.dk"), deliverOn(day))) // the shop still knows the first one
	h.works()
	h.passes(4 * 24 * time.Hour)
	first := h.mails(1)[0]
	if got := h.letter(first); got != "right@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
	seen, err := first.Inspect()
	h.must(err)
	if !strings.Contains(seen.Text, "Farfar") {
		t.Errorf("the mail does not name the recipient: %s", seen.Text)
	}
	h.until("it is done", func() bool { return strings.HasSuffix(h.sent(c), "code done") })
	h.office.does("resend", c)
	if got := h.letter(h.mails(2)[1]); got != "right@example.dk "+c.code {
		t.Errorf("the resend is %s", got)
	}
	if got, want := h.audited(c), "change_recipient {\"reason\": \"a customer called\"}\nresend {}"; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}

func TestChangesOfARecipientThatAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, unsold := h.sells(order("1042", 0))[0], h.issues(500_00)
	h.unchanged("a refused change", func() {
		for _, bad := range []string{"nowhere", "a@b@c", "a b@example.dk", "\"x\"@example.dk"} {
			h.office.gives(c, says("email", bad)).refuses(400, "invalid_request", `"field":"email"`)
		}
		h.office.gives(c).refuses(400, "invalid_request", `"field":"email"`)
		h.office.gives(unsold, says("email", "a@example.dk"), says("name", "Anna")).refuses(400, "invalid_request", `"field":"name"`)
	})
	h.office.does("invalidate", c, because)
	h.office.gives(c, says("email", "a@example.dk")).refuses(409, "invalidated")
}

// X05, X22: a voucher that no webshop sold (imported, given, a punch card from the till) is mailed to whom the office says, and later to
// somebody else in his place; its mail can be put off to another day.
func TestAVoucherThatNoWebshopSoldGetsARecipient(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", "kode;saldo;valuta\nGAVE-2019-0001;350;DKK\n"), because)).has(201, "{}")
	imported := card{id: h.reads(`SELECT voucher::text FROM imported`), code: "GAVE-2019-0001"}
	punches := h.issues(7, func(v *voucher.Voucher) { v.Kind, v.Currency = voucher.Punches, "PUNCH" })
	for _, c := range []card{imported, punches} {
		h.office.gives(c, says("email", "wrong@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"pending"}}`)
		h.office.gives(c, says("email", "right@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"pending"}}`)
		h.office.gives(c, says("email", "right@example.dk")).has(200, "{}")
		if got, want := h.sent(c), "code cancelled a new delivery takes its place\ncode pending"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	id := h.reads(`SELECT id::text FROM delivery WHERE subject = $1 AND state = 'pending'`, punches.id)
	later := time.Now().AddDate(0, 3, 0).Format(time.DateOnly)
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", members(says("deliver_on", later))).has(200, says1("state", "pending"))
	if day := h.reads(`SELECT (ready_at AT TIME ZONE 'Europe/Copenhagen')::date::text FROM delivery WHERE id = $1::uuid`, id); day != later {
		t.Errorf("it is sent on %s", day)
	}
	h.works()
	if got := h.mails(1)[0]; strings.Join(got.Recipients, " ") != "right@example.dk" || !bytes.Contains(got.Bytes, []byte(imported.code)) {
		t.Errorf("the mail to %s is %s", got.Recipients, got.Bytes)
	}
}

// While its order is cancelled, a mail is held whoever gets it.
func TestAMailOfACancelledOrderIsHeldForItsNewRecipientToo(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	h.tells(order("1042", 1, withStatus(purchase.Cancelled)))
	h.office.gives(c, says("email", "else@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"waiting","reason":"held"}}`)
	h.office.does("replace", c, because).has(200, `{"delivery":{"id":"*","kind":"code","state":"waiting","reason":"held"}}`)
	h.tells(order("1042", 2))
	h.works()
	if got := h.letter(h.mails(1)[0]); got != "else@example.dk "+h.reveals(c.id).code {
		t.Errorf("the mail is %s", got)
	}
}

// A code that was mailed before its order was cancelled is not mailed again until the order is paid.
func TestAResendOfACancelledOrderIsHeld(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	h.tells(order("1042", 1, withStatus(purchase.Cancelled)))
	h.office.does("resend", c).has(200, `{"delivery":{"id":"*","kind":"code","state":"waiting","reason":"held"}}`)
}

// X22: a new code works, the old one is unknown, and everything else stays.
func TestReplace(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	h.till.redeems("t:1", c, 100_00)
	h.shop.reserves("w:1", c, "cart", 50_00)
	h.office.does("replace", c, says("reason", "lost")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	fresh := h.reveals(c.id)
	if fresh.code == c.code || h.office.sees(c).at("last4") != fresh.last4 {
		t.Errorf("the code is what it was")
	}
	h.till.looksUp(c).refuses(404, "voucher_not_found")
	h.till.redeems("t:2", c, 1_00).refuses(404, "voucher_not_found")
	h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", c.code)).refuses(404, "voucher_not_found")
	h.till.looksUp(fresh).has(200, members(pays("balance", 400_00), pays("reserved", 50_00)))
	h.shop.captures("w:1", "A-1").has(200, members(pays("balance", 350_00)))
	h.works()
	if got := h.letter(h.mails(1)[0]); got != "buyer@example.dk "+fresh.code {
		t.Errorf("the mail is %s", got)
	}
	if got, want := h.sent(c), "code cancelled a new delivery takes its place"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q first", got, want)
	}
	if got, want := h.audited(c), `replace {"reason": "lost"}`; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}

func TestANewCodeWithoutAnAddressWaitsForOne(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, func(o *purchase.Order) { o.Buyer.Email = "nowhere" }))[0]
	h.office.does("replace", c, because).has(200, `{"delivery":{"id":"*","kind":"code","state":"waiting","reason":"needs_address"}}`)
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'delivery' AND closed_at IS NULL`); got != "1" {
		t.Errorf("%s deliveries wait for the office", got)
	}
	unsold := h.issues(500_00)
	h.office.does("replace", unsold, because).has(200, `{"delivery":null}`)
	h.till.looksUp(unsold).refuses(404, "voucher_not_found")
	h.till.looksUp(h.reveals(unsold.id)).has(200, members(pays("balance", 500_00)))
}

// E10: a shop that sends the codes itself gets the new one to send, too.
func TestANewCodeIsHandedToAShopThatSendsThem(t *testing.T) {
	t.Parallel()
	h := open(t, sendsItself)
	c := h.sells(order("1042", 0))[0]
	h.office.does("replace", c, because).has(200, `{"delivery":{"id":"*","kind":"handover","state":"pending"}}`)
	h.works()
	h.until("it was handed over", func() bool { return strings.HasSuffix(h.sent(c), "handover done") })
	h.given.mu.Lock()
	if len(h.given.texts) != 1 || !strings.Contains(h.given.texts[0], h.reveals(c.id).code) {
		t.Errorf("the shop has %d texts", len(h.given.texts))
	}
	h.given.mu.Unlock()
	h.office.does("resend", c, says("recipient", "else@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	h.mails(1)
}

// A22: the office prints a voucher, and the audit trail says that it did.
func TestDocument(t *testing.T) {
	t.Parallel()
	h := open(t)
	sold, unsold := h.sells(order("1042", 0))[0], h.issues(500_00)
	for _, c := range []card{sold, unsold} {
		got := h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/document.pdf", "")
		if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix([]byte(got.text), []byte("%PDF-")) {
			t.Errorf("got %d %s %.20q", got.status, got.header.Get("Content-Type"), got.text)
		}
		if got := h.audited(c); got != "print {}" {
			t.Errorf("audited %q", got)
		}
		if h.reads(`SELECT count(*)::text FROM audit WHERE position($1 IN detail::text || object) > 0`, c.code) != "0" {
			t.Error("the audit trail has the code")
		}
	}
	h.runs(`UPDATE voucher SET code_sealed = NULL WHERE id = $1`, sold.id)
	h.unchanged("a document that can't be", func() {
		h.office.asks("GET", "/v1/admin/vouchers/"+sold.id+"/document.pdf", "").refuses(409, "code_gone")
	})
	h.office.does("invalidate", unsold, because)
	h.unchanged("a document of what is ended", func() {
		h.office.asks("GET", "/v1/admin/vouchers/"+unsold.id+"/document.pdf", "").refuses(409, "invalidated")
	})
}

// A22: with an address given, the code of a voucher that no webshop sold is mailed too, in the words of the house: one that a register
// sold, a credit note, and one of another system. What was not sold yet, and whom nobody named, is refused.
func TestAVoucherThatNoWebshopSoldIsMailedToAnAddress(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	h.office.words("-/da/code", "Din kode", "{{.kind_name}} {{.title}} fra {{.shop_name}}: {{.value}}\nKode: {{.code}}", simple).has(200, `{"version":1}`)
	sold := noteIn(h.till.asks("PUT", "/v1/sales/s:1", members(says("product", "CARD-500"), says("receipt", "1"), says("tender", "cash"))).has(201, "{}"))
	note := noteIn(h.office.credits("c:1", 75_00).has(201, "{}"))
	h.office.asks("PUT", "/v1/admin/imports/old", members(says("csv", "kode;saldo;valuta\nGAVE-2019-0001;350;DKK\n"), because)).has(201, "{}")
	imported := card{id: h.office.asks("GET", "/v1/admin/vouchers?sort=-issued_at&limit=1", "").ids("id")[0], code: "GAVE-2019-0001"}
	h.office.prints("summer", "CARD-500", 1)
	stock := h.office.cards("summer")[0]
	h.unchanged("no address, or no sale", func() {
		h.office.does("resend", sold).refuses(409, "needs_address")
		h.office.does("resend", stock, says("recipient", "anna@example.dk")).refuses(409, "not_active")
	})
	for i, one := range []struct {
		card
		says string
	}{{sold, "Gavekort fra Byens Bøger: 500,00"}, {note, "Tilgodebevis"}, {imported, "350,00"}} {
		h.office.does("resend", one.card, says("recipient", "anna@example.dk"), because).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
		m, err := h.mails(i + 1)[i].Inspect()
		h.must(err)
		if text := strings.ReplaceAll(m.Text, "\u00a0", " "); !strings.Contains(text, one.code) || !strings.Contains(text, one.says) || m.Recipients[0] != "anna@example.dk" {
			t.Errorf("mail %d to %v is %q, want %q", i, m.Recipients, text, one.says)
		}
		h.until("it is done", func() bool { return h.sent(one.card) == "code done" })
	}
	if got := h.audited(sold); !strings.Contains(got, "resend") {
		t.Errorf("the audit trail says %q", got)
	}
	h.office.does("invalidate", sold, because)
	h.office.does("resend", sold, says("recipient", "anna@example.dk")).refuses(409, "invalidated")
}
