package admin

import (
	"context"
	"net/http"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// adjustIn asks for a balance to be corrected.
type adjustIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Voucher         string        `json:"voucher,omitempty" minLength:"1" maxLength:"64" doc:"Id of the voucher"`
		Customer        string        `json:"customer,omitempty" minLength:"1" maxLength:"128" doc:"Instead: whose account, by our own id, a wallet id or the shop's id. It needs no voucher, and none before: what is added is store credit"`
		Shop            string        `json:"shop,omitempty" maxLength:"63" doc:"Whose customer is meant; with it somebody who is not known becomes so"`
		SetTo           *money.Amount `json:"set_to,omitempty" doc:"The new balance, in place of expected_balance"`
		ExpectedBalance *money.Amount `json:"expected_balance,omitempty" doc:"The balance that set_to replaces: with another it is refused"`
		Delta           *money.Amount `json:"delta,omitempty" doc:"What to add, or with a minus to take, instead of set_to"`
		ConfirmClaimed  *bool         `json:"confirm_claimed,omitempty" nullable:"false" doc:"False asks first: of a claimed voucher the refusal says who has claimed it and what he keeps. Without it, and with true, set_to opens the voucher anew, and anybody may claim it"`
		Reason          string        `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// adjustmentOut names an adjustment and what it moved.
type adjustmentOut struct {
	Key   string       `json:"key" doc:"The caller's key of the act"`
	ID    string       `json:"id" doc:"Global id of the act" format:"uuid"`
	Delta money.Amount `json:"delta" doc:"What was added; negative when it was taken"`
}

// adjustOut is what an adjustment did.
type adjustOut struct {
	Adjustment adjustmentOut `json:"adjustment"`
	Balance    money.Amount  `json:"balance" doc:"Afterwards"`
	// Reopened is of a voucher that was claimed.
	Reopened *counter.ClaimedBy `json:"reopened,omitempty" doc:"The voucher was claimed, and is open to be claimed anew. Who had claimed it keeps what it brought him"`
}

func (a *admin) adjust(ctx context.Context, in *adjustIn) (*body[adjustOut], error) {
	if err := a.checkAdjust(in); err != nil {
		return nil, err
	}
	done, err := a.adjusts(ctx, in)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := ok(adjustOut{Adjustment: showAdjustment(done.Record), Balance: money.Of(done.Record.Balance, done.Record.Currency)})
	if out.Body.Reopened, err = a.reopened(ctx, done.Record); err != nil {
		return nil, counter.Refuse(err)
	}
	if done.Created {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// adjusts corrects the balance of a voucher or of an account.
func (a *admin) adjusts(ctx context.Context, in *adjustIn) (voucher.Answer, error) {
	asked := retail.Adjustment{
		Key: in.Key, Voucher: in.Body.Voucher, Delta: in.Body.Delta, SetTo: in.Body.SetTo, Expected: in.Body.ExpectedBalance, Reason: in.Body.Reason,
	}
	if in.Body.Customer != "" {
		return a.office.AdjustAccount(ctx, counter.Caller(ctx), retail.AccountAdjustment{Adjustment: asked, Shop: in.Body.Shop, Customer: in.Body.Customer})
	}
	if in.Body.ConfirmClaimed != nil && !*in.Body.ConfirmClaimed {
		asked.Claimed = voucher.SpareReserved
	}
	return a.office.Adjust(ctx, counter.Caller(ctx), asked)
}

// reopened says whose claim an adjustment has undone the end of; nil for every other adjustment.
func (a *admin) reopened(ctx context.Context, r *voucher.Record) (*counter.ClaimedBy, error) {
	if !r.Detail.Reopened {
		return nil, nil
	}
	by, err := a.office.ClaimBefore(ctx, r.Voucher, *r)
	if err != nil || by == nil {
		return nil, err
	}
	shown := counter.WhoClaimed(*by)
	return &shown, nil
}

// checkAdjust refuses what can't be meant, naming the field.
func (a *admin) checkAdjust(in *adjustIn) error {
	b := in.Body
	switch {
	case b.Voucher == "" && b.Customer == "":
		return counter.Invalid("voucher", "is missing: say which, or of which customer")
	case b.Voucher != "" && b.Customer != "":
		return counter.Invalid("customer", "say either a voucher or a customer")
	case b.Shop != "" && b.Customer == "":
		return counter.Invalid("shop", "belongs to customer")
	case b.ConfirmClaimed != nil && b.Customer != "":
		return counter.Invalid("confirm_claimed", "belongs to voucher")
	case (b.SetTo == nil) == (b.Delta == nil):
		return counter.Invalid("set_to", "say either set_to or delta")
	case b.SetTo != nil && b.ExpectedBalance == nil:
		return counter.Invalid("expected_balance", "is missing: say which balance set_to replaces")
	case b.Delta != nil && b.ExpectedBalance != nil:
		return counter.Invalid("expected_balance", "belongs to set_to")
	case b.Delta != nil:
		return a.checkAmount("delta", *b.Delta, b.Delta.Minor != 0)
	}
	if err := a.checkAmount("set_to", *b.SetTo, b.SetTo.Minor >= 0); err != nil {
		return err
	}
	if err := a.checkAmount("expected_balance", *b.ExpectedBalance, b.ExpectedBalance.Minor >= 0); err != nil {
		return err
	}
	if b.SetTo.Currency != b.ExpectedBalance.Currency {
		return counter.Invalid("expected_balance.currency", "is another than set_to's")
	}
	return nil
}

// figureLimit bounds the amounts that a caller may name in minor units, so that sums stay within 64 bits.
const figureLimit = 1_000_000_000_000_000

// checkAmount refuses an amount that can't be meant: in no currency, of the wrong sign, or beyond the
// ceiling. A balance that is expected may be above a ceiling that was lowered since.
func (a *admin) checkAmount(field string, amount money.Amount, sign bool) error {
	if _, known := amount.Currency.Digits(); !known {
		return counter.Invalid(field+".currency", "is no currency of ISO 4217, PUNCH or POINT")
	}
	limit, err := money.Parse(a.ceiling, amount.Currency)
	if err != nil || field == "expected_balance" || amount.Currency == money.Point {
		limit.Minor = figureLimit
	}
	switch {
	case !sign && field == "delta":
		return counter.Invalid(field+".amount", "must not be zero")
	case !sign && field == "amount":
		return counter.Invalid(field+".amount", "must be above zero")
	case !sign:
		return counter.Invalid(field+".amount", "must not be negative")
	case amount.Minor > limit.Minor || amount.Minor < -limit.Minor:
		return counter.Invalid(field+".amount", "is above the limit")
	}
	return nil
}

// showAdjustment names an adjustment.
func showAdjustment(r *voucher.Record) adjustmentOut {
	return adjustmentOut{Key: r.Key, ID: r.ID, Delta: *r.Detail.Adjusted}
}

// adjustKeyIn names an adjustment.
type adjustKeyIn struct {
	Key string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
}

// adjustedOut is what became of an adjustment. One that was prevented moved nothing.
type adjustedOut struct {
	State      string         `json:"state" enum:"done,reversed,prevented,awaiting_approval,rejected,withdrawn,expired" doc:"The last four: a second person was needed, and nothing has moved"`
	Adjustment *adjustmentOut `json:"adjustment,omitempty"`
	Balance    *money.Amount  `json:"balance,omitempty" doc:"As it was after the act"`
	// Reopened is of a voucher that was claimed.
	Reopened *counter.ClaimedBy `json:"reopened,omitempty" doc:"The voucher was claimed, and was opened anew. Who had claimed it keeps what it brought him"`
}

func (a *admin) recoverAdjustment(ctx context.Context, in *adjustKeyIn) (*body[adjustedOut], error) {
	r, err := a.office.Adjusted(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := adjustedOut{State: string(r.State)}
	if r.Voucher != "" {
		shown, balance := showAdjustment(&r), money.Of(r.Balance, r.Currency)
		out.Adjustment, out.Balance = &shown, &balance
	}
	if out.Reopened, err = a.reopened(ctx, &r); err != nil {
		return nil, counter.Refuse(err)
	}
	return ok(out), nil
}

// revertedOut is what came of taking an adjustment back.
type revertedOut struct {
	Outcome string `json:"outcome" enum:"reversed,prevented"`
}

func (a *admin) reverseAdjustment(ctx context.Context, in *adjustKeyIn) (*body[revertedOut], error) {
	done, err := a.office.ReverseAdjustment(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return ok(revertedOut{string(done.Outcome)}), nil
}
