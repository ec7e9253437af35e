package orders

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// Told is what a shop says of an order, as far as it concerns what vouchers paid of it.
type Told struct {
	Key
	Number string
	At     time.Time // when it was so
	Stage  int       // how far the order had come: of two states of one instant the further one counts
	Closed bool      // cancelled, or refunded altogether
	// Lacks is by how much less than its total a refunded order was given back in money; nil for any other. Where vouchers and points paid
	// as much, all that money had paid is back, and the order is as good as cancelled.
	Lacks *money.Amount
}

// Whoever notes several orders locks them in the order of their names.
const noteTold = `
INSERT INTO told_order AS t (
	shop,
	order_id,
	number,
	told_at,
	stage,
	closed,
	lacks,
	currency
)
SELECT
	o.*
FROM
	unnest(@shops::text[], @orders::text[], @numbers::text[], @told::timestamptz[], @stages::integer[], @closed::boolean[], @lacks::bigint[],
		@currencies::text[])
		AS o (shop, order_id, number, told_at, stage, closed, lacks, currency)
WHERE
	o.closed
	OR o.lacks IS NOT NULL
	OR EXISTS (SELECT FROM told_order k WHERE k.shop = o.shop AND k.order_id = o.order_id)
	OR EXISTS (
		SELECT
		FROM
			act a
		WHERE
			a.owner = 'shop:' || o.shop
			AND a.kind = 'redemption'
			AND a.detail ->> 'order' IS NOT NULL
			AND a.detail ->> 'order' = ANY(ARRAY[o.order_id, o.number])
	)
ORDER BY
	o.shop,
	o.order_id
ON CONFLICT (shop, order_id) DO UPDATE SET
	number = EXCLUDED.number,
	told_at = EXCLUDED.told_at,
	stage = EXCLUDED.stage,
	closed = EXCLUDED.closed,
	lacks = EXCLUDED.lacks,
	currency = EXCLUDED.currency,
	noted_at = vouchsafe_now()
WHERE
	t.number = EXCLUDED.number
	AND (
		(t.told_at, t.stage) < (EXCLUDED.told_at, EXCLUDED.stage)
		OR @asked AND t.told_at = EXCLUDED.told_at AND t.stage <> EXCLUDED.stage
	)`

// statement is what notes it. Each order is told of once.
func statement(origin purchase.Origin, told ...Told) (sql string, args pgx.NamedArgs) {
	slices.SortFunc(told, func(a, b Told) int { return a.compare(b.Key) })
	n := len(told)
	shops, orders, numbers := make([]string, n), make([]string, n), make([]string, n)
	at, stages, closed := make([]time.Time, n), make([]int, n), make([]bool, n)
	lacks, currencies := make([]*int64, n), make([]*string, n)
	for i, t := range told {
		if t.Lacks != nil {
			lacks[i], currencies[i] = &t.Lacks.Minor, (*string)(&t.Lacks.Currency)
		}
		shops[i], orders[i], numbers[i], at[i], stages[i], closed[i] = t.Shop, t.Order, t.Number, t.At, t.Stage, t.Closed
	}
	return noteTold, pgx.NamedArgs{
		"shops": shops, "orders": orders, "numbers": numbers, "told": at, "stages": stages, "closed": closed, "lacks": lacks,
		"currencies": currencies, "asked": origin == purchase.Fetched,
	}
}

// NoteTold writes down what a shop says of an order, if that is news of one that was cancelled or paid with vouchers, and tells whether it
// was.
func NoteTold(ctx context.Context, tx outbox.Tx, origin purchase.Origin, told Told) (bool, error) {
	sql, args := statement(origin, told)
	tag, err := tx.Exec(ctx, sql, args)
	if err != nil {
		return false, fmt.Errorf("note what was told of order %s: %w", told.Order, err)
	}
	return tag.RowsAffected() > 0, nil
}

// NoteAllAfter writes down what shops say of orders by webhook, each of them once, as NoteTold does. Before that it asks a question of one
// row, in the same round trip.
func NoteAllAfter(ctx context.Context, tx outbox.Tx, question string, answer []any, told ...Told) error {
	var batch pgx.Batch
	batch.Queue(question).QueryRow(func(row pgx.Row) error { return row.Scan(answer...) })
	if len(told) > 0 {
		sql, args := statement(purchase.Told, told...)
		batch.Queue(sql, args)
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("note what was told of %d orders: %w", len(told), err)
	}
	return nil
}

// A capture names an order as its shop does: by the id, or by the number. A number that is an order's id, as far as is known, names that.
// Each such question is one step into an index: as EXISTS it would be answered by reading whole tables, once there are many.
const capturedFor = `
		a.owner = 'shop:' || t.shop
		AND a.kind = 'redemption'
		AND a.detail ->> 'order' IS NOT NULL
		AND (
			a.detail ->> 'order' = t.order_id
			OR a.detail ->> 'order' = t.number
				AND t.number <> ''
				AND (SELECT true FROM told_order k WHERE k.shop = t.shop AND k.order_id = t.number LIMIT 1) IS NULL
				AND (SELECT true FROM purchase k WHERE k.shop = t.shop AND k.order_id = t.number LIMIT 1) IS NULL
				AND (SELECT true FROM inbox k WHERE k.shop = t.shop AND k.order_id = t.number AND k.order_id <> '' LIMIT 1) IS NULL
		)
		AND a.detail ->> 'order' = ANY(ARRAY[t.order_id, t.number])`

// paidFor are the captures of which something has not come back.
const paidFor = `
		a.currency <> 'POINT'
		AND a.amount > a.taken_back
		AND` + capturedFor

// isClosed tells of an order that it is cancelled, or that all that money had paid of it was given back: what lacks was paid otherwise.
const isClosed = `(
		t.closed
		OR coalesce(t.lacks <= (
			SELECT
				sum(CASE WHEN a.currency = 'POINT' THEN (a.detail -> 'covers' ->> 'amount')::bigint ELSE a.amount END)
			FROM
				act a
			WHERE
				a.state = 'done'
				AND t.currency IN (a.currency, a.detail -> 'covers' ->> 'currency')
				AND` + capturedFor + `
		), false)
	)`

const findUnreturned = `
SELECT
	t.shop,
	t.order_id
FROM (
	SELECT * FROM told_order WHERE closed AND noted_at > (SELECT vouchsafe_now()) - @watched::interval
	UNION
	SELECT * FROM told_order WHERE lacks IS NOT NULL AND noted_at > (SELECT vouchsafe_now()) - @watched::interval
	UNION
	SELECT * FROM told_order WHERE unreturned <> '{}'
) t
CROSS JOIN LATERAL (
	SELECT
		coalesce(jsonb_object_agg(s.currency, s.minor), '{}') AS unreturned
	FROM (
		SELECT
			a.currency,
			sum(a.amount - a.taken_back) AS minor
		FROM
			act a
		WHERE
			` + isClosed + `
			AND` + paidFor + `
		GROUP BY
			a.currency
	) s
) now
WHERE
	now.unreturned <> t.unreturned
ORDER BY
	t.shop,
	t.order_id`

// Unreturned finds the orders of which something else has not come back than the office was told: of those that were cancelled so lately,
// and of those that it was told of.
func (s *Store) Unreturned(ctx context.Context, watched time.Duration) ([]Key, error) {
	rows, _ := s.pool.Query(ctx, findUnreturned, pgx.NamedArgs{"watched": watched}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Key])
	if err != nil {
		return nil, fmt.Errorf("look for cancelled orders that vouchers have paid for: %w", err)
	}
	return found, nil
}

// Payment is what a voucher, or the account of a customer, has paid of an order and did not get back.
type Payment struct {
	Redemption string       `json:"redemption"` // id of the act
	Voucher    string       `json:"voucher,omitempty"`
	Account    string       `json:"account,omitempty"`
	Amount     money.Amount `json:"amount"`
}

// Cancelled is an order of which something may not have come back.
type Cancelled struct {
	Number   string
	Closed   bool                // it is cancelled now; otherwise there are no payments
	Payments []Payment           // the first first
	Told     purchase.Unreturned // what the office was told
}

const lockTold = `
SELECT
	t.number,
	` + isClosed + `,
	t.unreturned
FROM
	told_order t
WHERE
	t.shop = @shop
	AND t.order_id = @order
FOR UPDATE`

const readPayments = `
SELECT
	a.id::text,
	CASE WHEN coalesce((a.detail -> 'account')::boolean, false) THEN '' ELSE a.voucher::text END,
	CASE WHEN coalesce((a.detail -> 'account')::boolean, false) THEN a.voucher::text ELSE '' END,
	a.amount - a.taken_back,
	a.currency
FROM
	told_order t
	CROSS JOIN LATERAL (
		SELECT
			a.*
		FROM
			act a
		WHERE` + paidFor + `
		OFFSET 0 -- by the index of orders, and never by reading all acts
	) a
WHERE
	t.shop = @shop
	AND t.order_id = @order
	AND ` + isClosed + `
ORDER BY
	a.at,
	a.id`

// LockCancelled locks an order that a shop has told of, and reads what vouchers have paid of it; nil for one that was not noted.
func LockCancelled(ctx context.Context, tx outbox.Tx, order Key) (*Cancelled, error) {
	args := pgx.NamedArgs{"shop": order.Shop, "order": order.Order}
	rows, _ := tx.Query(ctx, lockTold, args) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Cancelled, err error) {
		return c, row.Scan(&c.Number, &c.Closed, &c.Told)
	})
	if err != nil {
		return nil, fmt.Errorf("lock what was told of order %s: %w", order.Order, err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	rows, _ = tx.Query(ctx, readPayments, args)
	found[0].Payments, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Payment, err error) {
		return p, row.Scan(&p.Redemption, &p.Voucher, &p.Account, &p.Amount.Minor, &p.Amount.Currency)
	})
	if err != nil {
		return nil, fmt.Errorf("read what vouchers paid of order %s: %w", order.Order, err)
	}
	return &found[0], nil
}

const setUnreturned = `
UPDATE told_order
SET
	unreturned = @unreturned
WHERE
	shop = @shop
	AND order_id = @order`

// SetUnreturned writes down what the office was told of an order that the caller has locked.
func SetUnreturned(ctx context.Context, tx outbox.Tx, order Key, told purchase.Unreturned) error {
	if told == nil {
		told = purchase.Unreturned{}
	}
	if _, err := tx.Exec(ctx, setUnreturned, pgx.NamedArgs{"shop": order.Shop, "order": order.Order, "unreturned": told}); err != nil {
		return fmt.Errorf("write what did not come back of order %s: %w", order.Order, err)
	}
	return nil
}

// Left sums up what has not come back.
func (c Cancelled) Left() purchase.Unreturned {
	left := purchase.Unreturned{}
	for _, p := range c.Payments {
		left[p.Amount.Currency] += p.Amount.Minor
	}
	return left
}

// Names are those by which people know the order.
func (c Cancelled) Names(order Key) string {
	if c.Number == "" || c.Number == order.Order {
		return order.Order
	}
	return strings.Join([]string{c.Number, "(" + order.Order + ")"}, " ")
}
