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

// Extend moves the last day of validity to a later one; nothing shortens what was promised. A voucher that
// has expired is usable again with it, and has back what was written off of it: see [WriteOff]. More than one alone may give is not
// brought back so: two set the voucher's amount first, and there is nothing to bring back after that.
type Extend struct {
	Last       Date
	WrittenOff WrittenOff // of the voucher, as its journal tells
}

// Refs names the write-offs.
func (a Extend) Refs() []Ref { return a.WrittenOff.Refs }

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
	case a.WrittenOff.Entries != v.Entries: // something has happened since that was read
		return Answer{}, ErrInProgress
	}
	var back int64
	for _, ref := range a.WrittenOff.Refs {
		back += c.Records[ref].left()
	}
	if err := c.approved(Approval{Alone: true}, back); err != nil {
		return Answer{}, err
	}
	for _, ref := range a.WrittenOff.Refs {
		c.bringBack(c.Records[ref])
	}
	c.extend(a.Last)
	c.settle()
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
// voucher stays what it is, and so do a reservation, which asked for the voucher and not for the text of
// its code, and a token: it was not lost.
type Replace struct {
	ID     string
	Ref    Ref    // kind [Replacements]; the zero Ref for one that its caller gave no key
	Last4  string // of the new code
	Text   CodeText
	Wish   [32]byte // of the text that was chosen, so that another one is other content
	Detail Detail
}

// CodeText tells whether a code was drawn, or its text chosen by the office.
type CodeText string

// A chosen code guards a small amount only, unless somebody confirms that he means it.
const (
	Drawn         CodeText = "drawn"
	ChosenSmall   CodeText = "chosen"
	ChosenInSpite CodeText = "chosen_in_spite"
)

// Refs names the replacement if it has a name.
func (a Replace) Refs() []Ref {
	if a.Ref == (Ref{}) {
		return nil
	}
	return []Ref{a.Ref}
}

func (a Replace) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, a.Wish, a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	if err := a.replace(c); err != nil || a.Ref == (Ref{}) {
		return Answer{}, err
	}
	a.Detail.Replaced = a.Last4
	return Answer{Record: c.write(&Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Detail: a.Detail}), Created: true}, nil
}

// replace marks the voucher as one with another code.
func (a Replace) replace(c *Case) error {
	if err := c.Voucher.refundable(); err != nil {
		return err
	}
	if c.Voucher.State == Inventory { // its code is printed on a card that nobody has bought
		return ErrNotActive
	}
	if a.Text == ChosenSmall && c.Voucher.Balance > c.Rules.limit(PersonalAmount, c.Voucher.Currency) {
		return ErrGuessable
	}
	c.Voucher.CodeRetired = false // it is another code from now on
	c.touch()
	return nil
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

// Void ends one reservation for the office's sake. Its owner's later capture is [ErrSuperseded] or,
// of a part of an account, [ErrFreed]. When it is over already, or another has the code by now, it does nothing.
type Void struct {
	Reservation string // its id
}

// Refs names nothing: live reservations are always read.
func (Void) Refs() []Ref { return nil }

func (a Void) decide(c *Case) (Answer, error) {
	live := c.reservation(a.Reservation)
	if live == nil || !live.LiveAt(c.At) {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	c.end(live, Voided, c.At)
	return Answer{Reservation: live, Outcome: OutcomeReleased}, nil
}
