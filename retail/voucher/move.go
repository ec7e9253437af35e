package voucher

import (
	"errors"
	"slices"
	"strings"

	"vouchsafe/retail/money"
)

// A claim and a transfer move value from one place to another: from a voucher to the account of a customer, or between any two of
// them. One record names both halves. The half that gives is decided first and writes it; [Receive] then lets the other place take
// what the record says was given. Whoever applies the two applies both or none.

// Moved is where the value of an act went.
type Moved struct {
	To      string `json:"to"`      // id of the voucher or account that received it
	Account bool   `json:"account"` // whether that is an account
	Balance int64  `json:"balance"` // there, afterwards
	Entries int64  `json:"entries"` // how many entries the giving place had afterwards
}

// Claim moves all of a voucher to the account of a customer (D10). The code is finished with it (D12). Only a voucher in customer
// mode is claimed; the balance of any other belongs to its code.
type Claim struct {
	ID       string
	Ref      Ref    // kind [Claims]
	To       string // id of the account
	Customer string // id of the customer who claims it
	Member   Membership
	Detail   Detail
}

// Refs names the claim.
func (a Claim) Refs() []Ref { return []Ref{a.Ref} }

func (a Claim) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, a.Customer)
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	if err := a.claimable(c); err != nil {
		return Answer{}, err
	}
	return c.give(giving{id: a.ID, ref: a.Ref, content: content, to: Moved{To: a.To, Account: true}, detail: a.Detail}, c.Voucher.Balance), nil
}

// claimable says why the voucher can't be claimed, or nil.
func (a Claim) claimable(c *Case) error {
	switch err := c.Voucher.Usable(c.At); {
	case err == nil:
		return ErrMode
	case !errors.Is(err, ErrClaimRequired):
		return err
	}
	if err := c.admits(a.Member); err != nil {
		return err
	}
	if live := c.Live(); live != nil { // granted before it came to be claimed
		return heldBy(live)
	}
	if c.Voucher.Balance == 0 {
		return c.insufficient(0)
	}
	return nil
}

// Transfer moves value from a voucher or account to another, in the office (A25): so much, or all that nobody has reserved. Both
// are of one currency; who asks for it makes sure of kind and tax.
type Transfer struct {
	ID       string
	Ref      Ref // kind [Transfers]
	To       string
	Account  bool          // whether To is an account
	Amount   *money.Amount // nil for all that is free
	Whole    bool          // all there is, which may be nothing by now: refused as long as any of it is reserved
	Returns  bool          // what moves comes back to whom it belongs to, such as to whom a customer was merged into
	Approval Approval
	Detail   Detail // its reason
}

// Refs names the transfer.
func (a Transfer) Refs() []Ref { return []Ref{a.Ref} }

func (a Transfer) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, a.To, amountText(a.Amount), a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	if err := c.movable(); err != nil {
		return Answer{}, err
	}
	if live := c.Live(); a.Whole && live != nil {
		return Answer{}, heldBy(live)
	}
	if a.Whole && c.Voucher.Balance == 0 { // such as of points that have ended
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	minor := c.available()
	if a.Amount != nil {
		if a.Amount.Currency != c.Voucher.Currency {
			return Answer{}, ErrCurrency
		}
		minor = a.Amount.Minor
	}
	if minor == 0 || minor > c.available() {
		return Answer{}, c.insufficient(c.available())
	}
	if err := c.approved(a.Approval, minor); err != nil {
		return Answer{}, err
	}
	return c.give(giving{id: a.ID, ref: a.Ref, content: content, to: Moved{To: a.To, Account: a.Account}, returns: a.Returns, detail: a.Detail}, minor), nil
}

// movable says why value can't be moved out of or into the voucher, or nil. Whether it must be claimed first is of no concern.
func (c *Case) movable() error {
	if err := c.Voucher.Usable(c.At); err != nil && !errors.Is(err, ErrClaimRequired) {
		return err
	}
	return nil
}

// giving is the half of an act that lets value go.
type giving struct {
	id      string
	ref     Ref
	content [32]byte
	to      Moved
	returns bool
	detail  Detail
}

// give lets value go, and writes the record of the whole act.
func (c *Case) give(g giving, minor int64) Answer {
	record := &Record{ID: g.id, Ref: g.ref, Fingerprint: g.content, Amount: minor, Detail: g.detail}
	record.Detail.Moved = &g.to
	c.raiseFence()
	c.post(record, string(g.ref.Kind), contraOf(place(g.to.Account), g.to.To), -minor)
	c.settle()
	if g.ref.Kind == Claims {
		c.Voucher.State = Claimed
	}
	record.Detail.Moved.Entries, record.giver = c.Voucher.Entries, &c.Voucher
	record.gave, record.returns = c.gone(record), g.returns
	return Answer{Record: c.write(record), Created: true}
}

// fits tells whether the value of one place may be put into another: it is of one kind and taxed in one way (X10). An account holds
// means of payment. What is claimed becomes one, a credit note too, but for what is no payment any more: punches, and what was taxed
// when it was sold.
func (v *Voucher) fits(into *Voucher, how ActKind) bool {
	if v.VAT == SinglePurpose || into.VAT == SinglePurpose {
		return v.VAT == into.VAT && v.Kind == into.Kind
	}
	if how == Claims {
		return v.Kind != Punches
	}
	return v.worth() == into.worth()
}

// worth is the kind of a voucher's value.
func (v *Voucher) worth() Kind {
	if v.Shared() {
		return Money
	}
	return v.Kind
}

// place is what a place of value is called in a contra account.
func place(account bool) string {
	if account {
		return "account"
	}
	return "voucher"
}

// Receive is the other half of an act that moves value: it lets in what was let go. When nothing was, it does nothing.
type Receive struct {
	Ref Ref // the act
}

// Refs names the act.
func (a Receive) Refs() []Ref { return []Ref{a.Ref} }

func (a Receive) decide(c *Case) (Answer, error) {
	record := c.Records[a.Ref]
	if record == nil || !record.fresh || record.State != Done {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	if err := c.movable(); err != nil {
		return Answer{}, err
	}
	switch {
	case record.Currency != c.Voucher.Currency:
		return Answer{}, ErrCurrency
	case !record.giver.fits(&c.Voucher, record.Kind):
		return Answer{}, ErrOtherKind
	case record.Kind != Claims && c.overflows(record.Amount):
		return Answer{}, ErrAboveLimit
	}
	if c.Voucher.State == Depleted {
		c.extend(c.Voucher.Term.Ends(DateOf(c.At, c.Voucher.Zone)))
	}
	c.post(record, string(record.Kind), contraOf(place(record.Detail.Account), record.Voucher), record.Amount)
	c.settle()
	record.Detail.Moved.Balance = c.Voucher.Balance
	return Answer{Record: record, Created: true}, nil
}

// Return is the other half of taking back an act that moved value: what was let in goes home. When nothing was taken back, it does
// nothing.
type Return struct {
	Target Ref // the act
}

// Refs names the act.
func (a Return) Refs() []Ref { return []Ref{a.Target} }

func (a Return) decide(c *Case) (Answer, error) {
	record := c.Records[a.Target]
	if record == nil || record.State != Reversed || !record.dirty {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	if c.Voucher.refundable() != nil || c.available() < record.Amount || c.endedHere(record) {
		return Answer{}, ErrNotReversible
	}
	c.raiseFence()
	c.post(record, "reversal", contraOf(place(record.Detail.Account), record.Voucher), -record.Amount)
	c.settle()
	return Answer{Record: record, Outcome: OutcomeReversed}, nil
}

// endedHere tells whether points that an act let in have ended: others don't go home in their place.
func (c *Case) endedHere(record *Record) bool {
	return slices.ContainsFunc(c.Lots, func(l *Lot) bool { return l.Act == record.ID && l.Ended > 0 })
}

// returnable tells whether the voucher can have back what an act took from it. A claimed one can have nothing but what that claim took,
// as long as nothing has happened to it since.
func (c *Case) returnable(record *Record) bool {
	if record.Kind == Claims {
		return c.Voucher.State == Claimed && !c.Voucher.Quarantined && c.Voucher.Entries == record.Detail.Moved.Entries
	}
	return c.Voucher.refundable() == nil
}

// takeHome lets a voucher have back what a claim or transfer took.
func (c *Case) takeHome(record *Record) {
	if record.Kind == Claims {
		c.Voucher.State = Active
	}
	moved := record.Detail.Moved
	c.post(record, "reversal", contraOf(place(moved.Account), moved.To), record.Amount)
}

// OtherPlace is the id of the voucher or account that an entry's value came from or went to by a claim or transfer, and whether
// that is an account; "" for every other entry.
func (e *Entry) OtherPlace() (id string, account bool) {
	what, id, found := strings.Cut(e.Contra, "/")
	switch {
	case found && what == place(true):
		return id, true
	case found && what == place(false):
		return id, false
	}
	return "", false
}
