package ledger_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// diary is what a watch was told.
type diary struct {
	mu      sync.Mutex
	acts    []string
	lanes   []ledger.Lane
	settled int
	ahead   int
	slow    chan struct{} // gets one for each group of the slow lane
}

func (d *diary) watch() ledger.Watch {
	return ledger.Watch{
		Group: func(ctx context.Context, _ int, lane ledger.Lane) (context.Context, func()) {
			d.notes(func() { d.lanes = append(d.lanes, lane) })
			if lane == ledger.SlowLane {
				d.slow <- struct{}{}
			}
			return ctx, func() { d.notes(func() { d.settled++ }) }
		},
		Act: func(verb string, outcome ledger.Outcome) {
			d.notes(func() { d.acts = append(d.acts, verb+" "+string(outcome)) })
		},
		Quarantined: func() { d.notes(func() { d.ahead++ }) },
	}
}

func (d *diary) notes(line func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line()
}

// watched is a house with somebody who watches it.
func watched(t *testing.T) (*house, *diary) {
	t.Helper()
	h, d := &house{t: t, pool: retailtest.Database(t), witness: make(map[string]int64)}, &diary{slow: make(chan struct{}, 10)}
	var err error
	h.Ledger, err = ledger.New(ledger.Config{
		Pool: h.pool, Rules: rules, Lanes: 1, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Witness: h.witnesses, Committed: h.told, Watch: d.watch(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h, d
}

func TestTheWatchHearsWhatBecameOfEveryAct(t *testing.T) {
	t.Parallel()
	h, d := watched(t)
	id, mac := h.issues(1000)
	other, _ := h.issues(1000)
	apply := func(to string, act voucher.Act) {
		t.Helper()
		_, _ = h.Apply(t.Context(), ledger.Aimed{Voucher: to, Act: act}) // refusals are what the watch is asked about
	}
	apply(id, h.cart("mine", 300))
	apply(id, h.cart("mine", 300))
	apply(id, h.cart("yours", 300))
	if _, err := h.ApplyAll(t.Context(), ledger.Aimed{Voucher: id, MACs: [][]byte{mac}, Act: h.capture("mine", nil)},
		ledger.Aimed{Voucher: other, Act: h.capture("none", nil)}); err == nil {
		t.Error("a capture of nothing is done")
	}
	if _, err := h.ApplyAll(t.Context(), ledger.Aimed{Voucher: id, Act: h.capture("mine", nil)}); err != nil {
		t.Error(err)
	}
	apply(other, voucher.Expire{})
	h.Issued(2)
	h.Close() // all that is told is told by then
	want := []string{
		"reserve done", "reserve repeated", "reserve refused", "capture refused", "capture done", "expire unchanged", "issue done", "issue done",
	}
	if diff := cmp.Diff(want, d.acts); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	if len(d.lanes) != d.settled || slices.Contains(d.lanes, ledger.SlowLane) {
		t.Errorf("groups %v, %d of them settled", d.lanes, d.settled)
	}
}

func TestTheWatchHearsOfTheSlowLaneAndOfQuarantine(t *testing.T) {
	t.Parallel()
	h, d := watched(t)
	id, _ := h.issues(1000)
	h.mu.Lock()
	h.witness[id] = 99 // Redis has seen more than the database knows
	h.mu.Unlock()
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM voucher FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	settled := make(chan error, 1)
	go func() {
		_, err := h.Apply(t.Context(), ledger.Aimed{Voucher: id, Act: h.cart("mine", 300)})
		settled <- err
	}()
	<-d.slow
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-settled; !errors.Is(err, voucher.ErrQuarantined) {
		t.Errorf("the act: %v, want a quarantine", err)
	}
	h.Close()
	if d.ahead != 1 || !slices.Equal(d.acts, []string{"reserve refused"}) || d.settled != len(d.lanes) {
		t.Errorf("%d quarantines, acts %v, %d of %d groups settled", d.ahead, d.acts, d.settled, len(d.lanes))
	}
}
