package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// approvals holds what the handlers about the second person need.
type approvals struct {
	*admin
	door *retail.People
}

// RegisterApprovals adds the operations about acts that wait for a second person.
func RegisterApprovals(to huma.API, desk *retail.Desk, sales *retail.Sales, door *retail.People) {
	a := &approvals{&admin{office: retail.NewBackOffice(desk, sales)}, door}
	huma.Register(to, get("approvals", "/v1/admin/approvals", "Acts that wait, or waited, for a second person"), a.list)
	huma.Register(to, get("approval", "/v1/admin/approvals/{id}", "An act that waits, or waited, for a second person"), a.one)
	approve := post("approve", "/v1/admin/approvals/{id}/approve", "Carry out what another person asked for")
	approve.Description = "The act happens once, under its own key, however often it is approved. When it no longer fits, its own refusal is the answer, and it goes on waiting. " +
		"Only a manager may who is not the one who asked, and whose sign-in the asker has not set up."
	huma.Register(to, approve, a.approve)
	reject := post("reject", "/v1/admin/approvals/{id}/reject", "End an approval without its act")
	reject.Description = "Whoever asked withdraws it so. The act's key is free again."
	huma.Register(to, reject, a.reject)
	describeAwaiting(to.OpenAPI())
}

// describeAwaiting says in the document which acts of the office may be answered that they wait.
func describeAwaiting(document *huma.OpenAPI) {
	var may []*huma.Operation
	for _, path := range []string{adjustmentPath, "/v1/points/{key}", "/v1/refunds/{key}", "/v1/reloads/{key}", "/v1/transfers/{key}", "/v1/credit-notes/{key}"} {
		if item := document.Paths[path]; item != nil {
			may = append(may, item.Put)
		}
	}
	if item := document.Paths["/v1/admin/purchases/{id}/activate"]; item != nil {
		may = append(may, item.Post)
	}
	for _, op := range may {
		op.Responses[strconv.Itoa(http.StatusAccepted)] = &huma.Response{
			Description: "Asked by a person who has signed in, above the set amount: awaiting_approval. Nothing has moved; approval says what waits.",
			Content:     op.Responses["default"].Content,
		}
	}
}

// approvalsIn asks for approvals.
type approvalsIn struct {
	ShortPageIn
	State string `query:"state" enum:"waiting,approved,rejected,withdrawn,expired" doc:"Every state if left out"`
}

// whoOut names a person.
type whoOut struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name,omitempty" doc:"Absent once forgotten"`
}

// approvalOut is an act that waits, or waited.
type approvalOut struct {
	ID        string          `json:"id" format:"uuid"`
	State     string          `json:"state" enum:"waiting,approved,rejected,withdrawn,expired"`
	Kind      string          `json:"kind" enum:"adjustment,points,refund,reload,transfer,credit_note,activation" doc:"What the act is; points are granted by hand, activation lets a purchase issue"`
	Key       string          `json:"key" doc:"Of the act; of an activation the purchase's id"`
	Subject   string          `json:"subject,omitempty" format:"uuid" doc:"The voucher or account, or the purchase of an activation. Absent for a credit note, whose voucher is made when it is approved"`
	Amounts   []money.Amount  `json:"amounts" nullable:"false" doc:"What it would give, or gave; points count by their worth"`
	Request   json.RawMessage `json:"request" doc:"What exactly was asked for"`
	Reason    string          `json:"reason" doc:"Of the act"`
	AskedBy   whoOut          `json:"asked_by"`
	AskedAt   time.Time       `json:"asked_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	Refusal   string          `json:"refusal,omitempty" doc:"Why it could not be carried out when somebody approved it"`
	DecidedBy *whoOut         `json:"decided_by" doc:"Null while nobody has decided"`
	DecidedAt *time.Time      `json:"decided_at"`
}

func (a *approvals) list(ctx context.Context, in *approvalsIn) (*body[pageOut[approvalOut]], error) {
	page, next, err := a.office.Approvals(ctx, retail.ApprovalFilter{Page: in.stretch(), State: in.State})
	if err != nil {
		return nil, refuseTrade(err)
	}
	names, err := a.names(ctx, page...)
	if err != nil {
		return nil, err
	}
	return showPage(page, next, func(one retail.Approval) approvalOut { return showApproval(one, names) }), nil
}

// names are the people of approvals by their ids.
func (a *approvals) names(ctx context.Context, of ...retail.Approval) (map[string]retail.Person, error) {
	var ids []string
	for _, one := range of {
		ids = append(ids, one.AskedBy, one.DecidedBy)
	}
	return a.door.Named(ctx, ids...)
}

// showApproval renders an approval.
func showApproval(one retail.Approval, names map[string]retail.Person) approvalOut {
	out := approvalOut{
		ID: one.ID, State: string(one.State), Kind: one.Kind, Key: one.Key, Subject: one.Subject, Amounts: []money.Amount{}, Request: one.Request,
		Reason: one.Reason, AskedBy: whoOut{one.AskedBy, names[one.AskedBy].Name}, AskedAt: one.AskedAt.UTC(), ExpiresAt: one.ExpiresAt.UTC(),
		Refusal: one.Refusal, DecidedAt: utc(one.DecidedAt),
	}
	_ = json.Unmarshal(one.Amounts, &out.Amounts) // it was made of amounts
	if one.DecidedBy != "" {
		out.DecidedBy = &whoOut{one.DecidedBy, names[one.DecidedBy].Name}
	}
	if one.Kind == string(voucher.Credits) {
		out.Subject = ""
	}
	if one.Overdue {
		out.State = "expired"
	}
	return out
}

// approvalIn names an approval.
type approvalIn struct {
	ID string `path:"id" doc:"Id of the approval"`
}

func (a *approvals) one(ctx context.Context, in *approvalIn) (*body[approvalOut], error) {
	return a.shows(ctx)(a.office.Approval(ctx, in.ID))
}

func (a *approvals) approve(ctx context.Context, in *approvalIn) (*body[approvalOut], error) {
	return a.shows(ctx)(a.office.Approve(ctx, counter.Caller(ctx), in.ID))
}

// rejectIn asks for an approval to be ended.
type rejectIn struct {
	ID   string `path:"id" doc:"Id of the approval"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit trail"`
	}
}

func (a *approvals) reject(ctx context.Context, in *rejectIn) (*body[approvalOut], error) {
	return a.shows(ctx)(a.office.Reject(ctx, counter.Caller(ctx), in.ID, in.Body.Reason))
}

// shows answers with an approval as it is now, or with what was refused.
func (a *approvals) shows(ctx context.Context) func(retail.Approval, error) (*body[approvalOut], error) {
	return func(one retail.Approval, err error) (*body[approvalOut], error) {
		if err != nil {
			return nil, refuseTrade(err)
		}
		names, err := a.names(ctx, one)
		if err != nil {
			return nil, err
		}
		return ok(showApproval(one, names)), nil
	}
}
