package admin_test

import (
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// gaveUp lets a delivery end as one does that nobody takes, with its task.
func (h *house) gaveUp(id string) {
	h.t.Helper()
	h.runs(`UPDATE delivery SET state = 'failed', reason = 'given up: no answer', due_at = NULL, nudge_at = NULL, finished_at = vouchsafe_now()
		WHERE id = $1`, id)
	h.waitsFor(id, "failed")
}

// waitsFor opens the task of a delivery.
func (h *house) waitsFor(id, reason string) {
	h.t.Helper()
	h.runs(`INSERT INTO task (kind, subject, shop, reason, detail, opened_at)
		SELECT 'delivery', id::text, shop, $2, jsonb_build_object('kind', kind, 'subject', subject), vouchsafe_now() FROM delivery WHERE id = $1`, id, reason)
}

// rests lets a delivery rest in doubt after so many copies.
func (h *house) rests(id string, copies int) {
	h.t.Helper()
	h.runs(`UPDATE delivery SET state = 'in_doubt', doubts = 2, copies = $2, due_at = NULL, nudge_at = NULL, reason = 'no answer',
		message_id = id::text, body_hash = sha256('x') WHERE id = $1`, id, copies)
	h.waitsFor(id, "in_doubt")
}

// sends lets a delivery be under way.
func (h *house) sends(id string) {
	h.t.Helper()
	h.runs(`UPDATE delivery SET state = 'sending', attempt = 1, due_at = NULL, lease_until = vouchsafe_now() + interval '1 hour',
		nudge_at = vouchsafe_now() + interval '1 hour' WHERE id = $1`, id)
}

func (c *caller) retries(id string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/admin/deliveries/"+id+"/retry", "")
}

func (c *caller) cancels(id string, body ...string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/admin/deliveries/"+id+"/cancel", members(body...))
}

// X06: the office sees every mail, to whom it goes, and why it does not.
func TestDeliveriesAreListedWithTheirRecipientsMasked(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.sells(order("1001", 0, toRecipient("mormor@example.dk")))[0]
	second := h.sells(order("1002", 0))[0]
	h.gaveUp(h.deliveryOf(first))
	const path = "/v1/admin/deliveries"
	h.office.lists(path, "subject", second.id+" "+first.id)
	h.office.lists(path, "subject", second.id+" "+first.id, "limit", "1", "kind", "code", "shop", "demo")
	h.office.lists(path, "subject", first.id, "state", "failed")
	h.office.lists(path, "subject", "", "kind", "handover")
	h.office.lists(path, "subject", "", "shop", "other")
	h.office.lists(path, "subject", "", "to", "2020-01-01")
	h.office.lists(path, "subject", first.id, "q", first.id)
	h.office.lists(path, "subject", first.id, "q", h.purchaseOf("1001"))
	h.office.lists(path, "subject", first.id, "q", h.deliveryOf(first))
	got := h.office.asks("GET", path+"?state=failed", "")
	got.wants(200, `{"next_cursor":null,"items":[{"id":"*","kind":"code","subject":"`+first.id+`","purchase":"`+h.purchaseOf("1001")+`",
		"shop":"demo","state":"failed","reason":"given up: no answer","held":[],"cancelling":false,"recipient":"m•••@example.dk","attempts":0,
		"copies":0,"copies_left":3,"doubts":0,"created_at":"*","ready_at":"*","due_at":null,"give_up_at":null,"finished_at":"*"}]}`)
	if strings.Contains(got.text, "mormor@") || strings.Contains(got.text, first.code) {
		t.Errorf("the list shows too much: %s", got.text)
	}
}

// X06: what was given up is tried again, once, and its task closes with it.
func TestAFailedMailIsRetriedAndArrivesOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	id := h.deliveryOf(c)
	h.gaveUp(id)
	h.office.asks("POST", "/v1/admin/deliveries/"+id+"/retry", members(because)).has(200, `{"state":"pending","finished_at":null}`)
	if got, want := h.noted(id), `retry_delivery {"was": "failed", "kind": "code", "reason": "a customer called", "subject": "`+c.id+`"}`; got != want {
		t.Errorf("the audit trail says %s, want %s", got, want)
	}
	h.works()
	if got, want := h.letter(h.mails(1)[0]), "buyer@example.dk "+c.code; got != want {
		t.Errorf("the mail is %s, want %s", got, want)
	}
	h.until("the task is closed", func() bool { return h.openTasks() == "" })
	h.office.retries(id).refuses(409, "already_settled")
}

// What must not be sent is not sent again, and the refusal says why.
func TestRetriesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		make   func(h *house, c card, id string)
		status int
		code   string
	}{
		{"under way", func(h *house, _ card, id string) { h.sends(id) }, 409, "delivery_under_way"},
		{"three copies have left", func(h *house, _ card, id string) { h.rests(id, 3) }, 409, "no_copy_left"},
		{"cancelled", func(h *house, _ card, id string) { h.office.cancels(id).has(200, `{"state":"cancelled"}`) }, 409, "already_settled"},
		{"its voucher has ended", func(h *house, c card, id string) {
			h.gaveUp(id)
			h.office.does("invalidate", c, because).has(200, `{"state":"invalidated"}`)
		}, 409, "invalidated"},
		{"a later one took its place", func(h *house, c card, id string) {
			h.gaveUp(id)
			h.office.does("resend", c, says("recipient", "other@example.dk")).has(200, `{}`)
		}, 409, "already_settled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			c := h.sells(order("1001", 0))[0]
			id := h.deliveryOf(c)
			tt.make(h, c, id)
			h.untouched(tt.name, func() { h.office.retries(id).refuses(tt.status, tt.code) })
		})
	}
}

// A doubtful mail is repeated by the office's word while a copy is left.
func TestADoubtfulMailIsRetriedWhileACopyIsLeft(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.deliveryOf(h.sells(order("1001", 0))[0])
	h.rests(id, 2)
	h.office.retries(id).has(200, `{"state":"pending","copies":2,"copies_left":1,"doubts":2}`)
}

// One whose copies have all left is made anew for its own recipient, as the refusal of another copy says, and for nobody else.
func TestADoubtfulMailWithoutACopyLeftIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	id := h.deliveryOf(c)
	h.rests(id, 3)
	h.office.retries(id).refuses(409, "no_copy_left")
	h.untouched("to somebody else", func() {
		h.office.does("resend", c, says("recipient", "other@example.dk")).refuses(409, "delivery_under_way")
	})
	h.office.does("resend", c).has(200, `{"delivery":{"id":"*","kind":"code","state":"pending"}}`)
	if got, want := h.sent(c), "code cancelled a new delivery takes its place\ncode pending"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A cancelled order holds the mails of its codes, those too that are tried again.
func TestARetryOfACancelledOrdersMailIsHeld(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.deliveryOf(h.sells(order("1001", 0))[0])
	h.gaveUp(id)
	h.tells(order("1001", 1, withStatus(purchase.Cancelled)))
	h.office.retries(id).has(200, `{"state":"waiting","held":["order_cancelled"]}`)
	h.tells(order("1001", 2))
	h.office.asks("GET", "/v1/admin/deliveries?q="+id, "")
	h.office.lists("/v1/admin/deliveries", "state", "pending", "q", id)
}

// X05: what is held can't leave at once, so that trying it again doesn't cost it its day.
func TestARetryOfWhatIsHeldKeepsItsDay(t *testing.T) {
	t.Parallel()
	h := open(t)
	id := h.deliveryOf(h.sells(order("1001", 0, deliverOn("2029-02-01")))[0])
	h.tells(order("1001", 1, deliverOn("2029-02-01"), withStatus(purchase.Cancelled)))
	h.office.retries(id).has(200, `{"state":"waiting","held":["order_cancelled"],"due_at":null}`)
	h.office.retries(id).has(200, `{"state":"waiting","held":["order_cancelled"],"due_at":null}`)
	h.tells(order("1001", 2, deliverOn("2029-02-01")))
	h.office.asks("GET", "/v1/admin/deliveries?q="+id, "").contains(`"state":"pending"`, `"due_at":"2029-02-01T07:00:00Z"`)
	h.office.retries(id).has(200, `{"state":"pending","held":[]}`)
	if got := h.reads(`SELECT (due_at <= vouchsafe_now())::text FROM delivery WHERE id = $1`, id); got != "true" {
		t.Error("what nothing holds is not due at once")
	}
}

// X06: what came to nothing waits for nobody once another delivery of its code takes its place; that has its own task.
func TestANewDeliverySettlesWhatCameToNothing(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(*house, card){
		"resent":            func(h *house, c card) { h.office.does("resend", c, says("recipient", "other@example.dk")).answers(200) },
		"another recipient": func(h *house, c card) { h.office.gives(c, says("email", "other@example.dk")).answers(200) },
		"replaced":          func(h *house, c card) { h.office.does("replace", c, because).answers(200) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			c := h.sells(order("1001", 0))[0]
			other := h.sells(order("1002", 0))[0]
			first := h.deliveryOf(c)
			h.gaveUp(first)
			h.gaveUp(h.deliveryOf(other))
			again(h, c)
			if got := h.reads(`SELECT coalesce(closed_reason, 'open') FROM task WHERE subject = $1`, first); got != "a new delivery takes its place" {
				t.Errorf("the task of the first is %s", got)
			}
			if got := h.openTasks(); got != "delivery failed" {
				t.Errorf("open are %q, want the one of the other code", got)
			}
			h.gaveUp(h.deliveryOf(c))
			if got := h.openTasks(); got != "delivery failed\ndelivery failed" {
				t.Errorf("open are %q, with the second one too", got)
			}
		})
	}
}

// What is not wanted any more is called back, as far as it can be.
func TestADeliveryIsCancelled(t *testing.T) {
	t.Parallel()
	h := open(t)
	waits, leaves := h.deliveryOf(h.sells(order("1001", 0))[0]), h.deliveryOf(h.sells(order("1002", 0))[0])
	h.sends(leaves)
	h.office.cancels(waits, because).has(200, `{"state":"cancelled","reason":"a customer called","due_at":null}`)
	h.office.cancels(leaves).has(200, `{"state":"sending","cancelling":true}`)
	if got := h.noted(waits); !strings.HasPrefix(got, "cancel_delivery ") || !strings.Contains(got, `"reason": "a customer called"`) {
		t.Errorf("the audit trail says %s", got)
	}
	h.untouched("a second cancellation", func() { h.office.cancels(waits).refuses(409, "already_settled") })
}

// X05: what waits, or is held, has no next attempt yet; what is planned for a day has it then.
func TestWhatWaitsIsNotDue(t *testing.T) {
	t.Parallel()
	h := open(t)
	waits := h.sells(order("1001", 0, toRecipient("nowhere")))[0]
	planned := h.sells(order("1002", 0, deliverOn("2029-02-01")))[0]
	held := h.sells(order("1003", 0, deliverOn("2029-02-01")))[0]
	h.tells(order("1003", 1, deliverOn("2029-02-01"), withStatus(purchase.Cancelled)))
	for c, want := range map[card]string{waits: `"due_at":null`, planned: `"due_at":"2029-02-01T07:00:00Z"`, held: `"due_at":null`} {
		h.office.asks("GET", "/v1/admin/deliveries?q="+c.id, "").contains(want)
		h.office.asks("GET", "/v1/admin/vouchers/"+c.id+"/history", "").contains(want)
	}
	h.office.asks("GET", "/v1/admin/deliveries?q="+held.id, "").contains(`"ready_at":"2029-02-01T07:00:00Z"`)
}
