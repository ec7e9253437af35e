package voucher

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail/money"
)

// ActKind is what an act does; it is part of the act's name.
type ActKind string

// The kinds of act that have a key.
const (
	Reservations ActKind = "reservation"
	Redemptions  ActKind = "redemption"
	Refunds      ActKind = "refund"
	Reloads      ActKind = "reload"
	Issues       ActKind = "issue"
	Endings      ActKind = "ending" // invalidation
	Adjustments  ActKind = "adjustment"
	Sales        ActKind = "sale" // at a register
	Credits      ActKind = "credit_note"
	Replacements ActKind = "replacement" // of a code
	Imports      ActKind = "import"
	Bindings     ActKind = "binding"
	CashOuts     ActKind = "cash_out"
	Claims       ActKind = "claim"
	Transfers    ActKind = "transfer"
	Earnings     ActKind = "points"     // of bonus points
	Recalls      ActKind = "recall"     // of points whose order was refunded
	Regains      ActKind = "regain"     // of points whose order was refunded, and is not any more
	Lapses       ActKind = "lapse"      // of points, or of a voucher's value, that have ended
	Conversions  ActKind = "conversion" // of points, for a reward
	Rewards      ActKind = "reward"     // a voucher that a conversion gives
)

// Ref names an act: whose it is, what it does, and the key its caller gave it. It names one act
// for ever.
type Ref struct {
	Owner string
	Kind  ActKind
	Key   string
}

// RecordState is what became of an act.
type RecordState string

// The states of a record.
const (
	Done      RecordState = "done"
	Reversed  RecordState = "reversed"  // taken back by its owner
	Prevented RecordState = "prevented" // its cancellation came first, or was final
)

// Record is an act that happened, or that may never happen: the answer to every repeat of it.
type Record struct {
	ID string // UUID, global
	Ref
	State       RecordState
	Fingerprint [32]byte // of the content, so that the key can't be used for something else
	Voucher     string
	Reservation string // the reservation it made, answers to, or captured
	Source      string // the redemption that a refund gives back
	Currency    money.Currency
	Amount      int64 // minor units moved
	TakenBack   int64 // how much of it refunds and reversals have moved back
	Balance     int64 // the voucher's balance after the act
	Rest        int64 // what remained due after a redemption; of an earning, a recall and a regain see [Settle]
	Released    int64 // what a capture left of its reservation
	Late        bool  // captured after the reservation expired
	Detail      Detail
	At          time.Time
	ReversedAt  time.Time

	Moves   []Part // of points: what the act took of lots (negative) and brought to them, in all
	Settled []Part // of an earning: what its recalls and regains moved, likewise

	Ended          int64 // of an earning: how many of its points count as given back since they have ended
	Waived         int64 // of an earning: how many of them were spent and are let be
	EndedElsewhere int64 // of an earning: how many of its points have ended in other accounts than where it is decided

	fresh, dirty bool
	returns      bool     // what the act moves on comes back to whom it belongs to
	giver        *Voucher // whose value the act moves, as long as it is being decided
	gave         []Lot    // of points: what the giver let go
	undoes       *Record  // the act whose points this one gives back
	from         []Part   // the lots to take first
	days         int      // for how long the points live that it brings; 0 for ever
	again        *Record  // the earning whose points a regain brings
}

// move counts what an entry moved.
func (r *Record) move(parts []Part) {
	for _, part := range parts {
		r.Moves = addPart(r.Moves, part.Lot, part.Points)
	}
}

// Detail is what the caller said of an act, for staff to read.
type Detail struct {
	Order        string        `json:"order,omitempty"`
	Receipt      string        `json:"receipt,omitempty"`
	Tender       string        `json:"tender,omitempty"` // how a reload or sale was paid
	Reason       string        `json:"reason,omitempty"`
	OrderTotal   *money.Amount `json:"order_total,omitempty"`
	OtherTenders []Tender      `json:"other_tenders,omitempty"`
	// Adjusted is by how much an adjustment changed the balance, negative when it took; it is not of
	// the caller's words.
	Adjusted *money.Amount `json:"adjusted,omitempty"`
	// Sold is what a sale made of its voucher; it is not of the caller's words either.
	Sold *Sold `json:"sold,omitempty"`
	// Replaced is the end of the code that a replacement gave; likewise.
	Replaced string `json:"replaced,omitempty"`
	// Fee is what a cash-out kept of its amount, and Bound what a binding did; nor are they.
	Fee   *money.Amount `json:"fee,omitempty"`
	Bound *Bound        `json:"bound,omitempty"`
	// Reopened says that an adjustment opened a claimed voucher anew.
	Reopened bool `json:"reopened,omitempty"`
	// Moved is where the value of a claim or a transfer went, and Account says that the act was done to a customer's account
	// and not to a voucher: again not of the caller's words.
	Moved   *Moved `json:"moved,omitempty"`
	Account bool   `json:"account,omitempty"`
	// Covers is what points paid for were worth, Earned what brought points, and Reward what they were exchanged for: nor are these.
	Covers *money.Amount `json:"covers,omitempty"`
	Earned string        `json:"earned,omitempty"`
	Reward *Reward       `json:"reward,omitempty"`
	// Before is who has earned by an event before, so that this earning brought nothing: [BeforeByCustomer], [BeforeByAnother]; likewise.
	Before string `json:"before,omitempty"`
	// Ended is how many points of an earning a recall counts as given back since they have ended, or a regain as had; likewise.
	Ended int64 `json:"ended,omitempty"`
	// Waived is how many points of an earning that were spent the office lets be, or how many of those a regain counts as had; likewise.
	Waived int64 `json:"waived,omitempty"`
}

// Zero tells whether there is nothing to store.
func (d Detail) Zero() bool {
	return d.Order == "" && d.Receipt == "" && d.Tender == "" && d.Reason == "" && d.OrderTotal == nil && len(d.OtherTenders) == 0 && d.Adjusted == nil && d.Sold == nil && d.Replaced == "" && d.Fee == nil && d.Bound == nil && d.Moved == nil && !d.Account && !d.Reopened && d.Covers == nil && d.Earned == "" && d.Before == "" && d.Reward == nil && d.Ended == 0 && d.Waived == 0
}

// Tender is another means by which part of an order was paid (A21).
type Tender struct {
	Method string       `json:"method"`
	Amount money.Amount `json:"amount"`
}

// left is how much of the act has not been given back.
func (r *Record) left() int64 { return r.Amount - r.TakenBack }

// Returned is how much of the act refunds, recalls and reversals have moved back.
func (r *Record) Returned() int64 { return max(0, r.TakenBack) }

// Stands is what an earning has brought by now: more than at first, where its order deserves more since.
func (r *Record) Stands() int64 { return r.left() }

// repeat answers an act whose key is taken: the same content gets the recorded answer. An act that
// finds its own id was written before and is only now told so: its commit had been in doubt.
func (r *Record) repeat(id string, content [32]byte) (Answer, error) {
	switch {
	case r.State != Done:
		return Answer{}, ErrPrevented
	case r.Fingerprint != content:
		return Answer{}, ErrKeyReused
	}
	return Answer{Record: r, Created: r.ID == id}, nil
}

// digest sums up the content of an act: what must be the same for a repeat to be one.
func digest(parts ...any) [32]byte {
	var text strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&text, "%T %v\x00", part, part)
	}
	return sha256.Sum256([]byte(text.String()))
}

// text is what the caller said, with pointers followed, for [digest].
func (d Detail) text() string {
	total := ""
	if d.OrderTotal != nil {
		total = d.OrderTotal.String()
	}
	return fmt.Sprintf("%q %q %q %q %q %v", d.Order, d.Receipt, d.Tender, d.Reason, total, d.OtherTenders)
}
