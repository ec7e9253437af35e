package main

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// publication is what the office is told of a product in shop demo.
func (m *merchant) publication(d *running, office, sku string) reply {
	m.t.Helper()
	r := d.wants(200, office, "GET", "/v1/admin/products/"+sku+"/publications", "")
	items, _ := r.body["items"].([]any)
	if len(items) == 0 {
		return reply{}
	}
	first, _ := items[0].(map[string]any)
	return reply{status: 200, body: first, text: r.text}
}

// until waits until the office is told so of a product.
func (m *merchant) until(d *running, office, sku, field string, is func(any) bool) reply {
	m.t.Helper()
	for end := time.Now().Add(recoversWithin); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if r := m.publication(d, office, sku); is(r.at(field)) {
			return r
		}
	}
	m.t.Fatalf("%s is never so: %s\n%s", field, m.publication(d, office, sku).text, d.log)
	return reply{}
}

func equals(want any) func(any) bool { return func(got any) bool { return got == want } }

// A product goes through the gateway to the shop, whose answer is lost in a power cut: there is one product all the same. A customer
// buys it, the office brings it up to date and takes it off sale (E01, E02, E03, E04).
func TestAProductIsPublishedOnceAndSold(t *testing.T) {
	t.Parallel()
	m := opens(t)
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	var lost sync.Once
	died := make(chan struct{})
	m.woo.BeforeAnswer(func(method, path string) {
		if method == "POST" && path == "/products" {
			lost.Do(func() { d.dies(); close(died) })
		}
	})
	d.wants(201, office, "POST", "/v1/admin/products",
		`{"sku": "SPA", "name": "Spa & ro", "kind": "money", "amount": {"amount": 50000, "currency": "DKK"}, "category": "Gaver & mere", "expires": "P1Y"}`)
	if r := d.wants(200, office, "POST", "/v1/admin/products/SPA/publish", `{"shop": "demo"}`); r.at("state") != "pending" {
		t.Errorf("published %s", r.text)
	}
	<-died
	d = m.serves()
	shown := m.until(d, office, "SPA", "state", equals("published"))
	if shown.at("published_at") == nil || shown.at("shop_product_id") == nil || shown.at("error") != nil {
		t.Errorf("the office is told %s", shown.text)
	}
	products := m.woo.Products()
	if len(products) != 1 {
		t.Fatalf("the shop has %+v", products)
	}
	got := products[0]
	want := woocommercetest.Product{
		ID: got.ID, SKU: "SPA", Name: "Spa & ro", Type: "simple", Price: "500.00", Status: "publish", Virtual: true, TaxStatus: "none",
		Categories: []string{"Gaver & mere"}, Writes: got.Writes,
	}
	if !slices.Equal(got.Categories, want.Categories) || got.Name != want.Name || got.Price != want.Price || got.Status != want.Status ||
		got.Type != want.Type || !got.Virtual || got.TaxStatus != want.TaxStatus {
		t.Errorf("the shop has %+v, want %+v", got, want)
	}
	list := d.wants(200, office, "POST", "/v1/admin/products/SPA/check", "")
	if !strings.Contains(list.text, `Shop demo asks 500.00 DKK for it.`) || !strings.Contains(list.text, `as \"Spa`) {
		t.Errorf("the checklist says %s", list.text)
	}
	m.sellsAndWithdraws(d, office)
}

// sellsAndWithdraws lets a customer buy the product, publishes it anew and takes it off sale.
func (m *merchant) sellsAndWithdraws(d *running, office string) {
	m.t.Helper()
	m.woo.Order(woocommercetest.Line{SKU: "SPA", Name: "Spa", Quantity: 1, Total: "500.00"}).Pay()
	m.delivers(d)
	if sold := codes(m.t, m.mails(2)); len(sold) != 1 {
		m.t.Errorf("%d codes were mailed", len(sold))
	}
	was := m.publication(d, office, "SPA").at("published_at")
	d.wants(200, office, "POST", "/v1/admin/products/SPA/publish", `{"shop": "demo"}`)
	m.until(d, office, "SPA", "published_at", func(at any) bool { return at != was && at != nil })
	d.wants(200, office, "POST", "/v1/admin/products/SPA/unpublish", `{"shop": "demo"}`)
	m.until(d, office, "SPA", "state", equals("withdrawn"))
	if products := m.woo.Products(); len(products) != 1 || products[0].Status != "draft" {
		m.t.Errorf("the shop has %+v", products)
	}
	m.woo.PricesIn("SEK")
	d.wants(200, office, "POST", "/v1/admin/products/SPA/publish", `{"shop": "demo"}`)
	failed := m.until(d, office, "SPA", "error", func(fault any) bool { text, _ := fault.(string); return strings.Contains(text, "SEK") })
	if failed.at("state") != "pending" {
		m.t.Errorf("the office is told %s", failed.text)
	}
	eventually(m.t, recoversWithin, "the office is told", func() bool {
		return strings.Contains(d.wants(200, office, "GET", "/v1/admin/tasks", "").text, "the shop refuses the product")
	})
	if said := m.does("verify"); !strings.HasPrefix(said, "Sound") {
		m.t.Errorf("verify says %s", said)
	}
}
