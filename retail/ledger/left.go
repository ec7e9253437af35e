package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Left is an account with something free whose customer was merged into another.
type Left struct {
	Account Account
	Zone    *time.Location // of the account
	Into    string         // id of the other
}

const (
	leftBehind = `SELECT` + accountColumns + `,
		(SELECT c.merged_into::text FROM customer c WHERE c.id = account.customer)
	FROM account
	WHERE balance > reserved AND customer IN (SELECT id FROM customer WHERE merged_into IS NOT NULL)`

	findLeft = leftBehind + ` AND ($1 = '' OR id > nullif($1, '')::uuid)
	ORDER BY id
	LIMIT 100`

	findLeftOn = leftBehind + ` AND id = ANY($1::uuid[])
	ORDER BY id`
)

// leftRow is a row of leftBehind.
type leftRow struct {
	accountRow
	Into string
}

// LeftBehind lists, by id, accounts that have something free and whose customers were merged into others: at most 100 after an account,
// "" for the first.
func (l *Ledger) LeftBehind(ctx context.Context, after string) ([]Left, error) {
	return l.left(ctx, findLeft, after)
}

// LeftOn lists those among some accounts.
func (l *Ledger) LeftOn(ctx context.Context, accounts ...string) ([]Left, error) {
	return l.left(ctx, findLeftOn, accounts)
}

func (l *Ledger) left(ctx context.Context, sql string, of any) ([]Left, error) {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, sql, of) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[leftRow])
	if err != nil {
		return nil, away("look for what merged customers still have", err)
	}
	left := make([]Left, len(found))
	for i, row := range found {
		zone, err := l.zones.load(row.Zone)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", row.ID, err)
		}
		left[i] = Left{row.shown(), zone, row.Into}
	}
	return left, nil
}
