package mail_test

import (
	"errors"
	"strings"
	"testing"

	"vouchsafe/retail/mail"
)

// inHTML is a layout whose HTML holds this.
func inHTML(html string) error {
	_, err := mail.ParseLayout(mail.FirstMail, mail.Source{Subject: "x", Text: "x", HTML: html})
	return err
}

// E11: what mail editors write of themselves is taken; what loads or leads away is not, however it is written.
func TestWhatAMailEditorWritesIsTaken(t *testing.T) {
	t.Parallel()
	for _, html := range []string{
		`<html xmlns:v="urn:schemas-microsoft-com:vml"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">` +
			`<meta HTTP-EQUIV="X-UA-Compatible" content="IE=edge"></head><body link="#036" vlink="#036" alink="#036" text="#222">x</body></html>`,
		`<table frame="void" rules="none"><colgroup><col span="2"></colgroup><tr><th abbr="n" id="h">x</th><td headers="h" char="." charoff="1">x</td></tr></table>`,
		`<ol reversed compact><li value="3">x</li></ol><hr noshade><br clear="all"><a href="https://example.org" hreflang="da" tabindex="1">x</a>`,
		`<div itemscope itemtype="https://schema.org/Order" translate="no"><span itemprop="name">x</span></div>`,
	} {
		if err := inHTML(html); err != nil {
			t.Errorf("%s: %v", html, err)
		}
	}
	for _, html := range []string{
		`<meta http-equiv="refresh" content="0;url=https://example.org">`, `<meta http-equiv=" Refresh " content="0">`, `<meta http-equiv="Set-Cookie" content="a">`,
		`<p http-equiv="content-type">x</p>`, `<body background="https://example.org/x.png">x</body>`, `<img srcset="https://example.org/x.png 1x">`,
		`<a href="https://example.org" ping="https://example.org">x</a>`, `<p onclick="x">x</p>`, `<blockquote cite="javascript:x">x</blockquote>`,
	} {
		if err := inHTML(html); !errors.Is(err, mail.ErrLayout) || !strings.Contains(err.Error(), "html: ") {
			t.Errorf("%s: %v", html, err)
		}
	}
}

// A fault names the part that it is in, whoever found it.
func TestAFaultOfFillingInNamesItsPart(t *testing.T) {
	t.Parallel()
	for part, s := range map[string]mail.Source{
		"html":    {Subject: "x", Text: "x", HTML: `<a href="{{if .buyer}}x" title="{{end}}y">x</a>`},
		"text":    {Subject: "x", Text: "{{eq .items 1}}", HTML: "x"},
		"subject": {Subject: "{{eq .items 1}}", Text: "x", HTML: "x"},
	} {
		_, err := mail.ParseLayout(mail.FirstMail, s)
		fault, ok := errors.AsType[*mail.LayoutError](err)
		if !ok || !strings.HasPrefix(fault.Fault.Error(), part+": ") {
			t.Errorf("%s: %v", part, err)
		}
	}
}
