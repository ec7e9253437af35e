package retail

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// Products lists products, those with a text in SKU or name. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Products(ctx context.Context, f Search) (page []purchase.Product, next string, err error) {
	if err = o.noCode(ctx, f.Text); err == nil {
		page, next, err = o.sales.orders.ProductPage(ctx, f)
	}
	return page, next, settled("list products", err)
}

// AddProduct registers a product and returns it with its defaults filled in. Errors: ErrInvalid, with the names of the fields;
// ErrExists.
func (o *BackOffice) AddProduct(ctx context.Context, by Actor, p purchase.Product) (purchase.Product, error) {
	made, err := o.sales.addProduct(ctx, p, o.noted(ctx, by, didAddProduct, "product "+p.SKU, map[string]any{
		"name": p.Name, "amount": p.Amount, "currency": p.Currency,
	}))
	return made, settled("add a product", err)
}

// Grade says how a point of a checklist stands.
type Grade string

// The grades.
const (
	Passed  Grade = "ok"
	Warning Grade = "warning" // it works, and a person should know
	Failed  Grade = "failed"  // nothing of it can be sold as it is
)

// Point is one point of a product's checklist.
type Point struct {
	Check  string // "expires", "vat", "mode", "value", "activation", "shops"
	Grade  Grade
	Detail string        // a sentence
	Rule   *voucher.Rule // the rule that it rests on; nil for none
}

// CheckProduct goes through what a person should know before a product is sold (X09, X10, D07). It changes nothing. Error:
// ErrUnknownProduct.
func (o *BackOffice) CheckProduct(ctx context.Context, sku string) (purchase.Product, []Point, error) {
	p, err := o.sales.Product(ctx, sku)
	if err != nil {
		return purchase.Product{}, nil, settled("check a product", err)
	}
	shops, err := o.sales.orders.Shops(ctx)
	if err != nil {
		return purchase.Product{}, nil, settled("check a product", err)
	}
	points := append([]Point{checkShops(shops)}, o.checkTerms(p, shops)...)
	points = append(points, checkVAT(p))
	points = append(points, o.checkModes(p, shops)...)
	return p, append(points, o.checkValue(p), checkActivation(p)), nil
}

// checkShops warns while nobody can sell the product.
func checkShops(shops []orders.Shop) Point {
	if len(shops) == 0 {
		return Point{Check: "shops", Grade: Warning, Detail: "No webshop is registered that could sell it."}
	}
	return Point{Check: "shops", Grade: Passed, Detail: fmt.Sprintf("A line of an order with this SKU is a voucher, in each of %d shops.", len(shops))}
}

// checkTerms compares the term with the rule of every country that the product is sold in.
func (o *BackOffice) checkTerms(p purchase.Product, shops []orders.Shop) []Point {
	sold := map[string]bool{}
	for _, shop := range shops {
		sold[o.sales.country(shop)] = true
	}
	if len(sold) == 0 {
		sold[o.sales.defaults.Country] = true
	}
	var points []Point
	for _, country := range slices.Sorted(maps.Keys(sold)) {
		points = append(points, checkTerm(p, country))
	}
	return points
}

func checkTerm(p purchase.Product, country string) Point {
	rule, known := voucher.RuleOf(country)
	if !known {
		return Point{Check: "expires", Grade: Warning, Detail: fmt.Sprintf("No rule is known for %s.", country)}
	}
	term, err := voucher.ParseTerm(p.Expires, country)
	switch {
	case err != nil:
		return Point{Check: "expires", Grade: Failed, Detail: fmt.Sprintf("Its term %q can't be read.", p.Expires), Rule: &rule}
	case term.ShorterThan(rule.Term):
		return Point{
			Check: "expires", Grade: Warning, Rule: &rule,
			Detail: fmt.Sprintf("Its term %s is shorter than the rule of %s, %s.", term, country, rule.Term),
		}
	}
	return Point{Check: "expires", Grade: Passed, Detail: fmt.Sprintf("Sold in %s, its term is %s.", country, term), Rule: &rule}
}

// checkVAT warns of a voucher that is taxed when it is sold, at a rate that nobody has stated.
func checkVAT(p purchase.Product) Point {
	switch {
	case p.VAT == purchase.SinglePurpose && p.VATRate == "":
		return Point{Check: "vat", Grade: Warning, Detail: "It is taxed when it is sold, and no vat_rate is stated: receipts and exports lack it."}
	case p.VAT == purchase.SinglePurpose:
		return Point{Check: "vat", Grade: Passed, Detail: fmt.Sprintf("It is taxed when it is sold, at %s percent.", p.VATRate)}
	case p.VATRate != "":
		return Point{Check: "vat", Grade: Warning, Detail: "It is a means of payment, taxed when it is spent: its vat_rate has no effect."}
	}
	return Point{Check: "vat", Grade: Passed, Detail: "It is a means of payment, taxed when it is spent."}
}

// checkModes tells of each mode that the product's vouchers will have, and warns where a shop's log-ins overrule it.
func (o *BackOffice) checkModes(p purchase.Product, shops []orders.Shop) []Point {
	var points []Point
	for _, shop := range shops {
		wished := cmp.Or(p.Mode, shop.Holder, o.sales.defaults.Holder)
		if shop.DuplicateLogins && wished == purchase.CustomerMode {
			points = append(points, Point{Check: "mode", Grade: Warning, Detail: fmt.Sprintf(
				"Shop %s lets customers share a log-in: there its vouchers are bearer cards, and not a customer's.", shop.ID)})
		}
	}
	if points == nil {
		points = []Point{{Check: "mode", Grade: Passed, Detail: "Every shop can sell it in its mode."}}
	}
	return points
}

// checkValue tells what a voucher of it is worth, and warns where that may be more than was paid.
func (o *BackOffice) checkValue(p purchase.Product) Point {
	if err := o.sales.affordable(p); err != nil {
		return Point{Check: "value", Grade: Failed, Detail: "Every purchase of it would wait for the office: " + err.Error() + "."}
	}
	if p.Open != nil {
		most := money.Of(p.Open.Max, p.Currency)
		if limit, err := money.Parse(o.sales.defaults.Ceiling, p.Currency); p.Open.Max == 0 && err == nil {
			most = limit
		}
		return Point{Check: "value", Grade: Passed, Detail: fmt.Sprintf(
			"A voucher is worth what was paid for it, from %s to %s.", money.Of(p.Open.Min, p.Currency), most)}
	}
	if p.MinPaid < 100 {
		return Point{Check: "value", Grade: Warning, Detail: fmt.Sprintf(
			"A voucher of %s is issued when %d percent of it was paid.", p.Face(), p.MinPaid)}
	}
	return Point{Check: "value", Grade: Passed, Detail: fmt.Sprintf("A voucher is worth %s, all of it paid.", p.Face())}
}

// checkActivation warns of vouchers that nobody can use until a person acts.
func checkActivation(p purchase.Product) Point {
	if p.Activation == purchase.Manual {
		return Point{Check: "activation", Grade: Warning, Detail: "Its vouchers can't be used until the office has activated each of them."}
	}
	return Point{Check: "activation", Grade: Passed, Detail: "Its vouchers can be used as soon as they are paid."}
}
