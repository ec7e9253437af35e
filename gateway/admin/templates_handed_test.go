package admin_test

import (
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// hands sells an order of a shop that sends codes itself, and returns the card and what the shop was given to send.
func (h *house) hands(o purchase.Order) (c card, text string) {
	h.t.Helper()
	c = h.sells(o)[0]
	h.until("it was handed over", func() bool { return h.sent(c) == "handover done" })
	h.given.mu.Lock()
	defer h.given.mu.Unlock()
	text = h.given.texts[len(h.given.texts)-1]
	if !strings.Contains(text, h.deliveryOf(c)) {
		h.t.Errorf("the text lacks the delivery's id: %s", text)
	}
	return c, strings.TrimSuffix(text, "\n("+h.deliveryOf(c)+")")
}

// E10, E11: a shop that sends the codes itself is given the merchant's own text for them, in the order's language and for the product,
// addressed to the buyer, who is the one to read it.
func TestAShopThatSendsTheCodesIsGivenTheMerchantsText(t *testing.T) {
	t.Parallel()
	h := open(t, sendsItself)
	h.works()
	if c, got := h.hands(order("1042", 0)); !strings.HasPrefix(got, "Gavekort til alle\n") || !strings.Contains(got, c.code) {
		t.Errorf("without a template the shop has %q", got)
	}
	const text = "{{.greeting}} {{.recipient_name}}{{.giver_name}}: {{.code}}{{.attached}}{{.qr}}\n{{.shop_name}} {{.sender_name}}"
	h.office.words("-/da/code", "x", plain, simple).has(200, `{"version":1}`)
	h.office.words("demo/da/code", "Emne", text, simple).has(200, `{"version":1}`)
	h.office.words("demo/sv/code", "Emne", "På svenska: {{.code}}", simple).has(200, `{"version":1}`)
	h.office.words("-/da/code.jul", "x", "Glædelig jul {{.code}}", simple).has(200, `{"version":1}`)
	h.office.asks("POST", "/v1/admin/products", `{"sku":"JUL-500","name":"Julegavekort","kind":"money","amount":{"amount":50000,"currency":"DKK"},"template":"jul"}`).
		has(201, `{"template":"jul"}`)
	swedish := func(o *purchase.Order) { o.Language = "sv" }
	for name, tt := range map[string]struct {
		order purchase.Order
		want  string
	}{
		"the shop's own": {order("1043", 0), "Hej Søren, Søren: CODE\nByens Bøger Byens Bøger, gave@example.dk"},
		"a present":      {order("1044", 0, toRecipient("lisa@example.dk")), "Hej Søren, Søren: CODE\nByens Bøger Byens Bøger, gave@example.dk\nTil: Mormor"},
		"in Swedish":     {order("1045", 0, swedish), "På svenska: CODE"},
		"the product's":  {order("1046", 0, of("JUL-500")), "Glædelig jul CODE"},
	} {
		if c, got := h.hands(tt.order); got != strings.ReplaceAll(tt.want, "CODE", c.code) {
			t.Errorf("%s: the shop has %q, want %q", name, got, tt.want)
		}
	}
	if n := len(h.sink.Messages()); n != 0 {
		t.Errorf("%d mails were sent as well", n)
	}
}

// E10, B05, B12: of several presents of an order, the shop and the buyer can tell which code is for whom, by name or else by address, and
// what the buyer says to him. What strangers typed is no tag, no link and no second code in the shop's page.
func TestAShopIsToldForWhomACodeIs(t *testing.T) {
	t.Parallel()
	h := open(t, sendsItself)
	h.works()
	says := func(name, email, message string) func(*purchase.Order) {
		return func(o *purchase.Order) {
			o.Lines[0].RecipientName, o.Lines[0].RecipientEmail, o.Lines[0].Message = name, email, message
		}
	}
	for name, tt := range map[string]struct {
		order purchase.Order
		want  string // behind the last line that every note has
	}{
		"nobody else":       {order("1042", 0), ""},
		"a name":            {order("1043", 0, says("Lisa", "lisa@example.dk", "")), "\nTil: Lisa"},
		"an address":        {order("1044", 0, says("", "lisa@example.dk", "Tillykke!\nAdam")), "\nTil: lisa@example.dk\nPersonlig hilsen:\nTillykke!\nAdam"},
		"what strangers do": {order("1046", 0, says("<b>Lisa\nx", "", "https://evil.example <img src=x> 2222-3333-4444-5555")), "\nTil: ‹b›Lisa x\nPersonlig hilsen:\nhttps: //evil. example ‹img src=x› 2222 3333 4444 5555"},
	} {
		c, got := h.hands(tt.order)
		_, behind, _ := strings.Cut(got, "kan bruge gavekortet.")
		if behind != tt.want || strings.Count(got, c.code) != 1 {
			t.Errorf("%s: the shop has %q, want %q behind its lines", name, got, tt.want)
		}
	}
	h.office.words("demo/da/code", "Emne", "{{.code}}: {{.message}}", simple).has(200, "{}")
	if c, got := h.hands(order("1047", 0, says("Lisa", "", "Tillykke <3"))); got != c.code+": Tillykke ‹3\nTil: Lisa" {
		t.Errorf("with the merchant's text the shop has %q", got)
	}
}

// E11: a template that can't be used keeps no code back from a shop that sends it, and the office is told.
func TestAnUnusableTemplateKeepsNoCodeBackFromTheShop(t *testing.T) {
	t.Parallel()
	h := open(t, sendsItself)
	h.works()
	for i, bad := range []string{"{{.gone}} {{.code}}", "not for him: {{if ne .recipient_name `Søren`}}{{.code}}{{end}}", "{{.code}} {{.title}}{{.title"} {
		h.runs(`INSERT INTO template (shop, language, name, version, subject, body, html, gone) VALUES ('demo', 'da', 'code', $1, 'x', $2, '{{.code}}', false)`, i+1, bad)
		if c, got := h.hands(order("10"+string(rune('a'+i)), 0)); !strings.HasPrefix(got, "Gavekort til alle\n") || strings.Count(got, c.code) != 1 {
			t.Errorf("%s: the shop has %q", bad, got)
		}
	}
	if got := h.reads(`SELECT string_agg(subject || ' ' || reason, ',') FROM task WHERE kind = 'template' AND closed_at IS NULL`); got != "demo/da/code unusable" {
		t.Errorf("the office was told %q", got)
	}
}
