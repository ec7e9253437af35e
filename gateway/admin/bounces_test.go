package admin_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"vouchsafe/retail/mail/mailtest"
)

// notifies pipes a mail in, as a mailbox's rule would.
func (c *caller) notifies(media, text string) *reply {
	c.h.t.Helper()
	const path = "/v1/admin/deliveries/bounces"
	request, err := http.NewRequestWithContext(c.h.t.Context(), http.MethodPost, c.h.server.URL+path, strings.NewReader(text))
	c.h.must(err)
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", media)
	response, err := c.h.server.Client().Do(request)
	c.h.must(err)
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	c.h.must(err)
	return &reply{t: c.h.t, asked: c.key + ": POST " + path, status: response.StatusCode, header: response.Header, text: strings.TrimSpace(string(said))}
}

// notification is what a mail server sends to the sender of a mail that it could not pass on, with the whole mail.
func notification(number int, to, action string, mail []byte) string {
	return fmt.Sprintf(`From: MAILER-DAEMON@mx.example.dk
To: gave@example.dk
Subject: Undelivered Mail Returned to Sender
Message-ID: <%d@mx.example.dk>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report

The mail is below.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.dk

Final-Recipient: rfc822; %s
Action: %s
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <%[2]s> no such user

--report
Content-Type: message/rfc822

%[4]s
--report--
`, number, to, action, mail)
}

// posts sells a card and returns the mail that has left with it.
func (h *house) posts() (c card, mail []byte) {
	h.t.Helper()
	h.works()
	c = h.sells(order("1042", 0))[0]
	mail = h.mails(1)[0].Bytes
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	return c, mail
}

// X06: a bounce that arrives as a mail is seen, once for each notification and for the right recipient alone.
func TestABounceThatArrivesAsAMail(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, mail := h.posts()
	told := func(number int, to, action string) *reply {
		return h.office.notifies("message/rfc822", notification(number, to, action, mail))
	}
	h.unchanged("what did not fail", func() {
		for i, action := range []string{"delayed", "relayed", "delivered", "expanded"} {
			told(i, "buyer@example.dk", action).has(200, members(says("id", h.deliveryOf(c)), says("state", "done")))
		}
	})
	h.unchanged("the recipient of another", func() { told(10, "else@example.dk", "failed").refuses(404, "not_found") })
	h.unchanged("the mail of another", func() {
		foreign := notification(11, "buyer@example.dk", "failed", []byte("Message-ID: <1@example.dk>\n\nHello"))
		h.office.notifies("message/rfc822", foreign).refuses(404, "not_found")
	})

	told(12, "Buyer@Example.dk", "failed").has(200, `{"id":"*","state":"bounced","reason":"it came back with status 5.1.1"}`)
	h.office.lists("/v1/admin/tasks", "reason", "bounced")
	if got := h.noted(h.deliveryOf(c)); strings.Contains(got, "buyer@") || strings.Contains(got, c.code) || strings.Count(got, "bounce_delivery") != 1 {
		t.Errorf("the audit trail says %s", got)
	}
	h.unchanged("the same again", func() { told(12, "Buyer@Example.dk", "failed").has(200, `{"state":"bounced"}`) })

	h.office.asks("POST", "/v1/admin/deliveries/"+h.deliveryOf(c)+"/retry", "").has(200, `{"id":"*"}`)
	h.mails(2)
	h.until("it is done again", func() bool { return h.sent(c) == "code done" })
	h.unchanged("the same after another copy", func() { told(12, "Buyer@Example.dk", "failed").has(200, `{"state":"done"}`) })
	told(13, "buyer@example.dk", "failed").has(200, `{"state":"bounced"}`)
}

// X06: what is no notification is refused in words that repeat nothing of it, as is one that is too large; its door is the office's.
func TestWhatIsNoNotificationIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, mail := h.posts()
	good := notification(1, "buyer@example.dk", "failed", mail)
	large := func(size int) string { return good + strings.Repeat("x", size-len(good)) }
	h.unchanged("what is refused", func() {
		for name, text := range map[string]string{
			"the mail itself": string(mail), "nothing": "", "half of it": good[:200], "JSON": "{}", "zeros": strings.Repeat("\x00", 1000),
			"parts without end": strings.Replace(good, "Content-Type: message/delivery-status", "Content-Type: multipart/mixed; boundary=report", 1),
		} {
			got := h.office.notifies("message/rfc822", text).refuses(400, "invalid_request")
			if strings.Contains(got.text, c.code) || strings.Contains(got.text, "buyer") {
				t.Errorf("%s: the answer is %s", name, got.text)
			}
		}
		h.office.notifies("application/x-www-form-urlencoded", good).refuses(415, "unsupported_media_type")
		h.office.notifies("message/rfc822", large(1<<20+1)).refuses(413, "too_large")
		h.till.notifies("message/rfc822", good).refuses(403, "forbidden")
		h.shop.notifies("message/rfc822", good).refuses(403, "forbidden")
	})
	h.office.notifies("message/rfc822; charset=utf-8", large(1<<20-1)).has(200, `{"id":"*","state":"bounced"}`)
}

// X06: a notification that arrives while the mail is to be sent once more is taken and remembered. It is of the copy before: the next one
// goes out all the same, and comes back by a notification of its own.
func TestABounceOfACopyBeforeIsRemembered(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0))[0]
	mail := h.mails(1)[0].Bytes
	h.until("it is done", func() bool { return h.sent(c) == "code done" })
	told := func(number int) *reply {
		return h.office.notifies("message/rfc822", notification(number, "buyer@example.dk", "failed", mail))
	}
	told(1).has(200, `{"state":"bounced"}`)
	h.sink.Next(mailtest.Greylist)
	h.office.asks("POST", "/v1/admin/deliveries/"+h.deliveryOf(c)+"/retry", "").has(200, `{"id":"*"}`)
	h.until("it is put off", func() bool { return strings.HasPrefix(h.sent(c), "code pending ") })

	told(2).has(200, `{"state":"pending"}`)
	h.unchanged("the same again", func() { told(2).has(200, `{"state":"pending"}`) })
	if got := h.noted(h.deliveryOf(c)); strings.Count(got, "bounce_delivery") != 2 || strings.Count(got, "an earlier one") != 1 {
		t.Errorf("the audit trail says %s", got)
	}
	h.office.asks("POST", "/v1/admin/deliveries/"+h.deliveryOf(c)+"/retry", "").has(200, `{"id":"*"}`)
	h.mails(2)
	h.until("it is done again", func() bool { return h.sent(c) == "code done" })
	h.unchanged("the same after another copy", func() { told(2).has(200, `{"state":"done"}`) })
	told(3).has(200, `{"state":"bounced"}`)

	other := h.sells(order("1043", 0))[0]
	mail = h.mails(3)[2].Bytes
	h.until("it is done", func() bool { return h.sent(other) == "code done" })
	h.runs(`UPDATE delivery SET state = 'cancelled' WHERE subject = $1`, other.id)
	told(4).has(200, `{"state":"cancelled"}`)
	if got := h.noted(h.deliveryOf(other)); strings.Count(got, "an earlier one") != 1 {
		t.Errorf("the audit trail says %s", got)
	}
}

// hangs sells a card and returns the mail that has left with it, and for which the server does not answer.
func (h *house) hangs() (c card, mail []byte) {
	h.t.Helper()
	h.sink.Next(mailtest.HangAfterDot)
	h.must(h.box.Start(h.t.Context()))
	c = h.sells(order("1042", 0))[0]
	return c, h.mails(1)[0].Bytes
}

// X06: a server sends a mail back before it has answered for it, and never answers: the copy under way is the one that came back.
func TestABounceOvertakesTheAnswerOfTheServer(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, mail := h.hangs()
	h.office.notifies("message/rfc822", notification(1, "buyer@example.dk", "failed", mail)).
		has(200, `{"id":"*","state":"bounced","reason":"it came back with status 5.1.1"}`)
	h.office.lists("/v1/admin/tasks", "reason", "bounced")
	h.must(h.box.Stop(t.Context())) // when the attempt is over
	if got := h.sent(c); got != "code bounced it came back with status 5.1.1" {
		t.Errorf("it is %s", got)
	}
}

// X06, A27: a copy comes back whose voucher was made void while it was under way. It is given up, which is what the office wanted, and
// nobody's task.
func TestABounceOfACopyThatWasCalledOff(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, mail := h.hangs()
	h.office.does("invalidate", c, because).has(200, `{"state":"invalidated"}`)
	h.office.notifies("message/rfc822", notification(1, "buyer@example.dk", "failed", mail)).has(200, `{"id":"*","state":"cancelled"}`)
	h.office.lists("/v1/admin/tasks", "reason", "")
	h.must(h.box.Stop(t.Context())) // when the attempt is over
	if got := h.sent(c); !strings.HasPrefix(got, "code cancelled ") {
		t.Errorf("it is %s", got)
	}
}
