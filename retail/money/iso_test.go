package money

import "testing"

func TestDigits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		currency Currency
		digits   int
		known    bool
	}{
		{currency: "DKK", digits: 2, known: true},
		{currency: "SEK", digits: 2, known: true},
		{currency: "NOK", digits: 2, known: true},
		{currency: "EUR", digits: 2, known: true},
		{currency: "HUF", digits: 2, known: true}, // shops show none, ISO 4217 says two
		{currency: "ISK", digits: 0, known: true},
		{currency: "JPY", digits: 0, known: true},
		{currency: "KWD", digits: 3, known: true},
		{currency: "TND", digits: 3, known: true},
		{currency: "CLF", digits: 4, known: true},
		{currency: Punch, digits: 0, known: true},
		{currency: Point, digits: 0, known: true},
		{currency: "XAU"}, // gold has no minor unit
		{currency: "DEM"}, // withdrawn
		{currency: "HRK"}, // withdrawn
		{currency: "dkk"},
		{currency: ""},
	} {
		digits, known := test.currency.Digits()
		if digits != test.digits || known != test.known {
			t.Errorf("Digits of %q = %d, %t; want %d, %t", test.currency, digits, known, test.digits, test.known)
		}
	}
}

// ISO 4217 lists 178 active codes; 13 of them (metals, funds, tests) have no minor unit. A code lost from the table is noticed, whichever it is.
func TestTheTableHoldsEveryActiveCurrencyWithAMinorUnit(t *testing.T) {
	t.Parallel()
	got := map[int]int{}
	for code := range 26 * 26 * 26 {
		letters := []byte{byte('A' + code/676), byte('A' + code/26%26), byte('A' + code%26)}
		if digits, known := Currency(letters).Digits(); known {
			got[digits]++
		}
	}
	for digits, want := range map[int]int{0: 17, 2: 139, 3: 7, 4: 2} {
		if got[digits] != want {
			t.Errorf("%d currencies with %d decimals, want %d", got[digits], digits, want)
		}
	}
}
