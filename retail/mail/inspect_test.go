package mail_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
)

func message(lines ...string) []byte {
	return []byte("From: <a@example.org>\r\nTo: <b@example.org>\r\n" + strings.Join(lines, "\r\n") + "\r\n")
}

func TestCodesFindsACodeWhereverAReaderWould(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		message []byte
		want    []string
	}{
		{"none", message("", "Hej 7Q2X 9M4K TB3H W8ZC"), nil},
		{"in plain text", message("", "Kode: "+code+"."), []string{code}},
		{"in lower case", message("", strings.ToLower(code)), []string{code}},
		{"in the subject", message("Subject: =?utf-8?q?7Q2X-9M4K-=54B3H-W8ZC?=", "", "x"), []string{code}},
		{"in quoted-printable, broken", message("Content-Transfer-Encoding: quoted-printable", "", "7Q2X-9M=", "4K-TB3H=2DW8ZC"), []string{code}},
		{"in base64", message("Content-Transfer-Encoding: base64", "", "N1EyWC05TTRLLVRCM0gt", "VzhaQw=="), []string{code}},
		{"in HTML, between tags", message("Content-Type: text/html", "", "<b>7Q2X</b>-<i>9M4K</i>-TB3H-<u>W8ZC</u>"), []string{code}},
		{"in HTML, as entities", message("Content-Type: text/html", "", "7Q2X&#45;9M4K&#x2d;TB3H-W8ZC"), []string{code}},
		{"in HTML, in an attribute", message("Content-Type: text/html", "", `<img alt="`+code+`">`), []string{code}},
		{"with dashes of print", message("Content-Transfer-Encoding: 8bit", "", "7Q2X–9M4K—TB3H‑W8ZC"), []string{code}},
		{"with invisible characters", message("", "7Q2X-\u200b9M4K-TB3H\u00ad-W8ZC"), []string{code}},
		{"twice the same is one", message("", code+" "+strings.ToLower(code)), []string{code}},
		{"two are two", message("", code+" 2222-3333-4444-5555"), []string{"2222-3333-4444-5555", code}},
		{"a UUID is none", message("", "550e8400-e29b-41d4-a716-446655440000"), nil},
		{"letters that codes don't have", message("", "OILU-OILU-OILU-OILU"), nil},
		{"in a file's name", message("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Disposition: attachment; filename=\""+code+".pdf\"",
			"Content-Type: application/pdf", "", "x", "--x--"), []string{code}},
	}
	for _, test := range tests {
		got, err := mail.Codes(test.message)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v (%v), want %v", test.name, got, err, test.want)
		}
	}
}

func TestInspectFindsEveryRecipient(t *testing.T) {
	t.Parallel()
	seen := inspect(t, message("Cc: c@example.org, D <d@example.org>", "Bcc: e@example.org", "", "x"))
	if want := []string{"b@example.org", "c@example.org", "d@example.org", "e@example.org"}; !slices.Equal(seen.Recipients, want) {
		t.Errorf("got %v, want %v", seen.Recipients, want)
	}
}

func TestInspectRefusesWhatItCannotReadWhole(t *testing.T) {
	t.Parallel()
	deep := "Content-Type: text/plain\r\n\r\nx\r\n"
	for _, boundary := range "abcdefghi" {
		edge := "--" + string(boundary)
		deep = "Content-Type: multipart/mixed; boundary=" + string(boundary) + "\r\n\r\n" + edge + "\r\n" + deep + edge + "--\r\n"
	}
	for name, broken := range map[string][]byte{
		"no header":        []byte("Hej"),
		"a recipient":      message("Cc: nonsense", "", "x"),
		"a part's type":    message("Content-Type: /", "", "x"),
		"base64":           message("Content-Transfer-Encoding: base64", "", "!!!"),
		"no boundary":      message("Content-Type: multipart/mixed", "", "--", "x"),
		"an unclosed part": message("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "x"),
		"parts too deep":   message(strings.TrimSuffix(deep, "\r\n")),
		"a part too large": message("", strings.Repeat("x", 5<<20)),
	} {
		if _, err := mail.Inspect(broken); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := mail.Codes(broken); err == nil {
			t.Errorf("%s: Codes has no error", name)
		}
	}
}

// A voucher that came from elsewhere keeps the pattern of its code: the mail must show it, and no other.
func TestAForeignCodeIsShownAsItIs(t *testing.T) {
	t.Parallel()
	v := gift(t, language.Danish)
	v.Code, v.QR, v.PDF = "ETRON-0012345", nil, nil
	rendered, err := mail.RenderVoucher(letter(language.Danish), v)
	if err != nil {
		t.Fatal(err)
	}
	seen := inspect(t, rendered.Bytes)
	if !strings.Contains(seen.Text, v.Code) || !strings.Contains(seen.HTML, v.Code) {
		t.Error("the code is missing")
	}
	v.Code = ""
	if _, err := mail.RenderVoucher(letter(language.Danish), v); err == nil {
		t.Error("a voucher without a code: no error")
	}
}

// Any bytes that call themselves a mail are read or refused, and what is found in them looks like a code (G11).
func FuzzCodes(f *testing.F) {
	f.Add(message("Subject: =?utf-8?q?Your_code?=", "", "7K3M-9QTZ-4W8X-HB2V"))
	f.Add(message("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/html", "Content-Transfer-Encoding: base64", "", "PGI+", "--b--"))
	f.Add(message("Subject: xmas-7k3m-9qtz-4w8x-hb2v", "", "")) // of a group that has a prefix
	shown := regexp.MustCompile(`^([0-9A-Z]{1,8}-)?[0-9A-Z]{4}(-[0-9A-Z]{4}){3,4}$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		codes, err := mail.Codes(text)
		if err != nil && len(codes) > 0 {
			t.Fatalf("refused (%v), and found %v", err, codes)
		}
		for _, code := range codes {
			if !shown.MatchString(code) {
				t.Fatalf("%q is no code", code)
			}
		}
	})
}
