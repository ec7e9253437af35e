package voucher_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"vouchsafe/retail/voucher"
)

// known is a code of ours whose check symbol was worked out by hand: Σ αⁱcᵢ = 0 over GF(32).
const known = "7KQ4-M2XV-9TRD-0HNJ"

func newCode(t testing.TB) voucher.Code {
	t.Helper()
	code, err := voucher.NewCode(rand.Reader)
	if err != nil {
		t.Fatalf("NewCode: %v", err)
	}
	return code
}

func read(t testing.TB, text string) voucher.Typed {
	t.Helper()
	typed, err := voucher.Read(text)
	if err != nil {
		t.Fatalf("Read(%q): %v", text, err)
	}
	return typed
}

func TestANewCodeIsReadBackAsItIsPrinted(t *testing.T) {
	t.Parallel()
	for range 500 {
		code := newCode(t)
		shown := code.Reveal()
		if len(shown) != 19 || shown[4] != '-' || shown[9] != '-' || shown[14] != '-' {
			t.Fatalf("%q is not shown in four groups of four", shown)
		}
		if got := read(t, shown).Ours; got != code || got.Canonical() != strings.ReplaceAll(shown, "-", "") {
			t.Fatalf("%q is read as %q", shown, got.Canonical())
		}
	}
}

func TestACodeIsDrawnWithoutBias(t *testing.T) {
	t.Parallel()
	counts := make(map[byte]int)
	for b := range 256 {
		code, err := voucher.NewCode(bytes.NewReader(bytes.Repeat([]byte{byte(b)}, 15)))
		if err != nil {
			t.Fatalf("NewCode: %v", err)
		}
		drawn := code.Canonical()[:15]
		if drawn != strings.Repeat(drawn[:1], 15) {
			t.Fatalf("byte %d is drawn as %q", b, drawn)
		}
		counts[drawn[0]]++
	}
	for _, symbol := range []byte(voucher.Alphabet) {
		if counts[symbol] != 8 {
			t.Errorf("%d of 256 bytes are drawn as %c, want 8", counts[symbol], symbol)
		}
	}
}

func TestNoCodeIsDrawnFromASourceThatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	for name, source := range map[string]struct {
		random io.Reader
		want   error
	}{
		"broken": {iotest.ErrReader(broken), broken},
		"short":  {strings.NewReader("fourteen bytes"), io.ErrUnexpectedEOF},
	} {
		code, err := voucher.NewCode(source.random)
		if !errors.Is(err, source.want) || !code.Zero() {
			t.Errorf("%s source: got %v, %v", name, code, err)
		}
	}
}

func TestACodeIsReadForgivingly(t *testing.T) {
	t.Parallel()
	want := read(t, known).Ours
	if want.Zero() {
		t.Fatalf("%s is not read as ours", known)
	}
	for name, text := range map[string]string{
		"lower case":            "7kq4-m2xv-9trd-0hnj",
		"no dashes":             "7KQ4M2XV9TRD0HNJ",
		"spaces":                " 7KQ4 M2XV 9TRD 0HNJ ",
		"a tab before":          "\t7KQ4-M2XV-9TRD-0HNJ",
		"no-break spaces":       "7KQ4\u00a0M2XV\u00a09TRD\u00a00HNJ",
		"ideographic spaces":    "7KQ4\u3000M2XV\u30009TRD\u30000HNJ",
		"typographic dashes":    "7KQ4‐M2XV‑9TRD–0HNJ",
		"full-width forms":      "７ＫＱ４－Ｍ２ＸＶ－９ＴＲＤ－０ＨＮＪ",
		"lower full-width":      "７ｋｑ４ｍ２ｘｖ９ｔｒｄ０ｈｎｊ",
		"pasted with line end":  "7KQ4-M2XV-9TRD-0HNJ\r\n",
		"em dashes":             "7KQ4\u2014M2XV\u20149TRD\u20140HNJ",
		"zero-width spaces":     "\u200b7KQ4-M2XV-9TRD-0HNJ\ufeff",
		"the letter O for zero": "7KQ4-M2XV-9TRD-OHNJ",
		"a small o for zero":    "7kq4-m2xv-9trd-ohnj",
		"dashes at odd places":  "7-KQ4M2-XV9TRD0HN-J",
	} {
		if got := read(t, text).Ours; got != want {
			t.Errorf("%s: %q is read as %q", name, text, got.Canonical())
		}
	}
}

func TestLettersThatLookLikeOneAreReadAsOne(t *testing.T) {
	t.Parallel()
	code, err := voucher.NewCode(bytes.NewReader(bytes.Repeat([]byte{1}, 15)))
	if err != nil {
		t.Fatalf("NewCode: %v", err)
	}
	for _, one := range "IiLlＩｌ" {
		text := strings.Repeat(string(one), 15) + code.Canonical()[15:]
		if got := read(t, text).Ours; got != code {
			t.Errorf("%q is read as %q, want %q", text, got.Canonical(), code.Canonical())
		}
	}
}

func TestEverySingleTypoIsRefusedAsOurs(t *testing.T) {
	t.Parallel()
	for range 40 {
		good := newCode(t).Canonical()
		for i := range good {
			for _, symbol := range []byte(voucher.Alphabet) {
				typo := good[:i] + string(symbol) + good[i+1:]
				if typo != good && !read(t, typo).Ours.Zero() {
					t.Fatalf("%s passes for %s", typo, good)
				}
			}
		}
	}
}

func TestEverySwapOfTwoSymbolsIsRefusedAsOurs(t *testing.T) {
	t.Parallel()
	for range 400 {
		good := newCode(t).Canonical()
		for i := range good {
			for j := range i {
				swapped := []byte(good)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				if string(swapped) != good && !read(t, string(swapped)).Ours.Zero() {
					t.Fatalf("%s passes for %s", swapped, good)
				}
			}
		}
	}
}

func TestTextsThatCanBeNoCodeOfOurs(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a symbol too few":   known[:18],
		"a symbol too many":  known + "0",
		"the letter U":       "UKQ4-M2XV-9TRD-0HNJ",
		"a mark in between":  "7KQ4.M2XV.9TRD.0",
		"a number of digits": "6035710000000017",
	} {
		typed := read(t, text)
		if !typed.Ours.Zero() {
			t.Errorf("%s: %q is read as ours", name, text)
		}
		if typed.Foreign.Zero() {
			t.Errorf("%s: %q is not read as foreign either", name, text)
		}
	}
}

func TestTextsThatCanBeNoCode(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":            "",
		"only spaces":        " \u00a0 ",
		"only dashes":        "----",
		"65 symbols":         strings.Repeat("A", 65),
		"65 spaces":          strings.Repeat(" ", 65),
		"a letter with ring": "Å7KQ",
		"U+0000":             "7KQ4\x00",
		"an escape":          "7KQ4\x1b[2J",
		"a delete":           "7KQ4\x7f",
		"bytes not UTF-8":    "7KQ4\xff",
		"an emoji":           "7KQ4🎁",
	} {
		typed, err := voucher.Read(text)
		if !errors.Is(err, voucher.ErrCode) || typed != (voucher.Typed{}) {
			t.Errorf("%s: got %+v, %v", name, typed, err)
		}
		if code, err := voucher.ForeignCode(text); !errors.Is(err, voucher.ErrCode) || !code.Zero() {
			t.Errorf("%s as foreign: got %v, %v", name, code, err)
		}
	}
}

func TestARefusedTextIsNotRepeatedInTheError(t *testing.T) {
	t.Parallel()
	_, err := voucher.Read("7KQ4M2XV9TRD0HN\x00")
	if err == nil || strings.Contains(err.Error(), "7KQ4") || !strings.Contains(err.Error(), "symbol 16") {
		t.Errorf("got %v", err)
	}
}

func TestAForeignCodeKeepsItsPattern(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"gift-2020-0001":        {"GIFT20200001", "GIFT-2020-0001"},
		" OIL  10\r\n":          {"OIL10", "OIL 10"},
		"tillykke–Anna":         {"TILLYKKEANNA", "TILLYKKE-ANNA"},
		strings.Repeat("z", 64): {strings.Repeat("Z", 64), strings.Repeat("Z", 64)},
	} {
		code, err := voucher.ForeignCode(text)
		if got := [2]string{code.Canonical(), code.Reveal()}; err != nil || got != want {
			t.Errorf("ForeignCode(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{known, "", "OIL 10", "７ＫＱ４", "\x00", "\xff", strings.Repeat("0", 16), strings.Repeat("-", 70)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typed, err := voucher.Read(text)
		if err != nil {
			if !errors.Is(err, voucher.ErrCode) || typed != (voucher.Typed{}) {
				t.Fatalf("got %+v, %v", typed, err)
			}
			return
		}
		if again := read(t, typed.Foreign.Canonical()); again != typed {
			t.Fatalf("%q is read as %q, and that differently", text, typed.Foreign.Canonical())
		}
		if typed.Ours.Zero() {
			return
		}
		if again := read(t, typed.Ours.Reveal()); again.Ours != typed.Ours {
			t.Fatalf("%q is read as ours, shown as %q and then read as %q", text, typed.Ours.Reveal(), again.Ours.Canonical())
		}
	})
}
