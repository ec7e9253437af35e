package mail_test

import (
	"errors"
	"html"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/voucher"
)

// E11: a shop has its own layout.
func TestAShopsOwnLayoutIsUsed(t *testing.T) {
	t.Parallel()
	layout, err := mail.ParseLayout(mail.SecondMail, mail.Source{
		Subject: "{{.shop_name}}: {{.value}}",
		Text:    "{{.greeting}}\n{{.code}}\n{{.sender_name}} {{.privacy_url}}",
		HTML:    `<p>{{.giver_name}}</p><b>{{.code}}</b><img src="{{.qr}}" alt=""><a href="{{.privacy_url}}">{{.sender_name}}</a>`,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, v := letter(language.Danish), gift(t, language.Danish)
	l.Layout, v.Giver = layout, "<Peter>"
	rendered, err := mail.RenderVoucher(l, v)
	if err != nil {
		t.Fatal(err)
	}
	seen := inspect(t, rendered.Bytes)
	if got, want := seen.Subject, "Byens Bøger: 500,00 kr."; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	if got, want := seen.Text, "Hej Åse Łukasz,\n"+code+"\n"+l.Sender+" "+l.PrivacyURL+"\n"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	for _, want := range []string{"<p>&lt;Peter&gt;</p>", "<b>" + code + "</b>", `src="cid:code.` + l.MessageID + `"`} {
		if !strings.Contains(seen.HTML, want) {
			t.Errorf("no %q in %s", want, seen.HTML)
		}
	}
}

func TestALayoutThatWouldSpoilTheMailIsRefused(t *testing.T) {
	t.Parallel()
	const code, bulk = "{{.code}}", "{{range .codes}}{{.code}}{{end}}"
	tests := []struct {
		name                string
		which               mail.Which
		subject, text, html string
		want                string // the part, the line, and what is wrong
	}{
		{"an unknown variable", mail.SecondMail, "x", "{{.code}}\n\n{{.kode}}", code, `text: line 3: there is no variable "kode"`},
		{"an unknown variable of a list", mail.FirstMail, "x", "x", "x\n{{range .items}}\n{{.price}}{{end}}", `html: line 3: there is no variable "price"`},
		{"a variable of the mail within a list", mail.FirstMail, "x", "{{range .items}}{{.order}}{{end}}", "x", `there is no variable "order"`},
		{"no code in the text", mail.SecondMail, "x", "hej", code, "text: it must show the code: {{.code}}, outside"},
		{"no code in the HTML", mail.SecondMail, "x", code, "hej", "html: it must show the code: <p>{{.code}}</p>, outside"},
		{"no HTML at all", mail.SecondMail, "x", code, "", "html: it must show the code: <p>{{.code}}</p>, outside"},
		{"a code only for gifts", mail.SecondMail, "x", "{{if .message}}{{.code}}{{end}}", code, "text: it must show the code: {{.code}}, outside of any {{if}}"},
		{"a code only when it expires", mail.SecondMail, "x", code, "{{with .expires}}{{$.code}}{{end}}", "html: "},
		{"the code in the subject", mail.SecondMail, "{{.code}}", code, code, "subject: "},
		{"one code of several", mail.BulkMail, "x", "{{range $i, $c := .codes}}{{if not $i}}{{$c.code}}{{end}}{{end}}", bulk, "text: it must show each code: {{range .codes}}{{.code}}{{end}}, with"},
		{"no code of several in the HTML", mail.BulkMail, "x", bulk, "hej", "html: it must show each code: {{range .codes}}<p>{{.code}}</p>{{end}}, with"},
		{"a code in the confirmation", mail.FirstMail, "x", code, "hej", `text: line 1: there is no variable "code"`},
		{"a code typed into the confirmation", mail.FirstMail, "x", "x", "x\n7Q2X-9M4K-TB3H-W8ZC", "html: line 2: this looks like a code"},
		{"a code in the reminder", mail.ReminderMail, "x", "x", code, `html: line 1: there is no variable "code"`},
		{"no subject", mail.SecondMail, " ", code, code, "subject: it is empty"},
		{"no text", mail.FirstMail, "x", " \n", "x", "text: it is empty"},
		{"no HTML", mail.ReminderMail, "x", "x", "", "html: it is empty"},
		{"B10: no words on a membership", mail.Membership, "", "", "", "text: it is empty"},
		{"B10: no words on a membership, filled in", mail.Membership, "", "{{if not .shop_name}}x{{end}}", "", "text: it is empty"},
		{"a broken template", mail.SecondMail, "x", "a\n{{.code", code, "text: line 2: "},
		{"a picture from elsewhere", mail.SecondMail, "x", code, code + `<img src="https://a.example/x.gif">`, "html: line 1: "},
		{"a style from elsewhere", mail.SecondMail, "x", code, code + `<p style="background:url(//a.example)">`, "html: line 1: "},
		{"a script", mail.SecondMail, "x", code, code + "\n<script>x()</script>", "html: line 2: "},
		{"a handler", mail.SecondMail, "x", code, code + `<p onclick="x()">`, "html: line 1: "},
		{"a link that runs", mail.SecondMail, "x", code, code + `<a href="JavaScript:x()">`, "html: line 1: "},
		{"a form", mail.SecondMail, "x", code, code + `<form action="https://a.example">`, "html: line 1: "},
		{"something hidden in a condition", mail.SecondMail, "x", code, code + `{{if eq .value "1"}}<script>{{end}}`, "html: line 1: "},
		{"a function that makes much of little", mail.FirstMail, "x", `{{printf "%1000000d" 1}}`, "x", "text: line 1: there is no function printf"},
		{"a range over a number", mail.FirstMail, "x", "{{range 1000000000}}{{end}}", "x", "text: line 1: range needs a list"},
		{"a range in a range", mail.FirstMail, "x", "{{range .items}}{{range $.items}}{{end}}{{end}}", "x", "text: line 1: "},
		{"a range over everything", mail.FirstMail, "x", "{{range .}}{{end}}", "x", "text: line 1: range needs a list"},
		{"everything at once", mail.SecondMail, "x", "{{.}}", code, "text: line 1: {{.}} is no text"},
		{"everything by its other name", mail.SecondMail, "x", "{{$}}", code, "text: line 1: "},
		{"a list as text", mail.FirstMail, "x", "{{.items}}", "x", "text: line 1: {{.items}} is no text"},
		{"a template that calls itself", mail.FirstMail, "x", `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`, "x", "text: a template can't define others"},
		{"a template that is itself", mail.FirstMail, "x", `{{template "text" .}}`, "x", "text: line 1: "},
		{"more than a person writes", mail.FirstMail, "x", strings.Repeat("x", mail.MaxText+1), "x", "text: at most"},
		{"unclosed HTML", mail.FirstMail, "x", "x", `<p title="{{.order}}`, "html: "},
		{"a text with HTML", mail.Membership, "", "x", "<p>", "html: this is a text alone"},
	}
	for _, test := range tests {
		_, err := mail.ParseLayout(test.which, mail.Source{Subject: test.subject, Text: test.text, HTML: test.html})
		if !errors.Is(err, mail.ErrLayout) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want ErrLayout with %q", test.name, err, test.want)
		}
	}
}

// What a reader's program puts together is looked at, and not how it was written.
func TestNothingLoadsOrRunsHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, hidden := range []string{
		`<img src{{/**/}}="https://a.example/x.gif">`, `<image src{{/**/}}="https://a.example/x.gif">`, `<img lowsrc="https://a.example/x.gif">`,
		`<scr{{/**/}}ipt>x()</scr{{/**/}}ipt>`, `<p onclick{{/**/}}="x()">x</p>`, `<a href="jav&#97;script:x()">x</a>`,
		"<a href=\"java\nscript:x()\">x</a>", `<meta http{{/**/}}-equiv="refresh" content="0;u{{/**/}}rl=https://a.example">`,
		`<p style="background:&#117;rl(https://a.example)">x</p>`, `<p style="background:u\72 l(https://a.example)">x</p>`,
		`<style>p{background:image-set("https://a.example/x.png" 1x)}</style>`, `<style>@\69mport "https://a.example/x.css";</style>`,
		`<div formaction="https://a.example">x</div>`, `{{if eq .order "1001"}}<a href="https://a.example/?c=AAAA-BBBB{{/**/}}-CCCC-0000">x</a>{{end}}`,
		`<a href="https://a.example" ping="https://a.example">x</a>`,
	} {
		_, err := mail.ParseLayout(mail.FirstMail, mail.Source{Subject: "x", Text: "x", HTML: "<p>x</p>" + hidden})
		if !errors.Is(err, mail.ErrLayout) || !strings.Contains(err.Error(), "html: ") {
			t.Errorf("%s: %v", hidden, err)
		}
	}
	late := `<p>x</p>{{if eq .order "1002"}}<scr{{/**/}}ipt>x()</scr{{/**/}}ipt>{{end}}` // not in the samples
	layout, err := mail.ParseLayout(mail.FirstMail, mail.Source{Subject: "x", Text: "x", HTML: late})
	if err != nil {
		t.Fatal(err)
	}
	sent := letter(language.Danish)
	sent.Layout = layout
	if _, err := mail.RenderConfirmation(sent, mail.Confirmation{Order: "1002"}); !errors.Is(err, mail.ErrLayout) {
		t.Errorf("rendered: %v", err)
	}
}

// A subject that only the samples leave without the code, or that a reader's program takes apart, is not sent.
func TestASubjectIsLookedAtAsItIsSent(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]error{
		`x{{if eq .recipient_name "Åse Łukasz"}} {{.code}}{{end}}`: mail.ErrCode,
		`=?utf-8?q?=0d=0aBcc:_x@example.com?=`:                     nil,
	} {
		layout, err := mail.ParseLayout(mail.SecondMail, mail.Source{Subject: subject, Text: "{{.code}}", HTML: "{{.code}}"})
		if err != nil {
			t.Fatal(err)
		}
		l, v := letter(language.Danish), gift(t, language.Danish)
		l.Layout = layout
		rendered, err := mail.RenderVoucher(l, v)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", subject, err, want)
		}
		if err == nil && strings.ContainsAny(inspect(t, rendered.Bytes).Subject, "\r\n") {
			t.Errorf("%s is read as %q", subject, inspect(t, rendered.Bytes).Subject)
		}
	}
}

// E11: what a merchant begins with passes what is asked of his own, in every kind; its mails are the same to the octet.
func TestTheBuiltInLayoutsAreAMerchantsToo(t *testing.T) {
	t.Parallel()
	for _, which := range mail.Kinds() {
		source, err := mail.OwnSource(which)
		if err != nil {
			t.Fatal(err)
		}
		if which.IsText() { // it has no layout, but a sentence of the language
			source.Text = mail.MembershipText(nil, letter(language.Danish))
		}
		if _, err := mail.ParseLayout(which, source); err != nil {
			t.Errorf("%s: %v", which, err)
		}
	}
}

// The list is the documentation: each variable in it can be used, in the HTML too, and has an example.
func TestEveryVariableOfTheListCanBeUsed(t *testing.T) {
	t.Parallel()
	for _, which := range mail.Kinds() {
		var uses strings.Builder
		var names []string
		for _, v := range mail.Variables(which) {
			uses.WriteString(use(v) + "\n")
			names = append(names, v.Name)
			if v.Meaning == "" || (v.Example == "") != v.List {
				t.Errorf("%s: %s lacks its meaning or example", which, v.Name)
			}
		}
		source := mail.Source{Subject: "x", Text: uses.String(), HTML: strings.ReplaceAll(uses.String(), "{{.qr}}", `<img src="{{.qr}}">`)}
		if which.IsText() {
			source = mail.Source{Text: uses.String()}
		}
		if _, err := mail.ParseLayout(which, source); err != nil {
			t.Errorf("%s: %v", which, err)
		}
		for _, must := range []string{"sender_name", "privacy_url"} {
			if !slices.Contains(names, must) {
				t.Errorf("%s lacks %s", which, must)
			}
		}
	}
}

// use is how a layout names a variable.
func use(v mail.Variable) string {
	switch {
	case !v.List:
		return "{{." + v.Name + "}}"
	case v.Items == nil:
		return "{{range ." + v.Name + "}}{{.}}{{end}}"
	}
	items := ""
	for _, item := range v.Items {
		items += "{{." + item.Name + "}}"
	}
	return "{{range ." + v.Name + "}}" + items + "{{end}}"
}

// A layout ends: what would take long or become long is an error, and the mail is rendered without it.
func TestALayoutThatWouldTakeTooLongIsAnErrorWhenItIsFilledIn(t *testing.T) {
	t.Parallel()
	order := mail.Confirmation{Order: "1", Items: slices.Repeat([]mail.Item{{Quantity: 1, Title: strings.Repeat("x", 100)}}, 200)}
	codes := mail.Bundle{Order: "1", Vouchers: slices.Repeat([]mail.Voucher{{Kind: voucher.Money, Code: "AAAA-BBBB-CCCC-0000"}}, 4000)}
	for _, tt := range []struct {
		name, text string
		which      mail.Which
		render     func(mail.Letter) (mail.Message, error)
	}{
		{"steps", "{{range .codes}}{{.code}}" + strings.Repeat("{{if .value}}{{end}}", 500) + "{{end}}", mail.BulkMail, func(l mail.Letter) (mail.Message, error) {
			return mail.RenderBundle(l, codes)
		}},
		{"text", "{{range .items}}" + strings.Repeat("{{.title}}", 500) + "{{end}}", mail.FirstMail, func(l mail.Letter) (mail.Message, error) {
			return mail.RenderConfirmation(l, order)
		}},
	} {
		html := "x"
		if tt.which == mail.BulkMail {
			html = "{{range .codes}}{{.code}}{{end}}"
		}
		layout, err := mail.ParseLayout(tt.which, mail.Source{Subject: "x", Text: tt.text, HTML: html})
		if err != nil {
			t.Fatal(err)
		}
		l := letter(language.Danish)
		l.Layout = layout
		if _, err := tt.render(l); !errors.Is(err, mail.ErrLayout) {
			t.Errorf("%s: got %v, want ErrLayout", tt.name, err)
		}
	}
}

// A confirmation lists the first 200 lines of an order in every language, and says how many more there are; however long the names.
func TestAConfirmationListsAsMuchAsAMailCanHold(t *testing.T) {
	t.Parallel()
	item := mail.Item{Quantity: 1, Title: strings.Repeat("Gavekort ", 30), Value: "500,00 kr."}
	for _, tag := range language.Tags() {
		lines := map[int]string{201: "1"}
		if tag == language.Danish {
			lines = map[int]string{1: "", 200: "", 201: "1", 20_000: "19800"}
		}
		for n, more := range lines {
			message, err := mail.RenderConfirmation(letter(tag), mail.Confirmation{Order: "1", Total: "1,00", Items: slices.Repeat([]mail.Item{item}, n)})
			if err != nil {
				t.Fatalf("%s, %d lines: %v", tag, n, err)
			}
			seen, err := mail.Inspect(message.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			said := tag.Say(language.ConfirmationMore, language.Values{"count": more})
			for part, text := range map[string]string{"text": seen.Text, "html": html.UnescapeString(seen.HTML)} {
				if listed := strings.Count(text, "500,00 kr."); listed != min(n, 200) {
					t.Errorf("%s: the %s lists %d of %d lines", tag, part, listed, n)
				}
				if strings.Contains(text, said) != (more != "") {
					t.Errorf("%s: of %d lines the %s says:\n%.200s", tag, n, part, text[max(0, len(text)-600):])
				}
			}
		}
	}
}

// E11: what is accepted can be sent, and shows the code of whoever gets it and no other.
func FuzzParseLayout(f *testing.F) {
	for _, which := range mail.Kinds() {
		own, err := mail.OwnSource(which)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(own.Subject, own.Text, own.HTML)
	}
	f.Add("x", "{{.code}}", `{{with $x := .message}}{{$x}}{{else}}{{.}}{{end}}<b>{{.code}}</b>`)
	f.Add("{{.value}}", `{{range $i, $c := .codes}}{{len $c.code}}{{end}}`, `<img src="{{.qr}}">{{/* x */}}`)
	sent, held := letter(language.Danish), gift(f, language.Danish)
	f.Fuzz(func(t *testing.T, subject, text, html string) {
		for _, which := range mail.Kinds() {
			if layout, err := mail.ParseLayout(which, mail.Source{Subject: subject, Text: text, HTML: html}); err == nil && which == mail.SecondMail {
				sent.Layout = layout
				if _, err := mail.RenderVoucher(sent, held); err != nil {
					t.Errorf("accepted, but: %v", err)
				}
			} else if err != nil && !errors.Is(err, mail.ErrLayout) {
				t.Errorf("%s: %v", which, err)
			}
		}
	})
}
