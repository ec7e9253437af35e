package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// ClaimedBy is who has claimed a voucher, and what he got by it. He keeps it, whatever becomes of the voucher (A27).
type ClaimedBy struct {
	Customer Customer
	Kept     money.Amount
}

// ClaimedError refuses what can't be done to a claimed voucher, and says who has claimed it. It wraps voucher.ErrClaimed.
type ClaimedError struct{ By ClaimedBy }

// Error says how much was claimed.
func (e *ClaimedError) Error() string {
	return fmt.Sprintf("%v, who keeps %s", voucher.ErrClaimed, e.By.Kept)
}

// Unwrap returns voucher.ErrClaimed.
func (e *ClaimedError) Unwrap() error { return voucher.ErrClaimed }

// whoClaimed adds to a refusal for the sake of a claim whose that was.
func (o *BackOffice) whoClaimed(ctx context.Context, id string, err error) error {
	if !errors.Is(err, voucher.ErrClaimed) {
		return err
	}
	by, found := o.LastClaim(ctx, id)
	if found != nil || by == nil {
		return errors.Join(err, found)
	}
	return &ClaimedError{*by}
}

// LastClaim is the latest claim of a voucher that stands; nil for none.
func (o *BackOffice) LastClaim(ctx context.Context, id string) (*ClaimedBy, error) {
	return o.claimOf(ctx, id, func(r voucher.Record) bool { return r.State == voucher.Done })
}

// ClaimBefore is the claim of a voucher that an act followed; nil for none.
func (o *BackOffice) ClaimBefore(ctx context.Context, id string, act voucher.Record) (*ClaimedBy, error) {
	return o.claimOf(ctx, id, func(r voucher.Record) bool {
		return !r.At.After(act.At) && (r.State == voucher.Done || r.ReversedAt.After(act.At))
	})
}

// claimOf is the latest claim of a voucher among some.
func (o *BackOffice) claimOf(ctx context.Context, id string, among func(voucher.Record) bool) (*ClaimedBy, error) {
	h, err := o.desk.ledger.History(ctx, id)
	if err != nil {
		return nil, err
	}
	for i := len(h.Acts) - 1; i >= 0; i-- {
		r := h.Acts[i]
		if r.Kind != voucher.Claims || !among(r) {
			continue
		}
		whose, err := o.sales.customersOf(ctx, r.Detail.Moved.To)
		return &ClaimedBy{whose[r.Detail.Moved.To], money.Of(r.Amount, r.Currency)}, err
	}
	return nil, nil
}

// claimants are the customers that a voucher's acts have moved value to or from, by account (A19).
func (o *BackOffice) claimants(ctx context.Context, acts []voucher.Record, entries []voucher.Entry) (map[string]Customer, error) {
	var accounts []string
	for _, r := range acts {
		if moved := r.Detail.Moved; moved != nil && moved.Account {
			accounts = append(accounts, moved.To)
		}
	}
	for _, e := range entries {
		if id, account := e.OtherPlace(); account {
			accounts = append(accounts, id)
		}
	}
	return o.sales.customersOf(ctx, accounts...)
}
