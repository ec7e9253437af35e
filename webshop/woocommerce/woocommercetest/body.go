package woocommercetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// orderBody is an order of the REST API v3, in WooCommerce's order of names, without those that tell nothing here.
type orderBody struct {
	ID               int64        `json:"id"`
	ParentID         int64        `json:"parent_id"`
	Status           string       `json:"status"`
	Currency         string       `json:"currency"`
	Version          string       `json:"version"`
	PricesIncludeTax bool         `json:"prices_include_tax"`
	Total            string       `json:"total"`
	CustomerID       int64        `json:"customer_id"`
	OrderKey         string       `json:"order_key"`
	Billing          billingBody  `json:"billing"`
	PaymentMethod    string       `json:"payment_method"`
	CreatedVia       string       `json:"created_via"`
	Number           string       `json:"number"`
	MetaData         []metaBody   `json:"meta_data"`
	LineItems        []lineBody   `json:"line_items"`
	TaxLines         []any        `json:"tax_lines"`
	FeeLines         []any        `json:"fee_lines"`
	CouponLines      []any        `json:"coupon_lines"`
	Refunds          []refundBody `json:"refunds"`
	DateCreatedGMT   string       `json:"date_created_gmt"`
	DateModifiedGMT  string       `json:"date_modified_gmt"`
	DatePaidGMT      *string      `json:"date_paid_gmt"`
	Links            linksBody    `json:"_links"`
}

type billingBody struct {
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Country   string `json:"country"`
	Email     string `json:"email"`
}

type lineBody struct {
	ID          int64          `json:"id"`
	Name        string         `json:"name"`
	ProductID   int64          `json:"product_id"`
	VariationID int64          `json:"variation_id"`
	Quantity    int            `json:"quantity"`
	Subtotal    string         `json:"subtotal"`
	Total       string         `json:"total"`
	TotalTax    string         `json:"total_tax"`
	MetaData    []metaBody     `json:"meta_data"`
	SKU         *string        `json:"sku"`
	Price       json.Number    `json:"price"`
	Image       map[string]any `json:"image"`
	ParentName  *string        `json:"parent_name"`
}

type metaBody struct {
	ID           int64  `json:"id"`
	Key          string `json:"key"`
	Value        any    `json:"value"`
	DisplayKey   string `json:"display_key,omitempty"`
	DisplayValue any    `json:"display_value,omitempty"`
}

// refundBody is all that an order tells of a refund: a negative sum, no lines.
type refundBody struct {
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
	Total  string `json:"total"`
}

type fullRefundBody struct {
	ID        int64            `json:"id"`
	Amount    string           `json:"amount"`
	Reason    string           `json:"reason"`
	MetaData  []metaBody       `json:"meta_data"`
	LineItems []refundLineBody `json:"line_items"`
}

type refundLineBody struct {
	ID       int64      `json:"id"`
	Quantity int        `json:"quantity"`
	Total    string     `json:"total"`
	MetaData []metaBody `json:"meta_data"`
}

type linksBody struct {
	Self []linkBody `json:"self"`
}

type linkBody struct {
	Href string `json:"href"`
}

type actionBody struct {
	Action string `json:"action"`
	Arg    int64  `json:"arg"`
}

type errorBody struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Data    map[string]int `json:"data"`
}

func unknownOrder() errorBody {
	return errorBody{
		Code:    "woocommerce_rest_shop_order_invalid_id",
		Message: "Invalid ID.",
		Data:    map[string]int{"status": 404},
	}
}

// body is the order as it is now. The caller holds the lock.
func (s *Shop) body(o *state) orderBody {
	body := orderBody{
		ID: o.id, Status: o.status, Currency: o.currency, Version: "9.4.1", PricesIncludeTax: true,
		Total: o.total(), CustomerID: o.buyer.CustomerID, OrderKey: fmt.Sprintf("wc_order_%d", o.id),
		Billing: billingBody{
			FirstName: o.buyer.FirstName, LastName: o.buyer.LastName, Country: "DK", Email: o.buyer.Email,
		},
		PaymentMethod: o.method, CreatedVia: "checkout", Number: text(o.id),
		MetaData: orderMeta(o), LineItems: []lineBody{}, Refunds: []refundBody{},
		TaxLines: []any{}, FeeLines: []any{}, CouponLines: []any{},
		DateCreatedGMT: wordPressTime(o.created), DateModifiedGMT: wordPressTime(o.modified),
		Links: linksBody{Self: []linkBody{{Href: fmt.Sprintf("%swp-json/wc/v3/orders/%d", s.source, o.id)}}},
	}
	if !o.paid.IsZero() {
		paid := wordPressTime(o.paid)
		body.DatePaidGMT = &paid
	}
	for _, l := range o.lines {
		body.LineItems = append(body.LineItems, l.body())
	}
	for _, r := range o.refunds {
		body.Refunds = append(body.Refunds, refundBody{ID: r.id, Total: "-" + r.amount})
	}
	return body
}

func (l line) body() lineBody {
	body := lineBody{
		ID: l.id, Name: l.Name, ProductID: 10, Quantity: l.Quantity,
		Subtotal: l.Total, Total: l.Total, TotalTax: l.TotalTax,
		MetaData: []metaBody{}, SKU: &l.SKU, Price: "0.1", Image: map[string]any{"id": "", "src": ""},
	}
	if body.TotalTax == "" {
		body.TotalTax = "0.00"
	}
	if l.SKU == "" {
		body.SKU, body.ProductID = nil, 0
	}
	for i, key := range slices.Sorted(maps.Keys(l.Meta)) {
		value := l.Meta[key]
		shown := strings.Join(strings.Fields(value), " ")
		body.MetaData = append(body.MetaData, metaBody{
			ID: l.id*100 + int64(i), Key: key, Value: value, DisplayKey: key, DisplayValue: shown,
		})
	}
	return body
}

func orderMeta(o *state) []metaBody {
	list := []metaBody{}
	for _, m := range o.meta {
		list = append(list, metaBody{ID: m.id, Key: m.key, Value: m.value})
	}
	return list
}

// body is a refund as its own address shows it: the lines are negative copies that name the order's lines.
func (r refund) body() fullRefundBody {
	body := fullRefundBody{ID: r.id, Amount: r.amount, MetaData: []metaBody{}, LineItems: []refundLineBody{}}
	for _, l := range r.lines {
		body.LineItems = append(body.LineItems, refundLineBody{
			ID: l.id, Quantity: -l.quantity, Total: "-" + l.total,
			MetaData: []metaBody{{ID: l.id, Key: "_refunded_item_id", Value: text(l.of)}},
		})
	}
	return body
}

func wordPressTime(at time.Time) string { return at.Format("2006-01-02T15:04:05") }

// encode writes JSON as PHP does: no markup escaped, but every slash and every character beyond ASCII.
func encode(value any) []byte {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("woocommercetest: a body can't be encoded: " + err.Error())
	}
	var out strings.Builder
	for _, r := range strings.TrimSpace(plain.String()) {
		switch {
		case r == '/':
			out.WriteString(`\/`)
		case r < 0x80:
			out.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
	}
	return []byte(out.String())
}
