package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// refunds adds what gives redemptions back.
func (s *selling) refunds(to huma.API) {
	const path = "/v1/refunds/{key}"
	anyone := edge.Require(edge.Shop, edge.Till, edge.Admin)
	huma.Register(to, put("refund", path, "Give a redemption back to its voucher, or to a new credit note", anyone), s.refund)
	huma.Register(to, get("recover-refund", path, "What became of a refund", anyone), s.recoverRefund)
	huma.Register(to, del("reverse-refund", path, "Take a refund back, or prevent it", anyone), s.api.reverse(voucher.Refunds))
}

// refundIn asks for a redemption to be given back.
type refundIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Redemption string        `json:"redemption" minLength:"1" maxLength:"128" doc:"Your own redemption's key; any redemption's id for a till or the office"`
		Amount     *money.Amount `json:"amount,omitempty" doc:"Default: all that is left of it"`
		Reason     string        `json:"reason" minLength:"1" maxLength:"500"`
		To         string        `json:"to,omitempty" enum:"new" doc:"new: to a credit note that is made for it, since the voucher was invalidated; the office alone"`
	}
}

// refundOut is what was given back.
type refundOut struct {
	Refund  actOut       `json:"refund"`
	Balance money.Amount `json:"balance" doc:"Of the voucher or account that it came back to, afterwards; where customer is told, of his account"`
	Voucher *voucherOut  `json:"voucher,omitempty" doc:"The new credit note, as it was when it was made"`
	Code    *string      `json:"code,omitempty" doc:"Its code, for 24 hours"`
	WentOnOut
}

func (s *selling) refund(ctx context.Context, in *refundIn) (*body[refundOut], error) {
	if err := s.checkMoney(figure{"amount", in.Body.Amount, capped}); err != nil {
		return nil, err
	}
	asked := retail.Refund{
		Key: in.Key, Redemption: in.Body.Redemption, Amount: in.Body.Amount, Detail: voucher.Detail{Reason: in.Body.Reason},
	}
	if in.Body.To != "" {
		note, err := s.stock.RefundAnew(ctx, counter.Caller(ctx), asked)
		if err != nil {
			return nil, s.api.refuse(ctx, err)
		}
		given := showSold(note)
		return answer(created(note.Created), refundOut{Refund: given.Sale, Balance: given.Balance, Voucher: &given.Voucher, Code: given.Code}), nil
	}
	got, err := s.desk.Refund(ctx, counter.Caller(ctx), asked)
	if err != nil {
		return nil, s.refuseRefund(ctx, err)
	}
	out := refundOut{Refund: showAct(got.Record), Balance: money.Of(got.Record.Balance, got.Record.Currency)}
	if out.WentOnOut, err = s.wentOn(ctx, *got.Record, &out.Balance); err != nil {
		return nil, s.api.refuse(ctx, err)
	}
	return answer(created(got.Created), out), nil
}

// WentOnOut says who has what came back by now.
type WentOnOut struct {
	Customer string `json:"customer,omitempty" doc:"The shop's id of the customer who has it now, since the one who had paid has been merged into him; balance is his"`
}

// wentOn finds who has what came back by now, and tells his balance in the place of the one that it came back to.
func (s *selling) wentOn(ctx context.Context, record voucher.Record, balance *money.Amount) (out WentOnOut, err error) {
	on, err := s.stock.WentOn(ctx, record)
	if err != nil || on == nil {
		return out, err
	}
	*balance = on.Balance
	return WentOnOut{Customer: on.Login}, nil
}

// refuseRefund is the problem of a refund that can't be: whoever asks for what came back already, perhaps when its order was cancelled,
// need not ask again, and what points paid is given back in points.
func (s *selling) refuseRefund(ctx context.Context, err error) error {
	if short, ok := errors.AsType[*voucher.InsufficientError](err); ok && short.Available.Minor == 0 {
		return edge.Refuse(edge.InsufficientBalance, "Nothing is left of the redemption: all of it has come back already, and there is nothing to repeat.",
			edge.With("available", short.Available))
	}
	if other, ok := errors.AsType[*voucher.CurrencyError](err); ok {
		return edge.Refuse(edge.CurrencyMismatch, "The amount is in another currency: "+other.Error()+".")
	}
	return s.api.refuse(ctx, err)
}

// recoveredRefundOut is what became of a refund, with the credit note that it made if it made one.
type recoveredRefundOut struct {
	RecoveredOut
	Voucher *voucherOut `json:"voucher,omitempty" doc:"The credit note that it made, as it was then"`
	Code    *string     `json:"code,omitempty" doc:"Its code, for 24 hours"`
	WentOnOut
}

func (s *selling) recoverRefund(ctx context.Context, in *keyIn) (*body[recoveredRefundOut], error) {
	found, err := s.api.recover(voucher.Refunds)(ctx, in)
	if err != nil {
		return nil, err
	}
	out := recoveredRefundOut{RecoveredOut: found.Body}
	note, made, err := s.stock.Refunded(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, s.api.refuse(ctx, err)
	}
	if made {
		given := showSold(note)
		out.Voucher, out.Code = &given.Voucher, given.Code
	}
	if out.Balance != nil && !made {
		record, err := s.desk.Recover(ctx, counter.Caller(ctx), voucher.Refunds, in.Key)
		if err == nil {
			out.WentOnOut, err = s.wentOn(ctx, record, out.Balance)
		}
		if err != nil {
			return nil, s.api.refuse(ctx, err)
		}
	}
	return answer(found.Status, out), nil
}
