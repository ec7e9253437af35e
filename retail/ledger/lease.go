package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const takeLease = `INSERT INTO lease (name, holder, until)
	VALUES (@name, @holder::uuid, vouchsafe_now() + @for::interval)
	ON CONFLICT (name) DO UPDATE
	SET
		holder = EXCLUDED.holder,
		until = EXCLUDED.until
	WHERE lease.holder = EXCLUDED.holder OR lease.until <= vouchsafe_now()`

const endLease = `DELETE FROM lease WHERE name = @name AND holder = @holder::uuid`

// Lease takes or prolongs a lease for this ledger and tells whether it has it. It keeps gateways
// from doing the same work at once; nothing that matters may rest on it, since it can run out under
// whoever holds it.
func (l *Ledger) Lease(ctx context.Context, name string, lasting time.Duration) (bool, error) {
	tag, err := l.pool.Exec(ctx, takeLease, pgx.NamedArgs{"name": name, "holder": l.id, "for": lasting})
	if err != nil {
		return false, fmt.Errorf("take the lease %s: %w", name, err)
	}
	return tag.RowsAffected() == 1, nil
}

// EndLease gives a lease back before its time.
func (l *Ledger) EndLease(ctx context.Context, name string) error {
	if _, err := l.pool.Exec(ctx, endLease, pgx.NamedArgs{"name": name, "holder": l.id}); err != nil {
		return fmt.Errorf("end the lease %s: %w", name, err)
	}
	return nil
}

const (
	leaseFor    = 3 * time.Second // how long others wait for a gateway that died over its work
	leaseBeat   = time.Second     // how often it is prolonged, so that one answer may be missed
	leaseEndFor = time.Second     // for giving it back
)

// errLeaseLost ends a work that another gateway has taken over.
var errLeaseLost = errors.New("another gateway has the lease")

// UnderLease does a work that one gateway at a time should do, if no other is at it. The lease is short and prolonged while the work
// lasts, so that another takes over soon when this one dies; the work's context ends when the lease is lost all the same. The error is
// the work's, or that of the first question for the lease.
func (l *Ledger) UnderLease(ctx context.Context, name string, work func(context.Context) error) error {
	ours, err := l.Lease(ctx, name, leaseFor)
	if err != nil || !ours {
		return err
	}
	working, stop := context.WithCancelCause(ctx)
	var beating sync.WaitGroup
	beating.Go(func() { l.prolong(working, name, stop) })
	err = work(working)
	lost := errors.Is(context.Cause(working), errLeaseLost)
	stop(nil)
	beating.Wait()
	if lost {
		return errors.Join(err, errLeaseLost)
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseEndFor)
	defer cancel()
	return errors.Join(err, l.EndLease(ending, name))
}

// prolong keeps a lease until ctx ends, and stops its work when another has it. PostgreSQL may be away for a moment: whoever comes back
// first has it then.
func (l *Ledger) prolong(ctx context.Context, name string, stop context.CancelCauseFunc) {
	beat := time.NewTicker(leaseBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		if ours, err := l.Lease(ctx, name, leaseFor); err == nil && !ours {
			stop(errLeaseLost)
			return
		}
	}
}
