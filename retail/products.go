package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// AddProduct registers a voucher product under its SKU and returns it with its defaults filled in. Errors: ErrInvalid, ErrExists.
func (s *Sales) AddProduct(ctx context.Context, p purchase.Product) (purchase.Product, error) {
	p = p.Complete()
	_, term := voucher.ParseTerm(p.Expires, s.defaults.Country)
	if err := errors.Join(p.Validate(), term); err != nil {
		return purchase.Product{}, fmt.Errorf("register product %.100q: %w: %w", p.SKU, ErrInvalid, err)
	}
	err := outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error { return orders.AddProduct(ctx, tx, p) })
	return p, err
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
