package woocommerce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"vouchsafe/webshop"
)

// Webhook is one subscription in the shop.
type Webhook struct {
	ID     string
	Topic  string // "order.updated"
	URL    string // where it delivers to
	Status string // "active", "paused" by a person, or "disabled" by the shop after too many failures
}

// Disabled reports whether the shop itself gave up delivering. A webhook that a person paused is to be left alone.
func (w Webhook) Disabled() bool { return w.Status == "disabled" }

// Webhooks lists the shop's webhooks, those of other programs among them: tell them apart by URL. At most 100.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	body, err := c.ask(ctx, question{
		method: http.MethodGet,
		path:   "webhooks",
		query:  url.Values{"per_page": {"100"}},
		limit:  maxListBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	items, err := list(body)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	webhooks := make([]Webhook, len(items))
	for i, item := range items {
		if webhooks[i], err = readWebhook(item); err != nil {
			return nil, fmt.Errorf("list webhooks: %w", err)
		}
	}
	return webhooks, nil
}

func readWebhook(item []byte) (Webhook, error) {
	o, err := webshop.ReadObject(item)
	if err != nil {
		return Webhook{}, err
	}
	webhook := Webhook{
		ID:     serial(o, "id"),
		Topic:  o.Text("topic"),
		URL:    o.Text("delivery_url"),
		Status: o.Text("status"),
	}
	return webhook, o.Err()
}

// Reactivate makes the shop deliver again. What happened in between is not delivered: look with ChangedSince. The shop
// forgets its failures only with the next success, so the next failure would disable the webhook again.
func (c *Client) Reactivate(ctx context.Context, id string) error {
	if !isID(id) {
		return fmt.Errorf("%w: %.40q is no id of a webhook", webshop.ErrNotFound, id)
	}
	_, err := c.ask(ctx, question{
		method: http.MethodPut,
		path:   "webhooks/" + id,
		body:   map[string]string{"status": "active"},
		limit:  maxOneBytes,
	})
	if err != nil {
		return fmt.Errorf("reactivate webhook %s: %w", id, err)
	}
	return nil
}
