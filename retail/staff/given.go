package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// GivenFor is how long what one has given alone counts toward the set amount.
const GivenFor = 24 * time.Hour

// Given is value that one alone gave away in the office.
type Given struct {
	Act     string // id
	Giver   string // a person, or an API key
	Voucher string // id
	Amount  int64  // minor units, above zero
}

const selectGiven = `
SELECT
	coalesce(sum(amount), 0)::bigint
FROM
	given_alone
WHERE
	voucher = @voucher::uuid
	AND giver = @giver
	AND at > vouchsafe_now() - @lately::interval
	AND taken_back_at IS NULL`

// GivenLately is what one has given alone on a voucher within GivenFor, in its minor units. What was taken back
// counts no more. The caller has the voucher's name locked, so that nobody gives meanwhile.
func GivenLately(ctx context.Context, tx pgx.Tx, giver, voucher string) (int64, error) {
	var sum int64
	err := tx.QueryRow(ctx, selectGiven, pgx.NamedArgs{"voucher": voucher, "giver": giver, "lately": GivenFor}).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("sum what was given on voucher %s: %w", voucher, err)
	}
	return sum, nil
}

const insertGiven = `
INSERT INTO given_alone (
	act,
	giver,
	voucher,
	amount
)
VALUES (
	@act::uuid,
	@giver,
	@voucher::uuid,
	@amount
)`

// Give notes what one gives alone, in the transaction that does it.
func Give(ctx context.Context, tx pgx.Tx, g Given) error {
	_, err := tx.Exec(ctx, insertGiven, pgx.NamedArgs{"act": g.Act, "giver": g.Giver, "voucher": g.Voucher, "amount": g.Amount})
	if err != nil {
		return fmt.Errorf("note what act %s gives: %w", g.Act, err)
	}
	return nil
}

const takeBackGiven = `
UPDATE
	given_alone
SET
	taken_back_at = vouchsafe_now()
WHERE
	act = @act::uuid
	AND taken_back_at IS NULL`

// TakeBack notes that an act was taken back, in the transaction that does it.
func TakeBack(ctx context.Context, tx pgx.Tx, act string) error {
	if _, err := tx.Exec(ctx, takeBackGiven, pgx.NamedArgs{"act": act}); err != nil {
		return fmt.Errorf("note that act %s was taken back: %w", act, err)
	}
	return nil
}
