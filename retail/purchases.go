package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// ErrUnknownPurchase says that no purchase has this id.
var ErrUnknownPurchase = errors.New("no purchase has this id")

// ruling is what the office decides about a purchase.
type ruling struct {
	// first happens at the beginning of the transaction, before the order is locked; nil for nothing.
	first  func(tx outbox.Tx) error
	decide func(purchase.Purchase) (purchase.Decision, error)
	// also happens in the transaction that carries the decision out.
	also func(tx outbox.Tx, d purchase.Decision) error
}

// settlePurchase carries out what the office decided about a purchase, in one transaction.
func (s *Sales) settlePurchase(ctx context.Context, id string, r ruling) error {
	stored, err := s.orders.PurchaseByID(ctx, id)
	if errors.Is(err, orders.ErrNotFound) {
		return fmt.Errorf("settle purchase %s: %w", id, ErrUnknownPurchase)
	}
	if err != nil {
		return err
	}
	shop, err := s.shop(ctx, stored.Shop)
	if err != nil {
		return err
	}
	var applied *ledger.Applied
	issued := 0
	err = outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		if r.first != nil {
			if err := r.first(tx); err != nil {
				return err
			}
		}
		applied, err = s.settleLocked(ctx, tx, shop, id, ruling{decide: r.decide, also: func(tx outbox.Tx, d purchase.Decision) error {
			issued = len(d.Issue)
			return r.also(tx, d)
		}})
		return err
	})
	if err != nil {
		return fmt.Errorf("settle purchase %s: %w", id, err)
	}
	s.ledger.Issued(issued)
	if applied != nil {
		s.ledger.Told(ctx, applied)
	}
	return nil
}

func (s *Sales) settleLocked(ctx context.Context, tx outbox.Tx, shop orders.Shop, id string, r ruling) (*ledger.Applied, error) {
	stored, err := orders.LockByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	before := stored.Decided
	d, err := r.decide(before)
	if err != nil {
		return nil, err
	}
	var skus []string
	for _, unit := range before.Units {
		skus = append(skus, unit.SKU)
	}
	catalogue, err := orders.Catalogue(ctx, tx, skus)
	if err != nil {
		return nil, err
	}
	stored.Decided = d.Purchase
	applied, err := s.carryOut(ctx, tx, change{
		shop: shop, catalogue: catalogue, stored: stored, decision: d, before: &before, inUse: map[string]bool{},
	})
	if err != nil {
		return nil, err
	}
	return applied, r.also(tx, d)
}
