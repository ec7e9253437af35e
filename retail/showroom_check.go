package retail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// lookFor is how long the checklist waits for one shop.
const lookFor = 10 * time.Second

// Check goes through all that must be so before a product can be sold (E01, E02): what is registered here, and what each of its shops
// says. It changes nothing. Error: ErrUnknownProduct.
func (s *Showroom) Check(ctx context.Context, sku string) (purchase.Product, []Point, error) {
	product, points, err := s.office.CheckProduct(ctx, sku)
	if err != nil {
		return product, nil, err
	}
	shops, err := s.sales.orders.Shops(ctx)
	if err != nil {
		return product, nil, settled("check a product", err)
	}
	points = append(points, s.checkChosen(product, shops))
	told := make([][]Point, len(shops))
	var asking sync.WaitGroup
	for i, shop := range shops {
		asking.Go(func() { told[i] = append(s.checkHere(shop), s.checkThere(ctx, product, shop)...) })
	}
	asking.Wait()
	for _, of := range told {
		points = append(points, of...)
	}
	return product, points, nil
}

// checkChosen warns while nobody has chosen how new vouchers work (D02).
func (s *Showroom) checkChosen(p purchase.Product, shops []orders.Shop) Point {
	open := p.Mode == "" && s.sales.defaults.HolderUnstated
	for _, shop := range shops {
		open = open && shop.Holder == ""
	}
	if open {
		return Point{Check: "mode_chosen", Grade: Warning, Detail: "Nobody has chosen whether its vouchers belong to whoever has the code or to a customer: state VOUCHSAFE_BALANCE_HOLDER, or the product's mode."}
	}
	return Point{Check: "mode_chosen", Grade: Passed, Detail: "How its vouchers work was chosen."}
}

// checkHere looks at what is registered of a shop.
func (s *Showroom) checkHere(shop orders.Shop) []Point {
	points := []Point{{Check: "tenders", Grade: Passed, Detail: fmt.Sprintf("In shop %s a purchase is paid online by %q.", shop.ID, shop.OnlineTenders)}}
	if len(shop.OnlineTenders) == 0 {
		points[0].Detail = fmt.Sprintf("In shop %s a purchase is paid online by every named tender but those that its platform knows to be offline.", shop.ID)
	}
	language := Point{Check: "language", Grade: Passed, Detail: fmt.Sprintf("Mails of shop %s are in the language of the order, or else %s.", shop.ID, s.sales.tongue(shop, ""))}
	return append(points, language, s.checkMail(shop))
}

// checkMail looks whether codes can leave.
func (s *Showroom) checkMail(shop orders.Shop) Point {
	point := Point{Check: "mail", Grade: Failed}
	switch {
	case shop.CodesBy == orders.TheShop:
		point.Grade, point.Detail = Passed, fmt.Sprintf("Shop %s sends the codes itself.", shop.ID)
	case s.sales.mail == nil:
		point.Detail = fmt.Sprintf("Nobody can send the codes that shop %s sells: set VOUCHSAFE_SMTP_URL.", shop.ID)
	case shop.Sender == "" && s.sales.defaults.From == "":
		point.Detail = fmt.Sprintf("Mails of shop %s have no sender: set VOUCHSAFE_MAIL_FROM, or the shop's.", shop.ID)
	default:
		point.Grade, point.Detail = Passed, fmt.Sprintf("Codes that shop %s sells are mailed from here.", shop.ID)
	}
	return point
}

// checkThere asks a shop. One that can't be asked leaves open what only it could tell.
func (s *Showroom) checkThere(ctx context.Context, p purchase.Product, shop orders.Shop) []Point {
	if !shop.CanBeAsked() {
		return []Point{{Check: "shop", Grade: Passed, Detail: fmt.Sprintf(
			"Shop %s can't be asked from here: make sure that it sells the SKU %s, and that its webhooks lead here.", shop.ID, p.SKU)}}
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	front, err := s.sales.Shopfront(ctx, shop.ID)
	if err != nil {
		return []Point{{Check: "shop", Grade: Failed, Detail: fmt.Sprintf("Shop %s can't be opened with the master key at hand.", shop.ID)}}
	}
	found, err := s.shops.Look(ctx, front, p.SKU)
	switch {
	case errors.Is(err, ErrKeyRefused):
		return []Point{{Check: "shop", Grade: Failed, Detail: fmt.Sprintf("Shop %s refuses the API key: make one with the right to read and write, and register it.", shop.ID)}}
	case err != nil:
		return []Point{{Check: "shop", Grade: Failed, Detail: fmt.Sprintf("Shop %s can't be asked: %v.", shop.ID, err)}}
	}
	points := []Point{{Check: "shop", Grade: Passed, Detail: fmt.Sprintf("Shop %s answers, and takes the API key.", shop.ID)}}
	points = append(points, checkHooks(shop, found))
	return append(points, s.checkShelf(ctx, p, shop, found)...)
}

// checkHooks warns where orders are only found by asking.
func checkHooks(shop orders.Shop, found Storefront) Point {
	for _, topic := range []string{"order.created", "order.updated"} {
		fault, there := found.Hooks[topic]
		switch {
		case !there:
			return Point{Check: "webhooks", Grade: Warning, Detail: fmt.Sprintf("Shop %s has no webhook for %s that leads here: orders are only found by asking.", shop.ID, topic)}
		case fault != "":
			return Point{Check: "webhooks", Grade: Warning, Detail: fmt.Sprintf("The webhook of shop %s for %s is %s: switch it on there.", shop.ID, topic, fault)}
		}
	}
	return Point{Check: "webhooks", Grade: Passed, Detail: fmt.Sprintf("The webhooks of shop %s lead here.", shop.ID)}
}

// checkShelf compares what the shop shows with the product.
func (s *Showroom) checkShelf(ctx context.Context, p purchase.Product, shop orders.Shop, found Storefront) []Point {
	shown := found.Product
	switch {
	case p.Kind != purchase.Punches && found.Currency != p.Currency:
		return []Point{{Check: "currency", Grade: Failed, Detail: fmt.Sprintf("Prices of shop %s are in %s, and the product's value in %s.", shop.ID, found.Currency, p.Currency)}}
	case shown == nil:
		return []Point{{Check: "published", Grade: Warning, Detail: fmt.Sprintf("Shop %s sells nothing with the SKU %s: publish it.", shop.ID, p.SKU)}}
	case !shown.ForSale:
		return []Point{{Check: "published", Grade: Warning, Detail: fmt.Sprintf("Shop %s has the product, and does not offer it: publish it.", shop.ID)}}
	}
	points := []Point{{Check: "published", Grade: Passed, Detail: fmt.Sprintf("Shop %s offers it, as %q.", shop.ID, shown.Name)}}
	points = append(points, s.checkPrice(ctx, p, shop, *shown))
	if shown.Taxed != (p.VAT == purchase.SinglePurpose) {
		points = append(points, Point{Check: "tax", Grade: Warning, Detail: taxFault(shop, p.VAT)})
	}
	if shown.Shipping {
		points = append(points, Point{Check: "shipping", Grade: Warning, Detail: fmt.Sprintf("Shop %s takes it for something to be shipped: make it virtual there.", shop.ID)})
	}
	return points
}

// taxFault says what is wrong with how a shop taxes a product.
func taxFault(shop orders.Shop, vat purchase.VAT) string {
	if vat == purchase.SinglePurpose {
		return fmt.Sprintf("Shop %s sells it without VAT, and it is taxed when it is sold.", shop.ID)
	}
	return fmt.Sprintf("Shop %s charges VAT on it, which is due again when it is spent: its tax status should be none.", shop.ID)
}

// checkPrice compares the price in the shop with the value, or with the price that it was published for.
func (s *Showroom) checkPrice(ctx context.Context, p purchase.Product, shop orders.Shop, shown Shown) Point {
	wanted := p.Face()
	if p.Open != nil || p.Kind == purchase.Punches {
		published, err := s.sales.orders.Publication(ctx, p.SKU, shop.ID)
		if err != nil {
			return Point{Check: "price", Grade: Passed, Detail: fmt.Sprintf("Shop %s sets its price.", shop.ID)}
		}
		wanted = published.Asks()
	}
	switch {
	case shown.Price == nil:
		return Point{Check: "price", Grade: Warning, Detail: fmt.Sprintf("What shop %s asks for it can't be read.", shop.ID)}
	case *shown.Price != wanted:
		return Point{Check: "price", Grade: Warning, Detail: fmt.Sprintf("Shop %s asks %s for it, and not %s.", shop.ID, shown.Price, wanted)}
	}
	return Point{Check: "price", Grade: Passed, Detail: fmt.Sprintf("Shop %s asks %s for it.", shop.ID, wanted)}
}
