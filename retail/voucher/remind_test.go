package voucher_test

import (
	"testing"
	"time"

	"vouchsafe/retail/voucher"
)

// X09: who is reminded, and when, by the clock of the merchant, in summer and in winter.
func TestReminding(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		local, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return local
	}
	const never, early = "never", "early"
	for _, tt := range []struct {
		name   string
		change func(*voucher.Voucher)
		days   int
		now    string
		want   string // an instant, never or early
	}{
		{"long before", nil, 30, "2029-03-10 12:00", early},
		{"in the morning of the day, in winter time", nil, 30, "2029-03-11 08:00", "2029-03-11 08:00"},
		{"before that morning", nil, 30, "2029-03-11 07:59", early},
		{"in the morning of the day, in summer time", nil, 10, "2029-03-31 08:00", "2029-03-31 08:00"},
		{"by day", nil, 30, "2029-03-20 14:30", "2029-03-20 14:30"},
		{"in the evening", nil, 30, "2029-03-20 20:00", "2029-03-21 08:00"},
		{"in the night in which the clocks change", nil, 30, "2029-03-25 03:30", "2029-03-25 08:00"},
		{"on the last day", nil, 30, "2029-04-10 19:59", "2029-04-10 19:59"},
		{"on the last evening, since the morning is too late", nil, 30, "2029-04-10 20:00", never},
		{"after the end", nil, 30, "2029-04-11 00:00", never},
		{"turned off", nil, 0, "2029-04-01 12:00", never},
		{"without an end", func(v *voucher.Voucher) { v.ExpiresOn, v.EndsAt = voucher.Date{}, time.Time{} }, 30, "2029-04-01 12:00", never},
		{"with nothing left", func(v *voucher.Voucher) { v.Balance = 0 }, 30, "2029-04-01 12:00", never},
		{"waiting for the office", func(v *voucher.Voucher) { v.State = voucher.Issued }, 30, "2029-04-01 12:00", never},
		{"ended", func(v *voucher.Voucher) { v.State = voucher.Invalidated }, 30, "2029-04-01 12:00", never},
		{"blocked by its order", func(v *voucher.Voucher) { v.BlockedByOrder = true }, 30, "2029-04-01 12:00", never},
		{"blocked by the office", func(v *voucher.Voucher) { v.BlockedByOffice = true }, 30, "2029-04-01 12:00", never},
		{"in quarantine", func(v *voucher.Voucher) { v.Quarantined = true }, 30, "2029-04-01 12:00", never},
		{"sold a week ago for a month", func(v *voucher.Voucher) { v.IssuedAt = at("2029-03-15 12:00") }, 30, "2029-03-22 12:00", never},
	} {
		v := reminded(zone, at("2026-04-10 12:00"))
		if tt.change != nil {
			tt.change(&v)
		}
		due, ok := v.Reminding(tt.days, at(tt.now))
		got := never
		switch {
		case ok && due.IsZero():
			got = early
		case ok:
			got = due.In(zone).Format("2006-01-02 15:04")
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// reminded is a voucher whose buyer may be reminded of its last day, the 10th of April 2029.
func reminded(zone *time.Location, issued time.Time) voucher.Voucher {
	day := voucher.Date{Year: 2029, Month: time.April, Day: 10}
	return voucher.Voucher{State: voucher.Active, Balance: 1, Zone: zone, IssuedAt: issued, ExpiresOn: day, EndsAt: day.End(zone)}
}
