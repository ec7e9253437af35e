package admin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/staff"
)

// awaits expects that an act waits for a second person, and returns the approval's id.
func (r *reply) awaits() string {
	r.t.Helper()
	r.refuses(202, "awaiting_approval", `"approval":{"id":"*","expires_at":"*"}`)
	return r.at("approval", "id")
}

// decides approves or rejects.
func (c *caller) decides(what, id string) *reply {
	c.h.t.Helper()
	body := ""
	if what == "reject" {
		body = members(because)
	}
	return c.asks("POST", "/v1/admin/approvals/"+id+"/"+what, body)
}

// pair is an office where one alone gives up to 200.00, with a clerk and a manager whom the command line let in.
func pair(t *testing.T) (h *house, clerk, boss *caller) {
	t.Helper()
	h = open(t, approvalAbove("200.00"))
	return h, h.clerk("Anna"), h.manager("Bo")
}

// X13: an act above the set amount waits, moves nothing, happens once when another approves it, and is then what it
// would have been.
func TestASecondPersonCarriesOutWhatTheFirstAskedFor(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c := h.issues(500_00)
	id := clerk.adjusts("a:1", c, pays("delta", 300_00)).awaits()
	h.unchanged("asking again", func() {
		for _, who := range []*caller{clerk, boss, h.office} {
			if again := who.adjusts("a:1", c, pays("delta", 300_00)).awaits(); again != id {
				t.Errorf("approval %s, want %s", again, id)
			}
			who.adjusts("a:1", c, pays("delta", 100_00)).refuses(422, "key_reused")
			who.adjusts("a:1", h.unknown(), pays("delta", 300_00)).refuses(422, "key_reused")
			who.asks("GET", "/v1/adjustments/a:1", "").wants(200, `{"state":"awaiting_approval"}`)
		}
		clerk.decides("approve", id).refuses(403, "forbidden")
		h.office.decides("approve", id).refuses(403, "forbidden")
		h.office.decides("reject", id).refuses(403, "forbidden")
	})
	h.office.sees(c).has(200, members(pays("balance", 500_00)))
	h.office.lists("/v1/admin/tasks", "subject", id, "kind", "approval")

	waiting := `"kind":"adjustment","key":"a:1","subject":"` + c.id + `","amounts":[` + dkk(300_00) + `],"reason":"a mistake","request":{"delta":` + dkk(300_00) +
		`,"detail":{"reason":"a mistake"}},"asked_by":{"id":"*","name":"Anna"},"asked_at":"*","expires_at":"*"`
	h.office.asks("GET", "/v1/admin/approvals?state=waiting", "").
		wants(200, `{"next_cursor":null,"items":[{"id":"`+id+`","state":"waiting","decided_by":null,"decided_at":null,`+waiting+`}]}`)
	for range 2 {
		boss.decides("approve", id).wants(200, `{"id":"`+id+`","state":"approved","decided_by":{"id":"*","name":"Bo"},"decided_at":"*",`+waiting+`}`)
	}
	h.office.sees(c).has(200, members(pays("balance", 800_00)))
	clerk.adjusts("a:1", c, pays("delta", 300_00)).wants(200, adjusted("a:1", 300_00, 800_00))
	clerk.asks("GET", "/v1/adjustments/a:1", "").has(200, says1("state", "done"))
	boss.decides("reject", id).refuses(409, "already_settled")
	if got := h.reads(`SELECT string_agg(state, ' ') FROM (SELECT CASE WHEN closed_at IS NULL THEN 'open' ELSE closed_reason END AS state FROM task) t`); got != "approved" {
		t.Errorf("the task is %s", got)
	}
	asker, approver := h.reads(`SELECT asked_by::text FROM approval`), h.reads(`SELECT decided_by::text FROM approval`)
	audited := h.reads(`SELECT actor || ' ' || action || ' ' || (detail ->> 'asked_by') FROM audit WHERE action = 'adjust'`)
	if audited != "office (person "+approver+") adjust "+asker {
		t.Errorf("the audit trail says %s", audited)
	}
	clerk.asks("DELETE", "/v1/adjustments/a:1", "").wants(200, `{"outcome":"reversed"}`)
}

// Every act that one alone may not do can be approved: refunds, reloads and adjustments to a figure.
func TestWhatNeedsApprovalCanBeApproved(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c := h.issues(500_00)
	redemption := h.till.redeems("t:1", c, 300_00).at("redemption", "id")
	refund := clerk.asks("PUT", "/v1/refunds/r:1", members(says("redemption", redemption), because)).awaits()
	reload := members(says("code", c.code), pays("amount", 250_00), says("receipt", "R"), says("tender", "cash"))
	raise := clerk.asks("PUT", "/v1/reloads/l:1", reload).awaits()
	if stored := h.reads(`SELECT string_agg(a::text, ' ') FROM approval a`); strings.Contains(stored, c.code) {
		t.Error("the code is stored with what waits (I13)")
	}
	for _, id := range []string{refund, raise} {
		boss.decides("approve", id).has(200, says1("state", "approved"))
	}
	clerk.asks("PUT", "/v1/refunds/r:1", members(says("redemption", redemption), because)).has(200, members(pays("balance", 500_00)))
	clerk.asks("PUT", "/v1/reloads/l:1", reload).has(200, members(pays("balance", 750_00)))
	set := clerk.adjusts("a:1", c, sets(1000_00, 750_00)...).awaits()
	boss.decides("approve", set).has(200, says1("state", "approved"))
	clerk.asks("GET", "/v1/adjustments/a:1", "").has(200, members(pays("balance", 1000_00)))
}

// What no longer fits is refused for its own reason, and goes on waiting until it fits again.
func TestWhatNoLongerFitsGoesOnWaiting(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c := h.issues(500_00)
	redemption := h.till.redeems("t:1", c, 300_00).at("redemption", "id")
	set := clerk.adjusts("a:1", c, sets(500_00, 200_00)...).awaits()
	whole := clerk.asks("PUT", "/v1/refunds/r:1", members(says("redemption", redemption), because)).awaits()
	code := members(says("code", c.code), pays("amount", 250_00), says("receipt", "R"), says("tender", "cash"))
	reload := clerk.asks("PUT", "/v1/reloads/l:1", code).awaits()

	h.till.asks("PUT", "/v1/refunds/r:2", members(says("redemption", redemption), pays("amount", 50_00), because)).has(201, members(pays("balance", 250_00)))
	boss.decides("approve", set).refuses(409, "balance_changed", pays("balance", 250_00))
	boss.decides("approve", whole).refuses(409, "other_amount")
	h.office.does("block", c, because)
	boss.decides("approve", reload).refuses(409, "blocked")
	if got := h.reads(`SELECT string_agg(state || ': ' || refusal, E'\n' ORDER BY asked_at) FROM approval`); got !=
		"waiting: the balance is 250.00 DKK by now\nwaiting: the act would now move another amount than was asked for\nwaiting: the voucher is blocked" {
		t.Errorf("they are %s", got)
	}
	if got := h.reads(`SELECT count(*)::text FROM task WHERE kind = 'approval' AND closed_at IS NULL AND reason <> 'awaiting_approval'`); got != "3" {
		t.Errorf("%s tasks say why", got)
	}
	h.office.sees(c).has(200, members(pays("balance", 250_00)))
	h.office.does("unblock", c, because)
	boss.decides("approve", reload).has(200, says1("state", "approved"))
	h.office.sees(c).has(200, members(pays("balance", 500_00)))
}

// Two managers at once, and the asker's withdrawal in between: the act happens once, or never.
func TestOnceIsOnceWhoeverDecidesAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	other := h.manager("Cia")
	c := h.issues(500_00)
	id := clerk.adjusts("a:1", c, pays("delta", 300_00)).awaits()
	var all sync.WaitGroup
	for i := range 8 {
		who := []*caller{boss, other}[i%2]
		all.Go(func() { who.decides("approve", id).has(200, says1("state", "approved")) })
		all.Go(func() { clerk.adjusts("a:1", c, pays("delta", 300_00)) })
	}
	all.Wait()
	h.office.sees(c).has(200, members(pays("balance", 800_00)))

	id = clerk.adjusts("a:2", c, pays("delta", 300_00)).awaits()
	var taken, approved *reply
	all.Go(func() { approved = boss.decides("approve", id) })
	all.Go(func() { taken = clerk.asks("DELETE", "/v1/adjustments/a:2", "") })
	all.Wait()
	switch outcome := taken.at("outcome"); {
	case outcome == "prevented" && approved.status == 409:
	case outcome == "reversed" && approved.status == 200:
	default:
		t.Errorf("withdrawn: %s; approved: %d %s", taken.text, approved.status, approved.text)
	}
	h.office.sees(c).has(200, members(pays("balance", 800_00)))
}

// Who may not decide: the asker, a clerk, and whoever the asker has set up. The asker may withdraw.
func TestNobodyIsHisOwnSecondPerson(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	made := boss.asks("POST", "/v1/admin/people", members(says("name", "Cia"), says("email", "cia@example.dk"), says("role", "manager")))
	puppet := h.enters(newcomer{made.at("id"), "cia@example.dk", made.at("initial_password"), made.at("otpauth")})
	c := h.issues(500_00)
	id := boss.adjusts("a:1", c, pays("delta", 300_00)).awaits()
	h.unchanged("deciding", func() {
		for _, who := range []*caller{boss, puppet, clerk, h.office} {
			who.decides("approve", id).refuses(403, "forbidden")
		}
		puppet.decides("reject", id).refuses(403, "forbidden")
	})
	for range 2 {
		boss.decides("reject", id).has(200, says1("state", "withdrawn"))
	}
	boss.asks("GET", "/v1/adjustments/a:1", "").wants(200, `{"state":"withdrawn"}`)
	id = puppet.adjusts("a:1", c, pays("delta", 300_00)).awaits() // whoever set the asker up may be the asker himself
	boss.decides("approve", id).refuses(403, "forbidden")
	h.manager("Eva").decides("approve", id).has(200, says1("state", "approved"))
	h.office.decides("approve", h.unknown().id).refuses(404, "not_found")
	boss.decides("approve", "none").refuses(404, "not_found")
}

// Rejected, withdrawn by its key, or left for a week: nothing moves.
func TestAnApprovalEndsWithoutItsAct(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c := h.issues(500_00)
	id := clerk.adjusts("a:1", c, pays("delta", 300_00)).awaits()
	boss.decides("reject", id).has(200, says1("state", "rejected"))
	boss.decides("approve", id).refuses(409, "already_settled")
	clerk.asks("GET", "/v1/adjustments/a:1", "").wants(200, `{"state":"rejected"}`)
	clerk.adjusts("a:1", c, pays("delta", 100_00)).has(201, members(pays("balance", 600_00))) // the key is free again

	id = clerk.adjusts("a:2", c, pays("delta", 300_00)).awaits()
	for range 2 {
		clerk.asks("DELETE", "/v1/adjustments/a:2", "").wants(200, `{"outcome":"prevented"}`)
	}
	clerk.adjusts("a:2", c, pays("delta", 300_00)).refuses(409, "prevented")
	boss.decides("approve", id).refuses(409, "already_settled")
	clerk.asks("GET", "/v1/adjustments/a:2", "").wants(200, `{"state":"prevented"}`)

	id = clerk.adjusts("a:3", c, pays("delta", 300_00)).awaits()
	renewed := clerk.adjusts("a:4", c, pays("delta", 300_00)).awaits()
	h.passes(staff.ApprovalFor)
	clerk, boss = h.clerk("Dan"), h.manager("Eva") // the sessions are over
	boss.decides("approve", id).refuses(409, "already_settled")
	clerk.asks("GET", "/v1/adjustments/a:3", "").wants(200, `{"state":"expired"}`)
	if again := clerk.adjusts("a:4", c, pays("delta", 301_00)).awaits(); again == renewed {
		t.Error("what has expired waits again")
	}
	h.must(retail.NewBackOffice(h.desk, h.sales).ExpireApprovals(t.Context()))
	if got := h.reads(`SELECT string_agg(state, ' ' ORDER BY asked_at) FROM approval`); got != "rejected withdrawn expired expired waiting" {
		t.Errorf("they are %s", got)
	}
	if got := h.reads(`SELECT string_agg(closed_reason, ' ' ORDER BY id) FROM task WHERE kind = 'approval'`); got != "rejected withdrawn expired expired " {
		t.Errorf("the tasks ended: %s", got)
	}
	h.office.sees(c).has(200, members(pays("balance", 600_00)))
}

// Nobody gets past the set amount in steps: what one gave alone on a voucher counts for a day.
func TestStepsOnOneVoucherCountTogether(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	c, other := h.issues(500_00), h.issues(500_00)
	clerk.adjusts("a:1", c, pays("delta", 150_00)).has(201, members(pays("balance", 650_00)))
	clerk.adjusts("a:2", c, pays("delta", 50_01)).awaits()
	clerk.adjusts("a:3", c, pays("delta", 50_00)).has(201, members(pays("balance", 700_00)))
	clerk.adjusts("a:4", c, pays("delta", 1)).awaits()
	clerk.adjusts("a:5", c, pays("delta", -300_00)).has(201, members(pays("balance", 400_00)))
	clerk.adjusts("a:6", other, pays("delta", 200_00)).has(201, members(pays("balance", 700_00)))
	h.office.adjusts("b:1", c, pays("delta", 200_00)).has(201, members(pays("balance", 600_00))) // another
	h.office.adjusts("b:2", c, pays("delta", 1)).refuses(403, "approval_required")
	clerk.asks("DELETE", "/v1/adjustments/a:1", "").wants(200, `{"outcome":"reversed"}`)
	clerk.adjusts("a:7", c, pays("delta", 150_00)).has(201, members(pays("balance", 600_00)))
	boss.decides("approve", clerk.adjusts("a:8", c, pays("delta", 300_00)).awaits()).has(200, says1("state", "approved"))
	boss.adjusts("c:1", c, pays("delta", 200_00)).has(201, members(pays("balance", 1100_00))) // what one approves is not what he gives alone
	h.passes(staff.GivenFor + time.Minute)
	h.clerk("Dan").adjusts("d:1", c, pays("delta", 200_00)).has(201, members(pays("balance", 1300_00)))
	h.office.adjusts("b:3", c, pays("delta", 200_00)).has(201, members(pays("balance", 1500_00)))
}

// Steps at the same moment count together too.
func TestStepsAtOnceCountTogether(t *testing.T) {
	t.Parallel()
	h, clerk, _ := pair(t)
	c := h.issues(500_00)
	var all sync.WaitGroup
	for _, key := range []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6"} {
		all.Go(func() { clerk.adjusts(key, c, pays("delta", 100_00)) })
	}
	all.Wait()
	h.office.sees(c).has(200, members(pays("balance", 700_00)))
	if got := h.reads(`SELECT count(*)::text FROM approval`); got != "4" {
		t.Errorf("%s wait", got)
	}
}

// X13: what waits of a purchase issues when a second person says so too.
func TestAPurchaseIssuesWhenASecondPersonApproves(t *testing.T) {
	t.Parallel()
	h, clerk, boss := pair(t)
	h.tells(order("1002", 0, tender("bacs"), units(2), func(o *purchase.Order) { o.Total = money.Of(1000_00, "DKK") }))
	path := "/v1/admin/purchases/" + h.purchaseOf("1002")
	body := members(because, `"confirm_unpaid":true`)
	clerk.asks("POST", path+"/activate", members(because)).refuses(409, "not_paid_online")
	id := clerk.asks("POST", path+"/activate", body).awaits()
	for _, who := range []*caller{clerk, h.office} {
		if again := who.asks("POST", path+"/activate", body).awaits(); again != id {
			t.Errorf("approval %s, want %s", again, id)
		}
	}
	clerk.decides("approve", id).refuses(403, "forbidden")
	h.office.asks("GET", path, "").has(200, `{"issued":0}`)
	for range 2 {
		boss.decides("approve", id).has(200, members(says("state", "approved"), says("kind", "activation"), `"amounts":[`+dkk(1000_00)+`]`))
	}
	h.office.asks("GET", path, "").has(200, `{"issued":2}`)
	audited := h.reads(`SELECT (actor LIKE 'office (person %') || ' ' || (detail ? 'asked_by') || ' ' || (detail ->> 'issued') FROM audit WHERE action = 'activate_purchase'`)
	if audited != "true true 2" {
		t.Errorf("the audit trail says %s", audited)
	}

	h.tells(order("1003", 0, tender("bacs")))
	path = "/v1/admin/purchases/" + h.purchaseOf("1003")
	id = clerk.asks("POST", path+"/activate", body).awaits()
	h.office.asks("POST", path+"/dismiss", members(because)).has(200, `{"issued":0}`)
	boss.decides("approve", id).refuses(409, "already_settled")
	h.office.asks("GET", "/v1/admin/approvals/"+id, "").has(200, members(says("state", "waiting"), says("refusal", "nothing of the purchase waits")))
	clerk.decides("reject", id).has(200, says1("state", "withdrawn"))
}
