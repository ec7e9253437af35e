package woocommerce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"vouchsafe/webshop"
)

// Note is a remark on an order.
type Note struct {
	Text string
	// ToCustomer makes the shop send the text to the buyer by mail, at once and each time that the note is added.
	ToCustomer bool
}

// AddNote adds a note to an order and returns its id. It is not idempotent: after a *webshop.TemporaryError the note may
// be there, and the mail on its way. Look with Notes before it is repeated.
func (c *Client) AddNote(ctx context.Context, orderID string, note Note) (string, error) {
	path, err := orderPath(orderID, "notes")
	if err != nil {
		return "", err
	}
	body, err := c.ask(ctx, question{
		method: http.MethodPost,
		path:   path,
		body:   map[string]any{"note": note.Text, "customer_note": note.ToCustomer},
		limit:  maxOneBytes,
	})
	if err != nil {
		return "", fmt.Errorf("add a note to order %s: %w", orderID, err)
	}
	o, err := object(body)
	if err != nil {
		return "", fmt.Errorf("add a note to order %s: %w", orderID, err)
	}
	id := serial(o, "id")
	return id, o.Err()
}

// Notes returns the remarks on an order, the shop's own among them.
func (c *Client) Notes(ctx context.Context, orderID string) ([]Note, error) {
	path, err := orderPath(orderID, "notes")
	if err != nil {
		return nil, err
	}
	body, err := c.ask(ctx, question{
		method: http.MethodGet,
		path:   path,
		query:  url.Values{"type": {"any"}},
		limit:  maxListBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("read the notes of order %s: %w", orderID, err)
	}
	items, err := list(body)
	if err != nil {
		return nil, fmt.Errorf("read the notes of order %s: %w", orderID, err)
	}
	notes := make([]Note, 0, len(items))
	for _, item := range items {
		o, err := webshop.ReadObject(item)
		if err != nil {
			return nil, err
		}
		toCustomer := o.Truth("customer_note")
		notes = append(notes, Note{Text: o.Text("note"), ToCustomer: toCustomer != nil && *toCustomer})
		if err := o.Err(); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

// Meta returns the value that an order keeps under a key, and whether it keeps one. A list or an object is "".
func (c *Client) Meta(ctx context.Context, orderID, key string) (value string, found bool, err error) {
	o, err := c.rawOrder(ctx, orderID)
	if err != nil {
		return "", false, fmt.Errorf("read the meta data of order %.40s: %w", orderID, err)
	}
	for _, m := range o.Objects("meta_data") {
		if m.Loose("key") == key {
			return m.Loose("value"), true, o.Err()
		}
	}
	return "", false, o.Err()
}

// SetMeta keeps a value on an order, in place of an earlier one under the same key. Repeating it is harmless. A key that
// begins with an underscore is not shown to the shop's staff. The order counts as changed by it.
func (c *Client) SetMeta(ctx context.Context, orderID, key, value string) error {
	path, err := orderPath(orderID)
	if err != nil {
		return err
	}
	_, err = c.ask(ctx, question{
		method: http.MethodPut,
		path:   path,
		body:   map[string]any{"meta_data": []map[string]string{{"key": key, "value": value}}},
		limit:  maxOneBytes,
	})
	if err != nil {
		return fmt.Errorf("set the meta data of order %s: %w", orderID, err)
	}
	return nil
}
