package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

const readPaid = `SELECT
		(
			SELECT coalesce(sum(a.amount - a.taken_back), 0)
			FROM act a
			WHERE a.kind = 'redemption'
				AND a.owner = @owner
				AND a.detail ->> 'order' IS NOT NULL
				AND a.detail ->> 'order' = ANY(@orders::text[])
				AND a.currency = @currency
		) + (
			SELECT coalesce(sum(r.amount), 0)
			FROM reservation r
			JOIN voucher v ON v.id = r.voucher AND v.currency = @currency
			WHERE r.owner = @owner
				AND r.holder = ANY(@holders::bytea[])
				AND r.ended_at IS NULL
				AND r.expires_at > vouchsafe_now()
		) + (
			SELECT coalesce(sum(r.amount), 0)
			FROM account_reservation r
			JOIN account c ON c.id = r.account AND c.currency = @currency
			WHERE r.owner = @owner
				AND r.holder = ANY(@holders::bytea[])
				AND r.ended_at IS NULL
				AND r.expires_at > vouchsafe_now()
		)`

// Order is an order of a shop, by all the names that captures and reservations may know it under.
type Order struct {
	Owner    string
	Names    []string
	Holders  []voucher.Holder
	Currency money.Currency
}

// PaidFor is how much of an order our own codes and accounts have paid, or have reserved for it, in its currency:
// what a voucher paid for is no money that came in.
func PaidFor(ctx context.Context, tx outbox.Tx, o Order) (money.Amount, error) {
	holders := make([][]byte, len(o.Holders))
	for i := range o.Holders {
		holders[i] = o.Holders[i][:]
	}
	paid := money.Of(0, o.Currency)
	err := tx.QueryRow(ctx, readPaid, pgx.NamedArgs{
		"owner": o.Owner, "orders": o.Names, "holders": holders, "currency": string(o.Currency),
	}).Scan(&paid.Minor)
	if err != nil {
		return money.Amount{}, fmt.Errorf("read what vouchers paid of an order: %w", err)
	}
	return paid, nil
}
