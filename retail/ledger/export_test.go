package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// VerifyIn is Verify inside of a transaction that the test takes back.
func VerifyIn(ctx context.Context, tx pgx.Tx) ([]Finding, error) { return verify(ctx, tx) }
