package api

import (
	"context"
	"net/http"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// redeemIn asks for a voucher to be spent at the till.
type redeemIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code         string        `json:"code" minLength:"1" maxLength:"128"`
		Amount       money.Amount  `json:"amount"`
		Receipt      string        `json:"receipt" minLength:"1" maxLength:"128" doc:"Number of the receipt; it only names the act for people"`
		AllowPartial bool          `json:"allow_partial,omitempty" doc:"Redeem what there is when it is less than the amount"`
		Buyer        *buyerIn      `json:"buyer,omitempty"`
		OrderTotal   *money.Amount `json:"order_total,omitempty" doc:"What the whole order costs"`
		OtherTenders []tenderIn    `json:"other_tenders,omitempty" maxItems:"20" nullable:"false" doc:"How the rest was paid"`
		MemberIn
	}
}

// redeemOut is what was spent at a till.
type redeemOut struct {
	Redemption   actOut       `json:"redemption"`
	Balance      money.Amount `json:"balance"`
	RemainingDue money.Amount `json:"remaining_due"`
	VATOut
}

// showRedeem renders a redemption of a voucher.
func showRedeem(r *voucher.Record, v voucher.Voucher) redeemOut {
	return redeemOut{showAct(r), money.Of(r.Balance, r.Currency), money.Of(r.Rest, r.Currency), showVAT(v)}
}

func (a *api) redeem(ctx context.Context, in *redeemIn) (*body[redeemOut], error) {
	by := counter.Caller(ctx)
	if err := in.Body.check(by); err != nil {
		return nil, err
	}
	if err := a.checkMoney(append(orderFigures(in.Body.OrderTotal, in.Body.OtherTenders), figure{"amount", &in.Body.Amount, capped})...); err != nil {
		return nil, err
	}
	partial := voucher.Whole
	if in.Body.AllowPartial {
		partial = voucher.AsFarAsMay
	}
	got, err := a.desk.Redeem(ctx, by, retail.Redeem{
		Key: in.Key, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, Amount: in.Body.Amount, Partial: partial, Member: in.Body.member(),
		Detail: voucher.Detail{
			Receipt: in.Body.Receipt, OrderTotal: in.Body.OrderTotal, OtherTenders: tenders(in.Body.OtherTenders),
		},
	})
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	return answer(created(got.Created), showRedeem(got.Record, got.Voucher)), nil
}

// reloadIn asks for money to be added to a voucher.
type reloadIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code    string       `json:"code" minLength:"1" maxLength:"128"`
		Amount  money.Amount `json:"amount"`
		Receipt string       `json:"receipt" minLength:"1" maxLength:"128"`
		Tender  string       `json:"tender" minLength:"1" maxLength:"64" doc:"How the reload was paid"`
		Buyer   *buyerIn     `json:"buyer,omitempty"`
	}
}

// reloadOut is what was added.
type reloadOut struct {
	Reload  actOut       `json:"reload"`
	Balance money.Amount `json:"balance"`
}

func (a *api) reload(ctx context.Context, in *reloadIn) (*body[reloadOut], error) {
	if err := a.checkMoney(figure{"amount", &in.Body.Amount, capped}); err != nil {
		return nil, err
	}
	got, err := a.desk.Reload(ctx, counter.Caller(ctx), retail.Reload{
		Key: in.Key, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, Amount: in.Body.Amount,
		Detail: voucher.Detail{Receipt: in.Body.Receipt, Tender: in.Body.Tender},
	})
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	return answer(created(got.Created), reloadOut{showAct(got.Record), money.Of(got.Record.Balance, got.Record.Currency)}), nil
}

// RecoveredOut is what became of an act. The part that bears the name of its kind is as in the answer
// to the act; a prevented act has none.
type RecoveredOut struct {
	State        string        `json:"state" enum:"done,reversed,prevented,awaiting_approval,rejected,withdrawn,expired" doc:"The last four only of an act of the office that needs, or needed, a second person: nothing has moved"`
	Redemption   *actOut       `json:"redemption,omitempty"`
	Reload       *actOut       `json:"reload,omitempty"`
	Refund       *actOut       `json:"refund,omitempty"`
	Balance      *money.Amount `json:"balance,omitempty" doc:"As it was after the act"`
	RemainingDue *money.Amount `json:"remaining_due,omitempty"`
	Released     *money.Amount `json:"released,omitempty" doc:"Of a redemption that captured a reservation"`
	Late         *bool         `json:"late,omitempty" doc:"Of a redemption that captured a reservation"`
	Voucher      *voucherOut   `json:"voucher,omitempty" doc:"The credit note that a refund made, as it was then"`
	Code         *string       `json:"code,omitempty" doc:"Its code, for 24 hours"`
	PaidOut
	VATOut
}

// recover answers what became of an act of a kind.
func (a *api) recover(kind voucher.ActKind) func(context.Context, *keyIn) (*body[RecoveredOut], error) {
	return func(ctx context.Context, in *keyIn) (*body[RecoveredOut], error) {
		record, err := a.desk.Recover(ctx, counter.Caller(ctx), kind, in.Key)
		if err != nil {
			return nil, a.refuse(ctx, err)
		}
		out := showRecovered(&record)
		if kind == voucher.Redemptions {
			taxed, err := a.desk.VoucherOf(ctx, record)
			if err != nil {
				return nil, a.refuse(ctx, err)
			}
			out.PaidOut, out.VATOut = showPaid(&record), showVAT(taxed)
		}
		return answer(http.StatusOK, out), nil
	}
}

// showRecovered renders an act that was asked for by its key.
func showRecovered(r *voucher.Record) RecoveredOut {
	out := RecoveredOut{State: string(r.State)}
	if r.Voucher == "" {
		return out
	}
	act, balance := showAct(r), money.Of(r.Balance, r.Currency)
	out.Balance = &balance
	switch r.Kind {
	case voucher.Redemptions:
		rest, released, late := money.Of(r.Rest, r.Currency), money.Of(r.Released, r.Currency), r.Late
		out.Redemption, out.RemainingDue, out.Released, out.Late = &act, &rest, &released, &late
	case voucher.Reloads:
		out.Reload = &act
	case voucher.Refunds:
		out.Refund = &act
	}
	return out
}

// reversedOut is what came of taking an act back.
type reversedOut struct {
	Outcome string `json:"outcome" enum:"reversed,prevented"`
}

// reverse takes back an act of a kind, or makes sure that it never happens.
func (a *api) reverse(kind voucher.ActKind) func(context.Context, *keyIn) (*body[reversedOut], error) {
	return func(ctx context.Context, in *keyIn) (*body[reversedOut], error) {
		got, err := a.desk.Reverse(ctx, counter.Caller(ctx), kind, in.Key)
		if err != nil {
			return nil, a.refuse(ctx, err)
		}
		return answer(http.StatusOK, reversedOut{string(got.Outcome)}), nil
	}
}
