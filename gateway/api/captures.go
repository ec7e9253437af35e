package api

import (
	"context"
	"fmt"
	"net/http"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// orderFigures are the amounts that are told of the order which a voucher pays for, for checking.
func orderFigures(total *money.Amount, others []tenderIn) []figure {
	figures := []figure{{"order_total", total, mayBeZero}}
	for i := range others {
		figures = append(figures, figure{fmt.Sprintf("other_tenders[%d].amount", i), &others[i].Amount, mayBeZero})
	}
	return figures
}

// captureIn asks for a reservation to be spent.
type captureIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Order        string        `json:"order" minLength:"1" maxLength:"128" doc:"The order it pays for, by its id or its number: the same again gets the same answer"`
		Amount       *money.Amount `json:"amount,omitempty" doc:"Default: what is reserved, at most the order's total less the other tenders"`
		OrderTotal   *money.Amount `json:"order_total,omitempty" doc:"What the whole order costs"`
		OtherTenders []tenderIn    `json:"other_tenders,omitempty" maxItems:"20" nullable:"false" doc:"How the rest was paid"`
	}
}

// captureOut is what was spent.
type captureOut struct {
	Redemption actOut       `json:"redemption"`
	Released   money.Amount `json:"released" doc:"What is left of the reservation and free again"`
	Balance    money.Amount `json:"balance"`
	Late       bool         `json:"late" doc:"The reservation had expired, and nobody had taken the code since"`
	PaidOut
	VATOut
}

// PaidOut is what points paid of an order.
type PaidOut struct {
	Covers    *money.Amount `json:"covers,omitempty" doc:"Of points: what they paid of the order"`
	TotalLine *totalLine    `json:"total_line,omitempty" doc:"Of points: the line that they are to the order's total"`
}

// showPaid renders what points paid.
func showPaid(r *voucher.Record) PaidOut {
	if r.Detail.Covers == nil {
		return PaidOut{}
	}
	return PaidOut{r.Detail.Covers, showTotalLine(r.Amount, *r.Detail.Covers)}
}

// showCapture renders a capture.
func showCapture(got voucher.Answer) captureOut {
	r := got.Record
	return captureOut{
		Redemption: showAct(r), Released: money.Of(r.Released, r.Currency), Balance: money.Of(r.Balance, r.Currency), Late: r.Late,
		PaidOut: showPaid(r), VATOut: showVAT(got.Voucher),
	}
}

func (a *api) capture(ctx context.Context, in *captureIn) (*body[captureOut], error) {
	if err := a.checkMoney(append(orderFigures(in.Body.OrderTotal, in.Body.OtherTenders), figure{"amount", in.Body.Amount, capped})...); err != nil {
		return nil, err
	}
	got, err := a.accounts.Capture(ctx, counter.Caller(ctx), retail.Capture{
		Key: in.Key, Amount: in.Body.Amount, Detail: voucher.Detail{
			Order: in.Body.Order, OrderTotal: in.Body.OrderTotal, OtherTenders: tenders(in.Body.OtherTenders),
		},
	})
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	return answer(http.StatusOK, showCapture(got)), nil
}

// capturesIn asks for several reservations to be spent for one order, all or none.
type capturesIn struct {
	Body struct {
		Order        string        `json:"order" minLength:"1" maxLength:"128"`
		Reservations []captureOf   `json:"reservations" minItems:"1" maxItems:"20" nullable:"false"`
		OrderTotal   *money.Amount `json:"order_total,omitempty" doc:"What the whole order costs"`
		OtherTenders []tenderIn    `json:"other_tenders,omitempty" maxItems:"20" nullable:"false" doc:"How the rest was paid"`
	}
}

// captureOf is one of several reservations.
type captureOf struct {
	Key    string        `json:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Amount *money.Amount `json:"amount,omitempty" doc:"Default: what is reserved, as far as the order still needs it"`
}

// capturesOut is an answer per reservation, in the order of the request.
type capturesOut struct {
	Captures []namedCapture `json:"captures" nullable:"false"`
}

// namedCapture is a [captureOut] with the key that it was asked for under.
type namedCapture struct {
	Key        string       `json:"key"`
	Redemption actOut       `json:"redemption"`
	Released   money.Amount `json:"released"`
	Balance    money.Amount `json:"balance"`
	Late       bool         `json:"late"`
	PaidOut
	VATOut
}

// showNamed renders one of several captures.
func showNamed(key string, got voucher.Answer) namedCapture {
	c := showCapture(got)
	return namedCapture{key, c.Redemption, c.Released, c.Balance, c.Late, c.PaidOut, c.VATOut}
}

func (a *api) captureAll(ctx context.Context, in *capturesIn) (*body[capturesOut], error) {
	figures := orderFigures(in.Body.OrderTotal, in.Body.OtherTenders)
	for i := range in.Body.Reservations {
		figures = append(figures, figure{fmt.Sprintf("reservations[%d].amount", i), in.Body.Reservations[i].Amount, capped})
	}
	if err := a.checkMoney(figures...); err != nil {
		return nil, err
	}
	detail := voucher.Detail{Order: in.Body.Order, OrderTotal: in.Body.OrderTotal, OtherTenders: tenders(in.Body.OtherTenders)}
	captures := make([]retail.Capture, len(in.Body.Reservations))
	for i, r := range in.Body.Reservations {
		captures[i] = retail.Capture{Key: r.Key, Amount: r.Amount, Detail: detail}
	}
	got, err := a.accounts.CaptureAll(ctx, counter.Caller(ctx), captures)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := capturesOut{Captures: make([]namedCapture, len(got))}
	for i, one := range got {
		out.Captures[i] = showNamed(in.Body.Reservations[i].Key, one)
	}
	return answer(http.StatusOK, out), nil
}

// releaseForeignIn asks for the code of a customer at the till to be freed.
type releaseForeignIn struct {
	Body struct {
		Code   string   `json:"code" minLength:"1" maxLength:"128"`
		Reason string   `json:"reason" minLength:"1" maxLength:"500"`
		Buyer  *buyerIn `json:"buyer,omitempty"`
	}
}

func (a *api) releaseForeign(ctx context.Context, in *releaseForeignIn) (*body[releaseOut], error) {
	got, err := a.desk.ReleaseForeign(ctx, counter.Caller(ctx), retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, in.Body.Reason)
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	out := releaseOut{Outcome: string(got.Outcome), State: "none"}
	if got.Reservation != nil {
		out.State = string(got.Reservation.State)
	}
	return answer(http.StatusOK, out), nil
}
