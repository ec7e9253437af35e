package throttle

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

const (
	budgetDefault = 40 * time.Millisecond // what a stalled Redis may cost a look-up
	tripAfter     = 5                     // consecutive failures until Redis is left alone
	restFor       = time.Second           // and for how long
	hashBytes     = 16                    // of an identifier's hash: no two of a million meet
)

// Config is what a Throttle needs to know. Key, Installation and Now are required.
type Config struct {
	Installation string           // part of every key in Redis
	Key          []byte           // hashes identifiers
	Now          func() time.Time // the gateway's clock; a wrong one only shifts pauses
	Budget       time.Duration    // for one call; zero: 40 ms
	Log          *slog.Logger     // hears when Redis goes away and comes back; nil: nobody does
}

// Throttle counts wrong codes. It is safe for concurrent use and owns nothing
// that must be closed.
type Throttle struct {
	client  redis.UniversalClient
	prefix  string
	key     []byte
	now     func() time.Time
	budget  time.Duration
	breaker *gobreaker.CircuitBreaker[struct{}]
	own     *counters
	clean   *clean
}

// New returns a throttle that shares its counts through Redis. The client must
// keep deadlines and not retry, as those of hold.Open do. A missing key, clock or
// installation is a programmer's error: it panics.
func New(client redis.UniversalClient, cfg Config) *Throttle {
	if len(cfg.Key) == 0 || cfg.Now == nil || cfg.Installation == "" {
		panic("throttle: it needs a key, a clock and an installation")
	}
	if cfg.Budget <= 0 {
		cfg.Budget = budgetDefault
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Throttle{
		client:  client,
		prefix:  "vs:" + cfg.Installation + ":wrong:",
		key:     cfg.Key,
		now:     cfg.Now,
		budget:  cfg.Budget,
		breaker: newBreaker(cfg.Log),
		own:     newCounters(),
		clean:   newClean(),
	}
}

func newBreaker(log *slog.Logger) *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        "throttle",
		Timeout:     restFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsExcluded:  func(err error) bool { return errors.Is(err, errCallerLeft) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed && to == gobreaker.StateOpen:
				log.Warn("redis is away, wrong codes are counted by this gateway alone")
			case to == gobreaker.StateClosed:
				log.Info("redis counts wrong codes again")
			}
		},
	})
}

// errCallerLeft keeps a caller's own cancellation from counting as a failure of Redis.
var errCallerLeft = errors.New("the caller gave up")

// Allow says whether a code may be looked up for all of those who ask
// together. It counts nothing.
func (t *Throttle) Allow(ctx context.Context, who ...Who) Verdict {
	now := t.now()
	shared, err := t.read(ctx, who)
	verdict := Verdict{OK: true}
	for i, w := range who {
		if err != nil {
			verdict = strictest(verdict, judge(w.Kind, t.own.wrong(t.name(w)), now, half))
			continue
		}
		verdict = strictest(verdict, judge(w.Kind, shared[i], now, whole))
	}
	return verdict
}

// Wrong counts one wrong code for each of those who asked. What can't be told
// to Redis still counts in this process.
func (t *Throttle) Wrong(ctx context.Context, who ...Who) { t.note(ctx, who, t.name) }

// Spare does all the work of Wrong and counts nothing: whoever waits for the answer about a code that there is, and that he can't use,
// waits as long as for one that there is not.
func (t *Throttle) Spare(ctx context.Context, who ...Who) {
	t.note(ctx, who, func(w Who) string { return t.name(w) + ":spared" })
}

// note writes the instant under the names.
func (t *Throttle) note(ctx context.Context, who []Who, nameOf func(Who) string) {
	now := t.now()
	for _, w := range who {
		name := nameOf(w)
		t.own.add(name, now, keep(w.Kind))
		t.clean.drop(w)
	}
	_ = t.talk(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		for _, w := range who {
			name := nameOf(w)
			pipe.LPush(ctx, name, now.UnixMilli())
			pipe.LTrim(ctx, name, 0, keep(w.Kind)-1)
			pipe.PExpire(ctx, name, remember)
		}
	})
}

// read returns the shared instants of wrong codes, newest first, for each of
// those who ask.
func (t *Throttle) read(ctx context.Context, who []Who) ([][]time.Time, error) {
	now, wrong := t.now(), make([][]time.Time, len(who))
	if t.clean.all(who, now) {
		return wrong, nil
	}
	lists := make([]*redis.StringSliceCmd, len(who))
	err := t.talk(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		for i, w := range who {
			lists[i] = pipe.LRange(ctx, t.name(w), 0, -1)
		}
	})
	if err != nil {
		return nil, err
	}
	for i, list := range lists {
		if wrong[i] = instants(list.Val()); len(wrong[i]) == 0 {
			t.clean.add(who[i], now)
		}
	}
	return wrong, nil
}

// talk sends one pipeline under the budget and the breaker.
func (t *Throttle) talk(ctx context.Context, say func(context.Context, redis.Pipeliner)) error {
	_, err := t.breaker.Execute(func() (struct{}, error) {
		limited, cancel := context.WithTimeout(ctx, t.budget)
		defer cancel()
		pipe := t.client.Pipeline()
		say(limited, pipe)
		_, err := pipe.Exec(limited)
		if err != nil && ctx.Err() != nil {
			return struct{}{}, fmt.Errorf("%w: %w", errCallerLeft, ctx.Err())
		}
		return struct{}{}, err
	})
	return err
}

// name is the Redis key of somebody, whom it doesn't reveal.
func (t *Throttle) name(w Who) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(w.ID))
	return t.prefix + string(w.Kind) + ":" + hex.EncodeToString(mac.Sum(nil)[:hashBytes])
}

// instants reads what Wrong wrote; what somebody else wrote counts as nothing.
func instants(texts []string) []time.Time {
	wrong := make([]time.Time, 0, len(texts))
	for _, text := range texts {
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
			wrong = append(wrong, time.UnixMilli(ms))
		}
	}
	return wrong
}
