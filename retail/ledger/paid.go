package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// Every sum is looked for by the order's own names, however many orders are asked about at once.
const readPaid = `SELECT
		(
			SELECT coalesce(sum(a.amount - a.taken_back), 0)
			FROM act a
			WHERE a.kind = 'redemption'
				AND a.owner = o.owner
				AND a.detail ->> 'order' IS NOT NULL
				AND a.detail ->> 'order' = ANY(ARRAY[o.name, o.other])
				AND a.currency = o.currency
		) + (
			SELECT coalesce(sum(floor((a.amount - a.taken_back)::numeric * x.minor / x.units)), 0)::bigint
			FROM act a
			JOIN exchange x ON x.reservation = a.reservation AND x.currency = o.currency
			WHERE a.kind = 'redemption'
				AND a.owner = o.owner
				AND a.detail ->> 'order' IS NOT NULL
				AND a.detail ->> 'order' = ANY(ARRAY[o.name, o.other])
				AND a.currency = 'POINT'
		) + (
			SELECT coalesce(sum(floor(r.amount::numeric * x.minor / x.units)), 0)::bigint
			FROM account_reservation r
			JOIN exchange x ON x.reservation = r.id AND x.currency = o.currency
			WHERE r.owner = o.owner
				AND r.holder = ANY(ARRAY[o.holder, o.other_holder])
				AND r.ended_at IS NULL
				AND r.expires_at > (SELECT vouchsafe_now())
		) + (
			SELECT coalesce(sum(r.amount), 0)
			FROM reservation r
			JOIN voucher v ON v.id = r.voucher AND v.currency = o.currency
			WHERE r.owner = o.owner
				AND r.holder = ANY(ARRAY[o.holder, o.other_holder])
				AND r.ended_at IS NULL
				AND r.expires_at > (SELECT vouchsafe_now())
		) + (
			SELECT coalesce(sum(r.amount), 0)
			FROM account_reservation r
			JOIN account c ON c.id = r.account AND c.currency = o.currency
			WHERE r.owner = o.owner
				AND r.holder = ANY(ARRAY[o.holder, o.other_holder])
				AND r.ended_at IS NULL
				AND r.expires_at > (SELECT vouchsafe_now())
		)
	FROM unnest(@owners::text[], @names::text[], @others::text[], @holders::bytea[], @other_holders::bytea[], @currencies::text[])
		WITH ORDINALITY AS o (owner, name, other, holder, other_holder, currency, n)
	ORDER BY o.n`

// Order is an order of a shop, by the one or two names that captures and reservations may know it under.
type Order struct {
	Owner    string
	Names    []string
	Holders  []voucher.Holder // under these names
	Currency money.Currency
}

// PaidFor is how much of each order our own codes, accounts and points have paid, or have reserved for it, in its currency:
// what a voucher paid for is no money that came in. Each has names and holders.
func PaidFor(ctx context.Context, tx outbox.Tx, orders ...Order) ([]money.Amount, error) {
	n := len(orders)
	owners, names, others, currencies := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	holders, otherHolders := make([][]byte, n), make([][]byte, n)
	for i, o := range orders {
		owners[i], names[i], others[i], currencies[i] = o.Owner, o.Names[0], o.Names[len(o.Names)-1], string(o.Currency)
		holders[i], otherHolders[i] = o.Holders[0][:], o.Holders[len(o.Holders)-1][:]
	}
	rows, _ := tx.Query(ctx, readPaid, pgx.NamedArgs{ // rows carry the error to CollectRows
		"owners": owners, "names": names, "others": others, "holders": holders, "other_holders": otherHolders, "currencies": currencies,
	})
	sums, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read what vouchers paid of %d orders: %w", n, err)
	}
	paid := make([]money.Amount, n)
	for i, sum := range sums {
		paid[i] = money.Of(sum, orders[i].Currency)
	}
	return paid, nil
}

// Queryer asks for one row: a pool, or a transaction.
type Queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Instant is what the clock of the database says: the one that counts.
func Instant(ctx context.Context, q Queryer) (at time.Time, err error) {
	if err = q.QueryRow(ctx, readInstant).Scan(&at); err != nil {
		err = fmt.Errorf("read the instant: %w", err)
	}
	return at, err
}
