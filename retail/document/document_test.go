package document_test

import (
	"bytes"
	"image/png"
	"regexp"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/document"
	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

const code = "7Q2X-9M4K-TB3H-W8ZC"

var made = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// gift is a voucher of whose texts every character can be printed.
func gift() document.Voucher {
	return document.Voucher{
		Kind:      voucher.Money,
		Language:  language.Danish,
		Made:      made,
		Shop:      "Byens Bøger",
		Sender:    "Byens Bøger ApS, Torvegade 4, 8000 Aarhus C, CVR 12345678",
		Title:     "Gavekort til hele butikken",
		Value:     language.Danish.Amount("500.00", "DKK", "DK"),
		Code:      code,
		Expires:   language.Danish.Date(time.Date(2029, 12, 31, 0, 0, 0, 0, time.UTC)),
		Gift:      true,
		Recipient: "Åse Łukasz Weiß",
		Giver:     "Peter & Grethe",
		Message:   "Kære Åse,\nhjertelig tillykke!\n\nKærlig hilsen\nPeter & Grethe",
	}
}

func pages(t testing.TB, v document.Voucher) int {
	t.Helper()
	return len(regexp.MustCompile(`/Type /Page\b`).FindAll(printed(t, v), -1))
}

func printed(t testing.TB, v document.Voucher) []byte {
	t.Helper()
	pdf, err := document.PDF(v)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func TestPDFOfTheSameVoucherIsTheSameOctets(t *testing.T) {
	t.Parallel()
	v := gift()
	v.Message = "Ω Ω ∆ Δ µ μ \u00a0 - \u2010 \u2011 \u00ad ſ ß ẞ ﬁ Жизнь Αθήνα"
	first, err := document.PDF(v)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 { // maps are walked in another order each time
		again, err := document.PDF(v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("the same voucher gave two documents")
		}
	}
	v.Made = made.Add(time.Second)
	later, err := document.PDF(v)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, later) {
		t.Error("the date of the document is not in it")
	}
}

func TestPDFIsOnePageInEveryLanguageForEveryKind(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Tags() {
		for _, kind := range []voucher.Kind{voucher.Money, voucher.Punches, voucher.Credit, voucher.StoreCredit} {
			v := gift()
			v.Language, v.Kind = tag, kind
			if got := pages(t, v); got != 1 {
				t.Errorf("%s %s: %d pages, want 1", tag, kind, got)
			}
			waits := v
			waits.Inactive = true
			if got := pages(t, waits); got != 1 || bytes.Equal(printed(t, v), printed(t, waits)) {
				t.Errorf("%s %s: %d pages, want 1 that says that it is not active", tag, kind, got)
			}
		}
	}
}

func TestPDFTakesWhateverPeopleType(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"emoji":              strings.Repeat("🎉👨‍👩‍👧‍👦🇩🇰", 60),
		"wide letters":       strings.Repeat("W", 2000),
		"only line breaks":   strings.Repeat("\n", 700),
		"every line a word":  strings.Repeat("hej\n", 200),
		"Chinese and Arabic": "生日快乐 عيد ميلاد",
		"invalid UTF-8":      "a\xff\xfeb\x00\x1b[31m",
		"combining marks":    "Z" + strings.Repeat("\u0301", 400),
		"nothing":            "",
	} {
		v := gift()
		v.Shop, v.Sender, v.Title, v.Value, v.Expires = text, text, text, text, text
		v.Recipient, v.Giver, v.Message = text, text, text
		if got := pages(t, v); got != 1 {
			t.Errorf("%s: %d pages, want 1", name, got)
		}
	}
}

func FuzzPDF(f *testing.F) {
	for _, text := range []string{"Kære Åse,\nhjertelig tillykke!", "🎉👨‍👩‍👧‍👦", "\\) Tj ET endstream", "W\u0301\u200b\u202e\x00\xff", "{nb}", "\t \n"} {
		f.Add(text, text, text)
	}
	f.Fuzz(func(t *testing.T, name, message, title string) {
		v := gift()
		v.Shop, v.Sender, v.Recipient, v.Giver = name, name, name, name
		v.Message, v.Title, v.Value, v.Expires = message, title, title, title
		if got := pages(t, v); got != 1 {
			t.Errorf("%d pages, want 1", got)
		}
	})
}

func TestPDFNeverInterpretsATextAsPDF(t *testing.T) {
	t.Parallel()
	objects := func(v document.Voucher) int {
		printed, err := document.PDF(v)
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`/(JavaScript|JS|URI|Launch|OpenAction\s*<<\s*/S)\b`).Find(printed); found != nil {
			t.Errorf("the document has a %s", found)
		}
		return len(regexp.MustCompile(`(?m)^\d+ 0 obj`).FindAll(printed, -1))
	}
	want := objects(gift())
	for _, payload := range []string{
		`) Tj ET endstream endobj 99 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj (`,
		`\) >> /OpenAction << /S /Launch /URI (http://evil.example) >>`,
		`<</Type/Action/S/URI/URI(http://evil.example)>>`,
		"\\", ")", "(((", "%PDF-1.7\n%%EOF", "<script>alert(1)</script>",
	} {
		v := gift()
		v.Shop, v.Sender, v.Title, v.Recipient, v.Giver, v.Message = payload, payload, payload, payload, payload, payload
		if got := objects(v); got != want {
			t.Errorf("%.20q: %d objects, want %d", payload, got, want)
		}
	}
}

func TestPDFRefusesACodeThatNoSymbolCanHold(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "7Q2X 9M4K", "ÆØÅ", "A\nB", strings.Repeat("A", 33)} {
		v := gift()
		v.Code = code
		if _, err := document.PDF(v); err == nil {
			t.Errorf("PDF of code %q: no error", code)
		}
		if _, err := document.QR(code); err == nil {
			t.Errorf("QR of code %q: no error", code)
		}
	}
}

func TestQRIsASharpPictureWithWhiteAround(t *testing.T) {
	t.Parallel()
	drawn, err := document.QR(code)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(drawn))
	if err != nil {
		t.Fatal(err)
	}
	side := picture.Bounds().Dx()
	if got, want := side, (21+8)*12; got != want {
		t.Errorf("%d pixels, want %d: the smallest symbol and its quiet zone", got, want)
	}
	isWhite := func(x, y int) bool { r, _, _, _ := picture.At(x, y).RGBA(); return r == 0xffff }
	if !isWhite(side-1, side-1) || !isWhite(47, 47) || isWhite(48, 48) {
		t.Error("the quiet zone is not four modules wide")
	}
}
