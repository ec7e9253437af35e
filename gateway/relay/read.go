package relay

import (
	"context"
	"errors"
	"net/http"

	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
)

// Read makes our words of a stored body, and fetches from the shop what it leaves out.
func (r *Relay) Read(ctx context.Context, shop retail.Shopfront, body retail.Body) (retail.Told, error) {
	speaks, known := platformOf(shop.Platform)
	if !known {
		return retail.Told{}, retail.ErrUnreadable
	}
	header := http.Header{}
	for name, value := range body.Headers {
		header.Set(name, value)
	}
	delivery, err := speaks.parse(header, body.Bytes, fieldsOf(shop))
	if err != nil {
		return retail.Told{}, inOurWords(err)
	}
	switch {
	case delivery.Order != nil:
		return r.told(ctx, shop, *delivery.Order, purchase.Told)
	case delivery.FetchID != "":
		return r.Ask(ctx, shop, delivery.FetchID)
	}
	return retail.Told{Ignored: delivery.Ignored}, nil
}

// whole is the order that a body tells of, nil when the shop must be asked for the rest of it, or when it is for the relay to find out what
// is wrong with it. Whatever happens here, the shop is not told: its webhook is stored.
func (r *Relay) whole(header http.Header, body []byte, shop retail.Shopfront, speaks platform) (order *purchase.Order) {
	defer func() {
		if recover() != nil { // the relay meets the same body, and its panic is put before the office
			order = nil
		}
	}()
	delivery, err := speaks.parse(header, body, fieldsOf(shop))
	if err != nil || delivery.Order == nil || delivery.Order.RefundsIncomplete && shop.CanBeAsked() {
		return nil
	}
	told, err := translate(*delivery.Order)
	if err != nil {
		return nil
	}
	told.Origin = purchase.Told
	return &told
}

// Ask fetches an order as it is now.
func (r *Relay) Ask(ctx context.Context, shop retail.Shopfront, order string) (retail.Told, error) {
	client, err := r.client(shop)
	if err != nil {
		return retail.Told{}, err
	}
	delivery, err := client.Order(ctx, order)
	if errors.Is(err, webshop.ErrNotFound) {
		return retail.Told{Ignored: "the shop does not have the order, or no longer"}, nil
	}
	if err != nil {
		return retail.Told{}, inOurWords(err)
	}
	if delivery.Order == nil {
		return retail.Told{Ignored: delivery.Ignored}, nil
	}
	return r.told(ctx, shop, *delivery.Order, purchase.Fetched)
}

// told completes an order and translates it.
func (r *Relay) told(ctx context.Context, shop retail.Shopfront, o webshop.Order, origin purchase.Origin) (retail.Told, error) {
	if o.RefundsIncomplete && shop.CanBeAsked() {
		client, err := r.client(shop)
		if err != nil {
			return retail.Told{}, err
		}
		if err := withRefunds(ctx, client, &o); err != nil {
			return retail.Told{}, inOurWords(err)
		}
	}
	order, err := translate(o)
	if err != nil {
		return retail.Told{}, err
	}
	order.Origin = origin
	return retail.Told{Order: &order}, nil
}

// withRefunds fetches which units the order's refunds took back. Where the shop can't be asked they stay without lines, and wait for
// a person.
func withRefunds(ctx context.Context, client *woocommerce.Client, o *webshop.Order) error {
	refunds, err := client.Refunds(ctx, o.ID, o.Currency)
	if err != nil {
		return err
	}
	o.Refunds, o.RefundsIncomplete = refunds, false
	return nil
}
