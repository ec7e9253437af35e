package retail

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// ErrNoBatch says that no batch has this id or key.
var ErrNoBatch = ledger.ErrNoBatch

// BatchMost is how many vouchers one batch may have.
const BatchMost = 10_000

// The audit trail's names for what the office does about batches.
const (
	didPrintBatch = "print_batch"
	didTellCodes  = "tell_codes"
	didCloseBatch = "close_batch"
)

// BatchFilter narrows a list of batches; what is left empty doesn't narrow.
type BatchFilter = ledger.BatchFilter

// Batch is what a printer makes in one go, with how many of its vouchers are in which state now.
type Batch struct {
	ledger.Batch
	States  map[string]int // as people are shown them
	Created bool           // it was made now
}

// Print is a request to make vouchers for a printer.
type Print struct {
	Key     string
	Product string // SKU
	Count   int    // 1 to BatchMost
	Reason  string
}

// Print puts vouchers into the inventory that have a code and no value (X08). The same again is answered as it was. Errors:
// ErrUnknownProduct, voucher.ErrKeyReused.
func (s *Stockroom) Print(ctx context.Context, by Actor, p Print) (Batch, error) {
	asked := sha256.Sum256(fmt.Appendf(nil, "%q %d %q", p.Product, p.Count, p.Reason))
	for try := 0; ; try++ {
		known, was, err := s.desk.ledger.FindBatch(ctx, p.Key)
		switch {
		case err == nil && was != asked:
			return Batch{}, voucher.ErrKeyReused
		case err == nil:
			known.ClosedAt = nil // as it was after it was made
			return Batch{Batch: known, States: map[string]int{string(voucher.Inventory): known.Size}}, nil
		case !errors.Is(err, ErrNoBatch):
			return Batch{}, settled("find a batch", err)
		}
		if err = s.print(ctx, by, p, asked); err != nil && (!ledger.IsTwin(err) || try == twins) {
			return Batch{}, settled("print a batch", err)
		}
		if err == nil {
			made, err := s.Batch(ctx, p.Key)
			made.Created = true
			return made, err
		}
	}
}

// print makes the vouchers first, so that the transaction is short.
func (s *Stockroom) print(ctx context.Context, by Actor, p Print, asked [32]byte) error {
	product, err := s.sales.Product(ctx, p.Product)
	if err != nil {
		return err
	}
	batch := ledger.NewBatch{Fingerprint: asked, Batch: ledger.Batch{Key: p.Key, Product: product.SKU, Reason: p.Reason}}
	if batch.ID, err = s.desk.ledger.NewID(); err != nil {
		return err
	}
	for range p.Count {
		id, err := s.desk.ledger.NewID()
		if err != nil {
			return err
		}
		card, err := s.sales.blank(product, orders.Shop{}, id)
		if err != nil {
			return err
		}
		batch.Vouchers = append(batch.Vouchers, card)
	}
	return outbox.InTx(ctx, s.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := s.desk.ledger.AddBatch(ctx, tx, batch); err != nil {
			return err
		}
		return s.desk.audit(ctx, tx, by, didPrintBatch, "batch "+batch.ID, map[string]any{
			"product": p.Product, "count": p.Count, "reason": p.Reason,
		})
	})
}

// Batch finds a batch by its key, or its id. Error: ErrNoBatch.
func (s *Stockroom) Batch(ctx context.Context, name string) (Batch, error) {
	found, _, err := s.desk.ledger.FindBatch(ctx, name)
	if err != nil {
		return Batch{}, settled("find a batch", err)
	}
	counted, err := s.counted(ctx, found)
	if err != nil {
		return Batch{}, err
	}
	return counted[0], nil
}

// Batches lists batches. Errors: ErrCursor, ErrIsCode.
func (s *Stockroom) Batches(ctx context.Context, f BatchFilter) (page []Batch, next string, err error) {
	if err := s.office.noCode(ctx, f.Text); err != nil {
		return nil, "", settled("list batches", err)
	}
	found, next, err := s.desk.ledger.Batches(ctx, f)
	if err != nil || len(found) == 0 {
		return nil, "", settled("list batches", err)
	}
	page, err = s.counted(ctx, found...)
	return page, next, err
}

// counted adds to batches what has become of their vouchers.
func (s *Stockroom) counted(ctx context.Context, found ...ledger.Batch) ([]Batch, error) {
	ids := make([]string, len(found))
	for i, b := range found {
		ids[i] = b.ID
	}
	states, err := s.desk.ledger.CountStock(ctx, ids...)
	if err != nil {
		return nil, settled("count the vouchers of batches", err)
	}
	batches := make([]Batch, len(found))
	for i, b := range found {
		batches[i] = Batch{Batch: b, States: states[b.ID]}
	}
	return batches, nil
}

// PrintedCode is a code for the printer.
type PrintedCode struct {
	Number  int // within its batch
	Voucher string
	Code    voucher.Code
}

// Codes tells the printer's list of a batch: the codes of what nobody has bought yet. Whoever has it can't spend any of them, and could
// once they are sold, so that the audit trail says who read it, and nobody can when the batch is closed: ErrSettled. Error beside:
// ErrNoBatch.
func (s *Stockroom) Codes(ctx context.Context, by Actor, name string) (codes []PrintedCode, err error) {
	_, err = s.locked(ctx, "tell the codes of a batch", name, func(tx outbox.Tx, batch *ledger.Batch) (err error) {
		if batch.ClosedAt != nil {
			return ErrSettled
		}
		if codes, err = s.codes(ctx, tx, batch.ID); err != nil {
			return err
		}
		return s.desk.audit(ctx, tx, by, didTellCodes, "batch "+batch.ID, map[string]any{"codes": len(codes)})
	})
	return codes, err
}

// locked works on a batch under its lock.
func (s *Stockroom) locked(ctx context.Context, doing, name string, work func(outbox.Tx, *ledger.Batch) error) (batch ledger.Batch, err error) {
	found, _, err := s.desk.ledger.FindBatch(ctx, name)
	if err != nil {
		return ledger.Batch{}, settled(doing, err)
	}
	err = s.office.within(ctx, doing, func(tx outbox.Tx) error {
		if batch, err = ledger.LockBatch(ctx, tx, found.ID); err != nil {
			return err
		}
		return work(tx, &batch)
	})
	return batch, err
}

func (s *Stockroom) codes(ctx context.Context, tx outbox.Tx, batch string) ([]PrintedCode, error) {
	cards, err := ledger.Cards(ctx, tx, batch)
	if err != nil {
		return nil, err
	}
	codes := make([]PrintedCode, len(cards))
	for i, card := range cards {
		code, err := s.sales.unsealCode(card.Voucher, card.Sealed)
		if err != nil {
			return nil, err
		}
		codes[i] = PrintedCode{Number: card.Number, Voucher: card.Voucher, Code: code}
	}
	return codes, nil
}

// CloseBatch ends the telling of a batch's codes for good: the printer has them. One that is closed is left as it is. Error: ErrNoBatch.
func (s *Stockroom) CloseBatch(ctx context.Context, by Actor, name string) (Batch, error) {
	batch, err := s.locked(ctx, "close a batch", name, func(tx outbox.Tx, batch *ledger.Batch) error {
		if batch.ClosedAt != nil {
			return nil
		}
		if err := ledger.CloseBatch(ctx, tx, batch); err != nil {
			return err
		}
		return s.desk.audit(ctx, tx, by, didCloseBatch, "batch "+batch.ID, nil)
	})
	if err != nil {
		return Batch{}, err
	}
	return s.Batch(ctx, batch.Key)
}
