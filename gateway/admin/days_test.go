package admin_test

import (
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// reschedules asks for another day of delivery.
func (c *caller) reschedules(id, day string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", `{"deliver_on":"`+day+`","reason":"a customer called"}`)
}

// X05: a code whose day nobody can tell waits for the office, and holds up nothing else of its order.
func TestACodeWaitsForADayThatNobodyCanTell(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	cards := h.sells(order("1042", 0, deliverOn("juleaften"), lineFor("lisa@example.dk"), func(o *purchase.Order) { o.Lines[1].DeliverOn = "" }))
	if got := h.letter(h.mails(1)[0]); got != "lisa@example.dk "+cards[1].code {
		t.Errorf("the other line's mail is %s", got)
	}
	if got := h.sent(cards[0]); got != "code waiting no_delivery_day" {
		t.Errorf("the delivery is %q", got)
	}
	if got := h.openTasks(); got != "delivery no_delivery_day" {
		t.Errorf("the office is told %q", got)
	}
	task := h.reads(`SELECT detail->>'said' FROM task WHERE closed_at IS NULL`)
	if task != "juleaften" {
		t.Errorf("the task says %q", task)
	}
	h.office.asks("GET", "/v1/admin/tasks?kind=delivery", "").contains("/reschedule", "juleaften")
	h.office.asks("GET", "/v1/admin/purchases/"+h.reads(`SELECT id::text FROM purchase`), "").contains(`"deliver_on_said":"juleaften"`)
	h.tells(order("1042", 0, deliverOn("juleaften"), lineFor("lisa@example.dk"), func(o *purchase.Order) { o.Lines[1].DeliverOn = "" }))
	id, day := h.deliveryOf(cards[0]), time.Now().AddDate(0, 0, 5).Format(time.DateOnly)
	h.office.reschedules(id, day).has(200, `{"id":"*","state":"pending"}`)
	if got := h.openTasks(); got != "" {
		t.Errorf("the office still has %q", got)
	}
	h.office.asks("GET", "/v1/admin/purchases/"+h.reads(`SELECT id::text FROM purchase`), "").contains(`"deliver_on":"` + day + `"`)
	h.passes(6 * 24 * time.Hour)
	if got := h.letter(h.mails(2)[1]); got != "buyer@example.dk "+cards[0].code {
		t.Errorf("the mail is %s", got)
	}
}

// X05: the office may send at once what waits for its day, and who gets another recipient still waits for it.
func TestWhatWaitsForItsDayIsSentAtOnceByTheOffice(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	unclear := func(o *purchase.Order) { o.Language, o.Lines[0].DeliverOn = "en", "5/12/2026" }
	retried := h.sells(order("1", 0, unclear))[0]
	resent := h.sells(order("2", 0, unclear))[0]
	moved := h.sells(order("3", 0, unclear, toRecipient("nowhere")))[0]
	if got := h.sent(moved); got != "code waiting needs_address" {
		t.Errorf("without address and day: %q", got)
	}
	h.office.gives(moved, says("email", "lisa@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"waiting","reason":"no_delivery_day"}}`)
	if got := h.sent(moved); got != "code cancelled a new delivery takes its place\ncode waiting no_delivery_day" {
		t.Errorf("with an address it is %q", got)
	}
	h.office.retries(h.deliveryOf(retried)).has(200, `{"id":"*"}`)
	if got := h.letter(h.mails(1)[0]); got != "buyer@example.dk "+retried.code {
		t.Errorf("retried: the mail is %s", got)
	}
	h.office.does("resend", resent)
	if got := h.letter(h.mails(2)[1]); got != "buyer@example.dk "+resent.code {
		t.Errorf("resent: the mail is %s", got)
	}
	h.until("one waits", func() bool { return h.openTasks() == "delivery no_delivery_day" })
}

// X05, X09: nobody gets a code that is dead on the day it comes.
func TestADeliveryAfterTheLastDayIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	late := h.sells(order("1", 0, deliverOn("2099-06-01")))[0]
	last := h.reads(`SELECT expires_on::text FROM voucher WHERE id = $1`, late.id)
	fine := h.sells(order("2", 0, deliverOn(last)))[0]
	never := h.sells(order("3", 0, deliverOn("9999-12-31")))[0]
	for c, want := range map[card]string{late: "code waiting delivery_day_too_late", fine: "code pending", never: "code waiting delivery_day_too_late"} {
		if got := h.sent(c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := h.openTasks(); got != "delivery delivery_day_too_late\ndelivery delivery_day_too_late" {
		t.Errorf("the office is told %q", got)
	}
	h.unchanged("a day after the last", func() {
		h.office.reschedules(h.deliveryOf(fine), "2099-01-01").refuses(400, "invalid_request", `"field":"deliver_on"`)
		h.office.reschedules(h.deliveryOf(late), "2099-01-01").refuses(400, "invalid_request", `"field":"deliver_on"`)
	})
	h.office.reschedules(h.deliveryOf(late), last).has(200, `{"id":"*","state":"pending"}`)
}

// X05, X09: a voucher that expired or was invalidated while its mail waited is not mailed; the office may extend it and try again.
func TestWhatExpiredMeanwhileIsNotMailed(t *testing.T) {
	t.Parallel()
	for name, with := range map[string][]option{"mailed": nil, "handed over": {sendsItself}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, with...)
			day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
			c := h.sells(order("1", 0, deliverOn(day)))[0]
			ended := h.sells(order("2", 0, deliverOn(day)))[0]
			h.office.does("invalidate", ended, because)
			h.runs(`UPDATE voucher SET expires_on = current_date + 1, ends_at = now() + interval '1 day' WHERE id = $1`, c.id)
			h.passes(4 * 24 * time.Hour)
			h.works()
			h.until("it is laid aside", func() bool { return strings.HasSuffix(h.sent(c), "waiting voucher_expired") })
			if got := h.openTasks(); got != "delivery voucher_expired" {
				t.Errorf("the office is told %q", got)
			}
			h.office.retries(h.deliveryOf(c)).refuses(409, "expired")
			h.office.does("extend", c, says("expires_on", time.Now().AddDate(1, 0, 0).Format(time.DateOnly)), because).has(200, `{}`)
			h.office.retries(h.deliveryOf(c)).has(200, `{"id":"*"}`)
			h.until("it is done", func() bool { return strings.HasSuffix(h.sent(c), " done") })
			if got := h.sent(ended); !strings.Contains(got, "cancelled the voucher was invalidated") {
				t.Errorf("the invalidated one is %q", got)
			}
		})
	}
}

// X05: several codes for one unclear day wait together, in one mail.
func TestABundleWaitsForItsDay(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	cards := h.sells(order("1042", 0, units(3), inOneMail, deliverOn("2026-02-30")))
	if got := h.bulk("1042"); got != "waiting no_delivery_day" {
		t.Errorf("the mail is %q", got)
	}
	id := h.reads(`SELECT id::text FROM delivery WHERE kind = 'codes'`)
	h.office.reschedules(id, "2020-01-01").has(200, `{"id":"*"}`)
	h.bundles(h.mails(1)[0], cards)
}

// contains checks that texts are in the answer as it was sent.
func (r *reply) contains(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.text, text) {
			r.t.Errorf("%s: %q is not in %s", r.asked, text, r.text)
		}
	}
}
