package retail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
)

// TaskUnwitnessed is the kind of the task that tells the office that a loss would have gone unnoticed.
const TaskUnwitnessed = "unwitnessed"

// SilentFor is how long nobody must have looked at a PostgreSQL that is taken for one that nobody serves any
// more. One that is only slow is heard of sooner, as long as each question is answered within its own limit.
const SilentFor = lookWithin + 2*examineEvery

const (
	examineEvery = time.Second      // how often is looked whether PostgreSQL went back, and the pulse is left
	lookWithin   = 10 * time.Second // what one look takes at most: the limits of its questions together
	examineName  = "examine"        // one gateway compares at a time
)

// Errors of an Examiner.
var (
	// ErrServedElsewhere says that another PostgreSQL with the same data is being served: this one is a copy.
	ErrServedElsewhere = errors.New("the same data is being served from another PostgreSQL server")
	// ErrRecovering says that PostgreSQL has not been compared with Redis since it was started.
	ErrRecovering = errors.New("recovering")

	errWiped = errors.New("redis lost its keys while they were compared")
)

// Examiner finds out whether PostgreSQL has lost its tail: a restore, a fail-over to a standby that was
// behind, a dump that was read back. Whatever does that begins another life of PostgreSQL
// ([ledger.Pulse]), or else takes its newest act from it. In a life that was not compared yet an act is
// settled only on a voucher whose witness was read, and without Redis none is. Meanwhile one gateway
// goes through all witnesses, puts exactly those vouchers into quarantine that lack something, and says
// so for all gateways.
//
// A plain restart is another life too: it can't be told from a restore, and costs one comparison, of
// ten seconds for a million vouchers, in which acts go on. If Redis is away just then they wait for it.
// If Redis is there and empty, nothing can be compared any more: acts go on, and the office is told.
type Examiner struct {
	testimony *Testimony
	ledger    *ledger.Ledger
	log       *slog.Logger

	mu       sync.Mutex
	recovery recovery
}

// recovery is how an Examiner is getting along.
type recovery struct {
	known    bool  // whether the present life of PostgreSQL was compared
	compared int64 // witnesses that this gateway has gone through in the comparison under way
	missing  int64 // vouchers that it has found to be gone, since the start
	fault    error // why the last look came to nothing
}

// NewExaminer makes an Examiner. From now on the ledger trusts no life of PostgreSQL that it has not
// heard of from it.
func NewExaminer(t *Testimony, l *ledger.Ledger, log *slog.Logger) *Examiner {
	l.Trust("")
	return &Examiner{testimony: t, ledger: l, log: log}
}

// Run looks after PostgreSQL until the context ends.
func (e *Examiner) Run(ctx context.Context) {
	tick := time.NewTicker(examineEvery)
	defer tick.Stop()
	for {
		err := e.RunOnce(ctx)
		if news := e.stands(func(s *recovery) { s.fault = err }); err != nil && ctx.Err() == nil && news {
			e.log.WarnContext(ctx, "postgresql is not compared with redis", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// stands changes the standing, and tells whether a fault is news.
func (e *Examiner) stands(change func(*recovery)) (news bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	was := e.recovery.fault
	change(&e.recovery)
	return (was == nil) != (e.recovery.fault == nil)
}

// RunOnce tells Redis what it was not told, looks at both it and PostgreSQL, and compares them if need be.
func (e *Examiner) RunOnce(ctx context.Context) error {
	if err := e.testimony.repay(ctx); err != nil {
		e.testimony.away("tell what is owed", err)
	}
	pulse, err := e.ledger.Pulse(ctx)
	if err != nil {
		return err
	}
	e.trust(pulse)
	seen, err := e.look(ctx)
	if err != nil {
		return err
	}
	if pulse.Known() && seen.Newest > pulse.Newest {
		// Redis was asked later than PostgreSQL, and an act may have come in between.
		if pulse, err = e.ledger.Pulse(ctx); err != nil {
			return err
		}
		if pulse.Known() && seen.Newest > pulse.Newest {
			if err := e.ledger.InTx(ctx, func(tx outbox.Tx) error { return ledger.Doubt(ctx, tx) }); err != nil {
				return err
			}
			pulse.Examined = ""
			e.trust(pulse)
		}
	}
	if pulse.Known() {
		return e.testimony.holds.Beat(ctx, pulse.Life, pulse.Newest)
	}
	return e.examine(ctx, pulse, seen)
}

// trust takes a life at its word that was compared, one in which nothing has ever happened, since there
// is nothing to spend in it, and any before the first comparison: Redis has not been there yet, so
// nothing is testified.
func (e *Examiner) trust(p ledger.Pulse) {
	known := p.Known() || p.Newest == "" || !p.Before
	if known {
		e.ledger.Trust(p.Life)
	} else {
		e.ledger.Trust("")
	}
	e.stands(func(s *recovery) { s.known = known })
}

// look reads what Redis knows of PostgreSQL. A Redis that has become somebody else's is not spoken to
// any more, one that is nobody's is claimed.
func (e *Examiner) look(ctx context.Context) (hold.Pulse, error) {
	seen, err := e.testimony.holds.Pulse(ctx)
	if err == nil && seen.Database == "" {
		err = e.testimony.holds.Claim(ctx)
	}
	if errors.Is(err, hold.ErrAway) {
		return hold.Pulse{}, err
	}
	alien := errors.Is(err, hold.ErrForeign) || errors.Is(err, hold.ErrCopied)
	if e.testimony.estrange(alien) {
		e.log.ErrorContext(ctx, "redis has changed hands", "ours", !alien, "err", err)
	}
	return seen, err
}

// examine compares everything, unless another gateway is at it.
func (e *Examiner) examine(ctx context.Context, pulse ledger.Pulse, seen hold.Pulse) error {
	if err := e.testimony.holds.Beat(ctx, pulse.Life, ""); err != nil { // it says nothing of the newest act yet
		return err
	}
	return e.ledger.UnderLease(ctx, examineName, func(ctx context.Context) error { return e.conclude(ctx, pulse, seen) })
}

// conclude compares and says for all gateways what came of it.
func (e *Examiner) conclude(ctx context.Context, pulse ledger.Pulse, seen hold.Pulse) error {
	e.log.InfoContext(ctx, "comparing postgresql with redis", "life", pulse.Life, "last", pulse.Examined)
	found, err := e.compare(ctx, pulse.Life)
	if err != nil {
		return err
	}
	kept, err := e.testimony.holds.Settle(ctx, seen.Newest, pulse.Newest)
	if err != nil {
		return err
	}
	if !kept {
		return errWiped
	}
	if err := e.ledger.Examined(ctx, found, unwitnessed(pulse, seen)...); err != nil {
		return err
	}
	pulse.Examined = pulse.Life
	e.trust(pulse)
	level := slog.LevelInfo
	if found.Quarantined+found.Missing > 0 {
		level = slog.LevelError
	}
	e.log.Log(ctx, level, "postgresql compared with redis", "witnesses", found.Witnesses, "quarantined", found.Quarantined, "missing", found.Missing)
	return nil
}

// compare goes through all witnesses, and what this gateway itself has seen acknowledged.
func (e *Examiner) compare(ctx context.Context, life string) (found ledger.Examination, err error) {
	found.Life = life
	e.stands(func(s *recovery) { s.compared = 0 })
	err = e.testimony.eachBatch(ctx, func(witnesses map[string]int64) error {
		loss, err := e.ledger.Compare(ctx, witnesses)
		if err != nil {
			return err
		}
		e.report(ctx, loss)
		found.Witnesses += int64(len(witnesses))
		found.Quarantined += int64(len(loss.Quarantined))
		found.Missing += int64(len(loss.Missing))
		e.stands(func(s *recovery) { s.compared, s.missing = found.Witnesses, s.missing+int64(len(loss.Missing)) })
		return e.testimony.holds.Beat(ctx, life, "")
	})
	return found, err
}

// report names what was lost.
func (e *Examiner) report(ctx context.Context, loss ledger.Loss) {
	for _, id := range loss.Quarantined {
		e.log.ErrorContext(ctx, "voucher quarantined: postgresql lacks an acknowledged change of it", "voucher", id)
	}
	for _, id := range loss.Missing {
		e.log.ErrorContext(ctx, "voucher is missing: postgresql has forgotten it", "voucher", id)
	}
}

// unwitnessed is the task for the office when Redis has nothing left that PostgreSQL, examined before,
// could be compared with.
func unwitnessed(pulse ledger.Pulse, seen hold.Pulse) []outbox.Task {
	if !pulse.Before || seen.Newest != "" || pulse.Newest == "" {
		return nil
	}
	return []outbox.Task{{
		Kind: TaskUnwitnessed, Subject: "redis",
		Reason: "Redis was empty when PostgreSQL had been started: if it was restored or failed over, nothing shows what it lost; compare with the receipts",
	}}
}

// Alone waits until it is clear that nobody serves the same data from another PostgreSQL, and is
// ErrServedElsewhere when somebody does. A copy of the files is told by nothing else. What was under way
// when the other PostgreSQL died may still leave a pulse of it; one that is left later is of somebody who
// goes on. If Redis is away nothing can be told, but what it has said once counts for as long.
func (e *Examiner) Alone(ctx context.Context) error {
	next := time.NewTimer(0)
	defer next.Stop()
	var began, left time.Time // when the other one was heard of first, and when it left its last pulse
	for {
		var now time.Time
		select {
		case now = <-next.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		other, err := e.other(ctx)
		switch {
		case err == nil && other.Life != "":
			left = now.Add(-other.Quiet)
		case err == nil, errors.Is(err, hold.ErrAway) && began.IsZero():
			return nil
		case !errors.Is(err, hold.ErrAway):
			return err
		}
		switch {
		case now.Sub(left) >= SilentFor:
			return nil
		case began.IsZero():
			began = now
			e.log.InfoContext(ctx, "another life of postgresql was served a moment ago: waiting whether it still is", "life", other.Life)
		case left.Sub(began) > lookWithin:
			return ErrServedElsewhere
		}
		next.Reset(examineEvery)
	}
}

// other is what Redis knows of another PostgreSQL with the same data: nothing if there is none, and if Redis
// is somebody else's. [hold.ErrAway].
func (e *Examiner) other(ctx context.Context) (hold.Pulse, error) {
	pulse, err := e.ledger.Pulse(ctx)
	if err != nil {
		return hold.Pulse{}, err
	}
	seen, err := e.testimony.holds.Pulse(ctx)
	switch {
	case errors.Is(err, hold.ErrAway):
		return hold.Pulse{}, err
	case err != nil, seen.Life == pulse.Life:
		return hold.Pulse{}, nil
	}
	return seen, nil
}

// Standing tells an operator whether PostgreSQL was compared. It is ErrRecovering, with the progress,
// until then, and hold.ErrCopied or hold.ErrForeign when Redis has become somebody else's.
func (e *Examiner) Standing(ctx context.Context) (string, error) {
	pulse, err := e.ledger.Pulse(ctx)
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	fault := e.recovery.fault
	switch {
	case errors.Is(fault, hold.ErrCopied), errors.Is(fault, hold.ErrForeign):
		return "", fault
	case pulse.Known():
		return "postgresql knows all that redis has seen", nil
	case !pulse.Before:
		return "redis has not been there yet", nil
	case fault != nil:
		return "", fmt.Errorf("%w: acts on vouchers wait: %w", ErrRecovering, fault)
	}
	return "", fmt.Errorf("%w: comparing postgresql with redis, %d witnesses so far", ErrRecovering, e.recovery.compared)
}

// Recovering tells whether the present life of PostgreSQL still waits to be compared.
func (e *Examiner) Recovering() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.recovery.known
}

// Missing counts the vouchers that this gateway has found PostgreSQL to have forgotten altogether.
func (e *Examiner) Missing() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.recovery.missing
}
