package admin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/staff"
)

// X13: a credit note above the set amount waits; another lets it be made, once, and whoever asked is told its code then.
func TestASecondPersonApprovesACreditNote(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	h.office.credits("c:1", 200_01).refuses(403, "approval_required")
	id := clerk.credits("c:1", 300_00).awaits()
	h.unchanged("asking again, and deciding alone", func() {
		for _, who := range []*caller{clerk, boss, h.office} {
			if again := who.credits("c:1", 300_00).awaits(); again != id {
				t.Errorf("approval %s, want %s", again, id)
			}
			who.credits("c:1", 100_00).refuses(422, "key_reused")
			who.asks("GET", "/v1/credit-notes/c:1", "").wants(200, `{"state":"awaiting_approval"}`)
		}
		clerk.decides("approve", id).refuses(403, "forbidden")
		h.office.decides("approve", id).refuses(403, "forbidden")
	})
	asked := `"kind":"credit_note","key":"c:1","amounts":[` + dkk(300_00) + `],"reason":"a coat came back","request":{"amount":` + dkk(300_00) +
		`,"detail":{"receipt":"R-9","reason":"a coat came back"}},"asked_by":{"id":"*","name":"Anna"},"asked_at":"*","expires_at":"*"`
	for range 2 {
		boss.decides("approve", id).wants(200, `{"id":"`+id+`","state":"approved","decided_by":{"id":"*","name":"Bo"},"decided_at":"*",`+asked+`}`)
	}
	given := clerk.credits("c:1", 300_00)
	given.has(200, members(pays("balance", 300_00), `"credit_note":{"key":"c:1","id":"*","amount":`+dkk(300_00)+`}`))
	h.till.redeems("r:1", noteIn(given), 100_00).has(201, pays1("balance", 200_00))
	if got := h.reads(`SELECT count(*)::text FROM voucher`); got != "1" {
		t.Errorf("%s vouchers were made", got)
	}
	if got := h.reads(`SELECT (object = $1) || ' ' || (detail ? 'asked_by') FROM audit WHERE action = 'credit'`, given.at("voucher", "id")); got != "true true" {
		t.Errorf("the audit trail says %s", got)
	}
	withdrawn := clerk.credits("c:2", 300_00).awaits()
	clerk.asks("DELETE", "/v1/credit-notes/c:2", "").wants(200, `{"outcome":"prevented"}`)
	boss.decides("approve", withdrawn).refuses(409, "already_settled")
	boss.decides("reject", clerk.credits("c:3", 300_00).awaits()).has(200, says1("state", "rejected"))
	clerk.asks("GET", "/v1/credit-notes/c:3", "").wants(200, `{"state":"rejected"}`)
	clerk.credits("c:3", 50_00).has(201, "{}") // the key is free again
}

// X13: so does a refund to a new credit note; when it no longer fits it goes on waiting.
func TestASecondPersonApprovesARefundToANewNote(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c := h.issues(1000_00)
	spent := h.till.redeems("r:1", c, 900_00).at("redemption", "id")
	h.office.does("invalidate", c, because).has(200, "{}")
	refunds := func(by *caller, key string, more ...string) *reply {
		return by.asks("PUT", "/v1/refunds/"+key, members(append(more, says("redemption", spent), because, says("to", "new"))...))
	}
	refunds(h.office, "f:1", pays("amount", 200_01)).refuses(403, "approval_required")
	part, rest := refunds(clerk, "f:1", pays("amount", 500_00)).awaits(), refunds(clerk, "f:2").awaits()
	h.office.asks("GET", "/v1/refunds/f:1", "").wants(200, `{"state":"awaiting_approval"}`)
	boss.decides("approve", part).has(200, members(says("state", "approved"), says("subject", c.id)))
	given := refunds(clerk, "f:1", pays("amount", 500_00))
	given.has(200, pays1("balance", 500_00))
	h.till.redeems("r:2", noteIn(given), 1_00).has(201, "{}")
	boss.decides("approve", rest).refuses(409, "other_amount")
	h.office.asks("GET", "/v1/admin/approvals/"+rest, "").has(200, says1("state", "waiting"))
	clerk.decides("reject", rest).has(200, says1("state", "withdrawn"))
	boss.decides("approve", refunds(clerk, "f:2", pays("amount", 400_00)).awaits()).has(200, "{}")
	refunds(clerk, "f:3", pays("amount", 1)).refuses(409, "insufficient_balance", pays("available", 0))
}

// X13: nobody gets past the set amount by many small notes: those that one gives alone count together for a day, whatever they are for.
func TestNotesOfOnePersonCountTogether(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	clerk.credits("c:1", 150_00).has(201, "{}")
	clerk.credits("c:2", 50_01).awaits()
	h.office.credits("c:3", 150_00).has(201, "{}") // another
	h.office.credits("c:4", 50_01).refuses(403, "approval_required")
	boss.credits("c:5", 200_00).has(201, "{}")
	clerk.asks("PUT", "/v1/credit-notes/c:6", members(says("receipt", "R-9"), because, `"amount":{"amount":20000,"currency":"EUR"}`)).has(201, "{}")
	c := h.issues(500_00)
	spent := h.till.redeems("r:1", c, 300_00).at("redemption", "id")
	h.office.does("invalidate", c, because).has(200, "{}")
	refunds := func(key string, minor int64) *reply {
		return clerk.asks("PUT", "/v1/refunds/"+key, members(pays("amount", minor), says("redemption", spent), because, says("to", "new")))
	}
	refunds("f:1", 50_01).awaits()
	refunds("f:2", 50_00).has(201, "{}")
	clerk.credits("c:7", 1).awaits()
	clerk.asks("DELETE", "/v1/refunds/f:2", "").wants(200, `{"outcome":"reversed"}`)
	clerk.credits("c:8", 50_00).has(201, "{}")
	clerk.asks("DELETE", "/v1/credit-notes/c:1", "").wants(200, `{"outcome":"reversed"}`)
	clerk.credits("c:9", 150_00).has(201, "{}")
	h.till.credits("c:1", 900_00).has(201, "{}") // a till answers to its receipt
	h.passes(staff.GivenFor + time.Minute)
	h.clerk("Dan").credits("d:1", 200_00).has(201, "{}")
	h.office.credits("c:4", 200_00).has(201, "{}")
}

// X13: notes at the same moment count together, and one that is asked for twice at once is made once.
func TestNotesAtOnceCountTogether(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	var all sync.WaitGroup
	for _, key := range []string{"c:1", "c:1", "c:2", "c:2", "c:3", "c:3", "c:4", "c:4"} {
		all.Go(func() {
			if got := clerk.credits(key, 100_00); got.status != 201 && got.status != 200 && got.status != 202 {
				t.Errorf("%s: %d %s", key, got.status, got.text)
			}
		})
	}
	all.Wait()
	if got := h.reads(`SELECT (SELECT sum(balance) FROM voucher)::text || ' ' || (SELECT count(*) FROM approval)::text`); got != "20000 2" {
		t.Errorf("worth and waiting: %s", got)
	}
	ids := strings.Fields(h.reads(`SELECT string_agg(id::text, ' ') FROM approval`))
	for _, id := range append(ids, ids...) {
		all.Go(func() { boss.decides("approve", id).has(200, says1("state", "approved")) })
	}
	all.Wait()
	if got := h.reads(`SELECT count(*)::text || ' ' || sum(balance)::text FROM voucher`); got != "4 40000" {
		t.Errorf("there are %s", got)
	}
}
