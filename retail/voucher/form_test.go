package voucher_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"vouchsafe/retail/voucher"
)

// X08: the codes of a group have its prefix and length, and are read with everything that people do to codes.
func TestTheCodesOfAGroupHaveItsPrefixAndLength(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		form  voucher.Form
		shown int // symbols and dashes
	}{
		"the usual":                    {voucher.Form{}, 19},
		"a prefix":                     {voucher.Form{Prefix: "JUL"}, 23},
		"letters that look like ones":  {voucher.Form{Prefix: "OLI2026"}, 27},
		"a prefix as long as a group":  {voucher.Form{Prefix: "GAVE"}, 24},
		"a prefix of eight":            {voucher.Form{Prefix: "SOMMER26"}, 28},
		"high":                         {voucher.Form{Length: voucher.High}, 24},
		"high with a prefix":           {voucher.Form{Prefix: "J", Length: voucher.High}, 26},
		"high with the longest prefix": {voucher.Form{Prefix: "ABCDEFGH", Length: voucher.High}, 33},
	} {
		for range 200 {
			code, err := tt.form.Draw(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			shown := code.Reveal()
			if len(shown) != tt.shown || tt.form.Prefix != "" && !strings.HasPrefix(shown, tt.form.Prefix+"-") {
				t.Fatalf("%s: shown as %q", name, shown)
			}
			for _, typed := range []string{shown, strings.ToLower(shown), strings.ReplaceAll(shown, "-", ""), strings.ReplaceAll(shown, "-", " ")} {
				if got := read(t, typed).Ours; got != code {
					t.Fatalf("%s: %q is read as %q", name, typed, got.Reveal())
				}
			}
			for _, typed := range []string{strings.NewReplacer("0", "O", "1", "l").Replace(shown), strings.NewReplacer("O", "0", "L", "1", "I", "1").Replace(shown)} {
				if got := read(t, typed).Ours; got.Canonical() != code.Canonical() {
					t.Fatalf("%s: %q is read as %q", name, typed, got.Canonical())
				}
			}
			if last := shown[len(shown)-4:]; code.Last4() != last {
				t.Fatalf("%s: the last four are %q", name, code.Last4())
			}
		}
	}
}

func TestATypingSlipInACodeOfAGroupIsFound(t *testing.T) {
	t.Parallel()
	code, err := voucher.Form{Prefix: "JUL", Length: voucher.High}.Draw(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain := code.Canonical()
	for i := 3; i < len(plain); i++ {
		for _, symbol := range []byte(voucher.Alphabet) {
			typo := plain[:i] + string(symbol) + plain[i+1:]
			if got := read(t, typo).Ours; typo != plain && got.Canonical() == plain {
				t.Fatalf("%s passes for %s", typo, plain)
			}
		}
	}
}

// X08: a code that the office chooses is not one that anybody would try first.
func TestAChosenCodeIsNotTooEasyToGuess(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"TILLYKKE-ANNA":             nil,
		"tillykke anna 40":          nil,
		"ANNA-50":                   voucher.ErrWeak,
		"AAAABBBBCCCC":              voucher.ErrWeak,
		"ANNA-ANNA-ANNA":            voucher.ErrWeak,
		"GAVEKORT-1234":             voucher.ErrWeak,
		"GAVEKORT-DCBA":             voucher.ErrWeak,
		known:                       voucher.ErrCode,
		"TILLYKKE_ANNA":             voucher.ErrCode,
		"TILLYKKE-Å":                voucher.ErrCode,
		strings.Repeat("AB1C2D", 6): voucher.ErrCode,
		"":                          voucher.ErrCode,
	} {
		code, err := voucher.Personal(text)
		if !errors.Is(err, want) || (err == nil) == code.Zero() {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
		if err == nil && !read(t, text).Weak() {
			t.Errorf("%q is not taken for a weak one", text)
		}
	}
	if read(t, known).Weak() || read(t, known[:18]+"0").Weak() {
		t.Error("a code of ours, or one with a typing slip, is taken for a weak one")
	}
}
