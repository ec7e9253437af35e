package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/retailtest"
)

// A plan is kept for as long as nobody analyses the tables, so the one that is made while they are empty must serve when they are large:
// it reads no table, and no index, as a whole.
func TestAPlanMadeForEmptyTablesReadsNothingAsAWhole(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	if _, err := pool.Exec(t.Context(), `VACUUM ANALYZE`); err != nil {
		t.Fatal(err)
	}
	for name, sql := range ledger.KeptPlans() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				for i, line := range planOf(t, tx, sql) {
					if strings.Contains(line, "Seq Scan") || strings.HasSuffix(line, whole) {
						t.Errorf("line %d: %s", i, line)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// whole marks a scan of an index that no condition bounds.
const whole = " reads the whole"

// planOf is the kept plan of a statement, line by line.
func planOf(t *testing.T, tx pgx.Tx, sql string) []string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	parameters := 0
	for strings.Contains(sql, fmt.Sprintf("$%d", parameters+1)) {
		parameters++
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", parameters), ", ")
	for _, step := range []string{ledger.SetPlans, "PREPARE kept AS " + sql} {
		if _, err := tx.Exec(ctx, step, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
	}
	rows, _ := tx.Query(ctx, "EXPLAIN EXECUTE kept ("+nulls+")", pgx.QueryExecModeSimpleProtocol) // rows carry the error on
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "DEALLOCATE kept"); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		if strings.Contains(line, "Index") && strings.Contains(line, "Scan using") && (i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond")) {
			lines[i] += whole
		}
	}
	return lines
}
