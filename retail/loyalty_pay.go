package retail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
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
	if err := called(r.Customer); err != nil {
		return voucher.Answer{}, err
	}
	ref := by.ref(voucher.Reservations, r.Key)
	account, err := l.accounts.account(ctx, by.Name, r.Customer, money.Point)
	if errors.Is(err, ledger.ErrNoAccount) {
		return voucher.Answer{}, l.accounts.desk.unlessTaken(ctx, ref, l.nothing(ctx, r))
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
		return l.standing(ctx, act, account, err)
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
	lines, err := l.accounts.sales.withoutOurs(ctx, r.Lines, "")
	if err != nil {
		return nil, err
	}
	payable, err := p.payable(loyalty.Pay{Due: r.Due.Minor, Lines: lines}, r.Due.Currency)
	if err != nil {
		return nil, err
	}
	return &voucher.PayPoints{Rate: payable.Rate, Due: r.Due, Payable: payable.Due, Most: payable.Points, Permits: payable.Permits}, nil
}

// payable is how much of an order in a currency the customer may pay with points. Errors: ErrLinesNeeded, ErrNotInProgramme,
// voucher.ErrCurrency.
func (p programme) payable(pay loyalty.Pay, in money.Currency) (loyalty.Payable, error) {
	pay.Group, pay.Who = p.group, p.standing
	payable, err := p.Payable(pay, p.at)
	switch {
	case errors.Is(err, loyalty.ErrNoLines):
		err = ErrLinesNeeded
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrNotInProgramme, err)
	case payable.Rate.Value.Currency != in:
		err = voucher.ErrCurrency
	}
	return payable, err
}

// covering is how many of the free points would pay for an order, and how much of it, as a reservation takes them.
func covering(payable loyalty.Payable, free int64) (taken int64, covers money.Amount) {
	taken, covered := payable.Rate.Cover(min(max(0, free), payable.Points), payable.Due)
	return taken, money.Of(covered, payable.Rate.Value.Currency)
}

// Quote adds to what codes would cover of what is due what points of a customer would, last, at the rate of the day and as far as they
// may pay for it. It changes nothing. Errors beside those of a quote of codes: ErrChannel, ErrGuest, ErrNotInProgramme, ErrLinesNeeded,
// voucher.ErrCurrency.
func (l *Loyalty) Quote(ctx context.Context, by Actor, q QuoteRequest, customer string, lines []loyalty.Line) (Quote, error) {
	if by.Channel != Webshop {
		return Quote{}, fmt.Errorf("quote of points: %w", ErrChannel)
	}
	if err := called(customer); err != nil {
		return Quote{}, err
	}
	quote, err := l.accounts.desk.Quote(ctx, by, q)
	if err != nil {
		return Quote{}, err
	}
	account, err := l.accounts.account(ctx, by.Name, customer, money.Point)
	if err != nil && !errors.Is(err, ledger.ErrNoAccount) {
		return Quote{}, err
	}
	rest := PointsReserve{Customer: customer, Holder: q.Holder, Due: quote.Rest, Lines: lines}
	pay, err := l.payable(ctx, account, rest)
	if err != nil {
		return Quote{}, err
	}
	free, own, err := l.free(ctx, by, account, q.Holder)
	if err != nil {
		return Quote{}, err
	}
	if own != nil { // what is live keeps its rate
		pay.Rate = own.Rate
	}
	taken, covers := covering(loyalty.Payable{Rate: pay.Rate, Due: pay.Payable, Points: pay.Most}, free)
	quote.Covered.Minor, quote.Rest.Minor = quote.Covered.Minor+covers.Minor, quote.Rest.Minor-covers.Minor
	quote.Lines = append(quote.Lines, QuoteLine{Customer: customer, Available: money.Of(free, money.Point), Points: taken, Covers: covers})
	return quote, nil
}

// free is how many points of an account a holder may use: those that have not ended, and that nobody else has set aside. Own is the rate
// at which he has set some aside himself; nil for none.
func (l *Loyalty) free(ctx context.Context, by Actor, account Account, holder string) (points int64, own *voucher.Exchange, err error) {
	if account.ID == "" {
		return 0, nil, nil
	}
	purse, err := l.accounts.desk.ledger.PurseOf(ctx, account.Customer)
	if err != nil {
		return 0, nil, err
	}
	held, err := l.accounts.desk.ledger.LiveOnAccounts(ctx, account.ID)
	mine, _ := by.holder(holder)
	for _, r := range held {
		if r.Owner == by.Owner() && r.Holder == mine {
			own = r.Exchange
		}
	}
	return max(0, purse.Balance-setAside(held, by, holder)), own, err
}

// nothing is why somebody can't pay who has no points: for the same reason as anybody else or, where there is none, for want of them. So
// nobody learns whether he is known here.
func (l *Loyalty) nothing(ctx context.Context, r PointsReserve) error {
	if _, err := l.payable(ctx, Account{}, r); err != nil {
		return err
	}
	return &voucher.InsufficientError{Available: money.Of(0, money.Point)}
}

// standing answers for a key whose reservation the programme would not grant any more: one that is live or captured is what it is, for
// whom it was made and nobody else. Errors: the programme's refusal, voucher.ErrKeyReused for another customer's key.
func (l *Loyalty) standing(ctx context.Context, act voucher.Reserve, account Account, refusal error) (voucher.Answer, error) {
	named, err := l.accounts.desk.ledger.ByName(ctx, act.Ref)
	switch {
	case errors.Is(err, voucher.ErrActNotFound), err == nil && named.Reservation == nil:
		return voucher.Answer{}, refusal
	case err != nil:
		return voucher.Answer{}, err
	}
	if named.Voucher.ID != account.ID {
		if err := l.accounts.sales.movedTo(ctx, named.Voucher.ID, account.Customer); err != nil {
			return voucher.Answer{}, err
		}
	}
	r := named.Reservation
	if r.State == voucher.Captured || r.LiveAt(named.At) && r.Holder == act.Holder {
		return voucher.Answer{Voucher: *named.Voucher, Reservation: r, Record: &named.Record, At: named.At}, nil
	}
	return voucher.Answer{}, refusal
}

// withoutOurs marks the lines that sell products of ours, of an order in a currency: points never buy a stored value (X17).
func (s *Sales) withoutOurs(ctx context.Context, lines []loyalty.Line, in money.Currency) ([]loyalty.Line, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	products, err := s.orders.Products(ctx)
	if err != nil {
		explain("read the products", &err)
		return nil, err
	}
	ours := make(purchase.Catalogue, len(products))
	for _, p := range products {
		ours[p.SKU] = p
	}
	return marked(lines, ours, in), nil
}

// marked are the lines of an order in a currency, of which those that sell products of ours are stored values, with their face value.
func marked(lines []loyalty.Line, ours purchase.Catalogue, in money.Currency) []loyalty.Line {
	lines = slices.Clone(lines)
	for i, line := range lines {
		product, sold := ours[line.SKU]
		lines[i].StoredValue = line.StoredValue || sold
		if sold && product.Currency == in {
			lines[i].Face = product.FaceOf(line.Units)
		}
	}
	return lines
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
