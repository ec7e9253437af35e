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
// for Adjust, and ErrNoCustomer, ErrWhichCustomer, ErrNobody, ErrSharedLogins for what would bring value where nobody can pay with it.
func (o *BackOffice) AdjustAccount(ctx context.Context, by Actor, a AccountAdjustment) (voucher.Answer, error) {
	act := voucher.Adjust{
		Ref: by.ref(voucher.Adjustments, a.Key), Delta: a.Delta, SetTo: a.SetTo, Expected: a.Expected, Detail: voucher.Detail{Reason: a.Reason},
	}
	who, err := o.adjusted(ctx, act.Ref, a)
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
	answer, err := o.desk.settleLed(ctx, by, aimed, o.led)
	if errors.Is(err, voucher.ErrKeyReused) {
		return o.adjustedBefore(ctx, by, aimed, who)
	}
	return answer, err
}

// adjusted finds whose account is adjusted, and makes known who is not, unless the adjustment would bring what nobody could pay with.
func (o *BackOffice) adjusted(ctx context.Context, ref voucher.Ref, a AccountAdjustment) (Customer, error) {
	who, err := o.sales.named(ctx, a.Shop, a.Customer)
	stranger := errors.Is(err, ErrNoCustomer) && a.Shop != ""
	if stranger {
		who.Shop, who.Login = a.Shop, a.Customer
	} else if err != nil {
		return who, err
	}
	if a.brings() {
		if err := o.fillable(ctx, ref, who); err != nil {
			return who, err
		}
	}
	if stranger {
		return o.register(ctx, a.Shop, a.Customer)
	}
	return who, nil
}

// brings tells whether an adjustment asks for more than there is.
func (a Adjustment) brings() bool {
	if a.Delta != nil {
		return a.Delta.Minor > 0
	}
	return a.Expected == nil || a.SetTo.Minor > a.Expected.Minor
}

// fillable refuses what would bring value to an account of a guest, or at a shop whose customers may share a log-in: nobody could pay with
// it (D07). What was done under the name before is answered as it was. Errors: ErrNobody, ErrSharedLogins.
func (o *BackOffice) fillable(ctx context.Context, ref voucher.Ref, who Customer) error {
	_, err := o.sales.accountShop(ctx, who.Shop)
	switch {
	case who.Login == guestLogin:
		err = ErrNobody
	case errors.Is(err, ErrUnknownShop):
		return nil
	case !errors.Is(err, ErrSharedLogins):
		return err
	}
	if err = o.desk.unlessTaken(ctx, ref, err); errors.Is(err, voucher.ErrKeyReused) {
		return nil
	}
	return err
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
