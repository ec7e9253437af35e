package mail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/mail"
)

// returned is a report as Postfix writes it.
const returned = `From MAILER-DAEMON  Sun Nov 22 10:00:00 2026
Return-Path: <>
Received: by mx.example.dk (Postfix) id 4XyZ; Sun, 22 Nov 2026 10:00:00 +0100 (CET)
From: MAILER-DAEMON@mx.example.dk (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: gave@example.dk
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4XyZ.1795338000/mx.example.dk"
Message-Id: <20261122090000.4XyZ@mx.example.dk>

This is a MIME-encapsulated message.

--4XyZ.1795338000/mx.example.dk
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<anna@example.org>: host mail.example.org said: 550 5.1.1 no such user

--4XyZ.1795338000/mx.example.dk
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.dk
Arrival-Date: Sun, 22 Nov 2026 09:59:58 +0100 (CET)

Final-Recipient: rfc822; Anna@Example.ORG
Original-Recipient: rfc822;anna@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user 2222-3333-4444-5555
a line that is none

--4XyZ.1795338000/mx.example.dk
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <gave@example.dk>
From: Byens Boeger <gave@example.dk>
Message-ID:
 <0a1b2c3d-0000-4000-8000-000000000000@example.dk>

--4XyZ.1795338000/mx.example.dk--
`

// mine is what returned tells.
func mine() mail.Report {
	return mail.Report{
		MessageID: "0a1b2c3d-0000-4000-8000-000000000000@example.dk",
		Fates:     []mail.Fate{{Address: "Anna@example.org", Failed: true, Status: "5.1.1"}},
	}
}

// X06: reports as servers write them, and what else may be piped in.
func TestAReportIsRead(t *testing.T) {
	t.Parallel()
	exchanged := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(returned) }
	none := mail.Report{}
	told := func(change func(*mail.Report)) mail.Report {
		r := mine()
		change(&r)
		return r
	}
	for name, tt := range map[string]struct {
		text string
		want mail.Report
	}{
		"as Postfix writes it":         {returned, mine()},
		"with the line ends of SMTP":   {strings.ReplaceAll(returned, "\n", "\r\n"), mine()},
		"without the mailbox's line":   {returned[strings.Index(returned, "\n")+1:], mine()},
		"with the whole mail":          {exchanged("text/rfc822-headers", "message/rfc822", "00@example.dk>\n", "00@example.dk>\n\nMessage-ID: <x@y.z>\n"), mine()},
		"cut off behind the headers":   {returned[:strings.LastIndex(returned, "\n--4XyZ")], mine()},
		"in UTF-8 (RFC 6533)":          {exchanged("message/delivery-status", "message/global-delivery-status", "rfc822; Anna", "utf-8; Anna"), mine()},
		"in other capitals":            {exchanged("Final-Recipient", "final-recipient", "failed", "Failed", "Message-ID", "message-id"), mine()},
		"an address in brackets":       {exchanged("Anna@Example.ORG", "<Anna@Example.ORG>"), mine()},
		"of the queue's end":           {exchanged("Status: 5.1.1", "Status: 4.4.1 (timed out)"), told(func(r *mail.Report) { r.Fates[0].Status = "4.4.1" })},
		"delayed":                      {exchanged("Action: failed", "Action: delayed"), told(func(r *mail.Report) { r.Fates[0].Failed = false })},
		"without a status":             {exchanged("Status: 5.1.1\n", "Status: 2222-3333-4444-5555\n"), told(func(r *mail.Report) { r.Fates[0].Status = "" })},
		"a mail of a person":           {exchanged("multipart/report; report-type=delivery-status", "multipart/mixed"), none},
		"a read receipt":               {exchanged("message/delivery-status", "message/disposition-notification"), none},
		"without a recipient":          {exchanged("Final-Recipient: rfc822; Anna@Example.ORG\n", ""), none},
		"a recipient that is none":     {exchanged("Anna@Example.ORG", "x400; /c=dk"), none},
		"without the mail's headers":   {exchanged("text/rfc822-headers", "text/plain"), none},
		"a Message-ID that is none":    {exchanged("<0a1b2c3d-", "<0a1b\x002c3d-"), none},
		"without a boundary":           {exchanged(`boundary="4XyZ.1795338000/mx.example.dk"`, `x="y"`), none},
		"cut off before the headers":   {returned[:strings.Index(returned, "Return-Path: <gave")], none},
		"a body that is no message":    {`{"reason": "because"}`, none},
		"nothing":                      {"", none},
		"nothing but a mailbox's line": {"From ", none},
	} {
		got, err := mail.ParseReport([]byte(tt.text))
		if (err != nil) != (len(tt.want.Fates) == 0) || err != nil && !errors.Is(err, mail.ErrReport) {
			t.Errorf("%s: %v", name, err)
		}
		if (got.ID == "") != (err != nil) {
			t.Errorf("%s: the report has the id %q", name, got.ID)
		}
		got.ID = ""
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The same report has the same id on whichever way it came, and another one of the same mail another.
func TestAReportIsKnownAgain(t *testing.T) {
	t.Parallel()
	id := func(text string) string {
		r, err := mail.ParseReport([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	first := id(returned)
	if again := id(strings.ReplaceAll(strings.Replace(returned, "\nReturn-Path: <>", "\nDelivered-To: x\nReturn-Path: <>", 1), "\n", "\r\n")); again != first {
		t.Error("the same report by another way is another")
	}
	if later := id(strings.Replace(returned, "20261122090000.4XyZ", "20261123090000.5AbC", 1)); later == first {
		t.Error("a later report of the same mail is the same")
	}
}

// For several recipients each has his own fate; what failed counts when one is named twice.
func TestAReportTellsOfEachRecipient(t *testing.T) {
	t.Parallel()
	r := mail.Report{Fates: []mail.Fate{{Address: "a@b.org"}, {Address: "c@d.org", Failed: true}, {Address: "a@b.org", Failed: true}, {Address: "a@b.org"}}}
	for address, want := range map[string][2]bool{"a@b.org": {true, true}, "c@d.org": {true, true}, "e@f.org": {}} {
		fate, found := r.Of(func(a string) bool { return a == address })
		if found != want[0] || fate.Failed != want[1] {
			t.Errorf("%s: %+v, %t", address, fate, found)
		}
	}
}

// Whatever anybody sends, a report names what a database takes and addresses that can be written to.
func FuzzParseReport(f *testing.F) {
	for _, text := range []string{returned, strings.ReplaceAll(returned, "\n", "\r\n"), strings.ReplaceAll(returned, "message/delivery-status", "message/delivery-status\nContent-Transfer-Encoding: base64"), ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		r, err := mail.ParseReport(message)
		if err != nil {
			if !errors.Is(err, mail.ErrReport) {
				t.Fatalf("got %v, want ErrReport", err)
			}
			return
		}
		if r.ID == "" || r.MessageID == "" || strings.ContainsFunc(r.MessageID, func(c rune) bool { return c <= ' ' || c > '~' || c == '<' || c == '>' }) || len(r.Fates) == 0 {
			t.Fatalf("%+v", r)
		}
		for _, fate := range r.Fates {
			if again, err := mail.ParseAddress(fate.Address); err != nil || again != fate.Address || len(fate.Status) > 9 {
				t.Fatalf("%+v: %v", fate, err)
			}
		}
	})
}
