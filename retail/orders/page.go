package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/purchase"
)

// ErrCursor says that a cursor is none of the list it was given to.
var ErrCursor = keyset.ErrCursor

// Page is a stretch of a list.
type Page = keyset.Page

// paged reads a page of a list. It is planned for these very values, so that a filter which is off costs nothing.
func paged[T any](ctx context.Context, s *Store, q keyset.Query, place func(T) (key, id string)) (page []T, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	return keyset.Read(q, func(sql string, args map[string]any) ([]T, error) {
		rows, _ := s.pool.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		return pgx.CollectRows(rows, pgx.RowToStructByName[T])
	}, place)
}

// Search narrows a list of products or shops; what is left empty doesn't narrow.
type Search struct {
	Page
	Text     string    // within name or SKU, or id, whatever its case
	From, To time.Time // registered at or after, and before
}

func (f Search) args() pgx.NamedArgs {
	return pgx.NamedArgs{"text": f.Text, "from": instantOrNull(f.From), "to": instantOrNull(f.To)}
}

// registered is how a list of what was registered is listed: by the index of its primary key, or by one of created_at.
func registered(name, id string) keyset.List {
	return keyset.List{
		Name: name, ID: keyset.Key{Column: id, Type: "text"}, Usual: id,
		By: map[string]keyset.Key{id: {Column: id, Type: "text"}, "created_at": {Column: "created_at", Type: "timestamptz"}},
	}
}

const pageOfProducts = `
FROM
	product
WHERE
	(@text::text = '' OR strpos(lower(sku), lower(@text::text)) > 0 OR strpos(lower(name), lower(@text::text)) > 0)
	AND (@from::timestamptz IS NULL OR created_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR created_at < @to::timestamptz)`

// listedProduct is a row of the list.
type listedProduct struct {
	productRow
	SortKey string
}

// ProductPage lists products by sku, its usual sort, or created_at. Errors: ErrCursor, keyset.ErrSort.
func (s *Store) ProductPage(ctx context.Context, f Search) (page []purchase.Product, next string, err error) {
	turn, err := registered("products", "sku").Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	sql := `SELECT` + productColumns + `, ` + turn.Column() + pageOfProducts
	found, next, err := paged(ctx, s, keyset.Query{Turn: turn, SQL: sql, Args: f.args()}, func(r listedProduct) (key, id string) { return r.SortKey, r.SKU })
	if err != nil {
		return nil, "", fmt.Errorf("list products: %w", err)
	}
	page = make([]purchase.Product, len(found))
	for i, row := range found {
		page[i] = row.product()
	}
	return page, next, nil
}

const pageOfShops = `
FROM
	shop
WHERE
	(@text::text = '' OR strpos(id, lower(@text::text)) > 0 OR strpos(lower(name), lower(@text::text)) > 0)
	AND (@from::timestamptz IS NULL OR created_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR created_at < @to::timestamptz)`

// listedShop is a row of the list.
type listedShop struct {
	Shop
	SortKey string
}

// ShopPage lists shops by id, its usual sort, or created_at. Errors: ErrCursor, keyset.ErrSort.
func (s *Store) ShopPage(ctx context.Context, f Search) (page []Shop, next string, err error) {
	turn, err := registered("shops", "id").Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	sql := `SELECT` + shopColumns + `, ` + turn.Column() + pageOfShops
	found, next, err := paged(ctx, s, keyset.Query{Turn: turn, SQL: sql, Args: f.args()}, func(r listedShop) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list shops: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Shop)
	}
	return page, next, nil
}
