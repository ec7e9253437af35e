package schema

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

// undefinedTable is PostgreSQL's SQLSTATE for a table that does not exist.
const undefinedTable = "42P01"

// Check compares the database with the migrations this program carries and changes nothing. Errors wrap ErrOlder (an empty database
// is older too) or ErrNewer and say what is missing and what to do; anything else means that the database could not be asked.
func Check(ctx context.Context, pool *pgxpool.Pool) error {
	return check(ctx, pool, migrations())
}

func check(ctx context.Context, pool *pgxpool.Pool, files fs.FS) error {
	known, err := versions(files)
	if err != nil {
		return fmt.Errorf("check the schema: %w", err)
	}
	found, err := applied(ctx, pool)
	if err != nil {
		return fmt.Errorf("check the schema: %w", err)
	}
	return compare(known, found)
}

// compare judges by the set, not by the highest number: a gap is as bad as a missing end.
func compare(known []migration, found []int64) error {
	missing := slices.DeleteFunc(slices.Clone(known), func(m migration) bool {
		return slices.Contains(found, m.number)
	})
	for _, number := range found {
		if !slices.ContainsFunc(known, func(m migration) bool { return m.number == number }) {
			return newer(fmt.Sprintf("number %d", number), known[len(known)-1].number)
		}
	}
	if len(missing) > 0 {
		return older(missing)
	}
	return nil
}

// selectApplied leaves out number 0, goose's own mark for an empty beginning.
const selectApplied = `
SELECT DISTINCT
	version_id
FROM
	goose_db_version
WHERE
	is_applied
	AND version_id > 0
ORDER BY
	version_id`

func applied(ctx context.Context, pool *pgxpool.Pool) ([]int64, error) {
	rows, _ := pool.Query(ctx, selectApplied) // rows carry the error to CollectRows
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && fault.Code == undefinedTable {
		return nil, nil
	}
	return numbers, err
}

// migration is one embedded file.
type migration struct {
	number int64
	name   string
}

// versions lists the files in the order in which they apply.
func versions(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	known := make([]migration, 0, len(names))
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("name of migration %s: %w", name, err)
		}
		known = append(known, migration{number: number, name: name})
	}
	slices.SortFunc(known, func(a, b migration) int { return cmp.Compare(a.number, b.number) })
	return known, nil
}
