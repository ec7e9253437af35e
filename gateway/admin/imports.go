package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/sheet"
)

const (
	importPath  = "/v1/admin/imports/{key}"
	importBytes = 4 << 20 // of a request; a larger file is imported by the command
	faultsTold  = 100     // of one file
)

// imports holds what the handlers of imports need.
type imports struct {
	stock *retail.Stockroom
}

// RegisterImports adds what brings in vouchers that another system issued.
func RegisterImports(to huma.API, stock *retail.Stockroom) {
	i := &imports{stock: stock}
	weigh := managing(post("weigh-import", "/v1/admin/imports/weigh", "Look a file of vouchers through; nothing is changed"))
	bring := managing(operation(http.MethodPut, "bring-import", importPath, "Bring in the vouchers of a file, all or none"))
	bring.DefaultStatus = http.StatusCreated
	bring.Description = "201 when it happens now; the same again is 200 with the same body."
	for _, op := range []*huma.Operation{&weigh, &bring} {
		op.MaxBodyBytes = importBytes
		op.Middlewares = append(op.Middlewares, edge.Bodies(importBytes))
	}
	huma.Register(to, weigh, i.weigh)
	huma.Register(to, bring, i.bring)
	huma.Register(to, get("import", importPath, "What became of an import"), i.found)
	huma.Register(to, get("imports", "/v1/admin/imports", "Imports, the latest first"), i.list)
	huma.Register(to, managing(post("take-back-import", importPath+"/take-back", "Take out of the books what an import brought and nobody has used")), i.takeBack)
	describeRepeat(to.OpenAPI(), importPath)
}

// FileIn is a file of vouchers.
type FileIn struct {
	CSV      string         `json:"csv" minLength:"1" doc:"Columns code, balance, currency, and perhaps expires_on, kind and product; separated by semicolons, commas or tabs. A voucher without a last day has none in expires_on, or one of the year 9999; no other is after 9000-12-31"`
	Currency money.Currency `json:"currency,omitempty" maxLength:"5" doc:"Of lines that name none"`
}

// file is what was sent.
func (in FileIn) file() retail.File {
	return retail.File{Bytes: []byte(in.CSV), Currency: in.Currency}
}

// weighIn asks for a file to be looked through.
type weighIn struct {
	Body struct{ FileIn }
}

// faultOut is what is wrong with a line.
type faultOut struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Detail string `json:"detail"`
}

// totalOut is the control total of one currency.
type totalOut struct {
	Vouchers int          `json:"vouchers"`
	Sum      money.Amount `json:"sum"`
}

// weighedOut is what a file would bring.
type weighedOut struct {
	Totals   []totalOut `json:"totals" nullable:"false" doc:"Of the lines that can be taken, by currency, to compare with the old system"`
	Empty    int        `json:"empty" doc:"Lines that are left out, since nothing is on their vouchers"`
	Weak     int        `json:"weak" doc:"Codes of these lines that are easier to guess than those that are drawn here"`
	Ignored  []string   `json:"ignored" nullable:"false" doc:"Columns that mean nothing here"`
	Faults   []faultOut `json:"faults" nullable:"false" doc:"The first hundred; nothing of a file with faults is imported"`
	Warnings []faultOut `json:"warnings" nullable:"false" doc:"The first hundred lines whose validity has ended, and the right to their value in cash: what is imported of them is written off within the hour"`
	Ended    []totalOut `json:"ended" nullable:"false" doc:"What the totals hold of all such lines"`
	Known    *importOut `json:"known" doc:"The import of this very file; null for none"`
}

// importOut is an import.
type importOut struct {
	ID          string     `json:"id" format:"uuid"`
	Key         string     `json:"key"`
	Vouchers    int        `json:"vouchers"`
	Reason      string     `json:"reason"`
	State       string     `json:"state" enum:"standing,taken_back"`
	ImportedAt  time.Time  `json:"imported_at"`
	TakenBackAt *time.Time `json:"taken_back_at"`
}

// showImport renders an import.
func showImport(i retail.StoredImport) importOut {
	return importOut{
		ID: i.ID, Key: i.Key, Vouchers: i.Size, Reason: i.Reason, State: string(i.State()), ImportedAt: i.ImportedAt.UTC(), TakenBackAt: utc(i.TakenBackAt),
	}
}

// showTotals renders control totals.
func showTotals(totals []sheet.Total) []totalOut {
	out := []totalOut{}
	for _, t := range totals {
		out = append(out, totalOut{t.Vouchers, money.Of(t.Minor, t.Currency)})
	}
	return out
}

// showFaults renders the first faults of a file.
func showFaults(faults []sheet.Fault) []faultOut {
	out := []faultOut{}
	for _, f := range faults[:min(len(faults), faultsTold)] {
		out = append(out, faultOut{f.Line, f.Column, f.Text})
	}
	return out
}

func (i *imports) weigh(ctx context.Context, in *weighIn) (*body[weighedOut], error) {
	found, err := i.stock.Weigh(ctx, in.Body.file())
	if err != nil {
		return nil, refuseImport(err, found)
	}
	out := weighedOut{
		Totals: showTotals(found.Totals), Empty: found.Empty, Weak: found.Weak, Ignored: append([]string{}, found.Ignored...),
		Faults: showFaults(found.Faults), Warnings: showFaults(found.Warnings), Ended: showTotals(found.Ended),
	}
	if found.Known != nil {
		known := showImport(found.Known.Import)
		out.Known = &known
	}
	return ok(out), nil
}

// bringIn asks for a file to be imported.
type bringIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		FileIn
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (i *imports) bring(ctx context.Context, in *bringIn) (*body[importOut], error) {
	made, found, err := i.stock.Import(ctx, counter.Caller(ctx), retail.Bring{Key: in.Key, Reason: in.Body.Reason, File: in.Body.file()})
	if err != nil {
		return nil, refuseImport(err, found)
	}
	out := ok(showImport(made.Import))
	if made.Created {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// refuseImport is the problem of a file that can't be imported.
func refuseImport(err error, found retail.Weighed) error {
	switch {
	case errors.Is(err, retail.ErrFile):
		return counter.Invalid("csv", err.Error())
	case errors.Is(err, retail.ErrFaults):
		return edge.Refuse(edge.InvalidRequest, "csv: lines of the file are wrong, or it has none.",
			edge.With("field", "csv"), edge.With("faults", showFaults(found.Faults)))
	case errors.Is(err, retail.ErrImported):
		return edge.Refuse(edge.AlreadyExists, "This very file was imported before, as "+found.Known.Key+".")
	case errors.Is(err, retail.ErrNoImport):
		return edge.Refuse(edge.NotFound, "No import has this key or id.")
	}
	return refuseTrade(err)
}

// importIn names an import.
type importIn struct {
	Key string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Its key, or its id"`
}

func (i *imports) found(ctx context.Context, in *importIn) (*body[importOut], error) {
	found, err := i.stock.ImportNamed(ctx, in.Key)
	if err != nil {
		return nil, refuseImport(err, retail.Weighed{})
	}
	return ok(showImport(found.Import)), nil
}

// importsIn asks for imports.
type importsIn struct {
	ShortPageIn
	State string `query:"state" enum:"standing,taken_back"`
	Sort  string `query:"sort" enum:"imported_at,-imported_at" default:"-imported_at" doc:"A minus turns it around"`
}

func (i *imports) list(ctx context.Context, in *importsIn) (*body[pageOut[importOut]], error) {
	asked := in.stretch()
	asked.Sort = in.Sort
	page, next, err := i.stock.Imports(ctx, retail.ImportFilter{Page: asked, State: retail.ImportState(in.State)})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showImport), nil
}

// takeBackIn asks for an import to be taken back.
type takeBackIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Its key, or its id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// takenBackOut is what became of it.
type takenBackOut struct {
	Import importOut   `json:"import"`
	Taken  int         `json:"taken" doc:"Vouchers that are out of the books; their codes are free"`
	Stayed []stayedOut `json:"stayed" nullable:"false" doc:"Those that were used"`
}

// stayedOut is a voucher that stays, since somebody has used it.
type stayedOut struct {
	Line    int    `json:"line"`
	Voucher string `json:"voucher" format:"uuid"`
	Last4   string `json:"last4"`
}

func (i *imports) takeBack(ctx context.Context, in *takeBackIn) (*body[takenBackOut], error) {
	done, err := i.stock.TakeBack(ctx, counter.Caller(ctx), in.Key, in.Body.Reason)
	if err != nil {
		return nil, refuseImport(err, retail.Weighed{})
	}
	out := takenBackOut{Import: showImport(done.Import.Import), Taken: done.Taken, Stayed: []stayedOut{}}
	for _, one := range done.Stayed {
		out.Stayed = append(out.Stayed, stayedOut{one.Line, one.Voucher, one.Last4})
	}
	return ok(out), nil
}
