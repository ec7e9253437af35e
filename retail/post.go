package retail

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/outbox"
)

const (
	greylist  = 5 * time.Minute  // a server that says "later" means at least this (S2)
	laterMost = time.Hour        // and its pauses grow up to this
	handFor   = time.Second      // how long a mail waits for a free hand; longer would keep other domains' mails waiting
	handFree  = 10 * time.Second // until a domain whose hands are all full is tried again
)

// post makes one attempt to hand a letter to the mail server, and says what came of it. The copy is marked right before the final
// dot: from there on, dying means doubt.
func (s *Sales) post(ctx context.Context, w *outbox.Work, to string, letter []byte) outbox.Result {
	seen, err := mail.Inspect(letter)
	if err != nil {
		return s.again(ctx, "read a mail back", w, err)
	}
	_, domain, _ := strings.Cut(to, "@")
	waiting, cancel := context.WithTimeout(ctx, handFor)
	defer cancel()
	giveBack, err := s.hands.take(waiting, domain)
	if err != nil {
		return outbox.RetryAfter(handFree, "enough mails to this domain are under way")
	}
	defer giveBack()
	var refusal error
	sent := s.mail.Send(ctx, seen.From, to, letter, func(phase mail.Phase) error {
		hit(phase)
		if phase == mail.Sending {
			refusal = w.MarkCopy(ctx)
			failpoint.Hit(failpoint.MailMarked)
		}
		return refusal
	})
	if refusal != nil {
		return outbox.Refused(refusal)
	}
	return verdictOf(sent, w.Attempt)
}

// hit passes the points at which a test may crash the process.
func hit(phase mail.Phase) {
	switch phase {
	case mail.Connected:
		failpoint.Hit(failpoint.MailConnected)
	case mail.Recipient:
		failpoint.Hit(failpoint.MailRecipient)
	case mail.Dot:
		failpoint.Hit(failpoint.MailDot)
	case mail.Accepted:
		failpoint.Hit(failpoint.MailAccepted)
	}
}

// verdictOf says what an attempt means for the delivery. The server's words are left out: they may repeat the address.
func verdictOf(sent mail.Outcome, attempt int) outbox.Result {
	said := fmt.Sprintf("the mail server answered %d", sent.Code)
	switch {
	case sent.Kind == mail.Sent:
		return outbox.Done()
	case sent.Kind == mail.InDoubt:
		return outbox.InDoubt("the connection ended between the message and its answer")
	case sent.Kind == mail.Permanent && sent.Code == 0:
		return outbox.Fail("the mail is not fit to be sent")
	case sent.Kind == mail.Permanent:
		return outbox.Bounced(said)
	case sent.Kind == mail.Temporary && sent.Code != 0:
		return outbox.RetryAfter(min(greylist*time.Duration(attempt), laterMost), said)
	case sent.Code != 0:
		return outbox.Backoff(said)
	}
	return outbox.Backoff("the mail server can't be reached")
}
