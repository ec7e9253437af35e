package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// cashOuts adds what pays a voucher out in cash.
func (a *api) cashOuts(to huma.API, tills scope) {
	const path = "/v1/cash-outs/{key}"
	op := put("cash-out", path, "Pay a voucher out in cash, as its country's rule allows", tills)
	op.Description += " Where the law lets the holder ask for it, all of the balance that was paid for, also for some time after the voucher has expired; a fee is kept " +
		"only until its last day, and none of a voucher that never expires. Elsewhere what is left, up to the limit that the merchant has set. Goodwill stays on the voucher: it never becomes cash. The rules are no legal advice."
	huma.Register(to, op, a.cashOut)
	huma.Register(to, get("recover-cash-out", path, "What became of a cash-out", tills), a.recoverCashOut)
	huma.Register(to, del("reverse-cash-out", path, "Take a cash-out back, or prevent it", tills), a.reverse(voucher.CashOuts))
}

// cashOutIn asks for a voucher to be paid out.
type cashOutIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code    string   `json:"code" minLength:"1" maxLength:"128"`
		Receipt string   `json:"receipt" minLength:"1" maxLength:"128" doc:"Number of the receipt that the customer signs or gets"`
		Reason  string   `json:"reason" minLength:"1" maxLength:"500"`
		Buyer   *buyerIn `json:"buyer,omitempty"`
	}
}

// paidOut is a cash-out's name, and what became of the balance.
type paidOut struct {
	Key    string       `json:"key" doc:"The caller's key of the act"`
	ID     string       `json:"id" doc:"Global id of the act" format:"uuid"`
	Amount money.Amount `json:"amount" doc:"What the customer gets"`
	Fee    money.Amount `json:"fee" doc:"What was kept of the balance: 0 where the law lets the merchant keep nothing, as of a voucher that has expired or never does"`
}

// cashOutOut is what was paid out.
type cashOutOut struct {
	CashOut paidOut      `json:"cash_out"`
	Balance money.Amount `json:"balance"`
}

// showCashOut renders a cash-out that was done.
func showCashOut(r *voucher.Record) cashOutOut {
	paid, fee := r.PaidOut()
	return cashOutOut{paidOut{r.Key, r.ID, paid, fee}, money.Of(r.Balance, r.Currency)}
}

func (a *api) cashOut(ctx context.Context, in *cashOutIn) (*body[cashOutOut], error) {
	got, err := a.desk.CashOut(ctx, counter.Caller(ctx), retail.CashOut{
		Key: in.Key, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, Detail: voucher.Detail{Receipt: in.Body.Receipt, Reason: in.Body.Reason},
	})
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	return answer(created(got.Created), showCashOut(got.Record)), nil
}

// recoveredCashOutOut is what became of a cash-out; a prevented one has its state alone.
type recoveredCashOutOut struct {
	State   string        `json:"state" enum:"done,reversed,prevented"`
	CashOut *paidOut      `json:"cash_out,omitempty"`
	Balance *money.Amount `json:"balance,omitempty" doc:"As it was after the act"`
}

func (a *api) recoverCashOut(ctx context.Context, in *keyIn) (*body[recoveredCashOutOut], error) {
	record, err := a.desk.Recover(ctx, counter.Caller(ctx), voucher.CashOuts, in.Key)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := recoveredCashOutOut{State: string(record.State)}
	if record.Voucher != "" {
		done := showCashOut(&record)
		out.CashOut, out.Balance = &done.CashOut, &done.Balance
	}
	return answer(http.StatusOK, out), nil
}
