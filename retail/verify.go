package retail

import (
	"context"
	"errors"
	"fmt"

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
	batch := make(map[string]int64, witnessBatch)
	compare := func() error {
		found, err := compareWitnesses(ctx, l, batch)
		findings = append(findings, found...)
		clear(batch)
		return err
	}
	err = t.holds.Witnesses(ctx, func(voucher string, version int64) error {
		if batch[voucher] = version; len(batch) < witnessBatch {
			return nil
		}
		return compare()
	})
	if errors.Is(err, hold.ErrAway) {
		return findings, nil
	}
	return findings, errors.Join(err, compare())
}

// compareWitnesses finds the witnesses that are ahead of their rows, or have none. The witnesses were
// read before the rows, so that acts in between only make the rows newer.
func compareWitnesses(ctx context.Context, l *ledger.Ledger, witnesses map[string]int64) (findings []Finding, err error) {
	ids := make([]string, 0, len(witnesses))
	for id := range witnesses {
		if isID(id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	versions, err := l.Versions(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if witnesses[id] > versions[id] {
			findings = append(findings, Finding{
				Invariant: "PostgreSQL knows every change that Redis has seen acknowledged", Subject: id,
				Evidence: fmt.Sprintf("witness %d, voucher %d", witnesses[id], versions[id]),
			})
		}
	}
	return findings, nil
}
