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

// P18 D17: so it is when his customer was merged into another meanwhile, with whom they ended.
func TestP18ALateCaptureAfterAMergeIsToldThatItsPointsHaveEnded(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "signup").has(201, "{}")
	h.grantsPoints("8", 1000)
	h.shop.paysWith("r:1", "8", 100_00, point("amount", 1000)).has(201, "{}")
	h.passes(25 * time.Hour)
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", members(says("into", h.idOf("7")), because)).has(200, "{}")
	h.runs(`UPDATE lot SET ends_at = vouchsafe_now()`)
	for range 2 { // the first finds that they have ended, and takes them out of the books
		h.shop.captures("r:1", "1001").refuses(409, "reservation_expired", pays("uncovered", 100_00),
			says("detail", "The reservation expired, and the points that it had set aside have ended since."))
	}
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

// P18 D17: points that have ended are none, whether or not they are out of the books: all who ask are told the same, and a merge moves the
// rest, which may be nothing.
func TestP18PointsThatHaveEndedAreNoneBeforeTheyAreSwept(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 40)
	h.grantsPoints("8", 100)
	h.grantsPoints("9", 60)
	h.shop.paysWith("r:1", "8", 3_00).has(201, members(point("amount", 30)))
	h.runs(`UPDATE lot SET ends_at = vouchsafe_now() WHERE account IN (SELECT a.id FROM account a JOIN customer c ON c.id = a.customer WHERE c.login IN ('8', '9'))`)
	told := func(login string, balance, reserved int64) {
		t.Helper()
		h.hasPoints(login, balance, reserved)
		has := members(point("balance", balance), point("reserved", reserved), point("available", balance-reserved))
		h.shop.asks("GET", "/v1/customers/"+login+"/points?context=account", "").has(200, has)
		accounts := `"accounts":[` + members(point("balance", balance), `"id":"*"`, `"last_at":"*"`, `"quarantined":false`) + `]`
		h.office.asks("GET", "/v1/admin/customers/"+login+"?shop=demo", "").has(200, "{"+accounts+"}")
		h.office.asks("GET", "/v1/admin/customers?q="+login, "").has(200, `{"items":[`+members(says("customer", login), says("shop", "demo"), `"balances":[`+has+`]`,
			`"id":"*","wallet_id":"*","member_until":null,"merged_into":null,"created_at":"*"`)+`]}`)
	}
	told("8", 30, 30)
	told("9", 0, 0)
	into := members(says("into", h.idOf("7")), because)
	h.office.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", into).has(409, members(says("code", "held_elsewhere")))
	h.shop.asks("POST", "/v1/reservations/r:1/release", "").has(200, says1("outcome", "released"))
	told("8", 0, 0)
	for _, gone := range []string{"8", "9"} {
		h.office.asks("POST", "/v1/admin/customers/"+h.idOf(gone)+"/merge", into).has(200, says1("customer", "7"))
		h.hasPoints(gone, 40, 0)
		if got := h.reads(`SELECT detail ->> 'moved' FROM audit WHERE action = 'merge_customers' AND object = $1`, h.idOf(gone)); got != "[0 POINT]" {
			t.Errorf("the audit trail says that %s moved", got)
		}
	}
	told("7", 40, 0)
	h.proven()
}
