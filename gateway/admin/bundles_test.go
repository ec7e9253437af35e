package admin_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// inOneMail is a buyer who wants his codes together.
func inOneMail(o *purchase.Order) {
	for i := range o.Lines {
		o.Lines[i].OneMail = true
	}
}

// lineFor adds a line for somebody else.
func lineFor(email string) func(*purchase.Order) {
	return func(o *purchase.Order) {
		gift := o.Lines[0]
		gift.ID, gift.Quantity, gift.Paid, gift.RecipientEmail = "2", 1, money.Of(500_00, "DKK"), email
		o.Lines = append(o.Lines, gift)
		o.Total.Minor += 500_00
	}
}

// codesOf are the codes of cards, sorted.
func codesOf(cards []card) []string {
	codes := make([]string, len(cards))
	for i, c := range cards {
		codes[i] = c.code
	}
	slices.Sort(codes)
	return codes
}

// bulk are the deliveries of an order's codes in one mail, "state reason" each.
func (h *house) bulk(number string) string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(rtrim(d.state || ' ' || d.reason), E'\n' ORDER BY d.seq), '') FROM delivery d
		JOIN purchase p ON p.id::text = d.subject WHERE d.kind = 'codes' AND p.number = $1`, number)
}

// bundles tells that a mail went to the buyer alone, with exactly these codes, each with a page.
func (h *house) bundles(m mailbox.Message, cards []card) {
	h.t.Helper()
	codes, err := m.Codes()
	h.must(err)
	if !slices.Equal(codes, codesOf(cards)) || !slices.Equal(m.Recipients, []string{"buyer@example.dk"}) {
		h.t.Errorf("the mail to %v has %d codes, want %d to the buyer", m.Recipients, len(codes), len(cards))
	}
	seen, err := m.Inspect()
	h.must(err)
	if len(seen.Files) != 1 || bytes.Count(seen.Files[0].Bytes, []byte("/Type /Page\n")) != len(cards) {
		h.t.Errorf("%d files, want a document of %d pages", len(seen.Files), len(cards))
	}
}

// X05: who buys thirty and asks for it gets one mail with thirty codes and a document of thirty pages, in one delivery; a gift to
// somebody else in the same order goes to him.
func TestThirtyCodesComeInOneMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	cards := h.sells(order("1042", 0, units(30), inOneMail, lineFor("lisa@example.dk")))
	own, gift := cards[:30], cards[30]
	mails := h.mails(2)
	if mails[0].Recipients[0] == "lisa@example.dk" {
		slices.Reverse(mails)
	}
	h.bundles(mails[0], own)
	if got := h.letter(mails[1]); got != "lisa@example.dk "+gift.code {
		t.Errorf("the gift's mail is %s", got)
	}
	h.until("it is done", func() bool { return h.bulk("1042") == "done" })
	if got := h.office.items("/v1/admin/deliveries", "kind", "q", own[7].id); !slices.Equal(got, []string{"codes"}) {
		t.Errorf("the deliveries about one of them are %v", got)
	}
	h.tells(order("1042", 1, units(30), inOneMail, lineFor("lisa@example.dk")))
	if got := len(h.sink.Messages()); got != 2 {
		t.Errorf("the order told again made %d mails", got)
	}
	h.office.does("resend", own[0])
	if got := h.letter(h.mails(3)[2]); got != "buyer@example.dk "+own[0].code {
		t.Errorf("the resend of one is %s", got)
	}
}

// X05: a shop may do so always; who buys one has the usual mail.
func TestAShopThatSendsCodesTogether(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.asks("PUT", "/v1/admin/shops/demo/mails", `{"one_mail":true,"remind_days":30}`).has(200, `{"one_mail":true,"remind_days":30}`)
	h.unchanged("the same again", func() {
		h.office.asks("PUT", "/v1/admin/shops/demo/mails", `{"one_mail":true,"remind_days":30}`).has(200, `{"one_mail":true,"remind_days":30}`)
	})
	h.office.asks("PUT", "/v1/admin/shops/demo/mails", `{"one_mail":true,"remind_days":366}`).refuses(400, "invalid_request", `"field":"remind_days"`)
	h.office.asks("PUT", "/v1/admin/shops/nobody/mails", `{"one_mail":true}`).refuses(404, "not_found")
	h.demo.OneMail = true
	h.works()
	three, one := h.sells(order("1042", 0, units(3))), h.sells(order("1043", 0))
	mails := h.mails(2)
	if len(mails[0].Bytes) < len(mails[1].Bytes) && h.letter(mails[0]) == "buyer@example.dk "+one[0].code {
		slices.Reverse(mails)
	}
	h.bundles(mails[0], three)
	if got := h.letter(mails[1]); got != "buyer@example.dk "+one[0].code {
		t.Errorf("the single one's mail is %s", got)
	}
}

// X05, X01: what is refunded, ended or sent alone before the mail has left is not in it; when nothing is left, none is sent.
func TestWhatEndsBeforeItsMailIsNotInIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	later := deliverOn(day)
	cards := h.sells(order("1042", 0, units(4), inOneMail, later))
	none := h.sells(order("1043", 0, units(2), inOneMail, later))
	h.office.does("invalidate", cards[0], because)
	h.office.gives(cards[1], says("email", "lisa@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"pending"}}`)
	for _, c := range none {
		h.office.does("invalidate", c, because)
	}
	if got := h.bulk("1043"); got != "cancelled the voucher was invalidated" {
		t.Errorf("of nothing left: %q", got)
	}
	h.works()
	h.passes(4 * 24 * time.Hour)
	mails := h.mails(2)
	if mails[0].Recipients[0] == "lisa@example.dk" {
		slices.Reverse(mails)
	}
	h.bundles(mails[0], cards[2:])
	if got := h.letter(mails[1]); got != "lisa@example.dk "+cards[1].code {
		t.Errorf("the one that went alone is %s", got)
	}
}

// X05: a mail that was rendered and did not leave is made anew when one of its codes is no more.
func TestAMailThatWasRefusedForNowIsMadeAnewWithoutWhatEnded(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sink.Next(mailtest.Greylist)
	h.works()
	cards := h.sells(order("1042", 0, units(3), inOneMail))
	h.until("it was put off", func() bool { return strings.HasPrefix(h.bulk("1042"), "pending the mail server") })
	h.office.does("replace", cards[0], because)
	if got := h.letter(h.mails(1)[0]); got != "buyer@example.dk "+h.reveals(cards[0].id).code {
		t.Errorf("the new code's mail is %s", got)
	}
	h.passes(time.Hour)
	h.bundles(h.mails(2)[1], cards[1:])
	if got := h.bulk("1042"); !strings.HasPrefix(got, "cancelled another mail takes its place") {
		t.Errorf("the first is %q", got)
	}
}

// X05: while its order is cancelled a mail with several codes is held, and paid again it goes out.
func TestACancelledOrderHoldsItsCodes(t *testing.T) {
	t.Parallel()
	h := open(t)
	day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	cards := h.sells(order("1042", 0, units(2), inOneMail, deliverOn(day)))
	h.tells(order("1042", 1, units(2), inOneMail, deliverOn(day), withStatus(purchase.Cancelled)))
	h.works()
	h.passes(4 * 24 * time.Hour)
	if got := h.bulk("1042"); got != "waiting held" {
		t.Errorf("of a cancelled order: %q", got)
	}
	h.tells(order("1042", 2, units(2), inOneMail, deliverOn(day)))
	h.bundles(h.mails(1)[0], cards)
}

// X05: a gift is mailed at eight in the morning of the shop, in summer and in winter; a day in the past is now; the office moves the
// day while nothing has left.
func TestTheDayOfDelivery(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, day := range []struct{ on, at string }{{"2029-01-15", "2029-01-15T07:00:00Z"}, {"2029-07-15", "2029-07-15T06:00:00Z"}, {"2029-03-25", "2029-03-25T06:00:00Z"}} {
		c := h.sells(order("1"+strings.ReplaceAll(day.on, "-", ""), 0, deliverOn(day.on)))[0]
		if got := h.reads(`SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM delivery WHERE subject = $1`, c.id); got != day.at {
			t.Errorf("%s: due at %s, want %s", day.on, got, day.at)
		}
	}
	c := h.sells(order("1042", 0, deliverOn("2029-01-15"), toRecipient("lisa@example.dk")))[0]
	id := h.deliveryOf(c)
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", `{"deliver_on":"2029-02-01","reason":"she is away"}`).
		has(200, `{"id":"*","state":"pending","due_at":"2029-02-01T07:00:00Z"}`)
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", `{"deliver_on":"soon"}`).refuses(400, "invalid_request", `"field":"deliver_on"`)
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", `{"deliver_on":"9999-12-31"}`).refuses(400, "invalid_request", `"field":"deliver_on"`)
	h.works()
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", `{"deliver_on":"2020-01-01"}`).has(200, `{"id":"*"}`)
	if got := h.letter(h.mails(1)[0]); got != "lisa@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/reschedule", `{"deliver_on":"2029-01-01"}`).refuses(409, "already_settled")
	past := h.sells(order("1043", 0, deliverOn("2020-01-01")))[0]
	if got := h.letter(h.mails(2)[1]); got != "buyer@example.dk "+past.code {
		t.Errorf("the mail for a day in the past is %s", got)
	}
	h.must(h.box.Watch(t.Context()))
	if got := h.openTasks(); got != "" {
		t.Errorf("somebody is told of %s", got)
	}
}

// X06: a mail that came back counts as bounced, with a task; the code goes out again once the address is right.
func TestAMailThatCameBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.mails(1)
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	id := h.deliveryOf(c)
	bounce := func() *reply {
		return h.office.asks("POST", "/v1/admin/deliveries/"+id+"/bounce", `{"reason":"550 no such user"}`)
	}
	bounce().has(200, `{"id":"*","state":"bounced","reason":"550 no such user"}`)
	h.unchanged("the same again", func() { bounce().has(200, `{"state":"bounced"}`) })
	h.office.lists("/v1/admin/tasks", "reason", "bounced")
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/bounce", `{}`).refuses(400, "invalid_request", `"field":"reason"`)
	h.office.gives(c, says("email", "right@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	if got := h.letter(h.mails(2)[1]); got != "right@example.dk "+c.code {
		t.Errorf("the new mail is %s", got)
	}
	waiting := h.sells(order("1043", 0, deliverOn("2029-01-01")))[0]
	h.office.asks("POST", "/v1/admin/deliveries/"+h.deliveryOf(waiting)+"/bounce", `{"reason":"x"}`).refuses(409, "delivery_under_way")
}
