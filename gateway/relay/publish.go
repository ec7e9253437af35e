package relay

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
)

// Show makes the shop's product with the SKU be as stated. The shop is asked for the SKU first, so that an answer that was lost leaves
// no second product behind. What is no longer wanted becomes a draft, since a product that is deleted takes its name from its orders.
func (r *Relay) Show(ctx context.Context, shop retail.Shopfront, s retail.Showing) (string, error) {
	client, err := r.client(shop)
	if err != nil {
		return "", err
	}
	if s.Wanted == retail.Withdrawn {
		id, err := withdraw(ctx, client, s.SKU)
		return id, refused(err)
	}
	currency, err := client.Currency(ctx)
	if err != nil {
		return "", refused(err)
	}
	if currency != string(s.Price.Currency) {
		return "", fmt.Errorf("%w: its prices are in %.3q, and the product's in %s", retail.ErrUnreadable, currency, s.Price.Currency)
	}
	id, err := client.PutProduct(ctx, woocommerce.Product{
		SKU: s.SKU, Name: s.Name, Price: s.Price.Decimal(), Status: woocommerce.StatusPublish, Virtual: true, TaxStatus: taxStatus(s.VAT),
		Category: s.Category,
	})
	return id, refused(err)
}

// taxStatus keeps the shop from taxing what is a means of payment.
func taxStatus(vat purchase.VAT) string {
	if vat == purchase.SinglePurpose {
		return woocommerce.TaxTaxable
	}
	return woocommerce.TaxNone
}

// withdraw takes a product off the shelves; one that is not there is off them already.
func withdraw(ctx context.Context, client *woocommerce.Client, sku string) (string, error) {
	found, err := client.ProductBySKU(ctx, sku)
	switch {
	case errors.Is(err, webshop.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	case found.Status != woocommerce.StatusPublish:
		return found.ID, nil
	}
	return found.ID, client.SetStatus(ctx, found.ID, woocommerce.StatusDraft)
}

// Look asks the shop about itself and about a product. Without a SKU it asks for no product.
func (r *Relay) Look(ctx context.Context, shop retail.Shopfront, sku string) (retail.Storefront, error) {
	hooks, err := r.Hooks(ctx, shop)
	if err != nil {
		return retail.Storefront{}, unlooked(err)
	}
	front := retail.Storefront{Hooks: map[string]string{}}
	for _, hook := range hooks {
		if fault, known := front.Hooks[hook.Topic]; known && fault == "" {
			continue // another one of the same topic is sound
		}
		front.Hooks[hook.Topic] = ""
		if hook.Status != "active" {
			front.Hooks[hook.Topic] = hook.Status
		}
	}
	client, err := r.client(shop)
	if err != nil {
		return retail.Storefront{}, err
	}
	currency, err := client.Currency(ctx)
	if err != nil {
		return retail.Storefront{}, unlooked(err)
	}
	front.Currency = money.Currency(currency)
	found, err := client.ProductBySKU(ctx, sku)
	if errors.Is(err, webshop.ErrNotFound) {
		return front, nil
	}
	if err != nil {
		return retail.Storefront{}, unlooked(err)
	}
	front.Product = shown(found, front.Currency)
	return front, nil
}

// shown makes our words of a shop's product.
func shown(p woocommerce.Product, currency money.Currency) *retail.Shown {
	s := &retail.Shown{
		ID: p.ID, Name: p.Name, ForSale: p.Status == woocommerce.StatusPublish, Taxed: p.TaxStatus != woocommerce.TaxNone, Shipping: !p.Virtual,
	}
	if price, err := money.Parse(p.Price, currency); err == nil {
		s.Price = &price
	}
	return s
}

// unlooked makes the error of a question to the shop one that the back office knows.
func unlooked(err error) error {
	if errors.Is(err, webshop.ErrUnauthorized) {
		return fmt.Errorf("%w: %w", retail.ErrKeyRefused, err)
	}
	return refused(err)
}
