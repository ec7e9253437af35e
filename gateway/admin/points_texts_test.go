package admin_test

import "testing"

// A number of points that can't be meant is refused with what is expected.
func TestWhatIsRefusedOfPointsSaysWhy(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.unchanged("what is refused", func() {
		for _, n := range []string{"0", "1.5", `"5"`, "1000000001"} {
			h.office.earns("g:1", "7", "manual", says("shop", "demo"), `"points":`+n, because).refuses(400, "invalid_request", says("field", "points"),
				says("detail", "points: expected a whole number of points, from 1 to 1000000000, alone or as an amount in POINT"))
		}
	})
}
