package admin

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// productsIn asks for products.
type productsIn struct {
	PageIn
	Q    string `query:"q" maxLength:"200" doc:"Within SKU or name. Never a code"`
	Sort string `query:"sort" enum:"sku,-sku,created_at,-created_at" default:"sku" doc:"created_at: when it was registered, which from and to go by too. A minus turns it around"`
}

// ProductBody is a voucher product as it is told of.
type ProductBody struct {
	SKU                string        `json:"sku" minLength:"1" maxLength:"100" doc:"Under which shops sell it"`
	Name               string        `json:"name" minLength:"1" maxLength:"200" doc:"As buyers know it"`
	Kind               string        `json:"kind" enum:"money,punches,credit"`
	Amount             *money.Amount `json:"amount,omitempty" doc:"Face value; exactly one of amount, open and punches"`
	Open               *openBody     `json:"open,omitempty" doc:"The buyer chooses the value"`
	Punches            *int64        `json:"punches,omitempty" minimum:"1" maximum:"10000" doc:"Punches of a punch card"`
	Mode               string        `json:"mode,omitempty" enum:"card,customer" doc:"Default: the shop's"`
	Category           string        `json:"category,omitempty" maxLength:"200" doc:"For direct links"`
	Facilities         []string      `json:"facilities,omitempty" maxItems:"100" nullable:"false" minLength:"1" maxLength:"200" doc:"For direct links"`
	RequiresMembership bool          `json:"requires_membership,omitempty"`
	VAT                string        `json:"vat,omitempty" enum:"multi_purpose,single_purpose" doc:"Default: multi_purpose; a punch card must say"`
	VATRate            string        `json:"vat_rate,omitempty" maxLength:"6" doc:"Percent as a decimal"`
	Expires            string        `json:"expires,omitempty" maxLength:"20" doc:"never, P3Y, P3Y/year-end, or country (the default) for the customary term"`
	MinPaid            int           `json:"min_paid,omitempty" minimum:"1" maximum:"100" doc:"Percent of the face value that must have been paid; default 100"`
	Activation         string        `json:"activation,omitempty" enum:"automatic,manual" doc:"Default: automatic"`
	Prefix             string        `json:"prefix,omitempty" maxLength:"8" doc:"Of its codes: capital letters and digits"`
	CodeLength         string        `json:"code_length,omitempty" enum:"standard,high" doc:"Symbols of its codes: 16, or 20 where they must be harder to guess. Default: standard"`
	Template           string        `json:"template,omitempty" maxLength:"200" doc:"Of its mails"`
}

// openBody limits the value of an open product; whichever is stated names the currency.
type openBody struct {
	Min *money.Amount `json:"min,omitempty" doc:"Default: the smallest amount of the currency"`
	Max *money.Amount `json:"max,omitempty" doc:"Default: the most that a voucher may hold"`
}

// productOut is a registered product.
type productOut struct {
	ID string `json:"id" doc:"Names the product in addresses: its SKU, or what stands for one that no address can hold"`
	ProductBody
}

func (t *trade) products(ctx context.Context, in *productsIn) (*body[pageOut[productOut]], error) {
	from, to, err := t.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := t.office.Products(ctx, retail.Search{Page: in.stretch(in.Sort), Text: in.Q, From: from, To: to})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showProduct), nil
}

// showProduct renders a product.
func showProduct(p purchase.Product) productOut {
	out := productOut{ID: addressOf(p.SKU), ProductBody: ProductBody{
		SKU: p.SKU, Name: p.Name, Kind: string(p.Kind), Mode: p.Mode, Category: p.Category, Facilities: p.Facilities,
		RequiresMembership: p.RequiresMembership, VAT: string(p.VAT), VATRate: p.VATRate, Expires: p.Expires, MinPaid: p.MinPaid,
		Activation: string(p.Activation), Prefix: p.Prefix, CodeLength: string(p.CodeLength), Template: p.Template,
	}}
	switch {
	case p.Open != nil:
		least := money.Of(p.Open.Min, p.Currency)
		out.Open = &openBody{Min: &least}
		if p.Open.Max > 0 {
			most := money.Of(p.Open.Max, p.Currency)
			out.Open.Max = &most
		}
	case p.Kind == purchase.Punches:
		out.Punches = &p.Amount
	default:
		face := p.Face()
		out.Amount = &face
	}
	return out
}

// sealedSKU begins the id of a product whose SKU can't be a part of an address: the rest is the SKU in base64url.
const sealedSKU = "~"

// addressOf is the SKU as a part of an address.
func addressOf(sku string) string {
	if strings.Contains(sku, "/") || sku == "." || sku == ".." || strings.HasPrefix(sku, sealedSKU) {
		return sealedSKU + base64.RawURLEncoding.EncodeToString([]byte(sku))
	}
	return sku
}

// skuOf reads what addressOf wrote. What it never wrote is the SKU of nothing.
func skuOf(id string) string {
	sealed, is := strings.CutPrefix(id, sealedSKU)
	if !is {
		return id
	}
	sku, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return ""
	}
	return string(sku)
}

// addProductIn asks for a product to be registered.
type addProductIn struct {
	Body ProductBody
}

func (t *trade) addProduct(ctx context.Context, in *addProductIn) (*body[productOut], error) {
	product, err := in.Body.product()
	if err != nil {
		return nil, err
	}
	product, err = t.office.AddProduct(ctx, counter.Caller(ctx), product)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return made(showProduct(product)), nil
}

// product is what is to be registered, or the first field that can't be meant.
func (b ProductBody) product() (purchase.Product, error) {
	p := purchase.Product{
		SKU: b.SKU, Name: b.Name, Kind: purchase.Kind(b.Kind), MinPaid: b.MinPaid, Mode: b.Mode, Category: b.Category,
		Facilities: b.Facilities, RequiresMembership: b.RequiresMembership, VAT: purchase.VAT(b.VAT), VATRate: b.VATRate,
		Expires: b.Expires, Activation: purchase.Activation(b.Activation), Prefix: b.Prefix, CodeLength: purchase.CodeLength(b.CodeLength), Template: b.Template,
	}
	if (p.Kind == purchase.Punches) != (b.Punches != nil) {
		return p, counter.Invalid("punches", "a number of punches belongs to kind punches, and to no other")
	}
	var err error
	switch {
	case b.Punches != nil && b.Amount == nil && b.Open == nil:
		p.Currency, p.Amount = money.Punch, *b.Punches
	case b.Amount != nil && b.Punches == nil && b.Open == nil:
		p.Currency, p.Amount = b.Amount.Currency, b.Amount.Minor
		err = inMoney("amount", b.Amount)
	case b.Open != nil && b.Punches == nil && b.Amount == nil:
		p.Currency, p.Open, err = b.Open.bounds()
	default:
		err = counter.Invalid("amount", "state exactly one of amount, open and punches")
	}
	return p, err
}

// bounds are the limits of an open product.
func (o openBody) bounds() (money.Currency, *purchase.Range, error) {
	stated := cmp.Or(o.Min, o.Max)
	if stated == nil {
		return "", nil, counter.Invalid("open", "state min or max, whose currency is the product's")
	}
	limits := &purchase.Range{}
	for _, bound := range []struct {
		field  string
		amount *money.Amount
		into   *int64
	}{{"open.min", o.Min, &limits.Min}, {"open.max", o.Max, &limits.Max}} {
		if bound.amount == nil {
			continue
		}
		if err := inMoney(bound.field, bound.amount); err != nil {
			return "", nil, err
		}
		if bound.amount.Currency != stated.Currency {
			return "", nil, counter.Invalid(bound.field+".currency", "must be that of the other limit")
		}
		*bound.into = bound.amount.Minor
	}
	return stated.Currency, limits, nil
}

// inMoney refuses an amount that is not above zero, or in nothing that one can pay with.
func inMoney(field string, amount *money.Amount) error {
	if _, known := amount.Currency.Digits(); !known || amount.Currency == money.Punch || amount.Currency == money.Point {
		return counter.Invalid(field+".currency", "is no currency of ISO 4217")
	}
	if amount.Minor <= 0 {
		return counter.Invalid(field+".amount", "must be above zero")
	}
	return nil
}

// checklistOut is what to know before a product is sold.
type checklistOut struct {
	Product  productOut `json:"product"`
	OK       bool       `json:"ok" doc:"False when it can't be sold as it is; warnings leave it true"`
	Warnings int        `json:"warnings"`
	Items    []pointOut `json:"items" nullable:"false"`
}

// pointOut is one point of the checklist.
type pointOut struct {
	Check  string   `json:"check" enum:"shops,expires,vat,mode,value,activation,mode_chosen,tenders,language,mail,shop,webhooks,currency,published,price,tax,shipping"`
	State  string   `json:"state" enum:"ok,warning,failed"`
	Detail string   `json:"detail"`
	Rule   *ruleOut `json:"rule,omitempty"`
}

// ruleOut is a country's rule that a point rests on (X09).
type ruleOut struct {
	Country string `json:"country" doc:"ISO 3166"`
	Term    string `json:"term" doc:"The shortest that is safe to print"`
	Source  string `json:"source" doc:"Where it stands"`
	ReadOn  string `json:"read_on" doc:"When that was read: a year and month"`
	Notice  string `json:"notice"`
}

// showRule renders the rule that a point rests on; nil for none.
func showRule(rule *voucher.Rule) *ruleOut {
	if rule == nil {
		return nil
	}
	return &ruleOut{
		Country: rule.Country, Term: string(rule.Term), Source: rule.Source, ReadOn: rule.ReadOn,
		Notice: "This is not legal advice; a merchant may always grant more.",
	}
}
