package voucher

import "time"

// Invalidate ends a voucher for good (E22): what is left of it leaves the balance, and a live
// reservation is voided. On one that is already invalidated it does nothing.
type Invalidate struct {
	ID     string
	Ref    Ref // kind [Endings]
	Detail Detail
	// Spare keeps the act from touching a voucher that somebody counts on.
	Spare Spare
	// Whole is how many journal entries the voucher had when all that was spent of it had come back: it is as good as unspent as long as
	// it has no more. 0 for one that nothing was spent of.
	Whole int64
}

// Spare tells whether a voucher in use may be invalidated.
type Spare string

// The office may end any voucher, but a reserved one only once it has seen who would be left short; a
// purchase's refund ends only an unspent, unreserved one.
const (
	SpareNothing  Spare = "nothing"
	SpareReserved Spare = "reserved"
	SpareUsed     Spare = "used"
)

// Refs names the act.
func (a Invalidate) Refs() []Ref { return []Ref{a.Ref} }

func (a Invalidate) decide(c *Case) (Answer, error) {
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, digest(c.Voucher.ID))
	}
	live := c.Live()
	switch {
	case c.Voucher.State == Invalidated:
		return Answer{Outcome: OutcomeUnchanged}, nil
	case a.Spare == SpareReserved && live != nil:
		return Answer{}, &UnconfirmedError{Held: heldBy(live), Amount: c.Voucher.amount(live.Amount)}
	case a.Spare == SpareUsed && live != nil:
		return Answer{}, heldBy(live)
	case a.Spare == SpareUsed && (c.Voucher.Entries != max(1, a.Whole) || c.Voucher.State == Claimed):
		return Answer{}, ErrNotReversible
	}
	if live != nil {
		c.end(live, Voided, c.At)
	}
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: digest(c.Voucher.ID), Amount: c.Voucher.Balance, Detail: a.Detail}
	c.raiseFence()
	c.post(record, "invalidate", contraOf("invalidated", a.Ref.Owner), -c.Voucher.Balance)
	c.Voucher.State, c.Voucher.Refund = Invalidated, RefundWait{}
	return Answer{Record: c.write(record), Reservation: live, Created: true}, nil
}

// BlockKind is whose block it is: each is lifted only by its own kind.
type BlockKind string

// The kinds of block.
const (
	OrderBlock  BlockKind = "order"
	OfficeBlock BlockKind = "office"
)

// Block stops grants and captures of a voucher but ends nothing; lifting it is Blocked false.
type Block struct {
	Kind    BlockKind
	Blocked bool
}

// Refs names nothing.
func (Block) Refs() []Ref { return nil }

func (a Block) decide(c *Case) (Answer, error) {
	block := &c.Voucher.BlockedByOffice
	if a.Kind == OrderBlock {
		block = &c.Voucher.BlockedByOrder
	}
	if c.Voucher.State == Invalidated {
		return Answer{}, ErrInvalidated
	}
	if *block == a.Blocked {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	*block = a.Blocked
	c.touch()
	return Answer{}, nil
}

// Issuance is a new voucher to be written: its row, the record of its issue and the first entry.
type Issuance struct {
	Voucher Voucher
	Record  Record
	Entry   *Entry // nil when the voucher starts empty
}

// Issue makes a voucher of a value, at an instant, under its term. The act is named by the owner
// and the unit it was sold as, so that no unit ever issues twice. What begins in the inventory has no
// validity until it is sold, and what is imported the one that it came with.
func Issue(v Voucher, record Record, minor int64, at time.Time) Issuance {
	v.IssuedAt, v.LastAt, v.Version, v.Fence, v.Balance, v.Entries = at, at, 1, 0, minor, 0
	if v.State != Inventory && record.Kind != Imports {
		v.ExpiresOn, v.EndsAt = v.validity(at)
	}
	record.State, record.Voucher, record.Currency = Done, v.ID, v.Currency
	record.Amount, record.Balance, record.At = minor, minor, at
	record.Fingerprint, record.fresh = digest(v.ID), true
	issuance := Issuance{Voucher: v, Record: record}
	if minor > 0 {
		issuance.Voucher.Entries = 1
		issuance.Entry = &Entry{
			Account: v.ID, Seq: 1, Act: record.ID, Kind: "issue", Contra: sourceOf(record.Ref),
			Amount: minor, Currency: v.Currency, Balance: minor, At: at,
		}
	}
	return issuance
}
