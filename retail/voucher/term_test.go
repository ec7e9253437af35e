package voucher_test

import (
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

func day(t testing.TB, text string) voucher.Date {
	t.Helper()
	date, err := voucher.ParseDate(text)
	if err != nil {
		t.Fatalf("ParseDate(%q): %v", text, err)
	}
	return date
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return at
}

func TestTheTermOfACountryIsTheShortestThatIsSafe(t *testing.T) {
	t.Parallel()
	for country, want := range map[string]voucher.Term{
		"AT": "never", "DE": "P3Y/year-end", "DK": "P3Y", "NO": "P3Y", "SE": "P10Y",
	} {
		for _, text := range []string{"country", ""} {
			if got, err := voucher.ParseTerm(text, country); err != nil || got != want {
				t.Errorf("ParseTerm(%q, %s) = %q, %v, want %q", text, country, got, err, want)
			}
		}
	}
	for _, country := range []string{"", "dk", "XX"} {
		if got, err := voucher.CountryTerm(country); err == nil {
			t.Errorf("CountryTerm(%q) = %q", country, got)
		}
	}
}

func TestATermOfItsOwnIsReadWhateverTheCountry(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"never", "P1Y", "P3Y", "P100Y", "P3Y/year-end"} {
		if got, err := voucher.ParseTerm(text, "XX"); err != nil || string(got) != text {
			t.Errorf("ParseTerm(%q) = %q, %v", text, got, err)
		}
	}
}

func TestTextsThatAreNoTerm(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"forever", "NEVER", "P", "PY", "3Y", "P3", "P3M", "p3y", "P0Y", "P-1Y", "P+3Y", "P03Y", "P 3Y", "P101Y",
		"P99999999999999999999Y", "P3Y/year-end/year-end", "never/year-end", "/year-end", "P1.5Y", "P3Y ",
	} {
		if got, err := voucher.ParseTerm(text, "DK"); !errors.Is(err, voucher.ErrTerm) || got != "" {
			t.Errorf("ParseTerm(%q) = %q, %v", text, got, err)
		}
	}
}

func TestATermEndsOnADay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		term       voucher.Term
		sold, want string
	}{
		{"the same day three years on", "P3Y", "2026-11-22", "2029-11-22"},
		{"ten years on", "P10Y", "2026-01-01", "2036-01-01"},
		{"sold on the last day of a year", "P3Y", "2026-12-31", "2029-12-31"},
		{"sold on 29 February, ends where there is none", "P3Y", "2024-02-29", "2027-02-28"},
		{"sold on 29 February, ends where there is one", "P4Y", "2024-02-29", "2028-02-29"},
		{"sold on 28 February, ends in a leap year", "P1Y", "2027-02-28", "2028-02-28"},
		{"a hundred years over a year without 29 February", "P76Y", "2024-02-29", "2100-02-28"},
		{"the end of the third year after the sale", "P3Y/year-end", "2026-11-22", "2029-12-31"},
		{"the end of the year, sold on its first day", "P3Y/year-end", "2026-01-01", "2029-12-31"},
		{"the end of the year, sold on its last day", "P3Y/year-end", "2026-12-31", "2029-12-31"},
		{"the end of the year, sold on 29 February", "P1Y/year-end", "2024-02-29", "2025-12-31"},
	} {
		if got := tt.term.Ends(day(t, tt.sold)); got != day(t, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := voucher.NeverExpires.Ends(day(t, "2026-11-22")); !got.Zero() || got.String() != "" {
		t.Errorf("never ends on %s", got)
	}
}

func TestATermThatWasNeverParsedIsACallersBug(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	voucher.Term("soon").Ends(day(t, "2026-11-22"))
}

func TestOnlyRealDaysAreRead(t *testing.T) {
	t.Parallel()
	if got := day(t, "2024-02-29"); got != (voucher.Date{Year: 2024, Month: time.February, Day: 29}) || got.String() != "2024-02-29" {
		t.Errorf("got %v", got)
	}
	for _, text := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "22.11.2026", "2026-11-22T00:00:00Z", "9001-01-01", "9999-12-31", "10000-01-01"} {
		if got, err := voucher.ParseDate(text); err == nil || !got.Zero() {
			t.Errorf("ParseDate(%q) = %v, %v", text, got, err)
		}
	}
}

// What is counted on from a day stays within the years that JSON and RFC 3339 can write.
func TestNoDayIsCountedOnBeyondTheYear9999(t *testing.T) {
	t.Parallel()
	last := voucher.Date{Year: 9999, Month: time.December, Day: 31}
	for name, got := range map[string]voucher.Date{
		"a term":                 voucher.Term("P3Y").Ends(voucher.Date{Year: 9998, Month: time.March, Day: 1}),
		"a term to a year's end": voucher.Term("P3Y/year-end").Ends(voucher.Date{Year: 9997, Month: time.March, Day: 1}),
		"an instant":             voucher.DateOf(time.Date(10000, time.January, 2, 0, 0, 0, 0, time.UTC), time.UTC),
		"a term that just fits":  voucher.Term("P1Y/year-end").Ends(voucher.Date{Year: 9998, Month: time.March, Day: 1}),
	} {
		if got != last {
			t.Errorf("%s: got %v", name, got)
		}
	}
	for _, place := range []string{"UTC", "Europe/Copenhagen", "America/New_York", "Pacific/Kiritimati"} {
		v := voucher.Voucher{OwedFor: 1, Zone: zone(place), ExpiresOn: last}
		for what, at := range map[string]time.Time{"its end": last.End(v.Zone), "what is owed": v.OwedUntil()} {
			if _, err := at.UTC().MarshalJSON(); err != nil || at.Before(last.Start(v.Zone)) {
				t.Errorf("%s: %s is %v, %v", place, what, at, err)
			}
		}
	}
}

// The days are those of the merchant's zone, also when the clocks change on them or at midnight.
func TestADayBeginsAndEndsWithItsMidnights(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, day, start, end string }{
		{"Europe/Copenhagen", "2026-11-22", "2026-11-21T23:00:00Z", "2026-11-22T23:00:00Z"},
		{"Europe/Copenhagen", "2026-07-01", "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z"},
		{"Europe/Copenhagen", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, // 23 hours
		{"Europe/Copenhagen", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"}, // 25 hours
		{"Europe/Copenhagen", "2026-12-31", "2026-12-30T23:00:00Z", "2026-12-31T23:00:00Z"},
		{"UTC", "2026-02-28", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"Atlantic/Azores", "2024-03-30", "2024-03-30T01:00:00Z", "2024-03-31T01:00:00Z"}, // the next day has no midnight
		{"Atlantic/Azores", "2024-03-31", "2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"},
		{"America/Santiago", "2024-09-07", "2024-09-07T04:00:00Z", "2024-09-08T04:00:00Z"},
		{"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"}, // midnight comes twice
	} {
		where, date := zone(tt.zone), day(t, tt.day)
		if got := date.Start(where); !got.Equal(instant(t, tt.start)) {
			t.Errorf("%s in %s starts at %v, want %s", tt.day, tt.zone, got.UTC(), tt.start)
		}
		if got := date.End(where); !got.Equal(instant(t, tt.end)) {
			t.Errorf("%s in %s ends at %v, want %s", tt.day, tt.zone, got.UTC(), tt.end)
		}
		for _, inside := range []time.Time{date.Start(where), date.End(where).Add(-time.Nanosecond)} {
			if got := voucher.DateOf(inside, where); got != date {
				t.Errorf("%v in %s is %s, want %s", inside, tt.zone, got, tt.day)
			}
		}
	}
}

// Valid through a day means before the first instant of the next, in the merchant's zone (X09).
func TestAVoucherIsValidThroughItsLastDay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, sold, on, end string
		term                voucher.Term
	}{
		{"in winter", "2026-11-22T11:00:00Z", "2029-11-22", "2029-11-22T23:00:00Z", "P3Y"},
		{"in summer", "2026-07-01T11:00:00Z", "2029-07-01", "2029-07-01T22:00:00Z", "P3Y"},
		{"sold in the first local hour of a day", "2026-11-21T23:30:00Z", "2029-11-22", "2029-11-22T23:00:00Z", "P3Y"},
		{"sold in the first local hour of a year", "2026-12-31T23:30:00Z", "2030-12-31", "2030-12-31T23:00:00Z", "P3Y/year-end"},
		{"ends on the day the clocks go back", "2026-10-28T11:00:00Z", "2029-10-28", "2029-10-28T23:00:00Z", "P3Y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := voucher.Issue(voucher.Voucher{State: voucher.Active, Term: tt.term, Zone: copenhagen()}, voucher.Record{}, 1, instant(t, tt.sold)).Voucher
			end := instant(t, tt.end)
			if v.ExpiresOn != day(t, tt.on) || !v.EndsAt.Equal(end) {
				t.Fatalf("valid through %s until %v, want %s until %v", v.ExpiresOn, v.EndsAt.UTC(), tt.on, end)
			}
			if last := end.Add(-time.Nanosecond); v.ExpiredAt(last) || v.StateAt(last) != voucher.Active {
				t.Errorf("expired at %v", last)
			}
			if !v.ExpiredAt(end) || v.StateAt(end) != voucher.Expired {
				t.Errorf("not expired at %v", end)
			}
		})
	}
}

func TestAVoucherWithoutAnEndNeverExpires(t *testing.T) {
	t.Parallel()
	v := voucher.Issue(voucher.Voucher{State: voucher.Active, Term: voucher.NeverExpires, Zone: copenhagen()}, voucher.Record{}, 1, noon()).Voucher
	if !v.ExpiresOn.Zero() || !v.EndsAt.IsZero() || v.ExpiredAt(noon().AddDate(500, 0, 0)) {
		t.Errorf("valid through %s until %v", v.ExpiresOn, v.EndsAt)
	}
}

func TestOnlyWhatCouldBeUsedIsShownAsExpired(t *testing.T) {
	t.Parallel()
	over := noon().AddDate(4, 0, 0)
	for state, want := range map[voucher.State]voucher.State{
		voucher.Active: voucher.Expired, voucher.Issued: voucher.Expired, voucher.Inventory: voucher.Inventory,
		voucher.Claimed: voucher.Claimed, voucher.Depleted: voucher.Depleted, voucher.Invalidated: voucher.Invalidated,
	} {
		v := voucher.Voucher{State: state, EndsAt: noon()}
		if got := v.StateAt(over); got != want {
			t.Errorf("a voucher that is %s is shown as %s, want %s", state, got, want)
		}
	}
}
