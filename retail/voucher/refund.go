package voucher

import (
	"time"

	"vouchsafe/retail/money"
)

// refundedFor is how long an expired voucher is usable again after a refund to it: long enough to
// come back to the shop, as the customer could not know that the sale would be undone.
const refundedFor = 30

// Refund gives a redemption, or part of it, back to the voucher it came from (X01), never more than
// was captured. A reservation is not in its way. A refund to an expired voucher makes it usable for
// 30 days; one to an invalidated voucher is refused.
type Refund struct {
	ID         string
	Ref        Ref           // kind [Refunds]
	Redemption Ref           // what is refunded, by its name
	Amount     *money.Amount // nil for all that is left
	Approval   Approval
	Detail     Detail
}

// Refs names the refund and the redemption.
func (a Refund) Refs() []Ref { return []Ref{a.Ref, a.Redemption} }

func (a Refund) decide(c *Case) (Answer, error) {
	content := digest(a.Redemption, a.amountText(), a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	redemption := c.Records[a.Redemption]
	if redemption == nil || redemption.State == Prevented {
		return Answer{}, ErrActNotFound
	}
	if err := c.Voucher.refundable(); err != nil {
		return Answer{}, err
	}
	minor := redemption.left()
	if a.Amount != nil {
		if a.Amount.Currency != c.Voucher.Currency {
			return Answer{}, &CurrencyError{Wants: c.Voucher.Currency}
		}
		minor = a.Amount.Minor
	}
	if minor > redemption.left() || minor == 0 {
		return Answer{}, c.insufficient(redemption.left())
	}
	if err := c.approved(a.Approval, minor); err != nil {
		return Answer{}, err
	}
	return a.refund(c, redemption, minor, content), nil
}

// refundable says why no value may flow back to the voucher, or nil. A block is not in the way: the
// money is the customer's.
func (v *Voucher) refundable() error {
	switch {
	case v.Quarantined:
		return ErrQuarantined
	case v.State == Invalidated:
		return ErrInvalidated
	case v.State == Claimed:
		return ErrClaimed
	}
	return nil
}

// amountText tells "all that is left" from every amount.
func (a Refund) amountText() string {
	if a.Amount == nil {
		return "all"
	}
	return a.Amount.String()
}

// refund moves minor units of the redemption back.
func (a Refund) refund(c *Case, redemption *Record, minor int64, content [32]byte) Answer {
	redemption.TakenBack, redemption.dirty = redemption.TakenBack+minor, true
	record := &Record{
		ID: a.ID, Ref: a.Ref, Fingerprint: content, Source: redemption.ID,
		Amount: minor, Detail: a.Detail, undoes: redemption,
	}
	c.post(record, "refund", contraOf("redeemed", redemption.Owner), minor)
	c.settle()
	if c.Voucher.ExpiredAt(c.At) {
		c.extend(DateOf(c.At.In(c.Voucher.Zone).AddDate(0, 0, refundedFor), c.Voucher.Zone))
	}
	return Answer{Record: c.write(record), Created: true}
}

// Reverse takes back all that is left of an act, or nothing (X02). It restores money, not validity.
type Reverse struct {
	Target  Ref    // the act
	Source  *Ref   // for a refund, the redemption it came from
	Limited Limit  // whether the caller has only so long
	Reason  string // for staff
	Room    *int64 // for a refund of points, how many more may pay for the order; nil for as many as there are
	Paid    Paid   // for a reload or a sale, of the balance: what was paid in goes back in cash, and goodwill does not in its place
	// WriteOffs are, for an import, those that its voucher may have had since: see [WriteOffsSince].
	WriteOffs []Ref
}

// Limit tells whether time runs out for a reversal.
type Limit string

// A shop or till may reverse for as long as the rules say; the office always.
const (
	Timed     Limit = "timed"
	Unlimited Limit = "unlimited"
)

// Refs names the act and, for a refund, the redemption, for an import the write-offs.
func (a Reverse) Refs() []Ref {
	refs := append([]Ref{a.Target}, a.WriteOffs...)
	if a.Source != nil {
		refs = append(refs, *a.Source)
	}
	return refs
}

func (a Reverse) decide(c *Case) (Answer, error) {
	record := c.Records[a.Target]
	switch {
	case record == nil:
		return Answer{}, ErrActNotFound
	case record.State == Prevented:
		return Answer{Record: record, Outcome: OutcomePrevented}, nil
	case record.State == Reversed:
		return Answer{Record: record, Outcome: OutcomeReversed}, nil
	case a.Limited == Timed && !c.At.Before(record.At.Add(c.Rules.ReverseFor)):
		return Answer{}, ErrNotReversible
	case record.left() == 0 && record.Amount > 0 && record.Kind != Earnings, !c.returnable(record):
		return Answer{}, ErrNotReversible
	}
	if err := a.paidIn(c, record); err != nil {
		return Answer{}, err
	}
	if err := a.reverse(c, record); err != nil {
		return Answer{}, err
	}
	record.State, record.ReversedAt, record.dirty = Reversed, c.At, true
	c.touch()
	return Answer{Record: record, Outcome: OutcomeReversed}, nil
}

// paidIn says why what an act has brought in cash can't be handed back, or nil: it was spent, and only goodwill is there.
func (a Reverse) paidIn(c *Case, record *Record) error {
	if record.Kind != Reloads && record.Kind != Sales {
		return nil
	}
	return a.Paid.covers(c, record.left())
}

// reverse moves what is left of the act the other way.
func (a Reverse) reverse(c *Case, record *Record) error {
	left := record.left()
	switch record.Kind {
	case Redemptions:
		c.post(record, "reversal", contraOf("redeemed", record.Owner), left)
	case Reloads:
		if c.available() < left {
			return ErrNotReversible
		}
		c.raiseFence()
		c.post(record, "reversal", contraOf("reloaded", record.Owner), -left)
	case Refunds:
		redemption := c.Records[*a.Source]
		if c.Voucher.pointed() && c.available() < left {
			return ErrPointsGone
		}
		if c.available() < left || redemption == nil || redemption.State != Done || a.Room != nil && left > *a.Room {
			return ErrNotReversible
		}
		redemption.TakenBack, redemption.dirty = redemption.TakenBack-left, true
		c.raiseFence()
		c.post(record, "reversal", contraOf("redeemed", redemption.Owner), -left)
		c.endMade(record)
	case CashOuts:
		c.uncash(record)
	case Bindings:
		if err := c.unbind(record); err != nil {
			return err
		}
	case Sales, Credits, Rewards:
		if err := c.unsell(record); err != nil {
			return err
		}
	case Imports:
		if err := c.unimport(record, a.WriteOffs); err != nil {
			return err
		}
	case Adjustments:
		if err := c.unadjust(record); err != nil {
			return err
		}
	case Claims, Transfers:
		c.takeHome(record)
	case Earnings:
		if err := c.unearn(record); err != nil {
			return err
		}
	case Conversions:
		c.post(record, "reversal", contraOf("exchanged", record.Owner), left)
	default:
		return ErrNotReversible
	}
	record.TakenBack = record.Amount
	c.settle()
	return nil
}

// contraOf names the contra account of what an owner does: "redeemed/till:Kasse 1".
func contraOf(what, owner string) string { return what + "/" + owner }

// Prevent is the tombstone of an act whose cancellation came before it (X02): a record that refuses
// every PUT under its key. It concerns no voucher.
func Prevent(id string, ref Ref, at time.Time) *Record {
	return &Record{ID: id, Ref: ref, State: Prevented, At: at, fresh: true}
}
