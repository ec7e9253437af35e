package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
)

// tasksIn asks for tasks.
type tasksIn struct {
	PageIn
	Q     string `query:"q" maxLength:"200" doc:"Within kind, subject or reason. Never a code"`
	Kind  string `query:"kind" maxLength:"64" doc:"purchase_waiting, refund_to_settle, delivery, short_order, set_aside, approval …"`
	Shop  string `query:"shop" maxLength:"63" doc:"Of this shop"`
	State string `query:"state" enum:"open,closed,all" default:"open"`
	Sort  string `query:"sort" enum:"opened_at,-opened_at" default:"opened_at" doc:"A minus turns it around"`
}

// taskOut is something that waits for a person.
type taskOut struct {
	ID           int64           `json:"id"`
	Kind         string          `json:"kind"`
	Subject      string          `json:"subject" doc:"Which one; a matter has at most one open task"`
	Shop         string          `json:"shop,omitempty"`
	Reason       string          `json:"reason"`
	Detail       json.RawMessage `json:"detail"`
	OpenedAt     time.Time       `json:"opened_at"`
	AgeSeconds   int64           `json:"age_seconds" doc:"Since it was opened; of a closed one, how long it was open"`
	Closes       string          `json:"closes" enum:"by_hand,by_itself,once_over" doc:"by_hand: a person closes it; by_itself: what settles its cause does; once_over: so too, or by hand when nothing more can come of it"`
	Calls        []callOut       `json:"calls" nullable:"false" doc:"What to ask in order to look into it and to settle it"`
	ClosedAt     *time.Time      `json:"closed_at"`
	ClosedReason string          `json:"closed_reason,omitempty"`
}

// callOut is a call that helps with a task.
type callOut struct {
	Method string `json:"method" enum:"GET,POST,PUT"`
	Path   string `json:"path"`
	Does   string `json:"does"`
}

func (t *trade) tasks(ctx context.Context, in *tasksIn) (*body[pageOut[taskOut]], error) {
	from, to, err := t.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := t.office.Tasks(ctx, retail.TaskFilter{
		Page: in.stretch(in.Sort), Kind: in.Kind, Shop: in.Shop, State: in.State, Text: in.Q, From: from, To: to,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showTask), nil
}

// showTask renders a task.
func showTask(task retail.Task) taskOut {
	return taskOut{
		ID: task.ID, Kind: task.Kind, Subject: task.Subject, Shop: task.Shop, Reason: task.Reason, Detail: task.Detail,
		OpenedAt: task.OpenedAt.UTC(), AgeSeconds: int64(task.Age / time.Second), Closes: string(task.Ending), Calls: callsFor(task),
		ClosedAt: utc(task.ClosedAt), ClosedReason: task.ClosedReason,
	}
}

// matter is what the details of a task name.
type matter struct {
	Purchase string `json:"purchase"`
	Voucher  string `json:"voucher"`
	Order    string `json:"order"`
	EarnedAs string `json:"earned_as"`
	Customer string `json:"customer"`
	Kind     string `json:"kind"`
	Subject  string `json:"subject"`
	Payments []struct {
		Voucher string `json:"voucher"`
	} `json:"payments"`
}

// callsFor are the calls that help with a task; none with one that is closed.
func callsFor(task retail.Task) []callOut {
	if task.ClosedAt != nil {
		return []callOut{}
	}
	var about matter
	_ = json.Unmarshal(task.Detail, &about) // details of another form name nothing that could be called
	calls := append([]callOut{}, callsByKind(task, about)...)
	if task.Ending != retail.ByItself {
		calls = append(calls, calling(http.MethodPost, "tasks", strconv.FormatInt(task.ID, 10), "/close", "close it, once it is settled"))
	}
	return calls
}

// callsByKind is the table of what helps with which kind of task.
func callsByKind(task retail.Task, about matter) []callOut {
	switch task.Kind {
	case purchase.WaitingPurchase:
		return []callOut{
			calling(http.MethodGet, "purchases", about.Purchase, "", "see the purchase"),
			calling(http.MethodPost, "purchases", about.Purchase, "/activate", "let it issue"),
			calling(http.MethodPost, "purchases", about.Purchase, "/dismiss", "decide that it never issues"),
		}
	case purchase.FlaggedPurchase, purchase.RefundToSettle, purchase.DoubtfulOrder:
		return []callOut{calling(http.MethodGet, "purchases", about.Purchase, "", "see the purchase and its vouchers")}
	case retail.TaskApproval:
		return []callOut{
			calling(http.MethodGet, "approvals", task.Subject, "", "see what was asked for, and by whom"),
			calling(http.MethodPost, "approvals", task.Subject, "/approve", "carry it out, as a second person"),
			calling(http.MethodPost, "approvals", task.Subject, "/reject", "end it without its act"),
		}
	case retail.TaskDelivery:
		return deliveryCalls(task.Subject, task.Reason, about)
	case retail.TaskTemplate:
		at := "/v1/admin/templates/" + task.Subject
		return []callOut{
			{Method: http.MethodPut, Path: at, Does: "write it anew"},
			{Method: http.MethodDelete, Path: at, Does: "let what is built in hold"},
		}
	case retail.TaskShortOrder:
		if about.Customer != "" {
			return []callOut{calling(http.MethodGet, "customers", about.Customer, "", "see what the customer has, and what became of it")}
		}
		if about.Voucher == "" { // points, which came back
			return []callOut{pointsOf(task.Shop, about.Order, "see what the order has to do with points")}
		}
		return []callOut{calling(http.MethodGet, "vouchers", about.Voucher, "/history", "see what became of the voucher")}
	case retail.TaskPointsMisplaced:
		return []callOut{
			pointsOf(task.Shop, about.Order, "see what the order has to do with points"),
			pointsOf(task.Shop, about.EarnedAs, "see what was earned, and under which name"),
			calling(http.MethodGet, "customers", about.Customer, "", "see what the customer has; the shop takes an earning back by its key, and what the buyer has told waits for that; later points are taken with an adjustment, and granted to the buyer by hand"),
		}
	case retail.TaskCancelledOrder:
		return paymentCalls(about)
	case retail.TaskActivate:
		return []callOut{
			calling(http.MethodGet, "purchases", about.Purchase, "", "see the purchase and its vouchers"),
			calling(http.MethodPost, "vouchers", task.Subject, "/activate", "let its code be used"),
			calling(http.MethodPost, "vouchers", task.Subject, "/invalidate", "end it"),
		}
	case retail.TaskRecipientChanged:
		return []callOut{
			calling(http.MethodGet, "purchases", about.Purchase, "", "see the purchase and its vouchers"),
			calling(http.MethodPut, "vouchers", task.Subject, "/recipient", "send the code to another address"),
			calling(http.MethodPost, "vouchers", task.Subject, "/resend", "make a new delivery"),
		}
	case retail.TaskRollback:
		return []callOut{{Method: http.MethodGet, Path: "/v1/admin/vouchers?state=quarantined", Does: "see the vouchers that lack something"}}
	case retail.TaskQuarantine:
		return []callOut{
			calling(http.MethodGet, "vouchers", task.Subject, "/history", "see what is known of the voucher"),
			calling(http.MethodPost, "vouchers", task.Subject, "/lift", "end the quarantine"),
		}
	}
	return nil
}

// paymentCalls are the calls that help with an order that vouchers paid for.
func paymentCalls(about matter) (calls []callOut) {
	seen := map[string]bool{"": true}
	for _, p := range about.Payments {
		if !seen[p.Voucher] {
			calls = append(calls, calling(http.MethodGet, "vouchers", p.Voucher, "/history", "see what the voucher paid; PUT /v1/refunds gives a redemption back"))
		}
		seen[p.Voucher] = true
	}
	return calls
}

// deliveryCalls are the calls that help with a delivery.
func deliveryCalls(id, reason string, about matter) []callOut {
	calls := []callOut{
		calling(http.MethodPost, "deliveries", id, "/retry", "try again"),
		calling(http.MethodPost, "deliveries", id, "/cancel", "give it up"),
	}
	if slices.Contains([]string{retail.NoDeliveryDay, retail.DeliveryDayTooLate, retail.VoucherExpired}, reason) {
		calls = append(calls, calling(http.MethodPost, "deliveries", id, "/reschedule", "name the day on which it is sent"))
	}
	if about.Kind == string(retail.KindCode) {
		calls = append(calls,
			calling(http.MethodPut, "vouchers", about.Subject, "/recipient", "send the code to another address"),
			calling(http.MethodPost, "vouchers", about.Subject, "/resend", "make a new delivery"))
	}
	return calls
}

// pointsOf names the call that tells what an order has to do with points.
func pointsOf(shop, order, does string) callOut {
	asked := url.Values{"shop": {shop}, "order": {order}}
	return callOut{Method: http.MethodGet, Path: "/v1/admin/loyalty/orders?" + asked.Encode(), Does: does}
}

// calling names a call about one thing.
func calling(method, things, id, act, does string) callOut {
	return callOut{Method: method, Path: "/v1/admin/" + things + "/" + url.PathEscape(id) + act, Does: does}
}

// closeTaskIn asks for a task to be closed.
type closeTaskIn struct {
	ID   int64 `path:"id" minimum:"1" doc:"Id of the task"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"What became of it"`
	}
}

func (t *trade) closeTask(ctx context.Context, in *closeTaskIn) (*body[taskOut], error) {
	task, err := t.office.CloseTask(ctx, counter.Caller(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showTask(task)), nil
}
