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

// Purchases lists purchases, the newest first.
func (s *Sales) Purchases(ctx context.Context, f orders.Filter) ([]orders.Summary, error) {
	return s.orders.Purchases(ctx, f)
}

// ActivatePurchase lets everything of a purchase that waits issue, because the office decided so (A13). Errors: ErrUnknownPurchase,
// purchase.ErrNotPaidOnline without the consent that it needs, purchase.ErrNothingWaits.
func (s *Sales) ActivatePurchase(ctx context.Context, id string, consent purchase.Consent) error {
	return s.settlePurchase(ctx, id, func(known purchase.Purchase) (purchase.Decision, error) {
		return purchase.Activate(known, consent)
	})
}

// DismissPurchase decides that what waits of a purchase never issues (X22). Errors: ErrUnknownPurchase, purchase.ErrNothingWaits.
func (s *Sales) DismissPurchase(ctx context.Context, id string) error {
	return s.settlePurchase(ctx, id, purchase.Dismiss)
}

// settlePurchase carries out what the office decided about a purchase, in one transaction.
func (s *Sales) settlePurchase(ctx context.Context, id string, decide func(purchase.Purchase) (purchase.Decision, error)) error {
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
	err = outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		applied, err = s.settleLocked(ctx, tx, shop, id, decide)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle purchase %s: %w", id, err)
	}
	if applied != nil {
		s.ledger.Told(ctx, applied)
	}
	return nil
}

func (s *Sales) settleLocked(ctx context.Context, tx outbox.Tx, shop orders.Shop, id string, decide func(purchase.Purchase) (purchase.Decision, error)) (*ledger.Applied, error) {
	stored, err := orders.LockByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	before := stored.Decided
	d, err := decide(before)
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
	return s.carryOut(ctx, tx, change{
		shop: shop, catalogue: catalogue, stored: stored, decision: d, before: &before, inUse: map[string]bool{},
	})
}
