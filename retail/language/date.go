package language

import (
	"strconv"
	"strings"
	"time"
)

// Date writes a day in long form: "22. november 2026". It is the day in the location of the time handed in, so whoever
// has an instant brings it into the merchant's zone first.
func (t Tag) Date(day time.Time) string {
	c := t.catalogue()
	return strings.NewReplacer(
		"{day}", strconv.Itoa(day.Day()),
		"{month}", c.months[day.Month()-1],
		"{year}", strconv.Itoa(day.Year()),
	).Replace(c.date)
}
