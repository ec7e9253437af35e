package voucher

import (
	"errors"
	"fmt"
	"strings"

	"vouchsafe/retail/money"
)

// CashOut pays out in cash all of a voucher's balance that was paid for, as far as its country's rule allows (X12): where the holder may
// ask for it, also some time after it has expired, less a fee while it is valid, unless that took all of it; elsewhere what is left, up to
// the merchant's limit. What was given as goodwill stays on the voucher. Whether it waits to be claimed or is for members alone makes no
// difference to whoever wants the money. A reserved code is refused.
type CashOut struct {
	ID     string
	Ref    Ref    // kind [CashOuts]
	Paid   Paid   // of the balance
	Detail Detail // its receipt and reason
}

// Refs names the cash-out.
func (a CashOut) Refs() []Ref { return []Ref{a.Ref} }

func (a CashOut) decide(c *Case) (Answer, error) {
	content := digest(c.Voucher.ID, a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	if err := c.payable(); err != nil {
		return Answer{}, err
	}
	switch {
	case a.Paid.Entries != c.Voucher.Entries: // it was used since that was reckoned
		return Answer{}, ErrInProgress
	case a.Paid.Minor == 0:
		return Answer{}, ErrNoCashOut
	}
	fee := c.cashOutFee()
	if fee >= a.Paid.Minor { // the holder would lose it, and have nothing for it
		return Answer{}, fmt.Errorf("%w: the fee of %s would take all of it", ErrNoCashOut, c.Voucher.amount(fee))
	}
	kept := c.Voucher.amount(fee)
	a.Detail.Fee = &kept
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: a.Paid.Minor, Detail: a.Detail}
	c.raiseFence()
	c.post(record, "cash_out", contraOf("paid_out", a.Ref.Owner), fee-a.Paid.Minor)
	c.post(record, "cash_out_fee", contraOf("fees", a.Ref.Owner), -fee)
	c.settle()
	return Answer{Record: c.write(record), Created: true}, nil
}

// payable says why the balance can't be paid out, or nil.
func (c *Case) payable() error {
	v := &c.Voucher
	err := v.Usable(c.At)
	rule := v.CashOutRule()
	switch {
	case errors.Is(err, ErrClaimRequired):
	case errors.Is(err, ErrExpired) && rule.Right == HolderMayAsk && c.At.Before(v.OwedUntil()):
	case err != nil:
		return err
	}
	if live := c.Live(); live != nil {
		return heldBy(live)
	}
	if v.Balance == 0 {
		return c.insufficient(0)
	}
	if rule.Right == HolderMayAsk {
		return nil
	}
	return c.withinCashOutLimit()
}

// CashOutRule is the rule for the voucher. A right to cash is for what was bought: neither for a credit note nor for what was given. A fee
// is for paying out before the last day, so that nothing is ever kept of a voucher that has none.
func (v *Voucher) CashOutRule() CashOutRule {
	rule, known := RuleOf(v.Country)
	if !known || v.Kind != Money {
		return CashOutRule{Right: MerchantGives, Fee: NoFee}
	}
	if v.ExpiresOn.Zero() {
		rule.CashOut.Fee = NoFee
	}
	return rule.CashOut
}

// withinCashOutLimit refuses what the merchant doesn't pay out. Punches have no price here, and store credit was never paid for.
func (c *Case) withinCashOutLimit() error {
	v := &c.Voucher
	decimal := decimalIn(c.Rules.CashOutLimit, v.Currency)
	if v.Kind == Punches || v.Kind == StoreCredit || decimal == "" {
		return ErrNoCashOut
	}
	if limit := c.Rules.limit(decimal, v.Currency); v.Balance > limit {
		return &CashOutLimitError{Limit: v.amount(limit)}
	}
	return nil
}

// cashOutFee is what the merchant keeps, in minor units.
func (c *Case) cashOutFee() int64 {
	v := &c.Voucher
	decimal := decimalIn(c.Rules.CashOutFee, v.Currency)
	if v.CashOutRule().Fee != FeeWhileValid || v.ExpiredAt(c.At) || decimal == "" {
		return 0
	}
	return c.Rules.limit(decimal, v.Currency)
}

// decimalIn is what a setting says for a currency: a decimal for whichever it is, or one for each of some. "" is of one that it doesn't name.
func decimalIn(setting string, c money.Currency) string {
	if !strings.Contains(setting, ":") {
		return setting
	}
	for item := range strings.SplitSeq(setting, ",") {
		if currency, decimal, _ := strings.Cut(item, ":"); money.Currency(currency) == c {
			return decimal
		}
	}
	return ""
}

// uncash takes a cash-out back: the money lies in the till again, and the fee was never kept.
func (c *Case) uncash(record *Record) {
	fee := record.Detail.Fee.Minor
	c.post(record, "reversal", contraOf("paid_out", record.Owner), record.Amount-fee)
	c.post(record, "reversal", contraOf("fees", record.Owner), fee)
}

// PaidOut is what the customer got of a cash-out, and Fee what was kept; together they were what had been paid for.
func (r *Record) PaidOut() (paid, fee money.Amount) {
	if fee = money.Of(0, r.Currency); r.Detail.Fee != nil {
		fee = *r.Detail.Fee
	}
	return money.Of(r.Amount-fee.Minor, r.Currency), fee
}

// CashOutLimitError refuses to pay out more than the merchant gives. It wraps ErrNoCashOut.
type CashOutLimitError struct {
	Limit money.Amount
}

// Error says what the limit is.
func (e *CashOutLimitError) Error() string {
	return fmt.Sprintf("%v above %s", ErrNoCashOut, e.Limit)
}

// Unwrap returns ErrNoCashOut.
func (e *CashOutLimitError) Unwrap() error { return ErrNoCashOut }
