package points

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Fate is what has become of an order, as far as its points go.
type Fate struct {
	Refunded int64 // of what could earn, minor units with VAT
	Closed   bool  // cancelled, or refunded altogether
}

const lockOrder = `
INSERT INTO loyalty_order (
	shop,
	order_id
)
VALUES (
	@shop,
	@order
)
ON CONFLICT (shop, order_id) DO UPDATE SET
	refunded = loyalty_order.refunded
RETURNING
	refunded,
	closed`

// LockOrder locks an order for whatever is about to happen to its points, and tells what has become of it.
func LockOrder(ctx context.Context, tx pgx.Tx, shop, order string) (Fate, error) {
	rows, _ := tx.Query(ctx, lockOrder, pgx.NamedArgs{"shop": shop, "order": order}) // rows carry the error to CollectExactlyOneRow
	fate, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Fate])
	if err != nil {
		return Fate{}, fmt.Errorf("lock an order for its points: %w", err)
	}
	return fate, nil
}

const settleOrder = `
UPDATE loyalty_order
SET
	refunded = @refunded,
	closed = @closed
WHERE
	shop = @shop
	AND order_id = @order`

// SettleOrder writes down what has become of an order that the caller has locked.
func SettleOrder(ctx context.Context, tx pgx.Tx, shop, order string, fate Fate) error {
	_, err := tx.Exec(ctx, settleOrder, pgx.NamedArgs{"shop": shop, "order": order, "refunded": fate.Refunded, "closed": fate.Closed})
	if err != nil {
		return fmt.Errorf("write what has become of an order: %w", err)
	}
	return nil
}

const readFate = `
SELECT
	refunded,
	closed
FROM
	loyalty_order
WHERE
	shop = @shop
	AND order_id = @order`

// FateOf reads what has become of an order; the zero Fate of one that nothing was told of.
func FateOf(ctx context.Context, q Asked, shop, order string) (Fate, error) {
	rows, _ := q.Query(ctx, readFate, pgx.NamedArgs{"shop": shop, "order": order}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Fate])
	if err != nil {
		return Fate{}, fmt.Errorf("read what has become of an order: %w", err)
	}
	if len(found) == 0 {
		return Fate{}, nil
	}
	return found[0], nil
}
