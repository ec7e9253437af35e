package orders

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/purchase"
)

// ErrCursor says that a cursor is none of the list it was given to.
var ErrCursor = errors.New("not a cursor of this list")

// dataException is the class of SQLSTATEs about values that have no meaning: what a forged cursor holds.
const dataException = "22"

// cursorOf writes where a page ended, for a caller to hand back. The list's name keeps it from being used for another.
func cursorOf(list string, place ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(append([]string{list}, place...), "\x00")))
}

// placeOf reads a cursor of a list whose places have so many parts; nil for the first page.
func placeOf(cursor, list string, parts int) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, ErrCursor
	}
	place := strings.Split(string(text), "\x00")
	if len(place) != parts+1 || place[0] != list {
		return nil, ErrCursor
	}
	return place[1:], nil
}

// part is a part of a place, NULL for the first page.
func part(place []string, i int) *string {
	if place == nil {
		return nil
	}
	return &place[i]
}

// instantOf is the part of a place that is an instant in microseconds, NULL for the first page.
func instantOf(place []string, i int) (*time.Time, error) {
	if place == nil {
		return nil, nil
	}
	micros, err := strconv.ParseInt(place[i], 10, 64)
	if err != nil {
		return nil, ErrCursor
	}
	at := time.UnixMicro(micros)
	return &at, nil
}

// most is how many rows a page has at most.
func most(limit int) int {
	if limit <= 0 || limit > pageMost {
		return pageMost
	}
	return limit
}

// paged reads one row more than the page has, which tells that another page follows, and gives the cursor of that one. It is
// planned for these very values, so that a filter which is off costs nothing.
func paged[T any](ctx context.Context, s *Store, sql string, args pgx.NamedArgs, cursor func(T) string) (page []T, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	limit, _ := args["limit"].(int)
	args["limit"] = limit + 1
	rows, _ := s.pool.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, args) // rows carry the error to CollectRows
	page, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(fault.Code, dataException) {
		return nil, "", ErrCursor
	}
	if err != nil || len(page) <= limit {
		return page, "", err
	}
	return page[:limit], cursor(page[limit-1]), nil
}

const pageOfProducts = `
SELECT` + productColumns + `
FROM
	product
WHERE
	(@after::text IS NULL OR sku > @after::text)
	AND (@text::text = '' OR strpos(lower(sku), lower(@text::text)) > 0 OR strpos(lower(name), lower(@text::text)) > 0)
ORDER BY
	sku
LIMIT
	@limit`

// listOfProducts is the name of the list in its cursors.
const listOfProducts = "products"

// ProductPage lists products by SKU, those with a text in SKU or name, a page at a time. Error: ErrCursor.
func (s *Store) ProductPage(ctx context.Context, text string, p Page) (page []purchase.Product, next string, err error) {
	place, err := placeOf(p.Cursor, listOfProducts, 1)
	if err != nil {
		return nil, "", err
	}
	args := pgx.NamedArgs{"after": part(place, 0), "text": text, "limit": most(p.Limit)}
	found, next, err := paged(ctx, s, pageOfProducts, args, func(r productRow) string { return cursorOf(listOfProducts, r.SKU) })
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
SELECT` + shopColumns + `
FROM
	shop
WHERE
	(@after::text IS NULL OR id > @after::text)
	AND (@text::text = '' OR strpos(id, lower(@text::text)) > 0 OR strpos(lower(name), lower(@text::text)) > 0)
ORDER BY
	id
LIMIT
	@limit`

// listOfShops is the name of the list in its cursors.
const listOfShops = "shops"

// ShopPage lists shops by id, those with a text in id or name, a page at a time. Error: ErrCursor.
func (s *Store) ShopPage(ctx context.Context, text string, p Page) (page []Shop, next string, err error) {
	place, err := placeOf(p.Cursor, listOfShops, 1)
	if err != nil {
		return nil, "", err
	}
	args := pgx.NamedArgs{"after": part(place, 0), "text": text, "limit": most(p.Limit)}
	page, next, err = paged(ctx, s, pageOfShops, args, func(shop Shop) string { return cursorOf(listOfShops, shop.ID) })
	if err != nil {
		return nil, "", fmt.Errorf("list shops: %w", err)
	}
	return page, next, nil
}

// Page is a stretch of a list.
type Page struct {
	Cursor string // of the page before; "" for the first
	Limit  int    // at most 500, which 0 means too
}
