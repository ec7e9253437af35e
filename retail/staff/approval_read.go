package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	approvalsMost   = 500 // the longest page
	approvalsWithin = 2 * time.Second
)

const selectApproval = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	id = @id::uuid`

// ReadApproval reads an approval by its id. Error: ErrNoApproval.
func ReadApproval(ctx context.Context, pool *pgxpool.Pool, id string) (Approval, error) {
	ctx, cancel := context.WithTimeout(ctx, approvalsWithin)
	defer cancel()
	return oneApproval(pool.Query(ctx, selectApproval, pgx.NamedArgs{"id": id}))
}

const selectLastApproval = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	kind = @kind
	AND key = @key
ORDER BY
	asked_at DESC
LIMIT
	1`

// LastApproval is the latest that was asked for under the name of an act. Error: ErrNoApproval.
func LastApproval(ctx context.Context, tx pgx.Tx, kind, key string) (Approval, error) {
	return oneApproval(tx.Query(ctx, selectLastApproval, pgx.NamedArgs{"kind": kind, "key": key}))
}

// ApprovalFilter narrows a list of approvals; what is left empty doesn't narrow.
type ApprovalFilter struct {
	State  ApprovalState
	Cursor string // of the page before
	Limit  int    // at most 500, which 0 means too
}

const pageOfApprovals = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	(@state::text = '' OR state = @state::text)
	AND (@seen_at::timestamptz IS NULL OR (asked_at, id) < (@seen_at::timestamptz, @seen::uuid))
ORDER BY
	asked_at DESC,
	id DESC
LIMIT
	@limit`

// Approvals lists what waits, or waited, for a second person, the latest first. Next is the cursor of the page after
// this one, empty on the last. Error: ErrCursor.
func Approvals(ctx context.Context, pool *pgxpool.Pool, f ApprovalFilter) (page []Approval, next string, err error) {
	at, seen, err := readCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := f.Limit
	if limit <= 0 || limit > approvalsMost {
		limit = approvalsMost
	}
	ctx, cancel := context.WithTimeout(ctx, approvalsWithin)
	defer cancel()
	rows, _ := pool.Query(ctx, pageOfApprovals, pgx.NamedArgs{ // rows carry the error on
		"state":   string(f.State),
		"seen_at": at,
		"seen":    seen,
		"limit":   limit + 1,
	})
	page, err = pgx.CollectRows(rows, pgx.RowToStructByName[Approval])
	if err != nil {
		return nil, "", fmt.Errorf("list approvals: %w", err)
	}
	if len(page) > limit {
		page = page[:limit]
		next = cursorOf(page[limit-1].AskedAt, page[limit-1].ID)
	}
	return page, next, nil
}
