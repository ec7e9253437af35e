package voucher

import "fmt"

// ErrAwaited is why nobody may begin to use a voucher that a refund of its purchase waits for, an ErrBlocked.
var ErrAwaited = fmt.Errorf("a refund of its purchase waits for the voucher: %w", ErrBlocked)

// RefundWait says whether a refund of the voucher's purchase waits for it, until it is free and whole (X01): its buyer has the money, so
// that what comes back to it must not be spent before the refund is settled. Whoever has reserved it before may go on.
type RefundWait struct {
	Waits bool
	// Whole is 0 where the refund waits for this voucher. Where it waits for one of several, it is what the voucher held at first: the
	// one that holds that again is the one.
	Whole int64
}

// bars tells whether the refund keeps a voucher of a balance from being used anew.
func (w RefundWait) bars(balance int64) bool { return w.Waits && (w.Whole == 0 || w.Whole == balance) }

// Awaited tells whether a refund of its purchase keeps the voucher from being used anew.
func (v *Voucher) Awaited() bool { return v.Refund.bars(v.Balance) }

// Await says whether a refund of the voucher's purchase waits for it.
type Await struct {
	Refund RefundWait
}

// Refs names nothing.
func (Await) Refs() []Ref { return nil }

func (a Await) decide(c *Case) (Answer, error) {
	if c.Voucher.State == Invalidated {
		return Answer{}, ErrInvalidated
	}
	if c.Voucher.Refund == a.Refund {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	c.Voucher.Refund = a.Refund
	c.touch()
	return Answer{}, nil
}
