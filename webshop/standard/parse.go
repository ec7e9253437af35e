package standard

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"vouchsafe/webshop"
)

// Parse reads the body of a verified message. A message of a type that is not about orders is Ignored. The form has a place
// for everything that a buyer can ask for, so no fields are looked up.
func Parse(header http.Header, body []byte, _ webshop.Fields) (webshop.Delivery, error) {
	message, err := webshop.ReadObject(body)
	if err != nil {
		return webshop.Delivery{}, err
	}
	kind := message.Loose("type")
	if kind != "" && !strings.HasPrefix(kind, "order.") {
		return webshop.Delivery{Ignored: fmt.Sprintf("its type is %.40q, which is not about an order", kind)}, nil
	}
	data := message.Object("data")
	if !data.Has("order") {
		data.Fail("order", "is missing")
	}
	order := readOrder(data.Object("order"), kind, header)
	if err := message.Err(); err != nil {
		return webshop.Delivery{}, err
	}
	return webshop.Delivery{Order: order}, nil
}

func readOrder(o webshop.Object, kind string, header http.Header) *webshop.Order {
	customer, payment := o.Object("customer"), o.Object("payment")
	order := &webshop.Order{
		ID:       o.ID("id"),
		Number:   o.Loose("number"),
		Status:   readStatus(o, kind),
		Modified: readModified(o, header),
		PaidAt:   readTime(payment, "paid_at"),
		Method:   payment.Text("method"),
		Currency: o.Currency("currency"),
		Language: o.Text("language"),
		Customer: webshop.Customer{
			ID:    readAccount(customer),
			Email: customer.Text("email"),
			Name:  customer.Text("name"),
		},
	}
	if order.Number == "" {
		order.Number = order.ID
	}
	if order.Currency == "" {
		order.Currency = o.Object("total").Currency("currency")
	}
	if order.Currency == "" {
		o.Fail("currency", "is missing")
	}
	readLines(o, order)
	readRefunds(o, order)
	readTotal(o, order)
	return order
}

// readAccount is who the buyer is; 0 is how many shops write that he is a guest.
func readAccount(customer webshop.Object) string {
	if id := customer.Loose("id"); id != "0" {
		return id
	}
	return ""
}

// readStatus takes the last word of the type, order.paid, when the order has no status.
func readStatus(o webshop.Object, kind string) webshop.Status {
	word := o.Text("status")
	if word == "" {
		word = strings.TrimPrefix(kind, "order.")
	}
	switch word {
	case "placed":
		return webshop.Placed
	case "paid":
		return webshop.Paid
	case "cancelled":
		return webshop.Cancelled
	case "refunded":
		return webshop.Refunded
	}
	o.Fail("status", "placed, paid, cancelled or refunded was expected")
	return webshop.Placed
}

func readModified(o webshop.Object, header http.Header) time.Time {
	if at := readTime(o, "updated_at"); !at.IsZero() {
		return at
	}
	at, err := readStamp(header.Get(timestampHeader))
	if err != nil {
		o.Fail("updated_at", "is missing")
	}
	return at
}

// readTime wants a zone, since a guessed one would put states into the wrong order, and keeps microseconds, which is
// what PostgreSQL stores.
func readTime(o webshop.Object, name string) time.Time {
	return o.Time(name, time.RFC3339).Truncate(time.Microsecond)
}

func readLines(o webshop.Object, order *webshop.Order) {
	seen := map[string]bool{}
	for _, l := range o.Objects("lines") {
		recipient := l.Object("recipient")
		line := webshop.Line{
			ID:        l.ID("id"),
			SKU:       l.Loose("sku"),
			Name:      l.Text("name"),
			Quantity:  readQuantity(l),
			UnitPrice: readMoney(l, "unit_price", order.Currency),
			Recipient: webshop.Recipient{Name: recipient.Text("name"), Email: recipient.Text("email")},
			Message:   l.Text("message"),
			DeliverOn: l.Loose("deliver_on"),
			ForSelf:   l.Truth("for_self"),
			OneMail:   isTrue(l.Truth("one_mail")),
		}
		line.Paid = readPaid(l, line, order.Currency)
		if seen[line.ID] {
			l.Fail("id", "another line has the same id")
		}
		seen[line.ID] = true
		order.Lines = append(order.Lines, line)
	}
}

// isTrue is no for what the shop did not say.
func isTrue(said *bool) bool { return said != nil && *said }

func readQuantity(o webshop.Object) int {
	n := o.Whole("quantity")
	if !o.Has("quantity") || n < 0 || n > maxQuantity {
		o.Fail("quantity", "a number from 0 to %d was expected", maxQuantity)
	}
	return int(n)
}

// readRefunds reads each refund once: of two with one id, which say the same, one counts.
func readRefunds(o webshop.Object, order *webshop.Order) {
	seen := map[string]webshop.Refund{}
	for _, r := range o.Objects("refunds") {
		refund := webshop.Refund{ID: r.ID("id"), Amount: readMoney(r, "amount", order.Currency)}
		if !refund.Amount.Given() {
			r.Fail("amount", "is missing")
		}
		for _, l := range r.Objects("lines") {
			refund.Lines = append(refund.Lines, webshop.RefundLine{
				ID: l.ID("id"), Quantity: readQuantity(l), Amount: readMoney(l, "amount", order.Currency),
			})
		}
		if told, again := seen[refund.ID]; !again {
			seen[refund.ID] = refund
			order.Refunds = append(order.Refunds, refund)
		} else if !reflect.DeepEqual(told, refund) {
			r.Fail("id", "another refund has the same id")
		}
	}
}
