package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// eraseBatch is how many orders are erased in one transaction.
const eraseBatch = 500

// overSince is when nothing personal of an order is needed any more: all that it delivers was delivered so long ago, nothing of it
// waits for a person, and the shop has not told of it since.
const overSince = `
	greatest(p.stored_at, least(p.modified, vouchsafe_now())) <= @before
	AND (p.buyer IS NOT NULL OR EXISTS (SELECT FROM purchase_unit u WHERE u.purchase = p.id AND u.wishes IS NOT NULL))
	AND NOT EXISTS (
		SELECT
		FROM
			delivery d
		WHERE
			d.parent = p.id::text
			AND (d.finished_at IS NULL OR d.finished_at > @before)
	)
	AND NOT EXISTS (SELECT FROM purchase_unit u WHERE u.purchase = p.id AND u.state = 'waiting')
	AND NOT EXISTS (
		SELECT
		FROM
			task t
		WHERE
			t.closed_at IS NULL
			AND (
				t.subject = p.id::text
				OR t.detail ->> 'purchase' = p.id::text
				OR t.detail ->> 'parent' = p.id::text
				OR t.subject IN (SELECT u.voucher::text FROM purchase_unit u WHERE u.purchase = p.id)
			)
	)`

const lockOver = `
SELECT
	p.id::text
FROM
	purchase p
WHERE` + overSince + `
ORDER BY
	p.stored_at
LIMIT
	@most
FOR UPDATE SKIP LOCKED`

// eraseOver asks again: what committed between the snapshot and the locks is seen now, and nothing changes any more.
const eraseOver = `
SELECT
	p.id::text
FROM
	purchase p
WHERE
	p.id = ANY (@ids::uuid[])
	AND` + overSince

// EraseOld forgets what is personal in orders whose last delivery is so long ago, and tells how many there were. Orders of
// which something is still to be delivered or waits for a person are left alone.
func (s *Store) EraseOld(ctx context.Context, after time.Duration) (int, error) {
	erased := 0
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	for more := true; more; {
		err := outbox.InTx(ctx, s.pool, func(tx outbox.Tx) error {
			args := pgx.NamedArgs{"before": now.Add(-after), "most": eraseBatch}
			locked, err := ids(ctx, tx, lockOver, args)
			if err != nil {
				return err
			}
			args["ids"] = locked
			over, err := ids(ctx, tx, eraseOver, args)
			if err != nil {
				return err
			}
			more = len(over) == eraseBatch
			erased += len(over)
			return Erase(ctx, tx, over...)
		})
		if err != nil {
			return erased, fmt.Errorf("erase old orders: %w", err)
		}
	}
	return erased, nil
}

func ids(ctx context.Context, tx outbox.Tx, sql string, args pgx.NamedArgs) ([]string, error) {
	rows, _ := tx.Query(ctx, sql, args) // rows carry the error on
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const eraseOrders = `
WITH erased AS (
	UPDATE
		purchase
	SET
		buyer = NULL,
		erased_at = COALESCE(erased_at, vouchsafe_now())
	WHERE
		id = ANY (@ids::uuid[])
)
UPDATE
	purchase_unit
SET
	wishes = NULL
WHERE
	purchase = ANY (@ids::uuid[])
	AND wishes IS NOT NULL`

// Erase forgets who bought and who was to get what in orders, which stay erased whatever the shop tells of them later. The digests
// of the addresses stay for a dispute. The caller has locked the orders.
func Erase(ctx context.Context, tx outbox.Tx, purchases ...string) error {
	if _, err := tx.Exec(ctx, eraseOrders, pgx.NamedArgs{"ids": purchases}); err != nil {
		return fmt.Errorf("erase orders: %w", err)
	}
	return nil
}

const eraseWishes = `
WITH erased AS (
	UPDATE
		purchase
	SET
		erased = erased || @mac::bytea
	WHERE
		id = ANY (@purchases::uuid[])
		AND NOT @mac::bytea = ANY (erased)
)
UPDATE
	purchase_unit
SET
	wishes = NULL
WHERE
	id = ANY (@units::uuid[])
	AND wishes IS NOT NULL`

// EraseGifts forgets whom units were for, and has the digest of the address keep the shop from telling it again. The caller has
// locked the orders.
func EraseGifts(ctx context.Context, tx outbox.Tx, mac []byte, held []Held) error {
	var purchases, units []string
	for _, h := range held {
		purchases, units = append(purchases, h.Purchase), append(units, h.Unit)
	}
	if _, err := tx.Exec(ctx, eraseWishes, pgx.NamedArgs{"mac": mac, "purchases": purchases, "units": units}); err != nil {
		return fmt.Errorf("erase the recipients of gifts: %w", err)
	}
	return nil
}

// Held is where an address is: in an order as the buyer's, or in one of its units as the recipient's.
type Held struct {
	Purchase string
	Unit     string // "" for the buyer
}

const heldOf = `
SELECT
	id::text AS purchase,
	'' AS unit
FROM
	purchase
WHERE
	buyer_mac = ANY (@macs::bytea[])
	AND buyer_mac <> ''
UNION ALL
SELECT
	purchase::text,
	id::text
FROM
	purchase_unit
WHERE
	wishes_mac = ANY (@macs::bytea[])
	AND wishes_mac <> ''
ORDER BY
	purchase,
	unit`

// Held finds where an address is, by its digests under all master keys; also where it was erased.
func (s *Store) Held(ctx context.Context, macs [][]byte) ([]Held, error) {
	held, err := many[Held](ctx, s, heldOf, pgx.NamedArgs{"macs": macs})
	if err != nil {
		return nil, fmt.Errorf("find the orders of a person: %w", err)
	}
	return held, nil
}

// Unnamed is a row from before digests were kept: what is sealed in it, and which row opens it.
type Unnamed struct {
	Held
	Sealed []byte
}

const unnamed = `
(
	SELECT
		id::text AS purchase,
		'' AS unit,
		buyer AS sealed
	FROM
		purchase
	WHERE
		buyer_mac IS NULL
		AND buyer IS NOT NULL
	LIMIT
		@most
)
UNION ALL
(
	SELECT
		purchase::text,
		id::text,
		wishes
	FROM
		purchase_unit
	WHERE
		wishes_mac IS NULL
		AND wishes IS NOT NULL
	LIMIT
		@most
)`

// Unnamed reads some rows that are not found by the digest of an address yet.
func (s *Store) Unnamed(ctx context.Context) ([]Unnamed, error) {
	rows, err := many[Unnamed](ctx, s, unnamed, pgx.NamedArgs{"most": eraseBatch})
	if err != nil {
		return nil, fmt.Errorf("read orders without digests: %w", err)
	}
	return rows, nil
}

const (
	nameBuyer  = `UPDATE purchase SET buyer_mac = @mac WHERE id = @purchase::uuid AND buyer_mac IS NULL AND buyer = @sealed`
	nameWishes = `UPDATE purchase_unit SET wishes_mac = @mac WHERE id = @unit::uuid AND wishes_mac IS NULL AND wishes = @sealed`
)

// Name notes the digests of rows, one for each. A row that has changed meanwhile is left as it is.
func (s *Store) Name(ctx context.Context, rows []Unnamed, macs [][]byte) error {
	batch := &pgx.Batch{}
	for i, row := range rows {
		sql := nameBuyer
		if row.Unit != "" {
			sql = nameWishes
		}
		batch.Queue(sql, pgx.NamedArgs{"mac": macs[i], "purchase": row.Purchase, "unit": row.Unit, "sealed": row.Sealed})
	}
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note the digests of orders: %w", err)
	}
	return nil
}
