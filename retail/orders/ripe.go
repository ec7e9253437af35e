package orders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/purchase"
)

// Refunds may wait for a person though nothing is in their way any more: what was reserved is free, what was spent has come back, or a
// person has ended the voucher. Index purchase_refund_open has them. Where a person has closed the matter, only the shop's word opens it again.
const findRipe = `
SELECT DISTINCT
	p.shop,
	p.order_id AS order
FROM
	purchase_refund r
	JOIN purchase p ON p.id = r.purchase
	JOIN purchase_unit u ON u.purchase = r.purchase
	JOIN voucher v ON v.id = u.voucher
WHERE
	NOT r.settled
	AND r.problem NOT IN ('withdrawn', 'undone', 'told_less')
	AND u.state = 'issued'
	AND (p.shop, p.order_id) > (@shop, @order)
	AND (
		v.state = 'invalidated'
		OR r.problem = 'in_use'
		AND v.state IN ('issued', 'active')
		AND v.balance = u.value
		AND EXISTS (
			SELECT FROM task t
			WHERE t.kind = @kind AND t.subject = p.id::text || '/' || left(r.refund, 200) AND t.closed_at IS NULL
		)
		AND NOT EXISTS (
			SELECT FROM reservation h WHERE h.voucher = v.id AND h.state = 'active' AND h.expires_at > (SELECT vouchsafe_now())
		)
	)
ORDER BY
	p.shop,
	p.order_id
LIMIT
	@limit`

// ripeMost is how many orders are read at once.
const ripeMost = 200

// Ripe lists orders after one in the order of their keys, with a refund that waits and may be settled now; the last page is empty.
func (s *Store) Ripe(ctx context.Context, after Key) ([]Key, error) {
	found, err := many[Key](ctx, s, findRipe, pgx.NamedArgs{"shop": after.Shop, "order": after.Order, "limit": ripeMost, "kind": purchase.RefundToSettle})
	if err != nil {
		return nil, fmt.Errorf("look for refunds that can be settled: %w", err)
	}
	return found, nil
}
