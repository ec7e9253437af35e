package retail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/report"
)

// Finding is a broken invariant with its evidence.
type Finding = ledger.Finding

// witnessBatch is how many witnesses are compared with their vouchers at once.
const witnessBatch = 500

// Verify proves the invariants of the journal, the reservations and the acts, and that Redis has seen
// nothing acknowledged that PostgreSQL does not know. It returns what is broken.
func (d *Desk) Verify(ctx context.Context) ([]Finding, error) {
	findings, err := d.ledger.Verify(ctx)
	if err != nil {
		return nil, err
	}
	ahead, err := d.testimony.ahead(ctx, d.ledger)
	return append(findings, ahead...), err
}

// Verify proves that purchases, vouchers and the deliveries of their codes fit together. It returns
// what does not.
func (s *Sales) Verify(ctx context.Context) ([]Finding, error) {
	found, err := report.Verify(ctx, s.orders.Pool())
	findings := make([]Finding, len(found))
	for i, f := range found {
		findings[i] = Finding(f)
	}
	return findings, err
}

// ahead compares every witness with its voucher. A Redis that is away has nothing to say.
func (t *Testimony) ahead(ctx context.Context, l *ledger.Ledger) (findings []Finding, err error) {
	err = t.eachBatch(ctx, func(witnesses map[string]int64) error {
		found, err := compareWitnesses(ctx, l, witnesses)
		findings = append(findings, found...)
		return err
	})
	if errors.Is(err, hold.ErrAway) {
		err = nil
	}
	return findings, err
}

// eachBatch hands over all witnesses, some at a time: those that Redis has, and what this process itself
// has seen acknowledged and could not tell. What bears no name of a voucher is left out. The error is
// hold.ErrAway or that of the caller.
func (t *Testimony) eachBatch(ctx context.Context, hand func(witnesses map[string]int64) error) error {
	batch := make(map[string]int64, witnessBatch)
	see := func(voucher string, version int64) error {
		if isID(voucher) {
			batch[voucher] = max(batch[voucher], version)
		}
		if len(batch) < witnessBatch {
			return nil
		}
		full := batch
		batch = make(map[string]int64, witnessBatch)
		return hand(full)
	}
	for id, version := range t.owedVersions() {
		if err := see(id, version); err != nil {
			return err
		}
	}
	if err := t.holds.Witnesses(ctx, see); err != nil || len(batch) == 0 {
		return err
	}
	return hand(batch)
}

// compareWitnesses finds the witnesses that are ahead of their rows, or have none though nobody has
// settled that. The witnesses were read before the rows, so that acts in between only make the rows newer.
func compareWitnesses(ctx context.Context, l *ledger.Ledger, witnesses map[string]int64) (findings []Finding, err error) {
	ids := slices.Sorted(maps.Keys(witnesses))
	versions, err := l.Versions(ctx, ids)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return witnesses[id] <= versions[id] })
	if len(ids) == 0 {
		return nil, nil
	}
	settled, err := l.MissingSettled(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if versions[id] > 0 || !settled[id] {
			findings = append(findings, Finding{
				Invariant: "PostgreSQL knows every change that Redis has seen acknowledged", Subject: id,
				Evidence: fmt.Sprintf("witness %d, voucher %d", witnesses[id], versions[id]),
			})
		}
	}
	return findings, nil
}
