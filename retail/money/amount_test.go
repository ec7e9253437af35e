package money

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		decimal  string
		currency Currency
		want     Amount
		err      error
	}{
		{name: "whole kroner need no point", decimal: "500", currency: "DKK", want: Of(50000, "DKK")},
		{name: "one decimal of two", decimal: "125.5", currency: "DKK", want: Of(12550, "DKK")},
		{name: "a dinar has three decimals", decimal: "25.125", currency: "KWD", want: Of(25125, "KWD")},
		{name: "a yen has none", decimal: "1200", currency: "JPY", want: Of(1200, "JPY")},
		{name: "a yen with decimals of zero", decimal: "1200.00", currency: "JPY", want: Of(1200, "JPY")},
		{name: "punches are counted", decimal: "10", currency: Punch, want: Of(10, Punch)},
		{name: "six zeros, as some shops send them", decimal: "500.000000", currency: "DKK", want: Of(50000, "DKK")},
		{name: "a refund is negative", decimal: "-500.00", currency: "DKK", want: Of(-50000, "DKK")},
		{name: "less than one", decimal: "-0.05", currency: "EUR", want: Of(-5, "EUR")},
		{name: "minus nothing is nothing", decimal: "-0.00", currency: "EUR", want: Of(0, "EUR")},
		{name: "zeros in front", decimal: "0000000000000000000000007", currency: "EUR", want: Of(700, "EUR")},
		{name: "the largest", decimal: "92233720368547758.07", currency: "DKK", want: Of(math.MaxInt64, "DKK")},
		{name: "the smallest", decimal: "-92233720368547758.08", currency: "DKK", want: Of(math.MinInt64, "DKK")},

		{name: "one øre more than the largest", decimal: "92233720368547758.08", currency: "DKK", err: ErrOverflow},
		{name: "one øre less than the smallest", decimal: "-92233720368547758.09", currency: "DKK", err: ErrOverflow},
		{name: "too many figures", decimal: "100000000000000000000", currency: "JPY", err: ErrOverflow},
		{name: "half an øre", decimal: "125.505", currency: "DKK", err: ErrFormat},
		{name: "half a punch", decimal: "0.5", currency: Punch, err: ErrFormat},
		{name: "nothing", decimal: "", currency: "DKK", err: ErrFormat},
		{name: "only a sign", decimal: "-", currency: "DKK", err: ErrFormat},
		{name: "only a point", decimal: ".", currency: "DKK", err: ErrFormat},
		{name: "nothing before the point", decimal: ".50", currency: "DKK", err: ErrFormat},
		{name: "nothing behind the point", decimal: "50.", currency: "DKK", err: ErrFormat},
		{name: "two points", decimal: "1.000.00", currency: "DKK", err: ErrFormat},
		{name: "two signs", decimal: "--5", currency: "DKK", err: ErrFormat},
		{name: "a plus", decimal: "+5", currency: "DKK", err: ErrFormat},
		{name: "a sign inside", decimal: "5.-5", currency: "DKK", err: ErrFormat},
		{name: "an exponent", decimal: "5e2", currency: "DKK", err: ErrFormat},
		{name: "a comma", decimal: "125,50", currency: "DKK", err: ErrFormat},
		{name: "thousands apart", decimal: "1 000", currency: "DKK", err: ErrFormat},
		{name: "space around", decimal: " 5 ", currency: "DKK", err: ErrFormat},
		{name: "an underscore", decimal: "1_000", currency: "DKK", err: ErrFormat},
		{name: "hexadecimal", decimal: "0x10", currency: "DKK", err: ErrFormat},
		{name: "not a number", decimal: "NaN", currency: "DKK", err: ErrFormat},
		{name: "Arabic figures", decimal: "١٢", currency: "KWD", err: ErrFormat},
		{name: "a currency nobody knows", decimal: "5", currency: "XYZ", err: ErrCurrency},
		{name: "a currency in small letters", decimal: "5", currency: "dkk", err: ErrCurrency},
		{name: "no currency", decimal: "5", currency: "", err: ErrCurrency},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(test.decimal, test.currency)
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("Parse(%q, %s) = %v, %v; want %v, %v", test.decimal, test.currency, got, err, test.want, test.err)
			}
		})
	}
}

func TestParseNamesWhatItRefusedWithoutRepeatingAllOfIt(t *testing.T) {
	t.Parallel()
	endless := make([]byte, 1<<20)
	for i := range endless {
		endless[i] = '9'
	}
	_, err := Parse(string(endless), "DKK")
	if !errors.Is(err, ErrOverflow) || len(err.Error()) > 200 {
		t.Errorf("a megabyte of nines: %d bytes of error, want a short ErrOverflow", len(err.Error()))
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		amount  Amount
		decimal string
		text    string
	}{
		{amount: Of(12550, "DKK"), decimal: "125.50", text: "125.50 DKK"},
		{amount: Of(5, "DKK"), decimal: "0.05", text: "0.05 DKK"},
		{amount: Of(0, "DKK"), decimal: "0.00", text: "0.00 DKK"},
		{amount: Of(-5, "DKK"), decimal: "-0.05", text: "-0.05 DKK"},
		{amount: Of(25125, "KWD"), decimal: "25.125", text: "25.125 KWD"},
		{amount: Of(1, "KWD"), decimal: "0.001", text: "0.001 KWD"},
		{amount: Of(1200, "JPY"), decimal: "1200", text: "1200 JPY"},
		{amount: Of(7, Punch), decimal: "7", text: "7 PUNCH"},
		{amount: Of(-3, Point), decimal: "-3", text: "-3 POINT"},
		{amount: Of(7, "XYZ"), decimal: "7", text: "7 XYZ"},
		{amount: Of(math.MaxInt64, "DKK"), decimal: "92233720368547758.07", text: "92233720368547758.07 DKK"},
		{amount: Of(math.MinInt64, "DKK"), decimal: "-92233720368547758.08", text: "-92233720368547758.08 DKK"},
		{amount: Of(math.MinInt64, "JPY"), decimal: "-9223372036854775808", text: "-9223372036854775808 JPY"},
	} {
		if got := test.amount.Decimal(); got != test.decimal {
			t.Errorf("Decimal of %#v = %q, want %q", test.amount, got, test.decimal)
		}
		if got := test.amount.String(); got != test.text {
			t.Errorf("String of %#v = %q, want %q", test.amount, got, test.text)
		}
	}
}

func TestAddAndSub(t *testing.T) {
	t.Parallel()
	kr := func(minor int64) Amount { return Of(minor, "DKK") }
	for _, test := range []struct {
		name    string
		a, b    Amount
		sum     Amount
		sumErr  error
		rest    Amount
		restErr error
	}{
		{name: "the usual case", a: kr(300), b: kr(200), sum: kr(500), rest: kr(100)},
		{name: "below zero", a: kr(200), b: kr(300), sum: kr(500), rest: kr(-100)},
		{name: "nothing added to the largest", a: kr(math.MaxInt64), b: kr(0), sum: kr(math.MaxInt64), rest: kr(math.MaxInt64)},
		{name: "one more than the largest", a: kr(math.MaxInt64), b: kr(1), sumErr: ErrOverflow, rest: kr(math.MaxInt64 - 1)},
		{name: "one less than the smallest", a: kr(math.MinInt64), b: kr(1), sum: kr(math.MinInt64 + 1), restErr: ErrOverflow},
		{name: "the largest twice", a: kr(math.MaxInt64), b: kr(math.MaxInt64), sumErr: ErrOverflow, rest: kr(0)},
		{name: "the smallest twice", a: kr(math.MinInt64), b: kr(math.MinInt64), sumErr: ErrOverflow, rest: kr(0)},
		{name: "the two ends", a: kr(math.MaxInt64), b: kr(math.MinInt64), sum: kr(-1), restErr: ErrOverflow},
		{name: "the smallest taken from nothing", a: kr(0), b: kr(math.MinInt64), sum: kr(math.MinInt64), restErr: ErrOverflow},
		{name: "the smallest taken from minus one", a: kr(-1), b: kr(math.MinInt64), sumErr: ErrOverflow, rest: kr(math.MaxInt64)},
		{name: "two currencies", a: kr(1), b: Of(1, "SEK"), sumErr: ErrCurrency, restErr: ErrCurrency},
		{name: "money and punches", a: kr(1), b: Of(1, Punch), sumErr: ErrCurrency, restErr: ErrCurrency},
		{name: "a forgotten currency", a: kr(1), b: Of(1, ""), sumErr: ErrCurrency, restErr: ErrCurrency},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sum, err := test.a.Add(test.b)
			if sum != test.sum || !errors.Is(err, test.sumErr) {
				t.Errorf("Add = %v, %v; want %v, %v", sum, err, test.sum, test.sumErr)
			}
			rest, err := test.a.Sub(test.b)
			if rest != test.rest || !errors.Is(err, test.restErr) {
				t.Errorf("Sub = %v, %v; want %v, %v", rest, err, test.rest, test.restErr)
			}
		})
	}
}

func TestSplitNamesTheParts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		whole Amount
		n     int
		want  []Amount
	}{
		{
			name:  "a hundred kroner in three",
			whole: Of(10000, "DKK"), n: 3,
			want: []Amount{Of(3334, "DKK"), Of(3333, "DKK"), Of(3333, "DKK")},
		},
		{
			name:  "two øre among three",
			whole: Of(2, "DKK"), n: 3,
			want: []Amount{Of(1, "DKK"), Of(1, "DKK"), Of(0, "DKK")},
		},
		{
			name:  "a negative amount keeps the larger parts in front",
			whole: Of(-10, "DKK"), n: 3,
			want: []Amount{Of(-3, "DKK"), Of(-3, "DKK"), Of(-4, "DKK")},
		},
		{name: "one part is the whole", whole: Of(7, Punch), n: 1, want: []Amount{Of(7, Punch)}},
		{name: "nothing among two", whole: Of(0, "JPY"), n: 2, want: []Amount{Of(0, "JPY"), Of(0, "JPY")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.whole.Split(test.n)); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitSumsExactlyInPartsThatDifferByAtMostOne(t *testing.T) {
	t.Parallel()
	for _, edge := range []int64{0, 1, -1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1} {
		for n := range 60 {
			assertFairSplit(t, Of(edge, "DKK"), n+1)
		}
	}
	fair := func(minor int64, n uint8) bool {
		assertFairSplit(t, Of(minor, "DKK"), int(n)+1)
		return true
	}
	if err := quick.Check(fair, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

func assertFairSplit(t *testing.T, whole Amount, n int) {
	t.Helper()
	parts := whole.Split(n)
	sum := Of(0, whole.Currency)
	for i, part := range parts {
		var err error
		if sum, err = sum.Add(part); err != nil {
			t.Fatalf("%v in %d: %v", whole, n, err)
		}
		if i > 0 && part.Minor > parts[i-1].Minor {
			t.Fatalf("%v in %d: part %d is larger than the one before it", whole, n, i)
		}
	}
	if sum != whole || len(parts) != n || parts[0].Minor-parts[n-1].Minor > 1 {
		t.Fatalf("%v in %d: %v, which sum to %v", whole, n, parts, sum)
	}
}

func TestSplitAmongNobodyIsACallersBug(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("Split(0) returned, want a panic")
		}
	}()
	Of(1, "DKK").Split(0)
}

func TestJSONIsTheFormOfTheContract(t *testing.T) {
	t.Parallel()
	const want = `{"amount":12550,"currency":"DKK"}`
	got, err := json.Marshal(Of(12550, "DKK"))
	if err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v; want %s", got, err, want)
	}
	var back Amount
	if err := json.Unmarshal([]byte(want), &back); err != nil || back != Of(12550, "DKK") {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"amount":125.5,"currency":"DKK"}`), &back); err == nil {
		t.Error("a fraction of a minor unit was accepted")
	}
}

// FuzzParse: whatever is accepted has one meaning, which Decimal writes and Parse reads back.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-0.00", "500.000000", "25.125", "92233720368547758.07", "-", "1e3", ".5", "5."} {
		for _, currency := range []string{"DKK", "KWD", "JPY", "CLF", "PUNCH"} {
			f.Add(seed, currency)
		}
	}
	f.Fuzz(func(t *testing.T, decimal, currency string) {
		amount, err := Parse(decimal, Currency(currency))
		if err != nil {
			if amount != (Amount{}) {
				t.Fatalf("Parse(%q, %q) = %v beside an error", decimal, currency, amount)
			}
			return
		}
		again, err := Parse(amount.Decimal(), Currency(currency))
		if err != nil || again != amount {
			t.Fatalf("Parse(%q) = %v, but its Decimal reads back as %v, %v", decimal, amount, again, err)
		}
	})
}
