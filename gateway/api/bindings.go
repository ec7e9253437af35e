package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// bindings adds what lets a physical token work as a code.
func (a *api) bindings(to huma.API) {
	const path = "/v1/bindings/{key}"
	tills := edge.Require(edge.Till)
	op := put("bind", path, "Let a physical token, such as an access card, work as a voucher's code", tills)
	op.Description += " At tills alone: to a webshop the token is no code. A voucher has one token at a time, an earlier one ends. The printed code " +
		"lives on unless it is retired. A token is free for another voucher once the one that it is bound to is over."
	huma.Register(to, op, a.bind)
	huma.Register(to, get("recover-binding", path, "What became of a binding", tills), a.recoverBinding)
	huma.Register(to, del("reverse-binding", path, "Take a binding back, or prevent it; a code that it retired works again", tills), a.reverse(voucher.Bindings))
}

// bindIn asks for a token to be bound.
type bindIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code       string   `json:"code" minLength:"1" maxLength:"128" doc:"The voucher's code, or the token that it has so far"`
		Token      string   `json:"token" minLength:"1" maxLength:"128" doc:"The number of the token: 6 to 64 symbols; case, spaces and dashes don't matter"`
		RetireCode bool     `json:"retire_code,omitempty" doc:"Nobody finds the voucher by its code any more; the office can give it another"`
		Buyer      *buyerIn `json:"buyer,omitempty"`
	}
}

// boundOut names a binding.
type boundOut struct {
	Key        string `json:"key" doc:"The caller's key of the act"`
	ID         string `json:"id" doc:"Global id of the act" format:"uuid"`
	TokenLast4 string `json:"token_last4" doc:"The last symbols of the token's number"`
	Retired    bool   `json:"code_retired" doc:"Whether it retired the code"`
}

// showBound renders a binding that was done.
func showBound(r *voucher.Record) boundOut {
	return boundOut{r.Key, r.ID, r.Detail.Bound.Last4, r.Detail.Bound.Retired}
}

// bindOut is what was bound, to which voucher.
type bindOut struct {
	Binding boundOut `json:"binding"`
	Voucher string   `json:"voucher" format:"uuid" doc:"Id of the voucher"`
}

func (a *api) bind(ctx context.Context, in *bindIn) (*body[bindOut], error) {
	got, err := a.desk.Bind(ctx, counter.Caller(ctx), retail.Bind{
		Key: in.Key, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, Token: in.Body.Token, Retire: in.Body.RetireCode,
	})
	switch {
	case errors.Is(err, retail.ErrToken):
		return nil, counter.Invalid("token", retail.ErrToken.Error())
	case err != nil:
		return nil, a.refuseCode(ctx, err)
	}
	return answer(created(got.Created), bindOut{showBound(got.Record), got.Record.Voucher}), nil
}

// recoveredBindingOut is what became of a binding; a prevented one has its state alone.
type recoveredBindingOut struct {
	State   string    `json:"state" enum:"done,reversed,prevented"`
	Binding *boundOut `json:"binding,omitempty"`
	Voucher string    `json:"voucher,omitempty" format:"uuid" doc:"Id of the voucher"`
}

func (a *api) recoverBinding(ctx context.Context, in *keyIn) (*body[recoveredBindingOut], error) {
	record, err := a.desk.Recover(ctx, counter.Caller(ctx), voucher.Bindings, in.Key)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := recoveredBindingOut{State: string(record.State), Voucher: record.Voucher}
	if record.Voucher != "" {
		bound := showBound(&record)
		out.Binding = &bound
	}
	return answer(http.StatusOK, out), nil
}
