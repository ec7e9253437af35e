package woocommerce

import (
	"context"
	"fmt"
	"net/http"

	"vouchsafe/webshop"
)

// Gateway is a means of payment of the shop.
type Gateway struct {
	ID      string // what its orders call it: "bacs", "stripe"
	Enabled bool   // buyers are offered it
}

// Gateways lists the shop's means of payment, those that are switched off among them.
func (c *Client) Gateways(ctx context.Context) ([]Gateway, error) {
	body, err := c.ask(ctx, question{method: http.MethodGet, path: "payment_gateways", limit: maxListBytes})
	if err != nil {
		return nil, fmt.Errorf("list means of payment: %w", err)
	}
	items, err := list(body)
	if err != nil {
		return nil, fmt.Errorf("list means of payment: %w", err)
	}
	gateways := make([]Gateway, len(items))
	for i, item := range items {
		if gateways[i], err = readGateway(item); err != nil {
			return nil, fmt.Errorf("list means of payment: %w", err)
		}
	}
	return gateways, nil
}

func readGateway(item []byte) (Gateway, error) {
	o, err := webshop.ReadObject(item)
	if err != nil {
		return Gateway{}, err
	}
	enabled := o.Truth("enabled")
	return Gateway{ID: o.Text("id"), Enabled: enabled != nil && *enabled}, o.Err()
}
