package voucher

import (
	"errors"
	"fmt"
	"strings"
)

// ErrWeak refuses a text that the office chose as a code; what wraps it says why.
var ErrWeak = errors.New("the code is too easy to guess")

const (
	personalLeast    = 10 // symbols
	personalMost     = 32
	personalVariety  = 6 // different symbols
	personalTogether = 3 // symbols in a row that are all the same, or count up or down

	// PersonalAmount is the most, a decimal in the voucher's currency, that a chosen code may guard unless somebody confirms that he
	// means it: such a code can be guessed by whoever knows the person it was made for.
	PersonalAmount = "500.00"
)

// Personal is a code whose text the office chose for one voucher, such as TILLYKKE-ANNA (X08). It may be guessed, so that it has at least
// 10 letters and digits, at least 6 of them different, and no more than 3 in a row that are the same or count on; so that it guards a
// small amount; and so that wrong texts of this kind count twice against whoever tries them (see [Typed.Weak]). It is none of our own
// codes, whose check symbol it lacks. Error: ErrWeak, ErrCode.
func Personal(text string) (Code, error) {
	typed, err := Read(text)
	if err != nil {
		return Code{}, err
	}
	plain := typed.Foreign.Canonical()
	switch {
	case !isPrefix(plain):
		return Code{}, fmt.Errorf("%w: letters, digits, dashes and spaces only", ErrCode)
	case len(plain) > personalMost:
		return Code{}, fmt.Errorf("%w: more than %d symbols", ErrCode, personalMost)
	case len(plain) < personalLeast:
		return Code{}, fmt.Errorf("%w: fewer than %d symbols", ErrWeak, personalLeast)
	case !typed.Ours.Zero():
		return Code{}, fmt.Errorf("%w: it reads as one that was drawn", ErrCode)
	case variety(plain) < personalVariety:
		return Code{}, fmt.Errorf("%w: fewer than %d different symbols", ErrWeak, personalVariety)
	case countsOn(plain):
		return Code{}, fmt.Errorf("%w: more than %d symbols in a row are the same or count on", ErrWeak, personalTogether)
	}
	return ForeignCode(text)
}

// variety is how many different symbols a text has.
func variety(plain string) (n int) {
	for i := range len(plain) {
		if strings.IndexByte(plain, plain[i]) == i {
			n++
		}
	}
	return n
}

// countsOn tells whether too many symbols in a row are the same, or each the one after or before the last.
func countsOn(plain string) bool {
	for step := -1; step <= 1; step++ {
		run := 1
		for i := 1; i < len(plain); i++ {
			if int(plain[i])-int(plain[i-1]) == step {
				run++
			} else {
				run = 1
			}
			if run > personalTogether {
				return true
			}
		}
	}
	return false
}

// Weak tells that a text can't be a code that was drawn here, not even one with a typing slip: a guess, or the code of another system.
// What can be one has as many symbols, all of them ours.
func (t Typed) Weak() bool {
	plain := t.Foreign.Canonical()
	if !t.Ours.Zero() || plain == "" {
		return false
	}
	return len(plain) < codeSymbols || len(plain) > maxPrefix+highSymbols
}
