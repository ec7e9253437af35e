package retail

import (
	"context"

	"vouchsafe/retail/orders"
)

// Search narrows a list of products or shops; what is left empty doesn't narrow.
type Search = orders.Search

// Shops lists webshops, those with a text in id or name. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Shops(ctx context.Context, f Search) (page []Shop, next string, err error) {
	if err = o.noCode(ctx, f.Text); err == nil {
		page, next, err = o.sales.orders.ShopPage(ctx, f)
	}
	return page, next, settled("list shops", err)
}

// Shop reads a webshop. Error: ErrUnknownShop.
func (o *BackOffice) Shop(ctx context.Context, id string) (Shop, error) {
	shop, err := o.sales.shop(ctx, id)
	return shop, settled("read a shop", err)
}

// AddShop registers a webshop. Errors: ErrInvalid, with the names of the fields; ErrExists.
func (o *BackOffice) AddShop(ctx context.Context, by Actor, n NewShop) (Shop, error) {
	_, err := o.sales.addShop(ctx, n, o.noted(ctx, by, didAddShop, "shop "+n.ID, map[string]any{"platform": n.Platform, "url": n.URL}))
	if err != nil {
		return Shop{}, settled("add a shop", err)
	}
	return o.Shop(ctx, n.ID)
}

// RotateSecret gives a shop's webhooks a new secret; the one before stays good until the next rotation, and the same again changes
// nothing. Errors: ErrInvalid, ErrUnknownShop.
func (o *BackOffice) RotateSecret(ctx context.Context, by Actor, id, secret string) (Shop, error) {
	err := o.sales.rotateSecret(ctx, id, secret, o.noted(ctx, by, didRotateSecret, "shop "+id, nil))
	if err != nil {
		return Shop{}, settled("rotate a secret", err)
	}
	return o.Shop(ctx, id)
}
