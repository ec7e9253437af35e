package admin_test

import "testing"

// E09, E10: who sends the codes of a shop sends them again, unless somebody else is named.
func TestAResendGoesTheWayOfItsShop(t *testing.T) {
	t.Parallel()
	h := open(t, sendsItself)
	h.works()
	c := h.sells(order("1042", 0))[0]
	h.until("it was handed over", func() bool { return h.sent(c) == "handover done" })
	h.office.does("resend", c).has(200, `{"delivery":{"id":"*","kind":"handover","state":"*"}}`)
	h.until("it was handed over again", func() bool { return h.sent(c) == "handover done\nhandover done" })
	if got := len(h.sink.Messages()); got != 0 {
		t.Errorf("%d mails were sent", got)
	}
	h.office.does("resend", c, says("recipient", "else@example.dk")).has(200, `{"delivery":{"id":"*","kind":"code","state":"*"}}`)
	if got := h.letter(h.mails(1)[0]); got != "else@example.dk "+c.code {
		t.Errorf("the mail is %s", got)
	}
}
