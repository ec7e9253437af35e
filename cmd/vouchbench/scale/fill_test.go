package scale

import (
	"testing"
	"time"
)

// What a report on a month reads is a month's share of all sales, however many they are.
func TestSalesAreSpreadOverTheWholeEra(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, vouchers := range []int{2, 10_000, 1_000_000} {
		f := Filling{Vouchers: vouchers}
		first, middle := f.issued(0, now), f.issued(vouchers/2, now)
		if got := middle.Sub(first).Round(time.Hour); got != (era / 2).Round(time.Hour) {
			t.Errorf("of %d vouchers half were sold within %v, of %v in all", vouchers, got, era)
		}
	}
}
