package ledger_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

// house is a ledger on a database of its own.
type house struct {
	*ledger.Ledger
	t    *testing.T
	pool *pgxpool.Pool

	mu      sync.Mutex
	witness map[string]int64
	away    bool   // whether Redis can't be asked
	then    func() // what happens right after it was asked; nil for nothing
	changes []ledger.Change
}

var rules = voucher.Rules{
	ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour,
	PerOrder: 1, Ceiling: "10000.00",
}

// open makes a house that the test closes.
func open(t *testing.T) *house {
	t.Helper()
	return beside(t, retailtest.Database(t))
}

// beside makes another gateway's ledger on the same database.
func beside(t *testing.T, pool *pgxpool.Pool) *house {
	t.Helper()
	h := &house{t: t, pool: pool, witness: make(map[string]int64)}
	var err error
	h.Ledger, err = ledger.New(ledger.Config{
		Pool: pool, Rules: rules, Lanes: 2, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Witness:   h.witnesses,
		Committed: h.told,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func (h *house) witnesses(_ context.Context, ids []string) map[string]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := make(map[string]int64)
	if h.away {
		return seen
	}
	for _, id := range ids {
		seen[id] = h.witness[id]
	}
	if h.then != nil {
		h.then()
	}
	return seen
}

func (h *house) told(_ context.Context, changes []ledger.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes = append(h.changes, changes...)
	for _, c := range changes {
		h.witness[c.Voucher] = max(h.witness[c.Voucher], c.Version)
	}
}

// issues makes an active voucher of so many minor units of DKK.
func (h *house) issues(minor int64) (id string, mac []byte) {
	h.t.Helper()
	code, err := voucher.NewCode(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(code.Canonical()))
	id = uuid.NewString()
	zone, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		h.t.Fatal(err)
	}
	err = outbox.InTx(h.t.Context(), h.pool, func(tx outbox.Tx) error {
		_, err := h.Issue(h.t.Context(), tx, ledger.NewVoucher{
			Voucher: voucher.Voucher{
				ID: id, Last4: code.Last4(), Product: "GIFT", Kind: voucher.Money, Mode: voucher.Card,
				Currency: "DKK", State: voucher.Active, Term: "P3Y", Zone: zone, Shop: "demo",
			},
			Minor: minor, MAC: sum[:], Sealed: []byte("sealed"),
			Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Issues, Key: id},
		})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return id, sum[:]
}

func dkk(minor int64) money.Amount { return money.Of(minor, "DKK") }

func (h *house) newID() string {
	id, err := h.NewID()
	if err != nil {
		h.t.Error(err)
	}
	return id
}

// cart is what a shop's cart asks.
func (h *house) cart(name string, minor int64) voucher.Reserve {
	return voucher.Reserve{
		ID: h.newID(), Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "key-" + name},
		Holder: sha256.Sum256([]byte(name)), Due: dkk(minor), Counted: true,
	}
}

func (h *house) capture(name string, amount *money.Amount) voucher.Capture {
	return voucher.Capture{
		ID: h.newID(), Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "key-" + name},
		Amount: amount, Detail: voucher.Detail{Order: "order-" + name},
	}
}

func (h *house) till(register, receipt string, minor int64) voucher.Redeem {
	return voucher.Redeem{
		ID: h.newID(), Ref: voucher.Ref{Owner: "till:" + register, Kind: voucher.Redemptions, Key: receipt},
		Holder: sha256.Sum256([]byte(register)), Amount: dkk(minor), Partial: voucher.Whole,
		Detail: voucher.Detail{Receipt: receipt},
	}
}

// balance reads the row, and checks that the journal says the same.
func (h *house) balance(id string) int64 {
	h.t.Helper()
	var balance, journal int64
	err := h.pool.QueryRow(context.Background(), `SELECT v.balance, (SELECT coalesce(sum(amount), 0) FROM entry WHERE account = v.id)
		FROM voucher v WHERE id = $1::uuid`, id).Scan(&balance, &journal)
	if err != nil {
		h.t.Fatal(err)
	}
	if balance != journal {
		h.t.Errorf("balance is %d, the journal sums to %d", balance, journal)
	}
	return balance
}

// The race: forty carts and tills, each with its own key and one repeat, on one code of 100.00.
// Exactly 100.00 is spent, nobody ever holds the code beside another, every repeat gets the same
// answer, and the journal sums to the balance (I1, I2, I3, I5; E19, E20).
func TestTheRace(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var spent int64
	held := 0
	for i := range 40 {
		wg.Go(func() {
			if i%2 == 0 {
				till := h.till(fmt.Sprint("kasse", i), fmt.Sprint("r", i), 700)
				amount := h.twice(id, till)
				mu.Lock()
				defer mu.Unlock()
				spent += amount
				return
			}
			cart := h.cart(fmt.Sprint("cart", i), 700)
			if h.twice(id, cart) == 0 {
				return
			}
			mu.Lock()
			if held++; held > 1 {
				t.Error("two carts hold the code")
			}
			mu.Unlock()
			sum := dkk(700)
			mu.Lock()
			held--
			mu.Unlock()
			amount := h.twice(id, h.capture(fmt.Sprint("cart", i), &sum))
			mu.Lock()
			defer mu.Unlock()
			spent += amount
		})
	}
	wg.Wait()
	if got := h.balance(id); got != 10000-spent {
		t.Errorf("balance is %d after %d of 10000 were spent", got, spent)
	}
	for i := range 20 { // the rest goes out in ones, so that exactly everything is spent
		till := h.till("last", fmt.Sprint("last", i), 700)
		till.Partial = voucher.AsFarAsMay
		spent += h.twice(id, till)
	}
	if got := h.balance(id); got != 0 || spent != 10000 {
		t.Errorf("balance is %d and %d was spent; want 0 and exactly 10000", got, spent)
	}
}

// twice applies an act and its repeat, and returns what it moved or reserved; 0 if it was refused.
func (h *house) twice(id string, act voucher.Act) int64 {
	first, err := h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: act})
	if err != nil {
		if !voucher.IsRefusal(err) {
			h.t.Errorf("%T: %v", act, err)
		}
		return 0
	}
	again, err := h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: act})
	if err != nil {
		h.t.Errorf("%T repeated: %v", act, err)
		return 0
	}
	if first.Record == nil || again.Record == nil || first.Record.ID != again.Record.ID {
		h.t.Errorf("%T repeated: another act answered", act)
		return 0
	}
	if first.Record.Amount != again.Record.Amount || first.Record.Balance != again.Record.Balance {
		h.t.Errorf("%T repeated: %+v, then %+v", act, first.Record, again.Record)
	}
	if first.Reservation != nil && first.Record.Kind == voucher.Reservations {
		return first.Reservation.Amount
	}
	return first.Record.Amount
}

// Thirty carts and tills at once on one code: one holds it (E19, E20).
func TestOfManyAtOnceOneHoldsTheCode(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := beside(t, a.pool)
	id, _ := a.issues(10000)
	var wg sync.WaitGroup
	var mu sync.Mutex
	granted, refused := 0, 0
	for i := range 30 {
		h := []*house{a, b}[i%2]
		wg.Go(func() {
			_, err := h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: h.cart(fmt.Sprint(i), 100)})
			mu.Lock()
			defer mu.Unlock()
			if _, ok := errors.AsType[*voucher.HeldError](err); ok {
				refused++
			} else if err != nil {
				t.Error(err)
			} else {
				granted++
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]int{1, 29}, []int{granted, refused}); diff != "" {
		t.Errorf("granted, refused (-want +got):\n%s", diff)
	}
}
