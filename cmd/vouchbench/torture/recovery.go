package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
)

// recover waits until nothing is pending. Whatever was put off for hours comes when the clock has gone on.
func (t *torture) recover(ctx context.Context) error {
	healed := time.Now()
	conn, err := pgx.Connect(ctx, t.stack.DatabaseURL())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var waits string
	for time.Since(healed) < recoverWithin {
		if waits, err = pending(ctx, conn); err != nil || waits == "" {
			t.report.Recovered = time.Since(healed)
			return err
		}
		t.mails.look()
		if err := errors.Join(t.nemesis.passes(ctx, 20*time.Minute), t.retry(ctx, conn)); err != nil {
			return err
		}
		if !pause(ctx, 10*breath) {
			return ctx.Err()
		}
	}
	t.report.Recovered = recoverWithin
	t.violated(Violation{"whatever is pending ends within a minute", waits})
	return nil
}

// openlyGivenUp is what the program gave up and somebody still waits for. The mail of a code that was invalidated later, since it had
// arrived after all, may not be sent again.
const openlyGivenUp = `(
	state = 'failed'
	AND reason LIKE 'given up: %'
	AND NOT EXISTS (SELECT FROM voucher v WHERE v.id::text = subject AND v.state = 'invalidated')
)`

// Days may pass here within seconds, so that the program gives a mail up after few tries. Whatever has left three times may not leave
// again: its code goes out as a new delivery, and a confirmation is let be.
const readStuck = `
SELECT
	CASE
		WHEN copies < 3 THEN 'deliveries/' || id || '/retry'
		WHEN kind = 'code' THEN 'vouchers/' || subject || '/resend'
		ELSE 'deliveries/' || id || '/cancel'
	END
FROM delivery
WHERE state = 'in_doubt' AND due_at IS NULL OR ` + openlyGivenUp

// retry does what the office does about mails that may or may not have arrived when the tries of the program are used up, and about
// those that were given up.
func (t *torture) retry(ctx context.Context, conn *pgx.Conn) error {
	rows, _ := conn.Query(ctx, readStuck) // rows carry the error on
	calls, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for mails that wait for a person: %w", err)
	}
	for _, call := range calls {
		t.crowd.door.ask(ctx, 0, http.MethodPost, "/v1/admin/"+call, t.crowd.keys.Admin, `{"reason":"torture"}`)
	}
	return nil
}

const readPending = `
SELECT coalesce(string_agg(what, ', '), '')
FROM (
	SELECT 'delivery ' || kind || ' ' || state || ' ' || coalesce(reason, '') AS what
	FROM delivery
	WHERE state IN ('pending', 'sending', 'in_doubt', 'waiting') OR ` + openlyGivenUp + `
	UNION ALL
	SELECT 'webhook ' || state
	FROM inbox
	WHERE state = 'received'
	LIMIT 10
) waits`

func pending(ctx context.Context, conn *pgx.Conn) (string, error) {
	var waits string
	if err := conn.QueryRow(ctx, readPending).Scan(&waits); err != nil {
		return "", fmt.Errorf("look for what is pending: %w", err)
	}
	return waits, nil
}
