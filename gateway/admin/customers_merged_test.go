package admin_test

import (
	"testing"
	"time"
)

// merges lets one customer of the demo shop lead to another.
func (h *house) merges(from, into string) *reply {
	h.t.Helper()
	return h.office.asks("POST", "/v1/admin/customers/"+h.idOf(from)+"/merge", members(says("into", h.idOf(into)), because))
}

// twins are a forgotten log-in and the one that its owner uses, with something each.
func (h *house) twins() {
	h.t.Helper()
	h.shop.claims("c:old", h.issues(500_00, claimable), "old").has(201, "{}")
	h.shop.claims("c:new", h.issues(50_00, claimable), "new").has(201, "{}")
}

// D17, X03: what was done before a merge is answered for ever as it was then, by the old log-in as by the one it leads to; other content
// is still another act.
func TestARepeatAfterAMergeIsToldWhatWasDone(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("1000.00"))
	clerk := h.clerk("Anna")
	h.twins()
	c := h.issues(300_00)
	h.office.grants("a:1", "old", pays("delta", 10_00)).wants(201, adjusted("a:1", 10_00, 510_00))
	h.office.transfers("t:in", c.id, "customer:old", pays("amount", 100_00)).wants(201, transferred("t:in", 100_00, 200_00, 610_00))
	h.office.transfers("t:out", "customer:old", c.id, pays("amount", 30_00)).wants(201, transferred("t:out", 30_00, 580_00, 230_00))
	h.office.transfers("t:over", "customer:old", "customer:new", pays("amount", 20_00)).wants(201, transferred("t:over", 20_00, 560_00, 70_00))
	waits := clerk.grants("a:2", "old", pays("delta", 2000_00)).awaits()
	h.merges("old", "new").has(200, "{}")
	h.unchanged("repeats of what was done before", func() {
		for _, login := range []string{"old", "new"} {
			h.office.grants("a:1", login, pays("delta", 10_00)).wants(200, adjusted("a:1", 10_00, 510_00))
			h.office.transfers("t:in", c.id, "customer:"+login, pays("amount", 100_00)).wants(200, transferred("t:in", 100_00, 200_00, 610_00))
			h.office.transfers("t:out", "customer:"+login, c.id, pays("amount", 30_00)).wants(200, transferred("t:out", 30_00, 580_00, 230_00))
		}
		h.office.transfers("t:over", "customer:old", "customer:new", pays("amount", 20_00)).wants(200, transferred("t:over", 20_00, 560_00, 70_00))
		if again := clerk.grants("a:2", "old", pays("delta", 2000_00)).awaits(); again != waits {
			t.Errorf("approval %s, want %s", again, waits)
		}
		h.office.grants("a:1", "old", pays("delta", 11_00)).refuses(422, "key_reused")
		h.office.grants("a:1", "other", says("shop", "demo"), pays("delta", 10_00)).refuses(422, "key_reused")
		h.office.transfers("t:in", c.id, "customer:old", pays("amount", 99_00)).refuses(422, "key_reused")
		h.office.transfers("t:in", h.unknown().id, "customer:old", pays("amount", 100_00)).refuses(422, "key_reused")
		h.office.transfers("t:out", "customer:old", "customer:other", pays("amount", 30_00)).refuses(422, "key_reused")
	})
	h.office.grants("a:3", "third", says("shop", "demo"), pays("delta", 1_00)).has(201, "{}")
	h.merges("new", "third").has(200, "{}") // where one leads may lead on
	h.office.grants("a:1", "old", pays("delta", 10_00)).wants(200, adjusted("a:1", 10_00, 510_00))
	h.has("third", 631_00)
}

// D17: the key of a reservation that is over is opened anew where its customer has gone, and answers there from then on.
func TestAReservationIsOpenedAnewAfterAMerge(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.twins()
	for _, key := range []string{"r:1", "r:2", "r:3"} {
		h.shop.spends(key, "old", 100_00).has(201, "{}")
		h.shop.asks("POST", "/v1/reservations/"+key+"/release", "").has(200, says1("outcome", "released"))
	}
	h.merges("old", "new").has(200, "{}")
	h.shop.spends("r:1", "old", 540_00).has(201, members(says("state", "active"), `"reopened":true`, pays("amount", 540_00)))
	h.shop.spends("r:1", "old", 550_00).has(200, members(says("state", "active"), pays("amount", 550_00)))
	h.shop.spends("r:2", "old", 1_00).refuses(409, "insufficient_balance", pays("available", 0))
	h.shop.asks("GET", "/v1/reservations/r:1", "").has(200, members(says("state", "active"), says("customer", "new"), pays("amount", 550_00)))
	h.shop.asks("POST", "/v1/reservations/r:1/release", "").has(200, says1("outcome", "released"))
	h.shop.spends("r:1", "new", 40_00).has(201, `{"reopened":true}`)
	h.shop.spends("r:2", "new", 60_00).has(201, `{"reopened":true}`)
	h.shop.captures("r:1", "1042").has(200, members(pays("balance", 510_00)))
	h.shop.captures("r:2", "1043").has(200, members(pays("balance", 450_00)))
	h.shop.spends("r:1", "old", 40_00).has(200, says1("state", "captured"))
	h.shop.spends("r:3", "8", 1_00).refuses(422, "key_reused")
	h.has("new", 450_00)
}

// D17: an order that was paid with a part of an account while its reservation ran out is covered although the customer was merged since,
// as any late capture is; all or none, and only as long as that.
func TestALateCaptureFollowsAMerge(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.twins()
	for _, key := range []string{"r:1", "r:2", "r:3", "r:4"} {
		h.shop.spends(key, "old", 100_00).has(201, "{}")
	}
	h.merges("old", "new").has(409, says1("code", "held_elsewhere"))
	h.passes(24 * time.Hour)
	h.merges("old", "new").has(200, "{}")
	late := func(key string, minor, rest, balance int64) string {
		return members(`"redemption":`+members(says("key", key), `"id":"*"`, pays("amount", minor)), pays("released", rest), pays("balance", balance), `"late":true`)
	}
	for range 2 {
		h.shop.asks("POST", "/v1/reservations/r:1/capture", members(says("order", "1042"), pays("amount", 70_00))).wants(200, late("r:1", 70_00, 30_00, 0))
	}
	h.has("new", 480_00)
	both := members(says("order", "1043"), `"reservations":[{"key":"r:2"},{"key":"r:3"}]`, pays("order_total", 150_00))
	captured := `{"key":"r:2",` + late("r:2", 100_00, 0, 100_00)[1:] + `,{"key":"r:3",` + late("r:3", 50_00, 50_00, 50_00)[1:]
	for range 2 {
		h.shop.asks("POST", "/v1/captures", both).wants(200, `{"captures":[`+captured+`]}`)
	}
	h.must(h.backOffice().ForwardMerged(t.Context()))
	h.has("new", 330_00)
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'short_order' AND closed_at IS NULL`); got != "0" {
		t.Errorf("%s orders are short", got)
	}
	h.shop.spends("r:5", "new", 300_00).has(201, "{}")
	h.shop.captures("r:4", "1044").refuses(409, "reservation_superseded", pays("uncovered", 100_00))
	h.shop.asks("DELETE", "/v1/reservations/r:5", "").has(200, "{}")
	h.passes((24 + 72) * time.Hour)
	h.shop.captures("r:4", "1044").refuses(409, "reservation_expired", pays("uncovered", 100_00))
	h.has("new", 330_00)
}

// D17, X13: what waited for a second person while its customers were merged is repeated and decided as before: it happens at once where
// the money is, once, and what has nothing left to move goes on waiting for its own reason.
func TestWhatWaitsForApprovalFollowsAMerge(t *testing.T) {
	t.Parallel()
	h := open(t, approvalAbove("400.00"))
	clerk, boss := h.clerk("Anna"), h.manager("Bo")
	h.shop.claims("c:old", h.issues(500_00, claimable), "old").has(201, "{}")
	h.shop.claims("c:new", h.issues(50_00, claimable), "new").has(201, "{}")
	h.office.grants("a:0", "third", says("shop", "demo"), pays("delta", 1_00)).has(201, "{}")
	c := h.issues(500_00)
	over := func(caller *caller, minor int64) *reply {
		return caller.transfers("t:over", "customer:old", "customer:new", pays("amount", minor))
	}
	same := over(clerk, 450_00).awaits()
	into := clerk.transfers("t:in", c.id, "customer:old", pays("amount", 420_00)).awaits()
	away := clerk.transfers("t:away", "customer:old", "customer:third", pays("amount", 410_00)).awaits()
	given := clerk.grants("a:1", "old", pays("delta", 500_00)).awaits()
	h.office.grants("a:2", "old", pays("delta", -200_00)).has(201, "{}")
	h.merges("old", "new").has(200, "{}")
	h.unchanged("repeats of what waits", func() {
		if again := over(clerk, 450_00).awaits(); again != same {
			t.Errorf("approval %s, want %s", again, same)
		}
		over(clerk, 451_00).refuses(422, "key_reused")
		clerk.transfers("t:none", "customer:old", "customer:new", pays("amount", 450_00)).refuses(400, "invalid_request", says("field", "to"))
	})
	for _, id := range []string{given, into, away} {
		for range 2 {
			boss.decides("approve", id).has(200, says1("state", "approved"))
		}
	}
	h.has("new", 860_00)
	h.has("third", 411_00)
	for _, login := range []string{"old", "new"} {
		clerk.grants("a:1", login, pays("delta", 500_00)).has(200, members(pays("balance", 850_00)))
		clerk.transfers("t:in", c.id, "customer:"+login, pays("amount", 420_00)).has(200, members(pays("to_balance", 1270_00)))
		clerk.transfers("t:away", "customer:"+login, "customer:third", pays("amount", 410_00)).has(200, members(pays("to_balance", 411_00)))
	}
	boss.decides("approve", same).refuses(409, "insufficient_balance", pays("available", 0))
	if again := over(clerk, 450_00).awaits(); again != same {
		t.Errorf("approval %s, want %s", again, same)
	}
	boss.decides("reject", same).has(200, says1("state", "rejected"))
	over(clerk, 450_00).refuses(400, "invalid_request", says("field", "to"))
	h.has("new", 860_00)
}
