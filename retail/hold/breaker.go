package hold

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

const (
	tripAfter = 5           // consecutive failures: one is bad luck, five are an outage
	restFor   = time.Second // how long an absent Redis is left alone before one call tries it again

	slots      = 16384 // of a cluster
	slotRanges = 256   // with a breaker each; a node's slots lie together, so that few ranges are of two nodes
)

// errCallerLeft keeps a caller's own cancellation from counting as a failure of Redis.
var errCallerLeft = errors.New("the caller gave up")

// breakers leave alone what did not answer: Redis, or in a cluster the range of slots that a voucher's keys are
// in, so that a node that dies takes nobody else's answers with it.
type breakers struct {
	ranges []*gobreaker.TwoStepCircuitBreaker[struct{}]
	open   atomic.Int32 // ranges that are left alone, or tried again
	log    *slog.Logger
}

func newBreakers(client redis.UniversalClient, log *slog.Logger) *breakers {
	count := 1
	if _, ok := client.(*redis.ClusterClient); ok {
		count = slotRanges
	}
	b := &breakers{log: log}
	for range count {
		b.ranges = append(b.ranges, gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
			Name:          "redis",
			Timeout:       restFor,
			ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
			IsExcluded:    func(err error) bool { return errors.Is(err, errCallerLeft) },
			OnStateChange: func(_ string, from, to gobreaker.State) { b.changes(from, to) },
		}))
	}
	return b
}

// changes tells of the first range that is left alone, and of the last that answers again.
func (b *breakers) changes(from, to gobreaker.State) {
	switch {
	case from == gobreaker.StateClosed:
		if b.open.Add(1) == 1 {
			b.log.Warn("redis is away, postgresql decides alone")
		}
	case to == gobreaker.StateClosed:
		if b.open.Add(-1) == 0 {
			b.log.Info("redis is back")
		}
	}
}

// rangeOf finds the breaker of a voucher. Its id is the hash tag of its keys.
func (b *breakers) rangeOf(voucher string) int {
	if len(b.ranges) == 1 {
		return 0
	}
	return int(crc16(voucher)) % slots * len(b.ranges) / slots
}

// crc16 is the checksum by which a cluster shares its keys out (CCITT, as in XMODEM).
func crc16(tag string) uint16 {
	var sum uint16
	for _, octet := range []byte(tag) {
		sum ^= uint16(octet) << 8
		for range 8 {
			carry := sum >> 15
			sum = sum<<1 ^ carry*0x1021
		}
	}
	return sum
}

// talk speaks to Redis about those of the vouchers whose places are in ask, and gives the fault of each, or nil
// when there was none at all.
type talk func(ctx context.Context, ask []int) (faults []error)

// within runs one conversation with Redis under the budget, about the vouchers that are not left alone. Whatever
// goes wrong with one of them is ErrAway: the caller does the same in every case.
func (h *Holds) within(ctx context.Context, vouchers []string, talk talk) error {
	ask, settle, refused := h.breakers.admit(vouchers)
	if len(ask) == 0 {
		return fmt.Errorf("%w: %w", ErrAway, refused)
	}
	limited, cancel := context.WithTimeout(ctx, h.budget*time.Duration(1+(len(vouchers)-1)/perBudget))
	defer cancel()
	faults := talk(limited, ask)
	first := refused
	for i, fault := range faults {
		if fault == nil {
			continue
		}
		if ctx.Err() != nil {
			faults[i] = fmt.Errorf("%w: %w", errCallerLeft, ctx.Err())
		}
		first = faults[i]
	}
	settle(faults)
	if first == nil || errors.Is(first, errCallerLeft) {
		return first
	}
	return fmt.Errorf("%w: %w", ErrAway, first)
}

// admit gives the places of the vouchers that may be asked about, why the others may not, and what must be told
// of the faults of those that were, in their order.
func (b *breakers) admit(vouchers []string) (ask []int, settle func(faults []error), refused error) {
	ask = make([]int, 0, len(vouchers))
	done := make(map[int]func(error), 1)
	for i, voucher := range vouchers {
		at := b.rangeOf(voucher)
		tell, known := done[at]
		if !known {
			var err error
			if tell, err = b.ranges[at].Allow(); err != nil {
				tell, refused = nil, err
			}
			done[at] = tell
		}
		if tell != nil {
			ask = append(ask, i)
		}
	}
	settle = func(faults []error) {
		worst := make(map[int]error, len(done))
		for n, fault := range faults {
			if fault != nil {
				worst[b.rangeOf(vouchers[ask[n]])] = fault
			}
		}
		for at, tell := range done {
			if tell != nil {
				tell(worst[at])
			}
		}
	}
	return ask, settle, refused
}
