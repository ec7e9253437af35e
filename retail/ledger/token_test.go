package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// bind binds a token of this fingerprint.
func (h *house) bind(mac []byte) voucher.Bind {
	h.t.Helper()
	return voucher.Bind{
		ID: h.newID(), Ref: voucher.Ref{Owner: "till:1", Kind: voucher.Bindings, Key: h.newID()}, Asked: []string{"code"},
		Token: voucher.Token{MAC: string(mac), Sealed: "sealed"}, Known: []string{string(mac)}, Last4: "4711",
	}
}

// waits waits until somebody stands at the lock between codes and tokens, or has passed it without waiting.
func (h *house) waits(passed <-chan error) (err error, waited bool) {
	h.t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-passed:
			return err, false
		case <-look.C:
		}
		const waiting = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
		var n int
		if err := h.pool.QueryRow(h.t.Context(), waiting).Scan(&n); err != nil {
			h.t.Fatal(err)
		}
		if n > 0 {
			return nil, true
		}
	}
}

// number is the fingerprint of a number that may be printed on anything.
func number() []byte {
	fingerprint := sha256.Sum256([]byte("OLD47110815"))
	return fingerprint[:]
}

// writing is a way in which a number becomes what leads to a voucher.
type writing func(ctx context.Context, h *house, tx outbox.Tx, id string) error

// chosen makes it a voucher's code that the office chose.
func chosen(ctx context.Context, h *house, tx outbox.Tx, id string) error {
	applied, err := h.ApplyTx(ctx, tx, ledger.Aimed{Voucher: id, Act: voucher.Replace{Text: voucher.Drawn, Last4: "0815"}})
	if err != nil {
		return err
	}
	return ledger.ReplaceCode(ctx, tx, ledger.NewCode{
		Voucher: id, Version: applied.Answers[0].Voucher.Version, Last4: "0815", MAC: number(), Known: [][]byte{number()}, Sealed: []byte("sealed"),
	})
}

// imported makes it the code of a voucher that another system issued.
func imported(ctx context.Context, h *house, tx outbox.Tx, _ string) error {
	n := h.blank()
	n.MAC, n.Minor, n.Voucher.State = number(), 100_00, voucher.Active
	id := h.newID()
	n.Ref = voucher.Ref{Owner: "office", Kind: voucher.Imports, Key: id + "/2"}
	made := ledger.Import{ID: id, Key: id, Digest: number(), Totals: []byte(`[{"currency":"DKK","vouchers":1,"amount":10000}]`), Reason: "moved"}
	return h.AddImport(ctx, tx, ledger.NewImport{Import: made, Vouchers: []ledger.NewVoucher{n}, Lines: []int{2}})
}

// bound makes it a voucher's token.
func bound(ctx context.Context, h *house, tx outbox.Tx, id string) error {
	_, err := h.ApplyTx(ctx, tx, ledger.Aimed{Voucher: id, Act: h.bind(number())})
	return err
}

// A number leads to one voucher (X08, B15): while it becomes a code it can't become a token, nor the other way round, whoever is first.
func TestANumberIsACodeOrAToken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		first, second writing
	}{
		{"a chosen code, and then a token", chosen, bound},
		{"an imported code, and then a token", imported, bound},
		{"a token, and then a chosen code", bound, chosen},
		{"a token, and then an imported code", bound, imported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			one, _ := h.issues(100_00)
			other, _ := h.issues(100_00)
			passed := make(chan error, 1)
			err := outbox.InTx(t.Context(), h.pool, func(tx outbox.Tx) error {
				if err := tt.first(t.Context(), h, tx, one); err != nil {
					return fmt.Errorf("the first: %w", err)
				}
				go func() {
					passed <- outbox.InTx(t.Context(), h.pool, func(tx outbox.Tx) error { return tt.second(t.Context(), h, tx, other) })
				}()
				if err, waited := h.waits(passed); !waited {
					return fmt.Errorf("the second did not wait: %w", err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := <-passed; !ledger.IsTwin(err) && !errors.Is(err, ledger.ErrCodeTaken) {
				t.Errorf("the second = %v", err)
			}
			h.sound()
		})
	}
}

// What ends after the first has committed finds the number taken as well, whatever it looked at before.
func TestACodeThatIsATokenIsNoneToBeBound(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, mac := h.issues(100_00)
	other, _ := h.issues(100_00)
	if _, err := h.Apply(t.Context(), ledger.Aimed{Voucher: other, Act: h.bind(mac)}); !ledger.IsTwin(err) {
		t.Errorf("the code of voucher %s was bound to another: %v", id, err)
	}
	h.sound()
}
