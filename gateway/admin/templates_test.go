package admin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/language"
	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// confirms is a shop whose orders are confirmed here.
func confirms(_ *voucher.Rules, s *retail.NewShop) { s.Confirmation = orders.Vouchsafe }

// wording is a body of words.
func wording(subject, text, html string) string {
	return members(says("subject", subject), says("text", text), says("html", html))
}

// words puts a template.
func (c *caller) words(place, subject, text, html string) *reply {
	c.h.t.Helper()
	return c.asks("PUT", "/v1/admin/templates/"+place, wording(subject, text, html))
}

const (
	plain  = "{{.shop_name}}: {{.code}}"
	simple = "<p>{{.shop_name}}: {{.code}}</p>"
)

// E11, A22: a shop's words for a language hold for its next mail, above the installation's, and a mail that was made stays as it was.
func TestAMerchantsTemplateIsUsedForMailsThatAreMadeFromThenOn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	c := h.sells(order("1042", 0))[0]
	first := h.mails(1)[0]
	h.office.words("-/da/code", "Alle: {{.value}}", plain, simple).has(200, `{"shop":"-","language":"da","name":"code","version":1,"source":"own"}`)
	h.office.words("demo/da/code", "Her: {{.value}}", plain+"\n{{.sender_name}} {{.privacy_url}}", simple).has(200, `{"version":1}`)
	h.office.words("demo/sv/code", "Svensk", plain, simple)
	h.until("the first is done", func() bool { return h.sent(c) == "code done" })
	h.office.does("resend", c)
	seen, err := h.mails(2)[1].Inspect()
	h.must(err)
	if want := "demo: " + c.code + "\nByens Bøger"; seen.Subject != "Her: 500,00\u00a0kr." && seen.Subject != "Her: 500,00 kr." || !strings.Contains(seen.Text, c.code) {
		t.Errorf("subject %q, text %q; want %q", seen.Subject, seen.Text, want)
	}
	if again := h.sink.Messages()[0]; string(again.Bytes) != string(first.Bytes) {
		t.Error("a mail that was made has changed")
	}
	h.office.asks("DELETE", "/v1/admin/templates/demo/da/code", "").has(200, `{"version":1,"source":"inherited","from":{"shop":"-","language":"da","name":"code"}}`)
	h.office.asks("DELETE", "/v1/admin/templates/-/da/code", "").has(200, `{"source":"built_in","version":0,"subject":"{{.subject}}"}`)
	h.until("the second is done", func() bool { return h.sent(c) == "code done\ncode done" })
	h.office.does("resend", c)
	seen, err = h.mails(3)[2].Inspect()
	h.must(err)
	if !strings.HasPrefix(seen.Subject, "Dit gavekort fra ") {
		t.Errorf("without a template the subject is %q", seen.Subject)
	}
}

// E11: every version stays, and can be put again; the same words again are no new version; the trail says who.
func TestVersionsOfATemplateAreKept(t *testing.T) {
	t.Parallel()
	h := open(t)
	const place = "demo/de-AT/code"
	h.office.words(place, "Eins", plain, simple).has(200, `{"version":1}`)
	h.office.words(place, "Zwei", plain, simple).has(200, `{"version":2}`)
	h.unchanged("the same words", func() { h.office.words(place, "Zwei", plain, simple).has(200, `{"version":2}`) })
	h.office.asks("GET", "/v1/admin/templates/"+place+"?version=1", "").has(200, `{"version":1,"subject":"Eins","source":"older"}`)
	h.office.asks("DELETE", "/v1/admin/templates/"+place, "").has(200, `{"source":"built_in"}`)
	h.office.asks("GET", "/v1/admin/templates/"+place+"?version=3", "").has(200, `{"source":"taken_away"}`)
	h.office.words(place, "Eins", plain, simple).has(200, `{"version":4,"source":"own"}`)
	h.office.asks("GET", "/v1/admin/templates/"+place+"?version=5", "").refuses(404, "not_found")
	var listed struct {
		Items []struct {
			Version int
			Source  string
		}
	}
	h.must(json.Unmarshal([]byte(h.office.asks("GET", "/v1/admin/templates/"+place+"/versions", "").text), &listed))
	if len(listed.Items) != 4 || listed.Items[0].Version != 4 || listed.Items[0].Source != "own" || listed.Items[1].Source != "taken_away" {
		t.Errorf("the versions are %+v", listed.Items)
	}
	if got, want := h.trailOf("template "+place), 4; strings.Count(got, "template") < want {
		t.Errorf("the trail says %q, want %d lines", got, want)
	}
	if got := h.office.items("/v1/admin/templates", "name"); len(got) != 1 || got[0] != "code" {
		t.Errorf("the list has %v", got)
	}
}

// E08, E11: what would spoil a mail is refused when it is written, with its part and line; nothing is stored.
func TestATemplateThatWouldSpoilAMailIsRefusedWithPartAndLine(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.unchanged("a bad template", func() {
		for _, bad := range []struct{ place, subject, text, html, field, detail string }{
			{"demo/da/code", "x", "{{.code}}\n{{.kode}}", simple, "text", "line 2: there is no variable"},
			{"demo/da/code", "x", plain, "<p>\n\n{{.code", "html", "line 3: "},
			{"demo/da/code", "x", "no code", simple, "text", "must show the code: {{.code}}"},
			{"demo/da/code", "x", plain, "", "html", "must show the code: <p>{{.code}}</p>"},
			{"demo/da/codes", "x", "{{range .codes}}{{.code}}{{end}}", "none", "html", "must show each code: {{range .codes}}<p>{{.code}}</p>{{end}}"},
			{"demo/da/confirmation", "x", "x", "", "html", "it is empty"},
			{"demo/da/membership", "", "", "", "text", "it is empty"},
			{"demo/da/membership", "", " \n", "", "text", "it is empty"},
			{"demo/da/codes", "x", "no codes", simple, "html", "no variable"},
			{"demo/da/code", "x", plain, `<p style="display:none">{{.code}}</p>`, "html", "its style hides the code"},
			{"demo/da/code", "a\nb", plain, simple, "subject", "one line"},
			{"demo/da/code", "x", plain + "{code}", simple, "text", "mailed as it stands"},
			{"demo/da/confirmation", "x", "{{.code}}", "x", "text", "no variable"},
			{"demo/da/confirmation", "x", "x", "x\n" + c.code, "html", "line 2: this looks like a code"},
			{"demo/da/reminder", "{{.code}}", "x", "x", "subject", "no variable"},
			{"demo/da/code", "x", plain, simple + "<script>", "html", "loads and runs nothing"},
			{"demo/da/code", "x", plain + "{{range 99999999}}{{end}}", simple, "text", "range needs a list"},
			{"demo/da/code", "x", plain + "{{printf \"%9999999d\" 1}}", simple, "text", "no function printf"},
			{"demo/da/membership", "", "x", "<p>", "html", "a text alone"},
			{"demo/xx/code", "x", plain, simple, "language", "de-AT"},
			{"demo/da/newsletter", "x", plain, simple, "name", "reminder"},
			{"demo/da/code.Jul", "x", plain, simple, "name", "code.NAME"},
		} {
			r := h.office.words(bad.place, bad.subject, bad.text, bad.html)
			r.refuses(400, "invalid_request", `"field":"`+bad.field+`"`)
			if detail, _ := r.fields()["detail"].(string); !strings.Contains(detail, bad.detail) {
				t.Errorf("%s: the detail is %q, want %q", bad.place, detail, bad.detail)
			}
			if strings.Contains(r.text, c.code) {
				t.Error("the answer repeats a code")
			}
		}
		h.office.words("nobody/da/code", "x", plain, simple).refuses(404, "not_found")
		h.office.asks("PUT", "/v1/admin/templates/demo/da/code", members(says("subject", "x"), says("text", strings.Repeat("x", 20481)), says("html", "x"))).
			refuses(400, "invalid_request", `"field":"text"`)
	})
	if got := h.reads(`SELECT count(*)::text FROM template`); got != "0" {
		t.Errorf("%s templates were stored", got)
	}
}

// E11: a stored template that fails on a real mail never keeps it back: it leaves in the built-in layout, and the office is told.
func TestATemplateThatFailsNeverKeepsAMailBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.works()
	for _, bad := range []string{"{{.gone}} {{.code}}", "{{.code", "only for a gift: {{if .message}}{{.code}}{{end}}"} {
		h.runs(`INSERT INTO template (shop, language, name, version, subject, body, html, gone)
			VALUES ('demo', 'da', 'code', 1 + (SELECT count(*) FROM template), 'x', $1, '{{.code}}', false)`, bad)
		number := "10" + h.reads(`SELECT count(*)::text FROM template`)
		c := h.sells(order(number, 0))[0]
		h.until("it is done", func() bool { return h.sent(c) == "code done" })
		mails := h.sink.Messages()
		last := mails[len(mails)-1]
		if got := h.letter(last); got != "buyer@example.dk "+c.code {
			t.Errorf("%s: the mail is %s", bad, got)
		}
	}
	if got := h.reads(`SELECT string_agg(subject || ' ' || reason, ',') FROM task WHERE kind = 'template' AND closed_at IS NULL`); got != "demo/da/code unusable" {
		t.Errorf("the office was told %q", got)
	}
	h.office.lists("/v1/admin/tasks", "closes", "by_itself", "kind", "template")
	h.office.words("demo/da/code", "x", plain, simple).has(200, `{"version":4}`)
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'template' AND closed_at IS NULL`); got != "0" {
		t.Errorf("%s tasks are open still", got)
	}
}

// E11: a product names a template; a shop without it has the usual one.
func TestAProductNamesItsTemplate(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.office.asks("POST", "/v1/admin/products", `{"sku":"JUL-500","name":"Julegavekort","kind":"money","amount":{"amount":50000,"currency":"DKK"},"template":"jul"}`).
		has(201, `{"template":"jul"}`)
	h.office.words("-/da/code.jul", "Glædelig jul", plain, simple).has(200, `{"version":1}`)
	h.works()
	h.sells(order("1042", 0, of("JUL-500")))
	h.sells(order("1043", 0))
	subjects := map[string]bool{}
	for _, m := range h.mails(2) {
		seen, err := m.Inspect()
		h.must(err)
		subjects[seen.Subject] = true
	}
	if !subjects["Glædelig jul"] || len(subjects) != 2 {
		t.Errorf("the subjects are %v", subjects)
	}
}

// P12, E11: what a template may use is served, with meaning and example; each variable works in a preview.
func TestVariablesAndPreviewInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := open(t)
	var kinds struct {
		Items []struct {
			Name      string
			TextOnly  bool `json:"text_only"`
			Variables []struct{ Name, Meaning, Example string }
		}
	}
	h.must(json.Unmarshal([]byte(h.office.asks("GET", "/v1/admin/templates/variables", "").text), &kinds))
	if len(kinds.Items) != 6 {
		t.Fatalf("%d kinds", len(kinds.Items))
	}
	h.unchanged("a preview", func() {
		for _, kind := range kinds.Items {
			for _, tag := range language.Tags() {
				at := []string{says("shop", "demo"), says("language", string(tag)), says("name", kind.Name)}
				shown := h.office.asks("POST", "/v1/admin/templates/preview", members(at...))
				if shown.status != 200 || shown.at("text") == "" || (shown.at("html") == "") != kind.TextOnly {
					t.Errorf("%s in %s: %s", kind.Name, tag, shown.text)
				}
			}
		}
		h.office.asks("POST", "/v1/admin/templates/preview", members(says("shop", "-"), says("language", "de-AT"), says("name", "code"),
			says("subject", "{{.value}}"), says("text", "{{.code}} {{.expires}}"), says("html", "{{.code}} <b>{{.giver_name}}</b>"))).
			has(200, `{"subject":"DKK 500,00","html":"AAAA-BBBB-CCCC-0000 <b>Peter</b>"}`)
		h.office.asks("POST", "/v1/admin/templates/preview", members(says("shop", "-"), says("language", "da"), says("name", "code"),
			says("subject", "x"), says("text", "{{.kode}}"), says("html", "x"))).refuses(400, "invalid_request", `"field":"text"`)
	})
}

// B09, B10: what is said of a membership is the merchant's to say; it stands in both mails.
func TestTheTextOnMembershipStandsInBothMails(t *testing.T) {
	t.Parallel()
	h := open(t, confirms)
	h.office.asks("POST", "/v1/admin/products", `{"sku":"GYM-10","name":"Ti klip","kind":"punches","punches":10,"vat":"multi_purpose","requires_membership":true}`).
		has(201, `{"requires_membership":true}`)
	h.works()
	gym := func(number string) { h.sells(order(number, 0, of("GYM-10"))) }
	gym("1042")
	h.both(h.mails(2), "For at bruge det skal man være medlem.")
	h.office.asks("PUT", "/v1/admin/templates/demo/da/membership", members(says("text", "Husk medlemskortet fra {{.shop_name}}."))).has(200, `{"version":1}`)
	gym("1043")
	h.both(h.mails(4)[2:], "Husk medlemskortet fra ")
	h.sells(order("1044", 0))
	for _, m := range h.mails(6)[4:] {
		seen, err := m.Inspect()
		h.must(err)
		if strings.Contains(seen.Text, "medlem") {
			t.Error("a voucher that needs no membership speaks of one")
		}
	}
}

// both looks into mails for a text, in the plain part and in the HTML.
func (h *house) both(mails []mailbox.Message, want string) {
	h.t.Helper()
	for _, m := range mails {
		seen, err := m.Inspect()
		h.must(err)
		if !strings.Contains(seen.Text, want) || !strings.Contains(seen.HTML, want) {
			h.t.Errorf("%q is missing in %q", want, seen.Text)
		}
	}
}

// E07, E08, E10, E12, B05, B12, B13, D-A22: in each language the first mail comes without any code, the second goes to the recipient
// alone, with the code as text, as a symbol, and as a page.
func TestBothMailsInEveryLanguage(t *testing.T) {
	t.Parallel()
	h := open(t, confirms)
	h.works()
	for i, tag := range language.Tags() {
		number := "200" + string(rune('0'+i))
		c := h.sells(order(number, 0, toRecipient("lisa@example.dk"), func(o *purchase.Order) {
			o.Language, o.Lines[0].Message = string(tag), "Til Lisa"
		}))[0]
		mails := h.mails(2*i + 2)[2*i:]
		if got := h.letter(mails[0]); got != "buyer@example.dk " {
			t.Errorf("%s: the first mail is %q", tag, got)
		}
		if got := h.letter(mails[1]); got != "lisa@example.dk "+c.code {
			t.Errorf("%s: the second mail is %q", tag, got)
		}
		seen, err := mails[1].Inspect()
		h.must(err)
		if len(seen.Files) != 2 || seen.Files[0].Type != "image/png" || seen.Files[1].Type != "application/pdf" || !strings.Contains(seen.Text, "Til Lisa") {
			t.Errorf("%s: %d files, text %q", tag, len(seen.Files), seen.Text)
		}
	}
}
