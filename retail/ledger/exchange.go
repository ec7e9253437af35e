package ledger

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// At what rate points pay that are reserved is kept beside their reservation.

const (
	readExchanges = `SELECT
			reservation::text,
			units,
			minor,
			currency,
			due,
			most,
			permits
		FROM exchange
		WHERE reservation = ANY($1::uuid[])`

	putExchanges = `WITH done AS (
			INSERT INTO exchange (reservation, units, minor, currency, due, most, permits)
			SELECT *
			FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
			ON CONFLICT (reservation) DO UPDATE
			SET
				due = excluded.due,
				most = excluded.most,
				permits = excluded.permits
			WHERE exchange.units = excluded.units AND exchange.minor = excluded.minor AND exchange.currency = excluded.currency
			RETURNING 1
		)
		SELECT expect_rows('exchange', (SELECT count(*) FROM done), $8)`
)

// exchangeRow is at what rate a reservation pays.
type exchangeRow struct {
	Reservation string
	Units       int64
	Minor       int64
	Currency    string
	Due         int64
	Most        int64
	Permits     int64
}

// exchange reads the row.
func (r exchangeRow) exchange() *voucher.Exchange {
	unit := money.Currency(r.Currency)
	return &voucher.Exchange{
		Rate: money.Rate{Units: r.Units, Value: money.Of(r.Minor, unit)}, Due: money.Of(r.Due, unit), Most: r.Most, Permits: r.Permits,
	}
}

// exchanged adds to reservations of points at what rate they pay.
func (l *Ledger) exchanged(ctx context.Context, reservations []voucher.Reservation) error {
	if len(reservations) == 0 {
		return nil
	}
	ids := make([]string, len(reservations))
	for i, r := range reservations {
		ids[i] = r.ID
	}
	rows, _ := l.pool.Query(ctx, readExchanges, uuidsOf(ids))
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[exchangeRow])
	if err != nil {
		return away("read at what rate points pay", err)
	}
	for _, row := range found {
		reservations[slices.Index(ids, row.Reservation)].Exchange = row.exchange()
	}
	return nil
}
