package ledger_test

import (
	"context"
	"errors"
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

// Nor can a plan read all that ever was at a voucher or an account, whatever the planner takes for cheap: a code that was used thousands
// of times is looked up as quickly as any other. So it would do anything else if the index that it should use were not there.
func TestAPlanReadsNoHistory(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	for index, asks := range map[string][]string{
		"reservation_one_live":         {"look up vouchers", "read reservations"},
		"account_reservation_one_each": {"read account reservations"},
		"act_open":                     {"read what is open"},
	} {
		for _, name := range asks {
			err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
				if plan := strings.Join(planOf(t, tx, ledger.KeptPlans()[name]), "\n"); !strings.Contains(plan, index) {
					t.Errorf("%s does not use %s:\n%s", name, index, plan)
				}
				if _, err := tx.Exec(t.Context(), "SET LOCAL enable_seqscan = off; DROP INDEX "+index, pgx.QueryExecModeSimpleProtocol); err != nil {
					return err
				}
				plan := strings.Join(planOf(t, tx, ledger.KeptPlans()[name]), "\n")
				if strings.Contains(plan, "Index Cond: (voucher = ") || strings.Contains(plan, "Index Cond: (account = ") {
					t.Errorf("%s finds its rows another way without %s:\n%s", name, index, plan)
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				t.Fatal(err)
			}
		}
	}
}

// errUndo rolls a transaction back.
var errUndo = errors.New("undo it")

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
