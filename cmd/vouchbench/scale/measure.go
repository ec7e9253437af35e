package scale

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/report"
)

const (
	lookEvery   = 5 * time.Millisecond // at something that will come true
	readyWithin = time.Minute
	seedWithin  = 5 * time.Minute
)

// milliseconds of a duration.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sweep ends the overdue reservations as the daemon does, while none runs.
func (s *site) sweep(ctx context.Context, row *Row) error {
	books, err := ledger.New(ledger.Config{
		Pool: s.pool, Rules: rules(), Lanes: 2, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Witness:   func(context.Context, []string) map[string]int64 { return nil }, // Redis is not asked
		Committed: func(context.Context, []ledger.Change) {},                       // and learns of it when it is filled
	})
	if err != nil {
		return err
	}
	defer books.Close()
	begun, swept := time.Now(), 0
	for found := 1; found > 0; swept += found {
		if found, err = books.Sweep(ctx); err != nil {
			return err
		}
	}
	row.Sweep = milliseconds(time.Since(begun))
	if swept != row.Overdue {
		return fmt.Errorf("%d overdue reservations were swept, of %d", swept, row.Overdue)
	}
	return nil
}

// sumUp brings the sums of the turnover up to date.
func (s *site) sumUp(ctx context.Context, row *Row) error {
	begun := time.Now()
	err := report.SumUp(ctx, s.pool)
	row.SumUp = milliseconds(time.Since(begun))
	return err
}

// restart starts the gateway, cuts its power and starts it again.
func (s *site) restart(ctx context.Context, row *Row) error {
	if err := s.gateway.Start(ctx); err != nil {
		return err
	}
	if err := until(ctx, readyWithin, s.ready); err != nil {
		return err
	}
	if err := s.gateway.Kill(); err != nil {
		return err
	}
	begun := time.Now()
	if err := s.gateway.Start(ctx); err != nil {
		return err
	}
	if err := until(ctx, readyWithin, s.ready); err != nil {
		return err
	}
	row.Ready = milliseconds(time.Since(begun))
	var err error
	row.Idle, err = memory(s.gateway.PID(), "VmRSS")
	return err
}

// ready asks /readyz.
func (s *site) ready(ctx context.Context) (bool, error) {
	answer, err := http.Get(s.gateway.URL() + "/readyz")
	if err != nil {
		return false, nil // not yet
	}
	return answer.StatusCode == http.StatusOK, answer.Body.Close()
}

// until waits for something that will come true.
func until(ctx context.Context, within time.Duration, isTrue func(ctx context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if yes, err := isTrue(ctx); yes || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("it did not come true within %s: %w", within, context.Cause(ctx))
		}
	}
}

// reseed takes everything from Redis, and waits until it is there again.
func (s *site) reseed(ctx context.Context, row *Row) error {
	client, err := s.stack.Redis()
	if err != nil {
		return err
	}
	defer client.Close()
	mark := ""
	seeded := func(ctx context.Context) (bool, error) { // the mark is written after the last reservation
		value, err := client.Get(ctx, mark).Result()
		if errors.Is(err, redis.Nil) {
			return false, nil
		}
		return strings.HasPrefix(value, "seeded "), err
	}
	if mark, err = epochKey(ctx, client); err != nil {
		return err
	}
	if err := until(ctx, seedWithin, seeded); err != nil {
		return fmt.Errorf("wait for the first time: %w", err)
	}
	if err := client.FlushAll(ctx).Err(); err != nil {
		return err
	}
	begun := time.Now()
	if err := until(ctx, seedWithin, seeded); err != nil {
		return err
	}
	row.Reseed = milliseconds(time.Since(begun))
	keys, err := client.DBSize(ctx).Result()
	if err == nil && keys < int64(row.Reserved) {
		err = fmt.Errorf("redis has %d keys, for %d reservations", keys, row.Reserved)
	}
	return err
}

// epochKey finds where Redis keeps the mark, once: a search stops Redis for longer the more there is.
func epochKey(ctx context.Context, client *redis.Client) (name string, err error) {
	err = until(ctx, seedWithin, func(ctx context.Context) (bool, error) {
		search := client.Scan(ctx, 0, "vs:*:epoch", 1000).Iterator()
		if search.Next(ctx) {
			name = search.Val()
		}
		return name != "", search.Err()
	})
	return name, err
}

// verify lets the books prove themselves.
func (s *site) verify(ctx context.Context, row *Row) error {
	begun := time.Now()
	said, err := s.stack.Do(ctx, "verify")
	row.Verify, row.Sound = milliseconds(time.Since(begun)), err == nil
	if err != nil {
		row.Evidence = errors.Join(err, errors.New(said)).Error()
	}
	return ctx.Err()
}

// memory reads a figure of proc(5), in bytes; 0 where there is no /proc.
func memory(pid int, name string) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if found, value, _ := strings.Cut(line, ":"); found == name {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, nil
}
