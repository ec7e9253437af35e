package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
	"vouchsafe/retail/voucher"
)

// What the office's calls on trade are refused for, beside the errors of registering.
var (
	// ErrNoDelivery says that no delivery has this id.
	ErrNoDelivery = errors.New("no delivery has this id")
	// ErrNoSuchMail says that a mail which came back is none of this gateway's, or went to somebody else.
	ErrNoSuchMail = errors.New("no such mail was sent from here")
	// ErrNoTask says that no task has this id.
	ErrNoTask = errors.New("no task has this id")
	// ErrNoKey says that no API key has this id.
	ErrNoKey = errors.New("no API key has this id")
	// ErrSettled says that nothing is left to decide: it is done, cancelled or closed.
	ErrSettled = errors.New("it is settled already")
	// ErrReplaced says that a later delivery of the same code has taken the place of this one.
	ErrReplaced = errors.New("a later delivery has taken its place")
	// ErrCopies says that as many copies of a message have left as ever may.
	ErrCopies = outbox.ErrCopies
	// ErrClosesItself says that a task ends with its cause, and not by a word.
	ErrClosesItself = errors.New("the task closes by itself when its cause is settled")
)

// The audit trail's names for what the office does about trade.
const (
	didActivatePurchase = "activate_purchase"
	didDismissPurchase  = "dismiss_purchase"
	didRetryDelivery    = "retry_delivery"
	didCancelDelivery   = "cancel_delivery"
	didCloseTask        = "close_task"
	didAddProduct       = "add_product"
	didAddShop          = "add_shop"
	didRotateSecret     = "rotate_secret"
)

// alongside is what else happens in a transaction.
type alongside func(tx outbox.Tx) error

// alone is for what has nothing alongside.
func alone(outbox.Tx) error { return nil }

// noted is the line of the audit trail, to be written alongside.
func (o *BackOffice) noted(ctx context.Context, by Actor, action, object string, detail map[string]any) alongside {
	return func(tx outbox.Tx) error { return o.desk.audit(ctx, tx, by, action, object, detail) }
}

// isTradeRefusal tells an answer about trade from a fault.
func isTradeRefusal(err error) bool {
	if _, waits := errors.AsType[*AwaitingError](err); waits {
		return true
	}
	if _, changed := errors.AsType[*ProgrammeChangedError](err); changed {
		return true
	}
	for _, refusal := range []error{
		ErrInvalid, ErrExists, ErrUnknownShop, ErrUnknownProduct, ErrUnknownPurchase, ErrCursor, ErrSort, ErrIsCode,
		ErrNoDelivery, ErrNoSuchMail, ErrNoTask, ErrNoKey, ErrSettled, ErrReplaced, ErrCopies, ErrClosesItself, ErrUnderWay,
		purchase.ErrNotPaidOnline, purchase.ErrNothingWaits, staff.ErrGrant,
		ErrNoSubscriber, ErrNoTemplate, ErrNoEntry, ErrNoApproval, ErrNotManager, ErrSamePerson, ErrOtherAmount, ErrCantPublish,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return voucher.IsRefusal(err) || isImportRefusal(err)
}

// settled makes the office's answer of an error: a refusal as it is, in this package's words; ErrUnavailable for what may pass.
func settled(doing string, err error) error {
	switch {
	case err == nil || isTradeRefusal(err):
		return err
	case ledger.IsPassing(err):
		return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// noCode refuses a search for what is a code.
func (o *BackOffice) noCode(ctx context.Context, text string) error { return o.sales.noCode(ctx, text) }

// noCode refuses a search for what is a code.
func (s *Sales) noCode(ctx context.Context, text string) error {
	typed, err := voucher.Read(text)
	if err != nil {
		return nil // it can't be one
	}
	return s.isNoCode(ctx, typed)
}
