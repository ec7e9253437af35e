package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vouchsafe/retail"
	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
)

// HandOver adds a note to the order that the shop mails to the buyer. The order's notes are read first, whatever was tried before:
// it costs one question, finds an earlier handover by the delivery's id, and tells a shop that is away from one that answered badly.
func (r *Relay) HandOver(ctx context.Context, shop retail.Shopfront, h retail.Handover) error {
	client, err := r.client(shop)
	if err != nil {
		return err
	}
	there, err := handedOver(ctx, client, h)
	if err != nil || there {
		return err
	}
	if err := h.Announce(ctx); err != nil {
		return err
	}
	_, err = client.AddNote(ctx, h.Order, woocommerce.Note{Text: h.Text, ToCustomer: true})
	if _, temporary := errors.AsType[*webshop.TemporaryError](err); temporary {
		return fmt.Errorf("%w: %w", retail.ErrUnclear, err)
	}
	return refused(err)
}

// handedOver tells whether the order has the delivery's note.
func handedOver(ctx context.Context, client *woocommerce.Client, h retail.Handover) (bool, error) {
	notes, err := client.Notes(ctx, h.Order)
	for _, note := range notes {
		if strings.Contains(note.Text, h.Delivery) {
			return true, nil
		}
	}
	return false, refused(err)
}

// refused makes an order that is gone, and a request that the shop will never take, final.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, webshop.ErrNotFound), errors.Is(err, webshop.ErrRefused):
		return fmt.Errorf("%w: %w", retail.ErrUnreadable, err)
	}
	return inOurWords(err)
}
