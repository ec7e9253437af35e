package voucher

import "vouchsafe/retail/money"

// Adjust corrects a balance in the office: by a difference (A26), or to a figure that replaces the
// one the office has seen (A23). Exactly one of Delta and SetTo is set. To set a figure it must be
// certain what it replaces, so that it is refused while the code is reserved and when the balance is
// no longer Expected; on a claimed voucher it opens it anew (A27), and the earlier customer keeps what
// he claimed. What somebody has reserved is never taken.
type Adjust struct {
	ID       string
	Ref      Ref // kind [Adjustments]
	Delta    *money.Amount
	SetTo    *money.Amount
	Expected *money.Amount // the balance that SetTo replaces
	Claimed  Spare         // [SpareReserved] refuses a claimed voucher, so that the office hears first what that means
	Approval Approval
	Days     int    // for how long points live that it brings; 0 for ever
	Detail   Detail // its reason
}

// Refs names the adjustment.
func (a Adjust) Refs() []Ref { return []Ref{a.Ref} }

func (a Adjust) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, amountText(a.Delta), amountText(a.SetTo), amountText(a.Expected), a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	delta, err := a.delta(c)
	if err != nil {
		return Answer{}, err
	}
	if err := a.allowed(c, delta); err != nil {
		return Answer{}, err
	}
	return a.adjust(c, delta, content), nil
}

// delta is what the adjustment adds, in minor units.
func (a Adjust) delta(c *Case) (int64, error) {
	if err := c.Voucher.adjustable(); err != nil {
		return 0, err
	}
	for _, named := range []*money.Amount{a.Delta, a.SetTo, a.Expected} {
		if named != nil && named.Currency != c.Voucher.Currency {
			return 0, ErrCurrency
		}
	}
	live := c.Live()
	switch {
	case c.Voucher.State == Claimed && (a.Delta != nil || a.Claimed != SpareNothing && a.Claimed != ""):
		return 0, ErrClaimed
	case a.Delta != nil:
		return a.Delta.Minor, nil
	case live != nil:
		return 0, heldBy(live)
	case a.Expected.Minor != c.Voucher.Balance:
		return 0, &BalanceChangedError{Balance: c.Voucher.amount(c.Voucher.Balance)}
	}
	return a.SetTo.Minor - c.Voucher.Balance, nil
}

// adjustable says why the books of the voucher can't be corrected, or nil. A block and the end of its
// validity are not in the way: both are lifted without the balance.
func (v *Voucher) adjustable() error {
	switch v.State {
	case Invalidated:
		return ErrInvalidated
	case Inventory:
		return ErrNotActive
	}
	if v.Quarantined {
		return ErrQuarantined
	}
	return nil
}

// allowed says why so much can't be added or taken, or nil.
func (a Adjust) allowed(c *Case, delta int64) error {
	switch {
	case delta < 0 && -delta > c.available():
		return c.insufficient(c.available())
	case delta > 0 && c.overflows(delta):
		return ErrAboveLimit
	}
	return c.approved(a.Approval, delta)
}

// adjust moves the difference between the voucher and the contra account of adjustments.
func (a Adjust) adjust(c *Case, delta int64, content [32]byte) Answer {
	moved := c.Voucher.amount(delta)
	a.Detail.Adjusted = &moved
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: max(delta, -delta), Detail: a.Detail, days: a.Days}
	if delta < 0 {
		c.raiseFence()
	}
	if c.Voucher.State == Claimed && delta > 0 {
		c.Voucher.State, record.Detail.Reopened = Active, true
	}
	c.post(record, "adjust", contraOf("adjusted", a.Ref.Owner), delta)
	c.settle()
	return Answer{Record: c.write(record), Created: true}
}

// amountText tells an amount that is not named from every amount.
func amountText(a *money.Amount) string {
	if a == nil {
		return "none"
	}
	return a.String()
}

// unadjust takes an adjustment back, if what it brought is still there.
func (c *Case) unadjust(adjustment *Record) error {
	back := adjustment.left()
	if adjustment.Detail.Adjusted.Minor < 0 {
		back = -back
	}
	if c.available() < back {
		return ErrNotReversible
	}
	if back > 0 {
		c.raiseFence()
	}
	c.post(adjustment, "reversal", contraOf("adjusted", adjustment.Owner), -back)
	return nil
}
