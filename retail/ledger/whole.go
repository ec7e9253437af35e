package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const wholeAgain = `
SELECT
	e.account::text,
	count(*)
FROM
	entry e
	JOIN act a ON a.id = e.act
WHERE
	e.account = ANY ($1::uuid[])
GROUP BY
	e.account
HAVING
	count(*) > 1
	AND bool_and(e.seq = 1 OR e.contra LIKE 'redeemed/%' OR a.state = 'reversed')
	AND sum(e.amount) = sum(e.amount) FILTER (WHERE e.seq = 1)`

// WholeAgain finds the vouchers of which something was spent, and all of that has come back, and nothing else has happened to them but
// what was taken back. It tells how many entries each of them had by then: as long as it has no more, it is whole.
func (l *Ledger) WholeAgain(ctx context.Context, ids ...string) (map[string]int64, error) {
	whole := make(map[string]int64, len(ids))
	if len(ids) == 0 {
		return whole, nil
	}
	rows, _ := l.pool.Query(ctx, wholeAgain, ids) // rows carry the error to ForEachRow
	var id string
	var entries int64
	_, err := pgx.ForEachRow(rows, []any{&id, &entries}, func() error {
		whole[id] = entries
		return nil
	})
	if err != nil {
		return nil, away("look for vouchers that are whole again", err)
	}
	return whole, nil
}
