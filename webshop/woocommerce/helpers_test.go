package woocommerce_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"vouchsafe/webshop"
	"vouchsafe/webshop/webshoptest"
	"vouchsafe/webshop/woocommerce"
)

const captured = "woocommerce-9.4.1-captured/"

// fields are the names under which the captured shop keeps what the buyer asked for.
var fields = webshop.Fields{
	RecipientEmail: "Modtagers e-mail",
	RecipientName:  "Til",
	Message:        "_gift_message",
	DeliverOn:      "Leveres",
	OneMail:        "Samlet",
}

func capturedSecret(t *testing.T) string {
	t.Helper()
	return strings.TrimSuffix(string(webshoptest.Fixture(t, captured+"SECRET.txt")), "\n")
}

func capturedRequest(t *testing.T, name string) (http.Header, []byte) {
	t.Helper()
	return webshoptest.FixtureHeader(t, captured+name+".headers.json"), webshoptest.Fixture(t, captured+name+".body")
}

func utc(clock string) time.Time {
	at, err := time.Parse(time.DateTime, "2026-11-22 "+clock)
	if err != nil {
		panic(err)
	}
	return at
}

// value is a JSON value of a body under test; change takes the place of one.
type value = map[string]any

// order returns a paid order of one line with these changes to it; a change to nil takes the name out.
func order(t *testing.T, changes value) []byte {
	t.Helper()
	body := value{
		"id": 1, "number": "1", "status": "processing", "currency": "DKK", "total": "500.00", "customer_id": 0,
		"billing": value{"first_name": "Åse", "last_name": "Ørsted", "email": "aase@example.dk"}, "payment_method": "quickpay",
		"date_created_gmt": "2026-11-22T01:38:04", "date_modified_gmt": "2026-11-22T01:38:05", "date_paid_gmt": "2026-11-22T01:38:05",
		"line_items": []value{line(nil)}, "meta_data": []value{}, "refunds": []value{},
	}
	return encoded(t, changed(body, changes))
}

func line(changes value) value {
	return changed(value{
		"id": 11, "name": "Gavekort", "product_id": 10, "quantity": 1, "total": "500.00", "total_tax": "0.00",
		"sku": "GIFT-500", "price": 499.99999999, "meta_data": []value{},
	}, changes)
}

func changed(body, changes value) value {
	for name, v := range changes {
		body[name] = v
		if v == nil {
			delete(body, name)
		}
	}
	return body
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func parsed(t *testing.T, body []byte) *webshop.Order {
	t.Helper()
	delivery, err := woocommerce.Parse(http.Header{}, body, fields)
	if err != nil {
		t.Fatal(err)
	}
	if delivery.Order == nil {
		t.Fatalf("no order: %+v", delivery)
	}
	return delivery.Order
}
