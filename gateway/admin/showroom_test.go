package admin_test

import (
	"context"
	"strings"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
)

// shelf is what a pretended shop says when it is looked at.
type shelf struct {
	front retail.Storefront
	fault error
}

// Show is not asked here: the outbox has no handler for it.
func (*shelf) Show(context.Context, retail.Shopfront, retail.Showing) (string, error) {
	return "", retail.ErrUnreadable
}

// Look tells what the test has laid out.
func (s *shelf) Look(context.Context, retail.Shopfront, string) (retail.Storefront, error) {
	return s.front, s.fault
}

// stocked is a shop that sells a card of 500.00 DKK as it should.
func stocked() shelf {
	price := money.Of(500_00, "DKK")
	return shelf{front: retail.Storefront{
		Hooks: map[string]string{"order.created": "", "order.updated": ""}, Currency: "DKK",
		Product: &retail.Shown{ID: "7", Name: "Gavekort", Price: &price, ForSale: true},
	}}
}

// E01, E02: the checklist says in one place what is still missing before vouchers can be sold.
func TestTheChecklistSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	h := open(t)
	price := money.Of(500_00, "DKK")
	sound := map[string]string{"order.created": "", "order.updated": ""}
	shown := retail.Shown{ID: "7", Name: "Gavekort", Price: &price, ForSale: true}
	with := func(change func(*retail.Shown)) retail.Storefront {
		other := shown
		change(&other)
		return retail.Storefront{Hooks: sound, Currency: "DKK", Product: &other}
	}
	other := money.Of(450_00, "DKK")
	for name, tt := range map[string]struct {
		shelf
		check, state, detail string
		ok                   bool
	}{
		"all is well":           {shelf{front: with(func(*retail.Shown) {})}, "price", "ok", "Shop demo asks 500.00 DKK for it.", true},
		"the key is refused":    {shelf{fault: retail.ErrKeyRefused}, "shop", "failed", "Shop demo refuses the API key: make one with the right to read and write, and register it.", false},
		"the shop is away":      {shelf{fault: retail.ErrUnreadable}, "shop", "failed", "Shop demo can't be asked: it can't be understood.", false},
		"no webhook":            {shelf{front: retail.Storefront{Currency: "DKK", Product: &shown}}, "webhooks", "warning", "Shop demo has no webhook for order.created that leads here: orders are only found by asking.", true},
		"nothing is published":  {shelf{front: retail.Storefront{Hooks: sound, Currency: "DKK"}}, "published", "warning", "Shop demo sells nothing with the SKU CARD-500: publish it.", true},
		"it is a draft":         {shelf{front: with(func(s *retail.Shown) { s.ForSale = false })}, "published", "warning", "Shop demo has the product, and does not offer it: publish it.", true},
		"another price":         {shelf{front: with(func(s *retail.Shown) { s.Price = &other })}, "price", "warning", "Shop demo asks 450.00 DKK for it, and not 500.00 DKK.", true},
		"another currency":      {shelf{front: retail.Storefront{Hooks: sound, Currency: "SEK"}}, "currency", "failed", "Prices of shop demo are in SEK, and the product's value in DKK.", false},
		"taxed twice":           {shelf{front: with(func(s *retail.Shown) { s.Taxed = true })}, "tax", "warning", "Shop demo charges VAT on it, which is due again when it is spent: its tax status should be none.", true},
		"it is shipped":         {shelf{front: with(func(s *retail.Shown) { s.Shipping = true })}, "shipping", "warning", "Shop demo takes it for something to be shipped: make it virtual there.", true},
		"what a tender must be": {shelf{}, "tenders", "ok", "In shop demo a purchase is paid online by every named tender but those that its platform knows to be offline.", false},
		"in which language":     {shelf{}, "language", "ok", "Mails of shop demo are in the language of the order, or else da.", false},
		"who sends the codes":   {shelf{}, "mail", "ok", "Codes that shop demo sells are mailed from here.", false},
		"how its vouchers work": {shelf{}, "mode_chosen", "ok", "How its vouchers work was chosen.", false},
	} {
		h.shelf = tt.shelf
		got := h.office.asks("POST", "/v1/admin/products/CARD-500/check", "")
		fields := got.fields()
		if said, _ := fields["ok"].(bool); got.status != 200 || said != tt.ok && tt.check != "tenders" && tt.check != "language" && tt.check != "mail" && tt.check != "mode_chosen" {
			t.Errorf("%s: %d ok %v: %s", name, got.status, fields["ok"], got.text)
		}
		if !hasPoint(fields, tt.check, tt.state, tt.detail) {
			t.Errorf("%s: no point %s %s %q in %s", name, tt.check, tt.state, tt.detail, got.text)
		}
	}
}

// explains checks that the answer says so, in words for people.
func (r *reply) explains(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.text, text) {
			r.t.Errorf("%s: %q is not said in %s", r.asked, text, r.text)
		}
	}
}

// hasPoint tells whether a checklist has a point.
func hasPoint(fields map[string]any, check, state, detail string) bool {
	items, _ := fields["items"].([]any)
	for _, item := range items {
		point, _ := item.(map[string]any)
		if point["check"] == check && point["state"] == state && point["detail"] == detail {
			return true
		}
	}
	return false
}

// E03: what can't be published is refused with the reason, and changes nothing.
func TestWhatCanNotBePublishedIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, err := h.sales.AddShop(t.Context(), retail.NewShop{ID: "plain", Platform: "standard", Secret: standardSecret})
	h.must(err)
	h.office.asks("POST", "/v1/admin/products", members(says("sku", "OPEN"), says("name", "Gavekort"), says("kind", "money"), `"open":{"min":`+dkk(100_00)+`}`)).has(201, "{}")
	h.office.asks("POST", "/v1/admin/products", members(says("sku", "CLIPS"), says("name", "Klip"), says("kind", "punches"), `"punches":10`, says("vat", "single_purpose"))).has(201, "{}")
	h.unchanged("a refused publication", func() {
		publish := func(sku string, more ...string) *reply {
			return h.office.asks("POST", "/v1/admin/products/"+sku+"/publish", members(more...))
		}
		publish("CARD-500", says("shop", "plain")).refuses(409, "cannot_publish").explains("platform standard")
		publish("CARD-500", says("shop", "nowhere")).refuses(404, "not_found")
		publish("NOTHING", says("shop", "demo")).refuses(404, "not_found")
		publish("CARD-500").refuses(400, "invalid_request", `"field":"shop"`)
		publish("CARD-500", says("shop", "demo"), pays("price", 450_00)).refuses(409, "cannot_publish").explains("face value")
		publish("OPEN", says("shop", "demo")).refuses(409, "cannot_publish").explains("say for how much")
		publish("OPEN", says("shop", "demo"), pays("price", 50_00)).refuses(409, "cannot_publish")
		publish("CLIPS", says("shop", "demo")).refuses(409, "cannot_publish").explains("say for how much")
		publish("CLIPS", says("shop", "demo"), `"price":{"amount":1,"currency":"PUNCH"}`).refuses(400, "invalid_request", `"field":"price.currency"`)
		h.office.asks("POST", "/v1/admin/products/CARD-500/unpublish", says1("shop", "demo")).refuses(409, "cannot_publish").explains("never published")
		h.office.asks("GET", "/v1/admin/products/NOTHING/publications", "").refuses(404, "not_found")
	})
	h.office.asks("POST", "/v1/admin/products/CLIPS/publish", members(says("shop", "demo"), pays("price", 450_00))).
		has(200, members(says("state", "pending"), pays("price", 450_00), `"published_at":null`, `"error":null`, `"shop_product_id":null`))
}
