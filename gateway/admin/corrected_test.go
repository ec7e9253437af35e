package admin_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// soon is a day in the near future.
func soon(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }

// lines changes every line of an order.
func lines(change func(l *purchase.Line)) func(*purchase.Order) {
	return func(o *purchase.Order) {
		for i := range o.Lines {
			change(&o.Lines[i])
		}
	}
}

// corrected is what the audit trail says that a shop has corrected of a voucher.
func (h *house) corrected(c card) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(concat_ws(' ', detail->>'changed', detail->>'outcome'), E'\n' ORDER BY id), '') FROM audit
		WHERE object = $1 AND actor = 'shop:demo' AND action = 'correct_delivery'`, c.id)
}

// asked is the open task about what a shop has corrected of a voucher: its reason, what changed, to whom and when.
func (h *house) asked(c card) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(max(concat_ws(' ', reason, detail->>'changed', detail->>'to', detail->>'deliver_on')), '') FROM task
		WHERE kind = 'recipient_changed' AND subject = $1 AND closed_at IS NULL`, c.id)
}

// X05: what a shop corrects before the mail has left is mailed as corrected, and nothing of it twice.
func TestAShopCorrectsWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	h := open(t)
	sold := order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3)))
	c := h.sells(sold)[0]
	mended := order("1042", 5, toRecipient("lisa@example.dk"), deliverOn(soon(5)), lines(func(l *purchase.Line) { l.Message = "Tillykke" }))
	h.tells(mended)
	if got := h.sent(c); got != "code cancelled the shop has corrected it\ncode pending" {
		t.Errorf("the deliveries are %q", got)
	}
	if got := h.corrected(c); got != `["recipient", "message", "deliver_on"] carried out` {
		t.Errorf("the audit trail says %q", got)
	}
	h.unchanged("the same state again", func() { h.tells(mended) })
	h.unchanged("the older state, late", func() { h.tells(sold) })
	h.unchanged("the same words in a later state", func() { h.tells(order("1042", 6, func(o *purchase.Order) { o.Lines = mended.Lines })) })
	h.works()
	h.passes(4 * 24 * time.Hour)
	h.until("the sweep has passed", func() bool { n, err := h.box.Sweep(h.t.Context()); return err == nil && n == 0 })
	if got := len(h.sink.Messages()); got != 0 {
		t.Errorf("%d mails came on the day that was corrected", got)
	}
	h.passes(6 * 24 * time.Hour)
	m := h.mails(1)[0]
	if got := h.letter(m); got != "lisa@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
	if seen, err := m.Inspect(); err != nil || !strings.Contains(seen.Text, "Tillykke") {
		t.Errorf("the mail says %q (%v)", seen.Text, err)
	}
}

// X05, X22: what the office has corrected stands while the shop repeats its old word; a new one of the shop's counts for what it changes.
func TestAShopThatRepeatsItselfCorrectsNobody(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, toRecipient("lisa@example.dk"), deliverOn(soon(3))))[0]
	h.office.gives(c, says("email", "office@example.dk"), says("name", "Farmor")).has(200, `{"delivery":{"id":"*","kind":"code","state":"pending"}}`)
	h.office.reschedules(h.reads(`SELECT id::text FROM delivery WHERE subject = $1 AND finished_at IS NULL`, c.id), soon(9)).has(200, `{"id":"*"}`)
	h.unchanged("the shop's old word in a later state", func() { h.tells(order("1042", 5, toRecipient("lisa@example.dk"), deliverOn(soon(3)))) })
	h.tells(order("1042", 6, toRecipient("lisa@example.dk"), deliverOn(soon(6))))
	h.works()
	h.passes(7 * 24 * time.Hour)
	if got := h.letter(h.mails(1)[0]); got != "office@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
	if got := h.corrected(c); got != `["deliver_on"] carried out` {
		t.Errorf("the audit trail says %q", got)
	}
}

// X05: an address that was missing and is told later sends the code that waited for it; so does a day.
func TestAShopTellsTheAddressLater(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0, toRecipient("nowhere"), deliverOn("juleaften")))[0]
	if got := h.sent(c); got != "code waiting needs_address" {
		t.Fatalf("the delivery is %q", got)
	}
	h.tells(order("1042", 1, toRecipient("lisa@example.dk"), deliverOn("juleaften")))
	if got := h.sent(c); !strings.HasSuffix(got, "\ncode waiting no_delivery_day") || h.openTasks() != "delivery no_delivery_day" {
		t.Errorf("with an address: %q, the office is told %q", got, h.openTasks())
	}
	h.tells(order("1042", 2, toRecipient("lisa@example.dk"), deliverOn("2020-12-24")))
	if got := h.letter(h.mails(1)[0]); got != "lisa@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
	if got := h.openTasks(); got != "" {
		t.Errorf("the office still has %q", got)
	}
}

// X05: a day that nobody can tell keeps back a mail that was planned already, as it does when the order is first told.
func TestACorrectedDayThatNobodyCanTell(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, deliverOn(soon(3))))[0]
	h.tells(order("1042", 1, deliverOn("juleaften")))
	if got := h.sent(c); got != "code cancelled the shop has corrected it\ncode waiting no_delivery_day" {
		t.Errorf("the deliveries are %q", got)
	}
	if got := h.openTasks(); got != "delivery no_delivery_day" {
		t.Errorf("the office is told %q", got)
	}
}

// X05: once the mail has left the office is told what the shop wants, once for each correction; a new delivery goes to whom the shop names.
func TestACorrectionAfterTheMailIsTheOffices(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0, toRecipient("lsia@example.dk")))[0]
	h.mails(1)
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	late := order("1042", 1, toRecipient("lisa@example.dk"))
	h.tells(late)
	if got := h.asked(c); got != `too_late ["recipient"] l•••@example.dk` {
		t.Errorf("the office is told %q", got)
	}
	h.unchanged("the same again", func() { h.tells(late) })
	task := h.office.asks("GET", "/v1/admin/tasks?kind=recipient_changed", "")
	task.contains(`"closes":"by_hand"`, "/v1/admin/vouchers/"+c.id+"/resend", "/v1/admin/vouchers/"+c.id+"/recipient")
	h.office.does("resend", c)
	if got := h.letter(h.mails(2)[1]); got != "lisa@example.dk "+c.code {
		t.Errorf("the resend is %s", got)
	}
	if got := h.openTasks(); got != "" {
		t.Errorf("after the resend the office still has %q", got)
	}
	h.until("it is done", func() bool { return strings.HasSuffix(h.sent(c), "\ncode done") })
	h.tells(order("1042", 2, toRecipient("bo@example.dk"), deliverOn(soon(4))))
	if got := h.asked(c); got != `too_late ["recipient", "deliver_on"] b•••@example.dk `+soon(4) {
		t.Errorf("of another correction the office is told %q", got)
	}
	id := h.reads(`SELECT id::text FROM task WHERE kind = 'recipient_changed' AND closed_at IS NULL`)
	h.office.asks("POST", "/v1/admin/tasks/"+id+"/close", `{"reason":"the customer knows"}`).has(200, `{"id":"*"}`)
	h.tells(order("1042", 3, toRecipient("bo@example.dk"), deliverOn(soon(4))))
	if got := h.openTasks(); got != "" {
		t.Errorf("what was closed is told again: %q", got)
	}
	if got := len(h.sink.Messages()); got != 2 {
		t.Errorf("%d mails, want 2", got)
	}
}

// X05: a mail that may have left is not changed by the shop.
func TestACorrectionInDoubtIsTheOffices(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3))))[0]
	h.runs(`UPDATE delivery SET state = 'in_doubt', copies = 1, doubts = 1, body_hash = '\x01', message_id = 'm@example.dk' WHERE subject = $1`, c.id)
	h.tells(order("1042", 1, toRecipient("lisa@example.dk"), deliverOn(soon(3))))
	if got := h.asked(c) + "; " + h.sent(c); got != `in_doubt ["recipient"] l•••@example.dk; code in_doubt` {
		t.Errorf("the office is told %q", got)
	}
}

// X05: a mail that is being made and not written yet is waited for: the state is applied when it is tried again.
func TestACorrectionWaitsForAMailThatIsBeingMade(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3))))[0]
	h.runs(`UPDATE delivery SET state = 'sending', due_at = NULL, nudge_at = now() + interval '9 s', lease_until = now() + interval '9 s' WHERE subject = $1`, c.id)
	late := order("1042", 1, toRecipient("lisa@example.dk"), deliverOn(soon(3)))
	h.unchanged("a correction meanwhile", func() {
		if _, err := h.sales.ApplyOrder(t.Context(), h.demo, late); err == nil {
			t.Error("it was applied")
		}
	})
	h.runs(`UPDATE delivery SET state = 'pending', due_at = ready_at, nudge_at = ready_at, lease_until = NULL WHERE subject = $1`, c.id)
	h.tells(late)
	if got := h.corrected(c); got != `["recipient"] carried out` {
		t.Errorf("the audit trail says %q", got)
	}
}

// X05: a recipient or a day that is told no longer may be lost: nothing comes early or to the buyer for that, and a person looks.
func TestWhatAShopTellsNoLongerChangesNoMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	full := []func(*purchase.Order){toRecipient("lisa@example.dk"), deliverOn(soon(3))}
	c := h.sells(order("1042", 0, full...))[0]
	h.tells(order("1042", 1))
	if got := h.asked(c) + "; " + h.sent(c); got != `left_out ["name", "left_out"]; code pending` {
		t.Errorf("the office is told %q", got)
	}
	h.unchanged("the same again", func() { h.tells(order("1042", 1)) })
	h.tells(order("1042", 2, full...))
	h.works()
	h.passes(4 * 24 * time.Hour)
	if got := h.letter(h.mails(1)[0]); got != "lisa@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
	erased := order("1042", 3, func(o *purchase.Order) { o.Buyer.Email = "deleted@site.invalid" })
	h.until("it is done", func() bool { return strings.HasSuffix(h.sent(c), " done") })
	before := h.reads(`SELECT count(*)::text FROM task`)
	h.tells(erased)
	if got := h.reads(`SELECT count(*)::text FROM task`); got != before {
		t.Error("a shop that has erased a buyer whose code was mailed makes a task")
	}
}

// X05: of two states of the same second that name different recipients the shop is asked.
func TestTwoWordsOfTheSameSecond(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3))))[0]
	twin := order("1042", 0, toRecipient("lisa@example.dk"), deliverOn(soon(3)))
	h.unchanged("a twin", func() {
		d, err := h.sales.ApplyOrder(t.Context(), h.demo, twin)
		if err != nil || d.Verdict != purchase.Ask {
			t.Errorf("the verdict is %q (%v), want that the shop is asked", d.Verdict, err)
		}
	})
	twin.Origin = purchase.Fetched
	h.tells(twin)
	if got := h.corrected(c); got != `["recipient"] carried out` {
		t.Errorf("after the shop's answer: %q", got)
	}
	mute := h.demo
	mute.URL, mute.APIKey = "", nil
	if mute.CanBeAsked() {
		t.Fatal("the shop can still be asked")
	}
	other := order("1042", 0, toRecipient("bo@example.dk"), deliverOn(soon(3)))
	if _, err := h.sales.ApplyOrder(t.Context(), mute, other); err != nil {
		t.Fatal(err)
	}
	if got := h.asked(c); got != `same_instant ["recipient"] b•••@example.dk` {
		t.Errorf("where the shop can't be asked: %q", got)
	}
}

// X05: codes that go together still do on another day and to another address of the buyer's; one that gets a recipient goes alone.
func TestABundleIsCorrected(t *testing.T) {
	t.Parallel()
	h := open(t)
	both := func(minute int, gift string) purchase.Order {
		return order("1042", minute, units(3), lineFor(gift), inOneMail, lines(func(l *purchase.Line) { l.DeliverOn = soon(5) }))
	}
	first := both(0, "")
	first.Lines[0].DeliverOn, first.Lines[1].DeliverOn = soon(3), soon(3)
	cards := h.sells(first)
	h.tells(both(1, ""))
	if got := h.bulk("1042"); got != "cancelled the shop has corrected it\npending" {
		t.Errorf("with another day the mails are %q", got)
	}
	h.tells(both(2, "lisa@example.dk"))
	if got := h.bulk("1042") + "; " + h.sent(cards[3]); got != "cancelled the shop has corrected it\npending; code pending" {
		t.Errorf("with a recipient the mails are %q", got)
	}
	h.works()
	h.passes(6 * 24 * time.Hour)
	mails := h.mails(2)
	if mails[0].Recipients[0] == "lisa@example.dk" {
		slices.Reverse(mails)
	}
	h.bundles(mails[0], cards[:3])
	if got := h.letter(mails[1]); got != "lisa@example.dk "+cards[3].code {
		t.Errorf("the gift's mail is %s", got)
	}
}

// X05: while its order is cancelled a corrected mail is held like the one before.
func TestACorrectedMailStaysHeld(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3))))[0]
	h.tells(order("1042", 1, toRecipient("lsia@example.dk"), deliverOn(soon(3)), withStatus(purchase.Cancelled)))
	h.tells(order("1042", 2, toRecipient("lisa@example.dk"), deliverOn("2020-01-01"), withStatus(purchase.Cancelled)))
	if got := h.sent(c); got != "code cancelled the shop has corrected it\ncode waiting held" {
		t.Errorf("the deliveries are %q", got)
	}
	h.tells(order("1042", 3, toRecipient("lisa@example.dk"), deliverOn("2020-01-01")))
	if got := h.letter(h.mails(1)[0]); got != "lisa@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
}

// X05: a shop that sends the codes is handed the corrected words on the corrected day.
func TestAHandoverIsCorrected(t *testing.T) {
	t.Parallel()
	h := open(t, sendsItself)
	c := h.sells(order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3))))[0]
	h.tells(order("1042", 1, toRecipient("lisa@example.dk"), deliverOn("2020-01-01")))
	if got := h.sent(c); got != "handover cancelled the shop has corrected it\nhandover pending" {
		t.Errorf("the deliveries are %q", got)
	}
	h.works()
	h.until("it is handed over", func() bool { return strings.HasSuffix(h.sent(c), "handover done") })
}

// X05: a correction that fails on the way has changed nothing, and is carried out when it is told again.
func TestACorrectionHappensWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sells(order("1042", 0, toRecipient("lsia@example.dk"), deliverOn(soon(3))))
	tx, err := h.pool.Begin(t.Context())
	h.must(err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = outbox.Unfinished(t.Context(), tx, outbox.Where{Parent: h.reads(`SELECT id::text FROM purchase`)})
	h.must(err)
	h.unchanged("a correction that can't have the mail's row", func() {
		if _, err := h.sales.ApplyOrder(t.Context(), h.demo, order("1042", 1, toRecipient("lisa@example.dk"), deliverOn(soon(3)))); err == nil {
			t.Error("it was applied")
		}
	})
	h.must(tx.Rollback(t.Context()))
	h.tells(order("1042", 1, toRecipient("lisa@example.dk"), deliverOn(soon(3))))
	if got := h.reads(`SELECT count(*)::text FROM delivery WHERE finished_at IS NULL AND kind = 'code'`); got != "1" {
		t.Errorf("%s deliveries wait", got)
	}
}

// X05: no word of the shop sends a code to whom the gateway was told to forget; a person looks, who is not told his address either.
func TestACorrectionBringsNobodyBackWhoWasErased(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	both := func(minute int, gift string) purchase.Order {
		o := order("1042", minute, units(1), toRecipient(annaMail), lineFor(gift))
		o.Lines[1].DeliverOn = soon(3)
		return o
	}
	c := h.sells(both(0, "bo@example.dk"))[1]
	h.mails(1)
	h.until("the first is done", func() bool {
		return h.reads(`SELECT count(*)::text FROM delivery WHERE kind = 'code' AND finished_at IS NOT NULL`) == "1"
	})
	h.about("erase", annaMail, because).has(200, `{"kept":"*"}`)
	h.tells(both(1, annaMail))
	if got := h.asked(c) + "; " + h.sent(c); got != `left_out ["recipient"]; code pending` {
		t.Errorf("the office is told %q", got)
	}
	h.passes(4 * 24 * time.Hour)
	if got := h.letter(h.mails(2)[1]); got != "bo@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
}
