package purchase

import (
	"regexp"
	"strings"
	"time"
)

// DayOrder says how a date of three numbers is to be read that does not tell by itself.
type DayOrder int

// The orders. In Danish, Norwegian, Swedish and German the day comes before the month; elsewhere nobody can tell.
const (
	Ambiguous DayOrder = iota
	DayFirst
)

const (
	longestDay = 64 // octets of what is looked at as a day; nobody means more

	// isoDays are what date pickers write, and what nobody reads in two ways.
	isoDay, isoPlain = time.DateOnly, "20060102"
)

// zoned are instants, whose day depends on where one is.
func zoned() []string {
	return []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700"}
}

// spokenDay is a day as people write it: 24.12.2026, 24-12-2026, 24/12/2026.
var spokenDay = regexp.MustCompile(`^(\d{1,2})([./-])(\d{1,2})([./-])(\d{4})$`)

// ReadDay reads the day that a buyer chose, as YYYY-MM-DD, if the text can mean one day alone. An instant with an offset is the day on
// which it is in the shop's zone; a time of day without one counts for nothing.
func ReadDay(text string, zone *time.Location, order DayOrder) (day string, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > longestDay {
		return "", false
	}
	stamp := strings.Replace(text, " ", "T", 1)
	for _, layout := range zoned() {
		if at, err := time.Parse(layout, stamp); err == nil {
			return at.In(zone).Format(isoDay), at.In(zone).Year() <= 9999
		}
	}
	first, _, _ := strings.Cut(stamp, "T")
	for _, layout := range []string{isoDay, isoPlain} {
		if at, err := time.Parse(layout, first); err == nil {
			return at.Format(isoDay), true
		}
	}
	return readSpoken(first, order)
}

// readSpoken reads day, month and year in this order. Where the order is not known, the numbers must rule out the other one.
func readSpoken(text string, order DayOrder) (day string, ok bool) {
	found := spokenDay.FindStringSubmatch(text)
	if found == nil || found[2] != found[4] {
		return "", false
	}
	dayFirst, monthFirst := calendar(found[1], found[3], found[5]), calendar(found[3], found[1], found[5])
	clear := monthFirst == "" || monthFirst == dayFirst
	return dayFirst, dayFirst != "" && (order == DayFirst || clear)
}

// calendar is a day of the calendar, "" for none.
func calendar(day, month, year string) string {
	at, err := time.Parse("2.1.2006", day+"."+month+"."+year)
	if err != nil {
		return ""
	}
	return at.Format(isoDay)
}
