package voucher

import (
	"math"
	"strings"
	"time"

	"vouchsafe/retail/money"
)

// Rules are what a merchant may set about acts.
type Rules struct {
	ReserveFor  time.Duration // how long a reservation excludes others
	LateCapture time.Duration // how long after it expired it may still be captured; 0 is strict
	ReverseFor  time.Duration // how long a shop or till may take an act back
	PerOrder    int           // how many codes one holder of a shop may reserve at once
	Ceiling     string        // the most that a voucher may hold, a decimal in its currency
	// ApprovalAbove is the most that one alone may give in the office, a decimal in the voucher's
	// currency; "" is no limit.
	ApprovalAbove string
	// CashOutLimit is the most that is paid out of what is left on a voucher where no law gives a right to it: a decimal in its
	// currency, whichever it is, or one for each currency, as CashOutFee; "" is nothing.
	CashOutLimit string
	// CashOutFee is what paying out costs the merchant and is kept of it where the law lets him: a decimal in the voucher's currency,
	// whichever it is, or one for each currency, "DKK:25.00,EUR:3.00", and nothing in the others; "" is nothing.
	CashOutFee string
}

// ceiling is the most that a voucher may hold, in minor units of its currency.
func (r Rules) ceiling(c money.Currency) int64 { return r.limit(r.Ceiling, c) }

// limit is a set amount in minor units of a currency. One that is finer than the currency's smallest unit is
// rounded down: what is above it in whole units is the same.
func (Rules) limit(text string, c money.Currency) int64 {
	if digits, known := c.Digits(); known {
		whole, fraction, _ := strings.Cut(text, ".")
		if fraction = fraction[:min(len(fraction), digits)]; fraction != "" {
			whole += "." + fraction
		}
		text = whole
	}
	limit, err := money.Parse(text, c)
	if err != nil { // no limit, or one above what can be counted
		return math.MaxInt64
	}
	return limit.Minor
}

// Act is something that is done to one voucher. The acts are the types of this package that
// implement it; each says in its own comment what it does and what a repeat means.
type Act interface {
	// Refs names the records that the act is decided on, its own first.
	Refs() []Ref
	// decide changes the case, or refuses and leaves it as it was.
	decide(c *Case) (Answer, error)
}

// Case is what an act is decided on: all that is known of one voucher and of the acts' keys while
// the voucher's row is locked. Acts of a group are decided on the same Case one after the other,
// so that each sees what those before it did. What they changed is read from it afterwards.
type Case struct {
	At      time.Time // the instant of the acts, read after the lock; never before Voucher.LastAt
	Rules   Rules
	Voucher Voucher
	// Witness is the highest version that Redis has seen acknowledged, 0 if it says nothing. A
	// witness ahead of the row proves that PostgreSQL lost acknowledged changes.
	Witness      int64
	Reservations []*Reservation  // the live one and those that records name
	Records      map[Ref]*Record // shared by all cases of a group
	Holdings     Holdings        // shared by all cases of a group
	Lots         []*Lot          // of an account of points: those with points left, those that the records moved, those that ended of earnings
	Open         []*Record       // of an account of points: the earnings of which points are open ([Settle]), the oldest first

	Entries []Entry // the new lines of the journal
	Shorts  []Short // granted reservations that could not be captured
	Lifted  []Short // such reservations that could be captured after all
	changed bool    // the row must be written
	bumped  bool    // its version has risen
	back    int64   // of points: how many the act that is being decided gives back to the account
	// surprised says that this case found its voucher's quarantine out.
	surprised bool
}

// Short is a task for the office: an order that counted on a reservation lacks money.
type Short struct {
	Reservation string
	Owner       string
	Order       string
	Uncovered   money.Amount
	Reason      string
}

// Holding names a holder of a shop, for counting its codes.
type Holding struct {
	Owner  string
	Holder Holder
}

// Holdings is which vouchers a holder has reserved, as far as it was asked for.
type Holdings map[Holding]map[string]bool

// Answer is what an act is told. Which parts are set depends on the act.
type Answer struct {
	Voucher     Voucher
	Reservation *Reservation
	Record      *Record
	Created     bool // the act happened now; otherwise this repeats or finds an earlier one
	Resumed     bool // the holder's live reservation was found under another key
	Reopened    bool // the key's earlier reservation had ended and a new one was granted
	Outcome     Outcome
	At          time.Time
}

// Outcome is what came of a cancellation.
type Outcome string

// The outcomes of releasing a reservation or reversing an act.
const (
	OutcomeReleased  Outcome = "released"
	OutcomePrevented Outcome = "prevented"
	OutcomeUnchanged Outcome = "unchanged"
	OutcomeReversed  Outcome = "reversed"
)

// Decide settles an act on a case. A refusal leaves the case as it was, but for what time alone
// has done (a reservation that is overdue expires) and what the office must know (a short order,
// a quarantine).
func Decide(c *Case, act Act) (Answer, error) {
	c.quarantine()
	c.expire()
	c.lapse()
	answer, err := act.decide(c)
	if err != nil {
		return Answer{}, err
	}
	c.collect(answer)
	c.lapse()
	answer.At = c.At
	answer.Voucher = c.Voucher
	return answer, nil
}

// Changed tells whether the voucher's row must be written.
func (c *Case) Changed() bool { return c.changed }

// Live is the reservation that excludes others now, or nil.
func (c *Case) Live() *Reservation {
	for _, r := range c.Reservations {
		if r.LiveAt(c.At) {
			return r
		}
	}
	return nil
}

// quarantine stops all use of a voucher whose witness is ahead: PostgreSQL has forgotten a change
// that somebody was told of, so that its balance may already have been spent.
func (c *Case) quarantine() {
	if c.Witness > c.Voucher.Version && !c.Voucher.Quarantined {
		c.Voucher.Quarantined = true
		c.changed, c.surprised = true, true
	}
}

// expire ends an overdue reservation at the instant that its holder was promised.
func (c *Case) expire() {
	for _, r := range c.Reservations {
		if r.State == Reserved && !r.LiveAt(c.At) {
			c.end(r, ReservationExpired, r.ExpiresAt)
		}
	}
}

// touch marks the voucher as changed at this instant.
func (c *Case) touch() {
	if !c.bumped {
		c.Voucher.Version++
	}
	c.changed, c.bumped = true, true
	c.Voucher.LastAt = c.At
}

// end ends a reservation and takes it off its holder.
func (c *Case) end(r *Reservation, state ReservationState, at time.Time) {
	r.State, r.EndedAt, r.dirty = state, at, true
	c.letGo(r)
	delete(c.Holdings[Holding{r.Owner, r.Holder}], r.Voucher)
	c.touch()
}

// post moves minor units into the voucher (or out of it, if negative) against a contra account.
func (c *Case) post(record *Record, kind, contra string, minor int64) {
	if minor == 0 {
		return
	}
	c.Voucher.Balance += minor
	c.Voucher.Entries++
	c.touch()
	entry := Entry{
		Account: c.Voucher.ID, Seq: c.Voucher.Entries, Act: record.ID, Source: record.Source, Kind: kind, Contra: contra,
		Amount: minor, Currency: c.Voucher.Currency, Balance: c.Voucher.Balance, At: c.At,
	}
	if c.Voucher.pointed() {
		entry.Lots = c.entryLots(record, minor)
		record.move(entry.Lots)
		if comesBack := kind == "refund" || kind == "reversal" || record.returns; comesBack {
			c.back += max(0, minor)
		}
	}
	c.Entries = append(c.Entries, entry)
}

// settle makes the state follow from the balance: used up at zero, active again above it.
func (c *Case) settle() {
	switch {
	case c.Voucher.State == Active && c.Voucher.Balance == 0:
		c.Voucher.State = Depleted
	case c.Voucher.State == Depleted && c.Voucher.Balance > 0:
		c.Voucher.State = Active
	}
}

// raiseFence marks a grant, or an act that takes value away: whoever held an earlier fence and let
// his reservation expire has lost his claim to the voucher.
func (c *Case) raiseFence() int64 {
	c.touch()
	c.Voucher.Fence++
	return c.Voucher.Fence
}

// write adds a record.
func (c *Case) write(r *Record) *Record {
	r.State, r.fresh = Done, true
	r.Voucher, r.Currency, r.At = c.Voucher.ID, c.Voucher.Currency, c.At
	r.Detail.Account = c.Voucher.Shared()
	r.Balance = c.Voucher.Balance
	c.Records[r.Ref] = r
	return r
}

// reservation finds a reservation by id among those read; nil if there is none.
func (c *Case) reservation(id string) *Reservation {
	for _, r := range c.Reservations {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// available is what nobody has reserved, in minor units.
func (c *Case) available() int64 { return max(0, c.Voucher.Balance-c.Reserved()) }

// insufficient refuses an amount for want of balance.
func (c *Case) insufficient(available int64) error {
	return &InsufficientError{Available: c.Voucher.amount(available)}
}

// heldBy refuses a code for the sake of another's reservation.
func heldBy(r *Reservation) *HeldError {
	return &HeldError{Until: r.ExpiresAt, Since: r.GrantedAt, Owner: r.Owner, Hint: r.HolderHint}
}

// taken refuses a code that another holder has reserved: for what is wrong with the voucher, or else
// for the sake of that reservation.
func (c *Case) taken(live *Reservation) error {
	if err := c.Voucher.Usable(c.At); err != nil {
		return err
	}
	return heldBy(live)
}

// FreshReservations and the three accessors below are what a decided case must have written.
func (c *Case) FreshReservations() (fresh []*Reservation) {
	for _, r := range c.Reservations {
		if r.fresh {
			fresh = append(fresh, r)
		}
	}
	return fresh
}

// ChangedReservations are those that existed before and have changed.
func (c *Case) ChangedReservations() (changed []*Reservation) {
	for _, r := range c.Reservations {
		if r.dirty && !r.fresh {
			changed = append(changed, r)
		}
	}
	return changed
}

// Fresh tells whether the record was made by an act of this group.
func (r *Record) Fresh() bool { return r.fresh }

// Changed tells whether a record that existed before has changed.
func (r *Record) Changed() bool { return r.dirty && !r.fresh }
