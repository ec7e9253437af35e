package admin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// reminds is a shop that reminds its buyers a month ahead.
func reminds(_ *voucher.Rules, s *retail.NewShop) {
	days := 30
	s.RemindDays = &days
}

// reminded are the reminders about a card, "state reason" each.
func (h *house) reminded(c card) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(rtrim(state || ' ' || reason), E'\n' ORDER BY seq), '') FROM delivery
		WHERE subject = $1 AND kind = 'reminder'`, c.id)
}

// late moves the clock to ten in the morning of a day before the last one of a card.
func (h *house) late(c card, days string) {
	h.t.Helper()
	seconds := h.reads(`SELECT extract(epoch FROM ((expires_on - $2::integer) + TIME '10:00') AT TIME ZONE 'Europe/Copenhagen' - clock_timestamp())::bigint::text
		FROM voucher WHERE id = $1::uuid`, c.id, days)
	d, err := time.ParseDuration(seconds + "s")
	h.must(err)
	h.passes(d)
}

// X09: the buyer is reminded, once, however many gateways look; never the recipient of a gift, and without the code.
func TestTheBuyerIsRemindedOnce(t *testing.T) {
	t.Parallel()
	h := open(t, reminds)
	h.works()
	gift := h.sells(order("1042", 0, toRecipient("lisa@example.dk")))[0]
	h.mails(1)
	h.until("it is done", func() bool { return h.sent(gift) == "code done" })
	h.must(h.sales.Remind(t.Context()))
	if got := h.reminded(gift); got != "" {
		t.Errorf("three years ahead: %q", got)
	}
	h.late(gift, "29")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := h.sales.Remind(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	reminder := h.mails(2)[1]
	if got := h.letter(reminder); got != "buyer@example.dk " {
		t.Errorf("the reminder is %s", got)
	}
	seen, err := reminder.Inspect()
	h.must(err)
	if !strings.Contains(seen.Text, gift.last4) || !strings.Contains(seen.Text, "købt som gave") || !strings.HasPrefix(seen.Subject, "Dit gavekort fra ") {
		t.Errorf("the reminder says %q: %q", seen.Subject, seen.Text)
	}
	h.until("it is done", func() bool { return h.reminded(gift) == "done" })
	h.must(h.sales.Remind(t.Context()))
	if got := h.reminded(gift); got != "done" {
		t.Errorf("again: %q", got)
	}
	h.office.does("extend", gift, says("expires_on", h.reads(`SELECT (expires_on + 40)::text FROM voucher WHERE id = $1::uuid`, gift.id)), because)
	h.must(h.sales.Remind(t.Context()))
	if got := h.reminded(gift); got != "done" {
		t.Errorf("X09: a longer term begins anew, and this one is far from its end: %q", got)
	}
	h.late(gift, "5")
	h.must(h.sales.Remind(t.Context()))
	h.until("the second is done", func() bool { return h.reminded(gift) == "done\ndone" })
	if got := h.letter(h.mails(3)[2]); got != "buyer@example.dk " {
		t.Errorf("the reminder of the new term is %s", got)
	}
}

// X09: nobody is reminded of what can't be used, has nothing left, or changed while its reminder waited; nor where nobody turned it on.
func TestNobodyIsRemindedInVain(t *testing.T) {
	t.Parallel()
	h := open(t, reminds)
	spent, blocked, ended := h.sells(order("1042", 0))[0], h.sells(order("1043", 0))[0], h.sells(order("1044", 0))[0]
	cancelled, changed, off := h.sells(order("1045", 0))[0], h.sells(order("1046", 0))[0], h.sells(order("1047", 0))[0]
	nobody := h.sells(order("1048", 0, func(o *purchase.Order) { o.Buyer.Email = "" }, toRecipient("lisa@example.dk")))[0]
	h.till.redeems("r-1", spent, 500_00)
	h.office.does("block", blocked, because)
	h.office.does("invalidate", ended, because)
	h.tells(order("1045", 1, withStatus(purchase.Cancelled)))
	h.late(spent, "29")
	h.must(h.sales.Remind(t.Context()))
	for name, c := range map[string]card{"spent": spent, "blocked": blocked, "ended": ended, "of a cancelled order": cancelled, "of nobody": nobody} {
		if got := h.reminded(c); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	h.till.redeems("r-2", changed, 500_00)
	if got := h.reminded(changed) + h.reminded(off); got != "pendingpending" {
		t.Errorf("of two that can be used: %q", got)
	}
	h.office.asks("PUT", "/v1/admin/shops/demo/mails", `{"one_mail":false}`).has(200, `{"id":"demo"}`)
	h.works()
	for _, c := range []card{changed, off} {
		h.until("it was withdrawn", func() bool { return h.reminded(c) == "cancelled there is nothing to remind of any more" })
	}
}

// X09, B03: years on the order has forgotten its buyer, and the account of the customer knows him still: there he is reminded, once, also
// when the account has become another's by a merge. Who was erased, or is known to nobody any more, is not.
func TestACustomerIsRemindedAtHisAccount(t *testing.T) {
	t.Parallel()
	h := open(t, reminds)
	h.works()
	bought := func(number, login string, more ...func(*purchase.Order)) card {
		return h.sells(order(number, 0, append(more, func(o *purchase.Order) {
			o.Buyer.ID, o.Buyer.Email, o.Language = login, "order-"+login+"@example.se", "sv"
		})...))[0]
	}
	told, merged, erased, unknown := bought("2001", "7"), bought("2002", "8"), bought("2003", "9"), bought("2004", "10")
	gift := bought("2005", "7", toRecipient("lisa@example.dk"))
	for login, email := range map[string]string{"7": "anna@example.se", "9": "gone@example.se", "new": "new@example.se"} {
		h.office.asks("PUT", "/v1/admin/customers/"+login+"?shop=demo", members(says("email", email))).has(200, "{}")
	}
	h.merges("8", "new").has(200, "{}")
	h.mails(5)
	for _, c := range []card{told, merged, erased, unknown, gift} {
		h.until("its code is sent", func() bool { return h.sent(c) == "code done" })
	}
	h.office.asks("POST", "/v1/admin/data-subjects/erase", members(says("email", "gone@example.se"), because)).has(200, "{}")
	h.late(told, "29")
	h.must(h.sales.EraseOrders(t.Context()))
	if got := h.reads(`SELECT count(*)::text FROM purchase WHERE buyer IS NOT NULL`); got != "0" {
		t.Fatalf("%s orders know their buyers", got)
	}
	for range 2 {
		h.must(h.sales.Remind(t.Context()))
	}
	letters := map[string]string{}
	for _, m := range h.mails(7)[5:] {
		seen, err := m.Inspect()
		h.must(err)
		letters[h.letter(m)] = seen.Text
	}
	for to, last4 := range map[string]string{"anna@example.se ": told.last4, "new@example.se ": merged.last4} {
		if text := letters[to]; !strings.Contains(text, last4) || !strings.Contains(text, "Presentkortet") {
			t.Errorf("the reminder to %s says %q, want it in Swedish", to, text)
		}
	}
	for name, c := range map[string]card{"of an erased customer": erased, "of one without an address": unknown, "for somebody else": gift} {
		if got := h.reminded(c); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// X09: a customer who is erased while his reminder waits gets none.
func TestACustomerWhoIsErasedIsNotReminded(t *testing.T) {
	t.Parallel()
	h := open(t, reminds)
	c := h.sells(order("2001", 0))[0]
	h.office.asks("PUT", "/v1/admin/customers/7?shop=demo", members(says("email", "anna@example.se"))).has(200, "{}")
	h.late(c, "29")
	h.must(h.sales.Remind(t.Context()))
	if got := h.reminded(c); got != "pending" {
		t.Fatalf("it is %q", got)
	}
	h.office.asks("POST", "/v1/admin/data-subjects/erase", members(says("email", "anna@example.se"), `"cancel_deliveries":true`, because)).has(200, "{}")
	h.must(h.sales.Remind(t.Context()))
	if got := h.reminded(c); !strings.HasPrefix(got, "cancelled") {
		t.Errorf("it is %q", got)
	}
}
