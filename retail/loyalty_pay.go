package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/voucher"
)

// PointsReserve is a request to pay an order with points of a customer.
type PointsReserve struct {
	Key      string
	Customer string // the shop's id
	Holder   string // the shop's cart or order
	Due      money.Amount
	Amount   *money.Amount // in points or in money; nil for as much as may be paid with points and there is
	Revision *int64
	Lines    []loyalty.Line // of the order; needed where only some products may be paid with points
}

// Reserve makes it so that points of a customer are set aside for a holder, at the rate of the day, and says what then is: the oldest
// ones, as many as cover most of what may be paid with them (P08, P09, P19). A live reservation keeps the rate that it has. Errors:
// ErrChannel, ErrGuest, ErrNotInProgramme, ErrLinesNeeded, voucher.ErrCurrency, the refusals.
func (l *Loyalty) Reserve(ctx context.Context, by Actor, r PointsReserve) (voucher.Answer, error) {
	answer, err := l.reserve(ctx, by, r)
	explain("pay with points", &err)
	return answer, err
}

func (l *Loyalty) reserve(ctx context.Context, by Actor, r PointsReserve) (voucher.Answer, error) {
	if by.Channel != Webshop {
		return voucher.Answer{}, fmt.Errorf("pay with points: %w", ErrChannel)
	}
	if isGuest(r.Customer) {
		return voucher.Answer{}, ErrGuest
	}
	ref := by.ref(voucher.Reservations, r.Key)
	account, err := l.accounts.account(ctx, by.Name, r.Customer, money.Point)
	if errors.Is(err, ledger.ErrNoAccount) {
		return voucher.Answer{}, l.accounts.desk.unlessTaken(ctx, ref, &voucher.InsufficientError{Available: money.Of(0, money.Point)})
	}
	if err != nil {
		return voucher.Answer{}, err
	}
	act := voucher.Reserve{Ref: ref, Due: r.Due, Amount: r.Amount, Revision: r.Revision}
	act.Holder, act.Hint = by.holder(r.Holder)
	if act.ID, err = l.accounts.desk.ledger.NewID(); err != nil {
		return voucher.Answer{}, err
	}
	if act.Points, err = l.payable(ctx, account, r); err != nil {
		return l.standing(ctx, by, r.Key, err)
	}
	answer, err := l.accounts.desk.ledger.Apply(ctx, ledger.Aimed{Voucher: account.ID, Account: true, Act: act})
	if !errors.Is(err, voucher.ErrKeyReused) {
		return answer, err
	}
	return l.accounts.reopened(ctx, act, account)
}

// payable asks the programme how much of an order points may pay.
func (l *Loyalty) payable(ctx context.Context, account Account, r PointsReserve) (*voucher.PayPoints, error) {
	p, err := l.accounts.sales.programmeFor(ctx, Customer{ID: account.Customer})
	if err != nil {
		return nil, err
	}
	lines, err := l.accounts.sales.withoutOurs(ctx, r.Lines)
	if err != nil {
		return nil, err
	}
	payable, err := p.Payable(loyalty.Pay{Due: r.Due.Minor, Lines: lines, Group: p.group, Who: p.standing}, p.at)
	switch {
	case errors.Is(err, loyalty.ErrNoLines):
		return nil, ErrLinesNeeded
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNotInProgramme, err)
	case payable.Rate.Value.Currency != r.Due.Currency:
		return nil, voucher.ErrCurrency
	}
	return &voucher.PayPoints{Rate: payable.Rate, Due: r.Due, Payable: payable.Due, Most: payable.Points}, nil
}

// standing answers for a key whose reservation the programme would not grant any more: one that is live or captured is what it is.
func (l *Loyalty) standing(ctx context.Context, by Actor, key string, refusal error) (voucher.Answer, error) {
	named, err := l.accounts.desk.ledger.ByName(ctx, by.ref(voucher.Reservations, key))
	if err != nil && !errors.Is(err, voucher.ErrActNotFound) {
		return voucher.Answer{}, err
	}
	if r := named.Reservation; err == nil && r != nil && (r.LiveAt(named.At) || r.State == voucher.Captured) {
		return voucher.Answer{Voucher: *named.Voucher, Reservation: r, Record: &named.Record, At: named.At}, nil
	}
	return voucher.Answer{}, refusal
}

// withoutOurs marks the lines that sell products of ours: points never buy a stored value (X17).
func (s *Sales) withoutOurs(ctx context.Context, lines []loyalty.Line) ([]loyalty.Line, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	products, err := s.orders.Products(ctx)
	if err != nil {
		explain("read the products", &err)
		return nil, err
	}
	ours := make(map[string]bool, len(products))
	for _, p := range products {
		ours[p.SKU] = true
	}
	marked := make([]loyalty.Line, len(lines))
	for i, line := range lines {
		line.StoredValue = line.StoredValue || ours[line.SKU]
		marked[i] = line
	}
	return marked, nil
}

// known finds a customer of a shop, or whom the office means. Error: ErrNoCustomer.
func (a *Accounts) known(ctx context.Context, by Actor, shop, login string) (Customer, error) {
	if by.Channel == Office {
		return a.sales.named(ctx, shop, login)
	}
	who, err := a.sales.orders.Customer(ctx, by.Name, login)
	if errors.Is(err, orders.ErrNotFound) {
		err = ErrNoCustomer
	}
	explain("find a customer", &err)
	return who, err
}
