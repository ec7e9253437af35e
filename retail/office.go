package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// BackOffice is the counter for the merchant's own people. It sees everything but codes, and whatever it
// does is in the audit trail by the transaction that did it. It asks the same rule book as till and
// webshop. It is safe for concurrent use and keeps no state of its own.
type BackOffice struct {
	desk  *Desk
	sales *Sales
}

// NewBackOffice opens the office on a Desk and the side towards webshops, both on the same stores.
func NewBackOffice(desk *Desk, sales *Sales) *BackOffice {
	return &BackOffice{desk: desk, sales: sales}
}

// deed is an act of the office on one voucher.
type deed struct {
	voucher string
	account bool // whether it is the account of a customer instead
	act     voucher.Act
	action  string         // what the audit trail calls it
	detail  map[string]any // what it says beside
	// also is done once the act has changed the voucher; nil for nothing. What it refuses takes all back.
	also func(tx outbox.Tx, done voucher.Answer) error
}

// does carries out a deed in one transaction. One that finds everything as it should be changes nothing,
// and is not in the audit trail.
func (o *BackOffice) does(ctx context.Context, by Actor, d deed) (voucher.Answer, error) {
	if !isID(d.voucher) {
		return voucher.Answer{}, voucher.ErrNotFound
	}
	var applied *ledger.Applied
	err := o.within(ctx, d.action+" voucher "+d.voucher, func(tx outbox.Tx) (err error) {
		applied, err = o.apply(ctx, tx, by, d)
		return err
	})
	if err != nil {
		return voucher.Answer{}, err
	}
	o.desk.ledger.Told(ctx, applied)
	return applied.Answers[0], applied.Refusals[0]
}

// apply is does in the caller's transaction. A refusal of the rule book is in what it returns: what it
// found out on the way is committed.
func (o *BackOffice) apply(ctx context.Context, tx outbox.Tx, by Actor, d deed) (*ledger.Applied, error) {
	applied, err := o.desk.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: d.voucher, Account: d.account, Act: d.act})
	if err != nil || applied.Refusals[0] != nil || idle(applied.Answers[0]) {
		return applied, err
	}
	if d.also != nil {
		if err := d.also(tx, applied.Answers[0]); err != nil {
			return nil, err
		}
	}
	return applied, o.desk.audit(ctx, tx, by, d.action, d.voucher, d.detail)
}

// twins is how often a transaction may meet another that took its key in between.
const twins = 3

// within runs the office's work in one transaction. A refusal comes back as it is; a fault that may pass
// is ErrUnavailable.
func (o *BackOffice) within(ctx context.Context, doing string, work func(tx outbox.Tx) error) error {
	for try := 0; ; try++ {
		err := outbox.InTx(ctx, o.sales.orders.Pool(), work)
		if ledger.IsTwin(err) && try < twins {
			continue
		}
		explain(doing, &err)
		return err
	}
}

// explain says what was being done when something went wrong, and tells a fault that may pass from one
// that stays. A refusal is left as it is.
func explain(doing string, err *error) {
	switch {
	case *err == nil, isRefusal(*err), errors.Is(*err, ErrUnavailable):
	case ledger.IsPassing(*err):
		*err = fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, *err)
	default:
		*err = fmt.Errorf("%s: %w", doing, *err)
	}
}

// isRefusal tells an answer to the office from a fault.
func isRefusal(err error) bool {
	if _, waits := errors.AsType[*AwaitingError](err); waits {
		return true
	}
	for _, refusal := range []error{ErrUnderWay, ErrNeedsAddress, ErrCodeGone, ErrNotSold, ErrNoName, ErrCodeTaken, voucher.ErrWeak, voucher.ErrCode, ErrCursor, ErrSort, ErrIsCode, ErrNoCustomer, ErrWhichCustomer, ErrLogin, ErrNobody, ErrSharedLogins, ErrMerge, ErrOnePlace, ErrNameAmount, ErrUnknownShop, ErrExists} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return voucher.IsRefusal(err) || isSubjectRefusal(err)
}

// why is the detail of a deed that needs a reason, and nothing when none was given.
func why(reason string) map[string]any {
	if reason == "" {
		return nil
	}
	return map[string]any{"reason": reason}
}
