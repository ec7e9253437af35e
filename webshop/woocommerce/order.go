package woocommerce

import (
	"fmt"
	"net/url"
	"strings"

	"vouchsafe/webshop"
)

// wordPressTime is how WordPress writes an instant in its *_gmt fields: UTC, without a zone.
const wordPressTime = "2006-01-02T15:04:05"

// readOrder reads an order of the REST API v3, from a webhook or from the API itself. The source is the shop's address
// as the webhook's header states it; without one it is taken from the order's link to itself.
func readOrder(o webshop.Object, fields webshop.Fields, source string) (webshop.Delivery, error) {
	status := strings.TrimPrefix(o.Text("status"), "wc-")
	if reason := unfinished(status); reason != "" {
		return ignored(reason), o.Err()
	}
	if source == "" {
		source = linkedSource(o)
	}
	order := &webshop.Order{
		ID:       serial(o, "id"),
		Number:   o.Loose("number"),
		Source:   normalSource(source),
		Created:  o.Time("date_created_gmt", wordPressTime),
		Modified: o.Time("date_modified_gmt", wordPressTime),
		PaidAt:   o.Time("date_paid_gmt", wordPressTime),
		Method:   o.Text("payment_method"),
		Currency: o.Currency("currency"),
		Language: language(o),
		Customer: readCustomer(o),
	}
	order.Total = webshop.Decimal(o.Decimal("total"), order.Currency)
	readStatus(order, status)
	readLines(o, order, fields)
	readRefunds(o, order)
	complete(o, order)
	if err := o.Err(); err != nil {
		return webshop.Delivery{}, err
	}
	return webshop.Delivery{Order: order}, nil
}

// unfinished tells why an order with this status is none yet, or none any more. Bodies of orders in the bin come when
// they are changed there.
func unfinished(status string) string {
	switch status {
	case "checkout-draft", "auto-draft", "draft", "new":
		return "the order is a draft"
	case "trash":
		return "the order is in the shop's bin"
	}
	return ""
}

// readStatus needs the payment date to be read.
func readStatus(order *webshop.Order, status string) {
	switch status {
	case "processing", "completed":
		order.Status = webshop.Placed
		if !order.PaidAt.IsZero() {
			order.Status = webshop.Paid
		}
	case "pending", "on-hold":
		order.Status = webshop.Placed
	case "cancelled", "failed":
		order.Status = webshop.Cancelled
	case "refunded":
		order.Status = webshop.Refunded
	default:
		order.Status = webshop.Placed
		order.Doubts = append(order.Doubts, unknownStatus(order, status))
	}
}

func unknownStatus(order *webshop.Order, status string) string {
	doubt := fmt.Sprintf("its status %q is not one of WooCommerce's own and counts as placed", status)
	if !order.PaidAt.IsZero() {
		doubt += ", although a payment date is set"
	}
	return doubt
}

func readCustomer(o webshop.Object) webshop.Customer {
	billing := o.Object("billing")
	customer := webshop.Customer{
		Email: billing.Text("email"),
		Name:  strings.TrimSpace(billing.Text("first_name") + " " + billing.Text("last_name")),
	}
	if id := o.Loose("customer_id"); id != "" && id != "0" {
		customer.ID = serial(o, "customer_id")
	}
	return customer
}

// readRefunds notes what was given back. The order's body does not say for which lines; for a wholly refunded order
// that does not matter.
func readRefunds(o webshop.Object, order *webshop.Order) {
	for _, r := range o.Objects("refunds") {
		order.Refunds = append(order.Refunds, webshop.Refund{
			ID:     serial(r, "id"),
			Amount: webshop.Decimal(strings.TrimPrefix(r.Decimal("total"), "-"), order.Currency),
		})
	}
	order.RefundsIncomplete = len(order.Refunds) > 0 && order.Status != webshop.Refunded
}

// complete fills what an order may leave out and refuses one without what nothing can replace.
func complete(o webshop.Object, order *webshop.Order) {
	if order.Number == "" {
		order.Number = order.ID
	}
	if order.Modified.IsZero() {
		order.Modified = order.Created
	}
	if order.Modified.IsZero() {
		o.Fail("date_modified_gmt", "is missing")
	}
	if order.Currency == "" {
		o.Fail("currency", "is missing")
	}
}

// language reads what the translation plug-ins WPML and TranslatePress note on an order; WooCommerce itself notes none.
func language(o webshop.Object) string {
	for _, m := range o.Objects("meta_data") {
		if key := m.Loose("key"); key == "wpml_language" || key == "trp_language" {
			return m.Loose("value")
		}
	}
	return ""
}

// linkedSource takes the shop's address from the link that every answer of the REST API carries to itself.
func linkedSource(o webshop.Object) string {
	for _, link := range o.Object("_links").Objects("self") {
		if home, _, found := strings.Cut(link.Loose("href"), "wp-json/"); found {
			return home
		}
	}
	return ""
}

// normalSource writes one address in one way: the host in lower case and a slash at the end.
func normalSource(source string) string {
	u, err := url.Parse(source)
	if err != nil || u.Host == "" {
		return source
	}
	u.Host = strings.ToLower(u.Host)
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u.String()
}
