package money

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatIsTypedIsReadInOneWayOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		typed    string
		currency Currency
		want     Amount
		err      error
		says     string
	}{
		{name: "whole kroner", typed: "1000", currency: "DKK", want: Of(100000, "DKK")},
		{name: "kroner and øre", typed: "1000.00", currency: "DKK", want: Of(100000, "DKK")},
		{name: "one decimal", typed: "12.5", currency: "EUR", want: Of(1250, "EUR")},
		{name: "a dinar has three decimals", typed: "1.000", currency: "KWD", want: Of(1000, "KWD")},
		{name: "nobody groups thousands after a nought", typed: "0.500", currency: "DKK", want: Of(50, "DKK")},
		{name: "four figures are no group of thousands", typed: "1.0000", currency: "DKK", want: Of(100, "DKK")},
		{name: "less than nothing", typed: "-5.00", currency: "DKK", want: Of(-500, "DKK")},

		{name: "one krone or a thousand", typed: "1.000", currency: "DKK", err: ErrAmbiguous, says: "write 1000 or 1000.00, or else 1.00"},
		{name: "half a thousand or half a million", typed: "500.000", currency: "EUR", err: ErrAmbiguous, says: "write 500000 or 500000.00"},
		{name: "not øre at all", typed: "1.250", currency: "DKK", err: ErrAmbiguous, says: "write 1250 or 1250.00, or else 1.25"},
		{name: "a yen has no decimals", typed: "1.000", currency: "JPY", err: ErrAmbiguous, says: "write 1000"},
		{name: "a negative one", typed: "-1.000", currency: "DKK", err: ErrAmbiguous},
		{name: "a comma", typed: "1000,00", currency: "DKK", err: ErrFormat, says: "written as 1000 or 1000.00"},
		{name: "a point between thousands and a comma", typed: "1.000,00", currency: "DKK", err: ErrFormat, says: "written as 1000 or 1000.00"},
		{name: "a comma between thousands", typed: "1,000", currency: "DKK", err: ErrFormat, says: "written as 1000 or 1000.00"},
		{name: "no currency", typed: "1.000", currency: "XXQ", err: ErrCurrency},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Read(test.typed, test.currency)
			if got != test.want || !errors.Is(err, test.err) {
				t.Fatalf("%q %s is read as %v, %v; want %v, %v", test.typed, test.currency, got, err, test.want, test.err)
			}
			if err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("the refusal says %q, not %q", err, test.says)
			}
		})
	}
}

func TestADecimalForAnyCurrencyIsReadInOneWay(t *testing.T) {
	t.Parallel()
	for typed, clear := range map[string]bool{
		"1000": true, "1000.00": true, "0.125": true, "1.0000": true, "50": true, "1.000": false, "10.000": false, "5.125": false,
	} {
		if err := Unambiguous(typed); (err == nil) != clear || err != nil && !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}
