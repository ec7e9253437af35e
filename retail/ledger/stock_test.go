package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// prints puts a batch of so many cards into the inventory.
func (h *house) prints(count int) (batch string, cards []string) {
	h.t.Helper()
	b := ledger.NewBatch{Batch: ledger.Batch{ID: uuid.NewString(), Key: uuid.NewString(), Product: "GIFT", Reason: "summer"}}
	for range count {
		n := h.blank()
		b.Vouchers, cards = append(b.Vouchers, n), append(cards, n.Voucher.ID)
	}
	err := outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error { return h.AddBatch(h.t.Context(), tx, b) })
	if err != nil {
		h.t.Fatal(err)
	}
	return b.ID, cards
}

// blank is a voucher that was never sold.
func (h *house) blank() ledger.NewVoucher {
	h.t.Helper()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		h.t.Fatal(err)
	}
	id := uuid.NewString()
	mac := sha256.Sum256([]byte(id))
	return ledger.NewVoucher{MAC: mac[:], Sealed: []byte("sealed"), Voucher: voucher.Voucher{
		ID: id, Last4: "0000", Product: "GIFT", Kind: voucher.Money, Mode: voucher.Card, Currency: "DKK", Term: "P3Y", Zone: zone,
	}}
}

// sale is a register's sale.
func (h *house) sale(register, key string, stock voucher.Stock) voucher.Sell {
	return voucher.Sell{
		ID: h.newID(), Ref: voucher.Ref{Owner: "till:" + register, Kind: voucher.Sales, Key: key}, Product: "GIFT", Price: dkk(300_00),
		State: voucher.Active, Stock: stock, Detail: voucher.Detail{Receipt: "1", Tender: "cash"},
	}
}

// Eight registers on two gateways sell one card: one of them has sold it, whoever asks (X08).
func TestOfManyRegistersOneSellsACard(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := beside(t, a.pool)
	_, cards := a.prints(3)
	retailtest.ShiftClock(t, a.pool, 48*time.Hour) // they lie in the shop
	for _, card := range cards {
		var wg sync.WaitGroup
		var mu sync.Mutex
		sold, refused := 0, 0
		for i := range 8 {
			h := []*house{a, b}[i%2]
			wg.Go(func() {
				answer, err := h.Apply(context.Background(), ledger.Aimed{Voucher: card, Act: h.sale(fmt.Sprint(i), card, voucher.Printed)})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && answer.Created && answer.Voucher.IssuedAt.Equal(answer.At):
					sold++
				case errors.Is(err, voucher.ErrAlreadySold):
					refused++
				default:
					t.Errorf("%+v %v", answer, err)
				}
			})
		}
		wg.Wait()
		if sold != 1 || refused != 7 {
			t.Errorf("%d sold the card, %d were refused", sold, refused)
		}
		if got := a.balance(card); got != 300_00 {
			t.Errorf("its balance is %d", got)
		}
		seen, err := a.LookByID(t.Context(), card)
		if err != nil || time.Until(seen.Voucher.IssuedAt) < 47*time.Hour || seen.Voucher.ExpiresOn.Zero() {
			t.Errorf("sold: %+v %v", seen.Voucher, err)
		}
	}
	a.sound()
}

// A key sells one fresh code, on however many gateways it is asked at once; the vouchers that were made for the others are gone.
func TestAKeySellsOneFreshCode(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := beside(t, a.pool)
	var wg sync.WaitGroup
	var mu sync.Mutex
	sold, twins := 0, 0
	for i := range 8 {
		h := []*house{a, b}[i%2]
		fresh, act := h.blank(), h.sale("1", "s", voucher.Fresh)
		wg.Go(func() {
			answer, err := h.Sell(context.Background(), fresh, act)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && answer.Created:
				sold++
			case ledger.IsTwin(err):
				twins++
			default:
				t.Errorf("%+v %v", answer, err)
			}
		})
	}
	wg.Wait()
	var vouchers int
	if err := a.pool.QueryRow(t.Context(), `SELECT count(*) FROM voucher`).Scan(&vouchers); err != nil || vouchers != 1 {
		t.Errorf("%d vouchers, %v", vouchers, err)
	}
	if sold != 1 || twins != 7 {
		t.Errorf("%d sold, %d found a twin", sold, twins)
	}
	a.sound()
}

// A sale that is refused leaves no voucher in the inventory.
func TestARefusedSaleLeavesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	act := h.sale("1", "s", voucher.Fresh)
	act.Price = dkk(10_000_01)
	if _, err := h.Sell(t.Context(), h.blank(), act); !errors.Is(err, voucher.ErrAboveLimit) {
		t.Errorf("above the limit: %v", err)
	}
	var vouchers int
	if err := h.pool.QueryRow(t.Context(), `SELECT count(*) FROM voucher`).Scan(&vouchers); err != nil || vouchers != 0 {
		t.Errorf("%d vouchers, %v", vouchers, err)
	}
}

// What is wrong with the inventory is found, whoever edited it.
func TestAnEditOfTheInventoryIsFound(t *testing.T) {
	t.Parallel()
	h := open(t)
	batch, cards := h.prints(2)
	if _, err := h.Apply(t.Context(), ledger.Aimed{Voucher: cards[0], Act: h.sale("1", "s", voucher.Printed)}); err != nil {
		t.Fatal(err)
	}
	h.sound()
	for name, edits := range map[string][]string{
		"a card that was never sold": {`UPDATE voucher SET state = 'depleted' WHERE id = '` + cards[1] + `'`},
		"a sold card put back":       {`UPDATE voucher SET state = 'inventory', balance = 0, expires_on = NULL, ends_at = NULL WHERE id = '` + cards[0] + `'`},
		"a card of no batch":         {`DELETE FROM stock WHERE voucher = '` + cards[1] + `'`},
		"a batch that shrank":        {`UPDATE batch SET size = 3 WHERE id = '` + batch + `'`},
		"a second sale": {`INSERT INTO act (id, owner, kind, key, state, fingerprint, voucher, currency, amount, balance, rest, released, late, at)
			SELECT gen_random_uuid(), owner, kind, 'again', state, fingerprint, voucher, currency, amount, balance, rest, released, late, at FROM act WHERE kind = 'sale'`},
		"a card worth something": {`ALTER TABLE voucher DROP CONSTRAINT inventory_is_worth_nothing`, `UPDATE voucher SET balance = 1 WHERE id = '` + cards[1] + `'`},
	} {
		tx, err := h.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, edit := range edits {
			if _, err := tx.Exec(t.Context(), edit); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		findings, err := ledger.VerifyIn(t.Context(), tx)
		if err != nil || len(findings) == 0 {
			t.Errorf("%s is not found: %v", name, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// X08: what is left of a card's first life would reach whoever buys it next, so that a used one is never sold again.
func TestAUsedCardThatIsSoldAnewIsFound(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, cards := h.prints(1)
	does := func(acts ...voucher.Act) {
		t.Helper()
		for _, act := range acts {
			paid, err := h.PaidFor(t.Context(), cards[0])
			if back, ok := act.(voucher.Reverse); ok {
				back.Paid = paid
				act = back
			}
			if err == nil {
				_, err = h.Apply(t.Context(), ledger.Aimed{Voucher: cards[0], Act: act})
			}
			if err != nil {
				t.Fatalf("%T: %v", act, err)
			}
		}
	}
	first := h.sale("1", "s", voucher.Printed)
	reload := voucher.Ref{Owner: "till:1", Kind: voucher.Reloads, Key: "l"}
	does(first, voucher.Reverse{Target: first.Ref, Limited: voucher.Unlimited}, h.sale("1", "s2", voucher.Printed))
	h.sound()
	does(voucher.Reload{ID: h.newID(), Ref: reload, Amount: dkk(1_00)}, voucher.Reverse{Target: reload, Limited: voucher.Unlimited},
		voucher.Reverse{Target: voucher.Ref{Owner: "till:1", Kind: voucher.Sales, Key: "s2"}, Limited: voucher.Unlimited})
	h.sound()
	if _, err := h.pool.Exec(t.Context(), `UPDATE voucher SET state = 'inventory', expires_on = NULL, ends_at = NULL WHERE id = $1`, cards[0]); err != nil {
		t.Fatal(err)
	}
	does(h.sale("1", "s3", voucher.Printed))
	findings, err := h.Verify(t.Context())
	if err != nil || len(findings) != 2 || findings[0].Invariant != "a card that is sold anew was never used" {
		t.Errorf("found %v, %v", findings, err)
	}
}
