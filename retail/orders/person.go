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
