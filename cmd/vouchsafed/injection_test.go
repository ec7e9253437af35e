package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/webshop/standard"
)

// texts are what strangers put into names, titles, numbers and messages, in the hope that somebody repeats it as it is.
func texts() []string {
	seeds := []string{
		"Anna\r\nBcc: x@evil.example", "Anna\nTo: x@evil.example\n\nbody", "Anna\rSubject: evil.example", "Anna%0d%0aBcc: x@evil.example",
		"=?utf-8?q?Anna=0D=0ABcc:_x@evil.example?=", "=?utf-8?b?DQpCY2M6IGV2aWxAZXZpbC5leGFtcGxl?=", "Anna\u2028Bcc: x@evil.example",
		"Anna\u0085Bcc: x@evil.example", "Anna\u560d\u560aBcc: x@evil.example", "\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<x@evil.example>",
		"\r\n\r\n--=_1\r\nContent-Type: text/html\r\n\r\n<b>evil.example", `Anna" <x@evil.example>, "`, "Anna <x@evil.example>", "x@evil.example, y@evil.example",
		"<script>fetch('//evil.example')</script>", "<img src=https://evil.example/p.gif>", "<img src=x onerror=alert(1)>",
		`"><a href="https://evil.example">x</a>`, "<style>@import '//evil.example'</style>", "<!-- ", "-->", "]]>", "<![CDATA[", "</td></table><h1>", "</body></html>",
		"<svg/onload=alert(1)>", "<svg><script href=//evil.example/></svg>", "<iframe src=//evil.example>", "<form action=//evil.example><input name=code>",
		"<meta http-equiv=refresh content='0;url=//evil.example'>", "<base href=//evil.example>", "<link rel=stylesheet href=//evil.example>",
		"<math><mtext><script>1</script>", "&lt;script&gt;", "\x3cscript\x3e", "＜script＞", "{{.code}}", `{{template "content" .}}`, `{{printf "%s" .}}`,
		"{{range $k, $v := .}}{{$v}}{{end}}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "%s%n%v%!d", "$1\\1", "\\", "'", `"`, "javascript:alert(1)",
		"https://evil.example/login", "www.evil.example", "data:text/html,<script>1</script>", "Anna\u202egnp.exe\u202c", "\u2066evil.example\u2069",
		"An\u200bna\ufeff", "\x1b[2J\x1b]0;evil.example\x07", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "1' OR '1'='1", "'; DROP TABLE voucher; --",
		strings.Repeat("W", 4000), strings.Repeat("å", 3000), strings.Repeat("a\n", 400), strings.Repeat("🎉", 500), "\u0301\u0302\u0303" + strings.Repeat("\u0301", 200),
		"2222-3333-4444-5555", "2222–3333–4444–5555", "2222-3333-\u200b4444-5555", "(/JavaScript (app.alert\\(1\\)))", ") Tj ET endstream endobj",
	}
	var all []string
	for _, seed := range seeds {
		all = append(all, seed, "Anna "+seed, seed+" & søn", `"`+seed+`"`)
	}
	return all
}

// addresses are texts in place of a mail address that lead somewhere else, or to several.
func addresses() []string {
	return []string{
		"x@evil.example,anna@example.org", "anna@example.org, x@evil.example", "anna@example.org;x@evil.example", "anna@example.org x@evil.example",
		"anna@example.org\r\nRCPT TO:<x@evil.example>", "anna@example.org\nBcc: x@evil.example", "anna@example.org>\r\nDATA", "<x@evil.example>anna@example.org",
		`"anna@example.org> ORCPT=rfc822;x@evil.example"@example.org`, `"x@evil.example"@example.org`, `anna"@evil.example`, "anna@example.org> NOTIFY=NEVER",
		"@evil.example:anna@example.org", "anna%evil.example@example.org,", "anna@[127.0.0.1]", "anna@", "@example.org", "anna@example..org", "anna@-evil.example-",
		"an na@example.org", "anna\u202e@example.org", "anna@example.org\u0085", "", "mailto:anna@example.org", "anna@example.org?bcc=x@evil.example",
	}
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq="

// hooked sends a Standard Webhooks message as the shop would.
func (m *merchant) hooked(d *running, id string, body []byte) {
	m.t.Helper()
	signed, err := standard.Sign(hookSecret, id, time.Now(), body)
	if err != nil {
		m.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(m.t.Context(), "POST", d.url+"/v1/shops/hooks/webhooks", bytes.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Signature": {signed},
		"Webhook-Timestamp": {fmt.Sprint(time.Now().Unix())},
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		m.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != 200 {
		m.t.Fatalf("order %s: %d", id, answer.StatusCode)
	}
}

// gift is a paid order of one voucher for somebody else, with texts of a stranger's choice.
func gift(id, to string, text func() string) []byte {
	dkk := map[string]any{"amount": 50000, "currency": "DKK"}
	body, err := json.Marshal(map[string]any{"type": "order.paid", "data": map[string]any{"order": map[string]any{
		"id": id, "number": text(), "status": "paid", "updated_at": time.Now().UTC().Format(time.RFC3339), "currency": "DKK", "language": "da",
		"customer": map[string]any{"email": "buyer-" + id + "@example.org", "name": text()},
		"payment":  map[string]any{"method": "card", "paid_at": time.Now().UTC().Format(time.RFC3339)}, "total": dkk,
		"lines": []any{map[string]any{
			"id": "1", "sku": "GAVEKORT-500", "name": text(), "quantity": 1, "unit_price": dkk, "total": dkk,
			"recipient": map[string]any{"name": text(), "email": to}, "message": text(),
		}},
	}}})
	if err != nil {
		panic(err) // strings and numbers have a JSON
	}
	return body
}

// skeleton is what no text may change: the names of the header fields and of the HTML's tags.
type skeleton struct{ fields, tags []string }

var (
	tagName   = regexp.MustCompile(`(?i)<([a-z!/?][^>\s]*)`)
	active    = regexp.MustCompile(`(?i)<[^>]*\s(on[a-z]+\s*=|(href|src|action|background)\s*=\s*["']?(https?:|//|javascript:|data:))`)
	activePDF = regexp.MustCompile(`/(JavaScript|JS|URI|Launch|OpenAction|EmbeddedFile|SubmitForm|AA)\b[^)]`)
)

// boneOf reads a mail down to its skeleton, and checks what holds for each mail by itself.
func boneOf(t *testing.T, message mailbox.Message) skeleton {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(message.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	var s skeleton
	for field, values := range parsed.Header {
		s.fields = append(s.fields, field)
		if len(values) != 1 {
			t.Errorf("%d fields %s", len(values), field)
		}
	}
	seen, err := message.Inspect()
	if err != nil {
		t.Fatal(err)
	}
	if len(message.Recipients) != 1 || !slices.Equal(seen.Recipients, message.Recipients) || !strings.HasSuffix(message.Recipients[0], "@example.org") {
		t.Errorf("a mail for %v went to %v", seen.Recipients, message.Recipients)
	}
	if found := active.FindString(seen.HTML); found != "" {
		t.Errorf("a mail has %q", found)
	}
	for _, tag := range tagName.FindAllStringSubmatch(seen.HTML, -1) {
		s.tags = append(s.tags, tag[1])
	}
	for _, file := range seen.Files {
		if found := activePDF.Find(file.Bytes); file.Type == "application/pdf" && found != nil {
			t.Errorf("a document has %q", found)
		}
		if strings.ContainsAny(file.Name, "\r\n/\\\x00") {
			t.Errorf("a file is called %q", file.Name)
		}
	}
	slices.Sort(s.fields)
	slices.Sort(s.tags)
	s.tags = slices.Compact(s.tags)
	return s
}

// within tells what a skeleton has that another has not.
func (s skeleton) beyond(other skeleton) (more []string) {
	for _, name := range s.tags {
		if !slices.Contains(other.tags, name) {
			more = append(more, "<"+name)
		}
	}
	for _, name := range s.fields {
		if !slices.Contains(other.fields, name) {
			more = append(more, name+":")
		}
	}
	return more
}

// at waits until whatever an order leads to has left or waits for a person.
func (m *merchant) posted(d *running) {
	m.t.Helper()
	pool := m.look()
	eventually(m.t, 2*recoversWithin, "all mails have left", func() bool {
		return count(m.t, pool, `SELECT (SELECT count(*) FROM inbox WHERE state = 'received') + (SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending'))
			+ (SELECT count(*) FROM delivery WHERE state = 'waiting' AND reason <> 'needs_address')`) == 0
	})
	if d.log.String() == "" {
		m.t.Error("nothing is logged")
	}
}

// From a webhook to mail, document, office and log: whatever a stranger writes, each mail has one recipient and the parts that every mail
// has, nothing in it acts, and nothing of it is logged.
func TestNothingThatAStrangerWritesActs(t *testing.T) {
	t.Parallel()
	m := opens(t)
	m.does("shop", "add", "--id", "hooks", "--platform", "standard", "--secret", hookSecret, "--lang", "da")
	office := m.does("key", "add", "--scope", "admin")
	d := m.serves()
	m.hooked(d, "plain", gift("plain", "to-plain@example.org", func() string { return "Anna" }))
	m.posted(d)
	bones := map[int]skeleton{} // by whether there is a code
	for _, message := range m.sink.Messages() {
		found, err := message.Codes()
		if err != nil {
			t.Fatal(err)
		}
		bones[len(found)] = boneOf(t, message)
	}
	if len(bones) != 2 {
		t.Fatalf("mails of %d kinds, want a confirmation and a code", len(bones))
	}
	m.floods(d)
	m.posted(d)
	for _, message := range m.sink.Messages() {
		found, err := message.Codes()
		if err != nil || len(found) > 1 {
			t.Fatalf("a mail has %d codes, %v", len(found), err)
		}
		if more := boneOf(t, message).beyond(bones[len(found)]); len(more) > 0 {
			t.Errorf("a mail to %v has %q besides", message.Recipients, more)
		}
	}
	m.readable(d, office)
}

// floods sends all texts in all kinds of places, and all addresses.
func (m *merchant) floods(d *running) {
	m.t.Helper()
	all, next := texts(), 0
	if len(all) < 200 {
		m.t.Fatalf("only %d texts", len(all))
	}
	for n := 0; next < len(all); n++ {
		id := fmt.Sprint("t", n)
		m.hooked(d, id, gift(id, "to-"+id+"@example.org", func() string {
			next++
			return all[(next-1)%len(all)]
		}))
	}
	for n, address := range addresses() {
		id := fmt.Sprint("a", n)
		m.hooked(d, id, gift(id, address, func() string { return "Anna" }))
	}
	for n, text := range []string{`\u0000`, `\ud800`, `\udfff\ud800`, `\ud83c`, "\xff\xfe", "\xed\xa0\x80", `\u0000\r\nBcc: x@evil.example`} {
		id := fmt.Sprint("u", n)
		m.hooked(d, id, bytes.ReplaceAll(gift(id, "to-"+id+"@example.org", func() string { return "PLACE" }), []byte("PLACE"), []byte(text)))
	}
}

// readable checks that the office reads what came, as text, and that the log is lines of JSON without any of it.
func (m *merchant) readable(d *running, office string) {
	m.t.Helper()
	for _, list := range []string{"purchases", "deliveries", "vouchers", "tasks"} {
		r := d.wants(200, office, "GET", "/v1/admin/"+list+"?limit=500", "")
		if items, ok := r.at("items").([]any); !ok || len(items) == 0 {
			m.t.Errorf("the office reads no %s: %.300s", list, r.text)
		}
	}
	for line := range strings.Lines(d.log.String()) {
		if !json.Valid([]byte(line)) {
			m.t.Errorf("a line of the log is no JSON: %q", line)
		}
		if strings.Contains(line, "evil") || strings.Contains(line, "@example.org") {
			m.t.Errorf("the log repeats what a stranger wrote: %s", line)
		}
	}
}
