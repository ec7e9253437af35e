package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/ledger"
)

// One voucher whose row somebody has locked stalls no other, and its acts are done in order when
// the lock is gone.
func TestALockedVoucherStallsNoOther(t *testing.T) {
	t.Parallel()
	h := open(t)
	locked, _ := h.issues(1000)
	free, _ := h.issues(1000)
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM voucher WHERE id = $1::uuid FOR UPDATE", locked); err != nil {
		t.Fatal(err)
	}
	done := make(chan int64, 5)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			answer, err := h.Apply(context.Background(), ledger.Aimed{Voucher: locked, Act: h.till("k", fmt.Sprint(i), 100)})
			if err != nil {
				t.Error(err)
				return
			}
			done <- answer.Record.Balance
		})
	}
	for i := range 20 {
		h.does(free, h.till("k", fmt.Sprint("free", i), 10))
	}
	select {
	case <-done:
		t.Error("an act on the locked voucher was done")
	default:
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	close(done)
	sum := int64(0)
	for balance := range done {
		sum += balance
	}
	if want := int64(900 + 800 + 700 + 600 + 500); sum != want {
		t.Errorf("balances sum to %d, want %d", sum, want)
	}
	h.sound()
}

// The commit of a group is in doubt when its connection dies while it is on its way: the group runs
// again under the same keys, so that every caller is told the truth (3.7 no. 12).
func TestACommitInDoubtIsSettledByRunningAgain(t *testing.T) {
	h := open(t)
	id, _ := h.issues(100000)
	kill := killer(h)
	restore := failpoint.Set(failpoint.GroupWritten, kill)
	defer restore()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			answer, err := h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: h.till("k", fmt.Sprint(i), 100)})
			if err != nil || !answer.Created {
				t.Errorf("answer %+v, %v; want it created", answer.Record, err)
			}
		})
	}
	wg.Wait()
	if got := h.balance(id); got != 100000-30*100 {
		t.Errorf("balance %d, want each act once", got)
	}
	h.sound()
}

// killer ends the backends of the house's database for the first few times that it is called.
func killer(h *house) func() {
	left := 5
	var mu sync.Mutex
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if left == 0 {
			return
		}
		left--
		_, err := h.pool.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`)
		if _, ok := errors.AsType[*pgconn.PgError](err); err != nil && !ok {
			h.t.Log("terminate:", err)
		}
	}
}

// An act that PostgreSQL itself refuses fails alone; the others of its group are done (poison).
func TestAPoisonedActFailsAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT FROM voucher WHERE id = $1::uuid FOR UPDATE", id); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		act := h.till("k", fmt.Sprint(i), 100)
		if i == 3 {
			act.Detail.Receipt = "nul \x00 is no text to PostgreSQL"
		}
		wg.Go(func() {
			_, errs[i] = h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: act})
		})
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for i, err := range errs {
		if (err != nil) != (i == 3) || i == 3 && errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("act %d: %v", i, err)
		}
	}
	if got := h.balance(id); got != 10000-700 {
		t.Errorf("balance %d, want seven acts done", got)
	}
	h.sound()
}
