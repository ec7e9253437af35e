package language

import (
	"strings"
	"testing"
	"time"
)

func TestAmount(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		tag      Tag
		decimal  string
		currency string
		country  string
		want     string // with ~ for a no-break space
	}{
		{"Danish", Danish, "1234.50", "DKK", "DK", "1.234,50~kr."},
		{"Swedish", Swedish, "1234.50", "SEK", "SE", "1~234,50~kr"},
		{"Norwegian", Norwegian, "1234.50", "NOK", "NO", "1~234,50~kr"},
		{"German", German, "1234.50", "EUR", "DE", "1.234,50~€"},
		{"in Germany", Germany, "1234.50", "EUR", "DE", "1.234,50~€"},
		{"in Austria", Austrian, "1234.50", "EUR", "AT", "€~1.234,50"},
		{"English", English, "1234.50", "DKK", "DK", "DKK~1,234.50"},
		{"English euros", English, "1234.50", "EUR", "IE", "€1,234.50"},
		{"English pounds", English, "1234.50", "GBP", "GB", "£1,234.50"},

		{"Swedish kronor in a Danish shop", Danish, "1234.50", "SEK", "DK", "1.234,50~SEK"},
		{"Danish kroner in a Swedish shop", Danish, "1234.50", "DKK", "SE", "1.234,50~DKK"},
		{"a Swede reads a Danish shop", Swedish, "1234.50", "DKK", "DK", "1~234,50~DKK"},
		{"an Austrian reads a Danish shop", Austrian, "1234.50", "DKK", "DK", "DKK~1.234,50"},
		{"euros in a Danish shop", Danish, "1234.50", "EUR", "DK", "1.234,50~EUR"},
		{"a Dane reads a German shop", Danish, "1234.50", "EUR", "DE", "1.234,50~€"},
		{"no country known", Danish, "1234.50", "DKK", "", "1.234,50~DKK"},
		{"the country in small letters", Danish, "1234.50", "DKK", "dk", "1.234,50~kr."},

		{"three decimals", Danish, "1234.125", "KWD", "DK", "1.234,125~KWD"},
		{"no decimals", Danish, "1234567", "JPY", "DK", "1.234.567~JPY"},
		{"three figures are not grouped", Danish, "500.00", "DKK", "DK", "500,00~kr."},
		{"six figures", Danish, "123456.00", "DKK", "DK", "123.456,00~kr."},
		{"less than one", Danish, "0.05", "DKK", "DK", "0,05~kr."},
		{"less than nothing", Danish, "-1234.50", "DKK", "DK", "-1.234,50~kr."},
		{"less than nothing in Austria", Austrian, "-5.00", "EUR", "AT", "-€~5,00"},
		{"all that fits", Swedish, "-92233720368547758.08", "SEK", "SE", "-92~233~720~368~547~758,08~kr"},

		{"punches", Danish, "10", "PUNCH", "DK", "10~klip"},
		{"points in Austria stand behind the figure", Austrian, "1200", "POINT", "AT", "1.200~Punkte"},
		{"one point", German, "1", "POINT", "DE", "1~Punkt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := strings.ReplaceAll(test.want, "~", "\u00a0")
			if got := test.tag.Amount(test.decimal, test.currency, test.country); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestAmountRefusesWhatMoneyNeverWrites(t *testing.T) {
	t.Parallel()
	for _, decimal := range []string{"", "-", "1,5", ".5", "--1", "1.2.3", "1 000", "five"} {
		assertPanics(t, "no decimal", func() { Danish.Amount(decimal, "DKK", "DK") })
	}
}

func TestPunches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tag       Tag
		one, many string
	}{
		{Danish, "1 klip", "7 klip"},
		{Swedish, "1 klipp", "7 klipp"},
		{Norwegian, "1 klipp", "7 klipp"},
		{German, "1 Eintritt", "7 Eintritte"},
		{Germany, "1 Eintritt", "7 Eintritte"},
		{Austrian, "1 Eintritt", "7 Eintritte"},
		{English, "1 punch", "7 punches"},
	} {
		if got := strings.ReplaceAll(test.tag.Punches(1), nbsp, " "); got != test.one {
			t.Errorf("%s: got %q, want %q", test.tag, got, test.one)
		}
		if got := strings.ReplaceAll(test.tag.Punches(7), nbsp, " "); got != test.many {
			t.Errorf("%s: got %q, want %q", test.tag, got, test.many)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tag                    Tag
		november, january, may string
	}{
		{Danish, "22. november 2026", "1. januar 2027", "31. maj 2027"},
		{Swedish, "22 november 2026", "1 januari 2027", "31 maj 2027"},
		{Norwegian, "22. november 2026", "1. januar 2027", "31. mai 2027"},
		{German, "22. November 2026", "1. Januar 2027", "31. Mai 2027"},
		{Germany, "22. November 2026", "1. Januar 2027", "31. Mai 2027"},
		{Austrian, "22. November 2026", "1. Jänner 2027", "31. Mai 2027"},
		{English, "22 November 2026", "1 January 2027", "31 May 2027"},
	} {
		for day, want := range map[time.Time]string{
			time.Date(2026, time.November, 22, 23, 59, 0, 0, time.UTC): test.november,
			time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC):     test.january,
			time.Date(2027, time.May, 31, 12, 0, 0, 0, time.UTC):       test.may,
		} {
			if got := test.tag.Date(day); got != want {
				t.Errorf("%s: got %q, want %q", test.tag, got, want)
			}
		}
	}
}

func TestEveryMonthHasItsOwnName(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		seen := map[string]bool{"": true}
		for _, month := range tag.catalogue().months {
			if seen[month] {
				t.Errorf("%s: month %q is empty or occurs twice", tag, month)
			}
			seen[month] = true
		}
	}
}

func assertPanics(t testing.TB, with string, act func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if said, _ := recover().(string); !strings.Contains(said, with) {
			t.Errorf("panicked with %q, want a sentence with %q", said, with)
		}
	}()
	act()
}
