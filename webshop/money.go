package webshop

import "strconv"

// Money is an amount as the shop wrote it. Which currencies exist and how many decimals they have is not known here,
// so nothing is converted: the zero Money is no amount at all, which is not the same as an amount of 0.
type Money struct {
	// Text is a plain decimal number: an optional minus sign, digits, at most one point, no exponent.
	Text     string
	Currency string // ISO 4217
	// Minor says that Text counts minor units: "4990" is 49.90 DKK. Otherwise "4990" is 4990.00 DKK.
	Minor bool
}

// Decimal returns the amount that a shop wrote as decimal text, "49.90".
func Decimal(text, currency string) Money {
	return Money{Text: text, Currency: currency}
}

// MinorUnits returns an amount of n minor units of the currency, 4990 for 49.90 DKK.
func MinorUnits(n int64, currency string) Money {
	return Money{Text: strconv.FormatInt(n, 10), Currency: currency, Minor: true}
}

// Units returns the count of minor units of an amount that was given so, and false for decimal text, whose count
// depends on the currency.
func (m Money) Units() (int64, bool) {
	if !m.Minor {
		return 0, false
	}
	n, err := strconv.ParseInt(m.Text, 10, 64)
	return n, err == nil
}

// Given reports whether there is an amount, be it zero.
func (m Money) Given() bool { return m.Text != "" }

// String returns the amount for people, "49.90 DKK" or "4990 minor DKK".
func (m Money) String() string {
	if m.Minor {
		return m.Text + " minor " + m.Currency
	}
	return m.Text + " " + m.Currency
}
