package api_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"vouchsafe/retail"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// opensStockroom registers what the registers sell.
func (h *house) opensStockroom() *retail.Stockroom {
	h.t.Helper()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	h.must(err)
	sales := retail.NewSales(retail.SalesConfig{
		Orders: orders.NewStore(h.pool), Ledger: h.ledger, Ring: h.ring, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Defaults: retail.Defaults{Zone: zone, Country: "DK", Holder: "card", Ceiling: ceiling},
	})
	for _, p := range []purchase.Product{
		{SKU: "CARD-500", Name: "Gavekort", Currency: "DKK", Amount: 500_00},
		{SKU: "CARD-OPEN", Name: "Gavekort", Currency: "DKK", Open: &purchase.Range{Min: 100_00, Max: 2000_00}},
		{SKU: "CARD-MANUAL", Name: "Spa dag", Currency: "DKK", Amount: 500_00, Activation: purchase.Manual},
		{SKU: "CLIPS", Name: "Klippekort", Kind: purchase.Punches, Amount: 10, VAT: purchase.SinglePurpose, VATRate: "25"},
		{SKU: "GYM", Name: "Træning", Currency: "DKK", Amount: 500_00, RequiresMembership: true},
	} {
		_, err := sales.AddProduct(h.t.Context(), p)
		h.must(err)
	}
	_, err = sales.AddShop(h.t.Context(), retail.NewShop{
		ID: "svensk", Platform: "standard", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Country: "SE", Holder: "customer",
	})
	h.must(err)
	h.sales = sales
	return retail.NewStockroom(h.desk, sales)
}

// sells asks a register to sell a product.
func (c *caller) sells(key, product string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/sales/"+key, members(append(more, says("product", product), says("receipt", "R-7"), says("tender", "cash"))...))
}

// prints puts a card of a product into the inventory.
func (h *house) prints(product string) card {
	h.t.Helper()
	c := h.unknown()
	typed, err := voucher.Read(c.code)
	h.must(err)
	zone, err := time.LoadLocation("Europe/Copenhagen")
	h.must(err)
	sealed, err := h.ring.Seal("voucher code", []byte(typed.Ours.Canonical()), []byte(c.id))
	h.must(err)
	h.must(outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error {
		return h.ledger.AddBatch(h.t.Context(), tx, ledger.NewBatch{
			Batch: ledger.Batch{ID: uuid.NewString(), Key: c.id, Product: product, Reason: "summer"},
			Vouchers: []ledger.NewVoucher{{
				Voucher: voucher.Voucher{
					ID: c.id, Last4: c.last4, Product: product, Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK", Term: "P3Y", Zone: zone,
				},
				MAC: h.ring.MAC("voucher code", []byte(typed.Ours.Canonical())), Sealed: sealed,
			}},
		})
	}))
	return c
}

// sold is a sale as it is answered.
func sold(key string, amount int64, more ...string) string {
	return members(append(more, `"sale":`+actOf(key, amount), pays("balance", amount))...)
}

// X08: a register sells a code that is made on the spot. The same again is the same sale, with its code for a day.
func TestSale(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.till.sells("s:1", "CARD-500")
	first.wants(201, sold("s:1", 500_00, `"code":"*"`, `"last4":"*"`,
		`"voucher":{"id":"*","last4":"*","kind":"money","state":"active","mode":"card","product":"CARD-500","expires_on":"*","vat":"multi_purpose"}`))
	c := card{first.at("voucher", "id"), first.at("code"), first.at("last4")}
	h.till.redeems("t:1", c, 200_00).wants(201, redeemed("t:1", 200_00, 300_00, 0))
	if again := h.till.sells("s:1", "CARD-500", pays("amount", 500_00)); again.status != 200 || again.text != first.text {
		t.Errorf("the same again is %d %s; want %s", again.status, again.text, first.text)
	}
	recovered := h.till.recovers("sales", "s:1").has(200, `{"state":"done"}`)
	if recovered.at("code") != c.code {
		t.Errorf("recovered %s", recovered.text)
	}
	h.passes(24 * time.Hour)
	old := h.till.sells("s:1", "CARD-500").has(200, members(says("last4", c.last4)))
	if code, there := old.fields()["code"]; code != nil || !there || strings.Contains(old.text, c.code) {
		t.Errorf("after a day: %s", old.text)
	}
	if text := h.till.recovers("sales", "s:1").text; strings.Contains(text, c.code) {
		t.Errorf("after a day: %s", text)
	}
	h.till.sells("s:1", "CARD-MANUAL").refuses(422, "key_reused")
	h.till.sells("s:1", "NOTHING").refuses(422, "key_reused")
	h.till.sells("s:1", "CARD-500", pays("amount", 1)).refuses(422, "key_reused")
	h.till.sells("s:1", "CARD-500", says("code", h.prints("CARD-500").code)).refuses(422, "key_reused")
	h.mayRelease.sells("s:1", "CARD-500").has(201, sold("s:1", 500_00))
}

// What a product is worth, and what it is not sold for. A refusal leaves nothing, and its key free.
func TestASaleKeepsToItsProduct(t *testing.T) {
	t.Parallel()
	h := open(t)
	before := h.books()
	h.till.sells("s:1", "NOTHING").refuses(404, "not_found", `"field":"product"`)
	h.till.sells("s:1", "CARD-500", pays("amount", 499_99)).refuses(400, "invalid_request", `"field":"amount"`)
	h.till.sells("s:1", "CARD-OPEN").refuses(400, "invalid_request", `"field":"amount"`)
	h.till.sells("s:1", "CARD-OPEN", pays("amount", 99_99)).refuses(400, "invalid_request", `"field":"amount"`)
	h.till.sells("s:1", "CARD-OPEN", pays("amount", 2000_01)).refuses(400, "invalid_request", `"field":"amount"`)
	h.till.sells("s:1", "CARD-OPEN", pays("amount", 0)).refuses(400, "invalid_request", `"field":"amount.amount"`)
	h.till.sells("s:1", "CARD-OPEN", pays("amount", 10_000_01)).refuses(400, "invalid_request", `"field":"amount.amount"`)
	h.till.sells("s:1", "CARD-OPEN", `"amount":{"amount":100,"currency":"EUR"}`).refuses(409, "currency_mismatch")
	h.till.asks("PUT", "/v1/sales/s:1", members(says("product", "CARD-500"), says("tender", "cash"))).refuses(400, "invalid_request", `"field":"receipt"`)
	h.till.asks("PUT", "/v1/sales/s:1", members(says("product", "CARD-500"), says("receipt", "1"))).refuses(400, "invalid_request", `"field":"tender"`)
	h.till.sells("s:1", "CARD-500", `"code":""`).refuses(400, "invalid_request", `"field":"code"`)
	h.shop.sells("s:1", "CARD-500").refuses(403, "channel_not_allowed")
	h.office.sells("s:1", "CARD-500").refuses(403, "channel_not_allowed")
	if after := h.books(); after != before {
		t.Errorf("a refusal changed something: %s, then %s", before, after)
	}
	h.till.sells("s:1", "CARD-OPEN", pays("amount", 150_00)).has(201, sold("s:1", 150_00))
	h.till.sells("s:2", "CLIPS").has(201, `{"balance":{"amount":10,"currency":"PUNCH"},"sale":{"key":"s:2","id":"*","amount":{"amount":10,"currency":"PUNCH"}}}`)
	manual := h.till.sells("s:3", "CARD-MANUAL")
	if manual.status != 201 || !strings.Contains(manual.text, `"state":"issued"`) {
		t.Errorf("of what the office activates: %d %s", manual.status, manual.text)
	}
	h.till.redeems("t:1", card{code: manual.at("code")}, 1_00).refuses(409, "not_active")
}

// A register sells as its shop does: for the term of its country, in its mode.
func TestASaleKeepsToItsShop(t *testing.T) {
	t.Parallel()
	h := open(t)
	got := (&caller{h: h, key: "till-of-shop"}).sells("s:1", "CARD-500")
	if day := got.at("voucher", "expires_on"); got.at("voucher", "mode") != "customer" || day < time.Now().AddDate(9, 11, 0).Format(time.DateOnly) {
		t.Errorf("sold %s", got.text)
	}
	if seller := h.reads(`SELECT shop FROM voucher WHERE id = $1`, got.at("voucher", "id")); seller != "svensk" {
		t.Errorf("sold by %q", seller)
	}
}

// X08: inventory → active. Until then a card is worth nothing to anybody.
func TestASaleActivatesAPrePrintedCard(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.prints("CARD-500")
	for _, who := range []*caller{h.till, h.office} {
		who.looksUp(c).refuses(409, "not_active")
	}
	h.shop.looksUp(c).refuses(422, "cannot_be_applied")
	h.till.redeems("t:1", c, 1_00).refuses(409, "not_active")
	h.till.reloads("l:1", c, 1_00).refuses(409, "not_active")
	h.till.sells("s:1", "CARD-OPEN", pays("amount", 500_00), says("code", c.code)).refuses(409, "other_product")
	h.till.sells("s:1", "CARD-500", says("code", h.unknown().code)).refuses(404, "voucher_not_found")
	h.till.sells("s:1", "CARD-500", says("code", h.issues(500_00).code)).refuses(409, "already_sold")
	h.passes(400 * 24 * time.Hour)
	first := h.till.sells("s:1", "CARD-500", says("code", strings.ToLower(c.code))).has(201, sold("s:1", 500_00, says("code", c.code), says("last4", c.last4)))
	if day := first.at("voucher", "expires_on"); day <= time.Now().AddDate(4, 0, 0).Format(time.DateOnly) {
		t.Errorf("its validity begins with the sale: through %s", day)
	}
	if again := h.till.sells("s:1", "CARD-500", says("code", c.code)); again.status != 200 || again.text != first.text {
		t.Errorf("the same again is %d %s", again.status, again.text)
	}
	h.till.sells("s:1", "CARD-500").refuses(422, "key_reused")
	h.mayRelease.sells("s:2", "CARD-500", says("code", c.code)).refuses(409, "already_sold")
	h.shop.reserves("w:1", c, "cart-1", 100_00).has(201, `{"state":"active"}`)
	entry := h.reads(`SELECT kind || ' ' || contra || ' ' || amount FROM entry WHERE account = $1`, c.id)
	tender := h.reads(`SELECT detail ->> 'tender' FROM act WHERE voucher = $1 AND kind = 'sale'`, c.id)
	if entry != "issue sold/till:till-1 50000" || tender != "cash" {
		t.Errorf("the journal says %q, paid by %q", entry, tender)
	}

	blocked, ended := h.prints("CARD-500"), h.prints("CARD-500")
	h.blocks(blocked)
	h.invalidates(ended)
	h.till.sells("s:3", "CARD-500", says("code", blocked.code)).refuses(409, "blocked")
	h.till.sells("s:3", "CARD-500", says("code", ended.code)).refuses(409, "invalidated")
}

// Wrong codes are counted at a sale as anywhere else, and a known key is answered all the same.
func TestASaleSlowsAGuesserDown(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.prints("CARD-500")
	first := h.till.sells("s:0", "CARD-500", says("code", c.code)).has(201, sold("s:0", 500_00))
	last := 0
	for range 40 {
		if last = h.till.sells("s:1", "CARD-500", says("code", h.unknown().code)).status; last == 429 {
			break
		}
	}
	if last != 429 {
		t.Errorf("after 40 wrong codes: %d", last)
	}
	if again := h.till.sells("s:0", "CARD-500", says("code", c.code)); again.status != 200 || again.text != first.text {
		t.Errorf("the same again is %d %s", again.status, again.text)
	}
}

// X02: the whole unspent voucher goes back: a card into the inventory, a code that was made for the sale for good.
func TestASaleIsTakenBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.prints("CARD-500")
	h.till.sells("s:1", "CARD-500", says("code", c.code)).has(201, sold("s:1", 500_00))
	for range 2 {
		h.till.reverses("sales", "s:1").wants(200, `{"outcome":"reversed"}`)
	}
	h.till.looksUp(c).refuses(409, "not_active")
	h.till.sells("s:1", "CARD-500", says("code", c.code)).refuses(409, "prevented")
	gone := h.till.recovers("sales", "s:1").has(200, `{"state":"reversed"}`)
	if strings.Contains(gone.text, c.code) {
		t.Errorf("recovered %s", gone.text)
	}
	h.till.sells("s:2", "CARD-500", says("code", c.code)).has(201, sold("s:2", 500_00))
	h.till.redeems("t:1", c, 1_00)
	h.till.reverses("sales", "s:2").refuses(409, "not_reversible")
	h.till.recovers("sales", "s:2").has(200, `{"state":"done"}`)

	fresh := h.till.sells("s:3", "CARD-500")
	f := card{fresh.at("voucher", "id"), fresh.at("code"), ""}
	h.shop.reserves("w:1", f, "cart-1", 100_00)
	h.till.reverses("sales", "s:3").refuses(409, "not_reversible")
	h.shop.releases("w:1")
	h.till.reverses("sales", "s:3").wants(200, `{"outcome":"reversed"}`)
	h.till.looksUp(f).has(200, members(pays("balance", 0)))
	h.till.redeems("t:2", f, 1_00).refuses(409, "invalidated")

	h.till.reverses("sales", "s:4").wants(200, `{"outcome":"prevented"}`)
	h.till.sells("s:4", "CARD-500").refuses(409, "prevented")
	h.till.recovers("sales", "s:4").wants(200, `{"state":"prevented"}`)
	h.till.recovers("sales", "s:5").refuses(404, "not_found")
	h.till.sells("s:6", "CARD-500")
	h.passes(24 * time.Hour)
	h.till.reverses("sales", "s:6").refuses(409, "not_reversible")
}

// A card that was used ends when its sale is taken back: else what is left of its first life would be taken from whoever buys it next.
func TestACardThatWasUsedIsNotSoldAnew(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.prints("CARD-500")
	first := h.till.sells("s:1", "CARD-500", says("code", c.code))
	c.id = first.at("voucher", "id")
	h.till.redeems("t:1", c, 200_00)
	h.till.reloads("l:1", c, 200_00)
	h.till.reverses("sales", "s:1").wants(200, `{"outcome":"reversed"}`)
	h.till.reverses("reloads", "l:1").refuses(409, "not_reversible")
	h.till.reverses("redemptions", "t:1").refuses(409, "not_reversible")
	h.till.refunds("f:1", "t:1").refuses(409, "invalidated")
	h.till.sells("s:2", "CARD-500", says("code", c.code)).refuses(409, "invalidated")
}

// Two registers sell one card at one moment, and each asks twice; a register asks twice for one fresh code: one of them wins.
func TestOfTwoRegistersOneSellsTheCard(t *testing.T) {
	t.Parallel()
	h := open(t)
	for range 5 {
		c, key := h.prints("CARD-500"), "s:"+uuid.NewString()
		var wg sync.WaitGroup
		got := make([]*reply, 8)
		for i := range got {
			wg.Go(func() {
				who, body := []*caller{h.till, h.mayRelease}[i%2], members(says("product", "CARD-500"), says("receipt", "1"), says("tender", "cash"), says("code", c.code))
				if i >= 4 {
					who, body = h.till, members(says("product", "CARD-500"), says("receipt", "1"), says("tender", "cash"))
				}
				var err error
				if got[i], err = who.tries(context.Background(), "PUT", "/v1/sales/"+key+strings.Repeat("f", i/4), body); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		statuses := map[int]int{}
		for _, r := range got[:4] {
			statuses[r.status]++
		}
		if statuses[201] != 1 || statuses[200] != 1 || statuses[409] != 2 {
			t.Errorf("of a card: %v", statuses)
		}
		codes := map[string]int{}
		for _, r := range got[4:] {
			codes[r.at("code")]++
		}
		if len(codes) != 1 {
			t.Errorf("one key sold %d codes", len(codes))
		}
	}
	if n := h.reads(`SELECT (count(*))::text FROM voucher`); n != "10" {
		t.Errorf("%s vouchers; want 10", n)
	}
}

// An amount in a punch card's unit is no money.
func TestAPunchCardIsDrawnFrom(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := card{code: h.till.sells("s:1", "CLIPS", `"amount":{"amount":10,"currency":"PUNCH"}`).at("code")}
	h.till.sells("s:2", "CLIPS", pays("amount", 10)).refuses(409, "currency_mismatch")
	one := money.Of(1, money.Punch)
	h.till.asks("PUT", "/v1/redemptions/t:1", members(says("code", c.code), says("receipt", "1"), `"amount":{"amount":1,"currency":"`+string(one.Currency)+`"}`)).
		has(201, `{"balance":{"amount":9,"currency":"PUNCH"}}`)
}
