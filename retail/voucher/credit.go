package voucher

import "vouchsafe/retail/money"

// sourceOf names the contra account that the value of a new voucher comes from, by the act that made it: what was sold, what was given
// for goods that came back, what another system owed.
func sourceOf(ref Ref) string {
	switch ref.Kind {
	case Credits:
		return contraOf("credited", ref.Owner)
	case Imports:
		return contraOf("imported", ref.Owner)
	case Rewards:
		return contraOf("converted", ref.Owner)
	}
	return contraOf("sold", ref.Owner)
}

// RefundAnew gives a redemption, or part of it, back to a credit note that is made for it, since the voucher that it came from was
// invalidated. The note lies in the inventory until then; the ended voucher is locked by the same transaction, so that no two of them
// give back more than was captured.
type RefundAnew struct {
	ID         string
	Ref        Ref // kind [Refunds]
	Redemption Ref
	From       Voucher       // that the redemption took from, as it is under its lock
	Amount     *money.Amount // nil for all that is left
	Approval   Approval
	Detail     Detail
}

// Refs names the refund and the redemption.
func (a RefundAnew) Refs() []Ref { return []Ref{a.Ref, a.Redemption} }

func (a RefundAnew) decide(c *Case) (Answer, error) {
	wanted := Refund{Amount: a.Amount}
	content := digest("new", a.Redemption, wanted.amountText(), a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	redemption := c.Records[a.Redemption]
	minor, err := a.due(c, redemption)
	if err != nil {
		return Answer{}, err
	}
	redemption.TakenBack, redemption.dirty = redemption.TakenBack+minor, true
	v := &c.Voucher
	v.State, v.IssuedAt = Active, c.At
	v.ExpiresOn, v.EndsAt = v.validity(c.At)
	a.Detail.Sold = &Sold{Product: v.Product, Last4: v.Last4, Stock: Fresh, State: Active}
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Source: redemption.ID, Amount: minor, Detail: a.Detail}
	c.post(record, "issue", contraOf("redeemed", redemption.Owner), minor)
	return Answer{Record: c.write(record), Created: true}, nil
}

// due is how much the note will hold, or why there can be none.
func (a RefundAnew) due(c *Case, redemption *Record) (int64, error) {
	switch {
	case redemption == nil || redemption.State == Prevented:
		return 0, ErrActNotFound
	case a.From.Quarantined:
		return 0, ErrQuarantined
	case a.From.State != Invalidated:
		return 0, ErrStillThere
	case a.Amount != nil && a.Amount.Currency != c.Voucher.Currency:
		return 0, ErrCurrency
	}
	minor := redemption.left()
	if a.Amount != nil {
		minor = a.Amount.Minor
	}
	if minor > redemption.left() || minor == 0 {
		return 0, c.insufficient(redemption.left())
	}
	// What others gave back of it counts as well as what this one gave: in small parts it is given all the same.
	if a.Approval.Alone && !c.Rules.MayAlone(redemption.TakenBack+minor, c.Voucher.Currency) {
		return 0, &ApprovalError{Amount: c.Voucher.amount(minor)}
	}
	return minor, c.approved(a.Approval, minor)
}

// endMade ends a credit note whose refund is taken back: it was made for it.
func (c *Case) endMade(refund *Record) {
	if refund.Detail.Sold != nil && c.Voucher.Balance == 0 {
		c.Voucher.State = Invalidated
	}
}

// unimport takes an imported voucher out of the books again, while nobody has used it. That its value was written off with time is no use
// of it: what was written off comes back first, so that all of it leaves the books as it came.
func (c *Case) unimport(record *Record, writeOffs []Ref) error {
	if c.Live() != nil || !c.unused(record, writeOffs) {
		return ErrNotReversible
	}
	for _, ref := range writeOffs {
		if writeOff := c.Records[ref]; writeOff != nil && writeOff.State == Done {
			c.bringBack(writeOff)
		}
	}
	c.raiseFence()
	c.post(record, "reversal", sourceOf(record.Ref), -record.Amount)
	c.Voucher.State = Invalidated
	return nil
}

// unused tells whether the voucher's journal has nothing but its import, write-offs, and what brought these back.
func (c *Case) unused(imported *Record, writeOffs []Ref) bool {
	lines, value := int64(1), c.Voucher.Balance
	for _, ref := range writeOffs {
		switch writeOff := c.Records[ref]; {
		case writeOff == nil:
		case writeOff.State == Done:
			lines, value = lines+1, value+writeOff.Amount
		default:
			lines += 2
		}
	}
	return c.Voucher.Entries == lines && value == imported.Amount
}
