package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/voucher"
)

// CashOut is a request to pay a voucher's balance out in cash, as far as it was paid for.
type CashOut struct {
	Key string
	Typed
	Detail voucher.Detail // its receipt and reason
}

// CashOut pays a voucher out, at a register or in the office, as its country's rule allows (X12); never for a webshop, which has no
// cash. Errors beside the refusals of acts: ErrChannel.
func (d *Desk) CashOut(ctx context.Context, by Actor, r CashOut) (voucher.Answer, error) {
	if by.Channel == Webshop {
		return voucher.Answer{}, fmt.Errorf("cash out: %w", ErrChannel)
	}
	act := voucher.CashOut{Ref: by.ref(voucher.CashOuts, r.Key), Detail: r.Detail}
	for try := 0; ; try++ {
		answer, err := d.cashOut(ctx, by, r.Typed, act)
		if !errors.Is(err, voucher.ErrInProgress) || try == twins {
			return answer, err
		}
	}
}

// cashOut pays out what was paid for by now. Error: voucher.ErrInProgress when the voucher was used meanwhile.
func (d *Desk) cashOut(ctx context.Context, by Actor, typed Typed, act voucher.CashOut) (answer voucher.Answer, err error) {
	f, err := d.find(ctx, by, typed, act.Ref)
	if err == nil {
		act.Paid, err = d.ledger.PaidFor(ctx, f.Voucher.ID)
	}
	if err != nil {
		d.ledger.Refused(act, err)
		return voucher.Answer{}, err
	}
	if act.ID, err = d.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	return d.actOn(ctx, by, f, act)
}
