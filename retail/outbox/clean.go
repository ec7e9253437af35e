package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// eraseDefault is for recipients and bodies of finished deliveries; the hashes stay for a dispute.
	eraseDefault = 90 * 24 * time.Hour
	cleanMost    = 1000 // rows in one statement
	lateReason   = "late"
)

const openLateTasks = `
INSERT INTO task (
	kind,
	subject,
	shop,
	reason,
	detail,
	opened_at
)
SELECT
	@task_kind::text,
	delivery.id::text,
	shop,
	CASE WHEN state = 'waiting' THEN reason ELSE @late::text END,
	jsonb_build_object('kind', kind, 'subject', subject, 'parent', parent, 'said', reason),
	vouchsafe_now()
FROM
	delivery
WHERE
	finished_at IS NULL
	AND ready_at <= (SELECT vouchsafe_now() - @alarm_after::interval)
	AND kind = @kind::text
	AND held = '{}'
ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING`

// Watch opens a task for each delivery that could have been worked for longer than its kind's Options.AlarmAfter and is not finished,
// unless it has one: paid, but not delivered. Held ones don't count. Register it with Every.
func (o *Outbox) Watch(ctx context.Context) error {
	for _, kind := range o.kinds() {
		after := o.trades[kind].AlarmAfter
		if after == 0 {
			continue
		}
		tag, err := o.exec(ctx, openLateTasks, pgx.NamedArgs{
			"task_kind":   TaskDelivery,
			"late":        lateReason,
			"alarm_after": after,
			"kind":        kind,
		})
		if err != nil {
			return fmt.Errorf("watch deliveries of kind %s: %w", kind, err)
		}
		if n := tag.RowsAffected(); n > 0 {
			o.log.WarnContext(ctx, "deliveries are late", "kind", kind, "count", n)
		}
	}
	return nil
}

const deleteFinished = `
DELETE FROM
	delivery
WHERE
	id IN (
		SELECT
			id
		FROM
			delivery
		WHERE
			kind = @kind::text
			AND finished_at <= (SELECT vouchsafe_now() - @keep::interval)
			AND state IN ('done', 'cancelled')
		LIMIT
			@most
		FOR UPDATE SKIP LOCKED
	)`

const eraseFinished = `
UPDATE
	delivery
SET
	recipient = NULL,
	body = NULL
WHERE
	id IN (
		SELECT
			id
		FROM
			delivery
		WHERE
			finished_at <= (SELECT vouchsafe_now() - @after::interval)
			AND (recipient IS NOT NULL OR body IS NOT NULL)
			AND NOT EXISTS (SELECT FROM task t WHERE t.subject = delivery.id::text AND t.closed_at IS NULL)
		LIMIT
			@most
		FOR UPDATE SKIP LOCKED
	)`

// Clean deletes what its kind's Options.Keep is over for, and erases recipients and bodies when Config.EraseAfter is
// over since the end, but for what still waits for a person. What bounced or failed stays. Register it with Every.
func (o *Outbox) Clean(ctx context.Context) error {
	for _, kind := range o.kinds() {
		keep := o.trades[kind].Keep
		if keep == 0 {
			continue
		}
		if err := o.repeat(ctx, deleteFinished, pgx.NamedArgs{"kind": kind, "keep": keep, "most": cleanMost}); err != nil {
			return fmt.Errorf("delete finished deliveries of kind %s: %w", kind, err)
		}
	}
	if err := o.repeat(ctx, eraseFinished, pgx.NamedArgs{"after": o.eraseAfter, "most": cleanMost}); err != nil {
		return fmt.Errorf("erase finished deliveries: %w", err)
	}
	return nil
}

// repeat runs a bounded statement until it finds less than it may take.
func (o *Outbox) repeat(ctx context.Context, sql string, args pgx.NamedArgs) error {
	for {
		tag, err := o.exec(ctx, sql, args)
		if err != nil || tag.RowsAffected() < cleanMost {
			return err
		}
	}
}

func (o *Outbox) exec(ctx context.Context, sql string, args pgx.NamedArgs) (tag pgconn.CommandTag, err error) {
	err = InTx(ctx, o.pool, func(tx Tx) error {
		tag, err = tx.Exec(ctx, sql, args)
		return err
	})
	return tag, err
}
