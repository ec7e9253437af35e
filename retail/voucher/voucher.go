package voucher

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"vouchsafe/retail/money"
)

// Kind says what a voucher's units are worth and how it came to be.
type Kind string

// The kinds of voucher.
const (
	Money       Kind = "money"        // a gift voucher in a currency
	Punches     Kind = "punches"      // a punch card; its unit is PUNCH
	Credit      Kind = "credit"       // a credit note
	StoreCredit Kind = "store_credit" // granted to a customer without a sale
	Account     Kind = "account"      // no voucher: what a customer has of a currency or unit; see [Voucher.Shared]
)

// Mode says whom the balance belongs to. It is fixed when the voucher is issued.
type Mode string

// The modes (D01).
const (
	Card     Mode = "card"     // the balance belongs to the code: whoever has it may use it
	Customer Mode = "customer" // the code is claimed by an account, whole, and is then finished
)

// State is where a voucher is in its life. Blocked, reserved and expired are not states: the
// first is laid over it, the other two follow from a reservation and from the date.
type State string

// The states of a voucher.
const (
	Inventory   State = "inventory"   // printed, not yet sold
	Issued      State = "issued"      // sold, waiting to be activated
	Active      State = "active"      // can be used
	Claimed     State = "claimed"     // moved to a customer's account
	Depleted    State = "depleted"    // used up; a reload or refund makes it active again
	Invalidated State = "invalidated" // ended for good
)

// Expired is what a voucher past its validity is shown as. It is derived, never stored.
const Expired State = "expired"

// Voucher is one stored value, as its row says under the lock.
type Voucher struct {
	ID       string // UUID, public
	Last4    string // the last four symbols of the code
	Product  string // SKU of the product it was issued for
	Kind     Kind
	Mode     Mode
	Currency money.Currency
	State    State

	BlockedByOrder  bool // its order was cancelled; paying it again lifts this block
	BlockedByOffice bool // an office's block; only an office lifts it
	Quarantined     bool // PostgreSQL forgot something it had acknowledged; see [Case.Witness]
	Refund          RefundWait

	Balance int64 // minor units of Currency, never negative
	Fence   int64 // rises with every grant and every act that takes value away
	Version int64 // rises with every change

	Term      Term           // the validity it was issued under
	Zone      *time.Location // whose days ExpiresOn counts
	ExpiresOn Date           // last day of validity; zero means it never expires
	EndsAt    time.Time      // the first instant after that day; zero with ExpiresOn

	Country     string // ISO 3166, whose rules it was issued under; "" for none
	TermFrom    TermFrom
	OwedFor     int // years after the end of validity for which its value can still be asked for
	VAT         VAT
	VATRate     string // percent as a decimal; "" when it is not known
	MembersOnly bool   // whoever uses it must be a member (B08)

	Token       Token
	CodeRetired bool // nobody finds the voucher by its code any more; its token alone is left

	Shop     string // the shop that sold it, or ""
	Unit     string // the purchase unit it was issued for (UUID), or ""
	IssuedAt time.Time
	LastAt   time.Time // instant of the last change: time never runs backwards for a voucher

	Entries int64    // how many journal entries it has
	Head    [32]byte // hash of the last of them
}

// Blocked tells whether anybody has blocked the voucher.
func (v *Voucher) Blocked() bool { return v.BlockedByOrder || v.BlockedByOffice }

// ExpiredAt tells whether the voucher's last day of validity has passed.
func (v *Voucher) ExpiredAt(at time.Time) bool {
	return !v.EndsAt.IsZero() && !at.Before(v.EndsAt)
}

// StateAt is the state to show at an instant: [Expired] when an unused voucher's validity is over.
func (v *Voucher) StateAt(at time.Time) State {
	if (v.State == Active || v.State == Issued) && v.ExpiredAt(at) {
		return Expired
	}
	return v.State
}

// Usable says why nobody may be granted value of the voucher at an instant, or nil. Quarantine
// comes first: what the row says of a quarantined voucher may be out of date.
func (v *Voucher) Usable(at time.Time) error {
	switch {
	case v.Quarantined:
		return ErrQuarantined
	case v.State == Invalidated:
		return ErrInvalidated
	case v.State == Claimed:
		return ErrClaimed
	case v.Blocked():
		return ErrBlocked
	case v.Awaited():
		return ErrAwaited
	case v.State == Inventory || v.State == Issued:
		return ErrNotActive
	case v.ExpiredAt(at):
		return ErrExpired
	case v.Mode == Customer:
		return ErrClaimRequired
	}
	return nil
}

// usableBy is usable for whoever may have a live reservation already: its validity, and whether a refund of its purchase waits, was
// tested when it was granted, and is tested again only for more than that.
func (v *Voucher) usableBy(own *Reservation, minor int64, at time.Time) error {
	err := v.Usable(at)
	if own != nil && minor <= own.Amount && (errors.Is(err, ErrExpired) || errors.Is(err, ErrAwaited)) {
		return nil
	}
	return err
}

// amount gives a number of the voucher's minor units its currency.
func (v *Voucher) amount(minor int64) money.Amount { return money.Of(minor, v.Currency) }

// ReservationState is where a reservation is in its life. It ends once; the one change after an
// end is a late capture of an expired one.
type ReservationState string

// The states of a reservation.
const (
	Reserved           ReservationState = "active"
	Captured           ReservationState = "captured"
	Released           ReservationState = "released" // by its owner
	ReservationExpired ReservationState = "expired"
	Voided             ReservationState = "voided" // by someone else: the office, a register, an invalidation
)

// Holder is the SHA-256 of whom a reservation is for: a shop's cart, or a register.
type Holder [32]byte

// Reservation is the exclusive right to a code until it expires. Its amount caps the capture.
type Reservation struct {
	ID         string // UUID
	Voucher    string
	Fence      int64
	Owner      string // who may capture it: a shop, a register, the office
	Key        string // the first key it was reserved under; its redemption bears it
	Holder     Holder
	HolderHint string // what staff are shown of the holder
	Amount     int64  // minor units
	Due        int64  // what the holder had to pay when it was last asked for
	Revision   int64
	State      ReservationState
	GrantedAt  time.Time
	ExpiresAt  time.Time
	EndedAt    time.Time // zero while active
	Exchange   *Exchange // of points that pay an order; nil of everything else
	Parts      []Part    // of points: the lots that it has set aside, while it is live
	Lapsed     int64     // of points: how many of the account have ended since it expired

	fresh, dirty, parted bool
}

// LiveAt tells whether the reservation excludes others at an instant: from its grant until just
// before it expires, unless it ended earlier.
func (r *Reservation) LiveAt(at time.Time) bool {
	return r.State == Reserved && at.Before(r.ExpiresAt)
}

// StateAt is the state to show at an instant: an active reservation whose time is over has expired.
func (r *Reservation) StateAt(at time.Time) ReservationState {
	if r.State == Reserved && !at.Before(r.ExpiresAt) {
		return ReservationExpired
	}
	return r.State
}

// Entry is one line of the journal: an amount moved between the voucher and a contra account.
type Entry struct {
	Account  string // the voucher's id
	Seq      int64  // 1, 2, 3 … per account
	Act      string // id of the [Record] it belongs to
	Source   string // likewise of the act that this one gives back; "" where it gives back none, or where nobody asked for it
	Kind     string // what happened: issue, redeem, reload, refund, …
	Contra   string // the other side, such as "redeemed/till:Kasse 1"
	Amount   int64  // minor units; positive raises the voucher's balance
	Currency money.Currency
	Balance  int64 // the voucher's balance afterwards
	At       time.Time
	Lots     []Part // of an account of points: what it took of its lots (negative) and brought to them
}

// Digest names the reservation's owner and holder without telling who they are: what Redis is told.
func (r *Reservation) Digest() string {
	sum := sha256.Sum256(append([]byte(r.Owner+"\x00"), r.Holder[:]...))
	return hex.EncodeToString(sum[:16])
}
