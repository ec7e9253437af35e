package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

//go:embed layouts
var layouts embed.FS

// Layout is how a mail looks: its subject, its text and its HTML, with {{.variables}} in the syntax of Go's templates.
type Layout struct {
	subject, text *texttemplate.Template
	html          *htmltemplate.Template
}

// ErrLayout says what is wrong with a shop's layout; its text is for the person who edits it.
var ErrLayout = errors.New("layout of mail")

// ParseLayout reads a shop's own layout and tries it on a sample: a variable that doesn't exist, a picture from
// elsewhere, or a second mail whose text or HTML doesn't show the code is an error that wraps ErrLayout.
func ParseLayout(which Which, subject, text, html string) (*Layout, error) {
	layout, err := parseLayout(subject, text, html)
	if err == nil {
		err = layout.try(which)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	return layout, nil
}

func parseLayout(subject, text, html string) (*Layout, error) {
	var layout Layout
	var err error
	if layout.subject, err = texttemplate.New("subject").Option("missingkey=error").Parse(subject); err != nil {
		return nil, err
	}
	if layout.text, err = texttemplate.New("text").Option("missingkey=error").Parse(text); err != nil {
		return nil, err
	}
	if layout.html, err = htmltemplate.New("html").Option("missingkey=error").Parse(html); err != nil {
		return nil, err
	}
	return &layout, nil
}

// ownLayout is the layout of this package: one for all languages.
func ownLayout(which Which) (*Layout, error) {
	var parts [3]string
	for i, name := range []string{string(which) + ".txt", "frame.html", string(which) + ".html"} {
		part, err := layouts.ReadFile("layouts/" + name)
		if err != nil {
			return nil, fmt.Errorf("read own layout: %w", err)
		}
		parts[i] = string(part)
	}
	return parseLayout("{{.subject}}", parts[0], parts[1]+parts[2])
}

// rendered is a mail's content before it is put into MIME.
type rendered struct{ subject, text, html string }

func (l *Layout) render(v values) (rendered, error) {
	var r rendered
	for _, part := range []struct {
		into    *string
		execute func(io.Writer, any) error
	}{{&r.subject, l.subject.Execute}, {&r.text, l.text.Execute}, {&r.html, l.html.Execute}} {
		var out strings.Builder
		if err := part.execute(&out, map[string]any(v)); err != nil {
			return rendered{}, fmt.Errorf("fill in layout: %w", err)
		}
		*part.into = out.String()
	}
	r.subject = CleanLine(r.subject)
	r.text = tidy(r.text)
	return r, nil
}

// tidy leaves at most one empty line between paragraphs, so that a layout can leave things out.
func tidy(text string) string {
	return strings.TrimSpace(emptyLines.ReplaceAllString(text, "\n\n")) + "\n"
}

var (
	emptyLines = regexp.MustCompile(`\n[ \t]*\n([ \t]*\n)+`)
	remote     = regexp.MustCompile(`(?i)(\bsrc(set)?\s*=|\burl\s*\(|@import|<link|<script|<iframe|<object|<form)`)
	ownPicture = regexp.MustCompile(`(?i)\bsrc\s*=\s*"cid:`)
)

// try renders the layout with samples and looks at what comes out.
func (l *Layout) try(which Which) error {
	v := sampleValues(which)
	r, err := l.render(v)
	if err != nil {
		return err
	}
	if r.subject == "" {
		return errors.New("the subject is empty")
	}
	if found := remote.FindString(ownPicture.ReplaceAllString(r.html, "")); found != "" {
		return fmt.Errorf("%q: a mail loads and runs nothing; the only picture is {{.qr}}", found)
	}
	code, _ := v["code"].(string)
	if !strings.Contains(r.text, code) || !strings.Contains(r.html, code) {
		return errors.New("{{.code}} belongs into the text and into the HTML")
	}
	if strings.Contains(r.subject, hideCodes(sampleCode)) {
		return errors.New("{{.code}} doesn't belong into the subject, which screens and logs show")
	}
	return nil
}

// sampleCode has the form of a code and can't be one: its last symbol doesn't fit.
const sampleCode = "AAAA-BBBB-CCCC-0000"

func sampleValues(which Which) values {
	letter := Letter{
		Language: language.English, MessageID: "sample@example.org", Date: time.Unix(0, 0),
		Shop: "The shop", Sender: "The merchant", PrivacyURL: "https://example.org/privacy",
	}
	if which == FirstMail {
		order := Confirmation{Order: "1001", Buyer: "Anna", Total: "£5.00", Vouchers: 1}
		order.Items = []Item{{Quantity: 1, Title: "Gift voucher", Value: "£5.00"}}
		return order.values(letter)
	}
	return Voucher{
		Kind: voucher.Money, Title: "Gift voucher", Value: "£5.00", Code: sampleCode, Expires: "31 December 2029",
		Gift: true, Recipient: "Anna", Giver: "Peter", Message: "Enjoy!", QR: []byte{0}, PDF: []byte{0},
	}.values(letter)
}
