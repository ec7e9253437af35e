package woocommerce_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
	"vouchsafe/webshop/webshoptest"
	"vouchsafe/webshop/woocommerce"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	return webshoptest.Fixture(t, name)
}

// changed walks all pages and returns the orders' ids without repetition, in the order they came.
func changedIDs(t *testing.T, c *woocommerce.Client, since time.Time) []string {
	t.Helper()
	var ids []string
	for page := 1; ; page++ {
		got, err := c.ChangedSince(t.Context(), since, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range got.Orders {
			if !slices.Contains(ids, order.ID) {
				ids = append(ids, order.ID)
			}
		}
		if !got.More {
			return ids
		}
	}
}

func TestChangedOrdersAreThoseOfTheSecondAskedForAndLater(t *testing.T) {
	t.Parallel()
	at := utc("10:00:00")
	shop := woocommercetest.New(t, woocommercetest.WithClock(func() time.Time { return at }))
	before := shop.Order(gift(1))
	at = utc("10:00:01")
	same := shop.Order(gift(1))
	at = utc("10:00:02")
	after := shop.Order(gift(1))
	trashed := shop.Order(gift(1))
	trashed.Trash()
	c := client(t, shop.URL, shop.Client)
	got := changedIDs(t, c, utc("10:00:01").Add(900*time.Millisecond))
	if diff := cmp.Diff([]string{after.ID(), same.ID()}, got); diff != "" {
		t.Error(diff)
	}
	before.Cancel()
	if got := changedIDs(t, c, at); !slices.Contains(got, before.ID()) {
		t.Errorf("the cancelled order is not in %v", got)
	}
}

func TestEveryChangedOrderIsOnSomePage(t *testing.T) {
	t.Parallel()
	at := utc("10:00:00") // all in one second
	shop := woocommercetest.New(t, woocommercetest.WithClock(func() time.Time { return at }))
	for range 137 {
		shop.Order(gift(1)).Pay()
	}
	if got := changedIDs(t, client(t, shop.URL, shop.Client), at); len(got) != 137 {
		t.Errorf("got %d orders, want 137", len(got))
	}
}

// While the pages are read, the orders behind one that is thrown away move forward by one place.
func TestAnOrderThrownAwayBetweenTwoPagesHidesNoOther(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	orders := make([]*woocommercetest.Order, 60)
	for i := range orders {
		orders[i] = shop.Order(gift(1))
	}
	c := client(t, shop.URL, shop.Client)
	first, err := c.ChangedSince(t.Context(), utc("01:00:00"), 1)
	if err != nil || !first.More {
		t.Fatalf("got %d orders, more %t, %v", len(first.Orders), first.More, err)
	}
	orders[59].Trash()
	second, err := c.ChangedSince(t.Context(), utc("01:00:00"), 2)
	if err != nil || second.More {
		t.Fatalf("got more %t, %v", second.More, err)
	}
	seen := map[string]bool{}
	for _, order := range append(first.Orders, second.Orders...) {
		seen[order.ID] = true
	}
	if len(seen) != 60 {
		t.Errorf("saw %d of 60 orders", len(seen))
	}
}

func TestThePollAsksInUTCForEveryStatusThatMatters(t *testing.T) {
	t.Parallel()
	var query url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		_, _ = w.Write([]byte("[]"))
	}))
	defer server.Close()
	zone := time.FixedZone("CET", 3600)
	page, err := client(t, server.URL, server.Client()).ChangedSince(t.Context(), utc("10:00:01").In(zone), 2)
	if err != nil || page.More {
		t.Fatalf("got %+v, %v", page, err)
	}
	for name, want := range map[string]string{
		"modified_after": "2026-11-22T10:00:00", "dates_are_gmt": "true", "orderby": "modified", "order": "desc", "offset": "45",
		"per_page": "50", "status": "pending,on-hold,processing,completed,cancelled,refunded,failed",
	} {
		if got := query.Get(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestOneUnreadableOrderDoesNotHoldUpAPage(t *testing.T) {
	t.Parallel()
	body := `[{"id":7,"status":"processing","total":"NaN"},` + string(order(t, nil)) + `,{"id":8,"id":9},5]`
	page, err := answering(t, http.StatusOK, nil, body).ChangedSince(t.Context(), utc("10:00:00"), 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Orders) != 1 || page.Orders[0].ID != "1" || len(page.Unreadable) != 3 || page.Unreadable[0].ID != "7" {
		t.Errorf("got %+v", page)
	}
	for _, bad := range page.Unreadable {
		if !errors.Is(bad.Err, webshop.ErrUnreadable) || len(bad.Raw) == 0 {
			t.Errorf("got %v for %s", bad.Err, bad.Raw)
		}
	}
}

func TestADisabledWebhookIsSeenAndRevived(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
	defer broken.Close()
	order := shop.Order(gift(1))
	for range 8 {
		shop.Deliver(t.Context(), broken.URL)
		order.Touch()
	}
	c := client(t, shop.URL, shop.Client)
	webhooks, err := c.Webhooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := woocommerce.Webhook{ID: "2", Topic: "order.updated", URL: broken.URL, Status: "disabled"}
	if webhooks[1] != want || !webhooks[1].Disabled() || webhooks[0].Disabled() {
		t.Errorf("got %+v", webhooks)
	}
	if err := c.Reactivate(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	if got := shop.WebhookStatus("order.updated"); got != "active" {
		t.Errorf("got %s", got)
	}
	if err := c.Reactivate(t.Context(), "99"); !errors.Is(err, webshop.ErrNotFound) {
		t.Errorf("an unknown webhook: got %v", err)
	}
}

func TestANoteToTheBuyerAndTheMetaDataOfAnOrder(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	order := shop.Order(gift(1))
	c := client(t, shop.URL, shop.Client)
	if _, found, err := c.Meta(t.Context(), order.ID(), "_delivery"); err != nil || found {
		t.Fatalf("before: found %t, %v", found, err)
	}
	for _, v := range []string{"first", "second"} {
		if err := c.SetMeta(t.Context(), order.ID(), "_delivery", v); err != nil {
			t.Fatal(err)
		}
	}
	if got, found, err := c.Meta(t.Context(), order.ID(), "_delivery"); err != nil || !found || got != "second" {
		t.Errorf("got %q, %t, %v", got, found, err)
	}
	id, err := c.AddNote(t.Context(), order.ID(), woocommerce.Note{Text: "Din kode: …", ToCustomer: true})
	if err != nil || id == "" {
		t.Fatalf("got %q, %v", id, err)
	}
	if _, err := c.AddNote(t.Context(), order.ID(), woocommerce.Note{Text: "kun for butikken"}); err != nil {
		t.Fatal(err)
	}
	notes, err := c.Notes(t.Context(), order.ID())
	want := []woocommerce.Note{{Text: "Din kode: …", ToCustomer: true}, {Text: "kun for butikken"}}
	if diff := cmp.Diff(want, notes); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"Din kode: …"}, order.Notes()); diff != "" {
		t.Error(diff)
	}
}

func TestTheSignatureOfARequestIsTheOneOfRFC5849(t *testing.T) {
	t.Parallel()
	address, err := url.Parse("http://shop.example:8080/butik/wp-json/wc/v3/orders")
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{
		"status": {"processing,completed"}, "search": {"Åse & co~"}, "oauth_signature": {"left out"},
		"oauth_consumer_key": {"ck"}, "oauth_nonce": {"n"}, "oauth_timestamp": {"1"}, "oauth_signature_method": {"HMAC-SHA256"},
	}
	got := woocommerce.SignRequest("get", address, query, "cs")
	if want := "rJJ7bYBuXxezPhz3onji4rvJBOBlR2UWHebU+u1ceRo="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
