package retail

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/ledger"
)

const (
	reseedEvery = 5 * time.Second // how often Redis is asked whether it is still the one that was seeded
	reseedName  = "reseed"        // of the lease: one gateway seeds at a time
	reseedBatch = 500             // changes told at once
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

// RunOnce fills Redis if it has lost something and no other gateway is at it or was.
func (r *Reseeder) RunOnce(ctx context.Context) error {
	epoch, err := r.testimony.holds.Epoch(ctx)
	if err != nil {
		return err
	}
	if !r.testimony.owes() && (epoch.Same(r.known) || r.filledSince(epoch)) {
		r.known = epoch
		return nil
	}
	return r.ledger.UnderLease(ctx, reseedName, func(ctx context.Context) error { return r.refill(ctx, epoch.RunIDs) })
}

// refill fills Redis and takes note of the epoch that it has then.
func (r *Reseeder) refill(ctx context.Context, runIDs []string) (err error) {
	failpoint.Hit(failpoint.ReseedClaimed)
	owed := r.testimony.settle()
	if err := r.fill(ctx, owed, runIDs); err != nil {
		r.testimony.owe(owed)
		return err
	}
	r.known, err = r.testimony.holds.Epoch(ctx)
	return err
}

// filledSince tells that another gateway has filled the very servers that are there now, after this
// one did. Without it two gateways would take each other's epochs for losses, and fill for ever.
func (r *Reseeder) filledSince(epoch hold.Epoch) bool {
	return r.known.Value != "" && epoch.Value > r.known.Value &&
		strings.HasPrefix(epoch.Value, filled+" ") && strings.HasSuffix(epoch.Value, servers(epoch.RunIDs))
}

// The epochs say filling while it lasts, then filled, when, and which servers. Later ones sort after
// earlier ones.
const (
	filling = "filling"
	filled  = "seeded"
	instant = "2006-01-02T15:04:05.000000000Z"
)

func servers(runIDs []string) string { return " of " + strings.Join(runIDs, ",") }

// errLostAgain says that Redis forgot while it was being filled; the next look begins anew.
var errLostAgain = errors.New("redis lost its keys while they were written")

// fill tells what is owed, puts every live reservation and marks Redis as filled.
func (r *Reseeder) fill(ctx context.Context, owed []ledger.Change, runIDs []string) error {
	holds, now := r.testimony.holds, r.now().UTC().Format(instant)
	if err := holds.Claim(ctx); err != nil { // a wipe has taken the name away too
		return err
	}
	mark := filling + " " + now
	if err := holds.SetEpoch(ctx, mark); err != nil {
		return err
	}
	for batch := range slices.Chunk(owed, reseedBatch) {
		if err := r.testimony.put(ctx, batch); err != nil {
			return err
		}
	}
	count, err := r.ledger.EachLive(ctx, func(ctx context.Context, changes []ledger.Change) error {
		err := r.testimony.put(ctx, changes)
		failpoint.Hit(failpoint.ReseedPut)
		return err
	})
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.ReseedFilled)
	if epoch, err := holds.Epoch(ctx); err != nil || epoch.Value != mark {
		return errors.Join(errLostAgain, err)
	}
	if err := holds.SetEpoch(ctx, filled+" "+now+servers(runIDs)); err != nil {
		return err
	}
	r.log.Info("redis seeded", "reservations", count)
	return nil
}
