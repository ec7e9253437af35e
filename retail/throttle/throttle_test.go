package throttle

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/hold/holdtest"
)

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) passes(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	client, err := hold.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func gateway(client redis.UniversalClient, c *clock) *Throttle {
	return New(client, Config{Installation: "shop1", Key: []byte("key"), Now: c.now, Budget: 2 * time.Second})
}

var (
	buyer = Buyers("shop", "192.0.2.1", "session")
	till  = Who{Register, "till1"}
	shop  = Who{Shop, "shop"}
)

func guesses(t testing.TB, gate *Throttle, times int, who ...Who) {
	t.Helper()
	for range times {
		gate.Wrong(t.Context(), who...)
	}
}

func TestTwoGatewaysCountTogether(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func() string{
		"miniredis":    func() string { return "redis://" + miniredis.RunT(t).Addr() },
		"redis-server": func() string { return holdtest.Start(t).URL() },
		"cluster":      func() string { return holdtest.StartCluster(t).URL() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := &clock{at: noon}
			client := open(t, url())
			one, other := gateway(client, at), gateway(client, at)
			everyone := append([]Who{till, shop}, buyer...)

			guesses(t, one, 3, everyone...)
			guesses(t, other, 1, everyone...)
			if got := one.Allow(t.Context(), everyone...); got != (Verdict{OK: true}) {
				t.Fatalf("after four wrong codes: got %+v", got)
			}
			guesses(t, other, 1, everyone...)
			if got, want := one.Allow(t.Context(), everyone...), (Verdict{RetryAfter: 30 * time.Second}); got != want {
				t.Fatalf("after five: got %+v, want %+v", got, want)
			}
			if got := one.Allow(t.Context(), till, shop); !got.OK {
				t.Errorf("register and shop go on: got %+v", got)
			}
			if got := one.Allow(t.Context(), Buyers("shop", "192.0.2.2", "another")...); !got.OK {
				t.Errorf("another buyer goes on: got %+v", got)
			}
			at.passes(30 * time.Second)
			if got := other.Allow(t.Context(), everyone...); !got.OK {
				t.Errorf("after the pause: got %+v", got)
			}
		})
	}
}

// With a new session and address for each
// guess only the shop's answers slow down, and the shop is never refused.
func TestAGuesserOfManyNamesSlowsTheShopAndLocksNobody(t *testing.T) {
	t.Parallel()
	gate := gateway(open(t, "redis://"+miniredis.RunT(t).Addr()), &clock{at: noon})
	for i := range 100 {
		guesses(t, gate, 1, append(Buyers("shop", fmt.Sprint(i), ""), shop)...)
	}
	got := gate.Allow(t.Context(), append(Buyers("shop", "192.0.2.1", "honest"), shop)...)
	if want := (Verdict{OK: true, Delay: 2 * time.Second}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRedisHoldsNoIdentifierAndForgetsWithinTheHour(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	gate := gateway(open(t, "redis://"+server.Addr()), &clock{at: noon})
	guesses(t, gate, 100, append([]Who{till, shop}, buyer...)...)
	if len(server.Keys()) != 4 {
		t.Fatalf("got keys %v, want four", server.Keys())
	}
	for _, key := range server.Keys() {
		for _, clear := range []string{"192.0.2", "session", "till1", ":shop:shop"} {
			if strings.Contains(key, clear) {
				t.Errorf("key %s says %s", key, clear)
			}
		}
		if ttl := server.TTL(key); ttl <= 0 || ttl > time.Hour {
			t.Errorf("key %s lives for %v", key, ttl)
		}
		if list, err := server.List(key); err != nil || len(list) > 60 {
			t.Errorf("key %s remembers %d, %v", key, len(list), err)
		}
	}
	renamed := New(gate.client, Config{Installation: "shop1", Key: []byte("another"), Now: gate.now})
	if gate.name(till) == renamed.name(till) || gate.name(Who{Shop, "x"}) == gate.name(Who{Register, "x"}) {
		t.Error("a name must depend on key and kind")
	}
}

func TestR1WithoutRedisTheGatewayCountsAloneAtHalfTheLimits(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	at := &clock{at: noon}
	gate := gateway(open(t, "redis://"+server.Addr()), at)
	guesses(t, gate, 2, buyer...)
	if got := gate.Allow(t.Context(), buyer...); !got.OK {
		t.Fatalf("two wrong codes with Redis: got %+v", got)
	}

	server.SetError("LOADING Redis is loading the dataset in memory")
	if got, want := gate.Allow(t.Context(), buyer...), (Verdict{RetryAfter: 30 * time.Second}); got != want {
		t.Errorf("the same two without: got %+v, want %+v", got, want)
	}
	at.passes(30 * time.Second)
	if got := gate.Allow(t.Context(), buyer...); !got.OK {
		t.Errorf("after the pause: got %+v", got)
	}
	guesses(t, gate, 1, buyer...)
	if got := gate.Allow(t.Context(), buyer...); got.OK {
		t.Errorf("one more without Redis: got %+v", got)
	}
}

func TestR3AStalledRedisCostsOneBudgetAndThenNothing(t *testing.T) {
	t.Parallel()
	proxy := holdtest.NewProxy(t, holdtest.Start(t))
	gate := New(open(t, proxy.URL()), Config{Installation: "shop1", Key: []byte("key"), Now: (&clock{at: noon}).now})
	proxy.Set(holdtest.Stall)
	for range tripAfter {
		soon, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		gate.Wrong(soon, buyer...)
		if soon.Err() != nil {
			t.Fatalf("a call outlasts its budget: %v", soon.Err())
		}
		cancel()
	}
	if got := gate.breaker.State(); got != gobreaker.StateOpen {
		t.Errorf("after %d failures the breaker is %v", tripAfter, got)
	}
	if got := gate.Allow(t.Context(), buyer...); got.OK {
		t.Errorf("got %+v, want the buyer paused by this gateway's own count", got)
	}
}

func TestTheProcessRemembersABoundedNumberOfNames(t *testing.T) {
	t.Parallel()
	c := newCounters()
	for i := range remembered + 100 {
		c.add(fmt.Sprint(i), noon.Add(time.Duration(i)), 20)
	}
	if len(c.names) != remembered {
		t.Errorf("got %d names, want %d", len(c.names), remembered)
	}
	if len(c.wrong("0")) != 0 || len(c.wrong("100")) != 1 {
		t.Error("not the quietest were forgotten")
	}
	c.add("later", noon.Add(2*time.Hour), 20)
	if len(c.names) != 1 {
		t.Errorf("after two hours: got %d names, want the new one", len(c.names))
	}
	for range 30 {
		c.add("later", noon, 20)
	}
	if got := len(c.wrong("later")); got != 20 {
		t.Errorf("got %d instants, want 20", got)
	}
}

func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	gate := gateway(open(t, "redis://"+miniredis.RunT(t).Addr()), &clock{at: noon})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			gate.Wrong(t.Context(), till)
			gate.Allow(t.Context(), till)
		})
	}
	all.Wait()
	if got := gate.Allow(t.Context(), till); got.OK {
		t.Errorf("after twenty wrong codes: got %+v", got)
	}
}

// G14: what is done for a code that there is takes the same writes, and counts for nobody.
func TestASparedCodeIsWrittenAsAWrongOneAndCountsForNobody(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	gate := gateway(open(t, "redis://"+server.Addr()), &clock{at: noon})
	everyone := append([]Who{shop}, buyer...)
	gate.Allow(t.Context(), everyone...) // the first of a connection introduces itself
	before := server.CommandCount()
	guesses(t, gate, 4, everyone...)
	wrong := server.CommandCount() - before
	for range 4 {
		gate.Spare(t.Context(), everyone...)
	}
	if spared := server.CommandCount() - before - wrong; spared != wrong {
		t.Errorf("%d commands for spared codes, %d for wrong ones", spared, wrong)
	}
	if got := gate.Allow(t.Context(), everyone...); got != (Verdict{OK: true}) {
		t.Errorf("after four wrong codes and four spared: %+v", got)
	}
}
