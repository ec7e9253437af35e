package admin

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
)

// exports adds the tables for the bookkeeper.
func (a *admin) exports(to huma.API) {
	huma.Register(to, tabular("export-journal", "/v1/admin/exports/journal.csv", "Each line of the journal in a period; the sum of amount is what the liability changed by"), a.exportJournal)
	huma.Register(to, tabular("export-liability", "/v1/admin/exports/liability.csv", "What was owed at the end of a day, on each voucher and each customer's account"), a.exportLiability)
	books := tabular("export-accounting", "/v1/admin/exports/accounting.csv", "The bookings of a period: a line for each day, move and VAT kind")
	books.Description = "Each line is booked between what is owed (liability) and the account of its move: sold, reloaded, granted, redeemed, refunded, " +
		"paid_out (in cash), fees (kept of that), expired, adjusted. The numbers of the accounts are those of /v1/admin/bookkeeping; the layout csv has the names where there is no number. " +
		"datev is a Buchungsstapel (EXTF 700, version 13) in Windows-1252, of one currency and one fiscal year."
	huma.Register(to, books, a.exportAccounting)
	huma.Register(to, get("bookkeeping", "/v1/admin/bookkeeping", "The numbers of the accounts, and what DATEV wants to know"), a.bookkeeping)
	huma.Register(to, managing(operation(http.MethodPut, "set-bookkeeping", "/v1/admin/bookkeeping", "Name the accounts, and what DATEV wants to know")), a.setBookkeeping)
}

// tabular is an operation whose answer is a table, sent while it is read.
func tabular(id, path, summary string) huma.Operation {
	op := get(id, path, summary)
	op.Responses = map[string]*huma.Response{strconv.Itoa(http.StatusOK): {
		Description: "The table. A text that somebody else chose and that a spreadsheet would take for a formula begins with an apostrophe. A table that breaks off with its connection is not whole",
		Content:     map[string]*huma.MediaType{table: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	return op
}

// exportPeriodIn asks for the table of a period.
type exportPeriodIn struct{ PeriodIn }

func (a *admin) exportJournal(ctx context.Context, in *exportPeriodIn) (*huma.StreamResponse, error) {
	period, err := a.period(ctx, in.PeriodIn)
	if err != nil {
		return nil, err
	}
	return a.streamed(a.office.ExportJournal(ctx, counter.Caller(ctx), period))
}

func (a *admin) exportLiability(ctx context.Context, in *onIn) (*huma.StreamResponse, error) {
	day, err := a.day(ctx, "on", in.On)
	if err != nil {
		return nil, err
	}
	return a.streamed(a.office.ExportLiability(ctx, counter.Caller(ctx), day))
}

// exportAccountingIn asks for bookings.
type exportAccountingIn struct {
	PeriodIn
	Layout   string `query:"layout" enum:"csv,datev" default:"csv"`
	Currency string `query:"currency" pattern:"^([A-Z]{3,5})?$" doc:"Of this currency alone; for datev EUR when it is left out"`
}

func (a *admin) exportAccounting(ctx context.Context, in *exportAccountingIn) (*huma.StreamResponse, error) {
	period, err := a.period(ctx, in.PeriodIn)
	if err != nil {
		return nil, err
	}
	if digits, known := money.Currency(in.Currency).Digits(); in.Layout == "datev" && in.Currency != "" && (!known || digits > 2 || len(in.Currency) != 3) {
		return nil, edge.Refuse(edge.InvalidRequest, "currency: DATEV takes one that has two digits at most", edge.With("field", "currency"))
	}
	return a.streamed(a.office.ExportAccounting(ctx, counter.Caller(ctx), period, retail.Layout(in.Layout), in.Currency))
}

// tableBuffer is how much of a table is kept back: an export that fails before so much was read is a problem like any other.
const tableBuffer = 64 << 10

// tablesMost is how many tables are sent at once: each has a connection to the database for as long as its reader takes, and those are
// the tills' too.
const tablesMost = 2

// streamed sends an export while it is read. Where it breaks off after that, the connection is cut, so that nobody takes it for whole.
func (a *admin) streamed(export retail.Export, err error) (*huma.StreamResponse, error) {
	if err != nil {
		return nil, refuseExport(err)
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		c := humagin.Unwrap(ctx)
		select {
		case a.tables <- struct{}{}:
			defer func() { <-a.tables }()
		default:
			edge.Fail(c, edge.Refuse(edge.Unavailable, "Other tables are being sent."))
			return
		}
		text := bufio.NewWriterSize(newPaced(c.Writer), tableBuffer)
		c.Header("Content-Type", table)
		c.Header("Content-Disposition", `attachment; filename="`+export.Name+`"`)
		err := export.Write(ctx.Context(), text)
		switch {
		case err == nil:
			_ = text.Flush() // whoever has hung up misses nothing
		case c.Writer.Written():
			panic(http.ErrAbortHandler)
		default:
			c.Writer.Header().Del("Content-Disposition")
			edge.Fail(c, counter.Refuse(err))
		}
	}}, nil
}

// stallMost is how long whoever reads a table may take nothing of it.
const stallMost = time.Minute

// paced writes for as long as its reader takes something: a large table takes longer than an answer may, and one that nobody reads would
// never end.
type paced struct {
	to      http.ResponseWriter
	control *http.ResponseController
}

func newPaced(to http.ResponseWriter) *paced {
	p := &paced{to: to, control: http.NewResponseController(to)}
	_ = p.control.SetWriteDeadline(time.Time{}) // of answers that are not sent piece by piece
	return p
}

// Write fails when nothing was taken for stallMost.
func (p *paced) Write(some []byte) (int, error) {
	stalled := time.AfterFunc(stallMost, func() { _ = p.control.SetWriteDeadline(time.Unix(1, 0)) }) // long past: ends the write
	defer stalled.Stop()
	return p.to.Write(some)
}

// refuseExport is the problem of an export that can't be made.
func refuseExport(err error) error {
	switch {
	case errors.Is(err, retail.ErrNoDatev):
		return edge.Refuse(edge.SettingsMissing, "Name them under /v1/admin/bookkeeping: "+err.Error()+".")
	case errors.Is(err, retail.ErrTwoYears):
		return edge.Refuse(edge.InvalidRequest, "to: the period lies in two fiscal years, which DATEV takes in two tables", edge.With("field", "to"))
	}
	return refuseReport(err)
}

// bookkeepingBody are the settings of the books.
type bookkeepingBody struct {
	Accounts map[string]string `json:"accounts" nullable:"false" doc:"Numbers by name: liability (what is owed), sold, reloaded, granted, redeemed, refunded, paid_out (in cash) and fees (kept of that; without numbers of their own both have that of refunded), expired, adjusted; with /single_purpose behind it, for vouchers that were taxed when they were sold"`
	Datev    *datevBody        `json:"datev,omitempty" doc:"What DATEV wants to know; without it there is no such table"`
}

// datevBody is what DATEV wants to know.
type datevBody struct {
	Consultant      int    `json:"consultant" doc:"Beraternummer"`
	Client          int    `json:"client" doc:"Mandantennummer"`
	AccountLength   int    `json:"account_length" doc:"Sachkontenlänge"`
	FiscalYearStart string `json:"fiscal_year_start" doc:"Month and day, such as 01-01"`
	Chart           string `json:"chart,omitempty" doc:"Sachkontenrahmen, such as 03 or 04"`
}

func (a *admin) bookkeeping(ctx context.Context, _ *struct{}) (*body[bookkeepingBody], error) {
	settings, err := a.office.BookSettings(ctx)
	if err != nil {
		return nil, refuseTrade(err)
	}
	out := bookkeepingBody{Accounts: settings.Accounts}
	if out.Accounts == nil {
		out.Accounts = map[string]string{}
	}
	if d := settings.Datev; d != nil {
		out.Datev = &datevBody{d.Consultant, d.Client, d.AccountLength, d.YearBegins, d.Chart}
	}
	return ok(out), nil
}

// setBookkeepingIn replaces the settings of the books.
type setBookkeepingIn struct{ Body bookkeepingBody }

func (a *admin) setBookkeeping(ctx context.Context, in *setBookkeepingIn) (*body[bookkeepingBody], error) {
	settings := retail.BookSettings{Accounts: in.Body.Accounts}
	if d := in.Body.Datev; d != nil {
		settings.Datev = &retail.DatevSettings{
			Consultant: d.Consultant, Client: d.Client, AccountLength: d.AccountLength, YearBegins: d.FiscalYearStart, Chart: d.Chart,
		}
	}
	if err := a.office.SetBooks(ctx, counter.Caller(ctx), settings); err != nil {
		return nil, refuseTrade(err)
	}
	return a.bookkeeping(ctx, nil)
}
