package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"vouchsafe/retail/bookkeeping"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/report"
	"vouchsafe/retail/voucher"
)

// BookSettings are what the merchant's bookkeeper has named.
type BookSettings = bookkeeping.Settings

// DatevSettings are what DATEV wants to know of whose bookings they are.
type DatevSettings = bookkeeping.Datev

// Errors of exports.
var (
	ErrNoDatev  = bookkeeping.ErrNoDatev
	ErrTwoYears = bookkeeping.ErrTwoYears
)

// The audit trail's names for exports.
const (
	didExport   = "export"
	didSetBooks = "set_bookkeeping"
)

// Layout is the form of an export of the books.
type Layout string

// The layouts.
const (
	PlainCSV Layout = "csv"
	DATEV    Layout = "datev"
)

// Export is an export that was checked and only has to be written.
type Export struct {
	Name  string // of the file
	write func(ctx context.Context, to io.Writer) error
}

// Write writes the export, row by row, of one snapshot of the journal.
func (e Export) Write(ctx context.Context, to io.Writer) error { return e.write(ctx, to) }

// exported notes in the audit trail who exports what, before any of it is written.
func (o *BackOffice) exported(ctx context.Context, by Actor, what string, e Export) (Export, error) {
	err := outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		return o.desk.audit(ctx, tx, by, didExport, what, map[string]any{"file": e.Name})
	})
	return e, settled("export the "+what, err)
}

// ExportJournal exports each line of the journal of a period (X11). Error: ErrPeriod.
func (o *BackOffice) ExportJournal(ctx context.Context, by Actor, p Period) (Export, error) {
	days, err := o.days(p)
	if err != nil {
		return Export{}, err
	}
	return o.exported(ctx, by, "journal", Export{p.file("journal", "csv"), func(ctx context.Context, to io.Writer) error {
		table, err := bookkeeping.NewTable(to, "at", "account", "line", "kind", "contra", "amount", "currency", "balance", "act", "owner",
			"key", "order", "receipt", "product", "shop", "vat", "vat_rate")
		if err != nil {
			return err
		}
		err = report.EachLine(ctx, o.sales.orders.Pool(), days.From, days.To, func(l report.JournalLine) error {
			return table.Row(l.At.UTC().Format(time.RFC3339Nano), l.Account, strconv.FormatInt(l.Seq, 10), l.Kind, bookkeeping.Text(l.Contra),
				decimal(l.Amount, l.Currency), l.Currency, decimal(l.Balance, l.Currency), l.Act, cell(l.Owner), cell(l.Key), cell(l.Order),
				cell(l.Receipt), cell(l.Product), cell(l.Shop), cell(l.VAT), cell(l.VATRate))
		})
		return errors.Join(err, table.Close())
	}})
}

// ExportLiability exports what was owed at the end of a day, on each voucher and account (X11).
func (o *BackOffice) ExportLiability(ctx context.Context, by Actor, on voucher.Date) (Export, error) {
	return o.exported(ctx, by, "liability", Export{"liability-" + on.String() + ".csv", func(ctx context.Context, to io.Writer) error {
		table, err := bookkeeping.NewTable(to, "account", "holder", "product", "shop", "kind", "state", "issued_at", "expires_on", "vat",
			"vat_rate", "currency", "owed")
		if err != nil {
			return err
		}
		err = report.EachOwed(ctx, o.sales.orders.Pool(), on.End(o.Zone()), func(l report.Owed) error {
			return table.Row(l.Account, l.Holder, cell(l.Product), cell(l.Shop), cell(l.Kind), cell(l.State), instantCell(l.IssuedAt, time.RFC3339),
				instantCell(l.ExpiresOn, time.DateOnly), cell(l.VAT), cell(l.VATRate), l.Currency, decimal(l.Balance, l.Currency))
		})
		return errors.Join(err, table.Close())
	}})
}

// ExportAccounting exports the bookings of a period, a line for each day, move and VAT kind, of a currency, or of all when it is empty;
// DATEV takes one, the euro unless another is named. Errors: ErrPeriod, ErrNoDatev, ErrTwoYears.
func (o *BackOffice) ExportAccounting(ctx context.Context, by Actor, p Period, layout Layout, currency string) (Export, error) {
	days, err := o.days(p)
	if err != nil {
		return Export{}, err
	}
	settings, err := report.Bookkeeping(ctx, o.sales.orders.Pool())
	if err != nil {
		return Export{}, settled("export the books", err)
	}
	books := bookExport{office: o, days: days, settings: settings, currency: currency}
	if layout == PlainCSV {
		return o.exported(ctx, by, "accounting", Export{p.file("accounting", "csv"), books.plain})
	}
	at, err := report.Now(ctx, o.sales.orders.Pool())
	if err != nil {
		return Export{}, settled("export the books", err)
	}
	books.currency = cmp.Or(currency, "EUR")
	books.batch = bookkeeping.Batch{
		Settings: settings, Currency: books.currency, From: p.From.Start(time.UTC), To: p.Through.Start(time.UTC), Made: at.In(o.Zone()),
	}
	if err := books.batch.Check(); err != nil {
		return Export{}, err
	}
	return o.exported(ctx, by, "accounting", Export{"EXTF_" + p.file("Buchungsstapel", "csv"), books.datev})
}

// bookExport writes bookings.
type bookExport struct {
	office   *BackOffice
	days     report.Days
	settings bookkeeping.Settings
	currency string
	batch    bookkeeping.Batch
}

func (b bookExport) each(ctx context.Context, row func(bookkeeping.Booking) error) error {
	return report.EachSum(ctx, b.office.sales.orders.Pool(), b.days, b.currency, func(sum bookkeeping.Sum) error {
		if booking, booked := b.settings.Book(sum); booked {
			return row(booking)
		}
		return nil
	})
}

func (b bookExport) plain(ctx context.Context, to io.Writer) error {
	table, err := bookkeeping.NewTable(to, "day", "move", "vat", "vat_rate", "debit", "credit", "amount", "currency", "lines")
	if err != nil {
		return err
	}
	named := func(account, move string) string { return cmp.Or(account, move) }
	err = b.each(ctx, func(k bookkeeping.Booking) error {
		debit, credit := string(k.Move), bookkeeping.Liability
		if k.Amount.Minor < 0 {
			debit, credit = credit, debit
		}
		return table.Row(k.Day.Format(time.DateOnly), string(k.Move), k.VAT, bookkeeping.Text(k.VATRate), named(k.Debit, debit), named(k.Credit, credit),
			k.Moved.Decimal(), string(k.Moved.Currency), strconv.FormatInt(k.Quantity, 10))
	})
	return errors.Join(err, table.Close())
}

func (b bookExport) datev(ctx context.Context, to io.Writer) error {
	if err := b.batch.Begin(to); err != nil {
		return err
	}
	return b.each(ctx, func(k bookkeeping.Booking) error { return b.batch.Line(to, k) })
}

// days is a period by its instants. Error: ErrPeriod.
func (o *BackOffice) days(p Period) (report.Days, error) {
	days := report.Days{From: p.From.Start(o.Zone()), To: p.Through.End(o.Zone()), Zone: o.Zone().String()}
	if !days.From.Before(days.To) {
		return report.Days{}, ErrPeriod
	}
	return days, nil
}

// file is the name of a period's file.
func (p Period) file(what, ending string) string {
	return fmt.Sprintf("%s-%s-%s.%s", what, p.From, p.Through, ending)
}

// cell is a text that somebody else chose, or nothing.
func cell(text *string) string {
	if text == nil {
		return ""
	}
	return bookkeeping.Text(*text)
}

func instantCell(at *time.Time, form string) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(form)
}

func decimal(minor int64, currency string) string {
	return money.Of(minor, money.Currency(currency)).Decimal()
}

// BookSettings reads what the bookkeeper has named.
func (o *BackOffice) BookSettings(ctx context.Context) (BookSettings, error) {
	settings, err := report.Bookkeeping(ctx, o.sales.orders.Pool())
	return settings, settled("read the settings of the books", err)
}

// SetBooks replaces what the bookkeeper has named. Error: ErrInvalid, with the names of the fields.
func (o *BackOffice) SetBooks(ctx context.Context, by Actor, settings BookSettings) error {
	if err := settings.Check(); err != nil {
		return errors.Join(ErrInvalid, err)
	}
	err := outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := report.KeepBookkeeping(ctx, tx, settings); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didSetBooks, "bookkeeping", map[string]any{"accounts": settings.Accounts})
	})
	return settled("set the books", err)
}
