package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
)

// Wanted is what is wanted of a product in a shop.
type Wanted string

// A product is for sale in a shop, or no longer.
const (
	Published Wanted = "published"
	Withdrawn Wanted = "withdrawn"
)

// Publication is a product in a shop (E03).
type Publication struct {
	ID            string
	Product       string // SKU
	Shop          string
	Wanted        Wanted
	Price         int64 // minor units of PriceCurrency
	PriceCurrency string
	Revision      int        // rises with every wish
	Shown         int        // the last that the shop is known to have
	ShopProduct   string     // the shop's id of it; "" while it is not known
	PublishedAt   *time.Time // since when the shop is known to sell it as it is wanted; nil while it does not
	Error         string     // what the last attempt came to; "" when it came to its end
	AskedAt       time.Time
}

// Pending tells whether the shop is not known to have what is wanted.
func (p Publication) Pending() bool { return p.Shown < p.Revision }

// Asks is the price that buyers are to pay.
func (p Publication) Asks() money.Amount { return money.Of(p.Price, money.Currency(p.PriceCurrency)) }

const publicationColumns = `
	id::text AS id,
	product,
	shop,
	wanted,
	price,
	price_currency,
	revision,
	shown,
	shop_product,
	published_at,
	error,
	asked_at`

const wantPublication = `
INSERT INTO publication (
	id,
	product,
	shop,
	wanted,
	price,
	price_currency,
	revision,
	asked_at
)
VALUES (
	@id::uuid,
	@product,
	@shop,
	@wanted,
	@price,
	@currency,
	1,
	vouchsafe_now()
)
ON CONFLICT (product, shop) DO UPDATE SET
	wanted = EXCLUDED.wanted,
	price = EXCLUDED.price,
	price_currency = EXCLUDED.price_currency,
	revision = publication.revision + 1,
	error = '',
	asked_at = EXCLUDED.asked_at
RETURNING` + publicationColumns

// WantPublication states what is wanted of a product in a shop, whose row it locks. ID is of a new one.
func WantPublication(ctx context.Context, tx outbox.Tx, p Publication) (Publication, error) {
	rows, _ := tx.Query(ctx, wantPublication, pgx.NamedArgs{ // rows carry the error to CollectRows
		"id": p.ID, "product": p.Product, "shop": p.Shop, "wanted": string(p.Wanted), "price": p.Price, "currency": p.PriceCurrency,
	})
	wanted, err := exactlyOne[Publication](rows)
	if err != nil {
		return Publication{}, fmt.Errorf("want product %.100q in shop %.64q: %w", p.Product, p.Shop, err)
	}
	return wanted, nil
}

const readPublications = `
SELECT` + publicationColumns + `
FROM
	publication
WHERE
	product = @product
	AND (@shop = '' OR shop = @shop)
ORDER BY
	shop`

// Publications lists where a product is wanted, by shop.
func (s *Store) Publications(ctx context.Context, sku string) ([]Publication, error) {
	found, err := many[Publication](ctx, s, readPublications, pgx.NamedArgs{"product": sku, "shop": ""})
	if err != nil {
		return nil, fmt.Errorf("list where product %.100q is published: %w", sku, err)
	}
	return found, nil
}

// Publication reads a product in a shop. Error: ErrNotFound.
func (s *Store) Publication(ctx context.Context, sku, shop string) (Publication, error) {
	found, err := one[Publication](ctx, s, readPublications, pgx.NamedArgs{"product": sku, "shop": shop})
	if err != nil {
		return Publication{}, fmt.Errorf("read product %.100q in shop %.64q: %w", sku, shop, err)
	}
	return found, nil
}

const readPublication = `
SELECT` + publicationColumns + `
FROM
	publication
WHERE
	id = @id::uuid`

// PublicationByID reads one. Error: ErrNotFound.
func (s *Store) PublicationByID(ctx context.Context, id string) (Publication, error) {
	found, err := one[Publication](ctx, s, readPublication, pgx.NamedArgs{"id": id})
	if err != nil {
		return Publication{}, fmt.Errorf("read publication %s: %w", id, err)
	}
	return found, nil
}

// Only the row's own revision is written over: a wish that came meanwhile is still to be brought to the shop.
const writeShown = `
UPDATE
	publication
SET
	shown = greatest(shown, @revision),
	shop_product = CASE WHEN @shop_product <> '' THEN @shop_product ELSE shop_product END,
	published_at = CASE WHEN @revision = revision AND wanted = 'published' THEN vouchsafe_now() END,
	error = CASE WHEN @revision = revision THEN '' ELSE error END
WHERE
	id = @id::uuid
	AND revision >= @revision`

// PublicationShown notes that the shop has the publication as it was read.
func (s *Store) PublicationShown(ctx context.Context, p Publication, shopProduct string) error {
	err := s.notes(ctx, writeShown, pgx.NamedArgs{"id": p.ID, "revision": p.Revision, "shop_product": shopProduct})
	if err != nil {
		return fmt.Errorf("note that publication %s is shown: %w", p.ID, err)
	}
	return nil
}

const writeFault = `
UPDATE
	publication
SET
	error = @error
WHERE
	id = @id::uuid
	AND revision = @revision
	AND shown < revision`

// PublicationFailed notes what an attempt to bring the publication, as it was read, to the shop came to.
func (s *Store) PublicationFailed(ctx context.Context, p Publication, reason string) error {
	err := s.notes(ctx, writeFault, pgx.NamedArgs{"id": p.ID, "revision": p.Revision, "error": reason})
	if err != nil {
		return fmt.Errorf("note that publication %s failed: %w", p.ID, err)
	}
	return nil
}

// notes runs a statement of its own.
func (s *Store) notes(ctx context.Context, sql string, args pgx.NamedArgs) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	_, err := s.pool.Exec(ctx, sql, args)
	return err
}
