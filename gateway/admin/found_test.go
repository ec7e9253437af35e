package admin_test

import (
	"strings"
	"testing"
)

// A till is told of a block when it asks for the balance, not only when the customer wants to pay.
func TestABlockIsSeenInTheBalance(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	if got := h.till.looksUp(c); got.status != 200 || strings.Contains(got.text, `"blocked"`) {
		t.Errorf("before: %d %s", got.status, got.text)
	}
	h.office.does("block", c, because)
	if got := h.till.looksUp(c); got.status != 200 || !strings.Contains(got.text, `"blocked":true`) {
		t.Errorf("blocked: %d %s", got.status, got.text)
	}
}

// Whoever looks a code up may say who typed it, in the office too.
func TestTheOfficeMayNameTheBuyerOfACode(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	got := h.office.asks("POST", "/v1/admin/vouchers/find", members(says("code", c.code), `"buyer":`+members(says("ip", "192.0.2.1"), says("session", "s"))))
	if got.status != 200 || !strings.Contains(got.text, c.id) {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// The buyer does not get the code of a gift because its recipient was erased; an address that the office names does.
func TestAnErasedRecipientsCodeIsNotSentToTheBuyer(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	gift := h.sells(order("2002", 0, wishing(annaMail, annaName, "Kære du")))[0]
	h.delivered()
	h.about("erase", annaMail, because).has(200, `{"kept":"*"}`)
	h.office.does("resend", gift).refuses(409, "needs_address")
	if got := h.office.does("resend", gift, says("recipient", "bo@example.dk")); got.status != 200 {
		t.Errorf("to an address that was named: %d %s", got.status, got.text)
	}
}
