package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/voucher"
)

// maxReruns bounds how often an act may meet a twin that took its key in between.
const maxReruns = 3

// pending is an act that waits for its answer.
type pending struct {
	Aimed
	settled chan result // takes exactly one
	reruns  int         // how often its key was taken by a twin that committed first
}

// result is what became of an act.
type result struct {
	answer voucher.Answer
	err    error
}

// lane applies the acts of its vouchers, group after group.
type lane struct {
	ledger *Ledger
	queue  chan *pending
	slow   map[string][]*pending // acts that follow a locked row, by voucher; only run touches it
}

// run takes whatever has queued up while the last group was in flight and settles it as the next.
func (n *lane) run() {
	finished := make(chan string)
	for open := true; open || len(n.slow) > 0; {
		select {
		case p, ok := <-n.queue:
			if open = ok; ok {
				n.settle(n.gather(p), finished)
			} else {
				n.queue = nil
			}
		case id := <-finished:
			n.resume(id, finished)
		}
	}
}

// gather takes what else is waiting, up to the size of a group. Acts of a voucher that has a slow
// lane follow it there, so that they keep their order.
func (n *lane) gather(first *pending) []*pending {
	group := n.admit(nil, first)
	for len(group) < maxGroup {
		select {
		case p, ok := <-n.queue:
			if !ok {
				return group
			}
			group = n.admit(group, p)
		default:
			return group
		}
	}
	return group
}

// admit adds an act to the group, or to the slow lane of its voucher.
func (n *lane) admit(group []*pending, p *pending) []*pending {
	if waiting, ok := n.slow[p.Voucher]; ok {
		n.slow[p.Voucher] = append(waiting, p)
		return group
	}
	return append(group, p)
}

// settle runs a group and starts a slow lane for each row of it that was locked elsewhere.
func (n *lane) settle(group []*pending, finished chan<- string) {
	if len(group) == 0 {
		return
	}
	locked := n.ledger.settle(group, skipLocked)
	for _, p := range locked {
		n.slow[p.Voucher] = append(n.slow[p.Voucher], p)
	}
	for _, p := range locked {
		if first := n.slow[p.Voucher]; len(first) > 0 && first[0] == p {
			n.resume(p.Voucher, finished)
		}
	}
}

// resume settles what waits for one locked row in the background, waiting for the lock; when
// nothing waits any more the voucher is back in the lane.
func (n *lane) resume(id string, finished chan<- string) {
	group := n.slow[id]
	if len(group) == 0 {
		delete(n.slow, id)
		return
	}
	group, n.slow[id] = group[:min(maxGroup, len(group))], group[min(maxGroup, len(group)):]
	n.ledger.running.Go(func() {
		n.ledger.settle(group, waitLocked)
		finished <- id
	})
}

// settle runs a group until it is settled, and answers all acts but those whose row is locked
// elsewhere, which it returns.
func (l *Ledger) settle(group []*pending, how locking) (locked []*pending) {
	ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	ctx, settled := l.watch.group(ctx, len(group), how)
	defer settled()
	for try := 0; ; try++ {
		run, err := l.runGroup(ctx, group, how)
		switch {
		case err == nil:
			run.answer()
			run.tell(l.watch)
			failpoint.Hit(failpoint.GroupAnswered)
			return run.locked
		case IsTwin(err) && l.rerun(group), IsPassing(err) && ctx.Err() == nil && l.pause(ctx, try):
			continue
		case len(group) > 1 && !IsPassing(err):
			return l.settleSingly(group, how)
		default:
			l.fail(group, err)
			return nil
		}
	}
}

// settleSingly finds the act that poisons a group: each runs alone, and only that one fails.
func (l *Ledger) settleSingly(group []*pending, how locking) (locked []*pending) {
	for _, p := range group {
		locked = append(locked, l.settle([]*pending{p}, how)...)
	}
	return locked
}

// rerun allows a group to run again after a unique violation: the key is then seen. It is bounded,
// since a violation that stays is no twin but a fault.
func (l *Ledger) rerun(group []*pending) bool {
	again := false
	for _, p := range group {
		p.reruns++
		again = again || p.reruns <= maxReruns
	}
	return again
}

// pause waits before a group tries again, longer each time; false when the time is up.
func (l *Ledger) pause(ctx context.Context, try int) bool {
	wait := time.NewTimer(min(time.Duration(try)*20*time.Millisecond, time.Second))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wait.C:
		return true
	}
}

// fail tells every act of the group what went wrong.
func (l *Ledger) fail(group []*pending, err error) {
	if IsPassing(err) {
		err = errors.Join(ErrUnavailable, err)
	} else {
		l.log.Error("act failed", "err", err, "acts", len(group))
	}
	for _, p := range group {
		p.settled <- result{err: err}
		l.watch.act(p.Act, voucher.Answer{}, err)
	}
}

// The SQLSTATEs that a group reacts to.
const (
	uniqueViolation     = "23505"
	serializationFailed = "40001"
	deadlockDetected    = "40P01"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	planChanged         = "0A000"
)

// errUnreadable marks a row that can't be understood: no retry mends it.
var errUnreadable = errors.New("a stored row can't be read")

// IsTwin tells that another transaction has taken a key, or the code itself, in between.
func IsTwin(err error) bool {
	fault, ok := errors.AsType[*pgconn.PgError](err)
	return ok && fault.Code == uniqueViolation || errors.Is(err, errTwin)
}

// IsPassing tells a fault that the same group may survive at its next try: a lost connection (its
// commit is then in doubt), no connection at all, a lost race for locks, a server that is starting
// or stopping.
func IsPassing(err error) bool {
	if errors.Is(err, errUnreadable) {
		return false
	}
	fault, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return true // not an answer of PostgreSQL: the connection or the wait for one
	}
	switch fault.Code {
	case serializationFailed, deadlockDetected, lockNotAvailable, queryCanceled, planChanged:
		return true
	}
	return fault.Code[:2] == "57" || fault.Code[:2] == "53" || fault.Code[:2] == "08"
}

// away wraps a fault of a read or a single statement: ErrUnavailable if it may pass.
func away(doing string, err error) error {
	if IsPassing(err) {
		return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
