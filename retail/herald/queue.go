package herald

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// headsMost is how many messages one round sends, each of another voucher or account.
const headsMost = 64

// readHeads finds what is due: of each voucher and account only the first that is left.
const readHeads = `
SELECT
	w.number,
	w.id::text AS id,
	w.account::text AS account,
	w.attempts,
	w.entry,
	coalesce(e.kind, u.action, w.said ->> 'state') AS kind,
	e.act::text AS act,
	c.kind AS act_kind,
	c.owner,
	c.detail ->> 'order' AS order,
	c.detail ->> 'receipt' AS receipt,
	CASE WHEN c.kind = 'redemption' THEN c.reservation::text END AS spent,
	coalesce(e.amount, 0) AS amount,
	coalesce(v.currency, a.currency) AS currency,
	coalesce(e.balance, (
		SELECT
			b.balance
		FROM
			entry b
		WHERE
			b.account = w.account
			AND b.at <= coalesce(u.at, (w.said ->> 'at')::timestamptz)
		ORDER BY
			b.seq DESC
		LIMIT 1
	), 0) AS balance,
	coalesce(e.at, u.at, (w.said ->> 'at')::timestamptz) AS at,
	v.last4,
	v.kind AS worth,
	v.product,
	coalesce(v.shop, o.shop) AS shop,
	o.login AS customer,
	o.wallet_id AS wallet,
	w.reservation::text AS reservation,
	w.said
FROM (
	SELECT
		*
	FROM
		webhook head
	WHERE
		head.subscriber = @id::uuid
		AND head.due_at <= vouchsafe_now()
		AND NOT EXISTS (
			SELECT
			FROM
				webhook before
			WHERE
				before.subscriber = head.subscriber
				AND before.account = head.account
				AND before.number < head.number
		)
	ORDER BY
		head.due_at,
		head.number
	LIMIT @most
) w
LEFT JOIN voucher v ON v.id = w.account
LEFT JOIN account a ON a.id = w.account
LEFT JOIN customer o ON o.id = a.customer
LEFT JOIN entry e ON e.account = w.account AND e.seq = w.entry
LEFT JOIN act c ON c.id = e.act
LEFT JOIN audit u ON u.id = w.audit
ORDER BY
	w.number`

// heads are the messages that are due now.
func (h *Herald) heads(ctx context.Context, id string, most int) ([]told, error) {
	rows, _ := h.pool.Query(ctx, readHeads, pgx.NamedArgs{"id": id, "most": most}) // rows carry the error to CollectRows
	due, err := pgx.CollectRows(rows, pgx.RowToStructByName[told])
	if err != nil {
		return nil, fmt.Errorf("read what subscriber %s is to be told: %w", id, err)
	}
	return due, nil
}

const (
	attemptsMost = 20              // of one message: about a day and a half
	failingMost  = 24 * time.Hour  // of a subscriber who takes nothing at all
	pauseFirst   = 5 * time.Second // after the first failure; doubled with each further one
	pauseMost    = 4 * time.Hour
	restAfter    = 5 // failures in a row, after which the whole subscriber rests
)

// pauseAfter is how long a message waits after so many failures.
func pauseAfter(failures int) time.Duration {
	return min(pauseFirst<<min(max(failures-1, 0), 16), pauseMost)
}

const (
	dropTold = `
DELETE FROM webhook
WHERE
	number = ANY (@numbers)`

	putOff = `
UPDATE
	webhook
SET
	attempts = attempts + 1,
	due_at = vouchsafe_now() + @pause::interval,
	fault = @fault
WHERE
	number = @number
	AND attempts = @attempts`

	noteSuccess = `
UPDATE
	subscriber
SET
	failures = 0,
	failing_since = NULL,
	resting_until = NULL,
	last_sent_at = vouchsafe_now(),
	sent = sent + @sent
WHERE
	id = @id::uuid`

	noteFailure = `
UPDATE
	subscriber
SET
	failures = failures + @failed,
	failing_since = coalesce(failing_since, vouchsafe_now()),
	resting_until = CASE WHEN failures + @failed >= @rest_after::integer THEN vouchsafe_now() + @rest::interval END
WHERE
	id = @id::uuid
RETURNING
	failing_since < vouchsafe_now() - @most::interval AS too_long`
)

// outcome is what came of sending one message.
type outcome struct {
	told
	sent  bool
	spare bool   // of a type that the subscriber does not care for
	gone  bool   // the subscriber wants nothing more
	fault string // why it was not taken
}

// settle writes what came of a round: what was taken leaves the queue, what was not waits for longer each time. Some success means that
// the subscriber is well, whatever single messages it refuses.
func (h *Herald) settle(ctx context.Context, s Subscriber, outcomes []outcome) error {
	err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		var numbers []int64
		sent, failed, gone := 0, 0, false
		for _, o := range outcomes {
			gone = gone || o.gone
			switch {
			case o.spare:
				numbers = append(numbers, o.Number)
				continue
			case o.sent:
				numbers, sent = append(numbers, o.Number), sent+1
				continue
			}
			failed++
			switch {
			case o.Attempts+1 >= attemptsMost:
				numbers = append(numbers, o.Number)
				if err := h.gaveUp(ctx, tx, s, o); err != nil {
					return err
				}
			default:
				args := pgx.NamedArgs{"number": o.Number, "attempts": o.Attempts, "pause": pauseAfter(o.Attempts + 1), "fault": o.fault}
				if _, err := tx.Exec(ctx, putOff, args); err != nil {
					return err
				}
			}
		}
		if _, err := tx.Exec(ctx, dropTold, pgx.NamedArgs{"numbers": numbers}); err != nil {
			return err
		}
		return h.note(ctx, tx, s, sent, failed, gone)
	})
	if err != nil {
		return fmt.Errorf("settle what subscriber %s was told: %w", s.ID, err)
	}
	return nil
}

// note keeps how the subscriber does, and pauses one that has failed for too long.
func (h *Herald) note(ctx context.Context, tx pgx.Tx, s Subscriber, sent, failed int, gone bool) error {
	switch {
	case gone:
		return h.pause(ctx, tx, s, "it answered 410: it wants nothing more")
	case sent > 0:
		_, err := tx.Exec(ctx, noteSuccess, pgx.NamedArgs{"id": s.ID, "sent": sent})
		return err
	case failed == 0:
		return nil
	}
	var tooLong bool
	err := tx.QueryRow(ctx, noteFailure, pgx.NamedArgs{
		"id": s.ID, "failed": failed, "rest_after": restAfter, "rest": pauseAfter(s.Failures + failed), "most": failingMost,
	}).Scan(&tooLong)
	if err == nil && tooLong {
		err = h.pause(ctx, tx, s, fmt.Sprintf("it has taken nothing for %s", failingMost))
	}
	return err
}
