package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/voucher"
)

// findMovedOn is the first transfer out of an account by an owner since an instant: by index act_of_voucher.
const findMovedOn = `
SELECT
	id::text
FROM
	act
WHERE
	voucher = @account::uuid
	AND at >= @since
	AND kind = 'transfer'
	AND owner = @owner
	AND state = 'done'
ORDER BY
	at,
	id
LIMIT
	1`

// MovedOn is the first transfer by an owner that has taken something out of an account since an instant. Error: voucher.ErrActNotFound.
func (l *Ledger) MovedOn(ctx context.Context, owner, account string, since time.Time) (voucher.Record, error) {
	within, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	var id string
	err := l.pool.QueryRow(within, findMovedOn, pgx.NamedArgs{"owner": owner, "account": account, "since": since}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return voucher.Record{}, voucher.ErrActNotFound
	}
	if err != nil {
		return voucher.Record{}, away("look where something was moved on to", err)
	}
	return l.ByID(ctx, voucher.Transfers, id)
}
