package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

const (
	nudgePatience = 3 * time.Second  // a nudge that was not followed by then got lost, or the queue is long
	nudgeMost     = 30 * time.Second // the pauses double up to this, so that a long queue isn't filled with reminders
	sweepMost     = 200              // rows in one run
	statementMost = 5 * time.Second  // for a statement outside InTx
)

// nudge says that a delivery is to be looked at, now if it is due.
type nudge struct {
	ID   string
	Kind Kind
	Due  bool
}

// errand is the job in River's table. It carries no state.
type errand struct {
	Delivery string `json:"delivery"`
	Work     Kind   `json:"work"`
}

// Kind names the job for River.
func (errand) Kind() string { return "delivery" }

// send queues a job for each delivery that is due, unless this process knows that nobody like itself can work it: the sweep of one that
// can finds it.
func (o *Outbox) send(ctx context.Context, tx Tx, nudges []nudge) error {
	jobs := make([]river.InsertManyParams, 0, len(nudges))
	for _, n := range nudges {
		if n.Due && o.trades[n.Kind].Lacks == "" {
			jobs = append(jobs, river.InsertManyParams{
				Args:       errand{Delivery: n.ID, Work: n.Kind},
				InsertOpts: &river.InsertOpts{Queue: string(n.Kind), MaxAttempts: 1},
			})
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	if _, err := o.queue.InsertManyTx(ctx, tx, jobs); err != nil {
		return fmt.Errorf("queue nudges: %w", err)
	}
	return nil
}

// awaken sets when to look at the given deliveries and at those that come after them, as far as nothing stands in their way.
const awaken = `
UPDATE
	delivery d
SET
	nudges = 0,
	nudge_at = CASE WHEN due_at > instant THEN due_at ELSE instant + @patience::interval END
FROM
	(SELECT vouchsafe_now() AS instant) clock
WHERE
	(id = ANY (@ids::text[]::uuid[]) OR after = ANY (@ids::text[]::uuid[]))
	AND state IN ('pending', 'in_doubt')
	AND due_at IS NOT NULL
	AND held = '{}'
	AND NOT EXISTS (SELECT FROM delivery p WHERE p.id = d.after AND NOT p.settled)
RETURNING
	id::text AS id,
	kind,
	due_at <= instant AS due`

func awakenArgs(ids ...string) pgx.NamedArgs {
	return pgx.NamedArgs{"ids": ids, "patience": nudgePatience}
}

func (o *Outbox) awaken(ctx context.Context, tx Tx, ids ...string) error {
	rows, _ := tx.Query(ctx, awaken, awakenArgs(ids...)) // rows carry the error to CollectRows
	nudges, err := pgx.CollectRows(rows, pgx.RowToStructByName[nudge])
	if err != nil {
		return fmt.Errorf("awaken deliveries: %w", err)
	}
	return o.send(ctx, tx, nudges)
}

const sweepLost = `
WITH lost AS (
	SELECT
		id AS lost_id
	FROM
		delivery
	WHERE
		nudge_at <= (SELECT vouchsafe_now())
		AND kind = ANY (@kinds::text[])
	ORDER BY
		nudge_at
	LIMIT
		@most
	FOR UPDATE SKIP LOCKED
)
UPDATE
	delivery
SET
	nudges = nudges + 1,
	nudge_at = vouchsafe_now() + least(@patience::interval * power(2, least(nudges, 10)), @longest::interval)
FROM
	lost
WHERE
	id = lost_id
RETURNING
	id::text AS id,
	kind,
	true AS due`

// Sweep nudges what should have been looked at by now: retries that came due, leases that ran out, nudges that were lost. It takes a
// bounded number of rows that no other process is sweeping, and tells how many. The loop calls it every second.
func (o *Outbox) Sweep(ctx context.Context) (found int, err error) {
	err = InTx(ctx, o.pool, func(tx Tx) error {
		rows, _ := tx.Query(ctx, sweepLost, pgx.NamedArgs{ // rows carry the error to CollectRows
			"kinds":    texts(o.workable()),
			"most":     sweepMost,
			"patience": nudgePatience,
			"longest":  nudgeMost,
		})
		nudges, err := pgx.CollectRows(rows, pgx.RowToStructByName[nudge])
		if err != nil {
			return err
		}
		found = len(nudges)
		return o.send(ctx, tx, nudges)
	})
	if err != nil {
		return 0, fmt.Errorf("sweep deliveries: %w", err)
	}
	return found, nil
}

// sweepLoop runs until ctx ends. A full run is followed by another at once.
func (o *Outbox) sweepLoop(ctx context.Context) {
	ticker := time.NewTicker(o.sweepEvery)
	defer ticker.Stop()
	for {
		found, err := o.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			o.log.ErrorContext(ctx, "sweep of deliveries failed", "error", err)
		}
		if found == sweepMost {
			continue
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
