package retail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// What is given back goes where it came from, and that may be the account of somebody who was merged into another since: nobody reaches
// it there. So it is moved on to whom he is by now, as the merge moved the rest, as soon as the act that brought it is done. Should the
// process die in between, the job does it.

// forwarding moves on what is left on accounts of customers who were merged into others.
type forwarding struct {
	ledger *ledger.Ledger
	log    *slog.Logger
}

func (d *Desk) forwarding() forwarding { return forwarding{d.ledger, d.log} }

func (s *Sales) forwarding() forwarding { return forwarding{s.ledger, s.log} }

// onward moves on what acts have left there. The acts are done whatever becomes of that: what can't be moved now is the job's.
func (f forwarding) onward(ctx context.Context, answers ...voucher.Answer) {
	var accounts []string
	for _, answer := range answers {
		if answer.Voucher.Shared() && answer.Voucher.ID != "" {
			accounts = append(accounts, answer.Voucher.ID)
		}
	}
	if len(accounts) == 0 {
		return
	}
	if err := f.from(ctx, accounts...); err != nil {
		f.log.WarnContext(ctx, "what came back to a merged customer is moved on later", slog.Any("error", err))
	}
}

// returnsValue tells whether an act can bring something back to an account.
func returnsValue(act voucher.Act) bool {
	switch act.(type) {
	case voucher.Refund, voucher.Reverse:
		return true
	}
	return false
}

// from moves on what is free on those of some accounts whose customers were merged into others.
func (f forwarding) from(ctx context.Context, accounts ...string) error {
	left, err := f.ledger.LeftOn(ctx, accounts...)
	if err != nil {
		return err
	}
	return f.all(ctx, left)
}

// all moves on what was left behind. What the rules refuse stays: points that have ended, or an account in quarantine.
func (f forwarding) all(ctx context.Context, left []ledger.Left) error {
	for _, l := range left {
		if err := f.one(ctx, l); err != nil && !voucher.IsRefusal(err) {
			return fmt.Errorf("move on what came back to account %s: %w", l.Account.ID, err)
		}
	}
	return nil
}

// one moves what is free in one such account to where its customer leads when it is moved. The version in its key lets it happen once.
func (f forwarding) one(ctx context.Context, l ledger.Left) error {
	id, err := f.ledger.NewID()
	if err != nil {
		return err
	}
	ref := forwardRef(l)
	prepare := func(tx outbox.Tx) ([]ledger.Aimed, error) {
		to, err := f.placeOfHeir(ctx, tx, l.Into, l.Account.Balance.Currency, l.Zone)
		if err != nil {
			return nil, err
		}
		act := voucher.Transfer{
			ID: id, Ref: ref, To: to, Account: true, Returns: true, Detail: voucher.Detail{Reason: "it came back after the merge"},
		}
		return []ledger.Aimed{withReceipt(ledger.Aimed{Voucher: l.Account.ID, Account: true, Act: act})}, nil
	}
	_, err = f.ledger.ApplyWhole(ctx, prepare, func(outbox.Tx, *ledger.Applied) error { return nil })
	explain("move on what came back", &err)
	return err
}

// placeOfHeir is the account of whom a customer was merged into or, where he was merged on meanwhile, of whom he leads to. That one is
// locked against being merged away.
func (f forwarding) placeOfHeir(ctx context.Context, tx outbox.Tx, heir string, unit money.Currency, zone *time.Location) (string, error) {
	to, err := f.ledger.OpenAccount(ctx, tx, heir, unit, zone)
	if err != nil {
		return "", err
	}
	return ledger.PlaceOf(ctx, tx, to)
}

// forwardOf moves on what is free on the accounts of one customer.
func (o *BackOffice) forwardOf(ctx context.Context, customer string) error {
	had, err := o.desk.ledger.AccountsOf(ctx, customer)
	if err != nil {
		return settled("find the accounts of a merged customer", err)
	}
	accounts := make([]string, len(had))
	for i, account := range had {
		accounts[i] = account.ID
	}
	return settled("move on what came back", o.desk.forwarding().from(ctx, accounts...))
}

// ForwardMerged moves on what has come back to accounts of customers who were merged into others, and was not moved on at once. It runs
// on a schedule.
func (o *BackOffice) ForwardMerged(ctx context.Context) error {
	after := ""
	for {
		left, err := o.desk.ledger.LeftBehind(ctx, after)
		if err != nil || len(left) == 0 {
			return err
		}
		if err := o.desk.forwarding().all(ctx, left); err != nil {
			return err
		}
		after = left[len(left)-1].Account.ID
	}
}

// forwardRef names a transfer that moves on what came back to an account at one of its versions.
func forwardRef(l ledger.Left) voucher.Ref {
	ref := mergeRef(l.Account.Customer, l.Into, l.Account.Balance.Currency)
	ref.Key += ":" + strconv.FormatInt(l.Account.Version, 10)
	return ref
}

// isForward tells such a transfer from that of the merge itself, whose name has no version.
func isForward(ref voucher.Ref) bool {
	return ref.Owner == mergeOwner && strings.Count(ref.Key, ":") == forwardParts
}

// forwardParts is how many colons the name of such a transfer has: between the two customers, the currency and the version.
const forwardParts = 3

// Onward is where something that came back to a merged customer was moved on to.
type Onward struct {
	Login   string       // of the customer who has it now, at his shop
	Balance money.Amount // of his account when it came there
}

// WentOn tells where what an act has brought to an account was moved on to, as it was then; nil where it is still there, or had been
// there before the merge.
func (s *Stockroom) WentOn(ctx context.Context, record voucher.Record) (*Onward, error) {
	if !record.Detail.Account || record.Voucher == "" {
		return nil, nil
	}
	moved, err := s.desk.ledger.MovedOn(ctx, mergeOwner, record.Voucher, record.At)
	if errors.Is(err, voucher.ErrActNotFound) || err == nil && (moved.Detail.Moved == nil || !isForward(moved.Ref)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	whose, err := s.sales.customersOf(ctx, moved.Detail.Moved.To)
	if err != nil {
		return nil, err
	}
	return &Onward{
		Login: whose[moved.Detail.Moved.To].Login, Balance: money.Of(moved.Detail.Moved.Balance, moved.Currency),
	}, nil
}
