package voucher

import (
	"strings"

	"vouchsafe/retail/money"
)

// Capture spends a reservation for an order, once. Validity is not asked again: who was promised a
// day has it. An expired reservation can still be captured for a while if nobody has been granted
// the code since (X02, late capture): the order was paid with the voucher counted in, and nobody
// loses by it. The rest of the reservation is free again.
type Capture struct {
	ID     string // UUID for the redemption
	Ref    Ref    // kind [Reservations]: the reservation, by any of its keys
	Amount *money.Amount
	Detail Detail     // the order, its total and other tenders
	Paid   PointsPaid // of a reservation of points: what others have paid for the order already
	Barred bool       // of a reservation of points: the order is known to sell stored values alone, which points never buy
}

// Refs names the reservation. With it the redemption is read that bears the reservation's first
// key, if there is one.
func (a Capture) Refs() []Ref { return []Ref{a.Ref} }

// redemption is the name of what a capture makes of a reservation.
func (r *Reservation) redemption() Ref { return Ref{r.Owner, Redemptions, r.Key} }

func (a Capture) decide(c *Case) (Answer, error) {
	named := c.Records[a.Ref]
	if named == nil || named.Reservation == "" {
		return Answer{}, ErrNoReservation
	}
	own := c.reservation(named.Reservation)
	if own == nil { // it was opened anew elsewhere since the key was looked up
		return Answer{}, ErrInProgress
	}
	asked, err := a.asked(c, own)
	if err != nil {
		return Answer{}, err
	}
	if own.State == Captured {
		return a.repeat(c, own, asked)
	}
	if err := c.capturable(own, asked); err != nil {
		return Answer{}, a.short(c, own, asked, err)
	}
	if asked > own.Amount {
		return Answer{}, c.insufficient(own.Amount)
	}
	if taken := c.Records[own.redemption()]; taken != nil {
		return taken.repeat(a.ID, digest(own.ID))
	}
	if own.Exchange != nil && a.Barred {
		return Answer{}, a.short(c, own, asked, ErrNothingForPoints)
	}
	if own.Exchange != nil && !(own.Exchange.admits(asked, a.Paid) && a.withinTotal(own, asked)) {
		return Answer{}, a.short(c, own, asked, ErrPerOrder)
	}
	return a.capture(c, own, asked), nil
}

// asked is how much to capture: what was named, or what is reserved as far as the order needs it.
func (a Capture) asked(c *Case, own *Reservation) (int64, error) {
	if a.Amount != nil && own.Exchange != nil {
		return own.named(*a.Amount)
	}
	if a.Amount != nil {
		if a.Amount.Currency != c.Voucher.Currency {
			return 0, ErrCurrency
		}
		return a.Amount.Minor, nil
	}
	if a.Detail.OrderTotal == nil {
		return own.Amount, nil
	}
	rest, err := *a.Detail.OrderTotal, error(nil)
	for _, other := range a.Detail.OtherTenders {
		if rest, err = rest.Sub(other.Amount); err != nil {
			return 0, ErrCurrency
		}
	}
	if own.Exchange != nil {
		return own.covered(a.unpaid(rest))
	}
	if rest.Currency != c.Voucher.Currency {
		return 0, ErrCurrency
	}
	return max(0, min(own.Amount, rest.Minor)), nil
}

// unpaid is a part of the order's total, as far as points have not paid for it: whether these are among the other tenders or not.
func (a Capture) unpaid(part money.Amount) money.Amount {
	total := a.Detail.OrderTotal
	part.Minor = min(part.Minor, total.Minor-a.Paid.Worth[total.Currency])
	return part
}

// withinTotal tells whether so many points of a reservation cover no more of the order than its total, with those that have paid for it.
func (a Capture) withinTotal(own *Reservation, points int64) bool {
	covers := own.Exchange.Covers(points)
	if a.Detail.OrderTotal == nil || a.Detail.OrderTotal.Currency != covers.Currency {
		return true
	}
	return covers.Minor <= max(0, a.unpaid(*a.Detail.OrderTotal).Minor)
}

// repeat answers a capture of what was captured before: the same order gets the same answer.
func (a Capture) repeat(c *Case, own *Reservation, asked int64) (Answer, error) {
	record := c.Records[own.redemption()]
	if record == nil || record.Reservation != own.ID || record.Detail.Order != a.Detail.Order {
		return Answer{}, a.short(c, own, asked, ErrReservationEnded)
	}
	if record.State != Done {
		return Answer{}, ErrPrevented
	}
	if a.Amount != nil && asked != record.Amount {
		return Answer{}, ErrKeyReused
	}
	return Answer{Reservation: own, Record: record, Created: record.ID == a.ID}, nil
}

// capturable gives the true reason why so much of a reservation can't be captured, to its owner.
func (c *Case) capturable(r *Reservation, minor int64) error {
	switch {
	case c.Voucher.Quarantined:
		return ErrQuarantined
	case c.Voucher.State == Invalidated:
		return ErrInvalidated
	case r.State == Released:
		return ErrReservationEnded
	case r.State == Voided && c.Voucher.Shared(): // by the office: no register frees a part of an account for somebody else
		return ErrFreed
	case r.State == Voided:
		return ErrSuperseded
	case c.Voucher.Blocked():
		return ErrBlocked
	case r.State == Reserved:
		return nil
	case c.passedOn(r, minor) && c.pointsEnded(r, minor):
		return ErrPointsEnded
	case c.passedOn(r, minor):
		return ErrSuperseded
	case !c.At.Before(r.ExpiresAt.Add(c.Rules.LateCapture)):
		return ErrReservationExpired
	}
	return nil
}

// short refuses a capture and leaves a task: the order that counted on it lacks the amount. An order
// that needed nothing of it lacks nothing.
func (a Capture) short(c *Case, own *Reservation, asked int64, reason error) error {
	uncovered := c.Voucher.amount(asked)
	if own.Exchange != nil {
		uncovered = own.Exchange.Covers(asked)
	}
	if asked > 0 {
		c.Shorts = append(c.Shorts, Short{
			Reservation: own.ID, Owner: own.Owner, Order: a.Detail.Order, Uncovered: uncovered, Reason: reason.Error(),
		})
	}
	return &ShortError{Reason: reason, Uncovered: uncovered}
}

// capture spends the reservation.
func (a Capture) capture(c *Case, own *Reservation, minor int64) Answer {
	late, parts := own.State == ReservationExpired, own.Parts
	c.end(own, Captured, c.At)
	record := &Record{
		ID: a.ID, Ref: own.redemption(), Fingerprint: digest(own.ID), Reservation: own.ID,
		Amount: minor, Released: own.Amount - minor, Late: late, Detail: a.Detail, from: parts,
	}
	if own.Exchange != nil {
		covers := own.Exchange.Covers(minor)
		record.Detail.Covers = &covers
	}
	c.post(record, "redeem", contraOf("redeemed", own.Owner), -minor)
	c.settle()
	c.Lifted = append(c.Lifted, Short{Reservation: own.ID})
	return Answer{Reservation: own, Record: c.write(record), Created: true}
}

// Release frees a reservation for the sake of its owner, and never fails: what is not there, or is
// over, stays as it is. A final one (the caller's DELETE) also keeps the key from ever opening again.
type Release struct {
	ID    string // UUID for a tombstone
	Ref   Ref    // kind [Reservations]
	Final Finality
}

// Finality tells the two ways to release apart.
type Finality string

// A soft release leaves the key free to open again; a final one does not.
const (
	Soft  Finality = "soft"
	Final Finality = "final"
)

// Refs names the reservation.
func (a Release) Refs() []Ref { return []Ref{a.Ref} }

func (a Release) decide(c *Case) (Answer, error) {
	record := c.Records[a.Ref]
	if record == nil && a.Final != Final {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	if record == nil {
		record = Prevent(a.ID, a.Ref, c.At)
		c.Records[a.Ref] = record
	}
	if record.Reservation == "" {
		return Answer{Outcome: OutcomePrevented, Record: record}, nil
	}
	own := c.reservation(record.Reservation)
	if own == nil { // opened anew elsewhere, as above
		return Answer{}, ErrInProgress
	}
	answer := Answer{Reservation: own, Record: record, Outcome: OutcomeUnchanged}
	if own.LiveAt(c.At) {
		c.end(own, Released, c.At)
		answer.Outcome = OutcomeReleased
	}
	if a.Final == Final && own.State != Captured && record.State == Done {
		record.State, record.dirty = Prevented, true
		c.touch()
	}
	return answer, nil
}

// ReleaseForeign frees another owner's reservation: the customer stands at the till with the
// printed code that his own cart holds (X22). The owner's later capture is [ErrSuperseded].
type ReleaseForeign struct {
	OnlyOf string // how the owners begin whose reservations it may free, such as "shop:"; empty for all
}

// Refs names nothing: the live reservation is always read.
func (ReleaseForeign) Refs() []Ref { return nil }

func (a ReleaseForeign) decide(c *Case) (Answer, error) {
	live := c.Live()
	if live == nil {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	if !strings.HasPrefix(live.Owner, a.OnlyOf) {
		return Answer{}, heldBy(live)
	}
	c.end(live, Voided, c.At)
	return Answer{Reservation: live, Outcome: OutcomeReleased}, nil
}

// Expire does nothing but what time has done: it ends a reservation that is overdue.
type Expire struct{}

// Refs names nothing.
func (Expire) Refs() []Ref { return nil }

func (Expire) decide(*Case) (Answer, error) { return Answer{Outcome: OutcomeUnchanged}, nil }
