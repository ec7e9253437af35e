package woocommerce_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

func client(t *testing.T, address string, doer *http.Client) *woocommerce.Client {
	t.Helper()
	c, err := woocommerce.New(woocommerce.Config{
		URL: address, Key: woocommercetest.ConsumerKey, Secret: woocommercetest.ConsumerSecret,
		HTTP: doer, Now: func() time.Time { return utc("01:38:00") }, Random: rand.Reader, Fields: fields,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func gift(quantity int) woocommercetest.Line {
	return woocommercetest.Line{SKU: "GIFT-500", Name: "Gavekort 🎁", Quantity: quantity, Total: fmt.Sprintf("%d.00", 500*quantity)}
}

func TestAnOrderIsFetchedOverHTTPWithASignatureAndOverHTTPSWithTheKey(t *testing.T) {
	t.Parallel()
	for name, shop := range map[string]*woocommercetest.Shop{
		"http": woocommercetest.New(t), "https": woocommercetest.NewTLS(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := shop.Order(gift(2))
			order.Pay()
			c := client(t, shop.URL, shop.Client)
			for range 2 { // a nonce is good once
				got, err := c.Order(t.Context(), order.ID())
				if err != nil {
					t.Fatal(err)
				}
				if got.Order.Status != webshop.Paid || got.Order.Source != shop.URL || got.Order.Lines[0].Paid.Text != "1000.00" {
					t.Errorf("got %+v", got.Order)
				}
			}
		})
	}
}

func TestAFetchedOrderIsTheOneOfTheWebhook(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	order := shop.Order(gift(1))
	order.Pay()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	fetched, err := client(t, shop.URL, shop.Client).Order(t.Context(), order.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, sent := range shop.Deliver(t.Context(), receiver.URL) {
		if sent.Topic == "" {
			continue
		}
		told, err := woocommerce.Parse(sent.Header, sent.Body, fields)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fetched, told); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAnOrderInTheBinIsIgnoredAndADeletedOneIsNotFound(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	order := shop.Order(gift(1))
	c := client(t, shop.URL, shop.Client)
	order.Trash()
	if got, err := c.Order(t.Context(), order.ID()); err != nil || got.Ignored == "" {
		t.Errorf("in the bin: got %+v, %v", got, err)
	}
	order.Delete()
	if _, err := c.Order(t.Context(), order.ID()); !errors.Is(err, webshop.ErrNotFound) {
		t.Errorf("deleted: got %v", err)
	}
}

func TestAnIDThatIsNoneReachesNoShop(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	c := client(t, server.URL, server.Client())
	for _, id := range []string{"", "../webhooks/1", "1/notes", "1?x=1", "-1", strings.Repeat("1", 20)} {
		if _, err := c.Order(t.Context(), id); !errors.Is(err, webshop.ErrNotFound) {
			t.Errorf("%q: got %v", id, err)
		}
		if err := c.Reactivate(t.Context(), id); err == nil {
			t.Errorf("reactivate %q: no error", id)
		}
	}
	if asked {
		t.Error("the shop was asked")
	}
}

func TestRefundsNameLinesAndUnits(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	order := shop.Order(gift(3), woocommercetest.Line{SKU: "KAFFE", Quantity: 2, Total: "132.42", TotalTax: "33.10"})
	order.Pay()
	order.Refund(0, 1)
	order.Refund(1, 2)
	order.RefundAmount("10.00")
	c := client(t, shop.URL, shop.Client)
	told, err := c.Order(t.Context(), order.ID())
	if err != nil {
		t.Fatal(err)
	}
	if told.Order.Status != webshop.Paid || !told.Order.RefundsIncomplete || told.Order.Refunds[0].Lines != nil {
		t.Errorf("the order tells %s, %+v", told.Order.Status, told.Order.Refunds)
	}
	got, err := c.Refunds(t.Context(), order.ID(), "DKK")
	if err != nil {
		t.Fatal(err)
	}
	want := []webshop.Refund{
		{Amount: webshop.Decimal("500.00", "DKK"), Lines: []webshop.RefundLine{{ID: order.LineID(0), Quantity: 1, Amount: webshop.Decimal("500.00", "DKK")}}},
		{Amount: webshop.Decimal("165.52", "DKK"), Lines: []webshop.RefundLine{{ID: order.LineID(1), Quantity: 2, Amount: webshop.Decimal("165.52", "DKK")}}},
		{Amount: webshop.Decimal("10.00", "DKK")},
	}
	for i := range want {
		want[i].ID = told.Order.Refunds[i].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARefundWhoseLineIsUnknownIsUnreadable(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no line named":  `[{"id":1,"amount":"5.00","line_items":[{"id":2,"quantity":-1,"meta_data":[]}]}]`,
		"an odd amount":  `[{"id":1,"amount":"1e400","line_items":[]}]`,
		"an odd line id": `[{"id":1,"amount":"5.00","line_items":[{"id":2,"quantity":-1,"meta_data":[{"key":"_refunded_item_id","value":"x"}]}]}]`,
	} {
		c := answering(t, http.StatusOK, nil, body)
		if _, err := c.Refunds(t.Context(), "1", "DKK"); !errors.Is(err, webshop.ErrUnreadable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheDocumentedRefundWithoutLinesIsRead(t *testing.T) {
	t.Parallel()
	body := "[" + string(fixture(t, "woocommerce-docs/refunds_0.json")) + "]"
	got, err := answering(t, http.StatusOK, nil, body).Refunds(t.Context(), "723", "USD")
	want := []webshop.Refund{{ID: "726", Amount: webshop.Decimal("10.00", "USD")}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAPartOfALineSoldByWeightIsARefundOfNoUnit(t *testing.T) {
	t.Parallel()
	body := `[{"id":1,"amount":"5.00","line_items":[{"id":2,"quantity":-0.5,"meta_data":[{"key":"_refunded_item_id","value":7}]}]}]`
	got, err := answering(t, http.StatusOK, nil, body).Refunds(t.Context(), "1", "DKK")
	if err != nil || got[0].Lines[0] != (webshop.RefundLine{ID: "7"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A refund of freight or of a fee names no line of goods, and one of no money says nothing; nor does a discount that was a fee and is taken
// back with its goods.
func TestARefundOfFreightOrAFeeIsOfNoGoods(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]webshop.RefundLine{
		`"amount":"49.00","line_items":[],"shipping_lines":[{"id":3,"total":"-39.20","total_tax":"-9.80"},{"id":4,"total":"0.00","total_tax":"0.00"}]`: {
			{ID: "freight", Amount: webshop.Decimal("49.00", "DKK")},
		},
		`"amount":"25.00","line_items":[],"shipping_lines":[],"fee_lines":[{"id":5,"total":"-20.00","total_tax":"-5.00"},{"id":6,"total":"0.00","total_tax":"0.00"}]`: {
			{ID: "fee", Amount: webshop.Decimal("25.00", "DKK")},
		},
		`"amount":"74.00","fee_lines":[{"id":5,"total":"-25.00"}],"shipping_lines":[{"id":3,"total":"-49.00"}]`: {
			{ID: "freight", Amount: webshop.Decimal("49.00", "DKK")}, {ID: "fee", Amount: webshop.Decimal("25.00", "DKK")},
		},
		`"amount":"450.00","fee_lines":[{"id":5,"total":"40.00","total_tax":"10.00"}]`: nil,
		`"amount":"450.00","fee_lines":[{"id":5,"total":""}]`:                          nil,
	} {
		got, err := answering(t, http.StatusOK, nil, `[{"id":1,`+body+`}]`).Refunds(t.Context(), "1", "DKK")
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %v, %v", body, got, err)
			continue
		}
		if diff := cmp.Diff(want, got[0].Lines); diff != "" {
			t.Errorf("%s\n%s", body, diff)
		}
	}
}

// answering returns a client of a shop that gives one answer to everything.
func answering(t *testing.T, status int, header http.Header, body string) *woocommerce.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL, server.Client())
}

func TestWhatTheShopAnswersDecidesWhetherToAskAgain(t *testing.T) {
	t.Parallel()
	const unknown = `{"code":"woocommerce_rest_shop_order_invalid_id","data":{"status":404}}`
	tests := []struct {
		name   string
		status int
		body   string
		want   error // nil: a *webshop.TemporaryError
	}{
		{"unknown order", 404, unknown, webshop.ErrNotFound},
		{"unknown address of WordPress", 404, `{"code":"rest_no_route"}`, webshop.ErrRefused},
		{"unknown address of a web server", 404, "<html>", webshop.ErrRefused},
		{"wrong key", 401, `{"code":"woocommerce_rest_cannot_view"}`, webshop.ErrUnauthorized},
		{"forbidden", 403, "", webshop.ErrUnauthorized},
		{"bad request", 400, `{"code":"rest_invalid_param"}`, webshop.ErrRefused},
		{"too many requests", 429, "", nil},
		{"request time-out", 408, "", nil},
		{"server error", 500, `{"code":"internal_server_error"}`, nil},
		{"maintenance", 503, "<html>", nil},
		{"a page in place of JSON", 200, "<html>log in</html>", webshop.ErrRefused},
		{"a list in place of an order", 200, "[]", webshop.ErrRefused},
		{"another order", 200, `{"id":2}`, webshop.ErrRefused},
		{"an order that can't be read", 200, `{"id":1,"status":"processing"}`, webshop.ErrUnreadable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := answering(t, test.status, nil, test.body).Order(t.Context(), "1")
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if _, temporary := errors.AsType[*webshop.TemporaryError](err); temporary != (test.want == nil) {
				t.Errorf("temporary %t: %v", temporary, err)
			}
		})
	}
}

func TestTheShopSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"":                              0,
		"120":                           2 * time.Minute,
		"-5":                            0,
		"soon":                          0,
		"99999999999":                   24 * time.Hour,
		"Sun, 22 Nov 2026 01:39:00 GMT": time.Minute,
		"Sun, 22 Nov 2026 01:37:00 GMT": 0,
	} {
		_, err := answering(t, 429, http.Header{"Retry-After": {value}}, "").Order(t.Context(), "1")
		temporary, ok := errors.AsType[*webshop.TemporaryError](err)
		if !ok || temporary.RetryAfter != want {
			t.Errorf("%q: got %v, want %s", value, err, want)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	visited := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited = true }))
	defer elsewhere.Close()
	c := answering(t, http.StatusFound, http.Header{"Location": {elsewhere.URL}}, "")
	if _, err := c.Order(t.Context(), "1"); !errors.Is(err, webshop.ErrRefused) || visited {
		t.Errorf("got %v, visited %t", err, visited)
	}
}

func TestAnAnswerWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := []byte(strings.Repeat(" ", 64<<10))
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	_, err := client(t, server.URL, server.Client()).Order(t.Context(), "1")
	if !errors.Is(err, webshop.ErrRefused) || !strings.Contains(err.Error(), "longer than 2097152 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestAFailureOfTheNetworkIsTemporaryAndKeepsSecrets(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()
	_, err := client(t, address, http.DefaultClient).Order(t.Context(), "1")
	if _, ok := errors.AsType[*webshop.TemporaryError](err); !ok {
		t.Fatalf("got %v", err)
	}
	for _, secret := range []string{"oauth_", woocommercetest.ConsumerKey, woocommercetest.ConsumerSecret} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows %s: %v", secret, err)
		}
	}
}

func TestTheContextEndsAQuestion(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client(t, server.URL, server.Client()).Order(ctx, "1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAWrongKeyIsUnauthorizedOverBothProtocols(t *testing.T) {
	t.Parallel()
	for name, shop := range map[string]*woocommercetest.Shop{
		"http": woocommercetest.New(t), "https": woocommercetest.NewTLS(t),
	} {
		c, err := woocommerce.New(woocommerce.Config{
			URL: shop.URL, Key: woocommercetest.ConsumerKey, Secret: "cs_wrong",
			HTTP: shop.Client, Now: func() time.Time { return utc("01:38:00") }, Random: rand.Reader,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Webhooks(t.Context()); !errors.Is(err, webshop.ErrUnauthorized) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAConfigurationThatCantWorkIsRefused(t *testing.T) {
	t.Parallel()
	good := woocommerce.Config{
		URL: "https://shop.example/da", Key: "ck", Secret: "cs", HTTP: http.DefaultClient,
		Now: func() time.Time { return utc("01:38:00") }, Random: rand.Reader,
	}
	if _, err := woocommerce.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*woocommerce.Config){
		"no address":        func(c *woocommerce.Config) { c.URL = "" },
		"another scheme":    func(c *woocommerce.Config) { c.URL = "ftp://shop.example" },
		"a host alone":      func(c *woocommerce.Config) { c.URL = "shop.example" },
		"a key in it":       func(c *woocommerce.Config) { c.URL = "https://ck:cs@shop.example" },
		"a query":           func(c *woocommerce.Config) { c.URL = "https://shop.example/?x=1" },
		"no parsable":       func(c *woocommerce.Config) { c.URL = "https://shop.example/%zz" },
		"no key":            func(c *woocommerce.Config) { c.Key = "" },
		"no secret":         func(c *woocommerce.Config) { c.Secret = "" },
		"no client":         func(c *woocommerce.Config) { c.HTTP = nil },
		"no clock":          func(c *woocommerce.Config) { c.Now = nil },
		"no random numbers": func(c *woocommerce.Config) { c.Random = nil },
	} {
		config := good
		spoil(&config)
		if _, err := woocommerce.New(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
