package report

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/turnover"
)

// Liability is what was owed in one currency at an instant, in minor units.
type Liability struct {
	Currency   string
	Owed       int64
	Expired    int64 // of it, on vouchers whose validity had ended
	WrittenOff int64 // what had left the books as expired by then
}

// readExpired finds the vouchers by index voucher_by_expiry, and what was left on each by its journal.
const readExpired = `
SELECT
	currency,
	coalesce(sum(balance), 0)::bigint AS balance
FROM (
	SELECT
		v.currency,
		(
			SELECT
				e.balance
			FROM
				entry e
			WHERE
				e.account = v.id
				AND e.at < @before
			ORDER BY
				e.seq DESC
			LIMIT 1
		) AS balance
	FROM
		voucher v
	WHERE
		coalesce(v.ends_at, 'infinity') <= @before
) expired
GROUP BY
	currency`

// expiredRow is what was left on vouchers of a currency.
type expiredRow struct {
	Currency string
	Balance  int64
}

// Liabilities reports what was owed before an instant that begins a quarter of an hour, by currency. A voucher counts as expired by the
// validity that it has now: one that was extended since does not.
func Liabilities(ctx context.Context, pool *pgxpool.Pool, before time.Time) (owed []Liability, err error) {
	err = inSnapshot(ctx, pool, "report the liability", func(tx pgx.Tx) error {
		at, err := placeOf(ctx, tx, "")
		if err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, readSums, at.args(pgx.NamedArgs{"from": before, "to": before})) // rows carry the error to CollectRows
		sums, err := pgx.CollectRows(rows, pgx.RowToStructByName[sumRow])
		if err != nil {
			return err
		}
		rows, _ = tx.Query(ctx, readExpired, pgx.NamedArgs{"before": before})
		expired, err := pgx.CollectRows(rows, pgx.RowToStructByName[expiredRow])
		owed = addUp(sums, expired)
		return err
	})
	return owed, err
}

// addUp puts the sums of each currency together.
func addUp(sums []sumRow, expired []expiredRow) []Liability {
	b := books{of: map[string]*Turnover{}}
	writtenOff, left := map[string]int64{}, map[string]int64{}
	for _, s := range sums {
		b.in(s.Currency).Liability += s.Owed
		if move, _ := turnover.MoveOf(s.Kind, s.Class); move == turnover.Expired {
			writtenOff[s.Currency] -= s.Owed
		}
	}
	for _, e := range expired {
		left[e.Currency] = e.Balance
	}
	var owed []Liability
	for _, f := range b.all() {
		owed = append(owed, Liability{f.Currency, f.Liability, left[f.Currency], writtenOff[f.Currency]})
	}
	return owed
}
