package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
)

// didSetShopMails is the audit trail's name for it.
const didSetShopMails = "set_shop_mails"

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

// SetShopMails says how a shop's buyers get their codes, and how many days before the last one of a voucher they are reminded: 0 is
// never, nil the installation's. It holds for what issues from now on. Errors: ErrInvalid, ErrUnknownShop.
func (o *BackOffice) SetShopMails(ctx context.Context, by Actor, id string, oneMail bool, remindDays *int) (Shop, error) {
	const doing = "set the mails of a shop"
	if err := validDays(remindDays); err != nil {
		return Shop{}, settled(doing, fmt.Errorf("%w: %w", ErrInvalid, err))
	}
	err := outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		shop, err := orders.LockShop(ctx, tx, id)
		if errors.Is(err, orders.ErrNotFound) {
			return ErrUnknownShop
		}
		if err != nil || shop.OneMail == oneMail && sameDays(shop.RemindDays, remindDays) {
			return err
		}
		if err := orders.SetMails(ctx, tx, id, oneMail, remindDays); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didSetShopMails, "shop "+id, map[string]any{"one_mail": oneMail, "remind_days": remindDays})
	})
	if err != nil {
		return Shop{}, settled(doing, err)
	}
	return o.Shop(ctx, id)
}

func sameDays(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// remindMost is how many days ahead a reminder may come.
const remindMost = 365

func validDays(days *int) error {
	return ensure(days == nil || *days >= 0 && *days <= remindMost, "remind_days: 0 to 365")
}
