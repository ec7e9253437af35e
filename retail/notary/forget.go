package notary

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Forgets is the action of the line that says which lines were blanked: its detail lists their ids as "lines". A blank line
// that none lists is a broken one.
const Forgets = "erase_data_subject"

// Mentions says which lines of the audit trail tell of a person. Its patterns are regular expressions of PostgreSQL's that ignore
// case.
type Mentions struct {
	Address string   // a line whose detail holds it does, whatever its object
	Names   string   // they count in lines about Objects alone, since others have the same name; "" for none
	Objects []string // what is the person's: vouchers, purchases, deliveries
}

const blankLines = `
UPDATE
	audit
SET
	detail = '{}',
	salt = NULL
WHERE
	salt IS NOT NULL
	AND detail <> '{}'
	AND (
		detail::text ~* @address::text
		OR @names::text <> '' AND object = ANY (@objects::text[]) AND detail::text ~* @names::text
	)
RETURNING
	id`

// Forget blanks the lines that tell of a person, in the transaction that erases everything else, and returns their ids. The
// caller writes the line that lists them ([Forgets]) in the same transaction. It waits for the sealer, since a line is blanked
// only once the chain holds its digest.
func Forget(ctx context.Context, tx pgx.Tx, m Mentions) ([]int64, error) {
	if err := chainAll(ctx, tx); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, blankLines, pgx.NamedArgs{"address": m.Address, "objects": m.Objects, "names": m.Names}) // rows carry the error on
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("blank lines of the audit trail: %w", err)
	}
	return ids, nil
}
