package orders

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// soughtMost is how many vouchers one order's number can stand for in a search.
const soughtMost = 1000

const vouchersByOrder = `
SELECT
	u.voucher::text
FROM
	purchase p
	JOIN purchase_unit u ON u.purchase = p.id
WHERE
	(p.number = @order OR p.order_id = @order)
	AND u.voucher IS NOT NULL
LIMIT
	@limit`

// VouchersByOrder finds the vouchers that orders of a number or id have issued, in whatever shop (A13).
func (s *Store) VouchersByOrder(ctx context.Context, order string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := s.pool.Query(ctx, vouchersByOrder, pgx.NamedArgs{"order": order, "limit": soughtMost})
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("find the vouchers of an order: %w", err)
	}
	return ids, nil
}

const productsNamed = `
SELECT
	sku
FROM
	product
WHERE
	sku = @text
	OR strpos(lower(name), @name) > 0
ORDER BY
	sku
LIMIT
	@limit`

// ProductsNamed finds the SKUs that a text means: the SKU itself, or products with the text in their name.
func (s *Store) ProductsNamed(ctx context.Context, text string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := s.pool.Query(ctx, productsNamed, pgx.NamedArgs{"text": text, "name": strings.ToLower(text), "limit": pageMost})
	skus, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("find products by name: %w", err)
	}
	return skus, nil
}

// Sold is the order that a voucher was bought in.
type Sold struct {
	Voucher  string
	Purchase string // id
	Shop     string
	Platform string
	URL      string `db:"url"` // of the shop
	Order    string // the shop's key
	Number   string // as people call the order
	Title    string // the line's name at the shop
	Status   string
	Tender   string
	PaidAt   *time.Time
	Placed   *time.Time // when, as the shop says
	Line     string     // of the order
	Unit     int        // of the line: 1, 2, 3 …
	Paid     int64      // for the unit, in minor units of PaidIn
	PaidIn   string
	Buyer    []byte // sealed
}

const soldVouchers = `
SELECT
	u.voucher::text AS voucher,
	p.id::text AS purchase,
	p.shop,
	COALESCE(s.platform, '') AS platform,
	COALESCE(s.url, '') AS url,
	p.order_id AS order,
	p.number,
	u.title,
	p.status,
	p.tender,
	p.paid_at,
	p.created AS placed,
	u.line,
	u.unit,
	u.paid,
	u.paid_currency AS paid_in,
	p.buyer
FROM
	purchase_unit u
	JOIN purchase p ON p.id = u.purchase
	LEFT JOIN shop s ON s.id = p.shop
WHERE
	u.voucher = ANY (@vouchers::uuid[])`

// Sold reads the orders that vouchers were bought in, by voucher; one that no webshop sold is left out.
func (s *Store) Sold(ctx context.Context, vouchers ...string) (map[string]Sold, error) {
	found, err := many[Sold](ctx, s, soldVouchers, pgx.NamedArgs{"vouchers": vouchers})
	if err != nil {
		return nil, fmt.Errorf("read the orders of vouchers: %w", err)
	}
	sold := make(map[string]Sold, len(found))
	for _, f := range found {
		sold[f.Voucher] = f
	}
	return sold, nil
}

const setWishes = `
UPDATE
	purchase_unit
SET
	wishes = @wishes,
	wishes_mac = @mac
WHERE
	id = @unit::uuid
	AND voucher IS NOT NULL`

// SetWishes changes whom an issued unit's voucher is for, by what is sealed and the digest of the address. The caller has locked
// its purchase. Error: ErrNotFound.
func SetWishes(ctx context.Context, tx outbox.Tx, unit string, wishes, mac []byte) error {
	tag, err := tx.Exec(ctx, setWishes, pgx.NamedArgs{"unit": unit, "wishes": wishes, "mac": mac})
	if err == nil && tag.RowsAffected() != 1 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("change the recipient of unit %s: %w", unit, err)
	}
	return nil
}
