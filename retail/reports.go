package retail

import (
	"context"
	"errors"

	"vouchsafe/retail/report"
	"vouchsafe/retail/voucher"
)

// What reports tell.
type (
	Turnover  = report.Turnover
	Liability = report.Liability
)

// ErrPeriod says that a period ends before it begins.
var ErrPeriod = errors.New("the period ends before it begins")

// Period is from one day through another, days of the merchant's zone.
type Period struct{ From, Through voucher.Date }

// Turnover reports what was sold in a period, what became of it, and what is owed (A01–A05, X11), by currency. Errors: ErrPeriod;
// ErrUnavailable while the journal is being summed up.
func (o *BackOffice) Turnover(ctx context.Context, p Period) (figures []Turnover, err error) {
	defer explain("report the turnover", &err)
	from, to := p.From.Start(o.Zone()), p.Through.End(o.Zone())
	if !from.Before(to) {
		return nil, ErrPeriod
	}
	figures, err = report.Turnovers(ctx, o.sales.orders.Pool(), from, to)
	return figures, passing(err)
}

// Liability reports what was owed at the end of a day, by currency (A05, X11).
func (o *BackOffice) Liability(ctx context.Context, on voucher.Date) (owed []Liability, err error) {
	defer explain("report the liability", &err)
	return report.Liabilities(ctx, o.sales.orders.Pool(), on.End(o.Zone()))
}

// passing makes ErrUnavailable of a report that can be had a little later.
func passing(err error) error {
	if errors.Is(err, report.ErrNotSummed) {
		return errors.Join(ErrUnavailable, err)
	}
	return err
}

// Today is the day that it is in the merchant's zone, by the clock of all acts.
func (o *BackOffice) Today(ctx context.Context) (day voucher.Date, err error) {
	defer explain("ask for the day", &err)
	at, err := report.Now(ctx, o.sales.orders.Pool())
	return voucher.DateOf(at, o.Zone()), err
}

// SumUp brings the sums that reports are made of up to date.
func (s *Sales) SumUp(ctx context.Context) error { return report.SumUp(ctx, s.orders.Pool()) }

// Balance is what a voucher holds now.
type Balance = report.Balance

// BalancesOf chooses vouchers by shop and product.
type BalancesOf = report.BalanceFilter

// Balances reads what many vouchers hold now (A16), in the order of their ids, and the id after which the next page begins; "" on the
// last. Error: ErrCursor.
func (o *BackOffice) Balances(ctx context.Context, f BalancesOf) (page []Balance, next string, err error) {
	defer explain("read balances", &err)
	if f.After != "" && !isID(f.After) {
		return nil, "", ErrCursor
	}
	most := f.Most
	f.Most++
	if page, err = report.Balances(ctx, o.sales.orders.Pool(), f); err != nil || len(page) <= most {
		return page, "", err
	}
	return page[:most], page[most-1].ID, nil
}
