package points

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
)

// OrderName names an order of a shop.
type OrderName struct{ Shop, Order string }

func (n OrderName) compare(o OrderName) int {
	return strings.Compare(n.Shop+"\x00"+n.Order, o.Shop+"\x00"+o.Order)
}

// Told is what a shop tells of an order.
type Told struct {
	loyalty.Fate
	Number string // of the order; "" where it says none
}

// Standing orders are written down many at once, in the order of their names. Whether something is earned for one is asked of its row,
// which is locked by then, and not of the earnings, of which the statement sees only those that were there when it began.
const noteStanding = `
INSERT INTO loyalty_order AS o (
	shop,
	order_id,
	told_at,
	stage,
	goods,
	goods_in,
	goods_at,
	buyer,
	buyer_at,
	stored,
	goods_net,
	goods_first,
	goods_first_in,
	goods_first_at
)
SELECT
	t.*,
	t.goods,
	t.goods_in,
	t.goods_at
FROM unnest(
	@shops::text[],
	@orders::text[],
	@told::timestamptz[],
	@stages::smallint[],
	@goods::bigint[],
	@currencies::text[],
	@goods_at::timestamptz[],
	@buyers::text[],
	@buyers_at::timestamptz[],
	@stored::bigint[],
	@nets::bigint[]
) AS t (shop, order_id, told_at, stage, goods, goods_in, goods_at, buyer, buyer_at, stored, goods_net)
ON CONFLICT (shop, order_id) DO UPDATE SET
	told_at = excluded.told_at,
	stage = excluded.stage,
	refunded = 0,
	returns = NULL,
	goods = CASE excluded.goods_in WHEN '' THEN o.goods ELSE excluded.goods END,
	goods_in = CASE excluded.goods_in WHEN '' THEN o.goods_in ELSE excluded.goods_in END,
	goods_at = coalesce(excluded.goods_at, o.goods_at),
	stored = CASE excluded.goods_in WHEN '' THEN o.stored ELSE excluded.stored END,
	goods_net = CASE excluded.goods_in WHEN '' THEN o.goods_net ELSE excluded.goods_net END,
	goods_first = CASE WHEN o.goods_first_at IS NOT NULL THEN o.goods_first WHEN o.goods_at IS NOT NULL THEN o.goods ELSE excluded.goods_first END,
	goods_first_in = CASE WHEN o.goods_first_at IS NOT NULL THEN o.goods_first_in WHEN o.goods_at IS NOT NULL THEN o.goods_in ELSE excluded.goods_first_in END,
	goods_first_at = coalesce(o.goods_first_at, o.goods_at, excluded.goods_first_at),
	buyer = CASE excluded.buyer WHEN '' THEN o.buyer ELSE excluded.buyer END,
	buyer_at = coalesce(excluded.buyer_at, o.buyer_at)
WHERE
	NOT o.earned
	AND NOT o.closed
	AND o.rest = 0
	AND o.asked = ''
	AND o.number_of = ''
	AND (o.told_at IS NULL OR o.told_at < excluded.told_at)
RETURNING
	shop,
	order_id`

// NoteStanding writes down that orders stand, as their shops have told of each of them once: nothing of them is refunded or cancelled.
// It tells of which it did. Of the others something was earned, they were closed, the office was asked something, or a later state is known: they are for LockTold.
func NoteStanding(ctx context.Context, tx pgx.Tx, told map[OrderName]Told) (noted map[OrderName]bool, err error) {
	free, err := numbersOf(ctx, tx, told)
	if err != nil {
		return nil, err
	}
	if len(free) > 0 { // their rows are locked with those of the orders, and asked again
		all := slices.AppendSeq(slices.Collect(maps.Keys(told)), maps.Keys(free))
		if _, err := lockRows(ctx, tx, all); err != nil {
			return nil, err
		}
		if free, err = numbersOf(ctx, tx, told); err != nil {
			return nil, err
		}
	}
	if noted, err = stand(ctx, tx, told, slices.Collect(maps.Keys(told))); err != nil {
		return nil, err
	}
	maps.DeleteFunc(free, func(number OrderName, id string) bool { return !noted[OrderName{number.Shop, id}] })
	if len(free) > 0 {
		err = join(ctx, tx, free)
	}
	return noted, err
}

// numbersOf asks which of the numbers of orders have to be written down, and as whose.
func numbersOf(ctx context.Context, tx pgx.Tx, told map[OrderName]Told) (free map[OrderName]string, err error) {
	var numbers []OrderName
	for name, t := range told {
		if isNumber(name, t.Number) {
			numbers = append(numbers, OrderName{name.Shop, t.Number})
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	known, err := namesAs(ctx, tx, numbers...)
	if err != nil {
		return nil, err
	}
	free = make(map[OrderName]string)
	for name, t := range told {
		number := OrderName{name.Shop, t.Number}
		if isNumber(name, t.Number) && known[number].isFree() && (free[number] == "" || name.Order < free[number]) {
			free[number] = name.Order
		}
	}
	return free, nil
}

// stand writes down that of the named orders what was told holds, and tells of which it did.
func stand(ctx context.Context, tx pgx.Tx, told map[OrderName]Told, names []OrderName) (noted map[OrderName]bool, err error) {
	slices.SortFunc(names, OrderName.compare)
	shops, ids := split(names)
	at, stages := make([]time.Time, len(names)), make([]int16, len(names))
	goods, currencies, goodsAt := make([]int64, len(names)), make([]string, len(names)), make([]*time.Time, len(names))
	buyers, buyersAt, stored := make([]string, len(names)), make([]*time.Time, len(names)), make([]int64, len(names))
	nets := make([]*int64, len(names))
	for i, name := range names {
		t := told[name]
		at[i], stages[i] = t.ToldAt, int16(t.Stage)
		goods[i], currencies[i], goodsAt[i] = t.Goods.Worth.Minor, string(t.Goods.Worth.Currency), orNull(t.Goods.ToldAt)
		buyers[i], buyersAt[i], stored[i] = t.Buyer.Whose, orNull(t.Buyer.ToldAt), t.Goods.Stored
		nets[i] = netIn(t.Goods)
	}
	rows, _ := tx.Query(ctx, noteStanding, pgx.NamedArgs{
		"shops": shops, "orders": ids, "told": at, "stages": stages, "goods": goods, "currencies": currencies, "goods_at": goodsAt, "buyers": buyers, "buyers_at": buyersAt, "stored": stored,
		"nets": nets,
	}) // rows carry the error on
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
