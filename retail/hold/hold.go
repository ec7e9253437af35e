package hold

import (
	"context"
	"crypto/sha1" // the name that Redis gives a script, not a secret
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

const (
	budgetDefault = 40 * time.Millisecond // a stalled Redis may cost a customer this much, once
	perBudget     = 100                   // vouchers one budget is meant for; a re-seed's batch gets one more for each further hundred
	tripAfter     = 5                     // consecutive failures: one is bad luck, five are an outage
	restFor       = time.Second           // how long an absent Redis is left alone before one call tries it again
)

// ErrAway means that Redis gave no answer to believe: unreachable, too slow,
// refusing writes, loading, or left alone after failures. Nothing is known and
// a write may or may not have happened; PostgreSQL decides alone.
var ErrAway = errors.New("redis is away")

// errCallerLeft keeps a caller's own cancellation from counting as a failure of Redis.
var errCallerLeft = errors.New("the caller gave up")

// Config is what a Holds needs to know.
type Config struct {
	// Installation is the id that database and Redis agree on; part of every key.
	Installation string
	// Budget is how long a Look or a Put may take, connecting included. Zero: 40 ms.
	Budget time.Duration
	// Log hears when Redis goes away and comes back. Nil: nobody does.
	Log *slog.Logger
}

// Holds reads and writes the holds and witnesses of one installation. It is
// safe for concurrent use and owns nothing that must be closed: the client
// belongs to whoever opened it.
type Holds struct {
	client  redis.UniversalClient
	keys    keys
	budget  time.Duration
	breaker *gobreaker.CircuitBreaker[struct{}]
	putSHA  string
}

// New returns the holds of an installation behind a client made by [Open]. An
// installation id that can't be part of a key is a programmer's error: it
// panics.
func New(client redis.UniversalClient, cfg Config) *Holds {
	if cfg.Installation == "" || strings.ContainsAny(cfg.Installation, "{}:*?[]\\ ") {
		panic(fmt.Sprintf("hold: installation id %q can't be part of a key", cfg.Installation))
	}
	if cfg.Budget <= 0 {
		cfg.Budget = budgetDefault
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	sum := sha1.Sum([]byte(putScript))
	return &Holds{
		client:  client,
		keys:    keys{prefix: "vs:" + cfg.Installation + ":"},
		budget:  cfg.Budget,
		breaker: newBreaker(cfg.Log),
		putSHA:  hex.EncodeToString(sum[:]),
	}
}

func newBreaker(log *slog.Logger) *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        "redis",
		Timeout:     restFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsExcluded:  func(err error) bool { return errors.Is(err, errCallerLeft) },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed && to == gobreaker.StateOpen:
				log.Warn("redis is away, postgresql decides alone")
			case to == gobreaker.StateClosed:
				log.Info("redis is back")
			}
		},
	})
}

// Away tells whether Redis is left alone at the moment, after it failed to answer several times.
func (h *Holds) Away() bool { return h.breaker.State() != gobreaker.StateClosed }

// State is what Redis knows of one voucher. The zero value knows nothing.
type State struct {
	Holder  string // hash of the holder; "" when no hold is known
	Fence   int64  // fence of that hold
	Version int64  // witness: the version of the last act put here; 0 when there is none
}

// Look asks for any number of vouchers in one round trip and answers for each
// of them. The only error is [ErrAway], or the context's own when the caller
// gave up.
func (h *Holds) Look(ctx context.Context, vouchers ...string) (map[string]State, error) {
	states := make(map[string]State, len(vouchers))
	if len(vouchers) == 0 {
		return states, nil
	}
	pairs := make([]*redis.SliceCmd, len(vouchers))
	err := h.within(ctx, len(vouchers), func(ctx context.Context) error {
		pipe := h.client.Pipeline()
		for i, voucher := range vouchers {
			pairs[i] = pipe.MGet(ctx, h.keys.hold(voucher), h.keys.witness(voucher))
		}
		_, err := pipe.Exec(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look up holds: %w", err)
	}
	for i, voucher := range vouchers {
		states[voucher], err = parseState(pairs[i].Val())
		if err != nil {
			return nil, fmt.Errorf("look up hold of %s: %w: %w", voucher, ErrAway, err)
		}
	}
	return states, nil
}

// parseState reads the reply to MGET hold, witness. What nobody here can have
// written is an error and not "no hold": a witness that can't be read must not
// pass for one that agrees.
func parseState(pair []any) (State, error) {
	var state State
	var err error
	if len(pair) != 2 {
		return State{}, fmt.Errorf("%d values instead of hold and witness", len(pair))
	}
	if held, ok := pair[0].(string); ok {
		fence, holder, _ := strings.Cut(held, ":")
		state.Holder = holder
		state.Fence, err = strconv.ParseInt(fence, 10, 64)
		if err != nil {
			return State{}, fmt.Errorf("fence: %w", err)
		}
	}
	if version, ok := pair[1].(string); ok {
		state.Version, err = strconv.ParseInt(version, 10, 64)
		if err != nil {
			return State{}, fmt.Errorf("witness: %w", err)
		}
	}
	return state, nil
}

// within runs one conversation with Redis under the budget and the breaker.
// Whatever goes wrong is ErrAway: the caller does the same in every case.
func (h *Holds) within(ctx context.Context, vouchers int, talk func(context.Context) error) error {
	budget := h.budget * time.Duration(1+(vouchers-1)/perBudget)
	_, err := h.breaker.Execute(func() (struct{}, error) {
		limited, cancel := context.WithTimeout(ctx, budget)
		defer cancel()
		err := talk(limited)
		if err != nil && ctx.Err() != nil {
			return struct{}{}, fmt.Errorf("%w: %w", errCallerLeft, ctx.Err())
		}
		return struct{}{}, err
	})
	if err == nil || errors.Is(err, errCallerLeft) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// keys names everything of one installation. The braces are Redis Cluster's
// hash tag: hold and witness of a voucher share a slot.
type keys struct{ prefix string }

const witnessSuffix = "}:w"

func (k keys) hold(voucher string) string    { return k.prefix + "{" + voucher + "}:h" }
func (k keys) witness(voucher string) string { return k.prefix + "{" + voucher + witnessSuffix }
func (k keys) witnesses() string             { return k.prefix + "{*" + witnessSuffix }
func (k keys) epoch() string                 { return k.prefix + "epoch" }

// voucher is the inverse of witness.
func (k keys) voucher(witness string) string {
	return strings.TrimSuffix(strings.TrimPrefix(witness, k.prefix+"{"), witnessSuffix)
}
