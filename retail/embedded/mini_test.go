package embedded

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutRedisServerMiniredisLetsKeysExpire(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Without = []Store{Postgres}
	o.SearchPath = t.TempDir()
	s := start(t, o)
	if !strings.Contains(s.Redis, "miniredis") {
		t.Fatalf("Redis is %q, want miniredis", s.Redis)
	}
	client := connectRedis(t, s.RedisURL)
	if err := client.Set(t.Context(), "hold", "cart", 200*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "the key is still there", func() bool {
		return client.Exists(t.Context(), "hold").Val() == 0
	})
}

func TestMiniredisRefusesStrangers(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Without = []Store{Postgres}
	o.SearchPath = t.TempDir()
	s := start(t, o)
	_, host, _ := strings.Cut(s.RedisURL, "@")
	if err := connectRedis(t, "redis://"+host).Ping(t.Context()).Err(); err == nil {
		t.Error("a client without the password is let in")
	}
}

func TestKeysAgeByTheInjectedClock(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	begin := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)
	readings := []time.Duration{0, time.Second, 3 * time.Second, 2 * time.Second, 2 * time.Second, 5 * time.Second}
	now := func() time.Time {
		at := begin.Add(readings[0])
		readings = readings[1:]
		return at
	}
	var passed []time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		age(ctx, ticks, now, func(d time.Duration) { passed = append(passed, d) })
	}()
	for range len("12345") {
		ticks <- time.Time{}
	}
	cancel()
	<-done
	want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second} // a clock set back ages nothing
	if diff := cmp.Diff(want, passed); diff != "" {
		t.Errorf("aged by (-want +got):\n%s", diff)
	}
}
