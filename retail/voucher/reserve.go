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
	if record.Voucher != c.Voucher.ID {
		return Answer{}, ErrKeyReused
	}
	switch own := c.reservation(record.Reservation); {
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
			record.Reservation, record.dirty = live.ID, true
			answer.Resumed = true
		}
		return answer, err
	}
	granted, err := a.grant(c)
	if err != nil {
		return Answer{}, err
	}
	record.Reservation, record.dirty = granted.ID, true
	return Answer{Reservation: granted, Record: record, Created: true, Reopened: true}, nil
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
	amount, insufficient := a.amount(c, c.free(live))
	if err := c.Voucher.usableBy(live, amount, c.At); err != nil {
		return Answer{}, err
	}
	if insufficient != nil {
		return Answer{}, insufficient
	}
	if err := a.withinOrder(c); err != nil {
		return Answer{}, err
	}
	if live.Amount == amount && live.Due == a.Due.Minor && live.Holder == a.Holder && live.Revision == revision {
		return answer, nil
	}
	a.move(c, live)
	live.Amount, live.Due, live.Revision, live.dirty = amount, a.Due.Minor, revision, true
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
	amount, err := a.amount(c, c.free(nil))
	if err != nil {
		return nil, err
	}
	if err := a.withinOrder(c); err != nil {
		return nil, err
	}
	granted := &Reservation{
		ID: a.ID, Voucher: c.Voucher.ID, Fence: c.raiseFence(), Owner: a.Ref.Owner, Key: a.Ref.Key,
		Holder: a.Holder, HolderHint: a.Hint, Amount: amount, Due: a.Due.Minor, Revision: a.revision(0),
		State: Reserved, GrantedAt: c.At, ExpiresAt: c.At.Add(c.Rules.ReserveFor), fresh: true,
	}
	c.Reservations = append(c.Reservations, granted)
	a.count(c)
	return granted, nil
}

// amount is what to reserve of a balance: what was asked, or as much of what is due as there is.
func (a Reserve) amount(c *Case, balance int64) (int64, error) {
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
