package retail

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/link"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// askShopWithin is how long the maker of a link waits for a shop to say what it calls a product.
const askShopWithin = 10 * time.Second

// Errors of making links.
var (
	// ErrLocked refuses another facility than the installation's.
	ErrLocked = link.ErrLocked
	// ErrNothingChosen says that no product fits what was chosen.
	ErrNothingChosen = errors.New("no product is in that category and linked to that facility")
)

// ProductFinder asks shops about products. Package relay does.
type ProductFinder interface {
	// Look asks the shop about itself and about a product, and changes nothing.
	Look(ctx context.Context, shop Shopfront, sku string) (Storefront, error)
}

// LinksConfig is what Links work with.
type LinksConfig struct {
	Sales    *Sales
	Shops    ProductFinder // nil: none is asked
	Public   string        // address of the installation as the world knows it
	Facility string        // preselected and locked for whoever makes links; "" for none
}

// Links make addresses that lead buyers straight to a sale, and tell what such an address shows (B18 to B23). It is safe for concurrent
// use and keeps no state of its own.
type Links struct {
	sales    *Sales
	shops    ProductFinder
	public   string
	facility string
}

// NewLinks makes links.
func NewLinks(cfg LinksConfig) *Links {
	return &Links{sales: cfg.Sales, shops: cfg.Shops, public: cfg.Public, facility: cfg.Facility}
}

// Link is an address that leads to a sale.
type Link struct {
	URL   string     // into the cart of the first of the shops, or else the page
	Page  string     // of this installation, which shows what is chosen; the same for ever
	Carts []CartLink // by shop; of a single product alone
	// Locked is the facility that the installation preselects; "" for none. Facilities and Categories are what can be chosen.
	Locked     string
	Facilities []string
	Categories []string
}

// CartLink is an address that puts a product into a shop's cart.
type CartLink struct {
	Shop string // its id
	Name string // as buyers know it
	URL  string
}

// Make makes the link to what is chosen; for a shop into no other cart than its own. Errors: ErrLocked, ErrUnknownProduct, ErrNothingChosen.
func (l *Links) Make(ctx context.Context, by Actor, choice link.Choice) (made Link, err error) {
	if choice, err = choice.Within(l.facility); err != nil {
		return Link{}, err
	}
	products, err := l.sales.Products(ctx)
	if err != nil {
		return Link{}, settled("make a link", err)
	}
	if choice.Product != "" && !slices.ContainsFunc(products, func(p purchase.Product) bool { return p.SKU == choice.Product }) {
		return Link{}, ErrUnknownProduct
	}
	fitting := chosen(products, choice)
	if len(fitting) == 0 && choice != (link.Choice{}) {
		return Link{}, ErrNothingChosen
	}
	made = Link{Page: choice.Page(l.public), Locked: l.facility}
	made.Facilities, made.Categories = choicesOf(products)
	if choice.Product != "" {
		if made.Carts, err = l.carts(ctx, choice.Product); err != nil {
			return Link{}, settled("make a link", err)
		}
	}
	if by.Channel == Webshop {
		made.Carts = slices.DeleteFunc(made.Carts, func(c CartLink) bool { return c.Shop != by.Name })
	}
	made.URL = made.Page
	if len(made.Carts) > 0 {
		made.URL = made.Carts[0].URL
	}
	return made, nil
}

// chosen are the products that fit a choice and can be bought: a credit note is given, not sold.
func chosen(products []purchase.Product, choice link.Choice) []purchase.Product {
	var fitting []purchase.Product
	for _, p := range products {
		if p.Kind != purchase.Credit && choice.Admits(link.Offer{SKU: p.SKU, Category: p.Category, Facilities: p.Facilities}) {
			fitting = append(fitting, p)
		}
	}
	return fitting
}

// choicesOf are the facilities and categories of products, each once, in the order of the alphabet.
func choicesOf(products []purchase.Product) (facilities, categories []string) {
	at, in := map[string]bool{}, map[string]bool{}
	for _, p := range products {
		if p.Category != "" {
			in[p.Category] = true
		}
		for _, facility := range p.Facilities {
			at[facility] = true
		}
	}
	return slices.Sorted(maps.Keys(at)), slices.Sorted(maps.Keys(in))
}

// carts are the links of a product into the carts of shops. A shop that must say what it calls the product is asked, and what it said
// before is good enough while it can't be.
func (l *Links) carts(ctx context.Context, sku string) ([]CartLink, error) {
	shops, listings, err := l.listings(ctx)
	if err != nil {
		return nil, err
	}
	var carts []CartLink
	for _, shop := range shops {
		if needs(shop) && l.shops != nil && shop.CanBeAsked() {
			if told := l.ask(ctx, shop.ID, sku); told != "" {
				listings[shelf{shop.ID, sku}] = told
			}
		}
		if cart, known := l.cart(shop, sku, listings); known {
			carts = append(carts, cart)
		}
	}
	return carts, nil
}

// shelf names a product in a shop.
type shelf struct{ shop, sku string }

// listings are the shops, and what each calls the products as far as it is known.
func (l *Links) listings(ctx context.Context) ([]orders.Shop, map[shelf]string, error) {
	shops, err := l.sales.Shops(ctx)
	if err != nil {
		return nil, nil, err
	}
	found, err := l.sales.orders.Listings(ctx)
	known := make(map[shelf]string, len(found))
	for _, one := range found {
		known[shelf{one.Shop, one.SKU}] = one.Reference
	}
	return shops, known, err
}

// needs tells whether links into a shop's cart need its own id of a product.
func needs(shop orders.Shop) bool { return cartForm(shop).NeedsID() }

func cartForm(shop orders.Shop) link.Shop {
	return link.Shop{Platform: shop.Platform, URL: shop.URL, Form: shop.CartLink}
}

// ask asks a shop what it calls a product, and notes it. A shop that can't be asked says nothing.
func (l *Links) ask(ctx context.Context, shop, sku string) string {
	ctx, cancel := context.WithTimeout(ctx, askShopWithin)
	defer cancel()
	front, err := l.sales.Shopfront(ctx, shop)
	if err != nil {
		return ""
	}
	seen, err := l.shops.Look(ctx, front, sku)
	if err == nil && seen.Product != nil && seen.Product.ID != "" {
		err = l.sales.orders.NoteListing(ctx, orders.Listing{Shop: shop, SKU: sku, Reference: seen.Product.ID})
	}
	if err != nil {
		l.sales.log.WarnContext(ctx, "a shop does not say what it calls a product", "shop", shop, "sku", sku, "err", err)
		return ""
	}
	if seen.Product == nil {
		return ""
	}
	return seen.Product.ID
}

// cart is the link of a product into a shop's cart.
func (l *Links) cart(shop orders.Shop, sku string, listings map[shelf]string) (CartLink, bool) {
	address, known := cartForm(shop).Cart(sku, listings[shelf{shop.ID, sku}])
	return CartLink{Shop: shop.ID, Name: shopName(shop, ""), URL: address}, known
}

// Offer is a product as buyers see it on the page of a link.
type Offer struct {
	Product purchase.Product
	Country string // whose symbols its value is written with
	Carts   []CartLink
	Notice  string // of a product that needs a membership (B09), in the reader's language
}

// Show tells what the page of a link shows: the products that are in the category and linked to the facility (B23). It asks no shop,
// and no facility is locked: a link that was made keeps working, whatever the installation prefers by now. A product whose cart has no
// link leads to the shop itself.
func (l *Links) Show(ctx context.Context, choice link.Choice, reader language.Tag) ([]Offer, error) {
	products, err := l.sales.Products(ctx)
	if err != nil {
		return nil, settled("show what is for sale", err)
	}
	shops, listings, err := l.listings(ctx)
	if err != nil {
		return nil, settled("show what is for sale", err)
	}
	var offers []Offer
	for _, p := range chosen(products, choice) {
		offer := Offer{Product: p, Country: l.sales.defaults.Country}
		for _, shop := range shops {
			cart, known := l.cart(shop, p.SKU, listings)
			if !known {
				cart.URL = shop.URL
			}
			if cart.URL != "" {
				offer.Carts = append(offer.Carts, cart)
			}
		}
		if p.RequiresMembership {
			offer.Notice = l.notice(ctx, shops, reader)
		}
		offers = append(offers, offer)
	}
	slices.SortStableFunc(offers, func(a, b Offer) int {
		return cmp.Or(strings.Compare(a.Product.Category, b.Product.Category), strings.Compare(a.Product.Name, b.Product.Name))
	})
	return offers, nil
}

// notice is what readers are told of a product for members: in the words of the only shop, or else of the installation.
func (l *Links) notice(ctx context.Context, shops []orders.Shop, reader language.Tag) string {
	var shop orders.Shop
	if len(shops) == 1 {
		shop = shops[0]
	}
	return l.sales.noticeTo(ctx, shop, reader)
}
