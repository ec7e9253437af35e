// Package link is about addresses that lead a buyer straight to a sale (B18): which products they choose, and what a link into a
// shop's cart looks like. It is pure.
package link

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Choice narrows what is for sale; what is left empty doesn't narrow. A product must fit all of it (B23).
type Choice struct {
	Product  string // SKU
	Category string
	Facility string
}

// Offer is what a choice looks at in a product.
type Offer struct {
	SKU        string
	Category   string
	Facilities []string
}

// Admits tells whether an offer is among what is chosen. Capitals and blanks around a name don't matter, since people write names
// into links by hand; a SKU is exact.
func (c Choice) Admits(o Offer) bool {
	return (c.Product == "" || c.Product == o.SKU) &&
		(c.Category == "" || same(c.Category, o.Category)) &&
		(c.Facility == "" || slices.ContainsFunc(o.Facilities, func(f string) bool { return same(c.Facility, f) }))
}

func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// ErrLocked refuses another facility than the installation's (B21).
var ErrLocked = errors.New("the facility is set for this installation and can't be another")

// Within preselects a facility and locks it: links are made for that one alone. Without one the choice is left as it is. It concerns
// who makes links, and no link that was made. Error: ErrLocked.
func (c Choice) Within(facility string) (Choice, error) {
	if facility == "" {
		return c, nil
	}
	if c.Facility != "" && !same(c.Facility, facility) {
		return Choice{}, ErrLocked
	}
	c.Facility = facility
	return c, nil
}

// The names of a choice's parts in an address. Links that were made stay good, so that they never change.
const (
	Product  = "product"
	Category = "category"
	Facility = "facility"
)

// Query is the choice in an address.
func (c Choice) Query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{Product: c.Product, Category: c.Category, Facility: c.Facility} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// Page is the address of the page that shows what is chosen, under the public address of the installation.
func (c Choice) Page(public string) string {
	address := strings.TrimSuffix(public, "/") + "/buy"
	if query := c.Query().Encode(); query != "" {
		address += "?" + query
	}
	return address
}

// Shop is what a link into a cart needs to know of a shop.
type Shop struct {
	Platform string
	URL      string // "" when it is not known
	Form     string // of its links, with {sku} or {id}; "" for the platform's own
}

// forms are the links of platforms into their carts, under the shop's own address.
func forms() map[string]string {
	return map[string]string{
		"woocommerce": "/?add-to-cart={id}&quantity=1",
		"shopify":     "/cart/{id}:1",
		"prestashop":  "/cart?add=1&id_product={id}&qty=1",
	}
}

// Cart is the address that puts a product into the shop's cart, and whether there is one: the shop's id of the product may not be
// known, or its platform have no such link.
func (s Shop) Cart(sku, id string) (address string, known bool) {
	form := s.Form
	if own := forms()[s.Platform]; form == "" && own != "" && s.URL != "" {
		form = strings.TrimSuffix(s.URL, "/") + own
	}
	if form == "" || strings.Contains(form, "{id}") && id == "" {
		return "", false
	}
	return strings.NewReplacer("{sku}", url.QueryEscape(sku), "{id}", url.QueryEscape(id)).Replace(form), true
}

// NeedsID tells whether a link into the shop's cart needs the shop's own id of the product.
func (s Shop) NeedsID() bool {
	_, without := s.Cart("sku", "")
	_, with := s.Cart("sku", "1")
	return with && !without
}

// ErrForm says that a text is no form of a link.
var ErrForm = errors.New("an address that begins with https:// or http:// and holds {sku} or {id} behind the host")

// CheckForm looks whether a text can be the form of a shop's links. Error: ErrForm.
func CheckForm(form string) error {
	whole, err := url.Parse(strings.NewReplacer("{sku}", "x", "{id}", "x").Replace(form))
	if err != nil || whole.Scheme != "https" && whole.Scheme != "http" || whole.Host == "" || whole.User != nil {
		return ErrForm
	}
	_, behind, _ := strings.Cut(form, "://")
	host, path, found := strings.Cut(behind, "/")
	if !found || strings.Contains(host, "{") || !strings.Contains(path, "{sku}") && !strings.Contains(path, "{id}") {
		return ErrForm
	}
	return nil
}
