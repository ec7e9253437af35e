package purchase_test

import (
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/purchase"
)

// X05: what can surely be read is read, and nothing else.
func TestADayIsReadWhereItMeansOneThing(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct{ north, others string }{
		"2026-12-24":                {"2026-12-24", "2026-12-24"},
		" 2026-12-24 ":              {"2026-12-24", "2026-12-24"},
		"20261224":                  {"2026-12-24", "2026-12-24"},
		"2026-12-24T10:00:00":       {"2026-12-24", "2026-12-24"},
		"2026-12-24 08:00":          {"2026-12-24", "2026-12-24"},
		"2026-12-24T10:00:00Z":      {"2026-12-24", "2026-12-24"},
		"2026-12-23T23:30:00Z":      {"2026-12-24", "2026-12-24"}, // past midnight at the shop
		"2026-12-24T00:30:00+05:00": {"2026-12-23", "2026-12-23"},
		"2026-12-23 23:30:00.5Z":    {"2026-12-24", "2026-12-24"},
		"2026-12-23T23:30:00+0000":  {"2026-12-24", "2026-12-24"},
		"24.12.2026":                {"2026-12-24", "2026-12-24"},
		"24-12-2026":                {"2026-12-24", "2026-12-24"},
		"24/12/2026":                {"2026-12-24", "2026-12-24"},
		"24.12.2026 10:00":          {"2026-12-24", "2026-12-24"},
		"5.12.2026":                 {"2026-12-05", ""},
		"05/12/2026":                {"2026-12-05", ""},
		"05/05/2026":                {"2026-05-05", "2026-05-05"},
		"12/24/2026":                {"", ""},
		"30.2.2026":                 {"", ""},
		"24.12/2026":                {"", ""},
		"24.12.26":                  {"", ""},
		"2026-02-30":                {"", ""},
		"juleaften":                 {"", ""},
		"":                          {"", ""},
		"2020-01-01":                {"2020-01-01", "2020-01-01"},
		"9999-12-31":                {"9999-12-31", "9999-12-31"},
		"9999-12-31T23:30:00Z":      {"", ""}, // at the shop it is a year that nobody can write

		"2026-12-24 " + strings.Repeat("x", 60): {"", ""}, // no field for a day is as long
	} {
		for order, want := range map[purchase.DayOrder]string{purchase.DayFirst: want.north, purchase.Ambiguous: want.others} {
			got, ok := purchase.ReadDay(text, zone, order)
			if ok != (want != "") || ok && got != want {
				t.Errorf("%q, order %d: got %q %v, want %q", text, order, got, ok, want)
			}
		}
	}
}
