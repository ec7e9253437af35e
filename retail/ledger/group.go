package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/voucher"
)

// locking says what to do about a row that another transaction has locked.
type locking string

const (
	skipLocked locking = "SKIP LOCKED" // leave its acts to a slow lane
	waitLocked locking = ""            // wait, as long as lock_timeout allows
)

// errRolledBack says that COMMIT was answered by ROLLBACK: the transaction had failed before.
var errRolledBack = errors.New("the transaction was rolled back at its commit")

// groupRun is one try of a group.
type groupRun struct {
	acts    []*pending // those whose rows were locked, in order
	locked  []*pending // those whose rows were not
	results []result   // of acts
}

// answer tells every act what became of it.
func (g *groupRun) answer() {
	for i, p := range g.acts {
		p.settled <- g.results[i]
	}
}

// tell says to the watch what became of every act.
func (g *groupRun) tell(w Watch) {
	for i, p := range g.acts {
		w.act(p.Act, g.results[i].answer, g.results[i].err)
	}
}

// runGroup locks, decides and writes a group in one transaction of two round trips.
func (l *Ledger) runGroup(ctx context.Context, group []*pending, how locking) (*groupRun, error) {
	ctx, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	aimed := aims(group)
	witness := l.witness(ctx, vouchersOf(aimed))
	conn, err := l.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	state, err := l.load(ctx, conn, load{acts: aimed, how: how, witness: witness, begin: true})
	if err != nil {
		return nil, rollback(ctx, conn, err)
	}
	failpoint.Hit(failpoint.GroupLocked)
	l.hearAgain(ctx, state)
	run := l.decide(state, group)
	failpoint.Hit(failpoint.GroupDecided)
	if err := l.write(ctx, conn, state, true); err != nil {
		return nil, rollback(ctx, conn, err)
	}
	failpoint.Hit(failpoint.GroupCommitted)
	l.committed(ctx, state.changes())
	l.watch.quarantines(state)
	return run, nil
}

// aims are the acts of a group without their callers.
func aims(group []*pending) []Aimed {
	acts := make([]Aimed, len(group))
	for i, p := range group {
		acts[i] = p.Aimed
	}
	return acts
}

// decide asks the rule book about each act in turn, on cases that they share.
func (l *Ledger) decide(state *state, group []*pending) *groupRun {
	run := &groupRun{acts: make([]*pending, 0, len(group)), results: make([]result, 0, len(group))}
	for _, p := range group {
		if p.Voucher != "" && state.cases[p.Voucher] == nil && !state.missing[p.Voucher] {
			run.locked = append(run.locked, p)
			continue
		}
		answer, err := state.decide(p.Aimed)
		run.acts = append(run.acts, p)
		run.results = append(run.results, result{answer, err})
	}
	return run
}

// poolConn is what a group needs of a pooled connection.
type poolConn interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Release()
}

// acquire takes a connection; a pool that has none within the limit is passing trouble.
func (l *Ledger) acquire(ctx context.Context) (poolConn, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireWithin)
	defer cancel()
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("acquire a connection: %w", err)
	}
	return conn, nil
}

// rollbackWithin bounds the clean-up after a group that failed; the connection is closed if it fails too.
const rollbackWithin = time.Second

// rollback ends a failed transaction and returns the fault that ended it. It goes on when the
// group's own time is up, since a transaction left open would keep its locks.
func rollback(ctx context.Context, conn poolConn, fault error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK") // an error here has closed the connection, which ends the transaction as well
	return fault
}

// state is what a transaction has read, decided and is about to write.
type state struct {
	at      time.Time
	acts    []Aimed
	cases   map[string]*voucher.Case   // by voucher id: the rows that were locked
	missing map[string]bool            // ids that no row has
	macs    map[string][][]byte        // what each voucher is found by as it is now: its code, its token
	before  map[string]voucher.Voucher // the rows as they were
	whose   map[string]string          // customers, by the accounts among them
	was     map[string]voucher.ReservationState
	records map[voucher.Ref]*voucher.Record
	heard   map[string]int64 // the vouchers' witnesses, as far as Redis could be asked
	doubted bool             // whether PostgreSQL may have gone back; see [Ledger.Trust]
}

// decide settles one act on what the transaction knows.
func (s *state) decide(aimed Aimed) (voucher.Answer, error) {
	if s.unheard(aimed.Voucher) {
		return voucher.Answer{}, errUnheard
	}
	c := s.cases[aimed.Voucher]
	if c == nil || !s.aimedAt(aimed) {
		return voucher.Answer{}, voucher.ErrNotFound
	}
	answer, err := voucher.Decide(c, aimed.Act)
	if answer.Reservation != nil {
		copied := *answer.Reservation
		answer.Reservation = &copied
	}
	if answer.Record != nil {
		copied := *answer.Record
		answer.Record = &copied
	}
	return answer, err
}

// aimedAt tells whether the code, or token, that the act was aimed by is still the voucher's.
func (s *state) aimedAt(aimed Aimed) bool {
	if aimed.MACs == nil {
		return true
	}
	for _, mac := range s.macs[aimed.Voucher] {
		if slices.ContainsFunc(aimed.MACs, func(named []byte) bool { return bytes.Equal(named, mac) }) {
			return true
		}
	}
	return false
}

// changes are what Redis must be told once the commit is known.
func (s *state) changes() []Change {
	var changes []Change
	for id, c := range s.cases {
		if c.Voucher.Version == s.before[id].Version {
			continue
		}
		live := c.Live()
		if c.Voucher.Shared() { // it excludes nobody
			live = nil
		}
		changes = append(changes, changeOf(c.Voucher, live, c.At))
	}
	return changes
}

// changeOf is what Redis must know of a voucher.
func changeOf(v voucher.Voucher, live *voucher.Reservation, at time.Time) Change {
	change := Change{Voucher: v.ID, Version: v.Version}
	if live != nil {
		change.Holder, change.Fence, change.Rest = live.Digest(), live.Fence, live.ExpiresAt.Sub(at)
	}
	return change
}

// vouchersOf are the vouchers that acts concern, each once, in the order in which they are locked.
func vouchersOf(acts []Aimed) []string {
	ids := make([]string, 0, len(acts))
	for _, a := range acts {
		if a.Voucher != "" {
			ids = append(ids, a.Voucher)
		}
	}
	return sortedUnique(ids)
}
