package staff

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// KnownInstallation gives the id of the installation that this database belongs to, or "" when no daemon
// has made it yet. It changes nothing; see Installation.
func KnownInstallation(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	id, err := readInstallation(ctx, pool)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// CompareKeys is CheckKeys for somebody who only looks: it takes no note of ids that are new, and gives
// them instead. Error: ErrWrongKey.
func CompareKeys(ctx context.Context, pool *pgxpool.Pool, checks map[string][]byte) (unknown []string, err error) {
	rows, _ := pool.Query(ctx, selectChecks) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[checkRow])
	if err != nil {
		return nil, fmt.Errorf("read the check values: %w", err)
	}
	known := map[string][]byte{}
	for _, row := range found {
		known[row.ID] = row.CheckValue
	}
	if len(known) == 0 {
		return slices.Sorted(maps.Keys(checks)), nil
	}
	return compareChecks(known, checks)
}
