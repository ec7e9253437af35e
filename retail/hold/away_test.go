package hold_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/sony/gobreaker/v2"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
)

func TestAnErrorOfRedisMeansAway(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"OOM command not allowed when used memory > 'maxmemory'.",
		"READONLY You can't write against a read only replica.",
		"LOADING Redis is loading the dataset in memory",
		"MISCONF Redis is configured to save RDB snapshots",
		"CLUSTERDOWN The cluster is down",
		"MOVED 3999 127.0.0.1:1",
		"NOSCRIPT No matching script. Please use EVAL.",
		"NOPERM this user has no permissions",
	} {
		t.Run(text[:strings.Index(text, " ")], func(t *testing.T) {
			t.Parallel()
			server := miniredis.RunT(t)
			holds := hold.New(open(t, "redis://"+server.Addr()), hold.Config{Installation: "shop1", Budget: patient})
			put(t, holds, held(1, cart))
			server.SetError(text)
			if err := holds.Put(t.Context(), held(2, till)); !errors.Is(err, hold.ErrAway) {
				t.Errorf("put: got %v, want ErrAway", err)
			}
			if _, err := holds.Look(t.Context(), "v1"); !errors.Is(err, hold.ErrAway) {
				t.Errorf("look: got %v, want ErrAway", err)
			}
		})
	}
}

func TestARealServerThatRefusesWritesIsAwayForThem(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"out of memory": "CONFIG SET maxmemory 1",
		"a replica":     "REPLICAOF 127.0.0.1 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := holdtest.Start(t)
			holds := hold.New(open(t, server.URL()), hold.Config{Installation: "shop1", Budget: patient})
			put(t, holds, held(1, cart))
			server.Do(t, command)
			if err := holds.Put(t.Context(), held(2, till)); !errors.Is(err, hold.ErrAway) {
				t.Errorf("put: got %v, want ErrAway", err)
			}
			if got := look(t, holds, "v1"); got.Holder != cart {
				t.Errorf("got %+v, want the hold that was put before", got)
			}
		})
	}
}

func TestAWitnessThatCannotBeReadDoesNotPassForNone(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	holds := hold.New(open(t, "redis://"+server.Addr()), hold.Config{Installation: "shop1", Budget: patient})
	if err := server.Set("vs:shop1:{v1}:w", "tampered"); err != nil {
		t.Fatal(err)
	}
	if _, err := holds.Look(t.Context(), "v1"); !errors.Is(err, hold.ErrAway) {
		t.Errorf("got %v, want ErrAway", err)
	}
	put(t, holds, free(1))
	if got, want := look(t, holds, "v1"), (hold.State{Version: 1}); got != want {
		t.Errorf("after the next put: got %+v, want %+v", got, want)
	}
}

// TestR3AStalledRedisCostsOneBudgetAndThenNothing: each call ends within its
// budget, five failures open the breaker, and a Redis that is back is used again.
func TestR3AStalledRedisCostsOneBudgetAndThenNothing(t *testing.T) {
	t.Parallel()
	proxy := holdtest.NewProxy(t, holdtest.Start(t))
	var log lines
	holds := hold.New(open(t, proxy.URL()), hold.Config{
		Installation: "shop1",
		Log:          slog.New(slog.NewTextHandler(&log, nil)),
	})
	becomes(t, "a put succeeds", func() bool { return holds.Put(t.Context(), held(1, cart)) == nil })

	proxy.Set(holdtest.Stall)
	for range 5 {
		endsWithinBudget(t, holds)
	}
	if _, err := holds.Look(t.Context(), "v1"); !errors.Is(err, gobreaker.ErrOpenState) || !errors.Is(err, hold.ErrAway) {
		t.Fatalf("the sixth call: got %v, want ErrAway without a question", err)
	}
	if err := holds.Put(t.Context(), held(2, till)); !errors.Is(err, gobreaker.ErrOpenState) {
		t.Fatalf("the breaker is shared: got %v", err)
	}

	proxy.Set(holdtest.Pass)
	becomes(t, "the breaker closes", func() bool {
		states, err := holds.Look(t.Context(), "v1")
		return err == nil && states["v1"].Holder == cart
	})
	for _, want := range []string{"redis is away", "redis is back"} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log says %q, want %q once", log.String(), want)
		}
	}
}

// endsWithinBudget allows half a second where forty milliseconds are meant: the
// machine is shared, and without the budget the reply is waited for for a second.
func endsWithinBudget(t *testing.T, holds *hold.Holds) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := holds.Look(ctx, "v1")
	if !errors.Is(err, hold.ErrAway) || ctx.Err() != nil {
		t.Fatalf("got %v (%v), want ErrAway within the budget", err, ctx.Err())
	}
}

func TestAServerThatIsStalledFromTheStartIsAwayWithinTheBudget(t *testing.T) {
	t.Parallel()
	proxy := holdtest.NewProxy(t, holdtest.Start(t))
	proxy.Set(holdtest.Stall)
	endsWithinBudget(t, hold.New(open(t, proxy.URL()), hold.Config{Installation: "shop1"}))
}

func TestAServerThatIsNotThereIsAway(t *testing.T) {
	t.Parallel()
	holds := hold.New(open(t, "unix:///nowhere/redis.sock"), hold.Config{Installation: "shop1"})
	endsWithinBudget(t, holds)
	if err := holds.Ping(t.Context()); !errors.Is(err, hold.ErrAway) {
		t.Errorf("ping: got %v, want ErrAway", err)
	}
}

// TestR4 proves that a put whose reply is lost was made once, not repeated by
// the client behind our back, and that repeating it is harmless.
func TestR4ALostReplyIsAPutMadeOnceAndRepeatedWithoutHarm(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]holdtest.Mode{"swallowed": holdtest.Swallow, "cut": holdtest.Cut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := holdtest.Start(t)
			proxy := holdtest.NewProxy(t, server)
			holds := hold.New(open(t, proxy.URL()), hold.Config{Installation: "shop1", Budget: 200 * time.Millisecond})
			put(t, holds, held(1, cart)) // the server knows the script now
			server.Do(t, "CONFIG RESETSTAT")

			proxy.Set(mode)
			if err := holds.Put(t.Context(), held(2, till)); !errors.Is(err, hold.ErrAway) {
				t.Fatalf("got %v, want ErrAway", err)
			}
			if stats := server.Do(t, "INFO commandstats"); !strings.Contains(stats, "cmdstat_evalsha:calls=1,") {
				t.Errorf("want the script run once:\n%s", stats)
			}

			proxy.Set(holdtest.Pass)
			put(t, holds, held(2, till))
			if got, want := look(t, holds, "v1"), (hold.State{Holder: till, Fence: 20, Version: 2}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestACallerWhoGivesUpIsNotAnOutage(t *testing.T) {
	t.Parallel()
	holds := hold.New(open(t, holdtest.Start(t).URL()), hold.Config{Installation: "shop1", Budget: patient})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		_, err := holds.Look(gone, "v1")
		if !errors.Is(err, context.Canceled) || errors.Is(err, hold.ErrAway) {
			t.Fatalf("got %v, want the caller's own error", err)
		}
	}
	look(t, holds, "v1")
}

// becomes waits for something that another process brings about.
func becomes(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// lines is a log that several goroutines may write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
