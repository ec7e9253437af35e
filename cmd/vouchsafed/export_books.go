package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// bookFlags say which part of the books is exported, and how.
type bookFlags struct {
	From     string `help:"First day of journal and accounting; default: the first day of the month of --to." placeholder:"YYYY-MM-DD"`
	To       string `help:"Last day of journal and accounting, or the day whose end the liability is of; default: today." placeholder:"YYYY-MM-DD"`
	Layout   string `help:"Of accounting: csv or datev." enum:"csv,datev" default:"csv"`
	Currency string `help:"Of accounting: this currency alone; datev takes EUR unless it is named."`
}

// period reads the days.
func (f bookFlags) period(ctx context.Context, office *retail.BackOffice) (p retail.Period, err error) {
	if f.To == "" {
		p.Through, err = office.Today(ctx)
	} else {
		p.Through, err = voucher.ParseDate(f.To)
	}
	if err != nil {
		return p, fmt.Errorf("--to: %w", err)
	}
	if p.From = p.Through; f.From == "" {
		p.From.Day = 1
		return p, nil
	}
	if p.From, err = voucher.ParseDate(f.From); err != nil {
		return p, fmt.Errorf("--from: %w", err)
	}
	return p, nil
}

// books writes one part of the books; make prepares it.
func (f bookFlags) books(make func(ctx context.Context, office *retail.BackOffice, p retail.Period) (retail.Export, error)) exporter {
	return func(ctx context.Context, h *house, to io.Writer) error {
		office := retail.NewBackOffice(h.desk, h.sales)
		period, err := f.period(ctx, office)
		if err != nil {
			return err
		}
		export, err := make(ctx, office, period)
		if errors.Is(err, retail.ErrNoDatev) {
			return fmt.Errorf("%w: name them with PUT /v1/admin/bookkeeping", err)
		}
		if err != nil {
			return err
		}
		return export.Write(ctx, to)
	}
}

func (f bookFlags) journal() exporter {
	return f.books(func(ctx context.Context, office *retail.BackOffice, p retail.Period) (retail.Export, error) {
		return office.ExportJournal(ctx, retail.CommandLine(), p)
	})
}

func (f bookFlags) liability() exporter {
	return f.books(func(ctx context.Context, office *retail.BackOffice, p retail.Period) (retail.Export, error) {
		return office.ExportLiability(ctx, retail.CommandLine(), p.Through)
	})
}

func (f bookFlags) accounting() exporter {
	return f.books(func(ctx context.Context, office *retail.BackOffice, p retail.Period) (retail.Export, error) {
		return office.ExportAccounting(ctx, retail.CommandLine(), p, retail.Layout(f.Layout), f.Currency)
	})
}
