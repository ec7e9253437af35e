package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// AddProduct registers a voucher product under its SKU and returns it with its defaults filled in. Errors: ErrInvalid, ErrExists.
func (s *Sales) AddProduct(ctx context.Context, p purchase.Product) (purchase.Product, error) {
	return s.addProduct(ctx, p, alone)
}

// addProduct registers a product with what else belongs to it.
func (s *Sales) addProduct(ctx context.Context, p purchase.Product, also alongside) (purchase.Product, error) {
	p = p.Complete()
	if err := errors.Join(p.Validate(), s.expiry(p), s.affordable(p)); err != nil {
		return purchase.Product{}, fmt.Errorf("register product %.100q: %w: %w", p.SKU, ErrInvalid, err)
	}
	err := outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		if err := orders.AddProduct(ctx, tx, p); err != nil {
			return err
		}
		return also(tx)
	})
	return p, err
}

// expiry refuses a term that is none.
func (s *Sales) expiry(p purchase.Product) error {
	if _, err := voucher.ParseTerm(p.Expires, s.defaults.Country); err != nil {
		return fmt.Errorf("expires: %w", err)
	}
	return nil
}

// affordable refuses a product worth more than a voucher may hold: nothing of it could ever issue.
func (s *Sales) affordable(p purchase.Product) error {
	limit, err := money.Parse(s.defaults.Ceiling, p.Currency)
	switch {
	case err != nil: // a ceiling that this currency doesn't know, or a currency that is refused anyway
		return nil
	case p.Open == nil && p.Amount > limit.Minor:
		return fmt.Errorf("amount: above the limit of %s for one voucher", limit)
	case p.Open != nil && max(p.Open.Min, p.Open.Max) > limit.Minor:
		return fmt.Errorf("open: above the limit of %s for one voucher", limit)
	}
	return nil
}

// Products lists the registered products by SKU.
func (s *Sales) Products(ctx context.Context) ([]purchase.Product, error) {
	return s.orders.Products(ctx)
}

// Product reads the product with a SKU. Error: ErrUnknownProduct.
func (s *Sales) Product(ctx context.Context, sku string) (purchase.Product, error) {
	p, err := s.orders.Product(ctx, sku)
	if errors.Is(err, orders.ErrNotFound) {
		return purchase.Product{}, fmt.Errorf("product %.100q: %w", sku, ErrUnknownProduct)
	}
	return p, err
}
