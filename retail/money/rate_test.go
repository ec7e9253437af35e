package money_test

import (
	"testing"

	"pgregory.net/rapid"

	"vouchsafe/retail/money"
)

func TestWhatUnitsCover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		units, minor   int64 // the rate
		atHand, due    int64
		taken, covered int64
	}{
		"P08 ten points are one øre":                           {10, 1, 1005, 500, 1000, 100},
		"a point is worth more than what is left of the order": {1, 25, 100, 60, 2, 50},
		"three points are two øre: two of them are worth one":  {3, 2, 2, 60, 2, 1},
		"one of them is worth nothing, and stays":              {3, 2, 1, 60, 0, 0},
		"never more than is due":                               {1, 1, 1000, 60, 60, 60},
		"nothing due":                                          {1, 1, 1000, 0, 0, 0},
		"as much as there is":                                  {1, 1, 1<<63 - 1, 1<<63 - 1, 1<<63 - 1, 1<<63 - 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rate := money.Rate{Units: c.units, Value: money.Of(c.minor, "DKK")}
			if taken, covered := rate.Cover(c.atHand, c.due); taken != c.taken || covered != c.covered {
				t.Errorf("%d points cover %d, want %d and %d", taken, covered, c.taken, c.covered)
			}
		})
	}
}

func TestWhatIsTakenAndWhatIsLeftIsTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := money.Rate{Units: rapid.Int64Range(1, 1000).Draw(t, "points"), Value: money.Of(rapid.Int64Range(1, 1000).Draw(t, "minor"), "DKK")}
		points, due := rapid.Int64Range(0, 1e12).Draw(t, "at hand"), rapid.Int64Range(0, 1e12).Draw(t, "due")
		taken, covered := rate.Cover(points, due)
		switch {
		case taken < 0 || taken > points || covered < 0 || covered > due:
			t.Fatalf("%d points cover %d, of %d points and %d due", taken, covered, points, due)
		case rate.Worth(taken) != covered:
			t.Fatalf("%d points cover %d and are worth %d", taken, covered, rate.Worth(taken))
		case taken > 0 && rate.Worth(taken-1) >= covered:
			t.Fatalf("%d points are taken, and one less would cover as much", taken)
		}
		if more := rate.Needed(covered + 1); more <= points && rate.Worth(more) <= due {
			t.Fatalf("%d points would cover %d, and are not taken", more, rate.Worth(more))
		}
		part := rapid.Int64Range(0, covered).Draw(t, "captured")
		if fewer, less := rate.Cover(taken, part); fewer > taken || less > part {
			t.Fatalf("a capture of %d takes %d of %d points for %d", part, fewer, taken, less)
		}
	})
}
