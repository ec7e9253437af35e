package language

import (
	"strconv"
	"strings"
)

// nbsp keeps a figure and what belongs to it on one line.
const nbsp = "\u00a0"

// numbers is how figures are grouped and where the currency stands.
type numbers struct {
	group, point string
	codeFirst    bool   // "DKK 5" rather than "5 DKK"; symbols stand on the same side
	symbolGap    string // between a symbol in front and the figure
}

// Amount writes an amount of money, or a count of PUNCH or POINT, as readers of the language do: "1.234,50 kr.". The
// decimal is in the form of money.Amount.Decimal, "-1234.50", and its decimals are all written. The country, two
// letters, is the merchant's: since "kr." means three currencies, a symbol is used only for the currency of that
// country, and only where the language has one for it; otherwise the ISO code is written: "1.234,50 SEK". The parts are
// held together by no-break spaces. A decimal in another form is a caller's bug and panics.
func (t Tag) Amount(decimal, currency, country string) string {
	unsigned, negative := strings.CutPrefix(decimal, "-")
	sign := ""
	if negative {
		sign = "-"
	}
	c := t.catalogue()
	figure := c.numbers.figure(unsigned)
	if u, counted := c.units[currency]; counted {
		return sign + figure + nbsp + u.of(unsigned)
	}
	symbol, known := c.symbols[currency]
	isCode := !known || currency != homeCurrency(country)
	if isCode {
		symbol = currency
	}
	switch {
	case !c.numbers.codeFirst:
		return sign + figure + nbsp + symbol
	case isCode:
		return sign + symbol + nbsp + figure
	}
	return sign + symbol + c.numbers.symbolGap + figure
}

// Punches writes a number of draws on a punch card: "1 klip", "7 klip", in German "1 Eintritt", "7 Eintritte".
func (t Tag) Punches(n int64) string {
	return t.Amount(strconv.FormatInt(n, 10), "PUNCH", "")
}

// Days writes a length of time: "1 dag", "365 dage".
func (t Tag) Days(n int) string { return t.Amount(strconv.Itoa(n), "DAY", "") }

// figure groups the figures before the point in threes: "1234567.50" is "1.234.567,50" in Danish.
func (n numbers) figure(unsigned string) string {
	whole, fraction, pointed := strings.Cut(unsigned, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		panic("language: " + strconv.Quote(unsigned) + " is no decimal as package money writes it")
	}
	var out strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out.WriteString(n.group)
		}
		out.WriteByte(whole[i])
	}
	if pointed {
		out.WriteString(n.point + fraction)
	}
	return out.String()
}

func (u unit) of(count string) string {
	if count == "1" {
		return u.one
	}
	return u.more
}

// homeCurrency is what a country pays with, for the countries around those whose languages we write.
func homeCurrency(country string) string {
	switch strings.ToUpper(country) {
	case "DK", "FO", "GL":
		return "DKK"
	case "SE":
		return "SEK"
	case "NO":
		return "NOK"
	case "GB":
		return "GBP"
	case "AD", "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MC", "ME",
		"MT", "NL", "PT", "SI", "SK", "SM", "VA", "XK":
		return "EUR"
	}
	return ""
}
