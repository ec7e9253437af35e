package retail

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
)

const (
	reseedEvery = 5 * time.Second  // how often Redis is asked whether it is still the one that was seeded
	reseedLease = 30 * time.Second // one gateway seeds at a time; longer than 100,000 reservations take
	reseedName  = "reseed"
)

// Reseeder fills Redis with the live reservations after it lost them: when its epoch is missing,
// when a server of it was started anew, and when a change could not be told. Filling is a matter of
// speed and of the witness, never of correctness, and may be repeated and overtaken at will.
type Reseeder struct {
	testimony *Testimony
	ledger    *ledger.Ledger
	log       *slog.Logger
	now       func() time.Time
	known     hold.Epoch // as it was after the last filling
}

// NewReseeder makes a Reseeder; now names the epochs it writes.
func NewReseeder(t *Testimony, l *ledger.Ledger, log *slog.Logger, now func() time.Time) *Reseeder {
	return &Reseeder{testimony: t, ledger: l, log: log, now: now}
}

// Run looks after Redis until the context ends.
func (r *Reseeder) Run(ctx context.Context) {
	tick := time.NewTicker(reseedEvery)
	defer tick.Stop()
	for {
		if err := r.RunOnce(ctx); err != nil && ctx.Err() == nil {
			r.testimony.away("seed", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RunOnce fills Redis if it has lost something and no other gateway is at it.
func (r *Reseeder) RunOnce(ctx context.Context) error {
	epoch, err := r.testimony.holds.Epoch(ctx)
	if err != nil {
		return err
	}
	if epoch.Same(r.known) && !r.testimony.owed.Load() {
		return nil
	}
	ours, err := r.ledger.Lease(ctx, reseedName, reseedLease)
	if err != nil || !ours {
		return err
	}
	failpoint.Hit(failpoint.ReseedClaimed)
	r.testimony.owed.Store(false)
	if err := r.fill(ctx); err != nil {
		r.testimony.owed.Store(true)
		return err
	}
	if r.known, err = r.testimony.holds.Epoch(ctx); err != nil {
		return err
	}
	return r.ledger.EndLease(ctx, reseedName)
}

// fill puts every live reservation and marks Redis as filled.
func (r *Reseeder) fill(ctx context.Context) error {
	count, err := r.ledger.EachLive(ctx, func(ctx context.Context, changes []ledger.Change) error {
		err := r.testimony.put(ctx, changes)
		failpoint.Hit(failpoint.ReseedPut)
		return err
	})
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.ReseedFilled)
	if err := r.testimony.holds.SetEpoch(ctx, fmt.Sprintf("seeded %s", r.now().UTC().Format(time.RFC3339Nano))); err != nil {
		return err
	}
	r.log.Info("redis seeded", "reservations", count)
	return nil
}
