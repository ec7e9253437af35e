package voucher

import "vouchsafe/retail/money"

// Reserve gives a holder the exclusive right to a code (E18, E19). It says what shall be, not what
// shall happen, so its answer is always what is: the same holder finds his live reservation again
// under any key (E21), a changed amount replaces the earlier one, and a key whose reservation has
// ended opens a new one. Nothing that an owner asks prolongs a live reservation.
type Reserve struct {
	ID       string // UUID for what it creates
	Ref      Ref    // kind [Reservations]
	Holder   Holder
	Hint     string       // what staff are shown of the holder
	Due      money.Amount // what the holder has to pay; may be zero
	Amount   *money.Amount
	Revision *int64 // of the cart: a lower one than the last changes nothing; nil if the owner counts none
	Counted  bool   // the owner is a shop, whose codes per holder are limited
	Member   Membership
	Points   *PayPoints // of an account of points, and of nothing else
	// Former is the reservation that the key named on the account of a customer who was merged since into the one whose account this is:
	// a new one under the key is opened here. Nil for every other key.
	Former *Reservation
}

// Refs names the reservation.
func (a Reserve) Refs() []Ref { return []Ref{a.Ref} }

func (a Reserve) decide(c *Case) (Answer, error) {
	record := c.Records[a.Ref]
	if record == nil {
		return a.open(c)
	}
	if record.State == Prevented {
		return Answer{}, ErrPrevented
	}
	switch own := a.earlier(c, record); {
	case own == nil:
		return Answer{}, ErrKeyReused
	case own.State == Captured:
		return Answer{Reservation: own, Record: record}, nil
	case own.ID == a.ID: // granted before, by a commit that was in doubt
		return Answer{Reservation: own, Record: record, Created: true}, nil
	case own.LiveAt(c.At):
		return a.replace(c, own, record)
	case a.revision(own.Revision) < own.Revision: // overtaken by what ended it
		return Answer{Reservation: own, Record: record}, nil
	default:
		return a.reopen(c, record)
	}
}

// earlier is the reservation that the key has named so far; nil for one of something else.
func (a Reserve) earlier(c *Case, record *Record) *Reservation {
	former := a.Former
	switch {
	case record.Voucher == c.Voucher.ID:
		return c.reservation(record.Reservation)
	case former != nil && former.ID == record.Reservation && !former.LiveAt(c.At):
		return former
	}
	return nil
}

// open answers a key that was never used: the holder's live reservation, or a new one.
func (a Reserve) open(c *Case) (Answer, error) {
	live := c.inTheWay(a.Ref.Owner, a.Holder)
	if live == nil {
		granted, err := a.grant(c)
		if err != nil {
			return Answer{}, err
		}
		record := c.write(&Record{ID: a.ID, Ref: a.Ref, Reservation: granted.ID})
		return Answer{Reservation: granted, Record: record, Created: true}, nil
	}
	if live.Owner != a.Ref.Owner || live.Holder != a.Holder {
		return Answer{}, c.taken(live)
	}
	answer, err := a.replace(c, live, nil)
	if err != nil {
		return Answer{}, err
	}
	c.touch()
	answer.Record = c.write(&Record{ID: a.ID, Ref: a.Ref, Reservation: live.ID})
	answer.Resumed = true
	return answer, nil
}

// reopen grants a new reservation under a key whose earlier one has ended.
func (a Reserve) reopen(c *Case, record *Record) (Answer, error) {
	live := c.inTheWay(a.Ref.Owner, a.Holder)
	if live != nil && (live.Owner != a.Ref.Owner || live.Holder != a.Holder) {
		return Answer{}, c.taken(live)
	}
	if live != nil { // the same holder has the code under another key
		answer, err := a.replace(c, live, record)
		if err == nil {
			c.touch()
			record.names(live)
			answer.Resumed = true
		}
		return answer, err
	}
	granted, err := a.grant(c)
	if err != nil {
		return Answer{}, err
	}
	record.names(granted)
	return Answer{Reservation: granted, Record: record, Created: true, Reopened: true}, nil
}

// names lets the record of a reservation's key name another one, wherever that is.
func (r *Record) names(other *Reservation) {
	r.Reservation, r.Voucher, r.dirty = other.ID, other.Voucher, true
}

// replace lets a live reservation be what is asked now: another amount, or under its own key
// another holder. The end stays where it was.
func (a Reserve) replace(c *Case, live *Reservation, record *Record) (Answer, error) {
	answer := Answer{Reservation: live, Record: record}
	revision := a.revision(live.Revision)
	if revision < live.Revision {
		return answer, nil
	}
	if other := c.inTheWay(a.Ref.Owner, a.Holder); other != nil && other != live { // an account, of which that holder has a part already
		return Answer{}, heldBy(other)
	}
	amount, insufficient := a.amount(c, c.free(live), live)
	if err := c.Voucher.usableBy(live, amount, c.At); err != nil {
		return Answer{}, err
	}
	if insufficient != nil {
		return Answer{}, insufficient
	}
	if err := a.withinOrder(c); err != nil {
		return Answer{}, err
	}
	if live.Amount == amount && live.Due == a.due(live) && live.Holder == a.Holder && live.Revision == revision && a.exchanges(live) {
		return answer, nil
	}
	a.move(c, live)
	live.Amount, live.Due, live.Revision, live.dirty = amount, a.due(live), revision, true
	a.part(c, live)
	c.touch()
	return answer, nil
}

// move gives a live reservation to the holder that its key now names.
func (a Reserve) move(c *Case, live *Reservation) {
	delete(c.Holdings[Holding{live.Owner, live.Holder}], c.Voucher.ID)
	live.Holder, live.HolderHint = a.Holder, a.Hint
	a.count(c)
}

// grant makes a new reservation, if the voucher and the holder allow it.
func (a Reserve) grant(c *Case) (*Reservation, error) {
	if err := c.Voucher.Usable(c.At); err != nil {
		return nil, err
	}
	if err := c.admits(a.Member); err != nil {
		return nil, err
	}
	amount, err := a.amount(c, c.free(nil), nil)
	if err != nil {
		return nil, err
	}
	if a.Points != nil && amount == 0 {
		return nil, ErrNothingForPoints
	}
	if err := a.withinOrder(c); err != nil {
		return nil, err
	}
	granted := &Reservation{
		ID: a.ID, Voucher: c.Voucher.ID, Fence: c.raiseFence(), Owner: a.Ref.Owner, Key: a.Ref.Key,
		Holder: a.Holder, HolderHint: a.Hint, Amount: amount, Due: a.due(nil), Revision: a.revision(0),
		State: Reserved, GrantedAt: c.At, ExpiresAt: c.At.Add(c.Rules.ReserveFor), fresh: true,
	}
	c.Reservations = append(c.Reservations, granted)
	a.part(c, granted)
	a.count(c)
	return granted, nil
}

// amount is what to reserve of a balance: what was asked, or as much of what is due as there is.
func (a Reserve) amount(c *Case, balance int64, live *Reservation) (int64, error) {
	switch {
	case c.Voucher.pointed() != (a.Points != nil):
		return 0, ErrCurrency
	case a.Points != nil:
		return a.Points.amount(c, balance, a.Amount, a.Points.exchange(live).Rate)
	}
	if a.Due.Currency != c.Voucher.Currency || a.Amount != nil && a.Amount.Currency != c.Voucher.Currency {
		return 0, ErrCurrency
	}
	if a.Amount == nil {
		if balance == 0 {
			return 0, c.insufficient(0)
		}
		return min(balance, a.Due.Minor), nil
	}
	if a.Amount.Minor > a.Due.Minor {
		return 0, ErrAboveDue
	}
	if a.Amount.Minor > balance {
		return 0, c.insufficient(balance)
	}
	return a.Amount.Minor, nil
}

// due is what the holder has to pay, in the units of what is reserved.
func (a Reserve) due(live *Reservation) int64 {
	if a.Points == nil {
		return a.Due.Minor
	}
	return a.Points.exchange(live).Rate.Needed(a.Points.Payable)
}

// exchanges tells whether a live reservation already pays what is due now.
func (a Reserve) exchanges(live *Reservation) bool {
	return a.Points == nil || live.Exchange != nil && *live.Exchange == *a.Points.exchange(live)
}

// part sets the points of a reservation aside, at the rate that it has or now gets.
func (a Reserve) part(c *Case, live *Reservation) {
	if a.Points == nil {
		return
	}
	live.Exchange = a.Points.exchange(live)
	c.setAside(live)
}

// withinOrder refuses a holder of a shop who already has as many codes as one order may use (D09).
func (a Reserve) withinOrder(c *Case) error {
	if !a.Counted {
		return nil
	}
	others := len(c.Holdings[a.holding()])
	if c.Holdings[a.holding()][c.Voucher.ID] {
		others--
	}
	if others >= c.Rules.PerOrder {
		return ErrTooMany
	}
	return nil
}

// count adds the voucher to those of the holder.
func (a Reserve) count(c *Case) {
	if !a.Counted {
		return
	}
	held := c.Holdings[a.holding()]
	if held == nil {
		held = make(map[string]bool)
		c.Holdings[a.holding()] = held
	}
	held[c.Voucher.ID] = true
}

// holding names the holder.
func (a Reserve) holding() Holding { return Holding{a.Ref.Owner, a.Holder} }

// revision is the one asked for, or the last if the owner counts none.
func (a Reserve) revision(last int64) int64 {
	if a.Revision == nil {
		return last
	}
	return *a.Revision
}
