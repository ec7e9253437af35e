package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

const readKnownBefore = `SELECT EXISTS (
		SELECT
		FROM account a
		JOIN entry e ON e.account = a.id AND e.seq = 1
		WHERE a.customer = ANY(@customers::uuid[]) AND e.at <= vouchsafe_now() - @ago::interval
	)`

// KnownBefore tells whether any of some customers has had anything on an account so long ago.
func KnownBefore(ctx context.Context, tx outbox.Tx, ago time.Duration, customers ...string) (known bool, err error) {
	if err = tx.QueryRow(ctx, readKnownBefore, pgx.NamedArgs{"customers": customers, "ago": ago}).Scan(&known); err != nil {
		err = fmt.Errorf("read since when customers are known: %w", err)
	}
	return known, err
}
