package retail

import (
	"context"
	"errors"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// AccountAdjustment is a request to correct what a customer has, or to grant him credit (A30, A31): as an Adjustment, of an account.
type AccountAdjustment struct {
	Adjustment
	Shop     string
	Customer string // the shop's id, our own or a wallet id
}

// AdjustAccount corrects the balance of a customer's account; one who is not known becomes so when a shop is named (A32). Errors as
// for Adjust, and ErrNoCustomer, ErrWhichCustomer.
func (o *BackOffice) AdjustAccount(ctx context.Context, by Actor, a AccountAdjustment) (voucher.Answer, error) {
	act := voucher.Adjust{
		Ref: by.ref(voucher.Adjustments, a.Key), Delta: a.Delta, SetTo: a.SetTo, Expected: a.Expected, Detail: voucher.Detail{Reason: a.Reason},
	}
	who, err := o.sales.named(ctx, a.Shop, a.Customer)
	if errors.Is(err, ErrNoCustomer) && a.Shop != "" {
		who, err = o.register(ctx, a.Shop, a.Customer)
	}
	if err != nil {
		return voucher.Answer{}, o.desk.unlessTaken(ctx, act.Ref, err)
	}
	unit := a.unit()
	if _, known := unit.Digits(); !known || unit == money.Punch {
		return voucher.Answer{}, voucher.ErrCurrency
	}
	if unit == money.Point {
		p, err := o.sales.programmeFor(ctx, who)
		if err != nil {
			return voucher.Answer{}, err
		}
		act.Days = p.Lifetime
	}
	account, err := o.accountFor(ctx, who, unit)
	if err != nil {
		return voucher.Answer{}, err
	}
	if act.ID, err = o.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	aimed := ledger.Aimed{Voucher: account, Account: true, Act: act}
	answer, err := o.desk.settle(ctx, by, aimed)
	if errors.Is(err, voucher.ErrKeyReused) {
		return o.adjustedBefore(ctx, by, aimed, who)
	}
	return answer, err
}

// unit is the currency of an adjustment.
func (a Adjustment) unit() money.Currency {
	if a.Delta != nil {
		return a.Delta.Currency
	}
	return a.SetTo.Currency
}

// LiftAccount ends the quarantine of an account that was looked into. Error: voucher.ErrNotFound.
func (o *BackOffice) LiftAccount(ctx context.Context, by Actor, id, reason string) (done voucher.Answer, err error) {
	defer explain("lift the quarantine of account "+id, &err)
	if !isID(id) {
		return voucher.Answer{}, voucher.ErrNotFound
	}
	witness, err := o.quarantineOf(ctx, id)
	if err != nil {
		return voucher.Answer{}, err
	}
	return o.does(ctx, by, deed{
		voucher: id, account: true, act: voucher.Lift{Seen: witness}, action: didLiftAccount,
		detail: map[string]any{"reason": reason, "witness": witness},
		also: func(tx outbox.Tx, _ voucher.Answer) error {
			return outbox.CloseTask(ctx, tx, ledger.TaskQuarantine, id, "lifted")
		},
	})
}
