package mail_test

import (
	"errors"
	"strings"
	"testing"

	"vouchsafe/retail/mail"
)

// E11, E22: a mail whose style hides the code is refused as one without it; what a style shows again, or hides elsewhere, is fine.
func TestACodeThatNobodySeesIsNoCode(t *testing.T) {
	t.Parallel()
	for page, hidden := range map[string]bool{
		`<p style="display:none">{{.code}}</p>`:                                                       true,
		`<div style="color:red; DISPLAY : None !important"><b>{{.code}}</b></div>`:                    true,
		`<p style="visibility:hidden">{{.code}}</p>`:                                                  true,
		`<p style="visibility:hidden"><b style="visibility:visible">{{.code}}</b></p>`:                false,
		`<p style="font-size:0">{{.code}}</p>`:                                                        true,
		`<p style="font-size:0px">{{.code}}</p>`:                                                      true,
		`<div style="font-size:0"><span style="font-size:1em">{{.code}}</span></div>`:                 true,
		`<div style="font-size:0"><span style="font-size:16px">{{.code}}</span></div>`:                false,
		`<p style="font-size:0.9em">{{.code}}</p>`:                                                    false,
		`<p style="opacity:0">{{.code}}</p>`:                                                          true,
		`<p style="opacity:0.8">{{.code}}</p>`:                                                        false,
		`<div style="max-height:0;overflow:hidden">{{.code}}</div>`:                                   true,
		`<div style="max-height:0">{{.code}}</div>`:                                                   false,
		`<p hidden>{{.code}}</p>`:                                                                     true,
		`<p title="{{.code}}">x</p>`:                                                                  true,
		`<title>{{.code}}</title><p>x</p>`:                                                            true,
		`<style>.a{display:none}</style><p class="b a">{{.code}}</p>`:                                 true,
		`<style>/* .b */ p.a , i{display:none}</style><p class="b">{{.code}}</p>`:                     false,
		`<style>div .a{display:none}</style><div><p><b class="a">{{.code}}</b></p></div>`:             true,
		`<style>div .a{display:none}</style><p><b class="a">{{.code}}</b></p>`:                        false,
		`<style>#c{visibility:hidden}</style><p id="c">{{.code}}</p>`:                                 true,
		`<style>@media print{.a{display:none}} .c{color:red}</style><p class="a">{{.code}}</p>`:       false,
		`<p style="display:none">{{.code}}</p><p>{{.code}}</p>`:                                       false,
		`<span style="display:none">Your code</span><p>{{.code}}</p>`:                                 false,
		`<table><tr><td style="font-size:0;line-height:0">&nbsp;</td><td>{{.code}}</td></tr></table>`: false,
		`{{if .message}}<p>{{.code}}</p>{{else}}<p style="display:none">{{.code}}</p>{{end}}`:         true,
	} {
		_, err := mail.ParseLayout(mail.SecondMail, mail.Source{Subject: "x", Text: "{{.code}}", HTML: page})
		refused := errors.Is(err, mail.ErrLayout) && strings.Contains(err.Error(), "html: its style hides the code")
		if refused != hidden || err != nil && !hidden {
			t.Errorf("%s: %v", page, err)
		}
	}
	bulk := `{{range $i, $c := .codes}}<p style="{{if $i}}display:none{{end}}">{{$c.code}}</p>{{end}}`
	_, err := mail.ParseLayout(mail.BulkMail, mail.Source{Subject: "x", Text: "{{range .codes}}{{.code}}{{end}}", HTML: bulk})
	if !errors.Is(err, mail.ErrLayout) {
		t.Errorf("one code of several is hidden: %v", err)
	}
}

// E11: what can only be a slip is refused when it is written, with its part; what is stored goes on being used.
func TestASlipInALayoutIsRefusedWhenItIsWritten(t *testing.T) {
	t.Parallel()
	fine := mail.Source{
		Subject: "{{.shop_name}} {1}", Text: "{{.code}} {1} {, }", HTML: `<style>p{color:red}</style><p style="margin:0">{{.code}}</p>`,
	}
	for name, test := range map[string]struct {
		spoil func(s *mail.Source)
		want  string
	}{
		"nothing":                       {func(*mail.Source) {}, ""},
		"a subject of two lines":        {func(s *mail.Source) { s.Subject = "a\nb" }, "subject: it must be one line"},
		"a subject with a return":       {func(s *mail.Source) { s.Subject = "a\r" }, "subject: it must be one line"},
		"a subject of two lines, U2028": {func(s *mail.Source) { s.Subject = "a\u2028b" }, "subject: it must be one line"},
		"closing braces":                {func(s *mail.Source) { s.Text += "}}" }, `text: "}}" would be mailed`},
		"one brace":                     {func(s *mail.Source) { s.Text += "{code}" }, `text: "{code}" would be mailed`},
		"one brace in the subject":      {func(s *mail.Source) { s.Subject = "{ shop_name }" }, `subject: "{ shop_name }" would be mailed`},
		"one brace in the HTML":         {func(s *mail.Source) { s.HTML += "<p>{.value}</p>" }, `html: "{.value}" would be mailed`},
		"braces in a link":              {func(s *mail.Source) { s.HTML += `<a href="https://a.example/x}}">x</a>` }, `html: "}}" would be mailed`},
		"braces that are written so":    {func(s *mail.Source) { s.Text += `{{"{{"}}` }, `text: "{{" would be mailed`},
	} {
		source := fine
		test.spoil(&source)
		_, err := mail.ParseWritten(mail.SecondMail, source)
		if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, mail.ErrLayout) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if _, err := mail.ParseLayout(mail.SecondMail, source); err != nil {
			t.Errorf("%s, stored: %v", name, err)
		}
	}
}
