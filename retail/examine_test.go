package retail_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
	"vouchsafe/retail/ledger"
)

// examined is a back office with a voucher, an Examiner and a Redis of its own.
type examined struct {
	*counter
	*retail.Examiner
	redis     *holdtest.Server
	holds     *hold.Holds
	testimony *retail.Testimony
	voucher   string
}

func examines(t *testing.T) *examined {
	t.Helper()
	e := &examined{counter: open(t), redis: holdtest.Start(t)}
	client, err := hold.Open(e.redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	log := slog.New(slog.DiscardHandler)
	e.holds = hold.New(client, hold.Config{Installation: uuid.NewString(), Database: "original"})
	e.testimony = retail.NewTestimony(e.holds, log)
	e.Examiner = retail.NewExaminer(e.testimony, e.ledger, log)
	e.tells(order(0))
	if err := e.pool.QueryRow(t.Context(), `SELECT id::text FROM voucher`).Scan(&e.voucher); err != nil {
		t.Fatal(err)
	}
	return e
}

// looks lets the Examiner look once, which must go well, and returns what PostgreSQL and Redis then say.
func (e *examined) looks() (ledger.Pulse, hold.Pulse) {
	e.t.Helper()
	if err := e.RunOnce(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
	here, err := e.ledger.Pulse(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	there, err := e.holds.Pulse(e.t.Context())
	if err != nil {
		e.t.Fatal(err)
	}
	return here, there
}

// says asks the database for a number.
func (e *examined) says(query string) (n int64) {
	e.t.Helper()
	if err := e.pool.QueryRow(e.t.Context(), query).Scan(&n); err != nil {
		e.t.Fatal(err)
	}
	return n
}

// TestP4RowsThatWentBackInTheSameLifeAreMissed: what was newest is gone, though the server is the same.
// All is compared again, once, and then Redis takes the newest act that there is for the newest.
func TestP4RowsThatWentBackInTheSameLifeAreMissed(t *testing.T) {
	t.Parallel()
	e := examines(t)
	here, _ := e.looks()
	if !here.Known() || e.Recovering() {
		t.Fatalf("after the first look: %+v", here)
	}
	_, there := e.looks()
	if there.Newest != here.Newest || there.Newest == "" {
		t.Errorf("Redis takes %q for the newest act, want %q", there.Newest, here.Newest)
	}
	e.testimony.Committed(t.Context(), []ledger.Change{{Voucher: e.voucher, Version: 7}})
	if err := e.holds.Beat(t.Context(), here.Life, "ffffffff-ffff-7fff-bfff-ffffffffffff"); err != nil {
		t.Fatal(err)
	}
	here, there = e.looks()
	if !here.Known() || there.Newest != here.Newest {
		t.Errorf("after the comparison: %+v, %+v", here, there)
	}
	if n := e.says(`SELECT quarantined FROM examination`); n != 1 {
		t.Errorf("%d vouchers were put into quarantine, want 1", n)
	}
	e.looks()
	if n := e.says(`SELECT count(*) FROM task WHERE kind = 'quarantine'`); n != 1 {
		t.Errorf("%d tasks, want 1", n)
	}
}

// TestBeforeRedisHasBeenThereNothingIsRecovered: an installation may be opened without it.
func TestBeforeRedisHasBeenThereNothingIsRecovered(t *testing.T) {
	t.Parallel()
	e := examines(t)
	e.redis.Stop()
	if err := e.RunOnce(t.Context()); !errors.Is(err, hold.ErrAway) || e.Recovering() {
		t.Errorf("without Redis: %v, recovering %v", err, e.Recovering())
	}
	if said, err := e.Standing(t.Context()); err != nil || said == "" {
		t.Errorf("an operator is told %q, %v", said, err)
	}
}

// TestWhatThisGatewayAloneHasSeenCounts: Redis was away when a change was acknowledged, and PostgreSQL
// lost it before Redis could be told.
func TestWhatThisGatewayAloneHasSeenCounts(t *testing.T) {
	t.Parallel()
	e := examines(t)
	e.looks()
	if _, err := e.pool.Exec(t.Context(), `UPDATE examination SET life = 'another server'`); err != nil {
		t.Fatal(err)
	}
	e.redis.Stop()
	e.testimony.Committed(t.Context(), []ledger.Change{{Voucher: e.voucher, Version: 7, Holder: "cart", Fence: 1}})
	if err := e.RunOnce(t.Context()); !errors.Is(err, hold.ErrAway) || !e.Recovering() {
		t.Errorf("without Redis: %v, recovering %v", err, e.Recovering())
	}
	if _, err := e.Standing(t.Context()); !errors.Is(err, retail.ErrRecovering) {
		t.Errorf("an operator is told %v", err)
	}
	e.redis.Restart(t)
	e.until("Redis is spoken to", func() bool { return e.RunOnce(t.Context()) == nil })
	if n := e.says(`SELECT count(*) FROM voucher WHERE quarantined`); n != 1 || e.Recovering() {
		t.Errorf("%d in quarantine, recovering %v", n, e.Recovering())
	}
}

// TestACopyOfTheFilesWaitsForTheOriginalToFallSilent; one that goes on is not disturbed by it. That the
// wait ends is seen wherever a restored server takes over.
func TestACopyOfTheFilesWaitsForTheOriginalToFallSilent(t *testing.T) {
	t.Parallel()
	e := examines(t)
	e.looks()
	if err := e.Alone(t.Context()); err != nil {
		t.Errorf("beside gateways on the same server: %v", err)
	}
	if err := e.holds.Beat(t.Context(), "another server", ""); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- e.Alone(t.Context()) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := e.holds.Beat(t.Context(), "another server", ""); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-over:
			if !errors.Is(err, retail.ErrServedElsewhere) {
				t.Errorf("beside a server that goes on: %v", err)
			}
			return
		case <-tick.C:
		}
	}
}
