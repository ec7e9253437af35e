package admin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/staff"
)

// adjusted is an adjustment as it is answered.
func adjusted(key string, delta, balance int64) string {
	return members(`"adjustment":`+members(says("key", key), `"id":"*"`, pays("delta", delta)), pays("balance", balance))
}

// sets are the members that set a balance in the place of another.
func sets(minor, expected int64) []string {
	return []string{pays("set_to", minor), pays("expected_balance", expected)}
}

// A23, A24, A26: a balance is moved by a difference, or set in the place of the one that was seen.
func TestAdjust(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	first := h.office.adjusts("a:1", c, pays("delta", 100_00)).wants(201, adjusted("a:1", 100_00, 600_00))
	again := h.office.adjusts("a:1", c, pays("delta", 100_00))
	if again.status != 200 || again.text != first.text {
		t.Errorf("X03: the same again is %d %s; want %s", again.status, again.text, first.text)
	}
	h.unchanged("a refused adjustment", func() {
		h.office.adjusts("a:1", c, pays("delta", 100_01)).refuses(422, "key_reused")
		h.office.adjusts("a:1", h.unknown(), pays("delta", 100_00)).refuses(422, "key_reused")
		h.office.adjusts("a:1", card{id: "none"}, pays("delta", 100_00)).refuses(422, "key_reused")
		h.office.adjusts("a:2", c, sets(700_00, 500_00)...).refuses(409, "balance_changed", pays("balance", 600_00))
		h.office.adjusts("a:2", c, pays("delta", -600_01)).refuses(409, "insufficient_balance", pays("available", 600_00))
		h.office.adjusts("a:2", c, pays("delta", 9_400_01)).refuses(409, "above_limit")
		h.office.adjusts("a:2", c, `"delta":{"amount":1,"currency":"EUR"}`).refuses(409, "currency_mismatch")
	})
	h.office.adjusts("a:2", c, sets(1300_00, 600_00)...).wants(201, adjusted("a:2", 700_00, 1300_00))
	h.office.adjusts("a:3", c, sets(0, 1300_00)...).wants(201, adjusted("a:3", -1300_00, 0))
	h.office.sees(c).has(200, says1("state", "depleted"))
	h.office.adjusts("a:4", c, sets(20_00, 0)...).wants(201, adjusted("a:4", 20_00, 20_00))
	h.till.redeems("t:1", c, 20_00).has(201, members(pays("balance", 0)))
	if got := h.reads(`SELECT string_agg(contra || ' ' || amount, ', ' ORDER BY seq) FROM entry WHERE account = $1 AND kind = 'adjust'`, c.id); got !=
		"adjusted/office 10000, adjusted/office 70000, adjusted/office -130000, adjusted/office 2000" {
		t.Errorf("the journal has %s", got)
	}
	if got := strings.Count(h.audited(c), `adjust {"reason": "a mistake", "adjustment": "`); got != 4 {
		t.Errorf("audited %d times: %s", got, h.audited(c))
	}
}

// What a customer has reserved is his: the balance is not replaced under him, nor taken.
func TestAReservedBalanceIsNotReplaced(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	until := says("held_until", h.shop.reserves("w:1", c, "cart-1", 400_00).at("expires_at"))
	h.unchanged("a refused adjustment", func() {
		h.office.adjusts("a:1", c, sets(700_00, 500_00)...).refuses(409, "held_elsewhere", until, `"released_by":"*"`,
			`"held_by":`+members(says("channel", "webshop"), says("holder", "cart-1"), `"since":"*"`))
		h.office.adjusts("a:1", c, pays("delta", -100_01)).refuses(409, "insufficient_balance", pays("available", 100_00))
	})
	h.office.adjusts("a:1", c, pays("delta", -100_00)).wants(201, adjusted("a:1", -100_00, 400_00))
	h.office.adjusts("a:2", c, pays("delta", 50_00)).wants(201, adjusted("a:2", 50_00, 450_00))
	h.shop.captures("w:1", "A-1").has(200, members(pays("balance", 50_00)))
}

// Value that was taken supersedes a reservation that had expired: nothing counts on it any more.
func TestWhatIsTakenEndsALateCapture(t *testing.T) {
	t.Parallel()
	h := open(t)
	raised, taken := h.issues(500_00), h.issues(500_00)
	h.shop.reserves("w:1", raised, "cart-1", 400_00)
	h.shop.reserves("w:2", taken, "cart-2", 400_00)
	h.passes(25 * time.Hour)
	h.office.adjusts("a:1", raised, pays("delta", 1_00))
	h.office.adjusts("a:2", taken, pays("delta", -1_00))
	h.shop.captures("w:1", "A-1").has(200, `{"late":true}`)
	h.shop.captures("w:2", "A-2").refuses(409, "reservation_superseded", pays("uncovered", 400_00))
}

// X02, X03: an adjustment is recovered and taken back by its key, also before it comes.
func TestAnAdjustmentIsRecoveredAndTakenBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.office.asks("GET", "/v1/adjustments/a:1", "").refuses(404, "not_found")
	made := h.office.adjusts("a:1", c, pays("delta", -100_00)).at("adjustment", "id")
	h.office.asks("GET", "/v1/adjustments/a:1", "").wants(200, members(says("state", "done"), pays("balance", 400_00),
		`"adjustment":`+members(says("key", "a:1"), says("id", made), pays("delta", -100_00))))
	for range 2 {
		h.office.asks("DELETE", "/v1/adjustments/a:1", "").wants(200, `{"outcome":"reversed"}`)
	}
	h.office.sees(c).has(200, members(pays("balance", 500_00)))
	h.office.asks("GET", "/v1/adjustments/a:1", "").has(200, says1("state", "reversed"))
	h.office.adjusts("a:1", c, pays("delta", -100_00)).refuses(409, "prevented")
	h.office.asks("DELETE", "/v1/adjustments/a:2", "").wants(200, `{"outcome":"prevented"}`)
	h.office.asks("GET", "/v1/adjustments/a:2", "").wants(200, `{"state":"prevented"}`)
	h.office.adjusts("a:2", c, pays("delta", 1_00)).refuses(409, "prevented")
	h.office.adjusts("a:3", c, pays("delta", 100_00))
	h.till.redeems("t:1", c, 550_00)
	h.office.asks("DELETE", "/v1/adjustments/a:3", "").refuses(409, "not_reversible")
	if got := strings.Count(h.audited(c), "reverse {"); got != 1 {
		t.Errorf("%d reversals are audited: %s", got, h.audited(c))
	}
}

// The same adjustment asked for many times at once happens once.
func TestTheSameAdjustmentAtOnceIsOne(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, other := h.issues(500_00), h.issues(500_00)
	answers := make([]*reply, 12)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			to := c
			if i%3 == 2 {
				to = other // the same key for something else
			}
			answers[i] = h.office.adjusts("a:1", to, pays("delta", 1_00))
		})
	}
	wg.Wait()
	made := 0
	for _, got := range answers {
		switch got.status {
		case 201:
			made++
		case 200, 422:
		default:
			t.Errorf("got %d %s", got.status, got.text)
		}
	}
	if sum := h.reads(`SELECT sum(balance)::text FROM voucher`); made != 1 || sum != "100100" {
		t.Errorf("it happened %d times, and %s is left", made, sum)
	}
}

// X13: an API key alone gives nothing above the set amount.
func TestAnAPIKeyAloneGivesNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("200.00"))
	c := h.issues(500_00)
	id := h.till.redeems("t:1", c, 300_00).at("redemption", "id")
	h.unchanged("an act that needs approval", func() {
		h.office.adjusts("a:1", c, pays("delta", 200_01)).refuses(403, "approval_required")
		h.office.adjusts("a:1", c, sets(400_01, 200_00)...).refuses(403, "approval_required")
		h.office.asks("PUT", "/v1/refunds/r:1", members(says("redemption", id), because)).refuses(403, "approval_required")
		h.office.asks("PUT", "/v1/reloads/l:1", members(says("code", c.code), pays("amount", 200_01), says("receipt", "R"), says("tender", "cash"))).
			refuses(403, "approval_required")
	})
	h.office.adjusts("a:1", c, pays("delta", 200_00)).has(201, members(pays("balance", 400_00)))
	h.office.adjusts("a:2", c, pays("delta", -300_00)).has(201, members(pays("balance", 100_00)))
	h.passes(staff.GivenFor + time.Minute) // what was given before counts no more
	h.office.asks("PUT", "/v1/refunds/r:1", members(says("redemption", id), pays("amount", 200_00), because)).has(201, members(pays("balance", 300_00)))
	h.till.asks("PUT", "/v1/reloads/l:1", members(says("code", c.code), pays("amount", 900_00), says("receipt", "R"), says("tender", "cash"))).
		has(201, members(pays("balance", 1200_00)))
	h.office.does("invalidate", c, because).has(200, says1("state", "invalidated"))
}

// A body that can't be meant is refused by its field, and changes nothing.
func TestAnAdjustmentThatCannotBeMeantIsRefusedByField(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	id, why := says("voucher", c.id), says("reason", "so")
	h.unchanged("a bad body", func() {
		for body, field := range map[string]string{
			members(id, why):                                                                        "set_to",
			members(id, pays("delta", 1)):                                                           "reason",
			members(why, pays("delta", 1)):                                                          "voucher",
			members(id, why, pays("set_to", 1)):                                                     "expected_balance",
			members(id, why, pays("delta", 0)):                                                      "delta.amount",
			members(id, why, `"delta":100`):                                                         "delta",
			members(id, why, `"delta":"100"`):                                                       "delta",
			members(id, why, `"more":1`):                                                            "more",
			members(id, why, `"customer":"7"`):                                                      "customer",
			members(id, says("reason", ""), pays("delta", 1)):                                       "reason",
			members(id, says("reason", strings.Repeat("x", 501)), pays("delta", 1)):                 "reason",
			members(id, why, pays("delta", 10_000_01)):                                              "delta.amount",
			members(id, why, pays("delta", -10_000_01)):                                             "delta.amount",
			members(id, why, pays("delta", 1), pays("set_to", 1)):                                   "set_to",
			members(id, why, pays("delta", 1), pays("expected_balance", 1)):                         "expected_balance",
			members(id, why, pays("set_to", -1), pays("expected_balance", 1)):                       "set_to.amount",
			members(id, why, pays("set_to", 10_000_01), pays("expected_balance", 1)):                "set_to.amount",
			members(id, why, pays("set_to", 1), pays("expected_balance", -1)):                       "expected_balance.amount",
			members(id, why, pays("set_to", 1), `"expected_balance":{"amount":1,"currency":"EUR"}`): "expected_balance.currency",
			members(id, why, `"delta":{"amount":1,"currency":"XXX"}`):                               "delta.currency",
			members(id, why, `"delta":{"amount":1.5,"currency":"DKK"}`):                             "delta.amount",
		} {
			got := h.office.asks("PUT", "/v1/adjustments/a:1", body)
			if named, _ := got.fields()["field"].(string); got.status != 400 || named != field {
				t.Errorf("%s: %s; want 400 naming %s", body, got.text, field)
			}
		}
		h.office.asks("PUT", "/v1/adjustments/.a", members(id, why, pays("delta", 1))).refuses(400, "invalid_request", `"field":"key"`)
		h.office.adjusts("a:1", h.unknown(), pays("delta", 1)).refuses(404, "voucher_not_found")
	})
}

// unknown is the id of no voucher.
func (h *house) unknown() card { return card{id: "01890a5d-ac96-774b-bcce-b302099a8057"} }

// A25: a transfer of nothing is told what it lacks.
func TestATransferOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	a, b := h.issues(100_00), h.issues(100_00)
	got := h.office.transfers("t:1", a.id, b.id, pays("amount", 0))
	if got.refuses(400, "invalid_request", says("field", "amount.amount")); !strings.Contains(got.text, "must be above zero") {
		t.Errorf("it says %s", got.text)
	}
}
