package retail

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
)

// owedMost bounds what is remembered for a Redis that stays away, in vouchers. Whatever is beyond it
// Redis learns at the voucher's next act.
const owedMost = 100_000

// Testimony tells Redis what was committed and asks it what it has seen. Without Redis nothing waits,
// and nothing is refused unless PostgreSQL may have gone back (see [Examiner]): it decides alone, and
// the keys are seeded anew when Redis is back.
type Testimony struct {
	holds *hold.Holds
	log   *slog.Logger

	mu    sync.Mutex
	owed  debt
	alien bool // whether this Redis has become somebody else's
}

// debt is what was committed and Redis was not told.
type debt struct {
	any    bool
	untold bool // nobody has tried since
	// changes are the last of each voucher. Seeding goes through those that somebody holds, and would
	// never come upon the others.
	changes map[string]ledger.Change
}

// NewTestimony speaks to Redis through holds.
func NewTestimony(holds *hold.Holds, log *slog.Logger) *Testimony {
	return &Testimony{holds: holds, log: log, owed: debt{changes: map[string]ledger.Change{}}}
}

// Witness is the highest version that anybody has seen acknowledged, per voucher: Redis, or this gateway
// itself where Redis could not be told. It is empty while Redis is away.
func (t *Testimony) Witness(ctx context.Context, vouchers []string) map[string]int64 {
	seen := make(map[string]int64, len(vouchers))
	if len(vouchers) == 0 || t.estranged() {
		return seen
	}
	states, err := t.holds.Look(ctx, vouchers...)
	if err != nil {
		t.away("read witnesses", err)
		return seen
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, state := range states {
		seen[id] = max(state.Version, t.owed.changes[id].Version)
	}
	return seen
}

// Committed tells Redis of changes whose commit is known. What can't be told is owed: the next
// seeding makes up for it.
func (t *Testimony) Committed(ctx context.Context, changes []ledger.Change) {
	failpoint.Hit(failpoint.PutLost)
	if t.estranged() {
		t.owe(changes)
		return
	}
	if err := t.put(context.WithoutCancel(ctx), changes); err != nil {
		t.owe(changes)
		t.away("write reservations", err)
	}
}

// owe remembers what Redis was not told.
func (t *Testimony) owe(changes []ledger.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owed.any, t.owed.untold = true, true
	for _, c := range changes {
		before, known := t.owed.changes[c.Voucher]
		if c.Version >= before.Version && (known || len(t.owed.changes) < owedMost) {
			t.owed.changes[c.Voucher] = c
		}
	}
}

// repay tells Redis what it is owed, as soon as it answers again, whether PostgreSQL does or not: until then no other gateway knows of it,
// and would grant what PostgreSQL has forgotten meanwhile. It is owed all the same until the next seeding: whoever took it may be about to
// lose it, as the old master of a fail-over does. Errors: those of Claim and Put.
func (t *Testimony) repay(ctx context.Context) error {
	if t.estranged() || !t.tells() {
		return nil
	}
	err := t.holds.Claim(ctx) // what comes late or empty is nobody's yet
	for batch := range slices.Chunk(t.debts(), reseedBatch) {
		if err == nil {
			err = t.put(ctx, batch)
		}
	}
	if err != nil {
		t.owe(nil)
	}
	return err
}

// tells tells whether anything is owed that nobody has tried to tell since.
func (t *Testimony) tells() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	untold := t.owed.untold
	t.owed.untold = false
	return untold
}

// owes tells whether Redis lacks a change.
func (t *Testimony) owes() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.owed.any
}

// settle hands over what is owed, to be told now. Whoever fails to tell it owes it again.
func (t *Testimony) settle() []ledger.Change {
	t.mu.Lock()
	defer t.mu.Unlock()
	changes := slices.Collect(maps.Values(t.owed.changes))
	t.owed = debt{changes: map[string]ledger.Change{}}
	return changes
}

// debts are what is owed.
func (t *Testimony) debts() []ledger.Change {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Values(t.owed.changes))
}

// owedVersions is what this gateway has seen acknowledged and Redis was not told.
func (t *Testimony) owedVersions() map[string]int64 {
	versions := map[string]int64{}
	for _, c := range t.debts() {
		versions[c.Voucher] = c.Version
	}
	return versions
}

// estrange notes whether this Redis has become somebody else's, and tells whether that is news. Then it
// is neither asked nor told anything.
func (t *Testimony) estrange(alien bool) (news bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	news, t.alien = t.alien != alien, alien
	return news
}

func (t *Testimony) estranged() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.alien
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
