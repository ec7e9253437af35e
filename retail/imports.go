package retail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/sheet"
	"vouchsafe/retail/voucher"
)

// What an import is refused for.
var (
	// ErrFile says that a file can't be read as a table of vouchers at all.
	ErrFile = sheet.ErrFile
	// ErrFaults says that lines of a file are wrong: nothing of it was imported.
	ErrFaults = errors.New("lines of the file are wrong")
	// ErrImported says that the file was imported before, under another key.
	ErrImported = errors.New("the file was imported before")
	// ErrNoImport says that no import has this id or key.
	ErrNoImport = ledger.ErrNoImport
)

// The audit trail's names for what the office does about imports.
const (
	didImport   = "import"
	didTakeBack = "take_back_import"
)

const (
	knownBatch = 5000 // codes that are looked for at once
	undoBatch  = 200  // vouchers that are taken back in one transaction

	// unnamedProduct is what vouchers are called that come without a product.
	unnamedProduct = "imported"

	endedText = "nobody can use it or have it in cash any more: if it is imported, it is written off within the hour"
)

// File is a table of vouchers that another system issued.
type File struct {
	Bytes    []byte
	Currency money.Currency // of lines that name none; "" where each must
}

// Weighed is what a file would bring.
type Weighed struct {
	sheet.Sheet
	Warnings []sheet.Fault // of rows that can neither be used nor paid out any more: the next write-off takes them
	Ended    []sheet.Total // of all such rows
	Known    *Import       // it was imported before, and stands; nil for none
}

// StoredImport is an import as it is stored.
type StoredImport = ledger.Import

// ImportFilter narrows a list of imports, and ImportState by what became of them.
type (
	ImportFilter = ledger.ImportFilter
	ImportState  = ledger.ImportState
)

// Import is a file that was brought in.
type Import struct {
	ledger.Import
	Created bool // it happened now
}

// Weigh reads a file and compares it with what is here (X07): the dry run, which changes nothing. What it finds wrong is in the faults.
// Error: ErrFile.
func (s *Stockroom) Weigh(ctx context.Context, f File) (Weighed, error) {
	read, err := sheet.Read(f.Bytes, f.Currency)
	if err != nil {
		return Weighed{}, settled("read a file", err)
	}
	w := Weighed{Sheet: read}
	known, err := s.desk.ledger.FindFile(ctx, w.Digest[:])
	switch {
	case err == nil:
		w.Known = &Import{Import: known}
		return w, nil // its codes are known, of course
	case !errors.Is(err, ErrNoImport):
		return Weighed{}, settled("look for a file", err)
	}
	if err := s.compare(ctx, &w); err != nil {
		return Weighed{}, settled("compare a file with what is here", err)
	}
	return w, nil
}

// compare adds the faults that only show beside what is here: codes that exist, values above the limit, products that are unknown.
func (s *Stockroom) compare(ctx context.Context, w *Weighed) error {
	products, err := s.productsIn(ctx, w.Rows)
	if err != nil {
		return err
	}
	for _, row := range w.Rows {
		if fault := s.sales.unfit(row, products); fault != nil {
			w.fault(row.Line, fault.column, fault.text)
		}
	}
	for rows := range slices.Chunk(w.Rows, knownBatch) {
		if err := s.compareCodes(ctx, w, rows); err != nil {
			return err
		}
	}
	slices.SortStableFunc(w.Faults, func(a, b sheet.Fault) int { return a.Line - b.Line })
	refused := map[int]bool{}
	for _, f := range w.Faults {
		refused[f.Line] = true
	}
	w.Leave(refused)
	return s.findEnded(ctx, w, products)
}

// findEnded finds the rows that are nobody's any more (X12). They may be imported, so that the books tell what became of them.
func (s *Stockroom) findEnded(ctx context.Context, w *Weighed, products map[string]purchase.Product) error {
	at, err := s.sales.orders.Now(ctx)
	if err != nil {
		return err
	}
	var ended []sheet.Row
	for _, row := range w.Rows {
		if row.ExpiresOn.Zero() {
			continue
		}
		n, err := s.uncodedArrival(row, products[row.Product], "")
		if err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
		if !at.Before(s.desk.ledger.Rules().ForfeitFrom(&n.Voucher)) {
			ended = append(ended, row)
			w.Warnings = append(w.Warnings, sheet.Fault{Line: row.Line, Column: "expires_on", Text: endedText})
		}
	}
	w.Ended = sheet.TotalsOf(ended)
	return nil
}

// fault notes what is wrong with a line.
func (w *Weighed) fault(line int, column, text string) {
	w.Faults = append(w.Faults, sheet.Fault{Line: line, Column: column, Text: text})
}

// productsIn are the products that rows name, without those that are not registered.
func (s *Stockroom) productsIn(ctx context.Context, rows []sheet.Row) (map[string]purchase.Product, error) {
	products := map[string]purchase.Product{}
	for _, row := range rows {
		if _, known := products[row.Product]; known || row.Product == "" {
			continue
		}
		product, err := s.sales.Product(ctx, row.Product)
		if err != nil && !errors.Is(err, ErrUnknownProduct) {
			return nil, err
		}
		products[row.Product] = product // the zero Product for one that is not registered
	}
	return products, nil
}

// unfitness is why a row can't be a voucher here.
type unfitness struct{ column, text string }

// unfit tells why a row can't be a voucher here; nil if it can.
func (s *Sales) unfit(row sheet.Row, products map[string]purchase.Product) *unfitness {
	if limit, err := money.Parse(s.defaults.Ceiling, row.Value.Currency); err == nil && row.Value.Minor > limit.Minor {
		return &unfitness{"balance", fmt.Sprintf("above the limit of %s for one voucher", limit)}
	}
	product := products[row.Product]
	switch {
	case row.Product == "":
		return nil
	case product.SKU == "":
		return &unfitness{"product", "no product has this SKU"}
	case product.Currency != row.Value.Currency:
		return &unfitness{"currency", fmt.Sprintf("the product is worth an amount in %s", product.Currency)}
	}
	return nil
}

// compareCodes finds the codes that a voucher has already, as one of ours or as a foreign one.
func (s *Stockroom) compareCodes(ctx context.Context, w *Weighed, rows []sheet.Row) error {
	var all [][]byte
	var asker []int
	for i, row := range rows {
		typed, err := voucher.Read(row.Code.Canonical())
		if err != nil {
			return fmt.Errorf("read the code of line %d: %w", row.Line, err)
		}
		for _, mac := range macs(s.desk.ring, typed) {
			all, asker = append(all, mac), append(asker, i)
		}
	}
	places, err := s.desk.ledger.KnownCodes(ctx, all)
	if err != nil {
		return err
	}
	last := -1
	for _, place := range places {
		if i := asker[place]; i != last {
			w.fault(rows[i].Line, "code", "a voucher has this code already")
			last = i
		}
	}
	return nil
}

// Bring is a request to import a file.
type Bring struct {
	Key    string
	Reason string
	File
}

// Import brings the vouchers of a file into the books, all of them in one transaction or none (X07): their values are opening balances,
// and not sales. A repeat is told what there is, and so is whoever asks again after a power cut. Errors: ErrFile; ErrFaults, and then
// what is wrong is in Weighed; ErrImported; voucher.ErrKeyReused; voucher.ErrApproval when the sum is more than one alone may give.
func (s *Stockroom) Import(ctx context.Context, by Actor, b Bring) (Import, Weighed, error) {
	for try := 0; ; try++ {
		w, err := s.Weigh(ctx, b.File)
		if err != nil {
			return Import{}, w, err
		}
		known, err := s.desk.ledger.FindImport(ctx, b.Key)
		switch {
		case err == nil && !bytes.Equal(known.Digest, w.Digest[:]):
			return Import{}, w, voucher.ErrKeyReused
		case err == nil:
			return Import{Import: known}, w, nil
		case !errors.Is(err, ErrNoImport):
			return Import{}, w, settled("find an import", err)
		case w.Known != nil:
			return Import{}, w, ErrImported
		case len(w.Faults) > 0 || len(w.Rows) == 0:
			return Import{}, w, ErrFaults
		case !s.mayBring(by, w):
			return Import{}, w, voucher.ErrApproval
		}
		made, err := s.bring(ctx, by, b, w)
		if err == nil || !ledger.IsTwin(err) || try == twins {
			return made, w, settled("import a file", err)
		}
	}
}

// mayBring tells whether one alone may bring so much into the books (X13). Whoever runs commands on the server has the stores in his
// hands anyway.
func (s *Stockroom) mayBring(by Actor, w Weighed) bool {
	return by.local || !slices.ContainsFunc(w.Totals, func(t sheet.Total) bool { return !s.desk.ledger.MayAlone(money.Of(t.Minor, t.Currency)) })
}

// bring writes an import.
func (s *Stockroom) bring(ctx context.Context, by Actor, b Bring, w Weighed) (Import, error) {
	fresh, err := s.unpack(ctx, w)
	if err != nil {
		return Import{}, err
	}
	fresh.Key, fresh.Reason = b.Key, b.Reason
	err = outbox.InTx(ctx, s.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := s.desk.ledger.AddImport(ctx, tx, fresh); err != nil {
			return err
		}
		return s.desk.audit(ctx, tx, by, didImport, "import "+fresh.ID, map[string]any{
			"key": b.Key, "vouchers": len(fresh.Vouchers), "totals": w.Totals, "reason": b.Reason,
		})
	})
	if err != nil {
		return Import{}, err
	}
	made, err := s.desk.ledger.FindImport(ctx, b.Key)
	return Import{Import: made, Created: true}, err
}

// unpack makes the vouchers of a file, before the transaction that writes them.
func (s *Stockroom) unpack(ctx context.Context, w Weighed) (fresh ledger.NewImport, err error) {
	if fresh.ID, err = s.desk.ledger.NewID(); err != nil {
		return fresh, err
	}
	fresh.Digest, fresh.Totals = w.Digest[:], detailOf(w.Totals)
	products, err := s.productsIn(ctx, w.Rows)
	if err != nil {
		return fresh, err
	}
	for _, row := range w.Rows {
		n, err := s.arrival(row, products[row.Product])
		if err != nil {
			return fresh, fmt.Errorf("line %d: %w", row.Line, err)
		}
		n.Ref = voucher.Ref{Owner: Actor{Channel: Office}.Owner(), Kind: voucher.Imports, Key: fresh.ID + "/" + strconv.Itoa(row.Line)}
		fresh.Vouchers, fresh.Lines = append(fresh.Vouchers, n), append(fresh.Lines, row.Line)
	}
	return fresh, nil
}

// arrival is the voucher of a row.
func (s *Stockroom) arrival(row sheet.Row, product purchase.Product) (ledger.NewVoucher, error) {
	id, err := s.desk.ledger.NewID()
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	n, err := s.uncodedArrival(row, product, id)
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	return n, s.sales.giveCode(&n, row.Code, purposeForeign)
}

// uncodedArrival is the voucher of a row, without its code. It belongs to whoever has the code, as it did; its validity is the one that it
// was sold with.
func (s *Stockroom) uncodedArrival(row sheet.Row, product purchase.Product, id string) (ledger.NewVoucher, error) {
	if product.SKU == "" {
		product = purchase.Product{
			SKU: unnamedProduct, Kind: purchase.Kind(row.Kind), Currency: row.Value.Currency, VAT: purchase.MultiPurpose, Expires: "country",
		}
		if row.ExpiresOn.Zero() {
			product.Expires = "never"
		}
	}
	n, err := s.sales.uncoded(product, orders.Shop{}, id)
	if err != nil {
		return ledger.NewVoucher{}, err
	}
	n.Minor, n.Voucher.State, n.Voucher.Mode = row.Value.Minor, voucher.Active, voucher.Card
	if n.Voucher.ExpiresOn = row.ExpiresOn; !row.ExpiresOn.Zero() {
		n.Voucher.EndsAt = row.ExpiresOn.End(n.Voucher.Zone)
	}
	return n, nil
}

// ImportNamed finds an import by its key, or its id. Error: ErrNoImport.
func (s *Stockroom) ImportNamed(ctx context.Context, name string) (Import, error) {
	found, err := s.desk.ledger.FindImport(ctx, name)
	return Import{Import: found}, settled("find an import", err)
}

// Imports lists imports. Error: ErrCursor.
func (s *Stockroom) Imports(ctx context.Context, f ImportFilter) (found []ledger.Import, next string, err error) {
	found, next, err = s.desk.ledger.Imports(ctx, f)
	return found, next, settled("list imports", err)
}
