package money

import (
	"errors"
	"fmt"
	"strings"
)

// ErrAmbiguous means that what a person has typed can be read in two ways. It arrives wrapped with how to write it.
var ErrAmbiguous = errors.New("it can be read in two ways")

// Read reads a decimal that a person has typed: as [Parse] does, but it refuses what can be read in two ways. "1.000" is one krone to
// Parse, and a thousand to whoever writes a point between thousands, as Danes and Germans do. It fails with ErrAmbiguous beside the
// errors of Parse.
func Read(typed string, c Currency) (Amount, error) {
	if digits, known := c.Digits(); known {
		if err := unambiguous(typed, digits); err != nil {
			return Amount{}, fmt.Errorf("read %s amount %q: %w", c, shorten(typed), err)
		}
	}
	amount, err := Parse(typed, c)
	if errors.Is(err, ErrFormat) {
		err = fmt.Errorf("%w: it is written as 1000 or 1000.00", err)
	}
	return amount, err
}

// Unambiguous refuses with ErrAmbiguous a decimal that a person has typed for whichever currency, if it can be read in two ways in one
// of them.
func Unambiguous(typed string) error {
	const ofAny = 0 // decimals: three of them are then too many
	return unambiguous(typed, ofAny)
}

func unambiguous(typed string, digits int) error {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(typed, "-"), ".")
	if !TwoWays(whole, fraction, digits) {
		return nil
	}
	return fmt.Errorf("%w: write %s or %[2]s.00, or else %s.%s", ErrAmbiguous, shorten(whole+fraction), shorten(whole), fraction[:2])
}

// TwoWays tells whether what stands before and behind a point or a comma is an amount with decimals as well as one with a mark between
// its thousands: three figures follow, in a currency that has not three decimals. Nobody begins a thousand with a nought.
func TwoWays(whole, fraction string, digits int) bool {
	return len(fraction) == 3 && digits != 3 && allDigits(whole+fraction) && strings.Trim(whole, "0") != ""
}
