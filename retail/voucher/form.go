package voucher

import (
	"fmt"
	"io"
	"strings"
)

// Length says how many symbols the codes of a group have.
type Length string

// The lengths.
const (
	Standard Length = "standard" // 16 symbols, 75 bits
	High     Length = "high"     // 20 symbols, 95 bits
)

// Form is how the codes of a group look (X08). The prefix tells groups apart for people: it is part of the code, and no secret. The zero
// Form has no prefix, and the usual length.
type Form struct {
	Prefix string // at most 8 capital letters and digits
	Length Length // "" is Standard
}

// maxPrefix is how long a prefix may be.
const maxPrefix = 8

// symbols is how many the code has behind its prefix.
func (f Form) symbols() int {
	if f.Length == High {
		return highSymbols
	}
	return codeSymbols
}

// Draw draws a code of this form from a source of random bytes. It fails only if the source does. What could be read in two ways is
// not drawn: with a prefix of four, one in 32 of the usual length reads as one of twenty symbols too.
func (f Form) Draw(random io.Reader) (Code, error) {
	for {
		drawn := make([]byte, f.symbols()-1)
		if _, err := io.ReadFull(random, drawn); err != nil {
			return Code{}, fmt.Errorf("draw a code: %w", err)
		}
		symbols := make([]byte, 0, f.symbols())
		for _, b := range drawn {
			symbols = append(symbols, alphabet[b%fieldSize]) // 256 is a multiple of 32: no bias
		}
		plain := f.Prefix + string(append(symbols, checkSymbol(symbols)))
		if readings := readingsOf(plain); len(readings) == 1 {
			return readings[0], nil
		}
	}
}

// asOurs reads a plain text as a code of ours; the zero Code if it can't be one.
func asOurs(plain string) Code {
	for _, code := range readingsOf(plain) {
		return code
	}
	return Code{}
}

// readingsOf are the ways to read a plain text as a code of ours. All have the same symbols: only where the prefix ends may differ,
// which changes nothing but the print.
func readingsOf(plain string) (found []Code) {
	for _, length := range []int{codeSymbols, highSymbols} {
		if prefix := len(plain) - length; prefix >= 0 && prefix <= maxPrefix && isSound(folded(plain[prefix:])) && isPrefix(plain[:prefix]) {
			found = append(found, prefixed(plain[:prefix], folded(plain[prefix:])))
		}
	}
	return found
}

// prefixed is the code of a prefix and symbols. What looks alike is alike in the prefix too.
func prefixed(prefix, symbols string) Code {
	if prefix == "" {
		return codeOf(symbols)
	}
	return codeOf(folded(prefix) + symbols).printedAs(prefix + "-" + grouped(symbols))
}

// lookalikes are the letters that are read as digits.
var lookalikes = strings.NewReplacer("O", "0", "I", "1", "L", "1")

// folded reads letters as the digits that they look like.
func folded(plain string) string { return lookalikes.Replace(plain) }

// isSound tells whether symbols are ours, and end with the check symbol of the others.
func isSound(symbols string) bool {
	for i := range len(symbols) {
		if strings.IndexByte(alphabet, symbols[i]) < 0 {
			return false
		}
	}
	last := len(symbols) - 1
	return checkSymbol([]byte(symbols[:last])) == symbols[last]
}

func isPrefix(text string) bool {
	return strings.Trim(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// grouped is a run of symbols in groups of four.
func grouped(symbols string) string {
	var shown strings.Builder
	for i := 0; i < len(symbols); i += groupSymbols {
		if i > 0 {
			shown.WriteByte('-')
		}
		shown.WriteString(symbols[i:min(i+groupSymbols, len(symbols))])
	}
	return shown.String()
}

// Prefixed tells whether a text was read as a code of ours with a prefix: more texts pass for one by chance than for one without.
func (t Typed) Prefixed() bool {
	return !t.Ours.Zero() && len(t.Ours.Canonical()) != codeSymbols && len(t.Ours.Canonical()) != highSymbols
}
