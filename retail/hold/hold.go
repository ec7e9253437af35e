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
)

const (
	budgetDefault = 40 * time.Millisecond // a stalled Redis may cost a customer this much, once
	perBudget     = 100                   // vouchers one budget is meant for; a re-seed's batch gets one more for each further hundred
)

// ErrAway means that Redis gave no answer to believe: unreachable, too slow,
// refusing writes, loading, or left alone after failures. Nothing is known and
// a write may or may not have happened; PostgreSQL decides alone.
var ErrAway = errors.New("redis is away")

// Config is what a Holds needs to know.
type Config struct {
	// Installation is the id that database and Redis agree on; part of every key.
	Installation string
	// Database tells the installation's database from its copies, which bear the same id. Empty: any
	// of them will do.
	Database string
	// Budget is how long a Look or a Put may take, connecting included. Zero: 40 ms.
	Budget time.Duration
	// Log hears when Redis goes away and comes back. Nil: nobody does.
	Log *slog.Logger
}

// Holds reads and writes the holds and witnesses of one installation. It is
// safe for concurrent use and owns nothing that must be closed: the client
// belongs to whoever opened it.
type Holds struct {
	client   redis.UniversalClient
	keys     keys
	database string
	budget   time.Duration
	breakers *breakers
	putSHA   string
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
		client:   client,
		keys:     keys{prefix: "vs:" + cfg.Installation + ":"},
		database: cfg.Database,
		budget:   cfg.Budget,
		breakers: newBreakers(client, cfg.Log),
		putSHA:   hex.EncodeToString(sum[:]),
	}
}

// Away tells whether Redis, or a part of a cluster, is left alone at the moment, after it failed to answer several times.
func (h *Holds) Away() bool { return h.breakers.open.Load() > 0 }

// State is what Redis knows of one voucher. The zero value knows nothing.
type State struct {
	Holder  string // hash of the holder; "" when no hold is known
	Fence   int64  // fence of that hold
	Version int64  // witness: the version of the last act put here; 0 when there is none
}

// Look asks for any number of vouchers in one round trip. It answers for each
// of them, but for those whose node of a cluster gave no answer: nothing is
// known of a voucher that is missing. When nobody answered the error is
// [ErrAway], or the context's own when the caller gave up.
func (h *Holds) Look(ctx context.Context, vouchers ...string) (map[string]State, error) {
	states := make(map[string]State, len(vouchers))
	if len(vouchers) == 0 {
		return states, nil
	}
	pairs := make([]*redis.SliceCmd, len(vouchers))
	err := h.within(ctx, vouchers, func(ctx context.Context, ask []int) []error {
		pipe := h.client.Pipeline()
		for _, i := range ask {
			pairs[i] = pipe.MGet(ctx, h.keys.hold(vouchers[i]), h.keys.witness(vouchers[i]))
		}
		_, err := pipe.Exec(ctx)
		return faultsOf(err, ask, func(i int) error { return pairs[i].Err() })
	})
	for i, voucher := range vouchers {
		if pairs[i] == nil || pairs[i].Err() != nil {
			continue
		}
		state, unreadable := parseState(pairs[i].Val())
		if unreadable != nil {
			return nil, fmt.Errorf("look up hold of %s: %w: %w", voucher, ErrAway, unreadable)
		}
		states[voucher] = state
	}
	if len(states) == 0 && err != nil {
		return nil, fmt.Errorf("look up holds: %w", err)
	}
	return states, nil
}

// faultsOf collects the fault of each command of a pipeline that failed somewhere.
func faultsOf(pipeline error, ask []int, of func(i int) error) []error {
	if pipeline == nil {
		return nil
	}
	faults := make([]error, len(ask))
	for n, i := range ask {
		faults[n] = of(i)
	}
	return faults
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

// keys names everything of one installation. The braces are Redis Cluster's
// hash tag: hold and witness of a voucher share a slot.
type keys struct{ prefix string }

const witnessSuffix = "}:w"

func (k keys) hold(voucher string) string    { return k.prefix + "{" + voucher + "}:h" }
func (k keys) witness(voucher string) string { return k.prefix + "{" + voucher + witnessSuffix }
func (k keys) witnesses() string             { return k.prefix + "{*" + witnessSuffix }
func (k keys) epoch() string                 { return k.prefix + "epoch" }
func (k keys) pulse() string                 { return k.prefix + "pulse" }
func (k keys) installation() string {
	return strings.TrimSuffix(strings.TrimPrefix(k.prefix, "vs:"), ":")
}

// voucher is the inverse of witness.
func (k keys) voucher(witness string) string {
	return strings.TrimSuffix(strings.TrimPrefix(witness, k.prefix+"{"), witnessSuffix)
}
