package retail

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
)

// keep is vouchers that a buyer with an account at the shop bought for himself.
type keep struct {
	shop, login string
	vouchers    []string
}

// own notes whose the vouchers are that are issued to their buyer himself, if he has an account at the shop (B03). All others belong
// to nobody but whoever has the code (B04), and so may these in card mode (D05). Customers are locked in the order of their names.
func (s *Sales) own(ctx context.Context, tx outbox.Tx, changes []change) error {
	var keeps []keep
	for _, c := range changes {
		k, err := s.kept(c)
		if err != nil {
			return err
		}
		if len(k.vouchers) > 0 && isSomebody(k.login) == nil { // else a guest, or somebody who was erased
			keeps = append(keeps, k)
		}
	}
	slices.SortFunc(keeps, func(a, b keep) int { return cmp.Or(cmp.Compare(a.shop, b.shop), cmp.Compare(a.login, b.login)) })
	for _, k := range keeps {
		customer, err := s.enroll(ctx, tx, k.shop, k.login)
		if err != nil {
			return err
		}
		for _, voucher := range k.vouchers {
			if err := orders.AddOwner(ctx, tx, voucher, customer.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// kept are the vouchers of an order that its buyer keeps.
func (s *Sales) kept(c change) (keep, error) {
	k := keep{shop: c.shop.ID}
	for _, unit := range c.issuing() {
		if extra := c.stored.Units[unit.Key()]; extra.ForSelf {
			k.vouchers = append(k.vouchers, extra.Voucher)
		}
	}
	if len(k.vouchers) == 0 {
		return k, nil
	}
	var who buyer
	if err := s.unseal(purposeBuyer, c.stored.ID, c.stored.Buyer, &who); err != nil {
		return keep{}, fmt.Errorf("read who buys for himself: %w", err)
	}
	k.login = who.ID
	return k, nil
}
