package admin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/staff"
)

// generous is an office where one alone gives up to 200.00, with points of ten øre each: 2000 of them.
func generous(t *testing.T) (h *house, clerk, boss *caller) {
	t.Helper()
	h, clerk, boss = pair(t)
	h.office.rules(0, tenth).has(200, `{"version":1}`)
	return h, clerk, boss
}

// grantsBy gives points of the demo shop's programme by hand.
func (c *caller) grantsBy(key, customer string, n int64, more ...string) *reply {
	c.h.t.Helper()
	return c.earns(key, customer, "manual", append(more, says("shop", "demo"), fmt.Sprintf(`"points":%d`, n), because)...)
}

// X13 P15: a grant whose worth is above the set amount waits as every other act does, and happens once, when another approves it, to
// points that live as long as any.
func TestAGrantOfPointsWaitsForASecondPerson(t *testing.T) {
	t.Parallel()
	h, clerk, boss := generous(t)
	h.office.grantsBy("g:1", "7", 2001).refuses(403, "approval_required") // an API key has no second person
	id := clerk.grantsBy("g:1", "7", 2001).awaits()
	h.unchanged("asking again", func() {
		for _, who := range []*caller{clerk, boss, h.office} {
			if again := who.grantsBy("g:1", "7", 2001).awaits(); again != id {
				t.Errorf("approval %s, want %s", again, id)
			}
			who.grantsBy("g:1", "7", 2002).refuses(422, "key_reused")
			who.grantsBy("g:1", "8", 2001).refuses(422, "key_reused")
			who.asks("GET", "/v1/points/g:1", "").wants(200, `{"state":"awaiting_approval"}`)
		}
		clerk.decides("approve", id).refuses(403, "forbidden")
	})
	h.hasPoints("7", 0, 0)
	h.office.lists("/v1/admin/tasks", "subject", id, "kind", "approval")
	h.office.asks("GET", "/v1/admin/approvals/"+id, "").has(200, members(says("kind", "points"), says("key", "g:1"), `"amounts":[{"amount":2001,"currency":"POINT"}]`,
		`"request":{"points":2001,"customer":"`+h.idOf("7")+`","account":true,"detail":{"reason":"a customer called"}}`))
	for range 2 {
		boss.decides("approve", id).has(200, says1("state", "approved"))
	}
	h.hasPoints("7", 2001, 0)
	clerk.grantsBy("g:1", "7", 2001).has(200, members(point("earned", 2001), point("balance", 2001)))
	clerk.asks("GET", "/v1/points/g:1", "").has(200, members(says("state", "done"), says("event", "manual"), point("earned", 2001)))
	if got := h.reads(`SELECT (detail ? 'asked_by') || ' ' || (detail ->> 'points') || ' ' || (detail ->> 'approval') FROM audit WHERE action = 'grant_points'`); got != "true 2001 "+id {
		t.Errorf("the audit trail says %s", got)
	}
	if got := h.reads(`SELECT count(*)::text FROM lot WHERE ends_at IS NOT NULL`); got != "1" {
		t.Error("points that were approved live for ever")
	}
	clerk.asks("DELETE", "/v1/points/g:1", "").wants(200, says1("outcome", "reversed"))
	id = clerk.grantsBy("g:2", "7", 2001).awaits()
	clerk.asks("DELETE", "/v1/points/g:2", "").wants(200, says1("outcome", "prevented"))
	boss.decides("approve", id).refuses(409, "already_settled")
	clerk.asks("GET", "/v1/points/g:2", "").wants(200, `{"state":"prevented"}`)
	h.hasPoints("7", 0, 0)
}

// X13: worth is the one measure of points that are given, however they are: by hand, by an adjustment, a transfer, a refund or a merge.
func TestPointsAreMeasuredByTheirWorth(t *testing.T) {
	t.Parallel()
	h, clerk, boss := generous(t)
	adjusts := func(key, customer string, n int64) *reply {
		return clerk.grants(key, customer, says("shop", "demo"), point("delta", n))
	}
	id := adjusts("a:1", "7", 2001).awaits() // 200.10
	boss.decides("approve", id).has(200, says1("state", "approved"))
	if got := h.reads(`SELECT count(*)::text FROM lot WHERE ends_at IS NOT NULL`); got != "1" {
		t.Error("points that were approved live for ever")
	}
	adjusts("a:2", "7", 1999).has(201, members(point("balance", 4000))) // more than 200 points, and less than 200.00
	h.passes(staff.GivenFor + time.Minute)
	clerk = h.clerk("Dan")
	boss = h.manager("Eva")
	moves := members(says("from", "customer:7"), says("to", "customer:8"), says("shop", "demo"), point("amount", 2001), because)
	h.shop.earns("e:1", "8", "signup").has(201, "{}")
	id = clerk.asks("PUT", "/v1/transfers/t:1", moves).awaits()
	boss.decides("approve", id).has(200, says1("state", "approved"))
	h.hasPoints("8", 2101, 0)
	merge := members(says("into", h.idOf("7")), because)
	clerk.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", merge).refuses(403, "approval_required")
	h.shop.paysWith("r:1", "8", 210_10).has(201, members(point("amount", 2101)))
	h.shop.captures("r:1", "1001").has(200, "{}")
	back := members(says("redemption", h.reads(`SELECT id::text FROM act WHERE kind = 'redemption'`)), because)
	id = clerk.asks("PUT", "/v1/refunds/f:1", back).awaits()
	clerk.decides("reject", id).has(200, says1("state", "withdrawn"))
	clerk.asks("POST", "/v1/admin/customers/"+h.idOf("8")+"/merge", merge).has(200, says1("customer", "7")) // he has none left
	adjusts("a:3", "7", 1900).has(201, "{}")
}

// X13: what one gives alone of points in a day counts together, whomever he gives it and by whatever act; a fraction of the smallest
// unit counts as a whole.
func TestPointsGivenAloneCountTogether(t *testing.T) {
	t.Parallel()
	h, clerk, boss := generous(t)
	clerk.grantsBy("g:1", "7", 1500).has(201, members(point("balance", 1500)))
	clerk.grantsBy("g:2", "8", 501).awaits()
	clerk.grants("a:1", "8", says("shop", "demo"), point("delta", 501)).awaits()
	clerk.grantsBy("g:3", "8", 500).has(201, members(point("balance", 500)))
	clerk.grantsBy("g:4", "9", 1).awaits()
	clerk.grants("a:2", "7", says("shop", "demo"), point("delta", -100)).has(201, "{}") // it takes
	clerk.earns("e:1", "9", "order", says("shop", "demo"), bought("1", 10_00)).refuses(403, "approval_required")
	h.shop.earns("e:1", "9", "order", bought("1", 10_00)).has(201, members(point("earned", 1))) // its shop may tell of it
	boss.grantsBy("g:5", "9", 2000).has(201, members(point("balance", 2001)))                   // another's day
	clerk.asks("DELETE", "/v1/points/g:3", "").wants(200, says1("outcome", "reversed"))
	clerk.grantsBy("g:6", "9", 500).has(201, members(point("balance", 2501)))
	h.passes(staff.GivenFor + time.Minute)
	h.clerk("Dan").grantsBy("d:1", "9", 2000).has(201, "{}")

	h.office.rules(1, strings.Replace(tenth, `{"points":10,"value":{"amount":100,`, `{"points":1000,"value":{"amount":1,`, 1)).has(200, `{"version":2}`)
	for i := range 3 {
		h.office.grantsBy(fmt.Sprint("s:", i), "7", 1).has(201, "{}")
	}
	if got := h.reads(`SELECT sum(amount)::text FROM given_alone WHERE giver = 'key id-of-admin'`); got != "30" {
		t.Errorf("three points count %s, by the higher rate of before", got)
	}
}

// X13: grants at the same moment count together, and one that is approved by many at once happens once.
func TestGrantsOfPointsAtOnceCountTogether(t *testing.T) {
	t.Parallel()
	h, clerk, boss := generous(t)
	other := h.manager("Cia")
	var all sync.WaitGroup
	for i, key := range []string{"g:1", "g:1", "g:2", "g:2", "g:3", "g:3", "g:4", "g:4"} {
		all.Go(func() {
			if got := clerk.grantsBy(key, fmt.Sprint(7+i/4), 1000); got.status != 201 && got.status != 200 && got.status != 202 && got.status != 422 {
				t.Errorf("%s: %d %s", key, got.status, got.text)
			}
		})
	}
	all.Wait()
	given := `SELECT coalesce(sum(balance), 0)::text || ' ' || (SELECT count(*) FROM approval) FROM account`
	if got := h.reads(given); got != "2000 2" {
		t.Errorf("points and what waits: %s", got)
	}
	ids := strings.Fields(h.reads(`SELECT string_agg(id::text, ' ') FROM approval`))
	for _, id := range append(ids, ids...) {
		all.Go(func() { boss.decides("approve", id).has(200, says1("state", "approved")) })
		all.Go(func() { other.decides("approve", id).has(200, says1("state", "approved")) })
	}
	all.Wait()
	if got := h.reads(given); got != "4000 2" {
		t.Errorf("points and approvals: %s", got)
	}
}

// X13: points that are worth nothing yet count by the rate that comes, so that nobody gives ahead of it.
func TestPointsAheadOfTheirRateCountByIt(t *testing.T) {
	t.Parallel()
	h, clerk, _ := pair(t)
	h.office.rules(0, `"rules":[{"event":"signup","points":5}]`).has(200, "{}")
	clerk.grantsBy("g:1", "7", 5000).awaits() // no rate is known: nobody knows what they are worth
	h.office.rules(1, `"rates":[{"since":"2999-01-01","points":10,"value":{"amount":100,"currency":"DKK"}}]`).has(200, "{}")
	clerk.grantsBy("g:2", "7", 2001).awaits()
	clerk.grantsBy("g:3", "7", 2000).has(201, "{}")
}

// X13 P15: nobody takes a rate away to grant points, and puts it back; nor grants any before the first.
func TestX13PointsCountAtTheirHighestRate(t *testing.T) {
	t.Parallel()
	h, clerk, _ := pair(t)
	h.office.grantsBy("g:0", "7", 1).refuses(403, "approval_required")
	h.office.rules(0, tenth).has(200, `{"version":1}`)
	h.office.rules(1, `"rules":[]`).has(200, `{"version":2}`)
	h.office.grantsBy("g:1", "7", 2001).refuses(403, "approval_required")
	h.office.rules(2, `"rates":[{"points":1000000,"value":{"amount":1,"currency":"DKK"}}]`).has(200, `{"version":3}`)
	h.office.grantsBy("g:1", "7", 2001).refuses(403, "approval_required")
	clerk.grantsBy("g:2", "7", 2001).awaits()
	h.office.grantsBy("g:1", "7", 2000).has(201, "{}")
}

// X13 P07 P15 P17: what points are worth and bring is no act with an amount, and waits for nobody: it is for managers, whose names stand
// with it. Points given in the office count at the highest rate there ever was, whoever has lowered it.
func TestTheProgrammeIsForManagers(t *testing.T) {
	t.Parallel()
	h, clerk, boss := generous(t)
	const raised = `"rates":[{"points":1,"value":{"amount":1000,"currency":"DKK"}}]`
	h.unchanged("a clerk", func() {
		clerk.rules(1, raised).refuses(403, "forbidden")
		clerk.asks("PUT", "/v1/admin/loyalty/customers/7?shop=demo", `{"percent":1000}`).refuses(403, "forbidden")
	})
	boss.rules(1, raised).has(200, `{"version":2}`)
	boss.rules(2, tenth).has(200, `{"version":3}`)
	if got := h.reads(`SELECT count(DISTINCT actor)::text FROM audit WHERE action = 'put_loyalty_programme'`); got != "2" {
		t.Errorf("%s have put programmes", got)
	}
	clerk.grantsBy("g:1", "7", 20).has(201, "{}")
	clerk.grantsBy("g:2", "7", 1).awaits()
}
