package points

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
)

// An order earns once. Whoever tells of it while somebody else's points stand for it gets none, and waits: these may be taken back.

const upsertWaiting = `
INSERT INTO earning_waits (
	shop,
	order_id,
	act,
	account,
	version,
	terms
)
VALUES (
	@shop,
	@order,
	@act::uuid,
	@account::uuid,
	@version,
	@terms::jsonb
)
ON CONFLICT (shop, order_id) DO UPDATE SET
	act = excluded.act,
	account = excluded.account,
	version = excluded.version,
	terms = excluded.terms`

// Wait notes an earning that brought nothing, in its act's transaction, since another's stands for the order. The caller has locked the
// order.
func Wait(ctx context.Context, tx pgx.Tx, e Earning) error {
	terms, err := json.Marshal(e.Terms)
	if err != nil {
		return fmt.Errorf("write the terms of an earning that waits: %w", err)
	}
	_, err = tx.Exec(ctx, upsertWaiting, pgx.NamedArgs{
		"shop": e.Shop, "order": e.Subject, "act": e.Act, "account": e.Account, "version": e.Version, "terms": string(terms),
	})
	if err != nil {
		return fmt.Errorf("note an earning that waits: %w", err)
	}
	return nil
}

const takeWaiting = `
DELETE FROM earning_waits w
WHERE
	w.shop = @shop
	AND w.order_id = @order
RETURNING
	w.act::text,
	w.account::text,
	w.version,
	w.terms`

// waitingRow is an earning that waits.
type waitingRow struct {
	Act, Account string
	Version      int64
	Terms        []byte
}

// EndWait takes out the earning that waits for an order that the caller has locked; ok is false where none does. It may have been taken
// back.
func EndWait(ctx context.Context, tx pgx.Tx, order OrderName) (e Earning, ok bool, err error) {
	rows, _ := tx.Query(ctx, takeWaiting, pgx.NamedArgs{"shop": order.Shop, "order": order.Order}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[waitingRow])
	if err != nil {
		return e, false, fmt.Errorf("read an earning that waits: %w", err)
	}
	if len(found) == 0 {
		return e, false, nil
	}
	r := found[0]
	e = Earning{Act: r.Act, Account: r.Account, Shop: order.Shop, Event: loyalty.Order, Subject: order.Order, Version: r.Version}
	if err := json.Unmarshal(r.Terms, &e.Terms); err != nil {
		return e, false, fmt.Errorf("read the terms of an earning that waits: %w", err)
	}
	return e, true, nil
}

const readFreed = `
SELECT
	w.shop,
	w.order_id
FROM
	earning_waits w
WHERE
	(w.shop, w.order_id) > (@shop, @order)
	AND NOT EXISTS (
		SELECT 1
		FROM
			earning e
			JOIN act a ON a.id = e.act
		WHERE
			e.shop = w.shop
			AND e.event = 'order'
			AND e.subject = w.order_id
			AND a.state = 'done'
	)
ORDER BY
	w.shop,
	w.order_id
LIMIT
	@most`

// Freed are orders for which an earning waits while none stands any more, after one in the order of their names; at most so many.
func Freed(ctx context.Context, q Asked, after OrderName, most int) ([]OrderName, error) {
	return orderNames(ctx, q, readFreed, after, most)
}

// orderNames reads names of orders, after one.
func orderNames(ctx context.Context, q Asked, sql string, after OrderName, most int) ([]OrderName, error) {
	rows, _ := q.Query(ctx, sql, pgx.NamedArgs{"shop": after.Shop, "order": after.Order, "most": most}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OrderName])
	if err != nil {
		return nil, fmt.Errorf("look for orders whose points are not settled: %w", err)
	}
	return found, nil
}
