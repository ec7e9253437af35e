package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Balance is what a voucher holds now, in minor units.
type Balance struct {
	ID       string
	State    string // as people are shown it: expired where the validity is over
	Currency string
	Balance  int64
	Reserved int64
	Version  int64
}

// BalanceFilter chooses vouchers; what is left empty doesn't narrow.
type BalanceFilter struct {
	Shop    string
	Product string
	After   string // id of the last one of the page before
	Most    int
}

// readBalances goes by the primary key, so that each page costs what the first does.
const readBalances = `
SELECT
	v.id::text AS id,
	CASE WHEN v.state IN ('issued', 'active') AND v.ends_at <= clock.at THEN 'expired' ELSE v.state END AS state,
	v.currency,
	v.balance,
	coalesce(r.amount, 0) AS reserved,
	v.version
FROM
	(SELECT vouchsafe_now() AS at) clock
	CROSS JOIN voucher v
	LEFT JOIN reservation r ON r.voucher = v.id AND r.state = 'active' AND r.expires_at > clock.at
WHERE
	(@after::text = '' OR v.id > nullif(@after::text, '')::uuid)
	AND (@shop::text = '' OR v.shop = @shop::text)
	AND (@product::text = '' OR v.product = @product::text)
ORDER BY
	v.id
LIMIT
	@most`

// Balances reads what vouchers hold now, in the order of their ids.
func Balances(ctx context.Context, pool *pgxpool.Pool, f BalanceFilter) ([]Balance, error) {
	rows, _ := pool.Query(ctx, readBalances, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{ // rows carry the error to CollectRows
		"after": f.After, "shop": f.Shop, "product": f.Product, "most": f.Most,
	})
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Balance])
	if err != nil {
		return nil, fmt.Errorf("read balances: %w", err)
	}
	return found, nil
}
