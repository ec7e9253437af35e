package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Expiring is a sold voucher whose last day is near, and about which nobody was written to in this term.
type Expiring struct {
	Voucher   string // id
	Purchase  string // id
	Shop      string
	Owner     string // id of the customer who bought it for himself and whose address is known; "" for nobody
	ExpiresOn string // YYYY-MM-DD
	Term      int    // number of the last day, which names the term
	Days      int    // before the last day, for which the shop asks to remind
}

const findExpiring = `
WITH today AS (
	SELECT
		vouchsafe_now()::date AS day,
		greatest(@usual::integer, (SELECT max(remind_days) FROM shop)) AS most
)
SELECT
	v.id::text AS voucher,
	p.id::text AS purchase,
	p.shop,
	COALESCE(c.id::text, '') AS owner,
	v.expires_on::text AS expires_on,
	v.expires_on - DATE '1970-01-01' AS term,
	COALESCE(s.remind_days, @usual::integer) AS days
FROM
	voucher v
	JOIN purchase_unit u ON u.id = v.unit
	JOIN purchase p ON p.id = u.purchase
	JOIN shop s ON s.id = p.shop
	LEFT JOIN voucher_owner o ON o.voucher = v.id
	LEFT JOIN customer was ON was.id = o.customer
	LEFT JOIN customer c ON c.id = COALESCE(was.merged_into, was.id) AND c.email IS NOT NULL
WHERE
	v.unit IS NOT NULL
	AND v.expires_on IS NOT NULL
	AND v.expires_on BETWEEN (SELECT day - 1 FROM today) AND (SELECT day + most + 1 FROM today)
	AND v.expires_on <= (SELECT day FROM today) + COALESCE(s.remind_days, @usual::integer) + 1
	AND COALESCE(s.remind_days, @usual::integer) > 0
	AND v.state = 'active'
	AND v.balance > 0
	AND NOT v.blocked_order
	AND NOT v.blocked_office
	AND NOT v.quarantined
	AND (v.refund_waits IN (0, v.balance)) IS NOT TRUE
	AND (p.buyer IS NOT NULL OR c.id IS NOT NULL)
	AND (v.expires_on, v.id) > (@after_day::text::date, @after::text::uuid)
	AND NOT EXISTS (
		SELECT
		FROM
			delivery d
		WHERE
			d.subject = v.id::text
			AND d.kind = 'reminder'
			AND d.seq = v.expires_on - DATE '1970-01-01'
	)
ORDER BY
	v.expires_on,
	v.id
LIMIT
	@most`

// expiringMost is how many are found at once.
const expiringMost = 500

// FindExpiring finds sold vouchers whose last day is near, so many days ahead as their shop asks for or, where it has not said, as is
// usual here; some at a time, those after another. Fewer than 500 are the last.
func FindExpiring(ctx context.Context, pool *pgxpool.Pool, usual int, after Expiring) (found []Expiring, more bool, err error) {
	if after.Voucher == "" {
		after.Voucher, after.ExpiresOn = "00000000-0000-0000-0000-000000000000", "0001-01-01"
	}
	rows, _ := pool.Query(ctx, findExpiring, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{ // rows carry the error to CollectRows
		"usual": usual, "after": after.Voucher, "after_day": after.ExpiresOn, "most": expiringMost,
	})
	found, err = pgx.CollectRows(rows, pgx.RowToStructByName[Expiring])
	if err != nil {
		return nil, false, fmt.Errorf("find vouchers that expire soon: %w", err)
	}
	return found, len(found) == expiringMost, nil
}
