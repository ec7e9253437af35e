package admin_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// waits opens a task.
func (h *house) waits(task outbox.Task) {
	h.t.Helper()
	h.must(outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error { return outbox.OpenTask(h.t.Context(), tx, task) }))
}

// taskOf is the id of the open task of a kind.
func (h *house) taskOf(kind string) string {
	h.t.Helper()
	return h.reads(`SELECT id::text FROM task WHERE kind = $1 AND closed_at IS NULL`, kind)
}

func (c *caller) closes(kind string) *reply {
	c.h.t.Helper()
	return c.asks("POST", "/v1/admin/tasks/"+c.h.taskOf(kind)+"/close", members(because))
}

// refunded gives money back without a word for what.
func refunded(o *purchase.Order) {
	o.Refunds = []purchase.Refund{{ID: "r1", Amount: money.Of(100_00, "DKK")}}
}

// X06, E05: whatever waits for a person is here, with reason, age and what to do about it.
func TestTasksSayWhatWaitsAndWhatToCall(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs")))
	h.passes(2 * time.Hour)
	h.tells(order("1002", 0))
	h.tells(order("1002", 1, refunded))
	id := h.purchaseOf("1001")
	const path = "/v1/admin/tasks"
	h.office.lists(path, "kind", "purchase_waiting refund_to_settle", "limit", "1")
	h.office.lists(path, "kind", "refund_to_settle", "kind", "refund_to_settle")
	h.office.lists(path, "kind", "purchase_waiting refund_to_settle", "shop", "demo")
	h.office.lists(path, "kind", "", "shop", "other")
	h.office.lists(path, "kind", "", "state", "closed")
	got := h.office.asks("GET", path+"?kind=purchase_waiting", "")
	got.wants(200, `{"next_cursor":null,"items":[{"id":`+h.taskOf("purchase_waiting")+`,"kind":"purchase_waiting",
		"subject":"`+id+`/not_paid_online","shop":"demo","reason":"not_paid_online","opened_at":"*","age_seconds":"*","closed_at":null,"closes":"by_itself",
		"detail":{"purchase":"`+id+`","order":"91001","number":"1001","about":"not_paid_online","units":["1/1"]},
		"calls":[
			{"method":"GET","path":"/v1/admin/purchases/`+id+`","does":"see the purchase"},
			{"method":"POST","path":"/v1/admin/purchases/`+id+`/activate","does":"let it issue"},
			{"method":"POST","path":"/v1/admin/purchases/`+id+`/dismiss","does":"decide that it never issues"}]}]}`)
	var page struct {
		Items []struct {
			Age int64 `json:"age_seconds"`
		}
	}
	h.must(json.Unmarshal([]byte(got.text), &page))
	if age := time.Duration(page.Items[0].Age) * time.Second; age < 2*time.Hour || age > 3*time.Hour {
		t.Errorf("the task is %s old, want two hours", age)
	}
}

// E06: what was sold far above its face value issues that, and is asked about once.
func TestAVoucherThatCostMoreThanItHoldsIsAskedAbout(t *testing.T) {
	t.Parallel()
	h := open(t)
	dear := order("1001", 0, func(o *purchase.Order) { o.Total = money.Of(700_00, "DKK"); o.Lines[0].Paid = o.Total })
	if got := h.till.looksUp(h.sells(dear)[0]); !strings.Contains(got.text, `"balance":{"amount":50000`) {
		t.Errorf("the voucher is %s", got.text)
	}
	const path = "/v1/admin/tasks"
	h.office.lists(path, "reason", "above_face_value", "kind", "purchase_flagged")
	h.office.closes("purchase_flagged").has(200, `{"closed_at":"*"}`)
	dear.Modified = dear.Modified.Add(time.Minute)
	h.tells(dear)
	h.office.lists(path, "reason", "", "kind", "purchase_flagged")
}

// Every call that a task names is one that is served.
func TestTheCallsOfATaskAreServed(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	id := h.purchaseOf("1001")
	detail, err := json.Marshal(map[string]string{"purchase": id, "voucher": c.id, "kind": "code", "subject": c.id})
	h.must(err)
	for _, kind := range []string{
		purchase.WaitingPurchase, purchase.FlaggedPurchase, purchase.RefundToSettle, purchase.DoubtfulOrder, retail.TaskShortOrder,
	} {
		h.waits(outbox.Task{Kind: kind, Subject: id, Reason: "so", Detail: detail})
	}
	h.waits(outbox.Task{Kind: retail.TaskDelivery, Subject: h.deliveryOf(c), Reason: "late", Detail: detail})
	h.waits(outbox.Task{Kind: retail.TaskActivate, Subject: c.id, Reason: "so", Detail: detail})
	h.waits(outbox.Task{Kind: retail.TaskQuarantine, Subject: c.id, Reason: "so"})
	h.waits(outbox.Task{Kind: retail.TaskSetAside, Subject: "demo/15", Reason: "so"})
	var page struct {
		Items []struct {
			Kind  string
			Calls []struct{ Method, Path string }
		}
	}
	h.must(json.Unmarshal([]byte(h.office.asks("GET", "/v1/admin/tasks", "").text), &page))
	for _, task := range page.Items {
		if len(task.Calls) == 0 {
			t.Errorf("nothing helps with %s", task.Kind)
		}
		for _, call := range task.Calls {
			got := h.office.asks(call.Method, call.Path, `{"nothing":1}`)
			if got.status == 404 || got.status == 405 {
				t.Errorf("%s names %s %s, which is answered %d", task.Kind, call.Method, call.Path, got.status)
			}
		}
	}
}

// A person closes what nothing else can settle, and the audit trail says who and why.
func TestATaskIsClosedByHand(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0))
	h.tells(order("1001", 1, refunded))
	task := h.taskOf("refund_to_settle")
	h.office.closes("refund_to_settle").has(200, `{"closed_reason":"a customer called","calls":[],"closes":"by_hand"}`)
	if got := h.openTasks(); got != "" {
		t.Errorf("tasks are left: %s", got)
	}
	want := fmt.Sprintf(`close_task {"kind": "refund_to_settle", "reason": "a customer called", "subject": "%s/r1"}`, h.purchaseOf("1001"))
	if got := h.noted("task " + task); got != want {
		t.Errorf("the audit trail says %s, want %s", got, want)
	}
	h.untouched("the same again", func() {
		h.office.asks("POST", "/v1/admin/tasks/"+task+"/close", members(because)).refuses(409, "already_settled")
	})
	h.tells(order("1001", 2, refunded))
	if got := h.openTasks(); got != "" {
		t.Errorf("what a person closed is open again: %s", got)
	}
	h.office.lists("/v1/admin/tasks", "kind", "refund_to_settle", "state", "all")
}

// A task that its cause has closed is settled, whatever its kind.
func TestATaskThatClosedItselfIsSettled(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs")))
	task := h.taskOf("purchase_waiting")
	h.office.asks("POST", "/v1/admin/purchases/"+h.purchaseOf("1001")+"/dismiss", members(because)).has(200, `{"state":"dismissed"}`)
	h.office.asks("POST", "/v1/admin/tasks/"+task+"/close", members(because)).refuses(409, "already_settled")
}

// What still waits can't be hidden by closing its task.
func TestATaskThatEndsWithItsCauseIsNotClosedByHand(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs")))
	c := h.sells(order("1002", 0))[0]
	h.waits(outbox.Task{Kind: retail.TaskQuarantine, Subject: c.id, Reason: "so"})
	h.waits(outbox.Task{Kind: retail.TaskDelivery, Subject: h.deliveryOf(c), Reason: "late"})
	h.waits(outbox.Task{Kind: "of_another_time", Subject: "x", Reason: "so"})
	h.untouched("closing by hand", func() {
		for _, kind := range []string{"purchase_waiting", "quarantine", "delivery", "of_another_time"} {
			h.office.closes(kind).refuses(409, "closes_itself")
		}
	})
	h.runs(`UPDATE delivery SET state = 'bounced', reason = 'no such mailbox', due_at = NULL, nudge_at = NULL, finished_at = vouchsafe_now()`)
	h.office.closes("delivery").has(200, `{"closes":"once_over","closed_reason":"a customer called"}`)
}

// A body that a person has looked into is forgotten in its time, like all others.
func TestASetAsideBodyIsLaidToRestWithItsTask(t *testing.T) {
	t.Parallel()
	h := open(t)
	body := h.reads(`INSERT INTO inbox (shop, digest, message, body, headers, state, reason)
		VALUES ('demo', sha256('x'), '', 'sealed', '{}', 'set_aside', 'not JSON') RETURNING id::text`)
	h.waits(outbox.Task{Kind: retail.TaskSetAside, Subject: body, Shop: "demo", Reason: "not JSON"})
	h.office.closes("set_aside").has(200, `{"closes":"by_hand"}`)
	if got, want := h.reads(`SELECT state || ' ' || reason FROM inbox`), "ignored the office: a customer called"; got != want {
		t.Errorf("the body is %s, want %s", got, want)
	}
	h.passes(31 * 24 * time.Hour)
	h.must(h.sales.EraseBodies(t.Context()))
	if got := h.reads(`SELECT (body IS NULL)::text FROM inbox`); !strings.HasPrefix(got, "t") {
		t.Error("the body is kept for ever")
	}
}
