package voucher

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unique"
)

// alphabet is Crockford's base32: no I, L, O or U, so that a code survives being read aloud.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	codeSymbols   = 16 // 15 random symbols, 75 bits, and one check symbol
	highSymbols   = 20 // 19 random symbols, 95 bits, and one check symbol
	groupSymbols  = 4  // shown as XXXX-XXXX-XXXX-XXXX
	maxTypedCode  = 64 // runes; longer input is no code anybody printed
	fieldPoly     = 0x25
	fieldSize     = 32
	mask          = "••••"
	fullWidthBang = '！' // U+FF01, the first full-width form of ASCII
	fullWidthLast = '～' // U+FF5E, the last
)

// Code is a voucher's secret. Whoever knows it can spend the voucher, so the type hides it from
// every log, format verb and JSON encoder; [Code.Reveal] is the one way to show it.
type Code struct {
	// Canonical: no dashes, upper case. Behind a handle, because package fmt prints the fields of a
	// field that isn't exported without asking its methods.
	symbols unique.Handle[string]
	// How it is printed, where that doesn't follow from the symbols: with a prefix, or in a pattern of its own.
	shown unique.Handle[string]
}

// codeOf makes a code of its canonical symbols.
func codeOf(symbols string) Code { return Code{symbols: unique.Make(symbols)} }

// printedAs gives a code a way of its own to be printed.
func (c Code) printedAs(text string) Code {
	c.shown = unique.Make(text)
	return c
}

// ErrCode says that a text can't be any code.
var ErrCode = errors.New("not a code")

// NewCode draws a code of the usual form from a source of random bytes. It fails only if the source does.
func NewCode(random io.Reader) (Code, error) { return Form{}.Draw(random) }

// ForeignCode is a code of another system, kept in its own pattern: letters and digits in upper
// case, whatever their number, printed with the dashes and spaces that it came with.
func ForeignCode(text string) (Code, error) {
	typed, err := Read(text)
	if err != nil {
		return Code{}, err
	}
	if shown := patternOf(text); shown != typed.Foreign.Canonical() {
		return typed.Foreign.printedAs(shown), nil
	}
	return typed.Foreign, nil
}

// patternOf is a text that can be read as a code as it is printed again: in upper case, each gap one dash or space.
func patternOf(text string) string {
	gap := func(r rune) bool { return unicode.In(r, unicode.Zs) || strings.ContainsRune("\t\r\n", r) }
	shown := strings.Map(func(r rune) rune {
		switch r = narrow(r); {
		case unicode.In(r, unicode.Cf):
			return -1
		case unicode.In(r, unicode.Pd):
			return '-'
		case gap(r):
			return ' '
		}
		return unicode.ToUpper(r)
	}, text)
	return strings.Trim(strings.Join(strings.Fields(shown), " "), "- ")
}

// Typed is a text read as a code, both ways that it can be meant: as one of ours and as one that
// another system made. Look-up tries both at once.
type Typed struct {
	Ours    Code // zero when the text can't be one of ours (length, symbol or check)
	Foreign Code
}

// Read reads what somebody typed, pasted or scanned, forgivingly (A08): case, spaces, dashes of any
// kind, line ends, invisible marks and full-width forms don't matter, and in a code of ours neither do O for 0 and I or L for 1. It
// fails with [ErrCode] on a text that is empty, too long, or holds something no code does.
func Read(text string) (Typed, error) {
	var plain strings.Builder
	for i, r := range []rune(text) {
		if i >= maxTypedCode {
			return Typed{}, fmt.Errorf("%w: longer than %d symbols", ErrCode, maxTypedCode)
		}
		switch r = narrow(r); {
		case r == '-' || r == ' ':
		case r >= 'a' && r <= 'z':
			plain.WriteRune(r - 'a' + 'A')
		case r > ' ' && r < 0x7f:
			plain.WriteRune(r)
		case unicode.In(r, unicode.Zs, unicode.Pd, unicode.Cf) || strings.ContainsRune("\t\r\n", r):
		default:
			return Typed{}, fmt.Errorf("%w: symbol %d is in no code", ErrCode, i+1)
		}
	}
	if plain.Len() == 0 {
		return Typed{}, fmt.Errorf("%w: it is empty", ErrCode)
	}
	return Typed{Ours: asOurs(plain.String()), Foreign: codeOf(plain.String())}, nil
}

// narrow maps a full-width form, as some keyboards type it, to its ASCII letter or digit.
func narrow(r rune) rune {
	if r >= fullWidthBang && r <= fullWidthLast {
		return r - fullWidthBang + '!'
	}
	return r
}

// checkSymbol is the symbol c with Σ αⁱcᵢ = 0 over GF(32), α a root of x⁵+x²+1. As the first 31
// powers of α differ, it catches every wrong symbol and every swap of two.
func checkSymbol(symbols []byte) byte {
	var sum, weight byte = 0, 1
	for _, s := range symbols {
		sum ^= times(weight, byte(strings.IndexByte(alphabet, s)))
		weight = times(weight, 2)
	}
	for c := range byte(fieldSize) {
		if times(weight, c) == sum {
			return alphabet[c]
		}
	}
	panic("voucher: a power of the field's generator has no inverse")
}

// times multiplies in GF(32).
func times(a, b byte) byte {
	var product byte
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			product ^= a
		}
		if a <<= 1; a&fieldSize != 0 {
			a ^= fieldPoly
		}
	}
	return product
}

// Zero tells whether this is no code at all.
func (c Code) Zero() bool { return c == Code{} }

// Canonical is the code without dashes, in upper case: what its MAC is made of. It is a secret.
func (c Code) Canonical() string {
	if c.Zero() {
		return ""
	}
	return c.symbols.Value()
}

// Reveal is the code as it is printed: one of ours in groups of four behind its prefix, a foreign one as it is.
// It is a secret.
func (c Code) Reveal() string {
	symbols := c.Canonical()
	switch {
	case c.shown != unique.Handle[string]{}:
		return c.shown.Value()
	case asOurs(symbols).Zero():
		return symbols
	}
	return grouped(symbols)
}

// Last4 is the end of the code that may be shown anywhere; less of a code that is short itself.
func (c Code) Last4() string {
	symbols := c.Canonical()
	shown := min(groupSymbols, (len(symbols)+1)/2)
	return symbols[len(symbols)-shown:]
}

// String hides all but the last symbols.
func (c Code) String() string {
	if c.Zero() {
		return ""
	}
	return mask + c.Last4()
}

// GoString hides the code from %#v.
func (c Code) GoString() string { return "voucher.Code(" + c.String() + ")" }

// Format hides the code from every verb.
func (c Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue hides the code in logs.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText hides the code in JSON and every other text encoding.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
