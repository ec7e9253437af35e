package sheet

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

var (
	errAmount    = errors.New("an amount is written as 1234.50 or 1234,50")
	errAmbiguous = errors.New("it can be read in two ways: write 1234.00 or 1234,00")

	grouped = regexp.MustCompile(`^[0-9]{1,3}([.,' ][0-9]{3})+$`)
)

// amountOf reads an amount that is not negative. The last point or comma is the decimal one where both are there, or where it is not
// followed by exactly three digits.
func amountOf(text string, in money.Currency) (money.Amount, error) {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	for _, sign := range []string{"kr.", "kr", "€", string(in)} {
		plain = strings.TrimSuffix(strings.TrimPrefix(plain, sign), sign)
	}
	decimal, err := pointed(plain, in)
	if err != nil {
		return money.Amount{}, err
	}
	amount, err := money.Parse(decimal, in)
	switch {
	case err != nil:
		return money.Amount{}, errAmount
	case amount.Minor < 0:
		return money.Amount{}, errors.New("nobody owes less than nothing")
	}
	return amount, nil
}

// pointed writes an amount with a decimal point and without groups.
func pointed(plain string, in money.Currency) (string, error) {
	last := strings.LastIndexAny(plain, ".,")
	if last < 0 {
		return strings.ReplaceAll(plain, "'", ""), nil
	}
	whole, fraction := plain[:last], plain[last+1:]
	mark, others := plain[last:last+1], strings.ContainsAny(whole, ".,'")
	digits, _ := in.Digits()
	switch {
	case !others && money.TwoWays(whole, fraction, digits):
		return "", errAmbiguous
	case len(fraction) == 3 && strings.Contains(whole, mark):
		if !grouped.MatchString(plain) {
			return "", errAmount
		}
		return strings.NewReplacer(mark, "", "'", "").Replace(plain), nil
	case strings.Contains(whole, mark), others && !grouped.MatchString(whole):
		return "", errAmount
	}
	return strings.NewReplacer(".", "", ",", "", "'", "").Replace(whole) + "." + fraction, nil
}

// kindOf reads what a voucher is; money where nothing is said, and punches where its unit says so.
func kindOf(text string, in money.Currency) (voucher.Kind, error) {
	kind := voucher.Kind(strings.ToLower(text))
	if kind == "" && in == money.Punch {
		kind = voucher.Punches
	}
	switch kind {
	case "", voucher.Money:
		kind = voucher.Money
	case voucher.Punches, voucher.Credit:
	default:
		return "", errors.New("it is money, punches or credit")
	}
	if (kind == voucher.Punches) != (in == money.Punch) {
		return "", errors.New("punches are counted in PUNCH, and nothing else is")
	}
	return kind, nil
}

var (
	yearFirst = regexp.MustCompile(`^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$`)
	dayFirst  = regexp.MustCompile(`^([0-9]{1,2})[-/.]\s?([0-9]{1,2})[-/.]\s?([0-9]{4})$`)
)

// endless is the year of a last day with which other systems write that there is none: 9999-12-31.
const endless = "9999"

// dayOf reads a last day of validity, the day before the month as in all of Europe; none is the zero Date, and so is one of the year
// 9999.
func dayOf(text string) (voucher.Date, error) {
	if text == "" {
		return voucher.Date{}, nil
	}
	text, _, _ = strings.Cut(text, "T") // what machines write has the time behind it
	year, month, day := "", "", ""
	if m := yearFirst.FindStringSubmatch(text); m != nil {
		year, month, day = m[1], m[2], m[3]
	} else if m := dayFirst.FindStringSubmatch(text); m != nil {
		year, month, day = m[3], m[2], m[1]
	}
	written := fmt.Sprintf("%s-%02s-%02s", year, month, day)
	if _, err := time.Parse(time.DateOnly, written); err == nil && year == endless {
		return voucher.Date{}, nil
	}
	date, err := voucher.ParseDate(written)
	if err != nil {
		return voucher.Date{}, errors.New("a day is written as 2027-12-31 or 31.12.2027, and is not after " + voucher.LastDay +
			"; without an end it is empty, or of the year " + endless)
	}
	return date, nil
}
