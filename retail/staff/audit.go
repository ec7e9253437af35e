package staff

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Entry is one line of the audit trail: who did what to which thing. It bears no code, no secret and no address.
type Entry struct {
	Actor  string // "key 0a1b… (name)", "command line", a person's opaque id
	Action string // "key added"
	Object string // "key 0a1b…", "voucher …"
	Detail any    // what becomes a JSON object; nil is {}
}

const insertAudit = `
INSERT INTO audit (actor, action, object, detail)
VALUES (@actor, @action, @object, @detail)`

// Record writes a line in the transaction of what it tells, so that neither is there without the other. Lines can't
// be changed or deleted.
func Record(ctx context.Context, tx pgx.Tx, e Entry) error {
	detail := []byte("{}")
	if e.Detail != nil {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("audit %s: %w", e.Action, err)
		}
	}
	_, err := tx.Exec(ctx, insertAudit, pgx.NamedArgs{
		"actor":  e.Actor,
		"action": e.Action,
		"object": e.Object,
		"detail": detail,
	})
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

const findRecorded = `
SELECT
	EXISTS (
		SELECT FROM audit
		WHERE
			object = @object
			AND action = @action
			AND detail ->> @member::text = @value::text
	)`

// Recorded tells whether a line says that this was done to a thing, with a member of its detail that has this text.
func Recorded(ctx context.Context, tx pgx.Tx, action, object, member, value string) (bool, error) {
	var found bool
	args := pgx.NamedArgs{"action": action, "object": object, "member": member, "value": value}
	if err := tx.QueryRow(ctx, findRecorded, args).Scan(&found); err != nil {
		return false, fmt.Errorf("look for %s in the audit trail: %w", action, err)
	}
	return found, nil
}
