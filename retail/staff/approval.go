package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoApproval: nothing that waits, or waited, for approval has this id or name.
var ErrNoApproval = errors.New("there is no such approval")

// ApprovalFor is how long an act waits for a second person.
const ApprovalFor = 7 * 24 * time.Hour

// ApprovalState is what became of an act that needs a second person.
type ApprovalState string

// The states. An act moves once it is approved, and never otherwise.
const (
	Waiting   ApprovalState = "waiting"
	Approved  ApprovalState = "approved"
	Rejected  ApprovalState = "rejected"
	Withdrawn ApprovalState = "withdrawn" // by the office before anybody approved it
	Lapsed    ApprovalState = "expired"   // nobody decided in time
)

// Asked is an act of the office that is to wait for a second person.
type Asked struct {
	ID      string
	Kind    string // of the act
	Key     string // of the act
	Subject string // id of the voucher, or of what else is to change
	Digest  []byte // of the request: what makes a repeat one
	Request json.RawMessage
	Amounts json.RawMessage // what it would move
	Reason  string
	AskedBy string // a person's id
}

// Approval is such an act with what became of it.
type Approval struct {
	Asked
	AskedAt   time.Time
	ExpiresAt time.Time
	State     ApprovalState
	Refusal   string // why it could not be carried out when somebody approved it
	DecidedBy string // a person's id; "" when nobody decided
	DecidedAt *time.Time
	Overdue   bool // it waits in vain: its time is over
}

const approvalColumns = `
	id::text,
	kind,
	key,
	subject::text,
	digest,
	request,
	amounts,
	reason,
	asked_by::text,
	asked_at,
	expires_at,
	state,
	refusal,
	coalesce(decided_by::text, '') AS decided_by,
	decided_at,
	state = 'waiting' AND expires_at <= vouchsafe_now() AS overdue`

const lockName = `SELECT pg_advisory_xact_lock(hashtextextended(@name, 7))`

// LockNames makes transactions of the office that concern the same names follow one another, to their ends. Whoever
// locks several names the narrower one first.
func LockNames(ctx context.Context, tx pgx.Tx, names ...string) error {
	for _, name := range names {
		if _, err := tx.Exec(ctx, lockName, pgx.NamedArgs{"name": name}); err != nil {
			return fmt.Errorf("lock %s: %w", name, err)
		}
	}
	return nil
}

const insertApproval = `
INSERT INTO approval (
	id,
	kind,
	key,
	subject,
	digest,
	request,
	amounts,
	reason,
	asked_by,
	expires_at
)
VALUES (
	@id::uuid,
	@kind,
	@key,
	@subject::uuid,
	@digest,
	@request::jsonb,
	@amounts::jsonb,
	@reason,
	@asked_by::uuid,
	vouchsafe_now() + @lasts::interval
)
RETURNING` + approvalColumns

// Ask stores what is to wait. The caller has its name locked, and found nothing that waits under it.
func Ask(ctx context.Context, tx pgx.Tx, a Asked) (Approval, error) {
	return oneApproval(tx.Query(ctx, insertApproval, pgx.NamedArgs{
		"id":       a.ID,
		"kind":     a.Kind,
		"key":      a.Key,
		"subject":  a.Subject,
		"digest":   a.Digest,
		"request":  a.Request,
		"amounts":  a.Amounts,
		"reason":   a.Reason,
		"asked_by": a.AskedBy,
		"lasts":    ApprovalFor,
	}))
}

// oneApproval reads the one row that is expected.
func oneApproval(rows pgx.Rows, _ error) (Approval, error) { // rows carry the error on
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Approval])
	if errors.Is(err, pgx.ErrNoRows) {
		return Approval{}, ErrNoApproval
	}
	if err != nil {
		return Approval{}, fmt.Errorf("read an approval: %w", err)
	}
	return found, nil
}

const lockWaiting = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	kind = @kind
	AND key = @key
	AND state = 'waiting'
FOR UPDATE`

// WaitingFor locks what waits under the name of an act, which the caller has locked. Error: ErrNoApproval.
func WaitingFor(ctx context.Context, tx pgx.Tx, kind, key string) (Approval, error) {
	return oneApproval(tx.Query(ctx, lockWaiting, pgx.NamedArgs{"kind": kind, "key": key}))
}

const lockApproval = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	id = @id::uuid
FOR UPDATE`

// LockApproval locks an approval by its id. Error: ErrNoApproval.
func LockApproval(ctx context.Context, tx pgx.Tx, id string) (Approval, error) {
	return oneApproval(tx.Query(ctx, lockApproval, pgx.NamedArgs{"id": id}))
}

const endApproval = `
UPDATE
	approval
SET
	state = @state,
	refusal = '',
	decided_by = @by::uuid,
	decided_at = vouchsafe_now()
WHERE
	id = @id::uuid
	AND state = 'waiting'
RETURNING` + approvalColumns

// EndApproval says what became of an approval that the caller has locked waiting. by is the person who decided, "" for
// nobody.
func EndApproval(ctx context.Context, tx pgx.Tx, id string, state ApprovalState, by string) (Approval, error) {
	return oneApproval(tx.Query(ctx, endApproval, pgx.NamedArgs{"id": id, "state": string(state), "by": orNull(by)}))
}

const noteRefusal = `
UPDATE
	approval
SET
	refusal = @refusal
WHERE
	id = @id::uuid
	AND state = 'waiting'`

// NoteRefusal says why an approval that goes on waiting could not be carried out.
func NoteRefusal(ctx context.Context, tx pgx.Tx, id, refusal string) error {
	if _, err := tx.Exec(ctx, noteRefusal, pgx.NamedArgs{"id": id, "refusal": refusal}); err != nil {
		return fmt.Errorf("note why approval %s was refused: %w", id, err)
	}
	return nil
}

const lockOverdue = `
SELECT` + approvalColumns + `
FROM
	approval
WHERE
	state = 'waiting'
	AND expires_at <= vouchsafe_now()
ORDER BY
	expires_at
LIMIT
	100
FOR UPDATE SKIP LOCKED`

// OverdueApprovals locks some of those whose time is over; those that are being decided are left.
func OverdueApprovals(ctx context.Context, tx pgx.Tx) ([]Approval, error) {
	rows, _ := tx.Query(ctx, lockOverdue) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Approval])
	if err != nil {
		return nil, fmt.Errorf("look for overdue approvals: %w", err)
	}
	return found, nil
}
