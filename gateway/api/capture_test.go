package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// captured is a capture as it is answered.
func captured(key string, amount, released, balance int64, late bool) string {
	return members(`"redemption":`+actOf(key, amount), pays("released", released), pays("balance", balance), fmt.Sprintf(`"late":%v`, late), says("vat", "multi_purpose"))
}

// actOf is an act's name and amount as they are answered.
func actOf(key string, amount int64) string {
	return members(says("key", key), `"id":"*"`, pays("amount", amount))
}

// E15: a capture takes what is asked, at most what is reserved, and the rest stays on the code.
func TestCapture(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, c := range []struct {
		name               string
		with               []string
		amount, left, rest int64
	}{
		{"all that is reserved", nil, 300_00, 0, 200_00},
		{"exactly what was asked", []string{pays("amount", 300_00)}, 300_00, 0, 200_00},
		{"a part", []string{pays("amount", 100_00)}, 100_00, 200_00, 400_00},
		{"what the order costs", []string{pays("order_total", 250_00)}, 250_00, 50_00, 250_00},
		{"what the other tenders left", []string{pays("order_total", 400_00), cash(150_00)}, 250_00, 50_00, 250_00},
		{"what is reserved of a larger order", []string{pays("order_total", 900_00), cash(100_00)}, 300_00, 0, 200_00},
		{"nothing of an order that is paid", []string{pays("order_total", 400_00), cash(400_00)}, 0, 300_00, 500_00},
	} {
		key := "w:" + strings.ReplaceAll(c.name, " ", "-")
		of := h.issues(500_00)
		h.shop.reserves(key, of, "cart "+c.name, 300_00)
		first := h.shop.captures(key, "A-1", c.with...).wants(200, captured(key, c.amount, c.left, c.rest, false))
		again := h.rotated.captures(key, "A-1", c.with...)
		if again.status != 200 || again.text != first.text {
			t.Errorf("%s: the same again is %d %s; want %s", c.name, again.status, again.text, first.text)
		}
		h.leaves(of, c.rest)
		h.shop.shows(key).has(200, `{"state":"captured"}`)
	}
}

func TestACaptureIsRefusedAboveTheReservationAndForAnotherOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	h.shop.captures("w:1", "A-1", pays("amount", 300_01)).refuses(409, "insufficient_balance", pays("available", 300_00))
	h.shop.captures("w:1", "A-1", `"amount":{"amount":1,"currency":"EUR"}`).refuses(409, "currency_mismatch")
	h.shop.captures("w:1", "A-1", `"order_total":{"amount":1,"currency":"EUR"}`).refuses(409, "currency_mismatch")
	h.shop.captures("w:1", "A-1", pays("amount", 100_00)).has(200, members(pays("balance", 400_00)))
	h.shop.captures("w:1", "A-1", pays("amount", 90_00)).refuses(422, "key_reused")
	h.shop.captures("w:1", "A-2", pays("amount", 90_00)).refuses(409, "reservation_ended", pays("uncovered", 90_00))
	h.leaves(c, 400_00)
	if got, want := h.tasks("short_order"), "order A-2 is short by 90.00 DKK: the reservation has ended"; got != want {
		t.Errorf("tasks %q; want %q", got, want)
	}
}

// The redemption bears the reservation's first key, whichever key captures it.
func TestACaptureUnderASecondKeyBearsTheFirst(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	h.shop.reserves("w:2", c, "cart-1", 200_00)
	h.shop.captures("w:2", "A-1").wants(200, captured("w:1", 200_00, 0, 300_00, false))
	h.shop.captures("w:1", "A-1").wants(200, captured("w:1", 200_00, 0, 300_00, false))
	h.shop.recovers("redemptions", "w:1").has(200, members(`"redemption":`+actOf("w:1", 200_00)))
	h.shop.recovers("redemptions", "w:2").refuses(404, "not_found")
}

// A paid order is not lost because its reservation ran out, as long as nobody has taken the code since.
func TestLateCapture(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	h.passes(24*time.Hour + 71*time.Hour)
	h.shop.captures("w:1", "A-1").wants(200, captured("w:1", 300_00, 0, 200_00, true))
	h.shop.captures("w:1", "A-1").wants(200, captured("w:1", 300_00, 0, 200_00, true))
}

// X04: the owner of a reservation is told why it can't be captured and what his order lacks, and the office has a task.
func TestACaptureThatCannotBeTellsTheTrueReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code string
		reason     string
		happens    func(h *house, of card)
	}{
		{"expired too long ago", "reservation_expired", "the reservation expired too long ago", func(h *house, _ card) { h.passes(24*time.Hour + 73*time.Hour) }},
		{"released", "reservation_ended", "the reservation has ended", func(h *house, _ card) { h.shop.releases("w:1") }},
		{"taken by another after it expired", "reservation_superseded", "the code was taken by another after the reservation", func(h *house, of card) {
			h.passes(25 * time.Hour)
			h.other.reserves("o:1", of, "cart-9", 10_00).has(201, `{"state":"active"}`)
			h.other.releases("o:1")
		}},
		{"spent at a till after it expired", "reservation_superseded", "the code was taken by another after the reservation", func(h *house, of card) {
			h.passes(25 * time.Hour)
			h.till.redeems("t:1", of, 10_00).has(201, members(pays("balance", 490_00)))
		}},
		{"freed by a register", "reservation_superseded", "the code was taken by another after the reservation", func(h *house, of card) { h.mayRelease.frees(of) }},
		{"blocked", "blocked", "the voucher is blocked", func(h *house, of card) { h.blocks(of) }},
		{"invalidated", "invalidated", "the voucher is invalidated", func(h *house, of card) { h.invalidates(of) }},
		{"quarantined", "quarantined", "the voucher is in quarantine", func(h *house, of card) { h.testifies(of) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := ajar(t)
			of := h.issues(500_00)
			h.shop.reserves("w:1", of, "cart-1", 300_00)
			c.happens(h, of)
			h.shop.captures("w:1", "A-1", pays("order_total", 250_00)).refuses(409, c.code, pays("uncovered", 250_00))
			h.shop.captures("w:1", "A-1").refuses(409, c.code, pays("uncovered", 300_00))
			if got, want := h.tasks("short_order"), "order A-1 is short by 300.00 DKK: "+c.reason; got != want {
				t.Errorf("tasks %q; want %q", got, want)
			}
			if got := h.reads(`SELECT shop FROM task WHERE kind = 'short_order'`); got != "demo" {
				t.Errorf("the task is of shop %q", got)
			}
		})
	}
}

func TestAShortOrderThatIsCapturedAfterAllIsNoTaskAnyMore(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	h.blocks(c)
	h.shop.captures("w:1", "A-1").refuses(409, "blocked", pays("uncovered", 300_00))
	h.unblocks(c)
	h.shop.captures("w:1", "A-1").wants(200, captured("w:1", 300_00, 0, 200_00, false))
	if got := h.tasks("short_order"); got != "" {
		t.Errorf("tasks %q; want none", got)
	}
}

// These are the reservations that a captures call names.
func these(of ...string) string { return `"reservations":[` + strings.Join(of, ",") + `]` }

func this(key string, more ...string) string { return members(append(more, says("key", key))...) }

func (c *caller) capturesAll(order string, more ...string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/captures", members(append(more, says("order", order))...))
}

// keyed is a capture among several.
func keyed(key, capture string) string { return members(says("key", key), capture[1:len(capture)-1]) }

func several(of ...string) string { return `{"captures":[` + strings.Join(of, ",") + `]}` }

func TestSeveralReservationsAreCapturedForOneOrder(t *testing.T) {
	t.Parallel()
	h := open(t, perOrder(3))
	for _, c := range []struct {
		name          string
		with          []string
		first, second int64
	}{
		{"all that is reserved", []string{these(this("w:1"), this("w:2"))}, 300_00, 300_00},
		{"what was asked of each", []string{these(this("w:1", pays("amount", 10_00)), this("w:2", pays("amount", 20_00)))}, 10_00, 20_00},
		{"no more than the order costs", []string{these(this("w:1"), this("w:2")), pays("order_total", 400_00)}, 300_00, 100_00},
		{"no more than the other tenders leave", []string{these(this("w:1"), this("w:2")), pays("order_total", 500_00), cash(50_00)}, 300_00, 150_00},
		{"nothing of the last when the first is enough", []string{these(this("w:1"), this("w:2")), pays("order_total", 200_00)}, 200_00, 0},
		{"what the named amount leaves", []string{these(this("w:1"), this("w:2", pays("amount", 250_00))), pays("order_total", 400_00)}, 150_00, 250_00},
	} {
		unique := strings.NewReplacer("w:1", "w:1:"+strings.ReplaceAll(c.name, " ", "-"), "w:2", "w:2:"+strings.ReplaceAll(c.name, " ", "-"))
		one, two := unique.Replace("w:1"), unique.Replace("w:2")
		a, b := h.issues(300_00), h.issues(300_00)
		h.shop.reserves(one, a, c.name, 300_00)
		h.shop.reserves(two, b, c.name, 300_00).has(201, `{"state":"active"}`)
		for i := range c.with {
			c.with[i] = unique.Replace(c.with[i])
		}
		first := h.shop.capturesAll("A-1", c.with...).wants(200, several(
			keyed(one, captured(one, c.first, 300_00-c.first, 300_00-c.first, false)),
			keyed(two, captured(two, c.second, 300_00-c.second, 300_00-c.second, false))))
		if again := h.shop.capturesAll("A-1", c.with...); again.status != 200 || again.text != first.text {
			t.Errorf("%s: the same again is %d %s; want %s", c.name, again.status, again.text, first.text)
		}
	}
}

// A reservation that is named by both its keys is spent once.
func TestAReservationThatIsNamedTwiceIsSpentOnce(t *testing.T) {
	t.Parallel()
	h := open(t, perOrder(3))
	c := h.issues(300_00)
	h.shop.reserves("w:1", c, "cart-1", 500_00)
	h.shop.reserves("w:1b", c, "cart-1", 500_00)
	h.shop.reserves("w:2", h.issues(300_00), "cart-1", 500_00)
	h.shop.capturesAll("A-1", these(this("w:1"), this("w:1b"), this("w:2")), pays("order_total", 500_00)).wants(200, several(
		keyed("w:1", captured("w:1", 300_00, 0, 0, false)), keyed("w:1b", captured("w:1", 300_00, 0, 0, false)),
		keyed("w:2", captured("w:2", 200_00, 100_00, 100_00, false))))
}

func TestOneRefusedCaptureCapturesNone(t *testing.T) {
	t.Parallel()
	h := open(t, perOrder(3))
	a, b := h.issues(300_00), h.issues(300_00)
	h.shop.reserves("w:1", a, "cart-1", 300_00)
	h.shop.reserves("w:2", b, "cart-1", 200_00)
	h.other.reserves("o:1", h.issues(100_00), "cart-1", 100_00)
	h.shop.capturesAll("A-1", these(this("w:1"), this("none"))).refuses(404, "reservation_not_found")
	h.shop.capturesAll("A-1", these(this("w:1"), this("o:1"))).refuses(404, "reservation_not_found")
	h.shop.capturesAll("A-1", these(this("w:1"), this("w:2", pays("amount", 200_01)))).refuses(409, "insufficient_balance", pays("available", 200_00))
	h.blocks(b)
	h.shop.capturesAll("A-1", these(this("w:1"), this("w:2"))).refuses(409, "blocked", pays("uncovered", 200_00))
	h.leaves(a, 300_00)
	h.shop.shows("w:1").has(200, `{"state":"active"}`)
	if got, want := h.tasks("short_order"), "order A-1 is short by 200.00 DKK: the voucher is blocked"; got != want {
		t.Errorf("tasks %q; want %q", got, want)
	}
	h.unblocks(b)
	h.shop.capturesAll("A-1", these(this("w:1"), this("w:2"))).has(200, several(
		keyed("w:1", captured("w:1", 300_00, 0, 0, false)), keyed("w:2", captured("w:2", 200_00, 0, 100_00, false))))
	if got := h.tasks("short_order"); got != "" {
		t.Errorf("tasks %q; want none", got)
	}
}

// A code that PostgreSQL has forgotten something of is an alarm, whoever comes upon it.
func TestSeveralCapturesRaiseTheAlarmOfAQuarantine(t *testing.T) {
	t.Parallel()
	h := ajar(t, perOrder(3))
	a, b := h.issues(300_00), h.issues(300_00)
	h.shop.reserves("w:1", a, "cart-1", 300_00)
	h.shop.reserves("w:2", b, "cart-1", 200_00)
	h.testifies(b)
	h.shop.capturesAll("A-1", these(this("w:1"), this("w:2"))).refuses(409, "quarantined", pays("uncovered", 200_00))
	h.leaves(a, 300_00)
	if h.tasks("quarantine") == "" {
		t.Error("the office has no task")
	}
}

func TestAnotherOwnersReservationIsNotThere(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 300_00)
	for _, who := range []*caller{h.other, h.till} {
		who.shows("w:1").refuses(404, "reservation_not_found")
		who.captures("w:1", "A-1").refuses(404, "reservation_not_found")
		who.releases("w:1").wants(200, `{"outcome":"unchanged","state":"none"}`)
		who.forgets("w:1").wants(200, `{"outcome":"prevented","state":"prevented"}`)
	}
	h.other.finds("cart-1").wants(200, `{"items":[]}`)
	h.shop.captures("w:1", "A-1").has(200, `{"late":false}`)
	for _, who := range []*caller{h.other, h.till, h.office} {
		who.recovers("redemptions", "w:1").refuses(404, "not_found")
		who.reverses("redemptions", "w:1").wants(200, `{"outcome":"prevented"}`)
	}
	h.other.refunds("r:1", "w:1").refuses(404, "not_found")
	h.leaves(c, 200_00)
}
