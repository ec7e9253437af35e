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
