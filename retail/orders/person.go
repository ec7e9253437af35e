package orders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// Login is one of the log-ins that a person has at a shop.
type Login struct {
	ID    string // of the customer, ours
	Login string // the shop's id of the customer
}

const readPerson = `
WITH holder AS (
	SELECT
		coalesce(c.merged_into, c.id) AS id
	FROM
		customer c
	WHERE
		c.shop = @shop
		AND c.login = @login
)
SELECT
	c.id::text,
	c.login
FROM
	customer c
WHERE
	c.id = (SELECT id FROM holder)
	OR c.merged_into = (SELECT id FROM holder)
ORDER BY
	c.merged_into IS NOT NULL,
	c.id`

// Person lists the log-ins of the person who has one of them: first the one that the others were merged into. Nobody knows a log-in that
// has none.
func Person(ctx context.Context, tx outbox.Tx, shop, login string) ([]Login, error) {
	rows, _ := tx.Query(ctx, readPerson, pgx.NamedArgs{"shop": shop, "login": login}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Login])
	if err != nil {
		return nil, fmt.Errorf("read who has a log-in at shop %s: %w", shop, err)
	}
	return found, nil
}

const keepBuyer = `
SELECT
	p.id::text,
	p.buyer
FROM
	voucher_owner o
	JOIN purchase_unit u ON u.voucher = o.voucher
	JOIN purchase p ON p.id = u.purchase
WHERE
	o.customer = @customer::uuid
	AND p.buyer IS NOT NULL
	AND p.paid_at IS NOT NULL
ORDER BY
	p.stored_at DESC
LIMIT 1
FOR SHARE OF p SKIP LOCKED`

// KeptBuyer is the buyer of an order, sealed.
type KeptBuyer struct {
	Purchase string
	Sealed   []byte
}

// BuyerOfOwn reads the buyer of the last paid order in which a customer bought for himself, locked against being erased until the
// transaction ends; the zero KeptBuyer where there is none. It waits for nobody: an order that somebody has locked is left out.
func BuyerOfOwn(ctx context.Context, tx outbox.Tx, customer string) (KeptBuyer, error) {
	rows, _ := tx.Query(ctx, keepBuyer, pgx.NamedArgs{"customer": customer}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[KeptBuyer])
	if err != nil {
		return KeptBuyer{}, fmt.Errorf("read who bought for customer %s: %w", customer, err)
	}
	if len(found) == 0 {
		return KeptBuyer{}, nil
	}
	return found[0], nil
}
