package orders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Listing is under which id a shop sells a product.
type Listing struct {
	Shop      string
	SKU       string `db:"sku"`
	Reference string
}

// What the shop said last comes first, then what it was given when the product was published there.
const readListings = `
SELECT DISTINCT ON (shop, sku)
	shop,
	sku,
	reference
FROM (
	SELECT
		shop,
		sku,
		reference,
		1 AS place
	FROM
		listing
	UNION ALL
	SELECT
		shop,
		product,
		shop_product,
		2
	FROM
		publication
	WHERE
		shop_product <> ''
) known
ORDER BY
	shop,
	sku,
	place`

// Listings lists under which ids shops sell products, as far as they are known.
func (s *Store) Listings(ctx context.Context) ([]Listing, error) {
	found, err := many[Listing](ctx, s, readListings, nil)
	if err != nil {
		return nil, fmt.Errorf("read what shops call products: %w", err)
	}
	return found, nil
}

const noteListing = `
INSERT INTO listing (
	shop,
	sku,
	reference,
	told_at
)
VALUES (
	@shop,
	@sku,
	@reference,
	vouchsafe_now()
)
ON CONFLICT (shop, sku) DO UPDATE SET
	reference = EXCLUDED.reference,
	told_at = EXCLUDED.told_at`

// NoteListing notes under which id a shop sells a product.
func (s *Store) NoteListing(ctx context.Context, l Listing) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	_, err := s.pool.Exec(ctx, noteListing, pgx.NamedArgs{"shop": l.Shop, "sku": l.SKU, "reference": l.Reference})
	if err != nil {
		return fmt.Errorf("note what shop %s calls product %.100q: %w", l.Shop, l.SKU, err)
	}
	return nil
}
