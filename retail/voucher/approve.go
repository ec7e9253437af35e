package voucher

import "vouchsafe/retail/money"

// Approval says who answers for an act that gives value away. The zero Approval needs nobody's word: a till's and a
// webshop's acts answer to a sale, and an act that a second person has approved answers to both. Any other act of
// the office answers to nothing but the office: above the set amount one alone can't do it (X13).
type Approval struct {
	Alone bool // one alone answers for it
	// Given is what that one has given alone on the same voucher lately, in minor units. It counts toward the set
	// amount, so that nobody gets past it in steps.
	Given int64
	// Rate is what points are worth, of an act on an account of them: they count by their worth. The zero Rate is of points whose
	// worth nobody knows yet: one alone gives none of them where an amount is set.
	Rate money.Rate
}

// countsMost is the most that one act counts, in minor units: above any amount that is set, and sums of it stay within
// 64 bits.
const countsMost = 1_000_000_000_000_000

// Counts is what an amount that is given counts toward the set amount: itself, or of points their worth, of which a
// fraction counts as a whole, so that nobody gets past it in small steps either.
func (a Approval) Counts(given money.Amount) money.Amount {
	switch {
	case given.Currency != money.Point:
		return given
	case a.Rate.Zero():
		return money.Amount{}
	}
	return money.Of(min(a.Rate.WorthUp(given.Minor), countsMost), a.Rate.Value.Currency)
}

// ApprovalError refuses what one alone may not give. It wraps ErrApproval.
type ApprovalError struct {
	Amount money.Amount // what the act would move
}

// Error says what would be given.
func (e *ApprovalError) Error() string { return ErrApproval.Error() + ": " + e.Amount.String() }

// Unwrap returns ErrApproval.
func (e *ApprovalError) Unwrap() error { return ErrApproval }

// Answerable gives an act the approval that it has, and tells whether it is one that needs any.
func Answerable(act Act, by Approval) (Act, bool) {
	switch a := act.(type) {
	case Adjust:
		a.Approval = by
		return a, true
	case Earn:
		a.Approval = by
		return a, true
	case Refund:
		a.Approval = by
		return a, true
	case Reload:
		a.Approval = by
		return a, true
	case Transfer:
		a.Approval = by
		return a, true
	}
	return act, false
}

// MayAlone tells whether one alone may give so much in the office, in minor units of a currency.
func (r Rules) MayAlone(minor int64, c money.Currency) bool {
	return r.ApprovalAbove == "" || minor <= r.limit(r.ApprovalAbove, c)
}

// approved refuses to give more than one alone may. What takes value, or gives none, needs nobody's word.
func (c *Case) approved(by Approval, minor int64) error {
	given := c.Voucher.amount(minor)
	if !by.Alone || minor <= 0 || c.Rules.ApprovalAbove == "" {
		return nil
	}
	counts, unknown := by.Counts(given), given.Currency == money.Point && by.Rate.Zero()
	if !unknown && c.Rules.MayAlone(by.Given+counts.Minor, counts.Currency) {
		return nil
	}
	return &ApprovalError{Amount: given}
}
