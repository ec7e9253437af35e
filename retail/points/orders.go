package points

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// Known is an order as far as points know it.
type Known struct {
	loyalty.Fate
	Names     []string // by which captures may call it: its id, then its numbers
	Unsettled bool     // its points are not yet what they shall be: some are set aside, or their account is in quarantine
	Number    string   // that its shop told with what has become of it; "" for none
	Asked     string   // what of its points the office was asked last; "" for nothing
	// Returned is what the points were worth that the order gave back when it was closed, less what points have paid of it since; the zero
	// Amount for nothing.
	Returned money.Amount
}

// Whoever locks several orders does so in the order of their names.
const lockOrders = `
INSERT INTO loyalty_order (
	shop,
	order_id
)
SELECT *
FROM unnest(@shops::text[], @orders::text[])
ON CONFLICT (shop, order_id) DO UPDATE SET
	refunded = loyalty_order.refunded
RETURNING
	shop,
	order_id,` + knownColumns

// lockedRow is a row of loyalty_order with its name.
type lockedRow struct {
	OrderName
	knownRow
}

// lockRows locks the rows of orders, which may be new.
func lockRows(ctx context.Context, tx pgx.Tx, names []OrderName) (map[OrderName]Known, error) {
	slices.SortFunc(names, OrderName.compare)
	shops, orders := split(slices.Compact(names))
	rows, _ := tx.Query(ctx, lockOrders, pgx.NamedArgs{"shops": shops, "orders": orders}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[lockedRow])
	if err != nil {
		return nil, fmt.Errorf("lock %d orders for their points: %w", len(names), err)
	}
	known := make(map[OrderName]Known, len(found))
	for _, r := range found {
		known[r.OrderName] = r.known()
	}
	return known, nil
}

// knownColumns are those of knownRow.
const knownColumns = `
	told_at,
	stage,
	refunded,
	closed,
	unsettled,
	goods,
	goods_in,
	goods_at,
	returned,
	returned_in,
	buyer,
	buyer_at,
	stored,
	returns,
	number,
	asked,
	rest,
	rest_in,
	goods_net,
	goods_first,
	goods_first_in,
	goods_first_at`

// knownRow is a row of loyalty_order.
type knownRow struct {
	ToldAt     *time.Time
	Stage      int
	Refunded   int64
	Closed     bool
	Unsettled  bool
	Goods      int64
	GoodsIn    money.Currency
	GoodsAt    *time.Time
	Returned   int64
	ReturnedIn money.Currency
	Buyer      string
	BuyerAt    *time.Time
	Stored     int64
	Returns    *loyalty.Returns
	Number     string
	Asked      string
	Rest       int64
	RestIn     money.Currency
	GoodsNet   *int64
	First      int64
	FirstIn    money.Currency
	FirstAt    *time.Time
}

func (r knownRow) known() Known {
	k := Known{
		Fate: loyalty.Fate{Stage: r.Stage, Refunded: r.Refunded, Closed: r.Closed, Rest: money.Of(r.Rest, r.RestIn)}, Unsettled: r.Unsettled, Number: r.Number, Asked: r.Asked,
		Returned: money.Of(r.Returned, r.ReturnedIn),
	}
	if r.ToldAt != nil {
		k.ToldAt = *r.ToldAt
	}
	if r.GoodsAt != nil {
		k.Goods = r.goods()
	}
	if r.BuyerAt != nil {
		k.Buyer = loyalty.Buyer{ToldAt: *r.BuyerAt, Whose: r.Buyer}
	}
	if r.Returns != nil {
		k.Fate.Returns = *r.Returns
	}
	return k
}

func (r knownRow) goods() loyalty.Goods {
	goods := loyalty.Goods{ToldAt: *r.GoodsAt, Worth: money.Of(r.Goods, r.GoodsIn), Stored: r.Stored}
	if r.GoodsNet != nil {
		goods.Net = money.Of(*r.GoodsNet, r.GoodsIn)
	}
	goods.First = loyalty.Opening{ToldAt: goods.ToldAt, Worth: goods.Worth} // of an order that was told before openings were kept
	if r.FirstAt != nil {
		goods.First = loyalty.Opening{ToldAt: *r.FirstAt, Worth: money.Of(r.First, r.FirstIn)}
	}
	return goods
}

const setFate = `
UPDATE loyalty_order
SET
	told_at = @told_at,
	stage = @stage,
	refunded = @refunded,
	closed = @closed,
	goods = @goods,
	goods_in = @goods_in,
	goods_at = @goods_at,
	buyer = @buyer,
	buyer_at = @buyer_at,
	stored = @stored,
	returns = @returns::jsonb,
	number = @number,
	rest = @rest,
	rest_in = @rest_in,
	goods_net = @goods_net,
	goods_first = @goods_first,
	goods_first_in = @goods_first_in,
	goods_first_at = @goods_first_at
WHERE
	shop = @shop
	AND order_id = @order`

// SetFate writes down what has become of an order that the caller has locked.
func SetFate(ctx context.Context, tx pgx.Tx, order OrderName, f Told) error {
	returns, err := returnsIn(f.Fate)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, setFate, pgx.NamedArgs{
		"shop": order.Shop, "order": order.Order, "told_at": f.ToldAt, "stage": f.Stage, "refunded": f.Refunded, "closed": f.Closed,
		"goods": f.Goods.Worth.Minor, "goods_in": string(f.Goods.Worth.Currency), "goods_at": orNull(f.Goods.ToldAt), "buyer": f.Buyer.Whose, "buyer_at": orNull(f.Buyer.ToldAt),
		"stored": f.Goods.Stored, "returns": returns, "number": f.Number, "rest": f.Rest.Minor, "rest_in": string(f.Rest.Currency),
		"goods_net": netIn(f.Goods), "goods_first": f.Goods.First.Worth.Minor,
		"goods_first_in": string(f.Goods.First.Worth.Currency), "goods_first_at": orNull(f.Goods.First.ToldAt),
	})
	if err != nil {
		return fmt.Errorf("write what has become of an order: %w", err)
	}
	return nil
}

// netIn is what an order's goods come to without VAT, as it is stored; nil where nobody says.
func netIn(g loyalty.Goods) *int64 {
	if g.Net.Currency == "" {
		return nil
	}
	return &g.Net.Minor
}

// returnsIn are the lines that refunds of an order name, as they are stored; nil where they name none.
func returnsIn(f loyalty.Fate) (*string, error) {
	if len(f.Returns.Parts) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(f.Returns)
	if err != nil {
		return nil, fmt.Errorf("write what was refunded of an order's lines: %w", err)
	}
	returns := string(text)
	return &returns, nil
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

const setAsked = `
UPDATE loyalty_order
SET
	asked = @asked
WHERE
	shop = @shop
	AND order_id = @order`

// SetAsked writes down what the office was asked of the points of an order that the caller has locked.
func SetAsked(ctx context.Context, tx pgx.Tx, order OrderName, asked string) error {
	_, err := tx.Exec(ctx, setAsked, pgx.NamedArgs{"shop": order.Shop, "order": order.Order, "asked": asked})
	if err != nil {
		return fmt.Errorf("write down what was asked of an order's points: %w", err)
	}
	return nil
}

const setReturned = `
UPDATE loyalty_order
SET
	returned = @returned,
	returned_in = @returned_in
WHERE
	shop = @shop
	AND order_id = @order`

// SetReturned writes down what the points were worth that an order gave back which the caller has locked.
func SetReturned(ctx context.Context, tx pgx.Tx, order OrderName, worth money.Amount) error {
	if worth.Minor == 0 {
		worth.Currency = ""
	}
	_, err := tx.Exec(ctx, setReturned, pgx.NamedArgs{
		"shop": order.Shop, "order": order.Order, "returned": worth.Minor, "returned_in": string(worth.Currency),
	})
	if err != nil {
		return fmt.Errorf("write down what points an order gave back: %w", err)
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
	return orderNames(ctx, q, readUnsettled, after, most)
}

const readFate = `
SELECT` + knownColumns + `
FROM
	loyalty_order
WHERE
	shop = @shop
	AND order_id = @order`

// FateOf reads what has become of an order; the zero Fate of one that nothing was told of.
func FateOf(ctx context.Context, q Asked, shop, order string) (loyalty.Fate, error) {
	known, err := KnownOf(ctx, q, OrderName{shop, order})
	return known.Fate, err
}

// KnownOf reads what is known of an order, which nobody locks, but for its names; the zero Known of one that nothing was told of.
func KnownOf(ctx context.Context, q Asked, order OrderName) (Known, error) {
	rows, _ := q.Query(ctx, readFate, pgx.NamedArgs{"shop": order.Shop, "order": order.Order}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[knownRow])
	if err != nil {
		return Known{}, fmt.Errorf("read what has become of an order: %w", err)
	}
	if len(found) == 0 {
		return Known{}, nil
	}
	return found[0].known(), nil
}
