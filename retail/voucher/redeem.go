package voucher

import (
	"time"

	"vouchsafe/retail/money"
)

// Redeem spends a voucher at once, at a till: reserve and capture in one. On a code that the
// register itself holds it takes that reservation.
type Redeem struct {
	ID      string // UUID for the redemption and its reservation
	Ref     Ref    // kind [Redemptions]
	Holder  Holder
	Hint    string
	Amount  money.Amount
	Partial Partial
	// Member is no part of what the act is: a repeat is one whatever is known of a membership by then.
	Member Membership
	Detail Detail
}

// Partial tells whether less than the amount may be redeemed when the voucher holds less.
type Partial string

// A redemption is whole by default.
const (
	Whole      Partial = "whole"
	AsFarAsMay Partial = "as_far_as_may"
)

// Refs names the redemption.
func (a Redeem) Refs() []Ref { return []Ref{a.Ref} }

func (a Redeem) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, a.Amount, a.Partial, a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	live := c.Live()
	if live != nil && (live.Owner != a.Ref.Owner || live.Holder != a.Holder) {
		return Answer{}, c.taken(live)
	}
	if err := c.Voucher.usableBy(live, a.Amount.Minor, c.At); err != nil {
		return Answer{}, err
	}
	if err := c.admits(a.Member); err != nil && live == nil { // whoever has reserved it was asked then
		return Answer{}, err
	}
	if a.Amount.Currency != c.Voucher.Currency {
		return Answer{}, ErrCurrency
	}
	minor := a.Amount.Minor
	if minor > c.Voucher.Balance {
		if a.Partial != AsFarAsMay || c.Voucher.Balance == 0 {
			return Answer{}, c.insufficient(c.Voucher.Balance)
		}
		minor = c.Voucher.Balance
	}
	return a.redeem(c, live, minor, content), nil
}

// redeem takes minor units of the voucher through a reservation that ends as it begins, or through
// the register's own.
func (a Redeem) redeem(c *Case, own *Reservation, minor int64, content [32]byte) Answer {
	if own == nil {
		own = &Reservation{
			ID: a.ID, Voucher: c.Voucher.ID, Fence: c.raiseFence(), Owner: a.Ref.Owner, Key: a.Ref.Key,
			Holder: a.Holder, HolderHint: a.Hint, Amount: minor, Due: a.Amount.Minor,
			GrantedAt: c.At, ExpiresAt: c.At, fresh: true,
		}
		c.Reservations = append(c.Reservations, own)
	}
	released := max(0, own.Amount-minor)
	own.Amount = max(own.Amount, minor) // the register holds the whole code: it may take more than it set aside
	c.end(own, Captured, c.At)
	record := &Record{
		ID: a.ID, Ref: a.Ref, Fingerprint: content, Reservation: own.ID,
		Amount: minor, Rest: a.Amount.Minor - minor, Released: released, Detail: a.Detail,
	}
	c.post(record, "redeem", contraOf("redeemed", a.Ref.Owner), -minor)
	c.settle()
	return Answer{Reservation: own, Record: c.write(record), Created: true}
}

// Reload adds money to a voucher, at a till or in the office (E23, E24). A used-up voucher is active
// again and its validity starts anew; an expired one is refused. A reservation is not in its way
// and does not grow with it.
type Reload struct {
	ID     string
	Ref    Ref // kind [Reloads]
	Amount money.Amount
	// Approval is of a reload that the office makes without a sale.
	Approval Approval
	Detail   Detail
}

// Refs names the reload.
func (a Reload) Refs() []Ref { return []Ref{a.Ref} }

func (a Reload) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, a.Amount, a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	if err := c.Voucher.Usable(c.At); err != nil {
		return Answer{}, err
	}
	if a.Amount.Currency != c.Voucher.Currency {
		return Answer{}, ErrCurrency
	}
	if c.overflows(a.Amount.Minor) {
		return Answer{}, ErrAboveLimit
	}
	if err := c.approved(a.Approval, a.Amount.Minor); err != nil {
		return Answer{}, err
	}
	if c.Voucher.State == Depleted {
		c.extend(c.Voucher.Term.Ends(DateOf(c.At, c.Voucher.Zone)))
	}
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: a.Amount.Minor, Detail: a.Detail}
	c.post(record, "reload", contraOf("reloaded", a.Ref.Owner), a.Amount.Minor)
	c.settle()
	return Answer{Record: c.write(record), Created: true}, nil
}

// extend moves the end of validity to a later day; it never shortens it.
func (c *Case) extend(last Date) {
	v := &c.Voucher
	if v.ExpiresOn.Zero() {
		return
	}
	if last.Zero() {
		v.ExpiresOn, v.EndsAt = Date{}, time.Time{}
		c.touch()
		return
	}
	if end := last.End(v.Zone); end.After(v.EndsAt) {
		v.ExpiresOn, v.EndsAt = last, end
		c.touch()
	}
}
