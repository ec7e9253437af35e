package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// OpenBatches is how many batches of pre-printed vouchers are open, so that their codes can be read.
type OpenBatches struct {
	Batches int64
	Oldest  time.Duration // how long the oldest of them has been
}

const readOpenBatches = `
SELECT
	count(*) AS batches,
	coalesce(vouchsafe_now() - min(created_at), interval '0') AS oldest
FROM
	batch
WHERE
	closed_at IS NULL`

// CountOpenBatches counts the batches that nobody has closed.
func CountOpenBatches(ctx context.Context, pool *pgxpool.Pool) (OpenBatches, error) {
	rows, _ := pool.Query(ctx, readOpenBatches) // rows carry the error to CollectExactlyOneRow
	open, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[OpenBatches])
	if err != nil {
		return OpenBatches{}, fmt.Errorf("count the open batches: %w", err)
	}
	return open, nil
}
