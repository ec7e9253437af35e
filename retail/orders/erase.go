package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// eraseMost is how many orders are erased in one transaction.
const eraseMost = 500

// eraseWithin is for one batch: it passes the open tasks, and orders that are old and must stay.
const eraseWithin = time.Minute

// overSince is when nothing personal of an order is needed any more: all that it delivers was delivered so long ago, nothing of it
// waits for a person, and the shop has not told of it since. All is found by an index, or once for all orders: a shop has years of them.
const overSince = `
	greatest(p.stored_at, least(p.modified, vouchsafe_now())) <= @before
	AND NOT EXISTS (
		SELECT
		FROM
			delivery d
		WHERE
			d.parent = p.id::text
			AND d.parent <> ''
			AND (d.finished_at IS NULL OR d.finished_at > @before)
	)
	AND NOT EXISTS (SELECT FROM purchase_unit u WHERE u.purchase = p.id AND u.state = 'waiting')
	AND NOT EXISTS (SELECT FROM task t WHERE t.subject = p.id::text AND t.closed_at IS NULL)
	AND NOT EXISTS (
		SELECT
		FROM
			purchase_unit u
			JOIN task t ON t.subject = u.voucher::text AND t.closed_at IS NULL
		WHERE
			u.purchase = p.id
	)
	AND p.id::text NOT IN (SELECT coalesce(t.detail ->> 'purchase', '') FROM task t WHERE t.closed_at IS NULL)
	AND p.id::text NOT IN (SELECT coalesce(t.detail ->> 'parent', '') FROM task t WHERE t.closed_at IS NULL)`

// Which orders hold something personal, by two indexes: those that name a buyer by purchase_erasable, and those that were erased and have
// been given a recipient since by purchase_unit_erasable.
const (
	namesBuyer     = `(p.erased_at IS NULL OR p.buyer IS NOT NULL)`
	namesRecipient = `p.erased_at IS NOT NULL AND p.id IN (SELECT u.purchase FROM purchase_unit u WHERE u.wishes IS NOT NULL)`
)

// lockOver locks the next of those that hold something personal.
func lockOver(holds string) string {
	return `
SELECT
	p.id::text
FROM
	purchase p
WHERE
	` + holds + `
	AND p.stored_at <= @before
	AND` + overSince + `
ORDER BY
	p.stored_at
LIMIT
	@most
FOR UPDATE SKIP LOCKED`
}

// stillOver asks again: what committed between the snapshot and the locks is seen now, and nothing changes any more.
const stillOver = `
SELECT
	p.id::text
FROM
	purchase p
WHERE
	p.id = ANY (@ids::uuid[])
	AND` + overSince

// EraseOld forgets what is personal in orders whose last delivery is so long ago, and tells how many there were. Orders of
// which something is still to be delivered or waits for a person are left alone. It may be cut off anywhere.
func (s *Store) EraseOld(ctx context.Context, after time.Duration) (erased int, err error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	for _, holds := range []string{namesBuyer, namesRecipient} {
		for more := true; more; {
			var over []string
			err := outbox.InTx(ctx, s.pool, func(tx outbox.Tx) (err error) {
				over, err = eraseBatch(ctx, tx, lockOver(holds), now.Add(-after))
				return err
			})
			if err != nil {
				return erased, fmt.Errorf("erase old orders: %w", err)
			}
			more = len(over) == eraseMost
			erased += len(over)
		}
	}
	return erased, nil
}

// eraseBatch erases the next old orders, and tells which.
func eraseBatch(ctx context.Context, tx outbox.Tx, lock string, before time.Time) (over []string, err error) {
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, eraseWithin.Milliseconds())); err != nil {
		return nil, err
	}
	args := pgx.NamedArgs{"before": before, "most": eraseMost}
	locked, err := ids(ctx, tx, lock, args)
	if err != nil {
		return nil, err
	}
	args["ids"] = locked
	if over, err = ids(ctx, tx, stillOver, args); err != nil {
		return nil, err
	}
	return over, Erase(ctx, tx, over...)
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
	wishes = NULL,
	deliver_said = CASE WHEN deliver_said = '' THEN '' ELSE '?' END
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
	wishes = NULL,
	deliver_said = CASE WHEN deliver_said = '' THEN '' ELSE '?' END
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
	rows, err := many[Unnamed](ctx, s, unnamed, pgx.NamedArgs{"most": eraseMost})
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
