package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

const readOrderPaid = `SELECT
		a.owner,
		a.detail ->> 'order'
	FROM act a
	WHERE a.owner = @owner
		AND a.kind = 'redemption'
		AND a.key = @key
		AND a.currency = 'POINT'
		AND a.detail ->> 'order' IS NOT NULL`

// OrderPaid is whose order a redemption of points has paid for, and which, as it was named then; "" of every other redemption. Neither ever
// changes.
func OrderPaid(ctx context.Context, q Queryer, redemption voucher.Ref) (owner, order string, err error) {
	err = q.QueryRow(ctx, readOrderPaid, pgx.NamedArgs{"owner": redemption.Owner, "key": redemption.Key}).Scan(&owner, &order)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", "", nil
	case err != nil:
		return "", "", fmt.Errorf("read what redemption %s paid for: %w", redemption.Key, err)
	}
	return owner, order, nil
}

// paidOrder finds the redemptions that have paid for an order which goes by some names.
const paidOrder = `WHERE a.owner = @owner
		AND a.kind = 'redemption'
		AND a.detail ->> 'order' IS NOT NULL
		AND a.detail ->> 'order' = ANY(@orders::text[])`

const readPointsPaid = `SELECT
		a.key,
		a.voucher::text,
		a.amount - a.taken_back,
		floor((a.amount - a.taken_back)::numeric * x.minor / x.units)::bigint,
		x.currency
	FROM act a
	JOIN exchange x ON x.reservation = a.reservation
	` + paidOrder + `
		AND a.currency = 'POINT'
	ORDER BY
		a.at,
		a.id`

// PaidInPoints is a redemption of points that has paid for an order.
type PaidInPoints struct {
	Redemption voucher.Ref
	Account    string
	Points     int64        // that were not given back
	Worth      money.Amount // of these, as it was when they were reserved, whatever points are worth by now
}

// Rowser asks for rows: a pool, or a transaction.
type Rowser interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// PointsPaid are the redemptions of points, the first first, that have paid for an order which goes by some names.
func PointsPaid(ctx context.Context, q Rowser, owner string, names ...string) ([]PaidInPoints, error) {
	rows, _ := q.Query(ctx, readPointsPaid, pgx.NamedArgs{"owner": owner, "orders": names}) // rows carry the error to CollectRows
	paid, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (PaidInPoints, error) {
		p := PaidInPoints{Redemption: voucher.Ref{Owner: owner, Kind: voucher.Redemptions}}
		return p, row.Scan(&p.Redemption.Key, &p.Account, &p.Points, &p.Worth.Minor, &p.Worth.Currency)
	})
	if err != nil {
		return nil, fmt.Errorf("read what points paid for an order: %w", err)
	}
	return paid, nil
}

// SumOf adds up what redemptions of points have paid and was not given back.
func SumOf(paid []PaidInPoints) voucher.PointsPaid {
	sum := voucher.PointsPaid{Worth: make(map[money.Currency]int64)}
	for _, p := range paid {
		sum.Points += p.Points
		sum.Worth[p.Worth.Currency] += p.Worth.Minor
	}
	return sum
}

// Points that are taken again are worth what they were then: the lines leave room for as many as are worth no more than the rest.
const readPointsRoom = `WITH own AS (
		SELECT
			x.units,
			x.minor,
			x.currency
		FROM act a
		JOIN exchange x ON x.reservation = a.reservation
		WHERE a.owner = @owner
			AND a.kind = 'redemption'
			AND a.key = @key
	)
	SELECT coalesce(
			least(
				max(x.most) - sum(a.amount - a.taken_back),
				floor(
					((max(x.permits) - coalesce(sum(floor((a.amount - a.taken_back)::numeric * x.minor / x.units)) FILTER (WHERE x.currency = o.currency), 0))
						* o.units + o.units - 1) / o.minor
				)
			),
			0
		)::bigint
	FROM own o
	JOIN act a ON a.owner = @owner
		AND a.kind = 'redemption'
		AND a.detail ->> 'order' IS NOT NULL
		AND a.detail ->> 'order' = ANY(@orders::text[])
		AND a.currency = 'POINT'
	JOIN exchange x ON x.reservation = a.reservation
	GROUP BY
		o.units,
		o.minor,
		o.currency`

// PointsRoom is how many more points of a redemption may pay for its order, which goes by some names: up to the highest of the limits under
// which some have.
func PointsRoom(ctx context.Context, q Queryer, redemption voucher.Ref, names ...string) (points int64, err error) {
	args := pgx.NamedArgs{"owner": redemption.Owner, "key": redemption.Key, "orders": names}
	if err = q.QueryRow(ctx, readPointsRoom, args).Scan(&points); err != nil {
		err = fmt.Errorf("read how many more points may pay for an order: %w", err)
	}
	return points, err
}

// The customer is locked against being merged away; only then it is certain whose account to look for.
const (
	keepHolder = `SELECT coalesce(c.merged_into, c.id)::text
	FROM customer c
	WHERE c.id = (SELECT customer FROM account WHERE id = @account::uuid)
	FOR SHARE`

	readPlace = `SELECT n.id::text
	FROM account a
	JOIN account n ON n.customer = @holder::uuid AND n.currency = a.currency
	WHERE a.id = @account::uuid`

	readCustomer = `SELECT
		coalesce(c.merged_into, c.id)::text,
		c.login
	FROM account a
	JOIN customer c ON c.id = a.customer
	WHERE a.id = @account::uuid`
)

// CustomerOf is whose an account is, or who that was merged into, by our id, and one of his log-ins at his shop.
func CustomerOf(ctx context.Context, tx outbox.Tx, account string) (customer, login string, err error) {
	if err = tx.QueryRow(ctx, readCustomer, pgx.NamedArgs{"account": account}).Scan(&customer, &login); err != nil {
		err = fmt.Errorf("read whose account %s is: %w", account, err)
	}
	return customer, login, err
}

const readHolders = `SELECT
		id::text,
		customer::text
	FROM account
	WHERE id = ANY($1::uuid[])`

// HoldersIn tells in the caller's transaction whose accounts are: customers by account. What doesn't exist is left out.
func HoldersIn(ctx context.Context, tx outbox.Tx, accounts ...string) (map[string]string, error) {
	rows, _ := tx.Query(ctx, readHolders, accounts) // rows carry the error on
	holders := make(map[string]string, len(accounts))
	var account, customer string
	_, err := pgx.ForEachRow(rows, []any{&account, &customer}, func() error {
		holders[account] = customer
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read whose accounts are: %w", err)
	}
	return holders, nil
}

// PlaceOf is the account where what was brought to an account is by now, until the transaction ends: its own, or that of whom its customer
// was merged into.
func PlaceOf(ctx context.Context, tx outbox.Tx, account string) (place string, err error) {
	args := pgx.NamedArgs{"account": account}
	var holder string
	if err := tx.QueryRow(ctx, keepHolder, args).Scan(&holder); err != nil {
		return "", fmt.Errorf("read whose account %s is: %w", account, err)
	}
	args["holder"] = holder
	err = tx.QueryRow(ctx, readPlace, args).Scan(&place)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // there was nothing to move
		return account, nil
	case err != nil:
		return "", fmt.Errorf("read where account %s was moved: %w", account, err)
	}
	return place, nil
}
