package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// watchStatements makes the view of what statements cost.
func watchStatements(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return fmt.Errorf("watch the statements: %w", err)
	}
	return nil
}

const dearest = `
SELECT
	calls,
	round((total_plan_time * 1000 / greatest(calls, 1))::numeric)::bigint AS plan_us,
	round((total_exec_time * 1000 / greatest(calls, 1))::numeric)::bigint AS exec_us,
	round((rows::numeric / greatest(calls, 1)), 1)::text AS rows_each,
	regexp_replace(query, '\s+', ' ', 'g') AS query
FROM pg_stat_statements
JOIN pg_database d ON d.oid = dbid
WHERE datname = current_database()
ORDER BY total_plan_time + total_exec_time DESC
LIMIT 25`

// statement is a line of dearest.
type statement struct {
	Calls, PlanUs, ExecUs int64
	RowsEach, Query       string
}

// statements prints what PostgreSQL spent its time on, the dearest first.
func (s *site) statements(ctx context.Context) error {
	if !s.command.Statements || s.pool == nil {
		return nil
	}
	rows, _ := s.pool.Query(ctx, dearest) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[statement])
	if err != nil {
		return fmt.Errorf("read the statements: %w", err)
	}
	table := tabwriter.NewWriter(s.program.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "calls\tplan µs\texec µs\trows\tstatement")
	for _, f := range found {
		query := strings.TrimSpace(f.Query)
		fmt.Fprintf(table, "%d\t%d\t%d\t%s\t%s\n", f.Calls, f.PlanUs, f.ExecUs, f.RowsEach, query[:min(len(query), 150)])
	}
	return table.Flush()
}
