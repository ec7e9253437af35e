package retail

import (
	"context"
	"errors"
	"strings"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
)

// ErrReport says that a message is no report of a mail server that can be used.
var ErrReport = mail.ErrReport

// The members of the audit trail's detail that name the report by which a mail came back, and say that it was of no copy that counts.
const (
	byReport = "report"
	ofCopy   = "copy"
)

// BounceReported takes the report of a mail server that one of our mails did not arrive (X06), and does as BounceDelivery. A report of
// anything else than a failure changes nothing, and neither does one that had its effect before, even when the mail was sent once more
// since. One that comes while the mail is to be sent once more is of an earlier copy: it is kept in the audit trail and changes nothing,
// since the next copy will have a fate of its own; so is one of a delivery that was cancelled or given up. Errors: ErrReport; ErrNoSuchMail
// for a mail that was not sent from here, or to a recipient whom the report doesn't name.
func (o *BackOffice) BounceReported(ctx context.Context, by Actor, message []byte) (Sent, error) {
	const doing = "take the report of a mail that came back"
	report, err := mail.ParseReport(message)
	if err != nil {
		return Sent{}, err
	}
	var id string
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		d, err := outbox.LockByMessage(ctx, tx, report.MessageID)
		if errors.Is(err, outbox.ErrNotFound) {
			return ErrNoSuchMail
		}
		if err != nil {
			return err
		}
		fate, named := report.Of(func(address string) bool { return o.sales.wentTo(d, address) })
		if !named {
			return ErrNoSuchMail
		}
		id = d.ID
		if !fate.Failed {
			return nil
		}
		return o.bounceBy(ctx, tx, by, d, report.ID, fate.Status)
	})
	return o.afterwards(ctx, doing, id, err)
}

// wentTo tells whether an address is a delivery's recipient, who may be erased.
func (s *Sales) wentTo(d outbox.Delivery, address string) bool {
	return among(s.ring.MACs(purposeRecipient, []byte(strings.ToLower(address))), d.RecipientHash)
}

// bounceBy notes that a locked delivery came back, once for each report, also for one that tells what a person has noted already.
func (o *BackOffice) bounceBy(ctx context.Context, tx outbox.Tx, by Actor, d outbox.Delivery, report, status string) error {
	known, err := staff.Recorded(ctx, tx, didBounceDelivery, d.ID, byReport, report)
	if err != nil || known {
		return err
	}
	reason := "it came back"
	if status != "" {
		reason += " with status " + status
	}
	detail := about(d, reason)
	detail[byReport] = report
	switch _, err := o.sales.outbox.Bounce(ctx, tx, d.ID, reason); {
	case errors.Is(err, outbox.ErrUnderWay), errors.Is(err, outbox.ErrFinished):
		detail[ofCopy] = "an earlier one"
	case err != nil:
		return outboxRefusal(err)
	}
	return o.desk.audit(ctx, tx, by, didBounceDelivery, d.ID, detail)
}
