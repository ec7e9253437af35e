package mail_test

import (
	"bytes"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
)

// What strangers put into the fields of an order, in the hope that a mail repeats it.
var payloads = []string{
	"Anna\r\nBcc: evil@example.com", "Anna\nTo: evil@example.com\n\nbody", "Anna\rSubject: x", "Anna%0d%0aBcc: evil@example.com",
	"=?utf-8?q?Anna=0D=0ABcc:_evil@example.com?=", "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5jb20=?=", "Anna\u2028Bcc: evil@example.com",
	"\r\n.\r\nMAIL FROM:<evil@example.com>", "\r\n\r\n--boundary\r\nContent-Type: text/html\r\n\r\n<b>x", `Anna" <evil@example.com>, "`,
	"<script>alert(1)</script>", "<img src=https://evil.example/p.gif>", "<img src=x onerror=alert(1)>", `"><a href="https://evil.example">x</a>`,
	"<style>body{display:none}</style>", "<!-- ", "]]>", "</td></table><h1>", "<svg/onload=alert(1)>", "<iframe src=//evil.example>",
	"{{.code}}", "{{template \"content\" .}}", "{{printf \"%s\" .}}", "{name}", "{url}", "%s%n%v", "$1", "\\", "'", "\"", "&amp;&lt;",
	"javascript:alert(1)", "https://evil.example/login", "www.evil.example", "evil@example.com", "tel:+4512345678",
	"Anna\u202egnp.exe", "An\u200bna", "An\x00na", "\x1b[2J", "An\xff\xfena", strings.Repeat("W", 5000), strings.Repeat("a\n", 500),
	strings.Repeat("å", 300), "🎉🎉🎉", "2222-3333-4444-5555", "2222–3333–4444–5555", "2222-3333-\u200b4444-5555", "22<b></b>22-3333-4444-5555",
}

// structure is what no payload may change: the header fields, and the tags of the HTML.
type structure struct {
	Fields []string
	Tags   []string
	Files  int
}

var (
	openTag    = regexp.MustCompile(`(?i)<[a-z!/][^>\s]*`)
	repeatable = regexp.MustCompile(`^(<br|<p|</p>)$`) // a message has as many lines as it has
	linkTarget = regexp.MustCompile(`(?i)(href|src)="([^"]*)"`)
)

func structureOf(t *testing.T, message []byte) structure {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	var s structure
	for field, values := range parsed.Header {
		s.Fields = append(s.Fields, field)
		if len(values) != 1 {
			t.Errorf("%d fields %s", len(values), field)
		}
	}
	slices.Sort(s.Fields)
	seen := inspect(t, message)
	s.Tags = slices.DeleteFunc(openTag.FindAllString(seen.HTML, -1), repeatable.MatchString)
	s.Files = len(seen.Files)
	for _, target := range linkTarget.FindAllStringSubmatch(seen.HTML, -1) {
		if !strings.HasPrefix(target[2], "cid:code.") && !strings.HasPrefix(target[2], "https://bogladen.example/") {
			t.Errorf("the mail leads to %s", target[2])
		}
	}
	return s
}

func TestNoPayloadChangesTheConfirmation(t *testing.T) {
	t.Parallel()
	render := func(text string) []byte {
		l, o := letter(language.Danish), order(language.Danish)
		l.FromName, l.Shop, l.Sender = text, text, text
		o.Order, o.Buyer, o.Total, o.Items[0].Title, o.Items[0].Value = text, text, text, text, text
		rendered, err := mail.RenderConfirmation(l, o)
		if err != nil {
			t.Fatalf("%.40q: %v", text, err)
		}
		return rendered.Bytes
	}
	want := structureOf(t, render("Anna"))
	for _, payload := range payloads {
		message := render(payload)
		if diff := cmp.Diff(want, structureOf(t, message)); diff != "" {
			t.Errorf("%.40q changes the mail (-want +got):\n%s", payload, diff)
		}
		if codes, err := mail.Codes(message); err != nil || len(codes) > 0 {
			t.Errorf("%.40q: codes %v (%v)", payload, codes, err)
		}
		if got := inspect(t, message).Recipients; !slices.Equal(got, []string{"aase@example.org"}) {
			t.Errorf("%.40q: recipients %v", payload, got)
		}
	}
}

func TestNoPayloadChangesTheVoucherMail(t *testing.T) {
	t.Parallel()
	v := gift(t, language.Danish)
	v.PDF = []byte("%PDF-1.3") // what stands in the page is package document's to test
	render := func(text string) []byte {
		l, v := letter(language.Danish), v
		l.FromName, l.Shop, l.Sender = text, text, text
		v.Title, v.Value, v.Expires, v.Recipient, v.Giver, v.Message = text, text, text, text, text, text
		rendered, err := mail.RenderVoucher(l, v)
		if err != nil {
			t.Fatalf("%.40q: %v", text, err)
		}
		return rendered.Bytes
	}
	want := structureOf(t, render("Anna"))
	for _, payload := range payloads {
		message := render(payload)
		if diff := cmp.Diff(want, structureOf(t, message)); diff != "" {
			t.Errorf("%.40q changes the mail (-want +got):\n%s", payload, diff)
		}
		if codes, err := mail.Codes(message); err != nil || !slices.Equal(codes, []string{code}) {
			t.Errorf("%.40q: codes %v (%v)", payload, codes, err)
		}
		if got := inspect(t, message).Recipients; !slices.Equal(got, []string{"aase@example.org"}) {
			t.Errorf("%.40q: recipients %v", payload, got)
		}
	}
}

func TestALetterWithAnAddressThatIsNoneIsNotRendered(t *testing.T) {
	t.Parallel()
	for _, text := range notAnAddress {
		for name, change := range map[string]func(*mail.Letter){
			"from": func(l *mail.Letter) { l.From = text },
			"to":   func(l *mail.Letter) { l.To = text },
			"reply": func(l *mail.Letter) {
				l.ReplyTo = text + "@" // "" is allowed here
			},
		} {
			l := letter(language.Danish)
			change(&l)
			if _, err := mail.RenderConfirmation(l, order(language.Danish)); err == nil {
				t.Errorf("%s %q: no error", name, text)
			}
		}
	}
}

func TestALetterWithAForeignMessageIDOrLinkIsNotRendered(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mail.Letter){
		"message id with a line end": func(l *mail.Letter) { l.MessageID = "a@b\r\nBcc: x@y.org" },
		"message id in brackets":     func(l *mail.Letter) { l.MessageID = "<a@b.org>" },
		"no message id":              func(l *mail.Letter) { l.MessageID = "" },
		"no date":                    func(l *mail.Letter) { l.Date = time.Time{} },
		"a link that runs":           func(l *mail.Letter) { l.PrivacyURL = "javascript:alert(1)" },
		"a link without a host":      func(l *mail.Letter) { l.PrivacyURL = "https:///x" },
		"a link of two lines":        func(l *mail.Letter) { l.PrivacyURL = "https://a.example/\r\nx" },
	} {
		l := letter(language.Danish)
		change(&l)
		if _, err := mail.RenderConfirmation(l, order(language.Danish)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
