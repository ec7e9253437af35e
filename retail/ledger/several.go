package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Applied is what became of several acts in one transaction, in their order: an answer each, or a
// refusal in its place.
type Applied struct {
	Answers  []voucher.Answer
	Refusals []error // nil where the act was done
	state    *state
	later    []*Applied
}

// Then adds what became of acts that followed from these in the same transaction, nil for none: it is told with them.
func (a *Applied) Then(later *Applied) {
	if later != nil {
		a.later = append(a.later, later)
	}
}

// Refused is the first refusal, or nil.
func (a *Applied) Refused() error {
	for _, refusal := range a.Refusals {
		if refusal != nil {
			return refusal
		}
	}
	return nil
}

// ApplyTx settles acts in the caller's transaction, which waits for their rows in the order of their
// ids and may still roll everything back. A refused act changes nothing; what time alone has done,
// and the tasks that a refusal leaves, are written with the rest. After the commit the caller hands
// the result to [Ledger.Told].
func (l *Ledger) ApplyTx(ctx context.Context, tx outbox.Tx, acts ...Aimed) (*Applied, error) {
	acts = withHalves(acts)
	witness := l.witness(ctx, vouchersOf(acts))
	s, err := l.load(ctx, tx, load{acts: acts, how: waitLocked, witness: witness})
	if err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.ActLocked)
	l.hearAgain(ctx, s)
	applied := &Applied{state: s}
	for _, aimed := range acts {
		if aimed.After != nil {
			aimed.Act = aimed.After(applied.Answers)
		}
		answer, refusal := s.decide(aimed)
		if errors.Is(refusal, ErrUnavailable) { // no refusal but a fault: nothing of it may be committed
			return nil, refusal
		}
		applied.Answers = append(applied.Answers, answer)
		applied.Refusals = append(applied.Refusals, refusal)
	}
	if err := l.write(ctx, tx, s, false); err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.ActWritten)
	return applied, nil
}

// Told passes the changes of committed transactions on to Redis.
func (l *Ledger) Told(ctx context.Context, applied ...*Applied) {
	var changes []Change
	for _, a := range applied {
		changes = append(changes, a.state.changes()...)
		l.watch.settled(a)
		l.Told(ctx, a.later...)
	}
	if len(changes) > 0 {
		l.committed(ctx, changes)
	}
}

// ApplyWith settles acts in a transaction of its own, together with what also writes of them. A
// refusal is in what it returns; an error of also rolls everything back.
func (l *Ledger) ApplyWith(ctx context.Context, also func(outbox.Tx, *Applied) error, acts ...Aimed) (*Applied, error) {
	var applied *Applied
	err := outbox.InTx(ctx, l.pool, func(tx outbox.Tx) (err error) {
		if applied, err = l.ApplyTx(ctx, tx, acts...); err != nil {
			return err
		}
		return also(tx, applied)
	})
	if err != nil {
		return nil, away(fmt.Sprintf("settle %d acts", len(acts)), err)
	}
	l.Told(ctx, applied)
	return applied, nil
}

// ApplyAll settles acts on several vouchers in a transaction of its own: all of them or none. It
// returns the first refusal; the orders that it leaves short and the vouchers that it finds in
// quarantine are tasks all the same.
func (l *Ledger) ApplyAll(ctx context.Context, acts ...Aimed) ([]voucher.Answer, error) {
	var applied *Applied
	err := outbox.InTx(ctx, l.pool, func(tx outbox.Tx) (err error) {
		if applied, err = l.ApplyTx(ctx, tx, acts...); err != nil {
			return err
		}
		return applied.Refused()
	})
	switch {
	case err == nil:
		failpoint.Hit(failpoint.ActCommitted)
		l.Told(ctx, applied)
		return applied.Answers, nil
	case voucher.IsRefusal(err):
		l.watch.refusals(applied)
		return nil, errors.Join(err, l.openShorts(ctx, applied), l.quarantine(ctx, applied))
	case IsPassing(err):
		return nil, fmt.Errorf("settle %d acts together: %w: %w", len(acts), ErrUnavailable, err)
	}
	return nil, fmt.Errorf("settle %d acts together: %w", len(acts), err)
}

// openShorts writes the tasks of a transaction that was rolled back because of them.
func (l *Ledger) openShorts(ctx context.Context, applied *Applied) error {
	return outbox.InTx(ctx, l.pool, func(tx outbox.Tx) error {
		for _, c := range applied.state.ordered() {
			for _, short := range c.Shorts {
				if err := outbox.OpenTask(ctx, tx, shortTask(short, c.Voucher.ID, applied.state.whose[c.Voucher.ID])); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// quarantine does so with the vouchers of a transaction that was rolled back because of it: an act
// that does nothing else finds it out again.
func (l *Ledger) quarantine(ctx context.Context, applied *Applied) error {
	for _, c := range applied.state.ordered() {
		if !c.Voucher.Quarantined || applied.state.before[c.Voucher.ID].Quarantined {
			continue
		}
		if _, err := l.Apply(ctx, Aimed{Voucher: c.Voucher.ID, Account: c.Voucher.Shared(), Act: voucher.Expire{}}); err != nil {
			return fmt.Errorf("quarantine voucher %s: %w", c.Voucher.ID, err)
		}
	}
	return nil
}

const insertTombstone = `INSERT INTO act (
		id, owner, kind, key, state, fingerprint, amount, balance, rest, released, late, at
	) VALUES (
		@id::uuid, @owner, @kind, @key, 'prevented', @fingerprint, 0, 0, 0, 0, false, vouchsafe_now()
	)
	ON CONFLICT (owner, kind, key) DO NOTHING`

// Prevent writes the tombstone of an act that has not happened, so that it never will (X02), and
// tells whether it did: false means that the act exists by now.
func (l *Ledger) Prevent(ctx context.Context, ref voucher.Ref) (written bool, err error) {
	err = outbox.InTx(ctx, l.pool, func(tx outbox.Tx) (err error) {
		written, err = l.PreventTx(ctx, tx, ref)
		return err
	})
	if err != nil {
		return false, away("prevent act "+ref.Key, err)
	}
	return written, nil
}

// PreventTx is Prevent in the caller's transaction.
func (l *Ledger) PreventTx(ctx context.Context, tx outbox.Tx, ref voucher.Ref) (bool, error) {
	id, err := l.NewID()
	if err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, insertTombstone, pgx.NamedArgs{
		"id": id, "owner": ref.Owner, "kind": string(ref.Kind), "key": ref.Key, "fingerprint": make([]byte, 32),
	})
	if err != nil {
		return false, fmt.Errorf("prevent act %s: %w", ref.Key, err)
	}
	return tag.RowsAffected() == 1, nil
}

// InTx runs fn in a transaction on the ledger's database, for work that belongs together with acts;
// see [outbox.InTx].
func (l *Ledger) InTx(ctx context.Context, fn func(outbox.Tx) error) error {
	return outbox.InTx(ctx, l.pool, fn)
}
