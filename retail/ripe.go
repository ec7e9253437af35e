package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// SettleRefunds settles refunds of vouchers that had to wait (X01): those whose units were reserved or spent when they were told and are
// free and whole by now, and those whose vouchers a person has ended since. Until then the buyer has his money, and the code is still good.
// It may be missed, repeated, or run twice at once.
func (s *Sales) SettleRefunds(ctx context.Context) error {
	var faults error
	for after := (orders.Key{}); ; {
		ripe, err := s.orders.Ripe(ctx, after)
		if err != nil || len(ripe) == 0 {
			return errors.Join(faults, err)
		}
		for _, after = range ripe { // one that can't be settled keeps none of the others
			if err := s.settleRefunds(ctx, after); err != nil {
				faults = errors.Join(faults, fmt.Errorf("settle the refunds of order %s of shop %s: %w", after.Order, after.Shop, err))
			}
		}
	}
}

func (s *Sales) settleRefunds(ctx context.Context, order orders.Key) error {
	shop, err := s.orders.Shop(ctx, order.Shop)
	if err != nil {
		return err
	}
	run := &application{sales: s, shop: shop, order: purchase.Order{ID: order.Order}, inUse: map[string]bool{}}
	run.weigh = run.weighRefunds
	run.also = func(context.Context, outbox.Tx, purchase.Decision) error { return nil }
	_, err = run.through(ctx)
	return err
}

// weighRefunds locks the order's row and asks what can be settled by now.
func (a *application) weighRefunds(ctx context.Context, tx outbox.Tx) (change, error) {
	locked, err := orders.Lock(ctx, tx, a.key())
	if err != nil {
		return change{}, err
	}
	stored := locked[a.key()]
	known, err := a.known(stored)
	if err != nil || known == nil {
		return change{}, err
	}
	d, changed := purchase.SettleRefunds(*known)
	if !changed {
		return change{}, nil
	}
	stored.Decided = d.Purchase
	return change{shop: a.shop, stored: stored, decision: d, before: known, inUse: a.inUse, whole: a.whole, standing: true}, nil
}
