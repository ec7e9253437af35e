package retail

import (
	"context"
	"fmt"

	"vouchsafe/retail/voucher"
)

// CashOut is a request to pay a voucher's balance out in cash.
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
	id, err := d.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	ref := by.ref(voucher.CashOuts, r.Key)
	return d.act(ctx, by, r.Typed, ref, voucher.CashOut{ID: id, Ref: ref, Detail: r.Detail})
}
