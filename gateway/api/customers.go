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

// claimsPath is where a claim has its name.
const claimsPath = "/v1/claims/{key}"

// customers adds what is done for customers who are logged in at a shop.
func (a *api) customers(to huma.API) {
	scopes := edge.Require(edge.Shop, edge.Admin)
	huma.Register(to, put("claim", claimsPath, "Add all of a voucher to a customer's account", scopes), a.claim)
	huma.Register(to, get("recover-claim", claimsPath, "What became of a claim", scopes), a.recoverClaim)
	huma.Register(to, del("reverse-claim", claimsPath, "Take a claim back, or prevent it", scopes), a.reverse(voucher.Claims))
	huma.Register(to, get("customer", "/v1/customers/{id}", "What a customer has, and what became of it", scopes), a.customer)
}

// claimIn asks for a voucher to be added to an account.
type claimIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code     string   `json:"code" minLength:"1" maxLength:"128"`
		Customer string   `json:"customer" minLength:"1" maxLength:"128" doc:"The shop's id of the customer who is logged in; for the office also our own id, or a wallet id"`
		Shop     string   `json:"shop,omitempty" maxLength:"63" doc:"Whose customer it is: of the office alone; by default the shop that sold the voucher"`
		Buyer    *buyerIn `json:"buyer,omitempty"`
	}
}

// claimOut is what a claim moved. The code is finished with it.
type claimOut struct {
	Customer string       `json:"customer" doc:"The shop's id of the customer"`
	Claimed  money.Amount `json:"claimed" doc:"All that the voucher held"`
	Balance  money.Amount `json:"balance" doc:"Of the account, after the claim"`
	Claim    actOut       `json:"claim"`
}

// showClaim renders a claim.
func showClaim(r *voucher.Record, login string) claimOut {
	return claimOut{Customer: login, Claimed: money.Of(r.Amount, r.Currency), Balance: money.Of(r.Detail.Moved.Balance, r.Currency), Claim: showAct(r)}
}

func (a *api) claim(ctx context.Context, in *claimIn) (*body[claimOut], error) {
	by := counter.Caller(ctx)
	if in.Body.Shop != "" && by.Channel != retail.Office {
		return nil, counter.Invalid("shop", "a shop claims for its own customers: leave it out")
	}
	got, err := a.accounts.Claim(ctx, by, retail.Claim{
		Key: in.Key, Typed: retail.Typed{Code: in.Body.Code, Buyer: in.Body.Buyer.buyer()}, Shop: in.Body.Shop, Customer: in.Body.Customer,
	})
	if err != nil {
		return nil, a.refuseCode(ctx, err)
	}
	return answer(created(got.Created), showClaim(&got.Record, got.Customer.Login)), nil
}

// claimedOut is what became of a claim. One that was prevented moved nothing.
type claimedOut struct {
	State    string        `json:"state" enum:"done,reversed,prevented"`
	Customer string        `json:"customer,omitempty" doc:"The shop's id of the customer whose account it went to"`
	Claimed  *money.Amount `json:"claimed,omitempty"`
	Balance  *money.Amount `json:"balance,omitempty" doc:"Of the account, as it was after the claim"`
	Claim    *actOut       `json:"claim,omitempty"`
}

func (a *api) recoverClaim(ctx context.Context, in *keyIn) (*body[claimedOut], error) {
	record, err := a.desk.Recover(ctx, counter.Caller(ctx), voucher.Claims, in.Key)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := claimedOut{State: string(record.State)}
	if record.Voucher == "" {
		return answer(http.StatusOK, out), nil
	}
	logins, err := a.accounts.Logins(ctx, record.Detail.Moved.To)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	shown := showClaim(&record, logins[record.Detail.Moved.To])
	out.Customer, out.Claimed, out.Balance, out.Claim = shown.Customer, &shown.Claimed, &shown.Balance, &shown.Claim
	return answer(http.StatusOK, out), nil
}

// reserveAccount reserves a part of a customer's account.
func (a *api) reserveAccount(ctx context.Context, by retail.Actor, in *reserveIn) (*body[reservationOut], error) {
	got, err := a.accounts.Reserve(ctx, by, retail.AccountReserve{
		Key: in.Key, Customer: in.Body.Customer, Holder: in.Body.Holder, Due: in.Body.Due, Amount: in.Body.Amount, Revision: in.Body.Revision,
	})
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out := showReservation(in.Key, got.Reservation, got.Voucher, got.At)
	out.Customer, out.Reopened = in.Body.Customer, got.Reopened
	return answer(created(got.Created), out), nil
}

// named adds to a reservation of an account whose that is.
func (a *api) named(ctx context.Context, status int, out reservationOut, r *voucher.Reservation) (*body[reservationOut], error) {
	if out.Voucher != nil {
		return answer(status, out), nil
	}
	logins, err := a.accounts.Logins(ctx, r.Voucher)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	out.Customer = logins[r.Voucher]
	return answer(status, out), nil
}

// customerIn names a customer.
type customerIn struct {
	ID string `path:"id" minLength:"1" maxLength:"128" doc:"The shop's id of the customer; for the office also our own id, or a wallet id"`
}

func (a *api) customer(ctx context.Context, in *customerIn) (*body[counter.WalletOut], error) {
	sheet, err := a.accounts.Customer(ctx, counter.Caller(ctx), in.ID)
	if err != nil {
		return nil, a.refuse(ctx, err)
	}
	return answer(http.StatusOK, counter.ShowWallet(sheet)), nil
}
