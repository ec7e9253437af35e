package points

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
)

// Known is an order as far as points know it.
type Known struct {
	loyalty.Fate
	Earned    bool // something was earned for it, which whatever becomes of it may change
	Unsettled bool // its points are not yet those that it deserves: some are set aside, or their account is in quarantine
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
	told_at,
	stage,
	refunded,
	closed,
	earned,
	unsettled`

// knownRow is a row of loyalty_order.
type knownRow struct {
	ToldAt    *time.Time
	Stage     int
	Refunded  int64
	Closed    bool
	Earned    bool
	Unsettled bool
}

func (r knownRow) known() Known {
	k := Known{Fate: loyalty.Fate{Stage: r.Stage, Refunded: r.Refunded, Closed: r.Closed}, Earned: r.Earned, Unsettled: r.Unsettled}
	if r.ToldAt != nil {
		k.ToldAt = *r.ToldAt
	}
	return k
}

// LockOrder locks an order for whatever is about to happen to its points, and tells what has become of it.
func LockOrder(ctx context.Context, tx pgx.Tx, shop, order string) (Known, error) {
	rows, _ := tx.Query(ctx, lockOrder, pgx.NamedArgs{"shop": shop, "order": order}) // rows carry the error to CollectExactlyOneRow
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[knownRow])
	if err != nil {
		return Known{}, fmt.Errorf("lock an order for its points: %w", err)
	}
	return r.known(), nil
}

const setFate = `
UPDATE loyalty_order
SET
	told_at = @told_at,
	stage = @stage,
	refunded = @refunded,
	closed = @closed
WHERE
	shop = @shop
	AND order_id = @order`

// SetFate writes down what has become of an order that the caller has locked.
func SetFate(ctx context.Context, tx pgx.Tx, shop, order string, f loyalty.Fate) error {
	_, err := tx.Exec(ctx, setFate, pgx.NamedArgs{
		"shop": shop, "order": order, "told_at": f.ToldAt, "stage": f.Stage, "refunded": f.Refunded, "closed": f.Closed,
	})
	if err != nil {
		return fmt.Errorf("write what has become of an order: %w", err)
	}
	return nil
}

const setUnsettled = `
UPDATE loyalty_order
SET
	unsettled = @unsettled
WHERE
	shop = @shop
	AND order_id = @order`

// SetUnsettled writes down whether an order that the caller has locked waits to be settled again.
func SetUnsettled(ctx context.Context, tx pgx.Tx, order OrderName, unsettled bool) error {
	_, err := tx.Exec(ctx, setUnsettled, pgx.NamedArgs{"shop": order.Shop, "order": order.Order, "unsettled": unsettled})
	if err != nil {
		return fmt.Errorf("write down whether the points of an order are settled: %w", err)
	}
	return nil
}

const readUnsettled = `
SELECT
	shop,
	order_id
FROM
	loyalty_order
WHERE
	unsettled
	AND (shop, order_id) > (@shop, @order)
ORDER BY
	shop,
	order_id
LIMIT
	@most`

// Unsettled are orders that wait to be settled again, after one in the order of their names; at most so many.
func Unsettled(ctx context.Context, q Asked, after OrderName, most int) ([]OrderName, error) {
	rows, _ := q.Query(ctx, readUnsettled, pgx.NamedArgs{"shop": after.Shop, "order": after.Order, "most": most}) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OrderName])
	if err != nil {
		return nil, fmt.Errorf("look for orders whose points are not settled: %w", err)
	}
	return found, nil
}

// Standing orders are written down many at once, in the order of their names. Whether something is earned for one is asked of its row,
// which is locked by then, and not of the earnings, of which the statement sees only those that were there when it began.
const noteStanding = `
INSERT INTO loyalty_order AS o (
	shop,
	order_id,
	told_at,
	stage
)
SELECT *
FROM unnest(@shops::text[], @orders::text[], @told::timestamptz[], @stages::smallint[])
ON CONFLICT (shop, order_id) DO UPDATE SET
	told_at = excluded.told_at,
	stage = excluded.stage,
	refunded = 0,
	closed = false
WHERE
	NOT o.earned
	AND (o.told_at IS NULL OR o.told_at < excluded.told_at)
RETURNING
	shop,
	order_id`

// OrderName names an order of a shop.
type OrderName struct{ Shop, Order string }

// NoteStanding writes down that orders stand, as their shops have told of each of them once: nothing of them is refunded or cancelled.
// It tells of which it did. Of the others something was earned, or a later state is known: they are for LockOrder.
func NoteStanding(ctx context.Context, tx pgx.Tx, told map[OrderName]loyalty.Fate) (noted map[OrderName]bool, err error) {
	names := make([]OrderName, 0, len(told))
	for name := range told {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b OrderName) int {
		return strings.Compare(a.Shop+"\x00"+a.Order, b.Shop+"\x00"+b.Order)
	})
	shops, ids, at, stages := make([]string, len(names)), make([]string, len(names)), make([]time.Time, len(names)), make([]int16, len(names))
	for i, name := range names {
		shops[i], ids[i], at[i], stages[i] = name.Shop, name.Order, told[name].ToldAt, int16(told[name].Stage)
	}
	rows, _ := tx.Query(ctx, noteStanding, pgx.NamedArgs{"shops": shops, "orders": ids, "told": at, "stages": stages}) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OrderName])
	if err != nil {
		return nil, fmt.Errorf("write down that %d orders stand: %w", len(names), err)
	}
	noted = make(map[OrderName]bool, len(found))
	for _, name := range found {
		noted[name] = true
	}
	return noted, nil
}

const readFate = `
SELECT
	told_at,
	stage,
	refunded,
	closed,
	earned,
	unsettled
FROM
	loyalty_order
WHERE
	shop = @shop
	AND order_id = @order`

// FateOf reads what has become of an order; the zero Fate of one that nothing was told of.
func FateOf(ctx context.Context, q Asked, shop, order string) (loyalty.Fate, error) {
	rows, _ := q.Query(ctx, readFate, pgx.NamedArgs{"shop": shop, "order": order}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[knownRow])
	if err != nil {
		return loyalty.Fate{}, fmt.Errorf("read what has become of an order: %w", err)
	}
	if len(found) == 0 {
		return loyalty.Fate{}, nil
	}
	return found[0].known().Fate, nil
}
