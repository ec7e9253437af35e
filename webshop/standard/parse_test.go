package standard_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
	"vouchsafe/webshop/standard"
)

const whole = `{"type":"order.paid","timestamp":"2026-11-22T01:38:06Z","data":{"shop_version":"9","order":{
	"id":"1001","number":"B-1001","status":"paid","updated_at":"2026-11-22T02:38:05.123456789+01:00","currency":"dkk","language":"da",
	"customer":{"id":7,"email":"aase@example.dk","name":"Åse Ørsted","vip":true},
	"payment":{"method":"quickpay","paid_at":"2026-11-22T01:38:04Z"},
	"total":{"amount":104900,"currency":"DKK"},
	"lines":[
		{"id":"1","sku":"GIFT-500","name":"Gavekort","quantity":2,"unit_price":{"amount":50000,"currency":"DKK"},"total":{"amount":100000,"currency":"DKK"},
		 "recipient":{"name":"Bo","email":"bo@example.dk"},"message":"Tillykke 🎁\nKys","deliver_on":"2026-12-24","for_self":false},
		{"id":2,"sku":null,"name":"Fragt","quantity":1,"unit_price":{"amount":4900,"currency":"DKK"}}],
	"refunds":[{"id":"r1","amount":{"amount":50000,"currency":"DKK"},"lines":[{"id":"1","quantity":1},{"id":"2","quantity":0,"amount":{"amount":4900}}]}]}}}`

func no() *bool { return new(bool) }

func TestAWholeOrderIsReadToTheLastField(t *testing.T) {
	t.Parallel()
	got, err := standard.Parse(http.Header{}, []byte(whole), webshop.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	want := webshop.Delivery{Order: &webshop.Order{
		ID: "1001", Number: "B-1001", Status: webshop.Paid,
		Modified: time.Date(2026, 11, 22, 1, 38, 5, 123456000, time.UTC),
		PaidAt:   time.Date(2026, 11, 22, 1, 38, 4, 0, time.UTC),
		Method:   "quickpay", Currency: "DKK", Language: "da",
		Customer: webshop.Customer{ID: "7", Email: "aase@example.dk", Name: "Åse Ørsted"},
		Total:    webshop.MinorUnits(104900, "DKK"),
		Lines: []webshop.Line{
			{
				ID: "1", SKU: "GIFT-500", Name: "Gavekort", Quantity: 2,
				Paid: webshop.MinorUnits(100000, "DKK"), UnitPrice: webshop.MinorUnits(50000, "DKK"),
				Recipient: webshop.Recipient{Name: "Bo", Email: "bo@example.dk"},
				Message:   "Tillykke 🎁\nKys", DeliverOn: "2026-12-24", ForSelf: no(),
			},
			{
				ID: "2", Name: "Fragt", Quantity: 1,
				Paid: webshop.MinorUnits(4900, "DKK"), UnitPrice: webshop.MinorUnits(4900, "DKK"),
			},
		},
		Refunds: []webshop.Refund{{
			ID: "r1", Amount: webshop.MinorUnits(50000, "DKK"), Lines: []webshop.RefundLine{{ID: "1", Quantity: 1}, {ID: "2", Amount: webshop.MinorUnits(4900, "DKK")}},
		}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// with returns the smallest order with some of its parts replaced.
func with(changes ...string) string {
	text := `{"type":"order.paid","data":{"order":{"id":"1","status":"paid","updated_at":"2026-11-22T01:38:05Z","currency":"DKK",` +
		`"lines":[{"id":"1","sku":"G","quantity":2,"total":{"amount":100,"currency":"DKK"}}]}}}`
	return strings.NewReplacer(changes...).Replace(text)
}

func parsed(t *testing.T, body string) *webshop.Order {
	t.Helper()
	header := http.Header{"Webhook-Timestamp": {"1795311490"}}
	delivery, err := standard.Parse(header, []byte(body), webshop.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	if delivery.Order == nil {
		t.Fatalf("no order: %+v", delivery)
	}
	return delivery.Order
}

func TestStatusDecidesAndFollowsFromTheTypeWhenMissing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       webshop.Status
	}{
		{"both agree", with(), webshop.Paid},
		{"the type says otherwise", with("order.paid", "order.placed"), webshop.Paid},
		{"no status, type placed", with("order.paid", "order.placed", `"status":"paid",`, ""), webshop.Placed},
		{"no status, type paid", with(`"status":"paid",`, ""), webshop.Paid},
		{"no status, type cancelled", with("order.paid", "order.cancelled", `"status":"paid",`, ""), webshop.Cancelled},
		{"no status, type refunded", with("order.paid", "order.refunded", `"status":"paid",`, ""), webshop.Refunded},
		{"a type of the shop's own", with("order.paid", "order.changed", `"status":"paid"`, `"status":"cancelled"`), webshop.Cancelled},
		{"no type", with(`"type":"order.paid",`, "", `"status":"paid"`, `"status":"placed"`), webshop.Placed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := parsed(t, test.body).Status; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhatIsMissingFollowsFromTheRest(t *testing.T) {
	t.Parallel()
	order := parsed(t, with(`"total":{"amount":100,"currency":"DKK"}`, `"unit_price":{"amount":25125}`,
		`"updated_at":"2026-11-22T01:38:05Z",`, "", `"DKK"`, `"KWD"`))
	if got, want := order.Lines[0].Paid, webshop.MinorUnits(50250, "KWD"); got != want {
		t.Errorf("line: got %s, want %s", got, want)
	}
	if got, want := order.Total, webshop.MinorUnits(50250, "KWD"); got != want {
		t.Errorf("order: got %s, want %s", got, want)
	}
	if got, want := order.Modified, time.Unix(1795311490, 0).UTC(); !got.Equal(want) {
		t.Errorf("modified: got %s, want the time stamp of the message, %s", got, want)
	}
	if order.Number != "1" {
		t.Errorf("number: got %s", order.Number)
	}
	order = parsed(t, with(`"currency":"DKK","lines"`, `"total":{"amount":100,"currency":"JPY"},"lines"`, `"DKK"`, `"JPY"`))
	if order.Currency != "JPY" {
		t.Errorf("currency: got %s", order.Currency)
	}
}

// P23: 0 is how shops write that a buyer has no account.
func TestABuyerWithoutAnAccountIsAGuest(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`"0"`, `0`, `""`, `null`} {
		order := parsed(t, with(`"lines"`, `"customer":{"id":`+id+`,"email":"guest@example.dk"},"lines"`))
		if got, want := order.Customer, (webshop.Customer{Email: "guest@example.dk"}); got != want {
			t.Errorf("%s: got %+v, want %+v", id, got, want)
		}
	}
}

// An id names one refund: told twice in one body, it is one.
func TestARefundThatComesTwiceIsOne(t *testing.T) {
	t.Parallel()
	const r = `{"id":"r","amount":{"amount":25},"lines":[{"id":"1","quantity":1}]}`
	order := parsed(t, with(`"lines":`, `"refunds":[`+r+`,{"id":"s","amount":{"amount":25}},`+r+`],"lines":`))
	if len(order.Refunds) != 2 || order.Refunds[0].ID != "r" || order.Refunds[1].ID != "s" {
		t.Errorf("got %+v", order.Refunds)
	}
}

func TestADayIsTakenAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"24/12/2026", "9999-12-31", "2026-12-24T10:00:00Z"} {
		order := parsed(t, with(`"sku":"G"`, `"deliver_on":"`+text+`"`))
		if order.Lines[0].DeliverOn != text || len(order.Doubts) != 0 {
			t.Errorf("%s: got %q, doubts %v", text, order.Lines[0].DeliverOn, order.Doubts)
		}
	}
}

func TestAMessageThatIsNotAboutOrdersIsIgnored(t *testing.T) {
	t.Parallel()
	got, err := standard.Parse(http.Header{}, []byte(`{"type":"product.updated","data":{}}`), webshop.Fields{})
	if err != nil || got.Ignored == "" || got.Order != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAWrongValueIsRefusedWithItsName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, want string }{
		{"no order", `{"type":"order.paid","data":{}}`, "data.order: is missing"},
		{"no data", `{"type":"order.paid"}`, "data.order: is missing"},
		{"no id", with(`"id":"1","status"`, `"status"`), "data.order.id: is missing"},
		{"an unknown status", with(`"status":"paid"`, `"status":"shipped"`), "status: placed, paid"},
		{"neither status nor a type that tells", with("order.paid", "order.changed", `"status":"paid",`, ""), "status: placed, paid"},
		{"a time without zone", with("05Z", "05"), "updated_at: a time"},
		{"an amount as text", with(`"amount":100`, `"amount":"100"`), "total.amount: a whole number"},
		{"an amount with decimals", with(`"amount":100`, `"amount":1.00`), "total.amount: a whole number"},
		{"an amount of 1e400", with(`"amount":100`, `"amount":1e400`), "total.amount: a whole number"},
		{"a negative amount", with(`"amount":100`, `"amount":-100`), "total.amount: minor units"},
		{"an amount beyond 2^63", with(`"amount":100`, `"amount":9223372036854775808`), "total.amount: a whole number"},
		{"no amount", with(`"amount":100,`, ""), "total.amount: minor units"},
		{"money as a number", with(`{"amount":100,"currency":"DKK"}`, "100"), "lines[0].total: an object"},
		{"another currency on the line", with(`100,"currency":"DKK"`, `100,"currency":"EUR"`), "total.currency: DKK was expected"},
		{"no currency at all", with(`"currency":"DKK",`, "", `,"currency":"DKK"`, ""), "currency: is missing"},
		{"neither total nor unit price", with(`,"total":{"amount":100,"currency":"DKK"}`, ""), "lines[0].total: is missing"},
		{"a product beyond 2^63", with(`"total":{"amount":100`, `"unit_price":{"amount":9000000000000000000`), "unit_price: the line's total is out of range"},
		{
			"a sum beyond 2^63",
			with(`"lines":[`, `"lines":[{"id":2,"quantity":1,"total":{"amount":9223372036854775807}},`),
			"total: the sum of the lines is out of range",
		},
		{"half a unit", with(`"quantity":2`, `"quantity":0.5`), "quantity: a whole number"},
		{"less than no unit", with(`"quantity":2`, `"quantity":-1`), "quantity: a number from 0"},
		{"no quantity", with(`"quantity":2,`, ""), "quantity: a number from 0"},
		{"too many units", with(`"quantity":2`, `"quantity":1000001`), "quantity: a number from 0"},
		{"two lines with one id", with(`"lines":[`, `"lines":[{"id":1,"quantity":1,"total":{"amount":1}},`), "another line has the same id"},
		{"two refunds with one id", with(`"lines":`, `"refunds":[{"id":"r","amount":{"amount":1}},{"id":"r","amount":{"amount":2}}],"lines":`), "refunds[1].id: another refund has the same id"},
		{"two refunds with one id, of other lines", with(`"lines":`, `"refunds":[{"id":"r","amount":{"amount":1}},{"id":"r","amount":{"amount":1},"lines":[{"id":"1","quantity":1}]}],"lines":`), "another refund has the same id"},
		{"a refund without amount", with(`"lines"`, `"refunds":[{"id":"r"}],"lines"`), "refunds[0].amount: is missing"},
		{"a refund line without id", with(`"lines":`, `"refunds":[{"id":"r","amount":{"amount":1},"lines":[{"quantity":1}]}],"lines":`), "refunds[0].lines[0].id: is missing"},
		{"a name twice", with(`"id":"1",`, `"id":"1","id":"2",`), "comes twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := standard.Parse(http.Header{}, []byte(test.body), webshop.Fields{})
			if !errors.Is(err, webshop.ErrUnreadable) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if got != (webshop.Delivery{}) {
				t.Errorf("an error came with %+v", got)
			}
		})
	}
}

func TestNeitherTimeNorStampIsAFault(t *testing.T) {
	t.Parallel()
	body := with(`"updated_at":"2026-11-22T01:38:05Z",`, "")
	_, err := standard.Parse(http.Header{}, []byte(body), webshop.Fields{})
	if !errors.Is(err, webshop.ErrUnreadable) || !strings.Contains(err.Error(), "updated_at: is missing") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(with()))
	f.Fuzz(func(t *testing.T, body []byte) {
		delivery, err := standard.Parse(http.Header{"Webhook-Timestamp": {"1"}}, body, webshop.Fields{})
		if err != nil && !errors.Is(err, webshop.ErrUnreadable) {
			t.Fatalf("got %v, want ErrUnreadable", err)
		}
		if err == nil && (delivery.Order == nil) == (delivery.Ignored == "") {
			t.Fatalf("neither an order nor a reason, or both: %+v", delivery)
		}
	})
}
