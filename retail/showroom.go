package retail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// KindPublish is the delivery that brings a product to a shop, as it is wanted there.
const KindPublish outbox.Kind = "publish"

const (
	publishFor  = 2 * time.Minute     // one try to bring a product to a shop
	publishKept = 30 * 24 * time.Hour // such errands that are done
	faultMost   = 500                 // bytes of what an attempt came to
)

// ErrCantPublish says that a product can't be brought to a shop; what wraps it says why.
var ErrCantPublish = errors.New("the product can't be published there")

// ErrKeyRefused says that a shop refuses the API key that is registered here.
var ErrKeyRefused = errors.New("the shop refuses the API key")

// The audit trail's names for what the office does about products in shops.
const (
	didPublish   = "publish_product"
	didUnpublish = "unpublish_product"
)

// Publication is a product in a shop.
type Publication = orders.Publication

// What is wanted of a product in a shop.
const (
	Published = orders.Published // for sale
	Withdrawn = orders.Withdrawn // no longer
)

// Showing is what a shop's buyers are to see of a product.
type Showing struct {
	SKU      string
	Name     string
	Price    money.Amount
	VAT      purchase.VAT
	Category string // "" for none
	Wanted   orders.Wanted
}

// Storefront is what a shop says of itself.
type Storefront struct {
	Hooks    map[string]string // topics of the webhooks that lead here, with what is wrong with each; "" for nothing
	Currency money.Currency    // of its prices
	Product  *Shown            // nil when it sells none with the SKU
}

// Shown is a product as a shop has it.
type Shown struct {
	ID       string
	Name     string
	Price    *money.Amount // nil when what it asks can't be read
	ForSale  bool
	Taxed    bool
	Shipping bool // it asks for an address, as of something that is sent
}

// Showcases speaks with shops about what they show. Package relay does.
type Showcases interface {
	// Show makes the shop's product with the SKU be as stated, and returns the shop's id of it, "" when a product that is no longer
	// wanted is not there. Repeating it is harmless. Errors: ErrUnreadable when the shop refuses for good, *PassingError otherwise.
	Show(ctx context.Context, shop Shopfront, s Showing) (id string, err error)
	// Look asks the shop about itself and about a product, and changes nothing. Errors: ErrKeyRefused, ErrUnreadable, *PassingError.
	Look(ctx context.Context, shop Shopfront, sku string) (Storefront, error)
}

// Showroom is where products are put on show in shops (E03), and where somebody looks whether they can be sold there (E02). It is safe
// for concurrent use and keeps no state of its own.
type Showroom struct {
	desk   *Desk
	sales  *Sales
	office *BackOffice
	shops  Showcases
}

// NewShowroom opens the showroom on a Desk and the side towards webshops, both on the same stores.
func NewShowroom(desk *Desk, sales *Sales, shops Showcases) *Showroom {
	return &Showroom{desk: desk, sales: sales, office: NewBackOffice(desk, sales), shops: shops}
}

// Register gives the outbox the handler of what goes to shops. Call it once, before the outbox starts.
func (s *Showroom) Register() {
	s.sales.outbox.Handle(KindPublish, s.bring, outbox.Options{Timeout: publishFor, AlarmAfter: lateAfter, Keep: publishKept})
}

// Publish wants a product to be for sale in a shop, as it is now: a shop that has it is brought up to date. A price is stated for a
// product that has none of its own. Errors: ErrUnknownProduct, ErrUnknownShop, ErrCantPublish.
func (s *Showroom) Publish(ctx context.Context, by Actor, sku, shop string, price *money.Amount) (Publication, error) {
	wanted, err := s.publishable(ctx, sku, shop, price)
	if err == nil {
		wanted, err = s.want(ctx, by, wanted, didPublish)
	}
	return wanted, settled("publish product "+sku, err)
}

// Withdraw wants a product to be no longer for sale in a shop; its orders there stay what they are. Errors: ErrUnknownProduct,
// ErrUnknownShop, ErrCantPublish when it was never published there.
func (s *Showroom) Withdraw(ctx context.Context, by Actor, sku, shop string) (Publication, error) {
	_, _, err := s.offer(ctx, sku, shop)
	if err != nil {
		return Publication{}, settled("withdraw product "+sku, err)
	}
	found, err := s.sales.orders.Publication(ctx, sku, shop)
	if errors.Is(err, orders.ErrNotFound) {
		err = fmt.Errorf("%w: it was never published in shop %s", ErrCantPublish, shop)
	}
	if err == nil {
		found.Wanted = orders.Withdrawn
		found, err = s.want(ctx, by, found, didUnpublish)
	}
	return found, settled("withdraw product "+sku, err)
}

// Publications lists where a product is wanted, by shop. Error: ErrUnknownProduct.
func (s *Showroom) Publications(ctx context.Context, sku string) ([]Publication, error) {
	if _, err := s.sales.Product(ctx, sku); err != nil {
		return nil, settled("read a product", err)
	}
	found, err := s.sales.orders.Publications(ctx, sku)
	return found, settled("list publications", err)
}

// offer finds a product and a shop.
func (s *Showroom) offer(ctx context.Context, sku, shop string) (purchase.Product, orders.Shop, error) {
	product, err := s.sales.Product(ctx, sku)
	if err != nil {
		return purchase.Product{}, orders.Shop{}, err
	}
	found, err := s.sales.shop(ctx, shop)
	return product, found, err
}

// publishable is what would be wanted, or why the product can't be published in the shop.
func (s *Showroom) publishable(ctx context.Context, sku, shopID string, price *money.Amount) (Publication, error) {
	product, shop, err := s.offer(ctx, sku, shopID)
	if err != nil {
		return Publication{}, err
	}
	switch {
	case shop.Platform != "woocommerce":
		return Publication{}, fmt.Errorf("%w: shops of the platform %s take no products; make it there by hand, under the same SKU", ErrCantPublish, shop.Platform)
	case !shop.CanBeAsked():
		return Publication{}, fmt.Errorf("%w: shop %s has no API key here", ErrCantPublish, shop.ID)
	}
	asked, err := product.Offer(price)
	if err != nil {
		return Publication{}, fmt.Errorf("%w: %w", ErrCantPublish, err)
	}
	id, err := s.desk.ledger.NewID()
	return Publication{
		ID: id, Product: product.SKU, Shop: shop.ID, Wanted: orders.Published, Price: asked.Minor, PriceCurrency: string(asked.Currency),
	}, err
}

// want states what is wanted and the errand to bring it there, in one transaction. An errand that is under way is waited for, so that
// no two speak with the shop about one product at once.
func (s *Showroom) want(ctx context.Context, by Actor, p Publication, action string) (wanted Publication, err error) {
	err = outbox.InTx(ctx, s.sales.orders.Pool(), func(tx outbox.Tx) error {
		if wanted, err = orders.WantPublication(ctx, tx, p); err != nil {
			return err
		}
		errands := outbox.Where{Subject: wanted.ID, Kinds: []outbox.Kind{KindPublish}}
		open, err := outbox.Unfinished(ctx, tx, errands)
		if err != nil {
			return err
		}
		draft := outbox.Draft{Kind: KindPublish, Subject: wanted.ID, Seq: outbox.NextSeq, Shop: wanted.Shop}
		for _, d := range open {
			if d.State == outbox.StateSending {
				draft.After = d.ID
			}
		}
		if _, err := s.sales.outbox.Cancel(ctx, tx, errands, "a later wish takes its place"); err != nil {
			return err
		}
		if err := s.sales.outbox.Add(ctx, tx, draft); err != nil {
			return err
		}
		return s.desk.audit(ctx, tx, by, action, "product "+p.Product, map[string]any{"shop": p.Shop, "price": wanted.Asks().String()})
	})
	return wanted, err
}

// bring makes one attempt to bring what is wanted now to the shop.
func (s *Showroom) bring(ctx context.Context, w *outbox.Work) outbox.Result {
	p, err := s.sales.orders.PublicationByID(ctx, w.Subject)
	if err != nil {
		return s.sales.again(ctx, "read a publication", w, err)
	}
	if !p.Pending() {
		return outbox.Done()
	}
	id, err := s.show(ctx, p)
	if err == nil {
		err = s.sales.orders.PublicationShown(ctx, p, id)
	}
	if err == nil {
		return outbox.Done()
	}
	if note := s.sales.orders.PublicationFailed(ctx, p, shortened(err.Error())); note != nil {
		return s.sales.again(ctx, "note a fault", w, errors.Join(err, note))
	}
	if errors.Is(err, ErrUnreadable) {
		return outbox.Fail("the shop refuses the product: " + err.Error())
	}
	return s.sales.again(ctx, "publish a product", w, err)
}

// show speaks with the shop.
func (s *Showroom) show(ctx context.Context, p Publication) (id string, err error) {
	product, err := s.sales.Product(ctx, p.Product)
	if err != nil {
		return "", err
	}
	front, err := s.sales.Shopfront(ctx, p.Shop)
	if err != nil {
		return "", err
	}
	return s.shops.Show(ctx, front, Showing{
		SKU: product.SKU, Name: product.Name, Price: p.Asks(), VAT: product.VAT, Category: product.Category, Wanted: p.Wanted,
	})
}

// shortened keeps a talkative shop from filling a column.
func shortened(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), faultMost)], "")
}
