package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What else than money has come to a voucher that was paid out; of what nothing but money has come to, all was paid for.
const readMixed = `SELECT DISTINCT e.account::text
	FROM entry e
	JOIN act a ON a.voucher = e.account AND a.kind = 'cash_out' AND a.state = 'done'
	WHERE e.amount > 0 AND e.kind NOT IN ('reversal', 'refund')
		AND split_part(e.contra, '/', 1) NOT IN ('sold', 'imported', 'credited', 'reloaded')`

// verifyPaidOut replays what was paid for of every voucher that was paid out and had goodwill, or value of other places, on it.
func verifyPaidOut(ctx context.Context, tx pgx.Tx) (broken []Finding, err error) {
	rows, _ := tx.Query(ctx, readMixed) // rows carry the error on
	mixed, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, "SET LOCAL enable_nestloop = on"); err != nil { // a few lines of each
		return nil, err
	}
	for _, id := range mixed {
		paid, err := paidFor(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if paid.Goodwill > 0 && len(broken) < evidenceLimit {
			broken = append(broken, Finding{"no more is paid out of a voucher than was paid for it", id, fmt.Sprintf("%d of it was goodwill", paid.Goodwill)})
		}
	}
	return broken, nil
}
