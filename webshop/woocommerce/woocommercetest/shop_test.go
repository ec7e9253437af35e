package woocommercetest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
	"vouchsafe/webshop/webshoptest"
	"vouchsafe/webshop/woocommerce"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

func card(quantity int, total string) woocommercetest.Line {
	return woocommercetest.Line{SKU: "GIFT", Name: "Gavekort – blå 🎁 </b>", Quantity: quantity, Total: total, Meta: map[string]string{"Til": "Bo\nB"}}
}

// receiver answers every delivery with a status that may change.
type receiver struct {
	*httptest.Server
	status atomic.Int64
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.status.Store(http.StatusOK)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(r.status.Load()))
	}))
	t.Cleanup(r.Close)
	return r
}

func topics(sent []woocommercetest.Sent) []string {
	list := []string{}
	for _, s := range sent {
		list = append(list, s.Topic)
	}
	return list
}

func read(t *testing.T, sent woocommercetest.Sent) webshop.Delivery {
	t.Helper()
	if err := woocommerce.Verify(sent.Header, sent.Body, []string{woocommercetest.WebhookSecret}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	delivery, err := woocommerce.Parse(sent.Header, sent.Body, webshop.Fields{Message: "Til"})
	if err != nil {
		t.Fatal(err)
	}
	return delivery
}

func TestTheFirstThingsSentAreUnsignedPings(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	sent := shop.Deliver(t.Context(), to.URL)
	if len(sent) != 4 {
		t.Fatalf("got %d requests", len(sent))
	}
	for _, s := range sent {
		if !woocommerce.IsPing(s.Header, s.Body) || s.Status != http.StatusOK {
			t.Errorf("got %d for %s", s.Status, s.Body)
		}
	}
	if again := shop.Deliver(t.Context(), to.URL); len(again) != 0 {
		t.Errorf("pinged again: %v", topics(again))
	}
}

func TestAPingIsRepeatedUntilItGetsExactly200(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	to.status.Store(http.StatusAccepted)
	shop.Deliver(t.Context(), to.URL)
	if again := shop.Deliver(t.Context(), to.URL); len(again) != 4 {
		t.Errorf("got %d pings after 202", len(again))
	}
}

func TestANewOrderComesAsUpdatedAndThenCreatedWithTheSameBytes(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	shop.Deliver(t.Context(), to.URL)
	order := shop.Order(card(3, "1500.00"))
	sent := shop.Deliver(t.Context(), to.URL)
	if diff := cmp.Diff([]string{"order.updated", "order.created"}, topics(sent)); diff != "" {
		t.Fatal(diff)
	}
	if string(sent[0].Body) != string(sent[1].Body) {
		t.Error("the bodies differ")
	}
	got := read(t, sent[0]).Order
	if got.ID != order.ID() || got.Status != webshop.Placed || got.Lines[0].Message != "Bo\nB" || got.Source != shop.URL {
		t.Errorf("got %+v", got)
	}
}

func TestABodyShowsTheOrderAsItIsWhenItIsSentAndDeliveriesMerge(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	order := shop.Order(card(1, "500.00"))
	shop.Deliver(t.Context(), to.URL)
	order.Pay()
	order.Cancel()
	order.PayAgain()
	sent := shop.Deliver(t.Context(), to.URL)
	if diff := cmp.Diff([]string{"order.updated"}, topics(sent)); diff != "" {
		t.Fatal(diff)
	}
	if got := read(t, sent[0]).Order; got.Status != webshop.Paid || !got.PaidAt.Equal(got.Modified) {
		t.Errorf("got %s, paid at %s", got.Status, got.PaidAt)
	}
}

func TestTwoOrdersOfOneSecondShareADeliveryID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 1, 38, 4, 0, time.UTC)
	shop, to := woocommercetest.New(t, woocommercetest.WithClock(func() time.Time { return at })), newReceiver(t)
	shop.Deliver(t.Context(), to.URL)
	shop.Order(card(1, "500.00"))
	shop.Order(card(1, "500.00"))
	ids := map[string]int{}
	for _, s := range shop.Deliver(t.Context(), to.URL) {
		ids[s.Header.Get("X-WC-Webhook-Delivery-ID")]++
	}
	if len(ids) != 2 {
		t.Errorf("got %v, want one for each of two webhooks", ids)
	}
}

func TestTheSeventhFailureInARowDisablesAWebhookAndWhatFollowsIsLost(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	order := shop.Order(card(1, "500.00"))
	shop.Deliver(t.Context(), to.URL)
	status := func() string { return shop.WebhookStatus("order.updated") }
	fail := func(times int) {
		to.status.Store(http.StatusBadRequest)
		for range times {
			order.Touch()
			shop.Deliver(t.Context(), to.URL)
		}
	}
	fail(6)
	to.status.Store(http.StatusFound) // counts as success, and is not followed
	order.Touch()
	shop.Deliver(t.Context(), to.URL)
	fail(6)
	if status() != "active" {
		t.Fatal("disabled before the seventh failure in a row")
	}
	fail(1)
	if status() != "disabled" {
		t.Fatal("still active")
	}
	to.status.Store(http.StatusOK)
	order.Pay()
	if sent := shop.Deliver(t.Context(), to.URL); len(sent) != 0 {
		t.Errorf("a disabled webhook sent %v", topics(sent))
	}
}

func TestRefundsAndTheBinAsTheShopTellsThem(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	order := shop.Order(card(3, "1500.00"))
	order.Pay()
	order.Complete()
	shop.Deliver(t.Context(), to.URL)
	last := func() webshop.Delivery {
		sent := shop.Deliver(t.Context(), to.URL)
		return read(t, sent[len(sent)-1])
	}
	order.Refund(0, 1)
	if got := last().Order; got.Status != webshop.Paid || !got.RefundsIncomplete || got.Refunds[0].Amount.Text != "500.00" {
		t.Errorf("one of three: got %s, %+v", got.Status, got.Refunds)
	}
	order.RefundAll()
	if got := last().Order; got.Status != webshop.Refunded || got.Refunds[1].Amount.Text != "1000.00" {
		t.Errorf("the rest: got %s, %+v", got.Status, got.Refunds)
	}
	order.Trash()
	if got := last(); got.Ignored == "" {
		t.Errorf("in the bin: got %+v", got)
	}
	order.Restore()
	if got := last().Order; got == nil || got.Status != webshop.Refunded {
		t.Errorf("restored: got %+v", got)
	}
	order.Touch()
	order.Delete()
	for _, sent := range shop.Deliver(t.Context(), to.URL) {
		if got := read(t, sent); got.Ignored == "" {
			t.Errorf("deleted: %s got %+v", sent.Topic, got)
		}
	}
}

func TestUnpaidShipmentEditedLinesAndADeletedProduct(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	order := shop.OrderBy(woocommercetest.Buyer{CustomerID: 7, Email: "", Currency: "KWD"}, card(2, "25.125"))
	order.ShipUnpaid()
	order.Edit(func(lines []woocommercetest.Line) []woocommercetest.Line {
		lines[0].Quantity = 3
		return append(lines, woocommercetest.Line{Name: "gone", Quantity: 1, Total: "1.000", TotalTax: "0.250"})
	})
	sent := shop.Deliver(t.Context(), to.URL)
	got := read(t, sent[len(sent)-1]).Order
	if got.Status != webshop.Placed || got.Method != "cod" || got.Customer.ID != "7" || got.Customer.Email != "" || got.Total.Text != "26.375" {
		t.Errorf("got %+v", got)
	}
	if got.Lines[0].Quantity != 3 || got.Lines[0].ID != order.LineID(0) || got.Lines[1].SKU != "" || got.Lines[1].Paid.Text != "1.250" {
		t.Errorf("got %+v", got.Lines)
	}
}

func TestTheThinActionOfAPayment(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t, woocommercetest.WithFirstID(9007199254740993)), newReceiver(t)
	shop.Subscribe("action.woocommerce_payment_complete")
	order := shop.Order(card(1, "500.00"))
	shop.Deliver(t.Context(), to.URL)
	order.Pay()
	sent := shop.Deliver(t.Context(), to.URL)
	if got := read(t, sent[1]); got.FetchID != order.ID() || order.ID() != "9007199254740993" {
		t.Errorf("got %+v", got)
	}
}

func TestSentBytesCanBeSentAgainAndASourceCanBePretended(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	shop.PretendSource("https://staging.example/")
	shop.Order(card(1, "500.00"))
	sent := shop.Deliver(t.Context(), to.URL)
	again := shop.Resend(t.Context(), to.URL, sent[4])
	if diff := cmp.Diff(sent[4], again); diff != "" {
		t.Error(diff)
	}
	if got := read(t, again).Order.Source; got != "https://staging.example/" {
		t.Errorf("got %s", got)
	}
}

func TestTheAPIFailsAsOftenAsItIsTold(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.NewTLS(t)
	c, err := woocommerce.New(woocommerce.Config{
		URL: shop.URL, Key: woocommercetest.ConsumerKey, Secret: woocommercetest.ConsumerSecret, HTTP: shop.Client,
		Now: func() time.Time { return time.Time{} }, Random: strings.NewReader(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	shop.FailNext(1, http.StatusServiceUnavailable, "7")
	_, err = c.Webhooks(t.Context())
	if e, ok := errors.AsType[*webshop.TemporaryError](err); !ok || e.RetryAfter != 7*time.Second {
		t.Errorf("got %v", err)
	}
	if _, err := c.Webhooks(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestARequestWithoutRightfulSignatureIsRefused(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	for _, address := range []string{
		"wp-json/wc/v3/webhooks",
		"wp-json/wc/v3/webhooks?oauth_consumer_key=ck_1234567890abcdef&oauth_nonce=1&oauth_timestamp=1&oauth_signature_method=HMAC-SHA256&oauth_signature=x",
	} {
		response, err := shop.Client.Get(shop.URL + address)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: got %d", address, response.StatusCode)
		}
	}
}

func TestASignedRequestIsGoodOnce(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	address, err := url.Parse(shop.URL + "wp-json/wc/v3/webhooks")
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{
		"oauth_consumer_key": {woocommercetest.ConsumerKey}, "oauth_nonce": {"once"},
		"oauth_timestamp": {"1"}, "oauth_signature_method": {"HMAC-SHA256"},
	}
	query.Set("oauth_signature", woocommerce.SignRequest(http.MethodGet, address, query, woocommercetest.ConsumerSecret))
	address.RawQuery = query.Encode()
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		response, err := shop.Client.Get(address.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("got %d, want %d", response.StatusCode, want)
		}
	}
}

// Every name that the shop sends is one that the real shop sends, with a value of the same kind.
func TestABodyHasTheFormOfACapturedOne(t *testing.T) {
	t.Parallel()
	shop, to := woocommercetest.New(t), newReceiver(t)
	order := shop.Order(card(3, "1500.00"))
	order.Pay()
	order.Refund(0, 1)
	sent := shop.Deliver(t.Context(), to.URL)
	captured := webshoptest.Fixture(t, "woocommerce-9.4.1-captured/order_updated_partial_refund_status_still_completed.body")
	for i, c := range sent[4].Body {
		if c >= 0x80 || c == '/' && sent[4].Body[i-1] != '\\' {
			t.Fatalf("byte %d is not written as PHP writes it", i)
		}
	}
	compare(t, "", decoded(t, captured), decoded(t, sent[4].Body))
}

func decoded(t *testing.T, body []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func compare(t *testing.T, path string, real, fake any) {
	t.Helper()
	switch f := fake.(type) {
	case map[string]any:
		r, ok := real.(map[string]any)
		for name, v := range f {
			if _, known := r[name]; !ok || !known {
				t.Errorf("%s.%s is unknown to the real shop", path, name)
				continue
			}
			compare(t, path+"."+name, r[name], v)
		}
	case []any:
		r, ok := real.([]any)
		if ok && len(r) > 0 && len(f) > 0 {
			compare(t, path+"[0]", r[0], f[0])
		}
		if !ok {
			t.Errorf("%s is no list in the real shop", path)
		}
	case string:
		if _, ok := real.(string); !ok {
			t.Errorf("%s is text, but %v in the real shop", path, real)
		}
	case float64:
		if _, ok := real.(float64); !ok {
			t.Errorf("%s is a number, but %v in the real shop", path, real)
		}
	}
}
