package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"vouchsafe/retail/failpoint"
)

const (
	leaseFor     = 9 * time.Second        // how long a dead process keeps its work
	beatsInLease = 3                      // heartbeats within a lease, so that two may get lost
	pollEvery    = 150 * time.Millisecond // bounds the time from commit to handler
	sweepEvery   = time.Second
	stopHard     = 5 * time.Second // for handlers to return once they were told to

	workersDefault = 4
	timeoutDefault = time.Minute
	giveUpDefault  = 72 * time.Hour
)

// Config is what an Outbox needs; the durations may be left zero.
type Config struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger

	Lease time.Duration // default 9 s; a heartbeat renews it three times as often
	Poll  time.Duration // how often each queue is asked for jobs; default 150 ms
	Sweep time.Duration // how often lost nudges are looked for; default 1 s

	EraseAfter time.Duration // Clean erases recipients and bodies so long after the end; default 90 days

	// Attempted hears of each attempt when it is on record: the delivery's kind, and its state after it. It must not wait. nil: nobody
	// wants to know.
	Attempted func(kind Kind, state State)
}

// Handler makes one attempt at a delivery. The context ends with Options.Timeout, when the process stops, when the lease is lost,
// and when the delivery was cancelled or held before a copy was marked. A panic counts as an attempt: in doubt when a copy was
// marked, tried again otherwise.
type Handler func(ctx context.Context, w *Work) Result

// Options say how a kind of delivery is worked; zero means the default.
type Options struct {
	Workers     int           // attempts at once in this process; default 4
	Timeout     time.Duration // of one attempt; default 1 minute
	GiveUpAfter time.Duration // since the first attempt; default 72 h
	AlarmAfter  time.Duration // Watch opens a task for what is not finished by then; default never
	Keep        time.Duration // Clean deletes what was done or cancelled that long ago; default never

	// Lacks says what this process does not have and the work needs; "" for nothing. Such deliveries are added and watched as others are,
	// with this as their reason, but left to a process that has it: an attempt would come to nothing.
	Lacks string

	Claimed  string // failpoint between claim and handler; none by default
	Recorded string // failpoint between the row's end and the job's
}

// trade is a registered kind.
type trade struct {
	Options
	kind    Kind
	handler Handler
}

// Outbox moves deliveries to their handlers. Make one with New, register with Handle and Every, then Start it; Add, Cancel, Hold and
// the lists work without Start.
type Outbox struct {
	pool       *pgxpool.Pool
	log        *slog.Logger
	lease      time.Duration
	poll       time.Duration
	sweepEvery time.Duration
	eraseAfter time.Duration
	attempted  func(kind Kind, state State)

	queue   *river.Client[pgx.Tx] // inserts jobs and works none
	trades  map[Kind]trade
	periods map[string]*period

	worker    *river.Client[pgx.Tx] // from Start to Stop
	stopSweep context.CancelFunc
	sweeping  sync.WaitGroup
}

// New prepares an outbox; it doesn't touch the database. Pool and Log are needed.
func New(c Config) (*Outbox, error) {
	if c.Attempted == nil {
		c.Attempted = func(Kind, State) {}
	}
	queue, err := river.NewClient(driver(c.Pool), &river.Config{Logger: quiet(c.Log), PollOnly: true})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return &Outbox{
		pool:       c.Pool,
		log:        c.Log,
		lease:      cmp.Or(c.Lease, leaseFor),
		poll:       cmp.Or(c.Poll, pollEvery),
		sweepEvery: cmp.Or(c.Sweep, sweepEvery),
		eraseAfter: cmp.Or(c.EraseAfter, eraseDefault),
		attempted:  c.Attempted,
		queue:      queue,
		trades:     map[Kind]trade{},
		periods:    map[string]*period{},
	}, nil
}

// Handle registers the handler of a kind, before Start. It panics on a kind registered twice or after Start.
func (o *Outbox) Handle(kind Kind, h Handler, options Options) {
	if _, taken := o.trades[kind]; taken || o.worker != nil {
		panic(fmt.Sprintf("outbox: Handle %q twice or after Start", kind))
	}
	options.Workers = cmp.Or(options.Workers, workersDefault)
	options.Timeout = cmp.Or(options.Timeout, timeoutDefault)
	options.GiveUpAfter = cmp.Or(options.GiveUpAfter, giveUpDefault)
	o.trades[kind] = trade{Options: options, kind: kind, handler: h}
}

// kinds lists what was registered.
func (o *Outbox) kinds() []Kind {
	kinds := make([]Kind, 0, len(o.trades))
	for kind := range o.trades {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// workable lists what this process can work.
func (o *Outbox) workable() []Kind {
	return slices.DeleteFunc(o.kinds(), func(kind Kind) bool { return o.trades[kind].Lacks != "" })
}

// Start begins to work and to sweep, until Stop. The end of ctx after Start has returned stops nothing. It panics when called twice.
func (o *Outbox) Start(ctx context.Context) error {
	if o.worker != nil {
		panic("outbox: Start called twice")
	}
	worker, err := o.newWorker()
	if err != nil {
		return fmt.Errorf("prepare the workers: %w", err)
	}
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if err := worker.Start(context.WithoutCancel(ctx)); err != nil {
		cancel()
		return fmt.Errorf("start the workers: %w", err)
	}
	o.worker, o.stopSweep = worker, cancel
	o.sweeping.Go(func() { o.sweepLoop(lasting) })
	return nil
}

// Stop drains: it takes nothing new and waits for the attempts under way. When ctx ends first their contexts are cancelled, and what
// they had to do is left to another process at once. It returns when all have returned, or with an error 5 seconds later.
func (o *Outbox) Stop(ctx context.Context) error {
	if o.worker == nil {
		return nil
	}
	o.stopSweep()
	o.sweeping.Wait()
	err := o.worker.Stop(ctx)
	if err == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopHard)
	defer cancel()
	if err := o.worker.StopAndCancel(hard); err != nil {
		return fmt.Errorf("stop the workers: %w", err)
	}
	return nil
}

// passes marks a point at which a test may crash the process.
func passes(point string) {
	if point != "" {
		failpoint.Hit(point)
	}
}
