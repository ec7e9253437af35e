package retail_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
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

// G7: Redis did not answer when a change was acknowledged, and PostgreSQL is away before it could be told. When it comes back
// without the change, any gateway must know of it.
func TestWhatOneGatewayHasSeenIsToldWithoutPostgreSQL(t *testing.T) {
	t.Parallel()
	e := examines(t)
	e.looks()
	e.redis.Stop()
	e.testimony.Committed(t.Context(), []ledger.Change{{Voucher: e.voucher, Version: 7, Holder: "cart", Fence: 1, Rest: time.Hour}})
	e.redis.Restart(t)
	if _, err := e.pool.Exec(t.Context(), `ALTER TABLE examination RENAME TO away`); err != nil {
		t.Fatal(err)
	}
	e.until("Redis is told", func() bool {
		if e.RunOnce(t.Context()) == nil {
			t.Error("PostgreSQL was there: nothing is tested")
		}
		states, err := e.holds.Look(t.Context(), e.voucher)
		return err == nil && states[e.voucher] == hold.State{Holder: "cart", Fence: 1, Version: 7}
	})
}

// A copy of the files is not served beside its original, however slow that is; it is when the original has
// fallen silent, though what was under way there still came to Redis.
func TestACopyOfTheFilesIsServedOnlyAfterItsOriginal(t *testing.T) {
	t.Parallel()
	e := examines(t)
	e.looks()
	if err := e.Alone(t.Context()); err != nil {
		t.Errorf("beside gateways on the same server: %v", err)
	}
	var copies sync.WaitGroup
	for _, c := range []struct {
		original string
		every    time.Duration // leaves it a pulse
		pulses   int           // after the first
		want     error
	}{
		{"goes on", 100 * time.Millisecond, 1000, retail.ErrServedElsewhere},
		{"goes on slowly", 4 * time.Second, 1000, retail.ErrServedElsewhere},
		{"has ended, but for a late word", time.Second, 1, nil},
	} {
		holds := e.beside(holdtest.Start(t))
		e.beats(holds)
		copies.Go(func() {
			over := make(chan error, 1)
			go func() { over <- e.copied(holds, slog.DiscardHandler).Alone(t.Context()) }()
			tick := time.NewTicker(c.every)
			defer tick.Stop()
			for left := c.pulses; ; left-- {
				select {
				case err := <-over:
					if !errors.Is(err, c.want) {
						t.Errorf("beside an original that %s: %v, want %v", c.original, err, c.want)
					}
					return
				case <-tick.C:
					if left > 0 {
						e.beats(holds)
					}
				}
			}
		})
	}
	copies.Wait()
}

// A Redis that went away has not said that the original fell silent.
func TestACopyOfTheFilesRemembersItsOriginalWithoutRedis(t *testing.T) {
	t.Parallel()
	e := examines(t)
	e.looks()
	e.beats(e.holds)
	var log spoken
	ctx, end := context.WithCancel(t.Context())
	defer end()
	over := make(chan error, 1)
	go func() { over <- e.copied(e.holds, slog.NewTextHandler(&log, nil)).Alone(ctx) }()
	e.until("the copy has heard of its original", log.any.Load)
	e.redis.Stop()
	time.AfterFunc(4*time.Second, end)
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Errorf("beside an original that was served a moment ago: %v, want no end", err)
	}
}

// spoken is a log of which counts only that something was said.
type spoken struct{ any atomic.Bool }

func (s *spoken) Write(line []byte) (int, error) {
	s.any.Store(true)
	return len(line), nil
}

// beside claims another Redis for the same database.
func (e *examined) beside(redis *holdtest.Server) *hold.Holds {
	e.t.Helper()
	client, err := hold.Open(redis.URL())
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { client.Close() })
	holds := hold.New(client, hold.Config{Installation: uuid.NewString(), Database: "original"})
	if err := holds.Claim(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
	return holds
}

// copied is an Examiner whose PostgreSQL is another one than that which leaves its pulse in this Redis.
func (e *examined) copied(holds *hold.Holds, log slog.Handler) *retail.Examiner {
	return retail.NewExaminer(retail.NewTestimony(holds, slog.New(log)), e.ledger, slog.New(log))
}

// beats leaves the pulse of another PostgreSQL.
func (e *examined) beats(holds *hold.Holds) {
	if err := holds.Beat(e.t.Context(), "another server", ""); err != nil {
		e.t.Error(err)
	}
}
