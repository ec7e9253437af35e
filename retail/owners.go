package retail

import (
	"context"
	"fmt"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
)

// own notes whose the vouchers are that are issued to their buyer himself, if he has an account at the shop (B03). All others belong
// to nobody but whoever has the code (B04), and so may these in card mode (D05).
func (s *Sales) own(ctx context.Context, tx outbox.Tx, c change) error {
	var own []string
	for _, unit := range c.issuing() {
		if extra := c.stored.Units[unit.Key()]; extra.ForSelf {
			own = append(own, extra.Voucher)
		}
	}
	if len(own) == 0 {
		return nil
	}
	var who buyer
	if err := s.unseal(purposeBuyer, c.stored.ID, c.stored.Buyer, &who); err != nil {
		return fmt.Errorf("read who buys for himself: %w", err)
	}
	if !isLogin(who.ID) { // a guest, or somebody who was erased
		return nil
	}
	customer, err := s.enroll(ctx, tx, c.shop.ID, who.ID)
	if err != nil {
		return err
	}
	for _, voucher := range own {
		if err := orders.AddOwner(ctx, tx, voucher, customer.ID); err != nil {
			return err
		}
	}
	return nil
}
