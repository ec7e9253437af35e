package money

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The refusals of this package. They arrive wrapped with the text or the amounts concerned.
var (
	// ErrCurrency means that a currency is unknown, or that two amounts are of different ones.
	ErrCurrency = errors.New("currency unknown or not the same")
	// ErrOverflow means that the result does not fit into 64 bits of minor units.
	ErrOverflow = errors.New("amount out of range")
	// ErrFormat means that a text is no plain decimal number, or is finer than the currency's smallest unit.
	ErrFormat = errors.New("not a decimal amount")
)

// Amount is a number of minor units (øre, cents, fils, punches) of one currency. In JSON it is
// {"amount": 12550, "currency": "DKK"}.
type Amount struct {
	Minor    int64    `json:"amount"`
	Currency Currency `json:"currency"`
}

// Of is the amount of that many minor units: Of(12550, "DKK") is 125.50 kroner. The currency is taken as it is.
func Of(minor int64, c Currency) Amount {
	return Amount{Minor: minor, Currency: c}
}

// Add sums two amounts of the same currency. It fails with ErrCurrency or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("add %v and %v: %w", a, b, ErrCurrency)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) {
		return Amount{}, fmt.Errorf("add %v and %v: %w", a, b, ErrOverflow)
	}
	return Of(sum, a.Currency), nil
}

// Sub takes b from a, both of the same currency; the result may be negative. It fails with ErrCurrency or ErrOverflow.
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("take %v from %v: %w", b, a, ErrCurrency)
	}
	rest := a.Minor - b.Minor
	if (rest < a.Minor) != (b.Minor > 0) {
		return Amount{}, fmt.Errorf("take %v from %v: %w", b, a, ErrOverflow)
	}
	return Of(rest, a.Currency), nil
}

// Split divides the amount into n parts that sum to it exactly and differ by at most one minor unit, the largest first:
// 100.00 in three is 33.34, 33.33 and 33.33. Dividing among nobody is a caller's bug and panics.
func (a Amount) Split(n int) []Amount {
	if n < 1 {
		panic("money: an amount was to be split among nobody")
	}
	share, left := a.Minor/int64(n), a.Minor%int64(n)
	if left < 0 { // Go divides towards zero; rounding down keeps the larger parts in front below zero too
		share, left = share-1, left+int64(n)
	}
	parts := make([]Amount, n)
	for i := range parts {
		parts[i] = Of(share, a.Currency)
		if int64(i) < left {
			parts[i].Minor++
		}
	}
	return parts
}

// Decimal writes the amount with the decimals of its currency and a point: "125.50", "-0.05", "7". A currency that is
// not known has no scale to place the point by, so its minor units are written as they are.
func (a Amount) Decimal() string {
	sign, minor := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, minor = "-", -minor // wraps to the right figure even for the smallest int64
	}
	figures := strconv.FormatUint(minor, 10)
	digits, _ := a.Currency.Digits()
	if digits == 0 {
		return sign + figures
	}
	if missing := digits + 1 - len(figures); missing > 0 {
		figures = strings.Repeat("0", missing) + figures
	}
	point := len(figures) - digits
	return sign + figures[:point] + "." + figures[point:]
}

// String is the amount for logs and messages to staff: "125.50 DKK".
func (a Amount) String() string {
	return a.Decimal() + " " + string(a.Currency)
}

// Parse reads a decimal with a point, as webshops send it; what people type is for [Read]: "500", "500.00", "-25.125". Zeros beyond the decimals of the
// currency are accepted ("500.000000" DKK), any other digit there is refused, as are plus signs, spaces, thousands
// separators, exponents and a point without digits on both sides. It fails with ErrCurrency, ErrFormat or ErrOverflow.
func Parse(decimal string, c Currency) (Amount, error) {
	digits, known := c.Digits()
	if !known {
		return Amount{}, fmt.Errorf("read an amount in %q: %w", string(c), ErrCurrency)
	}
	unsigned, negative := strings.CutPrefix(decimal, "-")
	figures, err := minorFigures(unsigned, digits)
	if err != nil {
		return Amount{}, fmt.Errorf("read %s amount %q: %w", c, shorten(decimal), err)
	}
	minor, err := sumFigures(figures, negative)
	if err != nil {
		return Amount{}, fmt.Errorf("read %s amount %q: %w", c, shorten(decimal), err)
	}
	return Of(minor, c), nil
}

// minorFigures turns "25.1" into the figures of its minor units, "2510" for two digits.
func minorFigures(unsigned string, digits int) (string, error) {
	whole, fraction, pointed := strings.Cut(unsigned, ".")
	if whole == "" || pointed && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return "", ErrFormat
	}
	if len(fraction) > digits {
		if strings.Trim(fraction[digits:], "0") != "" {
			return "", ErrFormat
		}
		fraction = fraction[:digits]
	}
	return whole + fraction + strings.Repeat("0", digits-len(fraction)), nil
}

// sumFigures counts downwards from zero, since the smallest int64 has no positive twin.
func sumFigures(figures string, negative bool) (int64, error) {
	sum := int64(0)
	for _, figure := range []byte(figures) {
		value := int64(figure - '0')
		if sum < (math.MinInt64+value)/10 {
			return 0, ErrOverflow
		}
		sum = sum*10 - value
	}
	if negative {
		return sum, nil
	}
	if sum == math.MinInt64 {
		return 0, ErrOverflow
	}
	return -sum, nil
}

func allDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}

// shorten keeps what a stranger sent from filling a log line.
func shorten(text string) string {
	const enough = 40 // bytes; the longest honest amount has 21
	if len(text) <= enough {
		return text
	}
	return text[:enough] + "..."
}
