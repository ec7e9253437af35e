package retail

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
)

// owedMost bounds what is remembered for a Redis that stays away, in vouchers. Whatever is beyond it
// Redis learns at the voucher's next act.
const owedMost = 100_000

// Testimony tells Redis what was committed and asks it what it has seen. Without Redis nothing is
// refused and nothing waits: PostgreSQL decides alone, and the keys are seeded anew when Redis is back.
type Testimony struct {
	holds *hold.Holds
	log   *slog.Logger

	mu   sync.Mutex
	owed debt
}

// debt is what was committed and Redis was not told.
type debt struct {
	any bool
	// free are vouchers that nobody holds any more, with their versions: seeding goes through those
	// that somebody holds, and would never come upon them.
	free map[string]int64
}

// NewTestimony speaks to Redis through holds.
func NewTestimony(holds *hold.Holds, log *slog.Logger) *Testimony {
	return &Testimony{holds: holds, log: log, owed: debt{free: map[string]int64{}}}
}

// Witness is the highest version that Redis has seen acknowledged, per voucher. It is empty while
// Redis is away.
func (t *Testimony) Witness(ctx context.Context, vouchers []string) map[string]int64 {
	seen := make(map[string]int64, len(vouchers))
	if len(vouchers) == 0 {
		return seen
	}
	states, err := t.holds.Look(ctx, vouchers...)
	if err != nil {
		t.away("read witnesses", err)
		return seen
	}
	for id, state := range states {
		seen[id] = state.Version
	}
	return seen
}

// Committed tells Redis of changes whose commit is known. What can't be told is owed: the next
// seeding makes up for it.
func (t *Testimony) Committed(ctx context.Context, changes []ledger.Change) {
	failpoint.Hit(failpoint.PutLost)
	if err := t.put(context.WithoutCancel(ctx), changes); err != nil {
		t.owe(changes)
		t.away("write reservations", err)
	}
}

// owe remembers what Redis was not told.
func (t *Testimony) owe(changes []ledger.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owed.any = true
	for _, c := range changes {
		if c.Holder == "" && len(t.owed.free) < owedMost {
			t.owed.free[c.Voucher] = max(t.owed.free[c.Voucher], c.Version)
		}
	}
}

// owes tells whether Redis lacks a change.
func (t *Testimony) owes() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.owed.any
}

// settle hands over what is owed, to be told now. Whoever fails to owes it again.
func (t *Testimony) settle() []ledger.Change {
	t.mu.Lock()
	defer t.mu.Unlock()
	free := make([]ledger.Change, 0, len(t.owed.free))
	for id, version := range t.owed.free {
		free = append(free, ledger.Change{Voucher: id, Version: version})
	}
	t.owed = debt{free: map[string]int64{}}
	return free
}

// put writes changes to Redis.
func (t *Testimony) put(ctx context.Context, changes []ledger.Change) error {
	if len(changes) == 0 {
		return nil
	}
	puts := make([]hold.Put, len(changes))
	for i, c := range changes {
		puts[i] = hold.Put{Voucher: c.Voucher, Version: c.Version, Holder: c.Holder, Fence: c.Fence, Rest: c.Rest}
	}
	return t.holds.Put(ctx, puts...)
}

// away notes that Redis did not answer. The breaker says so once; here it is of interest only to
// whoever debugs.
func (t *Testimony) away(doing string, err error) {
	level := slog.LevelWarn
	if errors.Is(err, hold.ErrAway) {
		level = slog.LevelDebug
	}
	t.log.Log(context.Background(), level, "redis did not answer", "doing", doing, "err", err)
}
