package voucher_test

import (
	"math"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// X13: points count toward the set amount by their worth, a fraction as a whole; everything else by itself.
func TestWhatIsGivenCountsByItsWorth(t *testing.T) {
	t.Parallel()
	rate := func(units, minor int64) money.Rate { return money.Rate{Units: units, Value: money.Of(minor, "DKK")} }
	for _, tt := range []struct {
		name  string
		given money.Amount
		rate  money.Rate
		want  money.Amount
	}{
		{"money counts itself", money.Of(500, "DKK"), rate(10, 100), money.Of(500, "DKK")},
		{"points count their worth", money.Of(500, money.Point), rate(10, 100), money.Of(5000, "DKK")},
		{"a fraction counts as a whole", money.Of(2, money.Point), rate(3, 2), money.Of(2, "DKK")},
		{"the least counts something", money.Of(1, money.Point), rate(1000, 1), money.Of(1, "DKK")},
		{"points that are worth nothing count nothing", money.Of(500, money.Point), money.Rate{}, money.Amount{}},
		{"more than can be counted counts more than any limit", money.Of(math.MaxInt64, money.Point), rate(1, 100), money.Of(1_000_000_000_000_000, "DKK")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (voucher.Approval{Rate: tt.rate}).Counts(tt.given); got != tt.want {
				t.Errorf("counts %v, want %v", got, tt.want)
			}
		})
	}
}
