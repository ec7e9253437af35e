package relay_test

import (
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// E10, E11: the note that WooCommerce mails to the buyer has the merchant's own text.
func TestANoteToTheBuyerHasTheMerchantsText(t *testing.T) {
	t.Parallel()
	h := open(t, func(n *retail.NewShop) { n.CodesBy = orders.TheShop })
	if _, err := h.pool.Exec(t.Context(), `INSERT INTO template (shop, language, name, version, subject, body, html, gone)
		VALUES ('demo', 'da', 'code', 1, 'x', 'Tak! Koden er {{.code}}, den gælder {{.value}}', '{{.code}}', false)`); err != nil {
		t.Fatal(err)
	}
	o := h.woo.Order(card(2))
	o.Pay()
	h.woo.Deliver(t.Context(), h.url("demo"))
	h.until("the shop has both codes", func() bool { return len(o.Notes()) == 2 })
	if odd := slices.DeleteFunc(o.Notes(), func(note string) bool {
		return strings.HasPrefix(note, "Tak! Koden er ") && strings.Contains(note, ", den gælder 500,00")
	}); len(odd) > 0 {
		t.Errorf("%d notes have another text", len(odd))
	}
}

// E10, B12: the buyer's words are in the note also where he names nobody, as who has an account at the shop and gives by hand does.
func TestANoteHasTheBuyersWordsWhoeverTheyAreFor(t *testing.T) {
	t.Parallel()
	h := open(t, func(n *retail.NewShop) { n.CodesBy = orders.TheShop })
	line := card(1)
	line.Meta = map[string]string{"_gift_message": "Tillykke med dagen"}
	o := h.woo.OrderBy(woocommercetest.Buyer{CustomerID: 7, Email: "anna@example.dk", FirstName: "Anna"}, line)
	o.Pay()
	h.woo.Deliver(t.Context(), h.url("demo"))
	h.until("the shop has the code", func() bool { return len(o.Notes()) == 1 })
	if note := o.Notes()[0]; !strings.Contains(note, "Tillykke med dagen") || strings.Contains(note, "Til: ") {
		t.Errorf("the note is %q", note)
	}
	var own bool
	if err := h.pool.QueryRow(t.Context(), `SELECT for_self FROM purchase_unit`).Scan(&own); err != nil || !own {
		t.Errorf("for himself: %t, %v", own, err)
	}
}
