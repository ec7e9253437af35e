package voucher

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a calendar day, without a place or an hour; the zero Date is none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

const (
	// LastDay is the last day that anybody may name. What is counted on from it, such as the years for which value is owed, stays
	// within the years that can be written.
	LastDay = "9000-12-31"

	// lastYear is the last one that RFC 3339 can write.
	lastYear = 9999
)

// DateOf is the day of an instant in a zone.
func DateOf(at time.Time, zone *time.Location) Date {
	year, month, day := at.In(zone).Date()
	return Date{year, month, day}.writable()
}

// ParseDate reads YYYY-MM-DD; other days of the calendar than real ones are refused, and so are those after [LastDay].
func ParseDate(text string) (Date, error) {
	parsed, err := time.Parse(time.DateOnly, text)
	if err != nil || text > LastDay {
		return Date{}, fmt.Errorf("read the day %q: it must be YYYY-MM-DD, and not after %s", text, LastDay)
	}
	return DateOf(parsed, time.UTC), nil
}

// writable is the day, or the last one that can be written if it is later.
func (d Date) writable() Date {
	if d.Year > lastYear {
		return Date{lastYear, time.December, 31}
	}
	return d
}

// Zero tells whether this is no day.
func (d Date) Zero() bool { return d == Date{} }

// String is YYYY-MM-DD, or nothing for the zero Date.
func (d Date) String() string {
	if d.Zero() {
		return ""
	}
	return d.Start(time.UTC).Format(time.DateOnly)
}

// Start is the first instant of the day in a zone: midnight, or where the clocks go forward over it
// (Azores, Santiago) the instant at which they do.
func (d Date) Start(zone *time.Location) time.Time {
	start := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	if start.Hour() != 0 {
		start, _ = time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, zone).ZoneBounds()
	}
	return start
}

// End is the first instant after the day: valid through a day means before it. After the last day that can be written there is
// none that can, and the last second stands for it.
func (d Date) End(zone *time.Location) time.Time {
	end := Date{d.Year, d.Month, d.Day + 1}.Start(zone)
	if end.Year() > lastYear || end.UTC().Year() > lastYear {
		return time.Date(lastYear, time.December, 31, 23, 59, 59, 0, time.UTC)
	}
	return end
}

// addYears counts whole years on; the 29th of February becomes the 28th where there is none.
func (d Date) addYears(years int) Date {
	later := Date{d.Year + years, d.Month, d.Day}.writable()
	if DateOf(later.Start(time.UTC), time.UTC) != later {
		later.Day--
	}
	return later
}

// Term is for how long a voucher is valid: "never" (it doesn't expire), "P3Y" (through the same day
// three years on), or "P3Y/year-end" (through the end of the third year after that of the sale).
type Term string

const (
	// NeverExpires is the term of a voucher without an end.
	NeverExpires Term = "never"

	yearEnd  = "/year-end"
	maxYears = 100
)

// ErrTerm says that a text is no term.
var ErrTerm = errors.New(`a term is "never", "P3Y" or "P3Y/year-end"`)

// ParseTerm reads a term, or "country" as the customary term of a country (ISO 3166 alpha-2).
func ParseTerm(text, country string) (Term, error) {
	if Chosen(text) == TermOfCountry {
		return CountryTerm(country)
	}
	if _, err := Term(text).years(); err != nil {
		return "", fmt.Errorf("read the term %q: %w", text, err)
	}
	return Term(text), nil
}

// CountryTerm is the customary term of a country (ISO 3166 alpha-2); [RuleOf] says where it stands.
func CountryTerm(country string) (Term, error) {
	rule, known := RuleOf(country)
	if !known {
		return "", fmt.Errorf("look up the term of country %q: none is known", country)
	}
	return rule.Term, nil
}

// TermFrom says who chose a term.
type TermFrom string

// A product has the customary term of the country that it is sold in, unless it states one of its own.
const (
	TermOfCountry TermFrom = "country"
	TermOfProduct TermFrom = "product"
)

// Chosen says where the term of a product comes from that states it as this text; see [ParseTerm].
func Chosen(text string) TermFrom {
	if text == "country" || text == "" {
		return TermOfCountry
	}
	return TermOfProduct
}

// years reads the number of years; 0 for a term without an end.
func (t Term) years() (int, error) {
	if t == NeverExpires {
		return 0, nil
	}
	digits, ok := strings.CutSuffix(strings.TrimSuffix(string(t), yearEnd), "Y")
	digits, hasP := strings.CutPrefix(digits, "P")
	years, err := strconv.Atoi(digits)
	if !ok || !hasP || err != nil || years < 1 || years > maxYears || strconv.Itoa(years) != digits {
		return 0, ErrTerm
	}
	return years, nil
}

// Ends is the last day of validity of what is sold on a day; the zero Date if there is none. The
// term must be one that [ParseTerm] accepted.
func (t Term) Ends(sold Date) Date {
	years, err := t.years()
	if err != nil {
		panic("voucher: the term " + strconv.Quote(string(t)) + " was never parsed")
	}
	switch {
	case years == 0:
		return Date{}
	case strings.HasSuffix(string(t), yearEnd):
		return Date{sold.Year + years, time.December, 31}.writable()
	default:
		return sold.addYears(years)
	}
}
