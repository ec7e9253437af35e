package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/voucher"
)

// AccountReserve is a request to set aside a part of a customer's account.
type AccountReserve struct {
	Key      string
	Customer string // the shop's id
	Holder   string // the shop's cart or order
	Due      money.Amount
	Amount   *money.Amount // nil for as much of what is due as there is
	Revision *int64
}

// Reserve makes it so that a part of a customer's account is set aside for a holder, and says what then is. Only the shop knows who
// is logged in: nobody else can (D16). Of a customer without an account there is nothing to have, whoever that is.
func (a *Accounts) Reserve(ctx context.Context, by Actor, r AccountReserve) (voucher.Answer, error) {
	if by.Channel != Webshop {
		return voucher.Answer{}, fmt.Errorf("reserve of an account: %w", ErrChannel)
	}
	ref := by.ref(voucher.Reservations, r.Key)
	account, err := a.account(ctx, by.Name, r.Customer, r.Due.Currency)
	if errors.Is(err, ledger.ErrNoAccount) {
		return voucher.Answer{}, a.desk.unlessTaken(ctx, ref, &voucher.InsufficientError{Available: money.Of(0, r.Due.Currency)})
	}
	if err != nil {
		return voucher.Answer{}, err
	}
	id, err := a.desk.ledger.NewID()
	if err != nil {
		return voucher.Answer{}, err
	}
	holder, hint := by.holder(r.Holder)
	act := voucher.Reserve{ID: id, Ref: ref, Holder: holder, Hint: hint, Due: r.Due, Amount: r.Amount, Revision: r.Revision}
	answer, err := a.desk.ledger.Apply(ctx, ledger.Aimed{Voucher: account.ID, Account: true, Act: act})
	if !errors.Is(err, voucher.ErrKeyReused) {
		return answer, err
	}
	return a.reopened(ctx, act, account)
}

// account finds what a shop's customer has in a currency. Errors: ledger.ErrNoAccount, ErrSharedLogins, ErrLogin.
func (a *Accounts) account(ctx context.Context, shop, login string, unit money.Currency) (Account, error) {
	if _, err := a.sales.accountShop(ctx, shop); err != nil {
		return Account{}, err
	}
	if !isLogin(login) {
		return Account{}, ErrLogin
	}
	who, err := a.sales.orders.Customer(ctx, shop, login)
	switch {
	case errors.Is(err, orders.ErrNotFound):
		return Account{}, ledger.ErrNoAccount
	case err != nil:
		explain("find a customer", &err)
		return Account{}, err
	}
	return a.desk.ledger.AccountOf(ctx, holderOf(who), unit)
}

// Logins are the shop's ids of the customers whose accounts these are, by account.
func (a *Accounts) Logins(ctx context.Context, accounts ...string) (map[string]string, error) {
	whose, err := a.sales.customersOf(ctx, accounts...)
	logins := make(map[string]string, len(whose))
	for account, who := range whose {
		logins[account] = who.Login
	}
	return logins, err
}

// customersOf are the customers whose accounts these are, by account.
func (s *Sales) customersOf(ctx context.Context, accounts ...string) (map[string]Customer, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	found, err := s.ledger.Accounts(ctx, accounts...)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, account := range found {
		ids[i] = account.Customer
	}
	customers, err := s.orders.Customers(ctx, ids...)
	if err != nil {
		explain("read customers", &err)
		return nil, err
	}
	byID := make(map[string]Customer, len(customers))
	for _, who := range customers {
		byID[who.ID] = who
	}
	whose := make(map[string]Customer, len(found))
	for _, account := range found {
		whose[account.ID] = byID[account.Customer]
	}
	return whose, nil
}

// Quote adds to what codes would cover what a customer's account would: last, since what is loaded there can wait (D15).
func (a *Accounts) Quote(ctx context.Context, by Actor, q QuoteRequest, customer string) (Quote, error) {
	if q.Due.Currency == money.Point { // nothing costs points: they are exchanged
		return Quote{}, voucher.ErrCurrency
	}
	quote, err := a.desk.Quote(ctx, by, q)
	if err != nil || customer == "" {
		return quote, err
	}
	if by.Channel != Webshop {
		return Quote{}, fmt.Errorf("quote of an account: %w", ErrChannel)
	}
	account, err := a.account(ctx, by.Name, customer, q.Due.Currency)
	if errors.Is(err, ledger.ErrNoAccount) {
		account, err = Account{Balance: money.Of(0, q.Due.Currency)}, nil
	}
	if err != nil {
		return Quote{}, err
	}
	free := account.Balance.Minor
	if account.ID != "" {
		held, err := a.desk.ledger.LiveOnAccounts(ctx, account.ID)
		if err != nil {
			return Quote{}, err
		}
		free -= setAside(held, by, q.Holder)
	}
	quote.account(customer, money.Of(max(0, free), q.Due.Currency))
	return quote, nil
}

// setAside is what others than a holder have reserved of an account.
func setAside(held []voucher.Reservation, by Actor, holder string) (minor int64) {
	own, _ := by.holder(holder)
	for _, r := range held {
		if r.Owner != by.Owner() || r.Holder != own {
			minor += r.Amount
		}
	}
	return minor
}

// account counts an account towards the quote.
func (q *Quote) account(customer string, free money.Amount) {
	covers := min(q.Rest.Minor, free.Minor)
	q.Covered.Minor += covers
	q.Rest.Minor -= covers
	q.Lines = append(q.Lines, QuoteLine{Customer: customer, Available: free, Covers: money.Of(covers, free.Currency)})
}
