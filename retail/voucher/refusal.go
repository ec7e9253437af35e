package voucher

import (
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/money"
)

// The refusals: every way in which an act can be turned down. They are a closed set; anything
// else that goes wrong is a fault. A refused act changed nothing and its key is still free.
var (
	ErrNotFound           = errors.New("no voucher has this code")
	ErrNotActive          = errors.New("the voucher is not active")
	ErrBlocked            = errors.New("the voucher is blocked")
	ErrInvalidated        = errors.New("the voucher is invalidated")
	ErrExpired            = errors.New("the voucher has expired")
	ErrClaimed            = errors.New("the voucher was claimed by a customer")
	ErrQuarantined        = errors.New("the voucher is in quarantine")
	ErrClaimRequired      = errors.New("the voucher must be claimed by a customer before it can be used")
	ErrCurrency           = errors.New("the voucher is in another currency")
	ErrAboveLimit         = errors.New("the balance would rise above the limit for one voucher")
	ErrKeyReused          = errors.New("the key already names another act")
	ErrPrevented          = errors.New("the act was cancelled under this key")
	ErrInProgress         = errors.New("an act under this key is still running")
	ErrNotReversible      = errors.New("the act can no longer be taken back")
	ErrActNotFound        = errors.New("no act has this key")
	ErrNoReservation      = errors.New("no reservation has this key")
	ErrReservationEnded   = errors.New("the reservation has ended")
	ErrReservationExpired = errors.New("the reservation expired too long ago")
	ErrSuperseded         = errors.New("the code was taken by another after the reservation")
	ErrFreed              = errors.New("the office has freed what was set aside on the customer's account")
	ErrPointsEnded        = errors.New("the reservation expired, and the points that it had set aside have ended since")
	ErrTooMany            = errors.New("the holder has as many vouchers as one order may use")
	ErrAboveDue           = errors.New("the amount is above what is due")
	ErrNothingForPoints   = errors.New("points can pay nothing of it: less than one point is worth is due of what points buy")
	ErrPerOrder           = errors.New("so many points may not pay for one order")
	ErrApproval           = errors.New("the amount is above what one alone may give in the office")
	ErrAlreadySold        = errors.New("the voucher was sold before")
	ErrOtherProduct       = errors.New("the voucher was printed as another product")
	ErrMode               = errors.New("the voucher belongs to whoever has its code, and not to a customer")
	ErrOtherKind          = errors.New("the two are of another kind, or taxed in another way")
	ErrMembership         = errors.New("the voucher is for members, and no membership is known")
	ErrNoCashOut          = errors.New("the voucher's balance is not paid out in cash")
	ErrTokenTaken         = errors.New("the token is a code, or bound to another voucher that is in use")
	ErrGuessable          = errors.New("the voucher holds too much for a code that can be guessed")
	ErrStillThere         = errors.New("the voucher that the redemption came from has not ended: refund to it")
	ErrNotLater           = errors.New("validity only moves to a later day, and not to one that is over")
)

// ErrPointsGone is why the refund of points can't be taken back, an ErrNotReversible.
var ErrPointsGone = fmt.Errorf("the points that came back are not there any more: they were spent, set aside or ended, "+
	"or they made up for points of a refunded order that had been spent: %w; let the customer pay otherwise, or the office adjust his points", ErrNotReversible)

// HeldError refuses a code that another holder has reserved.
type HeldError struct {
	Until time.Time
	Since time.Time
	Owner string // "shop:demo", "till:Kasse 1"
	Hint  string // what staff may be shown of the holder
}

// Error says until when the code is held.
func (e *HeldError) Error() string {
	return "the code is reserved by another holder until " + e.Until.UTC().Format(time.RFC3339)
}

// UnconfirmedError refuses to end a voucher that is reserved until the office, which now knows for whom
// and how much, confirms that it means it. It wraps who holds it.
type UnconfirmedError struct {
	Held   *HeldError
	Amount money.Amount // what is reserved
}

// Error says until when the code is held, and how much.
func (e *UnconfirmedError) Error() string { return e.Held.Error() + ": " + e.Amount.String() }

// Unwrap returns who holds the code.
func (e *UnconfirmedError) Unwrap() error { return e.Held }

// BalanceChangedError refuses to replace a balance that is not the one the caller has seen.
type BalanceChangedError struct {
	Balance money.Amount // what it is now
}

// Error says what the balance is.
func (e *BalanceChangedError) Error() string {
	return fmt.Sprintf("the balance is %s by now", e.Balance)
}

// CurrencyError refuses an amount in another currency than that of the redemption that it is of. It is an ErrCurrency.
type CurrencyError struct {
	Wants money.Currency
}

// Error says which currency is asked for.
func (e *CurrencyError) Error() string {
	return fmt.Sprintf("the redemption is in %s, and so is the amount of its refund", e.Wants)
}

// Unwrap returns ErrCurrency.
func (e *CurrencyError) Unwrap() error { return ErrCurrency }

// InsufficientError refuses an amount above what the voucher, reservation or redemption has left.
type InsufficientError struct {
	Available money.Amount
}

// Error says what there is.
func (e *InsufficientError) Error() string {
	return fmt.Sprintf("only %s is available", e.Available)
}

// ShortError tells the owner of a reservation that was granted why it can no longer be captured,
// and what the order now lacks. It wraps the reason.
type ShortError struct {
	Reason    error
	Uncovered money.Amount
}

// Error gives the reason and the shortfall.
func (e *ShortError) Error() string {
	return fmt.Sprintf("%v: %s is not covered", e.Reason, e.Uncovered)
}

// Unwrap returns the reason.
func (e *ShortError) Unwrap() error { return e.Reason }

// refusals lists the sentinels, for IsRefusal.
func refusals() []error {
	return []error{
		ErrNotFound, ErrNotActive, ErrBlocked, ErrInvalidated, ErrExpired, ErrClaimed, ErrQuarantined,
		ErrClaimRequired, ErrCurrency, ErrAboveLimit, ErrKeyReused, ErrPrevented, ErrInProgress,
		ErrNotReversible, ErrActNotFound, ErrNoReservation, ErrReservationEnded, ErrReservationExpired,
		ErrSuperseded, ErrFreed, ErrPointsEnded, ErrTooMany, ErrAboveDue, ErrNothingForPoints, ErrPerOrder, ErrApproval, ErrGuessable, ErrStillThere, ErrNotLater, ErrAlreadySold, ErrOtherProduct,
		ErrMembership, ErrNoCashOut, ErrTokenTaken,
		ErrMode, ErrOtherKind,
	}
}

// IsRefusal tells a refusal, which is an answer, from a fault, which is not.
func IsRefusal(err error) bool {
	if _, ok := errors.AsType[*HeldError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*InsufficientError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*BalanceChangedError](err); ok {
		return true
	}
	for _, refusal := range refusals() {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
