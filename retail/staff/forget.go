package staff

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const scrubApprovals = `
UPDATE
	approval
SET
	reason = regexp_replace(reason, @words, @instead, 'gi'),
	request = regexp_replace(request::text, @words, @instead, 'gi')::jsonb
WHERE
	subject = ANY (@subjects::uuid[])
	AND state <> 'waiting'
	AND reason || ' ' || request::text ~* @words`

// ScrubApprovals takes a person out of what was said of decided acts on vouchers and purchases, and counts them. The words are a
// regular expression of PostgreSQL's. What still waits for a second person is left as it was asked.
func ScrubApprovals(ctx context.Context, tx pgx.Tx, subjects []string, words, instead string) (int64, error) {
	tag, err := tx.Exec(ctx, scrubApprovals, pgx.NamedArgs{"subjects": subjects, "words": words, "instead": instead})
	if err != nil {
		return 0, fmt.Errorf("take a person out of approvals: %w", err)
	}
	return tag.RowsAffected(), nil
}
