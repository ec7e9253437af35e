package points

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/loyalty"
)

const readStanding = `
SELECT
	left_out,
	percent,
	customer_group
FROM
	customer_standing
WHERE
	customer = @customer::uuid`

// standingRow is a row of customer_standing.
type standingRow struct {
	LeftOut       bool
	Percent       int64
	CustomerGroup string
}

// everybody is the percentage of a customer about whom nothing was said.
const everybody = 100

// Standing reads how the programme treats a customer, by our id of him, and the customer group that he is in: the zero Standing and
// "" for somebody about whom nothing was said. Who was merged into another is asked for by the other's id.
func Standing(ctx context.Context, q Asked, customerID string) (s loyalty.Standing, group string, err error) {
	rows, _ := q.Query(ctx, readStanding, pgx.NamedArgs{"customer": customerID}) // rows carry the error to CollectExactlyOneRow
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[standingRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return loyalty.Standing{}, "", nil
	}
	if err != nil {
		return loyalty.Standing{}, "", fmt.Errorf("read the standing of a customer: %w", err)
	}
	return loyalty.Standing{Excluded: r.LeftOut, Percent: r.Percent}, r.CustomerGroup, nil
}

const upsertStanding = `
INSERT INTO customer_standing (
	customer,
	left_out,
	percent,
	customer_group
)
VALUES (
	@customer::uuid,
	@left_out,
	@percent,
	@group
)
ON CONFLICT (customer) DO UPDATE SET
	left_out = EXCLUDED.left_out,
	percent = EXCLUDED.percent,
	customer_group = EXCLUDED.customer_group,
	set_at = EXCLUDED.set_at`

// SetStanding says how the programme treats a customer, whose row the caller has locked. The same again changes nothing: changed
// tells. What was earned stays.
func SetStanding(ctx context.Context, tx pgx.Tx, customerID string, s loyalty.Standing, group string) (changed bool, err error) {
	was, in, err := Standing(ctx, tx, customerID)
	if err != nil {
		return false, err
	}
	s.Percent = cmp.Or(s.Percent, everybody)
	was.Percent = cmp.Or(was.Percent, everybody)
	if was == s && in == group {
		return false, nil
	}
	_, err = tx.Exec(ctx, upsertStanding, pgx.NamedArgs{
		"customer": customerID, "left_out": s.Excluded, "percent": s.Percent, "group": group,
	})
	if err != nil {
		return false, fmt.Errorf("set the standing of a customer: %w", err)
	}
	return true, nil
}
