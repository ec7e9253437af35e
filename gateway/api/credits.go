package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// credits adds what gives credit notes.
func (s *selling) credits(to huma.API) {
	const path = "/v1/credit-notes/{key}"
	staff := edge.Require(edge.Till, edge.Admin)
	huma.Register(to, put("credit", path, "Give a credit note for goods that came back", staff), s.credit)
	huma.Register(to, get("recover-credit-note", path, "What became of a credit note", staff), s.recoverCredit)
	huma.Register(to, del("reverse-credit-note", path, "Take an unspent credit note back, or prevent it", staff), s.reverseCredit)
}

// creditIn asks for a credit note.
type creditIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Amount  money.Amount `json:"amount" doc:"What it shall be worth"`
		Receipt string       `json:"receipt" minLength:"1" maxLength:"128" doc:"Number of the return's receipt"`
		Reason  string       `json:"reason" minLength:"1" maxLength:"500" doc:"What came back, and why"`
		Product string       `json:"product,omitempty" maxLength:"100" doc:"SKU of a product of kind credit, for its validity and its form of codes; default: the usual ones"`
	}
}

// creditOut is a credit note, as it was when it was given.
type creditOut struct {
	CreditNote actOut       `json:"credit_note"`
	Voucher    voucherOut   `json:"voucher" doc:"As it was when it was given"`
	Code       *string      `json:"code" doc:"The note's code, for 24 hours; then null"`
	Last4      string       `json:"last4" doc:"The last symbols of the code"`
	Balance    money.Amount `json:"balance"`
}

// showCredit renders a credit note that was given.
func showCredit(s retail.Sale) creditOut {
	sold := showSold(s)
	return creditOut{CreditNote: sold.Sale, Voucher: sold.Voucher, Code: sold.Code, Last4: sold.Last4, Balance: sold.Balance}
}

func (s *selling) credit(ctx context.Context, in *creditIn) (*body[creditOut], error) {
	if err := s.checkMoney(figure{"amount", &in.Body.Amount, capped}); err != nil {
		return nil, err
	}
	if in.Body.Amount.Currency == money.Punch || in.Body.Amount.Currency == money.Point {
		return nil, counter.Invalid("amount.currency", "is nothing that goods are paid with")
	}
	note, err := s.stock.Credit(ctx, counter.Caller(ctx), retail.Credit{
		Key: in.Key, Product: in.Body.Product, Amount: in.Body.Amount, Detail: voucher.Detail{Receipt: in.Body.Receipt, Reason: in.Body.Reason},
	})
	if err != nil {
		return nil, refuseSale(err)
	}
	return answer(created(note.Created), showCredit(note)), nil
}

// recoveredCreditOut is what became of a credit note; one that was not given has its state alone.
type recoveredCreditOut struct {
	State      string        `json:"state" enum:"done,reversed,prevented,awaiting_approval,rejected,withdrawn,expired"`
	CreditNote *actOut       `json:"credit_note,omitempty"`
	Voucher    *voucherOut   `json:"voucher,omitempty" doc:"As it was when it was given"`
	Code       *string       `json:"code,omitempty" doc:"The note's code, for 24 hours"`
	Last4      string        `json:"last4,omitempty" doc:"The last symbols of the code"`
	Balance    *money.Amount `json:"balance,omitempty" doc:"As it was after the act"`
}

func (s *selling) recoverCredit(ctx context.Context, in *keyIn) (*body[recoveredCreditOut], error) {
	note, err := s.stock.CreditNote(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, refuseSale(err)
	}
	out := recoveredCreditOut{State: string(note.Record.State)}
	if note.Record.Voucher != "" {
		given := showCredit(note)
		out.CreditNote, out.Voucher, out.Code, out.Last4, out.Balance = &given.CreditNote, &given.Voucher, given.Code, given.Last4, &given.Balance
	}
	return answer(http.StatusOK, out), nil
}

func (s *selling) reverseCredit(ctx context.Context, in *keyIn) (*body[reversedOut], error) {
	got, err := s.stock.Uncredit(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, refuseSale(err)
	}
	return answer(http.StatusOK, reversedOut{string(got.Outcome)}), nil
}
