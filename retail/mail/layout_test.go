package mail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
)

// E11: a shop has its own layout.
func TestAShopsOwnLayoutIsUsed(t *testing.T) {
	t.Parallel()
	layout, err := mail.ParseLayout(mail.SecondMail,
		"{{.shop_name}}: {{.value}}",
		"{{.greeting}}\n{{.code}}\n{{.sender_name}} {{.privacy_url}}",
		`<p>{{.giver_name}}</p><b>{{.code}}</b><img src="{{.qr}}" alt=""><a href="{{.privacy_url}}">{{.sender_name}}</a>`)
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
	tests := []struct {
		name                string
		which               mail.Which
		subject, text, html string
	}{
		{"an unknown variable", mail.SecondMail, "x", "{{.code}} {{.kode}}", "{{.code}}"},
		{"no code in the text", mail.SecondMail, "x", "hej", "{{.code}}"},
		{"no code in the HTML", mail.SecondMail, "x", "{{.code}}", "hej"},
		{"the code in the subject", mail.SecondMail, "{{.code}}", "{{.code}}", "{{.code}}"},
		{"a code in the confirmation", mail.FirstMail, "x", "{{.code}}", "hej"},
		{"no subject", mail.SecondMail, " ", "{{.code}}", "{{.code}}"},
		{"a broken template", mail.SecondMail, "x", "{{.code", "{{.code}}"},
		{"a picture from elsewhere", mail.SecondMail, "x", "{{.code}}", `{{.code}}<img src="https://a.example/x.gif">`},
		{"a style from elsewhere", mail.SecondMail, "x", "{{.code}}", `{{.code}}<p style="background:url(//a.example)">`},
		{"a script", mail.SecondMail, "x", "{{.code}}", `{{.code}}<script>x()</script>`},
		{"a form", mail.SecondMail, "x", "{{.code}}", `{{.code}}<form action="https://a.example">`},
	}
	for _, test := range tests {
		if _, err := mail.ParseLayout(test.which, test.subject, test.text, test.html); !errors.Is(err, mail.ErrLayout) {
			t.Errorf("%s: got %v, want ErrLayout", test.name, err)
		}
	}
}

// The list is the documentation: each variable in it can be used, and a mail has no others.
func TestVariablesAreExactlyWhatALayoutMayUse(t *testing.T) {
	t.Parallel()
	for _, which := range []mail.Which{mail.FirstMail, mail.SecondMail} {
		var uses strings.Builder
		var names []string
		for _, v := range mail.Variables(which) {
			uses.WriteString("{{if ." + v.Name + "}}{{end}}")
			names = append(names, v.Name)
			if v.Meaning == "" {
				t.Errorf("%s has no meaning", v.Name)
			}
		}
		code := ""
		if which == mail.SecondMail {
			code = "{{.code}}"
		}
		if _, err := mail.ParseLayout(which, "x", uses.String()+code, "x"+code); err != nil {
			t.Errorf("%s: %v", which, err)
		}
		// {{range $name, ...}} over the whole data lists what there is.
		if _, err := mail.ParseLayout(which, "x", code+"{{range $n, $_ := .}}"+one(names)+"{{end}}", "x"+code); err != nil {
			t.Errorf("%s: a variable that the list lacks: %v", which, err)
		}
		for _, must := range []string{"sender_name", "privacy_url"} {
			if !slices.Contains(names, must) {
				t.Errorf("%s lacks %s", which, must)
			}
		}
	}
}

// one is a template that fails unless $n is one of the names.
func one(names []string) string {
	return `{{if not (or (eq $n "` + strings.Join(names, `") (eq $n "`) + `"))}}{{slice "" 9}}{{end}}`
}
