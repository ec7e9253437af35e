package retail

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
		act.Paid, err = d.paidFor(ctx, f.Voucher.ID)
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

// paidFor is how much of what is on a voucher was paid for.
func (d *Desk) paidFor(ctx context.Context, id string) (voucher.Paid, error) {
	journal, err := d.ledger.Journal(ctx, id)
	if err != nil {
		return voucher.Paid{}, err
	}
	return d.paidIn(ctx, journal, longestWay)
}

// longestWay is through how many vouchers, one after the other, value is followed to where it was paid for.
const longestWay = 20

// paidIn reckons from a journal, and from those of the vouchers that value came from, as they were then.
func (d *Desk) paidIn(ctx context.Context, journal []voucher.Entry, way int) (voucher.Paid, error) {
	came := make(map[string]int64)
	for _, e := range journal {
		from, account := e.OtherPlace()
		if e.Kind != string(voucher.Transfers) || e.Amount < 0 || account || way == 0 {
			continue
		}
		there, err := d.ledger.Journal(ctx, from)
		if err != nil {
			return voucher.Paid{}, err
		}
		until := slices.IndexFunc(there, func(gave voucher.Entry) bool { return gave.Act == e.Act })
		paid, err := d.paidIn(ctx, there[:until+1], way-1)
		if err != nil {
			return voucher.Paid{}, err
		}
		came[e.Act] = paid.Gave(e.Act)
	}
	return voucher.PaidIn(journal, func(e voucher.Entry) int64 { return came[e.Act] }), nil
}
