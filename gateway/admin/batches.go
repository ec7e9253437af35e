package admin

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// batches holds what the handlers of pre-printed vouchers need.
type batches struct {
	*admin
	stock *retail.Stockroom
}

// batchPath is where a batch has its name.
const batchPath = "/v1/admin/batches/{key}"

// RegisterBatches adds what the office does about vouchers that a printer makes, for registers to sell.
func RegisterBatches(to huma.API, desk *retail.Desk, sales *retail.Sales) {
	b := &batches{admin: &admin{office: retail.NewBackOffice(desk, sales)}, stock: retail.NewStockroom(desk, sales)}
	printing := operation(http.MethodPut, "print-batch", batchPath, "Make vouchers for a printer, worth nothing until a register sells them")
	printing.DefaultStatus = http.StatusCreated
	printing.Description = "201 when it happens now; the same again is 200 with the same body."
	huma.Register(to, printing, b.print)
	huma.Register(to, get("batch", batchPath, "What became of a batch"), b.batch)
	huma.Register(to, get("batches", "/v1/admin/batches", "Batches, with how many of their vouchers are in which state"), b.list)
	huma.Register(to, listing(), b.codes)
	huma.Register(to, post("close-batch", batchPath+"/close", "End the telling of a batch's codes for good"), b.close)
	describeRepeat(to.OpenAPI(), batchPath)
}

// table is the media type of the printer's list.
const table = "text/csv; charset=utf-8"

// listing is the operation whose answer is the printer's list.
func listing() huma.Operation {
	op := get("batch-codes", batchPath+"/codes.csv", "The printer's list: the codes of what nobody has bought yet; the audit trail says who asked")
	op.Responses = map[string]*huma.Response{
		strconv.Itoa(http.StatusOK): {
			Description: "A line for each voucher in the inventory: its number in the batch, its id, its code",
			Content:     map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}},
		},
	}
	return op
}

// printIn asks for a batch.
type printIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Product string `json:"product" minLength:"1" maxLength:"100" doc:"SKU of the product that they will be sold as"`
		Count   int    `json:"count" minimum:"1" maximum:"10000" doc:"How many vouchers"`
		Reason  string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit trail"`
	}
}

// batchOut is a batch.
type batchOut struct {
	ID        string         `json:"id" format:"uuid"`
	Key       string         `json:"key"`
	Product   string         `json:"product"`
	Count     int            `json:"count" doc:"Vouchers that were made"`
	Reason    string         `json:"reason"`
	State     string         `json:"state" enum:"open,closed" doc:"open: its codes can be read"`
	CreatedAt time.Time      `json:"created_at"`
	ClosedAt  *time.Time     `json:"closed_at"`
	Vouchers  map[string]int `json:"vouchers" doc:"How many of them are in which state; a state that none is in is left out"`
}

// showBatch renders a batch.
func showBatch(b retail.Batch) batchOut {
	out := batchOut{
		ID: b.ID, Key: b.Key, Product: b.Product, Count: b.Size, Reason: b.Reason, State: "open", CreatedAt: b.CreatedAt.UTC(),
		ClosedAt: utc(b.ClosedAt), Vouchers: b.States,
	}
	if b.ClosedAt != nil {
		out.State = "closed"
	}
	return out
}

func (b *batches) print(ctx context.Context, in *printIn) (*body[batchOut], error) {
	made, err := b.stock.Print(ctx, counter.Caller(ctx), retail.Print{
		Key: in.Key, Product: in.Body.Product, Count: in.Body.Count, Reason: in.Body.Reason,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	out := ok(showBatch(made))
	if made.Created {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// batchIn names a batch.
type batchIn struct {
	Key string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Its key, or its id"`
}

func (b *batches) batch(ctx context.Context, in *batchIn) (*body[batchOut], error) {
	found, err := b.stock.Batch(ctx, in.Key)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showBatch(found)), nil
}

// batchesIn asks for batches. Their pages are shorter than others, since the vouchers of each are counted.
type batchesIn struct {
	From   string `query:"from" maxLength:"40" doc:"Made at or after this instant (RFC 3339), or from the beginning of this day (YYYY-MM-DD) in the merchant's zone"`
	To     string `query:"to" maxLength:"40" doc:"Made before this instant, or through this day"`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"20" doc:"Items of a page"`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before"`
	Q      string `query:"q" maxLength:"200" doc:"Within key, product or reason. Never a code"`
	State  string `query:"state" enum:"open,closed"`
	Sort   string `query:"sort" enum:"created_at,-created_at" default:"-created_at" doc:"A minus turns it around"`
}

func (b *batches) list(ctx context.Context, in *batchesIn) (*body[pageOut[batchOut]], error) {
	from, to, err := b.span(PageIn{From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	page, next, err := b.stock.Batches(ctx, retail.BatchFilter{
		Page: retail.Page{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit}, Text: in.Q, State: in.State, From: from, To: to,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showBatch), nil
}

// listOut is a printer's list.
type listOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (b *batches) codes(ctx context.Context, in *batchIn) (*listOut, error) {
	codes, err := b.stock.Codes(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, refuseTrade(err)
	}
	var text bytes.Buffer
	lines := csv.NewWriter(&text)
	lines.UseCRLF = true
	_ = lines.Write([]string{"number", "voucher", "code"}) // a buffer takes everything
	for _, c := range codes {
		_ = lines.Write([]string{strconv.Itoa(c.Number), c.Voucher, c.Code.Reveal()})
	}
	lines.Flush()
	return &listOut{table, `attachment; filename="batch-` + in.Key + `.csv"`, text.Bytes()}, nil
}

func (b *batches) close(ctx context.Context, in *batchIn) (*body[batchOut], error) {
	closed, err := b.stock.CloseBatch(ctx, counter.Caller(ctx), in.Key)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showBatch(closed)), nil
}
