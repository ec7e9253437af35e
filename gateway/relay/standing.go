package relay

import (
	"context"
	"strings"

	"vouchsafe/retail"
)

// Hook is a webhook of a shop that leads to this installation.
type Hook struct {
	Topic  string // "order.updated"
	URL    string // where the shop sends it
	Status string // "active", "paused" by a person, "disabled" by the shop
}

// Hooks asks a shop which of its webhooks lead here, by the path of their address. It changes nothing.
// Errors are those of its platform: webshop.ErrUnauthorized, webshop.ErrRefused, *webshop.TemporaryError.
func (r *Relay) Hooks(ctx context.Context, shop retail.Shopfront) ([]Hook, error) {
	client, err := r.client(shop)
	if err != nil {
		return nil, err
	}
	all, err := client.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	var ours []Hook
	for _, hook := range all {
		if strings.HasSuffix(hook.URL, WebhookPath(shop.ID)) {
			ours = append(ours, Hook{Topic: hook.Topic, URL: hook.URL, Status: hook.Status})
		}
	}
	return ours, nil
}

// WebhookPath is where a shop's webhooks go, below the public address.
func WebhookPath(shop string) string { return strings.Replace(Path, ":shop", shop, 1) }
