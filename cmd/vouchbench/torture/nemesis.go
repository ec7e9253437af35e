package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/hold/holdtest"
)

// Fault is something that goes wrong, and is put right again before it returns.
type Fault struct {
	Name string
	do   func(*nemesis, context.Context) error
}

// Faults are all that the nemesis knows.
func Faults() []Fault {
	return []Fault{
		{"gateway killed", (*nemesis).killGateway}, {"gateway killed at a failpoint", (*nemesis).failpoint}, {"gateway stopped for a while", (*nemesis).pauseGateway},
		{"redis emptied", (*nemesis).flush}, {"redis killed", (*nemesis).killRedis}, {"redis rewound", (*nemesis).rewindRedis}, {"redis stalled", (*nemesis).stallRedis},
		{"redis replies swallowed", (*nemesis).swallow}, {"redis connections cut", (*nemesis).cutRedis},
		{"database connections cut", (*nemesis).cutDatabase}, {"database crashed", (*nemesis).crashDatabase}, {"a power cut", (*nemesis).cutPower}, {"locks, and a power cut", (*nemesis).cutPowerBehindLocks},
		{"a day passes", (*nemesis).day}, {"an hour passes", (*nemesis).hour}, {"the clock steps back", (*nemesis).stepBack},
	}
}

// nemesis hurts a stack, one fault at a time, so that each is put right. There may be a second one if it hurts Redis only.
type nemesis struct {
	stack  *stack.Stack
	wire   *holdtest.Proxy
	random *rand.Rand
	crowd  *crowd
	mix    Mix
	log    *slog.Logger

	hurts     *atomic.Pointer[string] // the fault that is under way
	redisCopy string                  // directory of an earlier Redis
	now       atomic.Int64            // seconds that the clock is ahead
	forth     atomic.Int64            // seconds by which it was moved ahead in all: what it would be had it never stepped back
	moving    atomic.Int64            // likewise, with the move that is under way
	back      time.Duration           // how far it has stepped back since the last day passed
	counts    map[string]int          // faults by name
	deaths    map[string]int          // how often a gateway died at each failpoint
	turn      int                     // of the gateways
	points    []string                // failpoints, in the order in which they come
	rounds    int                     // how often all failpoints are to come; 0 is no limit
}

// pains are the faults that are under way.
type pains struct{ redis, others atomic.Pointer[string] }

// name is what is under way, "" for nothing.
func (p *pains) name() string {
	switch one, other := p.redis.Load(), p.others.Load(); {
	case one != nil && other != nil:
		return "two faults"
	case one != nil:
		return *one
	case other != nil:
		return *other
	}
	return ""
}

// runs makes faults one after the other until the context ends, or all failpoints have come as often as they shall; none begins after
// that, and the last is put right.
func (n *nemesis) runs(ctx context.Context, faults []Fault) error {
	if len(faults) == 0 {
		<-ctx.Done()
		return nil
	}
	for pause(ctx, time.Duration(n.random.Int64N(int64(cmp.Or(n.mix.Rest, restMost))))) {
		if n.rounds > 0 && n.counts["gateway killed at a failpoint"] >= n.rounds*len(n.places()) {
			return nil
		}
		fault := faults[n.random.IntN(len(faults))]
		n.hurts.Store(&fault.Name)
		err := fault.do(n, context.WithoutCancel(ctx))
		n.hurts.Store(nil)
		if err != nil {
			return fmt.Errorf("%s: %w", fault.Name, err)
		}
		n.counts[fault.Name]++
	}
	return nil
}

// places are the failpoints that this nemesis uses.
func (n *nemesis) places() []string {
	if len(n.mix.Points) > 0 {
		return n.mix.Points
	}
	return failpoint.Names()
}

// restMost is the longest time between two faults; briefly the longest that one lasts.
const (
	restMost = 120 * time.Millisecond
	briefly  = 300 * time.Millisecond
)

// while lets a fault last for a random time.
func (n *nemesis) while(ctx context.Context) { pause(ctx, time.Duration(n.random.IntN(int(briefly)))) }

// next is the gateway whose turn it is to suffer.
func (n *nemesis) next() *stack.Gateway {
	n.turn++
	return n.stack.Gateways[n.turn%len(n.stack.Gateways)]
}

func (n *nemesis) killGateway(ctx context.Context) error {
	g := n.next()
	if err := g.Kill(); err != nil {
		return err
	}
	n.while(ctx)
	return g.Supervise(ctx)
}

// failpoint lets a gateway die at the next point of the table, some passages on, and starts it again without.
func (n *nemesis) failpoint(ctx context.Context) error {
	if len(n.points) == 0 {
		n.points = slices.Clone(n.places())
		n.random.Shuffle(len(n.points), func(i, j int) { n.points[i], n.points[j] = n.points[j], n.points[i] })
	}
	name, passages, within := n.points[0], 20, briefly
	if n.rounds > 0 {
		passages, within = 4, patient
	}
	point := fmt.Sprintf("%s=%d", name, 1+n.random.IntN(passages))
	n.points = n.points[1:]
	g := n.next()
	if err := g.Kill(); err != nil {
		return err
	}
	started := g.Start(ctx, "VOUCHSAFE_FAILPOINTS="+point)
	if started == nil {
		select {
		case <-g.Ended():
			n.deaths[name]++
		case <-time.After(within): // nobody passed there so often
		}
	}
	return errors.Join(g.Kill(), g.Supervise(ctx))
}

// patient is how long a gateway may take to pass a failpoint where every one of them counts.
const patient = 2 * time.Second

func (n *nemesis) pauseGateway(ctx context.Context) error {
	g := n.next()
	if err := g.Pause(); err != nil {
		return err
	}
	pause(ctx, time.Duration(n.random.IntN(int(4*briefly))))
	return g.Resume()
}

func (n *nemesis) flush(ctx context.Context) error {
	client, err := n.stack.Redis()
	if err != nil {
		return err
	}
	defer client.Close()
	return client.FlushAll(ctx).Err()
}

func (n *nemesis) killRedis(ctx context.Context) error {
	return n.stack.RestartRedis(ctx, func(string) error { n.while(ctx); return nil })
}

// rewindRedis puts Redis back to what it was when this was called last.
func (n *nemesis) rewindRedis(ctx context.Context) error {
	return n.stack.RestartRedis(ctx, func(dir string) error {
		earlier := n.redisCopy
		n.redisCopy = filepath.Join(n.stack.Dir(), fmt.Sprintf("redis-%d", n.counts["redis rewound"]))
		if err := os.CopyFS(n.redisCopy, os.DirFS(dir)); err != nil {
			return err
		}
		if earlier == "" {
			return nil
		}
		return errors.Join(replace(dir, earlier), os.RemoveAll(earlier))
	})
}

// replace puts the files of another directory into one, with the owner that its own had.
func replace(dir, from string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("the owner of a file can't be told")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(owner.Uid), int(owner.Gid))
	})
}

func (n *nemesis) stallRedis(ctx context.Context) error { return n.wired(ctx, holdtest.Stall) }
func (n *nemesis) swallow(ctx context.Context) error    { return n.wired(ctx, holdtest.Swallow) }
func (n *nemesis) cutRedis(ctx context.Context) error   { return n.wired(ctx, holdtest.Cut) }

func (n *nemesis) wired(ctx context.Context, mode holdtest.Mode) error {
	n.wire.Set(mode)
	n.while(ctx)
	n.wire.Set(holdtest.Pass)
	return nil
}

func (n *nemesis) cutDatabase(ctx context.Context) error   { return n.stack.CutConnections(ctx) }
func (n *nemesis) crashDatabase(ctx context.Context) error { return n.stack.RestartDatabase(ctx) }

// day moves the clock by more than a reservation lasts. It is a step in the history of every code.
func (n *nemesis) day(ctx context.Context) error {
	called := time.Since(n.crowd.start)
	if err := n.passes(ctx, 25*time.Hour); err != nil {
		return err
	}
	n.back = 0
	n.crowd.book.passed(day{called, time.Since(n.crowd.start)})
	return nil
}

// hour moves the clock by less than a reservation lasts; it is for mixes without reservations.
func (n *nemesis) hour(ctx context.Context) error { return n.passes(ctx, time.Hour) }

// backMost is how far the clock may step back until the next day: what a day has ended stays ended, since it lasts an hour longer than
// a reservation.
const backMost = 50 * time.Minute

// stepBack sets the clock back, as a bad time server does.
func (n *nemesis) stepBack(ctx context.Context) error {
	step := time.Duration(1+n.random.IntN(10)) * time.Minute
	if n.back+step > backMost {
		step = -n.back // it is set right again
	}
	n.back += step
	return n.passes(ctx, -step)
}

// passes moves the clock.
func (n *nemesis) passes(ctx context.Context, d time.Duration) error {
	ahead := int64(max(0, d) / time.Second)
	n.moving.Add(ahead)
	if err := n.stack.ShiftClock(ctx, n.now.Add(int64(d/time.Second))); err != nil {
		return err
	}
	n.forth.Add(ahead)
	return nil
}

func (n *nemesis) cutPower(ctx context.Context) error { return n.stack.CutPower(ctx) }

// cutPowerBehindLocks lets acts queue up behind a session that holds every voucher, lets them through as far as their decision, and
// cuts the power before any of them is written.
func (n *nemesis) cutPowerBehindLocks(ctx context.Context) error {
	if end, err := n.stack.Jam(ctx, briefly); err == nil { // else somebody else's locks stand in the way, and it is a power cut like others
		defer end()
	}
	return n.stack.CutPower(ctx)
}

// heal puts everything right, whatever a fault has left.
func (n *nemesis) heal(ctx context.Context) error {
	n.wire.Set(holdtest.Pass)
	if len(n.mix.Faults) == 0 {
		return nil
	}
	var faults []error
	for _, g := range n.stack.Gateways {
		_ = g.Resume() // one that runs, or that is gone, does not mind
		faults = append(faults, g.Kill(), g.Supervise(ctx))
	}
	return errors.Join(faults...)
}

// Names of what was counted, in order.
func Names[V any](counts map[string]V) []string {
	var list []string
	for name := range counts {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
