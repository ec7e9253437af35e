package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/voucher"
)

const (
	sweepBatch   = 500 // overdue reservations that are ended together
	sweepBatches = 100 // in one sweep; the next one goes on
)

// The instant is asked for once: a volatile function bounds no index, and all live reservations would be read to find none.
const findOverdue = `(
		SELECT r.voucher::text, false AS account
		FROM reservation r
		WHERE r.state = 'active' AND r.ended_at IS NULL AND r.expires_at <= (SELECT vouchsafe_now())
		ORDER BY r.expires_at
		LIMIT $1
	)
	UNION
	(
		SELECT r.account::text, true
		FROM account_reservation r
		WHERE r.state = 'active' AND r.ended_at IS NULL AND r.expires_at <= (SELECT vouchsafe_now())
		ORDER BY r.expires_at
		LIMIT $1
	)
	UNION
	(
		SELECT l.account::text, true
		FROM lot l
		JOIN account a ON a.id = l.account
		WHERE l.rest > l.aside AND l.ends_at IS NOT NULL AND l.ends_at <= (SELECT vouchsafe_now()) AND NOT a.quarantined
		ORDER BY l.ends_at
		LIMIT $1
	)`

// overdueRow is what has a reservation that is overdue, or points that have ended.
type overdueRow struct {
	ID      string
	Account bool
}

// Sweep writes down that overdue reservations have expired and points have ended, and tells how many it found. Nothing
// depends on it: a reservation past its end excludes nobody, swept or not. The lists are neater for
// it, and the next holder's transaction is shorter.
func (l *Ledger) Sweep(ctx context.Context) (found int, err error) {
	for range sweepBatches {
		some, err := l.sweep(ctx)
		if found += some; err != nil || some < sweepBatch {
			return found, err
		}
	}
	return found, nil
}

// sweep ends some overdue reservations, and tells how many.
func (l *Ledger) sweep(ctx context.Context) (int, error) {
	rows, _ := l.pool.Query(ctx, findOverdue, sweepBatch)
	overdue, err := pgx.CollectRows(rows, pgx.RowToStructByPos[overdueRow])
	if err != nil {
		return 0, fmt.Errorf("sweep: find overdue reservations: %w", err)
	}
	failpoint.Hit(failpoint.SweepFound)
	var wg sync.WaitGroup
	var first error
	var once sync.Once
	for _, found := range overdue {
		wg.Go(func() {
			if _, err := l.Apply(ctx, Aimed{Voucher: found.ID, Account: found.Account, Act: voucher.Expire{}}); err != nil {
				once.Do(func() { first = fmt.Errorf("sweep: expire the reservation of voucher %s: %w", found.ID, err) })
			}
		})
	}
	wg.Wait()
	return len(overdue), first
}

// seedBatch is how many live reservations are read at once for seeding Redis.
const seedBatch = 500

// A batch goes on in index reservation_one_live where the last one ended.
const findLive = `SELECT
		v.id::text,
		v.version,
		r.owner,
		r.holder,
		r.fence,
		r.expires_at,
		vouchsafe_now() AS now
	FROM reservation r
	JOIN voucher v ON v.id = r.voucher
	WHERE r.state = 'active' AND r.expires_at > (SELECT vouchsafe_now()) AND r.voucher > $1::uuid
	ORDER BY r.voucher
	LIMIT $2`

// liveRow is a live reservation as Redis must know it.
type liveRow struct {
	ID        string
	Version   int64
	Owner     string
	Holder    []byte
	Fence     int64
	ExpiresAt time.Time
	Now       time.Time
}

// EachLive hands every live reservation to put, in batches, as a change that Redis must know. A
// change that was superseded in between does no harm, since Redis keeps the highest version.
func (l *Ledger) EachLive(ctx context.Context, put func(ctx context.Context, changes []Change) error) (int, error) {
	after, count := "00000000-0000-0000-0000-000000000000", 0
	for {
		rows, _ := l.pool.Query(ctx, findLive, after, seedBatch)
		live, err := pgx.CollectRows(rows, pgx.RowToStructByPos[liveRow])
		if err != nil {
			return count, fmt.Errorf("read the live reservations: %w", err)
		}
		if len(live) == 0 {
			return count, nil
		}
		changes := make([]Change, len(live))
		for i, row := range live {
			r := voucher.Reservation{Owner: row.Owner, Holder: voucher.Holder(row.Holder)}
			changes[i] = Change{row.ID, row.Version, r.Digest(), row.Fence, row.ExpiresAt.Sub(row.Now)}
		}
		if err := put(ctx, changes); err != nil {
			return count, fmt.Errorf("seed %d live reservations: %w", len(changes), err)
		}
		after, count = live[len(live)-1].ID, count+len(live)
	}
}
