package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// page is a page as a browser gets it.
type page struct {
	status int
	header http.Header
	text   string
}

// browses asks for a page as a browser would; a form that is not nil is sent.
func (d *running) browses(path, languages string, form url.Values) page {
	d.t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	request, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Accept-Language", languages)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return page{answer.StatusCode, answer.Header, string(text)}
}

// shows checks that a page is there, kept by nobody, and has or lacks texts: one that begins with ! must not be there.
func (p page) shows(t *testing.T, texts ...string) {
	t.Helper()
	policy := p.header.Get("Content-Security-Policy")
	if p.status != 200 || p.header.Get("Cache-Control") != "no-store" || !strings.Contains(policy, "default-src 'none'") || strings.Contains(p.text, "<script") {
		t.Errorf("%d %v\n%s", p.status, p.header, p.text)
	}
	for _, text := range texts {
		if absent, not := strings.CutPrefix(text, "!"); not == strings.Contains(p.text, strings.TrimPrefix(text, "!")) {
			t.Errorf("%q: there is %v, in\n%s", absent, !not, p.text)
		}
	}
}

// shopsOf sets up two facilities, two categories and a product that is linked to each of them otherwise.
func shopsOf(t *testing.T, settings ...string) *merchant {
	t.Helper()
	m := opens(t, settings...)
	m.does("product", "add", "--sku", "SPA-10", "--name", "Spa, 10 klip", "--punches", "10", "--vat", "single_purpose", "--vat-rate", "25",
		"--category", "Spa", "--facilities", "Odense,Aarhus")
	m.does("product", "add", "--sku", "GYM", "--name", "Træning <frit>", "--open", "--min", "100.00", "--max", "900.00", "--currency", "DKK",
		"--category", "Træning", "--facilities", "Odense", "--requires-membership")
	m.does("product", "add", "--sku", "SPA-VEJLE", "--name", "Spa i Vejle", "--amount", "300.00", "--currency", "DKK", "--category", "Spa", "--facilities", "Vejle")
	return m
}

// B01, B02, B18, B19, B20, B22, B23: the office makes a link, which leads to the shop's cart or to a page that shows what fits.
func TestLinksLeadToTheSale(t *testing.T) {
	t.Parallel()
	m := shopsOf(t, "VOUCHSAFE_PUBLIC_URL=https://vouchers.example")
	m.does("shop", "add", "--id", "zoo", "--name", "Zoo & Ko", "--platform", "standard", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"--cart-link", "https://zoo.example/add/{sku}?n=1")
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	id := m.woo.Sells(woocommercetest.Product{SKU: "SPA-10", Name: "Spa, 10 klip", Price: "900.00", Status: "publish", Type: "simple"})

	made := d.wants(200, office, "GET", "/v1/links?product=SPA-10&facility=odense", "")
	if cart := fmt.Sprintf("%s?add-to-cart=%d&quantity=1", m.woo.URL, id); made.at("url") != cart {
		t.Errorf("it leads to %v, want %s", made.at("url"), cart)
	}
	if page := made.at("page"); page != "https://vouchers.example/buy?facility=odense&product=SPA-10" {
		t.Errorf("the page is %v", page)
	}
	if !strings.Contains(made.text, `"https://zoo.example/add/SPA-10?n=1"`) || !strings.Contains(made.text, `"facilities":["Aarhus","Odense","Vejle"]`) {
		t.Errorf("the generator says %s", made.text)
	}
	category := d.wants(200, office, "GET", "/v1/links?category=Spa&facility=Odense", "")
	if category.at("url") != "https://vouchers.example/buy?category=Spa&facility=Odense" {
		t.Errorf("a category leads to %s", category.text)
	}
	for query, field := range map[string]string{
		"product=NOTHING": "product", "product=SPA-10&facility=Vejle": "product", "product=SPA-10&category=Gym": "product", "category=Spa&facility=Nowhere": "category",
		"facility=Nowhere": "facility",
	} {
		if r := d.asks(office, "GET", "/v1/links?"+query, ""); r.status != 400 && r.status != 404 || r.at("field") != field {
			t.Errorf("%s: %d %s", query, r.status, r.text)
		}
	}
	d.wants(400, office, "GET", "/v1/links?product=SPA-10&colour=red", "")
	own := d.wants(200, m.shop, "GET", "/v1/links?product=SPA-10", "")
	if cart := fmt.Sprintf("%s?add-to-cart=%d&quantity=1", m.woo.URL, id); own.at("url") != cart || strings.Contains(own.text, "zoo.example") {
		t.Errorf("the shop is given %s, want %s alone", own.text, cart)
	}
	d.wants(403, m.till, "GET", "/v1/links", "")

	d.browses("/buy?category=Spa&facility=Odense", "da", nil).shows(t, `lang="da"`, "Køb gavekort", "Spa, 10 klip", "10 klip", "zoo.example/add/SPA-10?n=1",
		"Zoo &amp; Ko", "add-to-cart=", "!Spa i Vejle", "!Træning")
	d.browses("/buy", "fr, sv;q=0.8, en;q=0.5", nil).shows(t, `lang="sv"`, "Köp presentkort", "Spa i Vejle", "Træning &lt;frit&gt;", "Gavekort 500 kr.")
	d.browses("/buy?product=GYM&lang=de", "da", nil).shows(t, `lang="de"`, "Gutschein kaufen", "100,00", "900,00", "Mitglied", "!Spa")
	d.browses("/buy?category=Nothing&lang=nb", "da", nil).shows(t, `lang="nb"`, "ikke noe til salgs")
	d.browses("/buy?product=SPA-10", "xx", nil).shows(t, `lang="da"`)
	d.browses("/buy?category=GAVE-2019-0001&facility=GAVE-2019-0002&product=GAVE-2019-0003", "en", nil).shows(t, "!GAVE-2019")
	d.browses("/buy?category=Spa", "da", nil).shows(t, `href="/buy?lang=sv&amp;category=Spa"`)
	d.browses("/buy?product=%3Cscript%3E", "en", nil).shows(t, `lang="en"`, "!<script>")
}

// B21: a default facility is preselected and locked for whoever makes links. Links that were made before keep working.
func TestADefaultFacilityLocksTheGeneratorAlone(t *testing.T) {
	t.Parallel()
	m := shopsOf(t, "VOUCHSAFE_PUBLIC_URL=https://vouchers.example", "VOUCHSAFE_DEFAULT_FACILITY=Odense")
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	made := d.wants(200, office, "GET", "/v1/links?category=Spa", "")
	if made.at("url") != "https://vouchers.example/buy?category=Spa&facility=Odense" || made.at("locked_facility") != "Odense" {
		t.Errorf("made %s", made.text)
	}
	d.wants(200, office, "GET", "/v1/links?category=Spa&facility=Odense", "")
	if r := d.wants(400, office, "GET", "/v1/links?category=Spa&facility=Vejle", ""); r.at("field") != "facility" {
		t.Errorf("another facility: %s", r.text)
	}
	if r := d.wants(400, office, "GET", "/v1/links?product=SPA-VEJLE", ""); r.at("field") != "product" {
		t.Errorf("what the facility does not sell: %s", r.text)
	}
	d.browses("/buy?category=Spa&facility=Vejle", "da", nil).shows(t, "Spa i Vejle", "!10 klip")
	d.browses("/buy?category=Spa", "da", nil).shows(t, "Spa i Vejle", "10 klip")
}

// X16: whoever has a code sees what is on it, in his language. Every other code is one answer, and too many questions are another.
func TestTheBalancePage(t *testing.T) {
	t.Parallel()
	m := opens(t)
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	asked := d.browses("/balance", "sv", nil)
	asked.shows(t, `lang="sv"`, `method="post"`, "Saldo på presentkort", `content="noindex, nofollow"`)
	if asked.header.Get("X-Robots-Tag") != "noindex, nofollow" || !strings.Contains(asked.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("its header is %v", asked.header)
	}
	sold := m.sells(d, 1)[0]
	code := func(text string) url.Values { return url.Values{"code": {text}} }
	d.browses("/balance?lang=da", "", code(strings.ToLower(sold))).shows(t, "500,00", "Gyldigt til og med", "!"+sold)
	d.browses("/balance?lang=de", "", code(" "+strings.ReplaceAll(sold, "-", "")+" ")).shows(t, "500,00", "Guthaben")

	unusable, forget := m.unusable(d, office), m.forgiving()
	used := m.sells(d, 1)[0]
	d.wants(201, m.till, "PUT", "/v1/redemptions/all", fmt.Sprintf(`{"code": %q, "amount": {"amount": 50000, "currency": "DKK"}, "receipt": "1"}`, used))
	unusable["used up"], unusable["nothing"] = used, ""
	var first page
	for why, text := range unusable {
		forget()
		got := d.browses("/balance?lang=en", "", code(text))
		if first.text == "" {
			first = got
			first.shows(t, "We can&#39;t show a balance for this code", "!"+text+`"`)
		}
		if got.status != first.status || got.text != first.text {
			t.Errorf("%s: %d\n%s\nwhere another is %d\n%s", why, got.status, got.text, first.status, first.text)
		}
	}
	forget()
	for range 5 {
		d.browses("/balance?lang=en", "", code(used))
	}
	stopped := d.browses("/balance?lang=en", "", code(sold))
	if stopped.status != 429 || stopped.header.Get("Retry-After") == "" || strings.Contains(stopped.text, "500.00") {
		t.Errorf("after too many: %d %v\n%s", stopped.status, stopped.header, stopped.text)
	}
	if r := d.asks("", "GET", "/balance?code="+sold, ""); r.status != 400 && strings.Contains(r.text, "500") {
		t.Errorf("a code in the address: %d %s", r.status, r.text)
	}
	if strings.Contains(d.log.String(), sold) || strings.Contains(d.log.String(), strings.ToLower(sold)) {
		t.Error("the log has a code")
	}
}

// P22: whoever asks reads what the merchant has approved, in Danish or English, and nothing of what is a draft.
func TestTheQuestionsPage(t *testing.T) {
	t.Parallel()
	m := opens(t)
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	d.browses("/faq", "da", nil).shows(t, `lang="da"`, "Her er ingen svar endnu")
	d.wants(200, office, "PUT", "/v1/admin/loyalty", `{"version": 0, "rules": [{"event": "signup", "points": 1500}]}`)
	approve := func(place, question, answer string) {
		d.wants(200, office, "PUT", "/v1/admin/loyalty/faq/"+place, fmt.Sprintf(`{"question": %q, "answer": %q, "approved": true}`, question, answer))
	}
	approve("da/welcome", "Får jeg <b>point</b>?", "Ja:\n{{signup_points}} & tak.")
	approve("da/worth", "Hvad er de værd?", "{{rate_amount}}")
	approve("en/welcome", "Do I get points?", "Yes, {{signup_points}}.")
	d.wants(200, office, "PUT", "/v1/admin/loyalty/faq/da/limits", `{"question": "En kladde?", "answer": "Ja."}`)
	d.dies()
	d = m.serves()
	d.browses("/faq?language=da", "en", nil).shows(t, `lang="da"`, "Får jeg &lt;b&gt;point&lt;/b&gt;?", "Ja:\n1.500\u00a0point &amp; tak.", "!En kladde", "!Hvad er de værd", "!{{",
		`href="/faq?lang=en"`, "!lang=sv")
	d.browses("/faq", "sv", nil).shows(t, `lang="en"`, "Yes, 1,500\u00a0points.", "!Får jeg")
	d.browses("/faq?lang=da&language=en", "", nil).shows(t, `lang="da"`)
}

// X16: the page tells of codes that were drawn here, of imported ones only where the merchant says so, or of none.
func TestTheBalancePageIsASetting(t *testing.T) {
	t.Parallel()
	m := opens(t)
	first := m.serves()
	sold := m.sells(first, 1)[0]
	token := `{"code": %q, "token": "OLD-CARD-4711"}`
	first.wants(201, m.till, "PUT", "/v1/bindings/b", fmt.Sprintf(token, sold))
	form := url.Values{"code": {"OLD-CARD-4711"}}
	first.browses("/balance?lang=en", "", form).shows(t, "show a balance")
	if r := m.serves("VOUCHSAFE_BALANCE_PAGE=all").browses("/balance?lang=en", "", form); strings.Contains(r.text, "500.00") {
		t.Error("a token is a code on the page")
	}
	if r := m.serves("VOUCHSAFE_BALANCE_PAGE=off").browses("/balance", "", nil); r.status != 404 {
		t.Errorf("switched off: %d", r.status)
	}
}

// B07: a shop that offers no online payment can't sell vouchers, and the checklist says so.
func TestTheChecklistSaysWhenVouchersCannotBePaidOnline(t *testing.T) {
	t.Parallel()
	m := opens(t)
	m.woo.Offers("bacs", "cod")
	if lines, failing := m.checks(); !failing || !says(lines, "FAIL", "shop demo", "no online means of payment is configured", "bacs, cod") {
		t.Errorf("without card payment:\n%s", strings.Join(lines, "\n"))
	}
	m.woo.Offers("bacs", "stripe")
	if lines, _ := m.checks(); !says(lines, "ok ", "shop demo", "paid online there, by stripe") {
		t.Errorf("with card payment:\n%s", strings.Join(lines, "\n"))
	}
	m.woo.Offers()
	if lines, _ := m.checks(); !says(lines, "FAIL", "shop demo", "it offers none at all") {
		t.Errorf("without any:\n%s", strings.Join(lines, "\n"))
	}
	m.does("shop", "add", "--id", "own", "--platform", "woocommerce", "--secret", woocommercetest.WebhookSecret, "--online-tenders", "quickpay",
		"--url", m.woo.URL, "--api-key", woocommercetest.ConsumerKey, "--api-secret", woocommercetest.ConsumerSecret)
	m.does("shop", "add", "--id", "zoo", "--platform", "standard", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	m.woo.Offers("stripe")
	lines, _ := m.checks()
	if !says(lines, "FAIL", "shop own", "it offers stripe, and registered as online are quickpay") || !says(lines, "warn", "shop zoo", "--online-tenders") {
		t.Errorf("with tenders of its own:\n%s", strings.Join(lines, "\n"))
	}
}
