package staff

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyset"
)

const selectApproval = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	id = @id::uuid`

// ReadApproval reads an approval by its id. Error: ErrNoApproval.
func ReadApproval(ctx context.Context, pool *pgxpool.Pool, id string) (Approval, error) {
	ctx, cancel := context.WithTimeout(ctx, pageWithin)
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
	keyset.Page // by asked_at, the latest first unless asked otherwise
	State       ApprovalState
}

// approvalList is how approvals are listed: by index approval_listed.
func approvalList() keyset.List {
	return keyset.InTime("approvals", "-asked_at", keyset.Key{Column: "id", Type: "uuid"})
}

// listedApproval is a row of the list.
type listedApproval struct {
	Approval
	SortKey string
}

const chosenApprovals = `
FROM
	approval
WHERE
	(@state::text = '' OR state = @state::text)`

// Approvals lists what waits, or waited, for a second person. Next is the cursor of the page after this one, empty on the last. Errors:
// ErrCursor, keyset.ErrSort.
func Approvals(ctx context.Context, pool *pgxpool.Pool, f ApprovalFilter) (page []Approval, next string, err error) {
	turn, err := approvalList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	asked := keyset.Query{
		Turn: turn, SQL: `SELECT` + approvalColumns + `, ` + turn.Column() + chosenApprovals, Args: pgx.NamedArgs{"state": string(f.State)},
	}
	found, next, err := paged(ctx, pool, asked, func(r listedApproval) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list approvals: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Approval)
	}
	return page, next, nil
}
