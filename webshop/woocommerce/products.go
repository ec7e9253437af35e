package woocommerce

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"

	"vouchsafe/webshop"
)

// The values of a product that matter here, in the shop's words.
const (
	StatusPublish = "publish"
	StatusDraft   = "draft" // in the office of the shop, and not for sale
	TaxNone       = "none"
	TaxTaxable    = "taxable"

	simpleProduct = "simple"
)

// Product is something that the shop sells.
type Product struct {
	ID        string // the shop's own; "" for one that is not there yet
	SKU       string
	Name      string
	Price     string // the regular price, a decimal: "500.00"
	Status    string
	Virtual   bool // needs no shipping
	TaxStatus string
	Category  string // its name; "" for none. Of a product that was read: the first of them
}

// ProductBySKU finds the product with exactly this SKU that is not in the shop's bin. Error: webshop.ErrNotFound.
func (c *Client) ProductBySKU(ctx context.Context, sku string) (Product, error) {
	if strings.Contains(sku, ",") {
		return Product{}, fmt.Errorf("%w: it takes the comma in the SKU %.100q for the end of it", webshop.ErrRefused, sku)
	}
	body, err := c.ask(ctx, question{
		method: http.MethodGet, path: "products", query: url.Values{"sku": {sku}, "per_page": {"100"}}, limit: maxListBytes,
	})
	if err != nil {
		return Product{}, fmt.Errorf("find product %.100q: %w", sku, err)
	}
	items, err := list(body)
	if err != nil {
		return Product{}, fmt.Errorf("find product %.100q: %w", sku, err)
	}
	for _, item := range items {
		found, kind, err := readProduct(item)
		switch {
		case err != nil:
			return Product{}, fmt.Errorf("find product %.100q: %w", sku, err)
		case found.SKU != sku: // an older shop compares loosely
		case kind != simpleProduct:
			return Product{}, fmt.Errorf("%w: its product with the SKU %.100q is of the type %.40q", webshop.ErrRefused, sku, kind)
		default:
			return found, nil
		}
	}
	return Product{}, fmt.Errorf("find product %.100q: %w", sku, webshop.ErrNotFound)
}

// readProduct reads one product and its type.
func readProduct(item []byte) (p Product, kind string, err error) {
	o, err := object(item)
	if err != nil {
		return Product{}, "", err
	}
	virtual := o.Truth("virtual")
	p = Product{
		ID: serial(o, "id"), SKU: html.UnescapeString(o.Text("sku")), Name: html.UnescapeString(o.Text("name")), Price: o.Loose("regular_price"),
		Status: o.Text("status"), Virtual: virtual != nil && *virtual, TaxStatus: o.Text("tax_status"),
	}
	if categories := o.Objects("categories"); len(categories) > 0 {
		p.Category = html.UnescapeString(categories[0].Text("name"))
	}
	return p, o.Text("type"), o.Err()
}

// PutProduct makes the shop's product with this SKU be as stated, and returns its id. It looks for the SKU before it makes one, so
// that there is one product however often it is repeated; the shop itself refuses a second with the same SKU. After a
// *webshop.TemporaryError it may have happened: repeating it is harmless.
func (c *Client) PutProduct(ctx context.Context, p Product) (string, error) {
	found, err := c.ProductBySKU(ctx, p.SKU)
	switch {
	case err == nil:
		return c.sendProduct(ctx, http.MethodPut, "products/"+found.ID, p)
	case !errors.Is(err, webshop.ErrNotFound):
		return "", err
	}
	id, refusal := c.sendProduct(ctx, http.MethodPost, "products", p)
	if !errors.Is(refusal, webshop.ErrRefused) {
		return id, refusal
	}
	if found, err = c.ProductBySKU(ctx, p.SKU); err != nil { // made by somebody else meanwhile, or refused for another reason
		return "", refusal
	}
	return c.sendProduct(ctx, http.MethodPut, "products/"+found.ID, p)
}

// sendProduct makes or changes a product.
func (c *Client) sendProduct(ctx context.Context, method, path string, p Product) (string, error) {
	fields := map[string]any{
		"sku": p.SKU, "name": p.Name, "type": simpleProduct, "status": p.Status, "virtual": p.Virtual, "regular_price": p.Price,
		"tax_status": p.TaxStatus,
	}
	if p.Category != "" {
		id, err := c.category(ctx, p.Category)
		if err != nil {
			return "", err
		}
		fields["categories"] = []map[string]any{{"id": id}}
	}
	return c.send(ctx, fmt.Sprintf("write product %.100q", p.SKU), question{method: method, path: path, body: fields, limit: maxOneBytes})
}

// SetStatus makes a product be for sale or not, and leaves the rest of it alone.
func (c *Client) SetStatus(ctx context.Context, productID, status string) error {
	if !isID(productID) {
		return fmt.Errorf("%w: %.40q is no id of a product", webshop.ErrNotFound, productID)
	}
	_, err := c.send(ctx, "change product "+productID, question{
		method: http.MethodPut, path: "products/" + productID, body: map[string]any{"status": status}, limit: maxOneBytes,
	})
	return err
}

// category is the id of the category with a name, which is made if there is none.
func (c *Client) category(ctx context.Context, name string) (id string, err error) {
	if id, err = c.findCategory(ctx, name); err != nil || id != "" {
		return id, err
	}
	made, refusal := c.send(ctx, fmt.Sprintf("make category %.100q", name), question{
		method: http.MethodPost, path: "products/categories", body: map[string]any{"name": name}, limit: maxOneBytes,
	})
	if !errors.Is(refusal, webshop.ErrRefused) {
		return made, refusal
	}
	if id, err = c.findCategory(ctx, name); err != nil || id == "" {
		return "", refusal
	}
	return id, nil
}

// findCategory is the id of the category with a name; "" if there is none.
func (c *Client) findCategory(ctx context.Context, name string) (string, error) {
	body, err := c.ask(ctx, question{
		method: http.MethodGet, path: "products/categories", query: url.Values{"search": {name}, "per_page": {"100"}}, limit: maxListBytes,
	})
	if err != nil {
		return "", fmt.Errorf("find category %.100q: %w", name, err)
	}
	items, err := list(body)
	if err != nil {
		return "", fmt.Errorf("find category %.100q: %w", name, err)
	}
	for _, item := range items {
		o, err := object(item)
		if err != nil {
			return "", err
		}
		id := serial(o, "id")
		if strings.EqualFold(html.UnescapeString(o.Text("name")), name) && o.Err() == nil {
			return id, nil
		}
	}
	return "", nil
}

// Currency is the ISO 4217 code of what the shop's prices are in.
func (c *Client) Currency(ctx context.Context) (string, error) {
	body, err := c.ask(ctx, question{method: http.MethodGet, path: "settings/general/woocommerce_currency", limit: maxOneBytes})
	if err != nil {
		return "", fmt.Errorf("read the shop's currency: %w", err)
	}
	o, err := object(body)
	if err != nil {
		return "", fmt.Errorf("read the shop's currency: %w", err)
	}
	return o.Text("value"), o.Err()
}

// send puts a question that changes something, and returns the id of what was changed.
func (c *Client) send(ctx context.Context, doing string, q question) (string, error) {
	body, err := c.ask(ctx, q)
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	o, err := object(body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	id := serial(o, "id")
	return id, o.Err()
}
