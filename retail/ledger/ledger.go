package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/voucher"
)

const (
	maxGroup      = 128                    // acts decided and written in one transaction
	maxQueue      = 4096                   // acts waiting for a lane; beyond it the caller is told to come back
	settleWithin  = 10 * time.Second       // an act that can't be settled by then is unavailable
	groupTimeout  = 5 * time.Second        // one try of a group, server time-outs included
	acquireWithin = 500 * time.Millisecond // waiting for a connection
)

// ErrUnavailable says that PostgreSQL did not settle an act in time. Nothing was changed, or the
// same act under the same key tells what was.
var ErrUnavailable = errors.New("the ledger is not available")

// Change is what Redis is told about a voucher after a commit: its version, and its live
// reservation if it has one.
type Change struct {
	Voucher string
	Version int64
	Holder  string        // digest of owner and holder; "" when the code is free
	Fence   int64         // of the reservation
	Rest    time.Duration // until the reservation expires
}

// Config is what a Ledger needs. All fields are required unless they say otherwise.
type Config struct {
	Pool  *pgxpool.Pool
	Rules voucher.Rules
	Lanes int // workers, and as many readers; few with big groups beat many with small ones
	// Witness tells the highest version of each voucher that Redis has seen acknowledged. It is asked
	// before the rows are locked, and answers for each voucher, with 0 for one without a witness, or not
	// at all when Redis is away: see [Ledger.Trust].
	Witness func(ctx context.Context, vouchers []string) map[string]int64
	// Committed is told of every change once its commit is known, before the callers are.
	Committed func(ctx context.Context, changes []Change)
	Random    io.Reader // for identifiers
	Log       *slog.Logger
	// Watch hears what is done, for metrics; it may be left empty.
	Watch Watch
}

// Ledger applies acts to vouchers. It is safe for concurrent use.
type Ledger struct {
	id        string // of this process, for its leases
	pool      *pgxpool.Pool
	rules     voucher.Rules
	witness   func(ctx context.Context, vouchers []string) map[string]int64
	committed func(ctx context.Context, changes []Change)
	random    io.Reader
	log       *slog.Logger
	watch     Watch
	lanes     []*lane
	running   sync.WaitGroup
	closing   sync.RWMutex // held for reading while an act is queued, so that Close loses none
	closed    bool
	zones     zones
	looks     *gather[looking, looked]
	finds     *gather[voucher.Ref, *recordRow]
	trusted   atomic.Pointer[string] // the life of PostgreSQL that is taken at its word; nil for any
}

// New starts the lanes. Close stops them. It fails only if no random bytes can be read.
func New(cfg Config) (*Ledger, error) {
	l := &Ledger{
		pool: cfg.Pool, rules: cfg.Rules, witness: cfg.Witness, committed: cfg.Committed,
		random: cfg.Random, log: cfg.Log, watch: cfg.Watch,
	}
	var err error
	if l.id, err = l.NewID(); err != nil {
		return nil, err
	}
	lanes := max(1, cfg.Lanes)
	l.looks, l.finds = newGather(&l.running, lanes, l.look), newGather(&l.running, lanes, l.find)
	for range lanes {
		lane := &lane{ledger: l, queue: make(chan *pending, maxQueue), slow: make(map[string][]*pending)}
		l.lanes = append(l.lanes, lane)
		l.running.Go(lane.run)
	}
	return l, nil
}

// Close settles what is queued and stops the lanes; acts that come later are ErrUnavailable.
func (l *Ledger) Close() {
	l.closing.Lock()
	if !l.closed {
		l.closed = true
		for _, lane := range l.lanes {
			close(lane.queue)
		}
	}
	l.closing.Unlock()
	l.looks.close()
	l.finds.close()
	l.running.Wait()
}

// Aimed is an act on a voucher, or on the account of a customer. If it was aimed by a code, the code's MACs are checked again under
// the lock, since the code may have been replaced in between.
type Aimed struct {
	Voucher string   // id of the voucher or account
	Account bool     // whether it is an account
	MACs    [][]byte // nil if the voucher was named otherwise
	Act     voucher.Act
	// After makes what is done instead of Act, under the same names, from the answers of the acts
	// before it in the same call of ApplyTx; nil if it doesn't depend on them.
	After func(before []voucher.Answer) voucher.Act
	// Then is the other half of an act that moves value, done next to it; nil for none. [Ledger.Apply] takes no such act.
	Then *Aimed
}

// Apply settles one act in a group and returns its answer, a refusal of package voucher, or a fault
// (ErrUnavailable if PostgreSQL could not settle it in time). When the caller's context ends the act
// goes on; its key tells what became of it.
func (l *Ledger) Apply(ctx context.Context, aimed Aimed) (voucher.Answer, error) {
	p := &pending{Aimed: aimed, settled: make(chan result, 1)}
	if !l.enqueue(p) {
		return voucher.Answer{}, fmt.Errorf("queue an act: %w", ErrUnavailable)
	}
	select {
	case r := <-p.settled:
		return r.answer, r.err
	case <-ctx.Done():
		return voucher.Answer{}, fmt.Errorf("wait for an act: %w: %w", ErrUnavailable, context.Cause(ctx))
	}
}

// enqueue hands an act to its voucher's lane; false when the lane is full or the ledger closed.
func (l *Ledger) enqueue(p *pending) bool {
	l.closing.RLock()
	defer l.closing.RUnlock()
	if l.closed {
		return false
	}
	select {
	case l.laneOf(p.Voucher).queue <- p:
		return true
	default:
		return false
	}
}

// laneOf routes by voucher: UUIDs end in random digits, so the last byte spreads them.
func (l *Ledger) laneOf(id string) *lane {
	if id == "" {
		return l.lanes[0]
	}
	return l.lanes[int(id[len(id)-1])%len(l.lanes)]
}

// NewID makes an identifier that sorts by time, for what an act creates.
func (l *Ledger) NewID() (string, error) {
	id, err := uuid.NewV7FromReader(l.random)
	if err != nil {
		return "", fmt.Errorf("make an identifier: %w", err)
	}
	return id.String(), nil
}

// zones keeps the time zones of vouchers, which the standard library reads from disk.
type zones struct {
	mu     sync.Mutex
	loaded map[string]*time.Location
}

// load finds a zone by its IANA name.
func (z *zones) load(name string) (*time.Location, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if zone, ok := z.loaded[name]; ok {
		return zone, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("load the time zone of a voucher: %w", err)
	}
	if z.loaded == nil {
		z.loaded = make(map[string]*time.Location)
	}
	z.loaded[name] = zone
	return zone, nil
}
