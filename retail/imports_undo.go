package retail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Undone is what became of taking an import back.
type Undone struct {
	Import Import
	Taken  int        // vouchers that are out of the books again, now or by an earlier try
	Stayed []Imported // those that were used, which stay
}

// Imported is a voucher of an import.
type Imported = ledger.Imported

// TakeBack takes out of the books what an import brought and nobody has used (X07), written off or not. What was used, or is reserved,
// stays and is listed. The codes of what is taken back are free: the corrected file may be imported under another key. It may be cut off
// anywhere, and goes on where it was when it is asked for again. Error: ErrNoImport.
func (s *Stockroom) TakeBack(ctx context.Context, by Actor, name, reason string) (Undone, error) {
	found, err := s.desk.ledger.FindImport(ctx, name)
	if err != nil {
		return Undone{}, settled("find an import", err)
	}
	done := Undone{Import: Import{Import: found}}
	for after := 0; ; {
		next, err := s.desk.ledger.ImportedAfter(ctx, found.ID, after, undoBatch)
		if err != nil {
			return Undone{}, settled("read an import", err)
		}
		if len(next) == 0 {
			break
		}
		after = next[len(next)-1].Line
		stayed, err := s.undo(ctx, slices.DeleteFunc(next, func(one Imported) bool { return one.Undone }))
		if err != nil {
			return Undone{}, settled("take an import back", err)
		}
		done.Stayed = append(done.Stayed, stayed...)
	}
	done.Taken = found.Size - len(done.Stayed)
	return done, s.noteUndone(ctx, by, &done, reason)
}

// undo takes some vouchers back in one transaction, and returns those that stay.
func (s *Stockroom) undo(ctx context.Context, some []Imported) (stayed []Imported, err error) {
	if len(some) == 0 {
		return nil, nil
	}
	acts := make([]ledger.Aimed, len(some))
	for i, one := range some {
		acts[i] = ledger.Aimed{Voucher: one.Voucher, Act: voucher.Reverse{
			Target: voucher.Ref{Owner: Actor{Channel: Office}.Owner(), Kind: voucher.Imports, Key: one.Act}, Limited: voucher.Unlimited,
			WriteOffs: voucher.WriteOffsSince(one.Voucher, one.Entries),
		}}
	}
	var applied *ledger.Applied
	err = outbox.InTx(ctx, s.sales.orders.Pool(), func(tx outbox.Tx) (err error) {
		stayed = nil
		if applied, err = s.desk.ledger.ApplyTx(ctx, tx, acts...); err != nil {
			return err
		}
		for i, refusal := range applied.Refusals {
			switch {
			case refusal == nil:
				err = s.freeCode(ctx, tx, applied.Answers[i])
			case voucher.IsRefusal(refusal):
				stayed = append(stayed, some[i])
			default:
				err = refusal
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.desk.ledger.Told(ctx, applied)
	return stayed, nil
}

// macBytes is how long a fingerprint of a code is.
const macBytes = 32

// freeCode takes its code from a voucher that was taken back, so that it can come again. Nobody has, or can find, what it gets instead.
func (s *Stockroom) freeCode(ctx context.Context, tx outbox.Tx, answer voucher.Answer) error {
	if idle(answer) {
		return nil
	}
	nobodys := make([]byte, macBytes)
	if _, err := io.ReadFull(s.desk.random, nobodys); err != nil {
		return fmt.Errorf("draw a fingerprint: %w", err)
	}
	return ledger.ReplaceCode(ctx, tx, ledger.NewCode{
		Voucher: answer.Voucher.ID, Version: answer.Voucher.Version, Last4: answer.Voucher.Last4, MAC: nobodys,
	})
}

// noteUndone notes the end of it, once.
func (s *Stockroom) noteUndone(ctx context.Context, by Actor, done *Undone, reason string) error {
	id := done.Import.ID
	err := outbox.InTx(ctx, s.sales.orders.Pool(), func(tx outbox.Tx) error {
		first, err := ledger.TakeBackImport(ctx, tx, id)
		if err != nil || !first {
			return err
		}
		return s.desk.audit(ctx, tx, by, didTakeBack, "import "+id, map[string]any{
			"taken": done.Taken, "stayed": len(done.Stayed), "reason": reason,
		})
	})
	if err == nil {
		done.Import.Import, err = s.desk.ledger.FindImport(ctx, id)
	}
	return settled("note that an import was taken back", err)
}

// isImportRefusal tells an answer about imports from a fault.
func isImportRefusal(err error) bool {
	for _, refusal := range []error{ErrFile, ErrFaults, ErrImported, ErrNoImport} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
