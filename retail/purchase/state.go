package purchase

import (
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Purchase is what is stored of an order that sells vouchers.
type Purchase struct {
	Number   string
	Source   string
	Created  time.Time
	Modified time.Time // of the state applied last
	Status   Status    // of that state
	Digest   [32]byte  // of that state, as far as it decides anything

	Confirmed bool // the order confirmation was made
	Fixed     bool // the order has issued: its units are settled
	Blocked   bool // its vouchers bear the order's block
	Units     []Unit
	Refunds   []Counted
	Doubts    []string
}

// UnitState is what became of one unit of a line.
type UnitState string

// The states of a unit.
const (
	Offered   UnitState = "offered"   // ordered, not paid
	Waiting   UnitState = "waiting"   // a person decides; the reason says why
	Issued    UnitState = "issued"    // it has its voucher, for ever
	TakenBack UnitState = "refunded"  // a refund named it; its voucher is invalidated, or never came to be
	Dismissed UnitState = "dismissed" // a person decided that it does not issue; the reason says what it had waited for
)

// Reason says why a unit waits.
type Reason string

// The reasons.
const (
	NotOnline     Reason = "not_paid_online"     // the tender is missing, or is not paid at once
	NoPaymentDate Reason = "no_payment_date"     // the shop calls it paid and states no date
	ZeroPaid      Reason = "zero_paid"           // nothing was paid for it
	OwnCodes      Reason = "paid_with_own_codes" // our own codes or points paid part of it
	BelowMinPaid  Reason = "below_min_paid"      // less was paid than the product asks for
	OutOfRange    Reason = "outside_range"       // an open value below the product's least or above its most
	OtherCurrency Reason = "other_currency"      // the order is in another currency than the product
	AboveCeiling  Reason = "above_ceiling"       // more than a voucher may hold
	UnclearAmount Reason = "unclear_amount"      // the shop's figure is finer than the currency
	AddedLater    Reason = "added_after_issue"   // it appeared after the order had issued
	// PaidAfterDismissal is of a unit that a person dismissed before it was paid.
	PaidAfterDismissal Reason = "paid_after_dismissal"
	// Unpaid is of a dismissed unit alone: the order was not paid by then.
	Unpaid Reason = "not_paid"
)

// Unit is one voucher that was ordered: unit N (1, 2, 3 …) of a line. Line and N name it for ever.
type Unit struct {
	Line    string
	N       int
	SKU     string
	State   UnitState
	Reason  Reason       // why it waits, or waited before a person dismissed it; "" otherwise
	Value   money.Amount // what its voucher holds, or would
	Paid    money.Amount // its share of what was paid for the line
	Missing bool         // the shop no longer lists it, and no refund says why
	Voucher Voucher      // as it stands under its lock; only of an issued unit
}

// Voucher is what the rules must know of the voucher that a unit issued.
type Voucher struct {
	Balance  int64 // minor units
	Touched  bool  // something was spent, reloaded or claimed
	Reserved bool  // somebody counts on it now
	Ended    bool  // it was invalidated
}

// Key names a unit within its purchase.
type Key struct {
	Line string
	N    int
}

// Key is the unit's name.
func (u Unit) Key() Key { return Key{u.Line, u.N} }

// clone copies the purchase so that a decision never changes what it was given.
func (p Purchase) clone() Purchase {
	p.Units = append([]Unit(nil), p.Units...)
	p.Refunds = append([]Counted(nil), p.Refunds...)
	for i := range p.Refunds {
		p.Refunds[i].Lines = slices.Clone(p.Refunds[i].Lines)
	}
	return p
}

// unit finds a unit; nil if there is none.
func (p *Purchase) unit(key Key) *Unit {
	for i := range p.Units {
		if p.Units[i].Key() == key {
			return &p.Units[i]
		}
	}
	return nil
}

// sku is what a line sold when it was last known; "" for a line without units.
func (p *Purchase) sku(line string) string {
	for _, u := range p.Units {
		if u.Line == line {
			return u.SKU
		}
	}
	return ""
}
