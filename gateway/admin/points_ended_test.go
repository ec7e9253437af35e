package admin_test

import (
	"testing"
	"time"
)

// P18: what is set aside outlives its end until the reservation does. A capture that comes later is told that the points have ended,
// and not that somebody took them.
func TestP18ALateCaptureIsToldThatItsPointsHaveEnded(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 100)
	for _, key := range []string{"r:1", "r:2"} {
		h.shop.paysWith(key, "7", 5_00).has(201, members(point("amount", 50)))
	}
	h.runs(`UPDATE lot SET ends_at = vouchsafe_now()`)
	h.shop.captures("r:1", "1001").has(200, "{}")
	h.passes(25 * time.Hour)
	ended := func(key string) {
		t.Helper()
		h.shop.captures(key, "1002").refuses(409, "reservation_expired", pays("uncovered", 5_00),
			says("detail", "The reservation expired, and the points that it had set aside have ended since."))
	}
	ended("r:2")
	h.grantsPoints("7", 30) // what has ended is out of the books by now
	ended("r:2")
	h.grantsPoints("7", 20)
	h.shop.captures("r:2", "1002").has(200, members(`"late":true`)) // nobody loses by it
	h.hasPoints("7", 0, 0)
}

// X02: of points that somebody took it is told as of every other value.
func TestALateCaptureOfPointsThatWereTakenIsSuperseded(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 50)
	h.shop.paysWith("r:1", "7", 5_00).has(201, members(point("amount", 50)))
	h.passes(25 * time.Hour)
	h.shop.paysWith("r:2", "7", 1_00).has(201, members(point("amount", 10)))
	h.shop.captures("r:2", "1001").has(200, "{}")
	h.shop.captures("r:1", "1002").refuses(409, "reservation_superseded", pays("uncovered", 5_00))
}
