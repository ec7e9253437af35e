package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// customers adds what the office knows of customers, and does with what they have.
func (a *admin) customers(to huma.API) {
	const path = "/v1/admin/customers"
	huma.Register(to, get("customers", path, "Customers with an account, a membership or a voucher of their own"), a.listCustomers)
	huma.Register(to, get("dormant-accounts", path+"/dormant", "Accounts that hold something and were left alone for long"), a.dormant)
	huma.Register(to, get("customer", path+"/{id}", "All that is known of a customer"), a.customer)
	huma.Register(to, operation(http.MethodPut, "set-customer", path+"/{id}", "Set membership, address or wallet id"), a.setCustomer)
	huma.Register(to, post("merge-customers", path+"/{id}/merge", "Move all that a customer has to another log-in of his"), a.mergeCustomers)
	huma.Register(to, post("lift-account", "/v1/admin/accounts/{id}/lift", "End a quarantine of an account that was looked into"), a.liftAccount)
	a.transfers(to)
}

// customersIn asks for customers.
type customersIn struct {
	PageIn
	Q     string `query:"q" maxLength:"128" doc:"The shop's id of the customer, or a wallet id"`
	State string `query:"state" enum:"active,merged" doc:"merged: its accounts are those of another log-in"`
	Shop  string `query:"shop" maxLength:"63" doc:"Of this shop"`
	Sort  string `query:"sort" enum:"created_at,-created_at" default:"-created_at" doc:"A minus turns it around"`
}

// customerLine is a customer in a list.
type customerLine struct {
	ID          string               `json:"id" format:"uuid" doc:"Ours"`
	Shop        string               `json:"shop"`
	Customer    string               `json:"customer" doc:"The shop's id"`
	WalletID    string               `json:"wallet_id"`
	MemberUntil *string              `json:"member_until" format:"date"`
	MergedInto  *string              `json:"merged_into" format:"uuid" doc:"Whose accounts the log-in leads to; null for his own"`
	Balances    []counter.HoldingOut `json:"balances" nullable:"false"`
	CreatedAt   time.Time            `json:"created_at"`
}

// showCustomerLine renders a customer in a list.
func showCustomerLine(l retail.CustomerLine) customerLine {
	out := customerLine{
		ID: l.ID, Shop: l.Shop, Customer: l.Login, WalletID: l.WalletID, Balances: counter.ShowHoldings(l.Accounts), CreatedAt: l.CreatedAt.UTC(),
	}
	if l.MemberUntil != nil {
		day := l.MemberUntil.Format(time.DateOnly)
		out.MemberUntil = &day
	}
	if l.MergedInto != "" {
		out.MergedInto = &l.MergedInto
	}
	return out
}

func (a *admin) listCustomers(ctx context.Context, in *customersIn) (*body[pageOut[customerLine]], error) {
	from, to, err := a.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := a.office.Customers(ctx, retail.CustomerFilter{Page: in.stretch(in.Sort), Shop: in.Shop, Text: in.Q, State: in.State, From: from, To: to})
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, showCustomerLine), nil
}

// dormantIn asks for accounts that were left alone.
type dormantIn struct {
	ShortPageIn
	Days int `query:"days" minimum:"1" maximum:"36500" default:"365" doc:"Nothing has happened to them for so many days"`
}

// accountLine is an account in a list, and whose it is.
type accountLine struct {
	Account  string             `json:"account" format:"uuid"`
	Customer customerLine       `json:"customer"`
	Balance  counter.HoldingOut `json:"balance"`
	LastAt   time.Time          `json:"last_at" doc:"When something happened to it last"`
}

// showAccountLine renders an account in a list.
func showAccountLine(l retail.AccountLine) accountLine {
	alone := []retail.Account{l.Account}
	return accountLine{
		Account: l.Account.ID, Customer: showCustomerLine(retail.CustomerLine{Customer: l.Customer, Accounts: alone}),
		Balance: counter.ShowHoldings(alone)[0], LastAt: l.Account.LastAt.UTC(),
	}
}

func (a *admin) dormant(ctx context.Context, in *dormantIn) (*body[pageOut[accountLine]], error) {
	const day = 24 * time.Hour
	page, next, err := a.office.Dormant(ctx, time.Duration(in.Days)*day, in.stretch())
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, showAccountLine), nil
}

// profileIn names a customer.
type profileIn struct {
	ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Our own id, a wallet id, or the shop's id of the customer"`
	Shop string `query:"shop" maxLength:"63" doc:"Whose customer is meant; needed where several shops have one of the name"`
}

// profileOut is all that is known of a customer.
type profileOut struct {
	counter.WalletOut
	ID         string       `json:"id" format:"uuid" doc:"Ours"`
	Shop       string       `json:"shop"`
	Email      *string      `json:"email" doc:"Null when it is not known"`
	MergedInto *string      `json:"merged_into" format:"uuid" doc:"Whose accounts these are; null for his own"`
	Merged     []string     `json:"merged" nullable:"false" doc:"Those who were merged into him"`
	Accounts   []accountOut `json:"accounts" nullable:"false"`
}

// accountOut is what an operator must know of an account.
type accountOut struct {
	ID          string       `json:"id" format:"uuid"`
	Balance     money.Amount `json:"balance"`
	Quarantined bool         `json:"quarantined"`
	LastAt      time.Time    `json:"last_at"`
}

// showCustomer renders all that is known of a customer.
func showCustomer(s retail.CustomerSheet) profileOut {
	out := profileOut{WalletOut: counter.ShowWallet(s), ID: s.ID, Shop: s.Shop, Merged: s.Merged, Accounts: []accountOut{}}
	if out.Merged == nil {
		out.Merged = []string{}
	}
	if s.Address != "" {
		out.Email = &s.Address
	}
	if s.MergedInto != "" {
		out.MergedInto = &s.MergedInto
	}
	for _, account := range s.Accounts {
		out.Accounts = append(out.Accounts, accountOut{account.ID, account.Balance, account.Quarantined, account.LastAt.UTC()})
	}
	return out
}

func (a *admin) customer(ctx context.Context, in *profileIn) (*body[profileOut], error) {
	return showsCustomer(a.office.OneCustomer(ctx, in.Shop, in.ID))
}

// showsCustomer renders a customer, or the refusal.
func showsCustomer(s retail.CustomerSheet, err error) (*body[profileOut], error) {
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showCustomer(s)), nil
}

// setCustomerIn says what shall be known of a customer. What is left out stays.
type setCustomerIn struct {
	ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Our own id, a wallet id, or the shop's id of the customer"`
	Shop string `query:"shop" maxLength:"63" doc:"Whose customer is meant. With it somebody who is not known becomes so"`
	Body struct {
		MemberUntil *string `json:"member_until,omitempty" maxLength:"10" nullable:"false" doc:"Last day of the membership, not after 9000-12-31; an empty text ends it"`
		Email       *string `json:"email,omitempty" maxLength:"254" nullable:"false" doc:"An empty text forgets it"`
		WalletID    *string `json:"wallet_id,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" nullable:"false" doc:"What the accounts are filed under, apart from the log-in"`
	}
}

func (a *admin) setCustomer(ctx context.Context, in *setCustomerIn) (*body[profileOut], error) {
	change := retail.CustomerChange{Shop: in.Shop, Name: in.ID, Email: in.Body.Email, WalletID: in.Body.WalletID}
	if day := in.Body.MemberUntil; day != nil {
		change.MemberUntil = &voucher.Date{}
		if *day != "" {
			last, err := voucher.ParseDate(*day)
			if err != nil {
				return nil, counter.Invalid("member_until", "must be a day such as 2030-12-31, or empty, not after "+voucher.LastDay)
			}
			change.MemberUntil = &last
		}
	}
	return showsCustomer(a.office.SetCustomer(ctx, counter.Caller(ctx), change))
}

// mergeIn asks for two log-ins of one person to become one.
type mergeIn struct {
	ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Our own id of the customer who is merged into the other"`
	Body struct {
		Into   string `json:"into" minLength:"1" maxLength:"128" doc:"Our own id of the other"`
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *admin) mergeCustomers(ctx context.Context, in *mergeIn) (*body[profileOut], error) {
	return showsCustomer(a.office.Merge(ctx, counter.Caller(ctx), in.ID, in.Body.Into, in.Body.Reason))
}

// accountIn names an account and says why.
type accountIn struct {
	ID   string `path:"id" doc:"Id of the account"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// liftedOut is what an account is after its quarantine was ended.
type liftedOut struct {
	Account string       `json:"account" format:"uuid"`
	Balance money.Amount `json:"balance"`
}

func (a *admin) liftAccount(ctx context.Context, in *accountIn) (*body[liftedOut], error) {
	done, err := a.office.LiftAccount(ctx, counter.Caller(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return ok(liftedOut{done.Voucher.ID, money.Of(done.Voucher.Balance, done.Voucher.Currency)}), nil
}
