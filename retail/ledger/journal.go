package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/voucher"
)

const readJournal = `SELECT
		account::text,
		seq,
		act::text,
		kind,
		contra,
		amount,
		currency,
		balance,
		at
	FROM entry
	WHERE account = $1::uuid
	ORDER BY seq`

// Journal reads all lines of a voucher's journal, the earliest first. One that doesn't exist has none.
func (l *Ledger) Journal(ctx context.Context, id string) ([]voucher.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, readJournal, id) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entryRow])
	if err != nil {
		return nil, away("read a journal", err)
	}
	journal := make([]voucher.Entry, len(found))
	for i, row := range found {
		journal[i] = row.entry()
	}
	return journal, nil
}
