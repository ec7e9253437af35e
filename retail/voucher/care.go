package voucher

import "time"

// The acts of this file care for a voucher without moving its value (X22). They have no key: each
// says what shall be, and does nothing when it is so already.

// Activate makes a sold voucher usable that its product keeps back until the office says so (A13).
type Activate struct{}

// Refs names nothing.
func (Activate) Refs() []Ref { return nil }

func (Activate) decide(c *Case) (Answer, error) {
	switch {
	case c.Voucher.Quarantined:
		return Answer{}, ErrQuarantined
	case c.Voucher.State == Inventory:
		return Answer{}, ErrNotActive
	case c.Voucher.State == Invalidated:
		return Answer{}, ErrInvalidated
	case c.Voucher.State != Issued:
		return Answer{Outcome: OutcomeUnchanged}, nil
	case c.Voucher.ExpiredAt(c.At):
		return Answer{}, ErrExpired
	}
	c.Voucher.State = Active
	c.touch()
	c.settle()
	return Answer{}, nil
}

// Extend moves the last day of validity to a later one; nothing shortens what was promised. A voucher
// that has expired is usable again with it.
type Extend struct {
	Last Date
}

// Refs names nothing.
func (Extend) Refs() []Ref { return nil }

func (a Extend) decide(c *Case) (Answer, error) {
	v := &c.Voucher
	switch {
	case v.Quarantined:
		return Answer{}, ErrQuarantined
	case v.State == Invalidated:
		return Answer{}, ErrInvalidated
	case v.State == Claimed:
		return Answer{}, ErrClaimed
	case a.Last == v.ExpiresOn:
		return Answer{Outcome: OutcomeUnchanged}, nil
	case v.ExpiresOn.Zero(), !a.Last.End(v.Zone).After(later(v.EndsAt, c.At)):
		return Answer{}, ErrNotLater
	}
	c.extend(a.Last)
	return Answer{}, nil
}

// later is the later of two instants.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Replace ends a lost code in favour of a new one, which the store writes in the same transaction. The
// voucher stays what it is, and so does a reservation: whoever has it asked for the voucher, not for
// the text of its code.
type Replace struct{}

// Refs names nothing.
func (Replace) Refs() []Ref { return nil }

func (Replace) decide(c *Case) (Answer, error) {
	if err := c.Voucher.refundable(); err != nil {
		return Answer{}, err
	}
	if c.Voucher.State == Inventory { // its code is printed on a card that nobody has bought
		return Answer{}, ErrNotActive
	}
	c.touch()
	return Answer{}, nil
}

// Lift ends a quarantine once a person has settled what the lost changes were. The version jumps above
// everything that was ever acknowledged, so that no witness is ahead of it any more. A quarantine that
// this very act finds out is not lifted by it: nobody has looked at it yet.
type Lift struct {
	Seen int64 // the highest version that was seen when the quarantine began
}

// Refs names nothing.
func (Lift) Refs() []Ref { return nil }

func (a Lift) decide(c *Case) (Answer, error) {
	switch {
	case c.surprised:
		return Answer{}, ErrQuarantined
	case !c.Voucher.Quarantined:
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	c.touch()
	c.Voucher.Quarantined = false
	c.Voucher.Version = max(c.Voucher.Version, a.Seen+1, c.Witness+1)
	return Answer{}, nil
}

// Void ends one reservation for the office's sake. Its owner's later capture is [ErrSuperseded]. When
// it is over already, or another has the code by now, it does nothing.
type Void struct {
	Reservation string // its id
}

// Refs names nothing: the live reservation is always read.
func (Void) Refs() []Ref { return nil }

func (a Void) decide(c *Case) (Answer, error) {
	live := c.Live()
	if live == nil || live.ID != a.Reservation {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	c.end(live, Voided, c.At)
	return Answer{Reservation: live, Outcome: OutcomeReleased}, nil
}
