package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/retailtest"
)

// until is when the lease runs out, in seconds from now; 0 when nobody has it.
func until(t *testing.T, pool *pgxpool.Pool) (seconds float64) {
	t.Helper()
	const query = `SELECT coalesce(max(extract(epoch FROM until - vouchsafe_now())), 0)::float8 FROM lease WHERE name = 'work'`
	if err := pool.QueryRow(t.Context(), query).Scan(&seconds); err != nil {
		t.Fatal(err)
	}
	return seconds
}

// becomes waits for what other goroutines bring about.
func becomes(t *testing.T, what string, so func() bool) {
	t.Helper()
	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-patience.C:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// works begins a work under the lease that lasts until its context or the test lets it end.
func works(t *testing.T, gateway *house) (end func(), result <-chan error) {
	t.Helper()
	began, over, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- gateway.UnderLease(t.Context(), "work", func(ctx context.Context) error {
			close(began)
			select {
			case <-over:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	<-began
	return func() { close(over) }, ended
}

// D4: a lease is short, so that another gateway need not wait long, and lasts as long as its work all the same.
func TestLeaseLastsAsLongAsItsWork(t *testing.T) {
	t.Parallel()
	h := open(t)
	other := beside(t, h.pool)
	end, result := works(t, h)
	if left := until(t, h.pool); left <= 0 || left > 3 {
		t.Errorf("the lease is for %v s, want at most 3: so long a dead gateway keeps others from the work", left)
	}
	retailtest.ShiftClock(t, h.pool, 2*time.Second)
	becomes(t, "it was prolonged", func() bool { return until(t, h.pool) > 2 })
	err := other.UnderLease(t.Context(), "work", func(context.Context) error {
		t.Error("two gateways are at it")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	end()
	if err := <-result; err != nil {
		t.Error(err)
	}
	if left := until(t, h.pool); left != 0 {
		t.Errorf("the work is done, and the lease is kept for %v s", left)
	}
}

// D3: who slept over his lease stops when he wakes up to find that another has it, and leaves him the lease.
func TestWorkEndsWhenItsLeaseIsLost(t *testing.T) {
	t.Parallel()
	h := open(t)
	other := beside(t, h.pool)
	_, result := works(t, h)
	retailtest.ShiftClock(t, h.pool, time.Hour)
	end, others := works(t, other)
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("the work ended with %v, want its context's end", err)
	}
	if left := until(t, h.pool); left <= 0 {
		t.Error("who lost the lease has given it back for the one who has it")
	}
	end()
	if err := <-others; err != nil {
		t.Error(err)
	}
}

// A work that fails gives the lease back: the next try, wherever, need not wait.
func TestFailedWorkKeepsNoLease(t *testing.T) {
	t.Parallel()
	h := open(t)
	fault := errors.New("no luck")
	if err := h.UnderLease(t.Context(), "work", func(context.Context) error { return fault }); !errors.Is(err, fault) {
		t.Errorf("got %v, want the work's own error", err)
	}
	if left := until(t, h.pool); left != 0 {
		t.Errorf("the lease is kept for %v s", left)
	}
}
