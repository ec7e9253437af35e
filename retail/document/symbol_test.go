package document

import (
	"testing"

	"github.com/boombuler/barcode"
	"github.com/google/go-cmp/cmp"
)

func TestSymbolsHoldTheCodeAsItIsShown(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"7Q2X-9M4K-TB3H-W8ZC", "etron-0012345", "1234567890123456"} {
		for name, encode := range map[string]func(string) (barcode.Barcode, error){"QR": qrSymbol, "Code 128": barSymbol} {
			symbol, err := encode(code)
			if err != nil {
				t.Fatalf("%s of %s: %v", name, code, err)
			}
			if got := symbol.Content(); got != code {
				t.Errorf("%s holds %q, want %q", name, got, code)
			}
		}
	}
}

func TestBarsAreTheRunsOfARow(t *testing.T) {
	t.Parallel()
	symbol, err := barSymbol("A")
	if err != nil {
		t.Fatal(err)
	}
	// Start B 11010010000, A 10100011000, check 34 (B) 10001011000, stop 1100011101011.
	want := []bar{{0, 2}, {3, 1}, {6, 1}, {11, 1}, {13, 1}, {17, 2}, {22, 1}, {26, 1}, {28, 2}, {33, 2}, {38, 3}, {42, 1}, {44, 2}}
	if diff := cmp.Diff(want, bars(symbol, 0), cmp.AllowUnexported(bar{})); diff != "" {
		t.Errorf("bars of Code 128 (-want +got):\n%s", diff)
	}
}

func TestKnownReplacesWhatTheTypefaceLacks(t *testing.T) {
	t.Parallel()
	typeface, err := parseTypeface()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, text, want string }{
		{"Nordic, Polish and German letters and the euro stay", "Åse Øst, Łukasz Żółć, Weiß €", "Åse Øst, Łukasz Żółć, Weiß €"},
		{"letters in two parts become one", "A\u030ase Bo\u0308ger", "Åse Böger"},
		{"an emoji is one box", "Tillykke 🎂!", "Tillykke □!"},
		{"a row of emoji is one box", "🎉👨‍👩‍👧🇩🇰", "□"},
		{"hearts and smiles have a printed form", "❤️ 🙂", "♥ ☺"},
		{"no-break spaces are spaces", "500,00\u00a0kr.", "500,00 kr."},
		{"nothing invisible is left", "a\u200bb\u202ec\u00add\x07e", "abcde"},
		{"lines stay", "a\nb", "a\nb"},
		{"broken octets are a box", "a\xffb", "a□b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			typeface := *typeface
			if got := typeface.known(test.text); got != test.want {
				t.Errorf("known(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}
