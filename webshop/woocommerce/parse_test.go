package woocommerce_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
)

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestStatusComesFromTheStateAndThePaymentDateTogether(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, status string
		dated        bool
		want         webshop.Status
	}{
		{"pending", "pending", false, webshop.Placed},
		{"bank transfer awaited", "on-hold", false, webshop.Placed},
		{"cash on delivery", "processing", false, webshop.Placed},
		{"paid", "processing", true, webshop.Paid},
		{"completed and paid", "completed", true, webshop.Paid},
		{"completed, never paid", "completed", false, webshop.Placed},
		{"paid, then put on hold", "on-hold", true, webshop.Placed},
		{"cancelled before payment", "cancelled", false, webshop.Cancelled},
		{"cancelled after payment", "cancelled", true, webshop.Cancelled},
		{"payment failed", "failed", false, webshop.Cancelled},
		{"refunded", "refunded", true, webshop.Refunded},
		{"with the prefix of the database", "wc-completed", true, webshop.Paid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changes := value{"status": test.status}
			if !test.dated {
				changes["date_paid_gmt"] = nil
			}
			got := parsed(t, order(t, changes))
			if got.Status != test.want || len(got.Doubts) != 0 {
				t.Errorf("got %s, doubts %v, want %s", got.Status, got.Doubts, test.want)
			}
		})
	}
}

func TestAStatusOfAPluginIsNotPaidAndIsDoubted(t *testing.T) {
	t.Parallel()
	got := parsed(t, order(t, value{"status": "shipped"}))
	if got.Status != webshop.Placed || got.PaidAt.IsZero() || len(got.Doubts) != 1 {
		t.Errorf("got %s, paid at %s, doubts %q", got.Status, got.PaidAt, got.Doubts)
	}
}

func TestAnOrderThatIsNoneYetOrNoMoreIsIgnored(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"checkout-draft", "auto-draft", "trash"} {
		got, err := woocommerce.Parse(http.Header{}, order(t, value{"status": status}), fields)
		if err != nil || got.Ignored == "" || got.Order != nil {
			t.Errorf("%s: got %+v, %v", status, got, err)
		}
	}
}

func TestAmountsOfEveryCurrencyAreAddedExactly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file     string
		quantity int
		want     webshop.Money
	}{
		{"kwd_25125_for_two.json", 2, webshop.Decimal("25.125", "KWD")},
		{"jpy.json", 1, webshop.Decimal("5000", "JPY")},
		{"zero_total.json", 1, webshop.Decimal("0.00", "DKK")},
		{"taxable_voucher.json", 1, webshop.Decimal("100.00", "DKK")},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			got := parsed(t, testdata(t, test.file))
			if got.Status != webshop.Paid || got.Lines[0].Paid != test.want || got.Lines[0].Quantity != test.quantity {
				t.Errorf("got %s, %d units for %s, want %s", got.Status, got.Lines[0].Quantity, got.Lines[0].Paid, test.want)
			}
		})
	}
}

func TestSumsOfTotalAndTax(t *testing.T) {
	t.Parallel()
	tests := []struct{ total, tax, want any }{
		{"0.1", "0.2", "0.3"},
		{"132.41", "33.10", "165.51"},
		{"80", "20.000", "100.000"},
		{"0.05", "0.05", "0.10"},
		{"-5.00", "-1.25", "-6.25"},
		{"-5.00", "5.01", "0.01"},
		{"0.99", "-1.00", "-0.01"},
		{"999999999999999.999", "0.001", "1000000000000000.000"},
		{"100.00", "", "100.00"},
		{"100.00", nil, "100.00"},
		{80.5, 20, "100.5"},
	}
	for _, test := range tests {
		body := order(t, value{"line_items": []value{line(value{"total": test.total, "total_tax": test.tax})}})
		if got := parsed(t, body).Lines[0].Paid.Text; got != test.want {
			t.Errorf("%v + %v: got %s, want %s", test.total, test.tax, got, test.want)
		}
	}
}

func TestALineOfADeletedProductKeepsItsNameAndPrice(t *testing.T) {
	t.Parallel()
	got := parsed(t, testdata(t, "deleted_product.json")).Lines[0]
	want := webshop.Line{ID: "1", Name: "Gavekort", Quantity: 1, Paid: webshop.Decimal("500.00", "DKK"), Net: webshop.Decimal("500.00", "DKK")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFullRefundNeedsNoLines(t *testing.T) {
	t.Parallel()
	got := parsed(t, testdata(t, "fully_refunded.json"))
	want := []webshop.Refund{{ID: "41", Amount: webshop.Decimal("500.00", "DKK")}}
	if got.Status != webshop.Refunded || got.RefundsIncomplete {
		t.Errorf("got %s, incomplete %t", got.Status, got.RefundsIncomplete)
	}
	if diff := cmp.Diff(want, got.Refunds); diff != "" {
		t.Error(diff)
	}
}

func TestAnOrderPaidAfterItWasCancelledIsPaid(t *testing.T) {
	t.Parallel()
	got := parsed(t, testdata(t, "paid_after_cancelled.json"))
	if got.Status != webshop.Paid || !got.PaidAt.Equal(got.Modified) {
		t.Errorf("got %s, paid at %s", got.Status, got.PaidAt)
	}
}

func TestAnEditedOrderShowsItsNewUnitsAndLinesUnderTheOldIDs(t *testing.T) {
	t.Parallel()
	got := parsed(t, testdata(t, "edited_after_issue.json"))
	units := map[string]int{}
	for _, l := range got.Lines {
		units[l.ID] = l.Quantity
	}
	if diff := cmp.Diff(map[string]int{"1": 2, "9": 1}, units); diff != "" {
		t.Error(diff)
	}
}

func TestTwoOrdersUnderOneDeliveryIDStayTwo(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Wc-Webhook-Delivery-Id": {"03514d05a1"}}
	for _, id := range []int{15, 28} {
		got, err := woocommerce.Parse(header, order(t, value{"id": id, "number": nil}), fields)
		if err != nil {
			t.Fatal(err)
		}
		if got.Order.ID != got.Order.Number || got.Order.ID != map[int]string{15: "15", 28: "28"}[id] {
			t.Errorf("got order %s, number %s", got.Order.ID, got.Order.Number)
		}
	}
}

func TestBuyerAndNumberAsShopsWriteThem(t *testing.T) {
	t.Parallel()
	billing := value{"first_name": " Bo ", "last_name": "", "email": ""}
	got := parsed(t, order(t, value{"customer_id": 9007199254740993, "billing": billing, "number": "2026-0007"}))
	want := webshop.Customer{ID: "9007199254740993", Name: "Bo"}
	if got.Customer != want || got.Number != "2026-0007" {
		t.Errorf("got %+v, number %s", got.Customer, got.Number)
	}
	// PHP writes an empty list where it means an empty object.
	got = parsed(t, order(t, value{"billing": []any{}, "customer_id": "0"}))
	if got.Customer != (webshop.Customer{}) {
		t.Errorf("got %+v", got.Customer)
	}
}

func TestIDsKeepEveryDigit(t *testing.T) {
	t.Parallel()
	body := strings.Replace(string(order(t, nil)), `"id":1,`, `"id":9223372036854775807,`, 1)
	if got := parsed(t, []byte(body)).ID; got != "9223372036854775807" {
		t.Errorf("got %s", got)
	}
	if got := parsed(t, order(t, value{"id": "820982911946154508"})).ID; got != "820982911946154508" {
		t.Errorf("as text: got %s", got)
	}
}

func TestTheSourceIsTheHeaderOrTheOrdersOwnLink(t *testing.T) {
	t.Parallel()
	linked := order(t, value{"_links": value{"self": []value{{"href": "https://shop.example/da/wp-json/wc/v3/orders/1"}}}})
	tests := []struct {
		name, header string
		body         []byte
		want         string
	}{
		{"header and link", "https://Shop.Example", linked, "https://shop.example/"},
		{"link alone", "", linked, "https://shop.example/da/"},
		{"neither", "", order(t, nil), ""},
		{"no address", "a shop", order(t, nil), "a shop"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := woocommerce.Parse(http.Header{"X-Wc-Webhook-Source": {test.header}}, test.body, fields)
			if err != nil {
				t.Fatal(err)
			}
			if got.Order.Source != test.want {
				t.Errorf("got %q, want %q", got.Order.Source, test.want)
			}
		})
	}
}

func TestTheLanguageIsWhatATranslationPluginNoted(t *testing.T) {
	t.Parallel()
	got := parsed(t, order(t, value{"meta_data": []value{{"key": "x", "value": value{}}, {"key": "wpml_language", "value": "sv"}}}))
	if got.Language != "sv" {
		t.Errorf("got %q", got.Language)
	}
}

func TestAnOrderThatWasNeverChangedHasTheTimeOfItsCreation(t *testing.T) {
	t.Parallel()
	if got := parsed(t, order(t, value{"date_modified_gmt": nil})); !got.Modified.Equal(utc("01:38:04")) {
		t.Errorf("got %s", got.Modified)
	}
}

func TestAnOrderWithoutLinesIsStillPaid(t *testing.T) {
	t.Parallel()
	if got := parsed(t, order(t, value{"line_items": []value{}})); got.Status != webshop.Paid || len(got.Lines) != 0 {
		t.Errorf("got %s with %d lines", got.Status, len(got.Lines))
	}
}

func TestThinAndForeignBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, topic, resource string
		body                  string
		fetch                 string
		ignored               bool
	}{
		{"an id under a topic of orders", "order.updated", "order", `{"id":26}`, "26", false},
		{"an id without a topic", "", "", `{"id":26}`, "26", false},
		{"a deleted order", "order.deleted", "order", `{"id":26}`, "", true},
		{"a deleted product", "product.deleted", "product", `{"id":26}`, "", true},
		{"a refund by its action", "action.woocommerce_order_refunded", "action", `{"action":"woocommerce_order_refunded","arg":15}`, "15", false},
		{"an action with its id as text", "", "action", `{"action":"woocommerce_payment_complete","arg":"15"}`, "15", false},
		{"an action about carts", "", "action", `{"action":"woocommerce_add_to_cart","arg":"4d2f"}`, "", true},
		{"a product", "product.updated", "product", `{"id":3,"status":"publish","name":"Kaffe"}`, "", true},
		{"an order gone before its delivery", "order.updated", "order", "already_deleted.json", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := []byte(test.body)
			if strings.HasSuffix(test.body, ".json") {
				body = testdata(t, test.body)
			}
			header := http.Header{"X-Wc-Webhook-Topic": {test.topic}, "X-Wc-Webhook-Resource": {test.resource}}
			got, err := woocommerce.Parse(header, body, fields)
			if err != nil || got.FetchID != test.fetch || (got.Ignored != "") != test.ignored || got.Order != nil {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// W4: an error that says what is wrong, never a panic.
func TestABodyThatCantBeUnderstoodIsUnreadable(t *testing.T) {
	t.Parallel()
	text := func(old, replacement string) []byte {
		return []byte(strings.Replace(string(order(t, nil)), old, replacement, 1))
	}
	with := func(changes value) []byte { return order(t, changes) }
	withLine := func(changes value) []byte { return order(t, value{"line_items": []value{line(changes)}}) }
	tests := []struct {
		name string
		body []byte
		want string
	}{
		{"the legacy form", testdata(t, "legacy.json"), "legacy API v3"},
		{"the shop's own error", testdata(t, "not_allowed.json"), "woocommerce_rest_cannot_view"},
		{"something else", []byte(`{"id":3,"name":"x"}`), "not an order"},
		{"an empty object", []byte(`{}`), "not an order"},
		{"no JSON", []byte("webhook_id=7"), "can't be read"},
		{"no id", with(value{"id": nil}), "id: is missing"},
		{"id 0", with(value{"id": 0}), "id: it is no id"},
		{"a negative id", with(value{"id": -1}), "id: it is no id"},
		{"an id of 1e400", text(`"id":1,`, `"id":1e400,`), "id: an id was expected"},
		{"an id of 2^63", text(`"id":1,`, `"id":9223372036854775808,`), "id: an id was expected"},
		{"an id that is an address", with(value{"id": "../1"}), "id: it is no id"},
		{"no total", with(value{"total": nil}), "total: a plain decimal"},
		{"a total of 1e400", with(value{"total": "1e400"}), "total: a plain decimal"},
		{"no currency", with(value{"currency": ""}), "currency: is missing"},
		{"neither created nor modified", with(value{"date_created_gmt": nil, "date_modified_gmt": nil}), "date_modified_gmt: is missing"},
		{"a time that is none", with(value{"date_paid_gmt": "yesterday"}), "date_paid_gmt: a time"},
		{"a line without id", withLine(value{"id": nil}), "line_items[0].id: is missing"},
		{"a line without total", withLine(value{"total": nil}), "line_items[0].total: a plain decimal"},
		{"a tax of NaN", withLine(value{"total_tax": "NaN"}), "line_items[0].total_tax: a plain decimal"},
		{"a negative quantity", withLine(value{"quantity": -1}), "line_items[0].quantity: a number of units"},
		{"a quantity of 1e400", []byte(strings.Replace(string(withLine(nil)), `"quantity":1,`, `"quantity":1e400,`, 1)), "quantity: a plain decimal"},
		{"no quantity", withLine(value{"quantity": nil}), "quantity: a plain decimal"},
		{"lines that are no list", with(value{"line_items": "none"}), "line_items: a list"},
		{"a refund without id", with(value{"refunds": []value{{"total": "-1.00"}}}), "refunds[0].id: is missing"},
		{"a name twice", text(`"id":1,`, `"id":1,"id":2,`), "comes twice"},
		{"invalid UTF-8 in a name", text("Gavekort", "\xff"), "not UTF-8"},
		{"U+0000 in a name", text("Gavekort", `\u0000`), "U+0000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := woocommerce.Parse(http.Header{}, test.body, fields)
			if !errors.Is(err, webshop.ErrUnreadable) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if got != (webshop.Delivery{}) {
				t.Errorf("an error came with %+v", got)
			}
		})
	}
}

func TestWhatIsNotReadMayBeAnything(t *testing.T) {
	t.Parallel()
	body := order(t, value{"shipping_lines": "none", "meta_data": []value{{"key": 7, "value": []any{value{"deep": 1}}}}})
	body = []byte(strings.Replace(string(body), `499.99999999`, `1e400`, 1))
	if got := parsed(t, body).Lines[0].Paid.Text; got != "500.00" {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("order.updated", body)
	}
	f.Add("order.deleted", []byte(`{"id":26}`))
	f.Add("", []byte(`{"action":"woocommerce_payment_complete","arg":15}`))
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		got, err := woocommerce.Parse(http.Header{"X-Wc-Webhook-Topic": {topic}}, body, fields)
		if err != nil {
			if !errors.Is(err, webshop.ErrUnreadable) {
				t.Fatalf("got %v, want ErrUnreadable", err)
			}
			return
		}
		set := 0
		for _, is := range []bool{got.Order != nil, got.FetchID != "", got.Ignored != ""} {
			if is {
				set++
			}
		}
		if set != 1 {
			t.Fatalf("%d fields are set: %+v", set, got)
		}
	})
}
