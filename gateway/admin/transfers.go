package admin

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// transferPath is where a transfer has its name.
const transferPath = "/v1/transfers/{key}"

// transfers adds what moves value from one place to another.
func (a *admin) transfers(to huma.API) {
	moving := operation(http.MethodPut, "transfer", transferPath, "Move value between vouchers and customers' accounts")
	moving.DefaultStatus = http.StatusCreated
	moving.Description = "201 when it happens now; the same again is 200 with the same body."
	huma.Register(to, moving, a.transfer)
	huma.Register(to, get("recover-transfer", transferPath, "What became of a transfer"), a.recoverTransfer)
	huma.Register(to, operation(http.MethodDelete, "reverse-transfer", transferPath, "Take a transfer back, or prevent it"), a.reverseTransfer)
	describeRepeat(to.OpenAPI(), transferPath)
}

// transferIn asks for value to be moved.
type transferIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		From   string        `json:"from" minLength:"1" maxLength:"200" doc:"Id of a voucher, or customer: and an id of his: ours, the shop's, or a wallet id"`
		To     string        `json:"to" minLength:"1" maxLength:"200" doc:"Likewise: of the same currency and kind, taxed in the same way"`
		Amount *money.Amount `json:"amount,omitempty" doc:"Default: all that nobody has reserved. Between two customers it must be said"`
		Shop   string        `json:"shop,omitempty" maxLength:"63" doc:"Whose customers are meant, where several shops have one of the name"`
		Reason string        `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// transferOut is what was moved.
type transferOut struct {
	Transfer  movedOut     `json:"transfer"`
	Balance   money.Amount `json:"balance" doc:"Of where it came from, afterwards"`
	ToBalance money.Amount `json:"to_balance" doc:"Of where it went, afterwards"`
}

// movedOut names a transfer and what it moved.
type movedOut struct {
	Key    string       `json:"key" doc:"The caller's key of the act"`
	ID     string       `json:"id" doc:"Global id of the act" format:"uuid"`
	Amount money.Amount `json:"amount"`
}

// showTransfer renders a transfer.
func showTransfer(r *voucher.Record) transferOut {
	return transferOut{
		Transfer: movedOut{r.Key, r.ID, money.Of(r.Amount, r.Currency)},
		Balance:  money.Of(r.Balance, r.Currency), ToBalance: money.Of(r.Detail.Moved.Balance, r.Currency),
	}
}

func (a *admin) transfer(ctx context.Context, in *transferIn) (*body[transferOut], error) {
	if amount := in.Body.Amount; amount != nil {
		if err := a.checkAmount("amount", *amount, amount.Minor > 0); err != nil {
			return nil, err
		}
	}
	done, err := a.office.Transfer(ctx, counter.Caller(ctx), retail.Transfer{
		Key: in.Key, From: in.Body.From, To: in.Body.To, Amount: in.Body.Amount, Shop: in.Body.Shop, Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := ok(showTransfer(done.Record))
	if done.Created {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// transferKeyIn names a transfer.
type transferKeyIn struct {
	Key string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
}

// transferredOut is what became of a transfer. One that was prevented moved nothing.
type transferredOut struct {
	State     string        `json:"state" enum:"done,reversed,prevented,awaiting_approval,rejected,withdrawn,expired" doc:"The last four: a second person was needed, and nothing has moved"`
	Transfer  *movedOut     `json:"transfer,omitempty"`
	Balance   *money.Amount `json:"balance,omitempty" doc:"Of where it came from, as it was after the act"`
	ToBalance *money.Amount `json:"to_balance,omitempty" doc:"Of where it went, as it was after the act"`
}

func (a *admin) recoverTransfer(ctx context.Context, in *transferKeyIn) (*body[transferredOut], error) {
	r, err := a.office.Transferred(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := transferredOut{State: string(r.State)}
	if r.Voucher != "" {
		shown := showTransfer(&r)
		out.Transfer, out.Balance, out.ToBalance = &shown.Transfer, &shown.Balance, &shown.ToBalance
	}
	return ok(out), nil
}

func (a *admin) reverseTransfer(ctx context.Context, in *transferKeyIn) (*body[revertedOut], error) {
	done, err := a.office.ReverseTransfer(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return ok(revertedOut{string(done.Outcome)}), nil
}
