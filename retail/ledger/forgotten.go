package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Loss is what PostgreSQL turns out to have forgotten.
type Loss struct {
	Quarantined []string // vouchers that lack acknowledged changes and are in quarantine since now
	Missing     []string // vouchers that are gone altogether, of which the office has a task since now
}

// Compare holds vouchers against the versions that were testified to, and puts those into quarantine
// whose row is behind, all in one transaction. What was found before is left as it is. The witnesses
// must have been read before the call: acts in between only make the rows newer.
func (l *Ledger) Compare(ctx context.Context, witnesses map[string]int64) (Loss, error) {
	ids := slices.Sorted(maps.Keys(witnesses))
	versions, err := l.Versions(ctx, ids)
	if err != nil {
		return Loss{}, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return witnesses[id] <= versions[id] })
	if len(ids) == 0 {
		return Loss{}, nil
	}
	var loss Loss
	var s *state
	err = outbox.InTx(ctx, l.pool, func(tx outbox.Tx) (err error) {
		if s, err = l.confront(ctx, tx, ids, witnesses); err != nil {
			return err
		}
		loss = Loss{Quarantined: s.surprises()}
		loss.Missing, err = openMissing(ctx, tx, ids, s, witnesses)
		return err
	})
	if err != nil {
		return Loss{}, away(fmt.Sprintf("compare %d vouchers", len(ids)), err)
	}
	if changes := s.changes(); len(changes) > 0 { // a reservation that was overdue has ended
		l.committed(ctx, changes)
	}
	l.watch.quarantines(s)
	return loss, nil
}

// confront lets the rule book look at vouchers with their witnesses, under their locks, and writes what
// it finds.
func (l *Ledger) confront(ctx context.Context, tx outbox.Tx, ids []string, witnesses map[string]int64) (*state, error) {
	accounts, err := l.accountsAmong(ctx, ids)
	if err != nil {
		return nil, err
	}
	acts := make([]Aimed, len(ids))
	for i, id := range ids {
		acts[i] = Aimed{Voucher: id, Account: accounts[id], Act: voucher.Expire{}}
	}
	s, err := l.load(ctx, tx, load{acts: acts, how: waitLocked, witness: witnesses})
	if err != nil {
		return nil, err
	}
	for _, aimed := range acts {
		if s.missing[aimed.Voucher] {
			continue
		}
		if _, err := s.decide(aimed); err != nil {
			return nil, fmt.Errorf("look at voucher %s: %w", aimed.Voucher, err)
		}
	}
	return s, l.write(ctx, tx, s, false)
}

// surprises are the vouchers that the transaction puts into quarantine, in order.
func (s *state) surprises() (found []string) {
	for _, c := range s.ordered() {
		if c.Voucher.Quarantined && !s.before[c.Voucher.ID].Quarantined {
			found = append(found, c.Voucher.ID)
		}
	}
	return found
}

// openMissing gives the office a task for each voucher that is gone, unless it ever had one: the
// witness stays for weeks, and what a person has settled is settled.
func openMissing(ctx context.Context, tx outbox.Tx, ids []string, s *state, witnesses map[string]int64) (opened []string, err error) {
	for _, id := range ids {
		if !s.missing[id] {
			continue
		}
		first, err := outbox.OpenTaskOnce(ctx, tx, outbox.Task{
			Kind: TaskMissing, Subject: id,
			Reason: "the database has forgotten this voucher altogether; its order may be issued again, under a new code",
			Detail: detailOf(map[string]any{"witness": witnesses[id]}),
		})
		if err != nil {
			return nil, err
		}
		if first {
			opened = append(opened, id)
		}
	}
	if len(opened) > 0 {
		err = outbox.OpenTask(ctx, tx, rollbackTask())
	}
	return opened, err
}

// MissingSettled tells which of these vouchers, of which there is only a witness, a person has looked
// into and settled.
func (l *Ledger) MissingSettled(ctx context.Context, ids []string) (settled map[string]bool, err error) {
	err = outbox.InTx(ctx, l.pool, func(tx outbox.Tx) error {
		settled, err = outbox.ClosedSubjects(ctx, tx, TaskMissing, ids)
		return err
	})
	if err != nil {
		return nil, away("ask for settled tasks", err)
	}
	return settled, nil
}
