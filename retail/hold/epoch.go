package hold

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// claimKey is shared by all installations: it says whose this Redis is.
	claimKey = "vs:installation"

	// housekeepingFor bounds one step of the calls that no customer waits for.
	// They go past the breaker, since they are how an operator looks at Redis.
	housekeepingFor = 2 * time.Second
)

// ErrForeign means that this Redis carries the keys of another installation.
var ErrForeign = errors.New("redis belongs to another installation")

// Epoch tells one life of Redis from the next.
type Epoch struct {
	Value  string   // what SetEpoch left there; "" when Redis lost it
	RunIDs []string // one for each master, sorted; none where the server doesn't tell
}

// Same reports whether nothing speaks for a loss of keys since an earlier
// look: the value is there and unchanged, and so is every master. In a cluster
// the value lives on one master, and the run ids speak for the others.
func (e Epoch) Same(earlier Epoch) bool {
	return e.Value != "" && e.Value == earlier.Value && slices.Equal(e.RunIDs, earlier.RunIDs)
}

// Epoch reads the present epoch. Run ids stay empty where a managed server
// forbids INFO. The error is [ErrAway].
func (h *Holds) Epoch(ctx context.Context) (Epoch, error) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	value, err := h.client.Get(ctx, h.keys.epoch()).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return Epoch{}, fmt.Errorf("read epoch: %w: %w", ErrAway, err)
	}
	ids, err := h.info(ctx, "server", "run_id")
	if err != nil {
		return Epoch{}, fmt.Errorf("read run ids: %w", err)
	}
	return Epoch{Value: value, RunIDs: ids}, nil
}

// SetEpoch marks Redis as seeded. It is written after the last put of a
// re-seed, so that a re-seed cut short is seen and done again.
func (h *Holds) SetEpoch(ctx context.Context, value string) error {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	err := h.client.Set(ctx, h.keys.epoch(), value, 0).Err()
	if err != nil {
		return fmt.Errorf("set epoch: %w: %w", ErrAway, err)
	}
	return nil
}

// Claim makes this Redis the installation's and its database's, or confirms that it is: the first to come
// stays. [ErrForeign] and [ErrCopied] name the other one; [ErrAway].
func (h *Holds) Claim(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	mine := h.keys.installation()
	pipe := h.client.Pipeline()
	pipe.SetNX(ctx, claimKey, mine, 0)
	owner := pipe.Get(ctx, claimKey)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("claim redis: %w: %w", ErrAway, err)
	}
	if owner.Val() != mine {
		return fmt.Errorf("claim redis for %s: %w: %s", mine, ErrForeign, owner.Val())
	}
	return h.bind(ctx)
}

// Ping asks every master whether it is there. [ErrAway].
func (h *Holds) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	err := h.eachMaster(ctx, func(ctx context.Context, node redis.Cmdable) error {
		return node.Ping(ctx).Err()
	})
	if err != nil {
		return fmt.Errorf("ping: %w: %w", ErrAway, err)
	}
	return nil
}

// Policy returns what Redis does when its memory is full: "noeviction" is the
// only one that never drops a witness. Where masters differ, one that evicts
// is named; "" when the server doesn't tell. [ErrAway].
func (h *Holds) Policy(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	policies, err := h.info(ctx, "memory", "maxmemory_policy")
	if err != nil {
		return "", fmt.Errorf("read eviction policy: %w", err)
	}
	for _, policy := range policies {
		if policy != "noeviction" {
			return policy, nil
		}
	}
	if len(policies) == 0 {
		return "", nil
	}
	return "noeviction", nil
}

// info collects one field of INFO from every master, sorted. A server that
// answers with an error doesn't tell, which is no fault.
func (h *Holds) info(ctx context.Context, section, field string) ([]string, error) {
	var values []string
	err := h.eachMaster(ctx, func(ctx context.Context, node redis.Cmdable) error {
		text, err := node.Info(ctx, section).Result()
		if _, refused := errors.AsType[redis.Error](err); refused {
			return nil
		}
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == field {
				values = append(values, value)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	slices.Sort(values)
	return values, nil
}

// eachMaster visits one master after the other. go-redis visits those of a
// cluster at the same time; visitors here share what they collect.
func (h *Holds) eachMaster(ctx context.Context, visit func(context.Context, redis.Cmdable) error) error {
	cluster, ok := h.client.(*redis.ClusterClient)
	if !ok {
		return visit(ctx, h.client)
	}
	var turn sync.Mutex
	return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		turn.Lock()
		defer turn.Unlock()
		return visit(ctx, node)
	})
}
