package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Census is how many vouchers of a currency are in a state, and what they are worth in minor units.
type Census struct {
	Currency    string
	State       string // as people are shown it: expired where the validity is over
	Vouchers    int64
	Balance     int64 // minor units of all of them
	Blocked     int64 // how many of them are blocked
	Quarantined int64 // how many of them are in quarantine
	Reserved    int64 // how many of them are reserved now
	SetAside    int64 // minor units that those reservations hold
	CountedAt   time.Time
}

const (
	// censusWithin bounds the count in the database: a million vouchers take less than a second.
	censusWithin = `SET LOCAL statement_timeout = '2min'`

	takeCensus = `
INSERT INTO census (
	currency,
	state,
	vouchers,
	balance,
	blocked,
	quarantined,
	reserved,
	set_aside,
	counted_at
)
SELECT
	v.currency,
	CASE WHEN v.state IN ('issued', 'active') AND v.ends_at <= clock.at THEN 'expired' ELSE v.state END,
	count(*),
	sum(v.balance),
	count(*) FILTER (WHERE v.blocked_order OR v.blocked_office OR v.refund_waits IN (0, v.balance)),
	count(*) FILTER (WHERE v.quarantined),
	count(r.voucher),
	coalesce(sum(r.amount), 0),
	clock.at
FROM
	(SELECT vouchsafe_now() AS at) clock
	CROSS JOIN voucher v
	LEFT JOIN reservation r ON r.voucher = v.id AND r.state = 'active' AND r.expires_at > clock.at
GROUP BY
	1,
	2,
	clock.at
ON CONFLICT (currency, state) DO UPDATE SET
	vouchers = EXCLUDED.vouchers,
	balance = EXCLUDED.balance,
	blocked = EXCLUDED.blocked,
	quarantined = EXCLUDED.quarantined,
	reserved = EXCLUDED.reserved,
	set_aside = EXCLUDED.set_aside,
	counted_at = EXCLUDED.counted_at`

	// forgetGone drops the states that no voucher is in any more.
	forgetGone = `
DELETE FROM census
WHERE
	counted_at < (SELECT max(counted_at) FROM census)`
)

// TakeCensus counts all vouchers and keeps the figures for every gateway. It reads each voucher once
// and locks none.
func TakeCensus(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for _, statement := range []string{censusWithin, takeCensus, forgetGone} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count the vouchers: %w", err)
	}
	return nil
}

const readCensus = `
SELECT
	currency,
	state,
	vouchers,
	balance,
	blocked,
	quarantined,
	reserved,
	set_aside,
	counted_at
FROM
	census
ORDER BY
	currency,
	state`

// LastCensus reads the figures of the last census, by currency and state; none before the first, and
// none while there are no vouchers.
func LastCensus(ctx context.Context, pool *pgxpool.Pool) ([]Census, error) {
	rows, _ := pool.Query(ctx, readCensus) // rows carry the error to CollectRows
	counts, err := pgx.CollectRows(rows, pgx.RowToStructByName[Census])
	if err != nil {
		return nil, fmt.Errorf("read the census: %w", err)
	}
	return counts, nil
}

// Backlog is how much of one kind waits for a person.
type Backlog struct {
	Kind   string
	Tasks  int64
	Oldest time.Duration // how long the oldest of them has waited
}

const readBacklog = `
SELECT
	kind,
	count(*) AS tasks,
	vouchsafe_now() - min(opened_at) AS oldest
FROM
	task
WHERE
	closed_at IS NULL
GROUP BY
	kind
ORDER BY
	kind`

// OpenTasks counts what waits for a person, by kind. It reads the open ones alone.
func OpenTasks(ctx context.Context, pool *pgxpool.Pool) ([]Backlog, error) {
	rows, _ := pool.Query(ctx, readBacklog) // rows carry the error to CollectRows
	open, err := pgx.CollectRows(rows, pgx.RowToStructByName[Backlog])
	if err != nil {
		return nil, fmt.Errorf("count the open tasks: %w", err)
	}
	return open, nil
}
