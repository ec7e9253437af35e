package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/turnover"
)

const readKinds = `
SELECT DISTINCT
	kind,
	class
FROM
	turnover_sum`

// unplaced finds the kinds of line that have no place in the turnover: they are counted as adjusted, so that the books close, until
// somebody gives them one.
func unplaced(ctx context.Context, tx pgx.Tx) (findings []Finding, err error) {
	rows, err := tx.Query(ctx, readKinds)
	if err != nil {
		return nil, fmt.Errorf("verify that every kind of line has its place: %w", err)
	}
	var kind, class string
	_, err = pgx.ForEachRow(rows, []any{&kind, &class}, func() error {
		if _, known := turnover.MoveOf(kind, class); !known {
			findings = append(findings, Finding{"every kind of line has its place in the turnover", kind, "against " + class})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("verify that every kind of line has its place: %w", err)
	}
	return findings, nil
}
