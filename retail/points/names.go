package points

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
)

// An order has an id and a number. What earns names its id; what pays for it may name either, before its shop has told that they are one:
// the webhook may be late. So a name has a row of its own until it is known to be the number of an order, and leads to the row of that order
// from then on. A name that is an order's id, since the shop has told of it or something was earned for it, is never another's number.

const (
	longestName = 128 // bytes of a name that earnings and captures give to an order
	maxRenamed  = 8   // tries to lock an order whose name gets another meaning meanwhile: it has two in its life
)

// errRenamed says that a name kept changing its meaning while it was locked.
var errRenamed = errors.New("what the order's name means keeps changing")

// meaning is what two names of a shop mean: one that an order is called by and, where its shop tells of it, its number.
type meaning struct {
	order  OrderName // whose order it is
	number string    // that has to be written down to be the order's; "" for none
	former string    // whose number the order's id was taken for; "" for nobody's
}

// rows are the orders to be locked.
func (m meaning) rows() []OrderName {
	rows := []OrderName{m.order}
	for _, name := range []string{m.number, m.former} {
		if name != "" {
			rows = append(rows, OrderName{m.order.Shop, name})
		}
	}
	return rows
}

const readNames = `
SELECT
	shop,
	order_id,
	number_of,
	told_at IS NOT NULL,
	earned
FROM
	loyalty_order
WHERE
	(shop, order_id) IN (SELECT * FROM unnest(@shops::text[], @names::text[]))`

// nameRow is what is known of a name.
type nameRow struct {
	OrderName
	NumberOf string
	Told     bool // it is an order's id
	Earned   bool // likewise: something was earned for it
}

func namesAs(ctx context.Context, q Asked, names ...OrderName) (map[OrderName]nameRow, error) {
	shops, orders := split(names)
	rows, _ := q.Query(ctx, readNames, pgx.NamedArgs{"shops": shops, "names": orders}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[nameRow])
	if err != nil {
		return nil, fmt.Errorf("read what the name of an order means: %w", err)
	}
	byName := make(map[OrderName]nameRow, len(found))
	for _, r := range found {
		byName[r.OrderName] = r
	}
	return byName, nil
}

// split makes columns of names.
func split(names []OrderName) (shops, orders []string) {
	shops, orders = make([]string, len(names)), make([]string, len(names))
	for i, name := range names {
		shops[i], orders[i] = name.Shop, name.Order
	}
	return shops, orders
}

// meant is the order that somebody names, who need not know which of its names it is.
func meant(ctx context.Context, q Asked, name OrderName) (meaning, error) {
	known, err := namesAs(ctx, q, name)
	if of := known[name].NumberOf; of != "" {
		name.Order = of
	}
	return meaning{order: name}, err
}

// told is what it means that a shop tells of an order and its number.
func told(ctx context.Context, q Asked, order OrderName, number string) (meaning, error) {
	called := OrderName{order.Shop, number}
	known, err := namesAs(ctx, q, order, called)
	m := meaning{order: order, former: known[order].NumberOf}
	if isNumber(order, number) && known[called].isFree() {
		m.number = number
	}
	return m, err
}

// isNumber tells whether an order goes by a number that is not its id.
func isNumber(order OrderName, number string) bool {
	return number != "" && number != order.Order && len(number) <= longestName
}

// isFree tells whether a name is known neither as an order's id nor as one's number.
func (r nameRow) isFree() bool { return !r.Told && !r.Earned && r.NumberOf == "" }

// hold locks the rows of what names mean, when they still mean it under the locks: whoever gives a name another meaning has these rows
// locked. Locks that turn out to be of other orders are given back, so that nobody waits for one row while he has a later one.
func hold(ctx context.Context, tx pgx.Tx, read func(Asked) (meaning, error)) (m meaning, known Known, err error) {
	for range maxRenamed {
		if m, err = read(tx); err != nil {
			return m, known, err
		}
		try, err := tx.Begin(ctx)
		if err != nil {
			return m, known, fmt.Errorf("lock an order for its points: %w", err)
		}
		rows, err := lockRows(ctx, try, m.rows())
		if err != nil {
			return m, known, err // and with it the transaction is over
		}
		now, err := read(try)
		if err != nil {
			return m, known, err
		}
		if now == m {
			return m, rows[m.order], try.Commit(ctx)
		}
		if err := try.Rollback(ctx); err != nil {
			return m, known, fmt.Errorf("unlock an order: %w", err)
		}
	}
	return m, known, errRenamed
}

// LockOrder locks an order for whatever is about to happen to its points, and tells what has become of it. It is named by its id or its
// number.
func LockOrder(ctx context.Context, tx pgx.Tx, name OrderName) (Known, error) {
	m, known, err := hold(ctx, tx, func(q Asked) (meaning, error) { return meant(ctx, q, name) })
	if err != nil {
		return Known{}, err
	}
	known.Names, err = namesOf(ctx, tx, m.order)
	return known, err
}

// LockTold locks an order of which its shop tells, by its id, as LockOrder does, and writes down what number it has. What was said of the
// number before was said of the order. If the id was taken for the number of another order, that one has to be settled again. The caller
// writes down what the shop tells.
func LockTold(ctx context.Context, tx pgx.Tx, order OrderName, number string) (Known, error) {
	m, known, err := hold(ctx, tx, func(q Asked) (meaning, error) { return told(ctx, q, order, number) })
	if err != nil {
		return Known{}, err
	}
	if m.former != "" {
		if err := takeApart(ctx, tx, order, m.former); err != nil {
			return Known{}, err
		}
	}
	if m.number != "" {
		if err := join(ctx, tx, map[OrderName]string{{order.Shop, m.number}: order.Order}); err != nil {
			return Known{}, err
		}
	}
	known.Names, err = namesOf(ctx, tx, order)
	return known, err
}

// EarnedAs finds what was earned for an order's number, as if that were an id. Error: [ErrNotEarned], also for a number that is the id of an
// order of which the shop has told.
func EarnedAs(ctx context.Context, q Asked, order OrderName, number string) (Earned, error) {
	if !isNumber(order, number) {
		return Earned{}, ErrNotEarned
	}
	called := OrderName{order.Shop, number}
	known, err := namesAs(ctx, q, called)
	if err != nil {
		return Earned{}, err
	}
	if !known[called].Earned || known[called].Told {
		return Earned{}, ErrNotEarned
	}
	earned, err := EarnedFor(ctx, q, order.Shop, loyalty.Order, number)
	if err == nil && earned.Over {
		err = ErrNotEarned
	}
	return earned, err
}

// LockID locks an order by what must be its id, as LockTold does when the shop says no number.
func LockID(ctx context.Context, tx pgx.Tx, order OrderName) (Known, error) {
	return LockTold(ctx, tx, order, "")
}

const setNumbers = `
UPDATE loyalty_order o
SET
	number_of = n.id,
	unsettled = false
FROM
	unnest(@shops::text[], @numbers::text[], @ids::text[]) AS n (shop, number, id)
WHERE
	o.shop = n.shop
	AND o.order_id = n.number
	AND o.number_of = ''
	AND o.told_at IS NULL
	AND NOT o.earned`

// join writes down whose numbers names are that the caller has locked; one that is an order's id stays that.
func join(ctx context.Context, tx pgx.Tx, numbers map[OrderName]string) error {
	names := slices.Collect(maps.Keys(numbers))
	shops, called := split(names)
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = numbers[name]
	}
	if _, err := tx.Exec(ctx, setNumbers, pgx.NamedArgs{"shops": shops, "numbers": called, "ids": ids}); err != nil {
		return fmt.Errorf("write down the numbers of %d orders: %w", len(names), err)
	}
	return nil
}

const setApart = `
UPDATE loyalty_order
SET
	number_of = '',
	unsettled = order_id = @former
WHERE
	shop = @shop
	AND order_id IN (@order, @former)`

// takeApart writes down that a name is an order's id, and not another's number. Both are locked.
func takeApart(ctx context.Context, tx pgx.Tx, order OrderName, former string) error {
	if _, err := tx.Exec(ctx, setApart, pgx.NamedArgs{"shop": order.Shop, "order": order.Order, "former": former}); err != nil {
		return fmt.Errorf("write down that an order's id is no number: %w", err)
	}
	return nil
}

const readNumbers = `
SELECT
	order_id
FROM
	loyalty_order
WHERE
	shop = @shop
	AND number_of = @order
	AND number_of <> ''
ORDER BY
	order_id`

// namesOf are the names of an order, its id first.
func namesOf(ctx context.Context, q Asked, order OrderName) ([]string, error) {
	rows, _ := q.Query(ctx, readNumbers, pgx.NamedArgs{"shop": order.Shop, "order": order.Order}) // rows carry the error to CollectRows
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the numbers of an order: %w", err)
	}
	return append([]string{order.Order}, numbers...), nil
}

// NamesOf are the names of an order that somebody names, its id first. Nothing is locked: they are for show.
func NamesOf(ctx context.Context, q Asked, name OrderName) ([]string, error) {
	m, err := meant(ctx, q, name)
	if err != nil {
		return nil, err
	}
	return namesOf(ctx, q, m.order)
}
