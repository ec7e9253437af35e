package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/turnover"
)

const readLines = `
SELECT
	account::text,
	seq,
	act::text,
	kind,
	contra,
	amount,
	currency,
	at
FROM
	entry
WHERE
	account = ANY (@accounts::uuid[])
ORDER BY
	entry.account,
	seq`

// follow tells what became of what was sold on some accounts, and on all that have moved value to or from them: a line names the account
// on its other side.
func follow(ctx context.Context, tx pgx.Tx, accounts []string) ([]turnover.Fate, error) {
	var lines []turnover.Line
	known := make(map[string]bool, len(accounts))
	for _, account := range accounts {
		known[account] = true
	}
	for next := accounts; len(next) > 0; {
		rows, _ := tx.Query(ctx, readLines, pgx.NamedArgs{"accounts": next}) // rows carry the error to CollectRows
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[turnover.Line])
		if err != nil {
			return nil, fmt.Errorf("read the lines of %d accounts: %w", len(next), err)
		}
		lines, next = append(lines, found...), nil
		for _, l := range found {
			if other := l.Other(); other != "" && !known[other] {
				known[other] = true
				next = append(next, other)
			}
		}
	}
	return turnover.Follow(lines)
}
