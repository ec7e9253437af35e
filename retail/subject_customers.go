package retail

import (
	"context"
	"errors"
	"slices"

	"vouchsafe/retail/orders"
)

// SubjectCustomer is a log-in of the person at a shop, and what he has there.
type SubjectCustomer struct {
	Customer
	Accounts []Account
}

// login is a log-in at a shop.
type login struct{ shop, id string }

// exportCustomers adds what the person has as a customer: those with the address, and those that his orders name.
func (s *Sales) exportCustomers(ctx context.Context, data *SubjectData, known []Customer) error {
	for _, order := range data.Orders {
		who, err := s.orders.Customer(ctx, order.Shop, order.Customer)
		if errors.Is(err, orders.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		known = withCustomer(known, who)
	}
	lines, err := s.withAccounts(ctx, known)
	if err != nil {
		return err
	}
	for _, line := range lines {
		data.Customers = append(data.Customers, SubjectCustomer(line))
		standing, err := s.standingOf(ctx, line.Customer)
		if err != nil {
			return err
		}
		data.Standings = append(data.Standings, standing)
	}
	return nil
}

// withCustomer adds a customer to others unless he is among them.
func withCustomer(known []Customer, who Customer) []Customer {
	if slices.ContainsFunc(known, func(c Customer) bool { return c.ID == who.ID }) {
		return known
	}
	return append(known, who)
}

// eraseCustomers takes from the person's log-ins what names him. What he still has there stays his: only an empty account loses the
// name of its log-in, by which nothing could be asked any more.
func (e *eraser) eraseCustomers(ctx context.Context) error {
	known := e.customers
	for _, l := range e.logins {
		who, err := e.sales.orders.Customer(ctx, l.shop, l.id)
		if errors.Is(err, orders.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		known = withCustomer(known, who)
	}
	for _, who := range known {
		e.members = append(e.members, who.ID)
	}
	if len(e.members) == 0 {
		return nil
	}
	slices.Sort(e.members)
	locked, err := orders.LockCustomers(ctx, e.tx, e.members...)
	if err != nil {
		return err
	}
	for _, who := range locked {
		if err := e.eraseCustomer(ctx, who); err != nil {
			return err
		}
	}
	return nil
}

// eraseCustomer erases one log-in of the person.
func (e *eraser) eraseCustomer(ctx context.Context, who Customer) error {
	accounts, err := e.sales.ledger.AccountsIn(ctx, e.tx, who.ID)
	if err != nil {
		return err
	}
	named := orders.KeepLogin
	if !slices.ContainsFunc(accounts, func(a Account) bool { return a.Balance.Minor > 0 }) {
		named = orders.ForgetLogin
	}
	for _, account := range accounts {
		e.accounts = append(e.accounts, account.ID)
	}
	changed, err := orders.ForgetCustomer(ctx, e.tx, who, named)
	if changed {
		e.done.Customers++
	}
	return err
}
