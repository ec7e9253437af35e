package mail_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/document"
	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/voucher"
)

var update = flag.Bool("update", false, "write the golden files")

const code = "7Q2X-9M4K-TB3H-W8ZC"

var (
	copenhagen = time.FixedZone("CET", 3600)
	date       = time.Date(2026, 11, 22, 10, 15, 0, 0, copenhagen)
	lastDay    = time.Date(2029, 12, 31, 0, 0, 0, 0, copenhagen)
)

func letter(tag language.Tag) mail.Letter {
	return mail.Letter{
		Language:   tag,
		MessageID:  "01938f0e-0000-7000-8000-000000000001@bogladen.example",
		Date:       date,
		FromName:   "Byens Bøger",
		From:       "butik@bogladen.example",
		ReplyTo:    "hej@bogladen.example",
		To:         "aase@example.org",
		Shop:       "Byens Bøger",
		Sender:     "Byens Bøger ApS, Torvegade 4, 8000 Aarhus C",
		PrivacyURL: "https://bogladen.example/privatliv?a=1&b=2",
	}
}

func country(tag language.Tag) (country, currency string) {
	switch tag {
	case language.Danish:
		return "DK", "DKK"
	case language.Swedish:
		return "SE", "SEK"
	case language.Norwegian:
		return "NO", "NOK"
	case language.English:
		return "GB", "GBP"
	case language.Austrian:
		return "AT", "EUR"
	}
	return "DE", "EUR"
}

func order(tag language.Tag) mail.Confirmation {
	land, currency := country(tag)
	return mail.Confirmation{
		Order: "#1042",
		Buyer: "Peter Holm",
		Items: []mail.Item{
			{Quantity: 2, Title: "Gavekort til hele butikken", Value: tag.Amount("1000.00", currency, land)},
			{Quantity: 1, Title: "Læselampe", Value: tag.Amount("249.50", currency, land)},
		},
		Total:    tag.Amount("1249.50", currency, land),
		Vouchers: 2,
	}
}

func gift(t testing.TB, tag language.Tag) mail.Voucher {
	t.Helper()
	land, currency := country(tag)
	v := mail.Voucher{
		Kind:      voucher.Money,
		Title:     "Gavekort til hele butikken",
		Value:     tag.Amount("500.00", currency, land),
		Code:      code,
		Expires:   tag.Date(lastDay),
		Gift:      true,
		Recipient: "Åse Łukasz",
		Giver:     "Peter Holm",
		Message:   "Kære Åse,\nhjertelig tillykke med de 40 år! 🎉\n\nKærlig hilsen\nPeter",
	}
	var err error
	if v.QR, err = document.QR(code); err != nil {
		t.Fatal(err)
	}
	v.PDF, err = document.PDF(document.Voucher{
		Kind: v.Kind, Language: tag, Made: date, Shop: "Byens Bøger", Title: v.Title, Value: v.Value, Code: v.Code,
		Expires: v.Expires, Gift: true, Recipient: v.Recipient, Giver: v.Giver, Message: v.Message,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func inspect(t testing.TB, message []byte) mail.Inspection {
	t.Helper()
	seen, err := mail.Inspect(message)
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update writes it):\n%s", name, diff)
	}
}

// E07, E08: one confirmation, without a code.
func TestConfirmationReadsWellAndHoldsNoCodeInAnyLanguage(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Tags() {
		rendered, err := mail.RenderConfirmation(letter(tag), order(tag))
		if err != nil {
			t.Fatal(err)
		}
		seen := inspect(t, rendered.Bytes)
		golden(t, "confirmation."+string(tag)+".txt", seen.Subject+"\n\n"+seen.Text)
		codes, err := mail.Codes(rendered.Bytes)
		if err != nil || len(codes) > 0 {
			t.Errorf("%s: codes %v (%v), want none", tag, codes, err)
		}
		if len(seen.Files) > 0 {
			t.Errorf("%s: %d files, want none", tag, len(seen.Files))
		}
	}
}

// E08: whatever customers and shops type, no confirmation shows a code.
func TestConfirmationNeverShowsACodeThatSomebodyTyped(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{code, "7q2x-9m4k-tb3h-w8zc", "7Q2X–9M4K–TB3H–W8ZC", "7Q2X-9M4K-\u200bTB3H-W8ZC"} {
		l, o := letter(language.Danish), order(language.Danish)
		l.Shop, l.Sender, l.FromName = typed, typed, typed
		o.Order, o.Buyer, o.Total, o.Items[0].Title, o.Items[0].Value = typed, typed, typed, typed, typed
		rendered, err := mail.RenderConfirmation(l, o)
		if err != nil {
			t.Fatal(err)
		}
		if codes, err := mail.Codes(rendered.Bytes); err != nil || len(codes) > 0 {
			t.Errorf("typed %q: codes %v (%v), want none", typed, codes, err)
		}
	}
}

func TestConfirmationWhoseLayoutShowsACodeIsRefused(t *testing.T) {
	t.Parallel()
	half, rest := code[:10], code[10:]
	layout, err := mail.ParseLayout(mail.FirstMail, mail.Source{Subject: "{{.subject}}", Text: "Use " + half + "{{.order}}", HTML: "<p>{{.introduction}}</p>"})
	if err != nil {
		t.Fatal(err)
	}
	l := letter(language.Danish)
	l.Layout = layout
	o := order(language.Danish)
	o.Order = rest
	if _, err := mail.RenderConfirmation(l, o); !errors.Is(err, mail.ErrCode) {
		t.Errorf("got %v, want ErrCode", err)
	}
}

// E10, E12, B13, I9: one recipient; the code as text, as QR inside the mail, as PDF behind it.
func TestVoucherMailReadsWellAndHoldsExactlyItsCodeInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Tags() {
		v := gift(t, tag)
		rendered, err := mail.RenderVoucher(letter(tag), v)
		if err != nil {
			t.Fatal(err)
		}
		seen := inspect(t, rendered.Bytes)
		golden(t, "voucher."+string(tag)+".txt", seen.Subject+"\n\n"+seen.Text)
		codes, err := mail.Codes(rendered.Bytes)
		if err != nil || !slices.Equal(codes, []string{code}) {
			t.Errorf("%s: codes %v (%v), want exactly the voucher's", tag, codes, err)
		}
		if !slices.Equal(seen.Recipients, []string{"aase@example.org"}) {
			t.Errorf("%s: recipients %v", tag, seen.Recipients)
		}
		checkFiles(t, seen, v)
	}
}

func checkFiles(t *testing.T, seen mail.Inspection, v mail.Voucher) {
	t.Helper()
	if len(seen.Files) != 2 {
		t.Fatalf("%d files, want the QR symbol and the page", len(seen.Files))
	}
	symbol, page := seen.Files[0], seen.Files[1]
	if !symbol.Inline || symbol.Type != "image/png" || !bytes.Equal(symbol.Bytes, v.QR) {
		t.Errorf("the symbol is %s, inline %v", symbol.Type, symbol.Inline)
	}
	if !strings.Contains(seen.HTML, `src="cid:`+symbol.ContentID+`"`) {
		t.Errorf("the HTML doesn't show cid:%s", symbol.ContentID)
	}
	if page.Inline || page.Type != "application/pdf" || !bytes.Equal(page.Bytes, v.PDF) {
		t.Errorf("the page is %s, inline %v", page.Type, page.Inline)
	}
}

func TestVoucherMailTellsGiftsFromOwnPurchasesAndPunchesFromMoney(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*mail.Voucher)
		want   []string
		not    []string
	}{
		{"a gift names its giver", func(*mail.Voucher) {}, []string{"Peter Holm har givet dig", "Hilsen fra Peter Holm"}, nil},
		{"an unnamed giver is nobody", func(v *mail.Voucher) { v.Giver = "" }, []string{"Du har fået", "nogen har købt"}, []string{"Peter Holm"}},
		{"an own purchase is no gift", func(v *mail.Voucher) { v.Gift, v.Message = false, "" }, []string{"Her er dit gavekort", "fordi du har handlet"}, []string{"givet dig", "Hilsen fra"}},
		{"a punch card counts", func(v *mail.Voucher) { v.Kind, v.Value = voucher.Punches, "10 klip" }, []string{"et klippekort med 10 klip", "Sådan bruger du klippekortet"}, []string{"gavekort på"}},
		{"a credit note says so", func(v *mail.Voucher) { v.Kind = voucher.Credit }, []string{"Tilgodebevis: "}, nil},
		{"no last day", func(v *mail.Voucher) { v.Expires = "" }, []string{"Gavekortet har ingen udløbsdato."}, []string{"til og med"}},
		{"without a page nothing is said of one", func(v *mail.Voucher) { v.PDF = nil }, nil, []string{"PDF"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := gift(t, language.Danish)
			test.change(&v)
			rendered, err := mail.RenderVoucher(letter(language.Danish), v)
			if err != nil {
				t.Fatal(err)
			}
			text := inspect(t, rendered.Bytes).Text
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in:\n%s", want, text)
				}
			}
			for _, not := range test.not {
				if strings.Contains(text, not) {
					t.Errorf("%q in:\n%s", not, text)
				}
			}
		})
	}
}

// I10: all copies are the same octets.
func TestRenderingTheSameMailTwiceGivesTheSameOctets(t *testing.T) {
	t.Parallel()
	v := gift(t, language.Danish)
	first, err := mail.RenderVoucher(letter(language.Danish), v)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := mail.RenderVoucher(letter(language.Danish), v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes, again.Bytes) {
			t.Fatal("the same letter gave two mails")
		}
	}
	other := letter(language.Danish)
	other.MessageID = "another@bogladen.example"
	changed, err := mail.RenderVoucher(other, v)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first.Bytes, changed.Bytes) {
		t.Error("another delivery gave the same octets")
	}
}

func TestHeaderSaysWhatItMustAndNothingOfTheProgram(t *testing.T) {
	t.Parallel()
	rendered, err := mail.RenderVoucher(letter(language.Danish), gift(t, language.Danish))
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(string(rendered.Bytes), "\r\n\r\n")
	for _, want := range []string{
		"Auto-Submitted: auto-generated", "Date: Sun, 22 Nov 2026 10:15:00 +0100", "To: <aase@example.org>",
		"Message-ID: <01938f0e-0000-7000-8000-000000000001@bogladen.example>", "Reply-To: <hej@bogladen.example>",
		"From: =?utf-8?q?Byens_B=C3=B8ger?= <butik@bogladen.example>",
	} {
		if !strings.Contains(header, want) {
			t.Errorf("no %q in:\n%s", want, header)
		}
	}
	for _, not := range []string{"User-Agent", "X-Mailer", "Bcc", "Cc:", "Received", "go-mail"} {
		if strings.Contains(header, not) {
			t.Errorf("%q in:\n%s", not, header)
		}
	}
}
