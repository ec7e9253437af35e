package woocommerce_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
	"vouchsafe/webshop/webshoptest"
	"vouchsafe/webshop/woocommerce"
)

const source = "http://127.0.0.1:18082/"

// order15 is the captured order of three vouchers and two bags of coffee, before anybody paid.
func order15() webshop.Order {
	return webshop.Order{
		ID: "15", Number: "15", Source: source,
		Created: utc("01:38:04"), Modified: utc("01:38:04"), Status: webshop.Placed,
		Method: "quickpay", Currency: "DKK",
		Customer: webshop.Customer{Email: "soeren+gave@example.dk", Name: "Søren Ørsted-Åkjær"},
		Total:    webshop.Decimal("1665.51", "DKK"),
		Lines: []webshop.Line{
			{
				ID: "1", SKU: "GAVEKORT-500", Name: "Gavekort 500 kr. – blå æøå 🎁", Quantity: 3,
				Paid:      webshop.Decimal("1500.00", "DKK"),
				Net:       webshop.Decimal("1500.00", "DKK"),
				Recipient: webshop.Recipient{Name: "Mormor Åse 👵"},
				Message:   "Tillykke!\n\"Kys\" </script>",
			},
			{
				ID: "2", SKU: "KAFFE-1", Name: `Kaffe "Ærø" & te <500 g>`, Quantity: 2,
				Paid: webshop.Decimal("165.51", "DKK"), // 132.41 and 33.10 of tax, not 2 × 66.204
				Net:  webshop.Decimal("132.41", "DKK"),
			},
		},
	}
}

func order15At(modified string, status webshop.Status) webshop.Order {
	order := order15()
	order.Modified, order.Status, order.PaidAt = utc(modified), status, utc("01:38:05")
	return order
}

func order15Refunded() webshop.Order {
	order := order15At("01:38:08", webshop.Paid)
	order.Refunds = []webshop.Refund{{ID: "16", Amount: webshop.Decimal("500.00", "DKK")}}
	order.RefundsIncomplete = true
	return order
}

func order18(modified string, status webshop.Status) webshop.Order {
	return webshop.Order{
		ID: "18", Number: "18", Source: source,
		Created: utc("01:38:10"), Modified: utc(modified), Status: status, Currency: "SEK",
		Customer: webshop.Customer{ID: "1", Email: "soeren+gave@example.dk", Name: "Søren Ørsted-Åkjær"},
		Total:    webshop.Decimal("750.50", "SEK"),
		Lines: []webshop.Line{{
			ID: "6", SKU: "GAVEKORT-500", Name: "Gavekort 500 kr. – blå æøå 🎁", Quantity: 1,
			Paid: webshop.Decimal("750.50", "SEK"), Net: webshop.Decimal("750.50", "SEK"),
		}},
	}
}

func order28() webshop.Order {
	return webshop.Order{
		ID: "28", Number: "28", Source: source,
		Created: utc("01:59:11"), Modified: utc("01:59:11"), Status: webshop.Placed, Method: "cod", Currency: "DKK",
		Customer: webshop.Customer{Email: "aase@example.dk", Name: "Åse Ørsted"},
		Total:    webshop.Decimal("500.00", "DKK"),
		Lines: []webshop.Line{{
			ID: "16", SKU: "GAVEKORT-250", Name: "Gavekort 250", Quantity: 2, Paid: webshop.Decimal("500.00", "DKK"), Net: webshop.Decimal("500.00", "DKK"),
		}},
	}
}

func TestEveryCapturedOrderIsReadToTheLastField(t *testing.T) {
	t.Parallel()
	tests := map[string]webshop.Order{
		"order_created_guest_3_vouchers_coupon_pending_dkk":              order15(),
		"order_updated_same_second_as_created":                           order15(),
		"order_updated_paid_processing_dkk":                              order15At("01:38:05", webshop.Paid),
		"order_updated_completed_dkk":                                    order15At("01:38:06", webshop.Paid),
		"order_updated_partial_refund_status_still_completed":            order15Refunded(),
		"order_created_customer_pending_sek":                             order18("01:38:10", webshop.Placed),
		"order_updated_cancelled_sek":                                    order18("01:38:11", webshop.Cancelled),
		"order_28_created_arrives_after_updated_cod_processing_not_paid": order28(),
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, body := capturedRequest(t, name)
			got, err := woocommerce.Parse(header, body, fields)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(webshop.Delivery{Order: &want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheCapturedBankTransferOnHoldIsPlaced(t *testing.T) {
	t.Parallel()
	_, body := capturedRequest(t, "order_created_on_hold_bacs")
	got := parsed(t, body)
	if got.Status != webshop.Placed || !got.PaidAt.IsZero() || got.Method != "bacs" {
		t.Errorf("got %s, paid at %s by %s", got.Status, got.PaidAt, got.Method)
	}
}

func TestTheCapturedThinBodies(t *testing.T) {
	t.Parallel()
	header, body := capturedRequest(t, "action_payment_complete_thin")
	got, err := woocommerce.Parse(header, body, fields)
	if want := (webshop.Delivery{FetchID: "15"}); err != nil || got != want {
		t.Errorf("payment complete: got %+v, %v", got, err)
	}
	header, body = capturedRequest(t, "order_deleted_id_only")
	got, err = woocommerce.Parse(header, body, fields)
	if err != nil || got.Ignored == "" || got.FetchID != "" || got.Order != nil {
		t.Errorf("deleted: got %+v, %v", got, err)
	}
}

// Only the name says which of two deliveries came first: nothing else may be taken from it.
func TestTwoDeliveriesOfOneSecondGiveTheSameOrder(t *testing.T) {
	t.Parallel()
	header, body := capturedRequest(t, "order_created_guest_3_vouchers_coupon_pending_dkk")
	created, err := woocommerce.Parse(header, body, fields)
	if err != nil {
		t.Fatal(err)
	}
	header, body = capturedRequest(t, "order_updated_same_second_as_created")
	updated, err := woocommerce.Parse(header, body, fields)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(created, updated); diff != "" {
		t.Error(diff)
	}
}

func TestTheOrdersOfTheDocumentationAreRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"orders_0.json", "orders_1.json"} {
		got := parsed(t, webshoptest.Fixture(t, "woocommerce-docs/"+name))
		if got.ID != "727" || got.Source != "https://example.com/" || got.Status != webshop.Paid || got.Method != "bacs" {
			t.Errorf("%s: got %+v", name, got)
		}
		if want := time.Date(2017, 3, 22, 19, 28, 2, 0, time.UTC); !got.Created.Equal(want) {
			t.Errorf("%s: created %s, want %s: it must come from the field in UTC", name, got.Created, want)
		}
		want := []webshop.Money{webshop.Decimal("6.45", "USD"), webshop.Decimal("12.90", "USD")}
		if diff := cmp.Diff(want, []webshop.Money{got.Lines[0].Paid, got.Lines[1].Paid}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
