package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyset"
)

// pageWithin bounds a page of a list.
const pageWithin = 2 * time.Second

// KeyFilter narrows a list of keys; what is left empty doesn't narrow.
type KeyFilter struct {
	Scope  Scope
	Shop   string
	Live   *bool     // or those that were revoked
	Text   string    // within id, name, shop or register, whatever its case
	From   time.Time // made at or after
	To     time.Time // made before
	Sort   string    // created_at, which "" means too, or -created_at
	Cursor string    // of the page before
	Limit  int       // at most 500, which 0 means too
}

const keyColumns = `
	id,
	scope,
	coalesce(shop, '') AS shop,
	coalesce(register, '') AS register,
	may_release,
	name,
	created_at,
	last_used_at,
	revoked_at`

const pageOfKeys = `
FROM
	api_key
WHERE
	(@scope::text = '' OR scope = @scope::text)
	AND (@shop::text = '' OR shop = @shop::text)
	AND (@live::boolean IS NULL OR (revoked_at IS NULL) = @live::boolean)
	AND (@text::text = '' OR strpos(lower(concat_ws(' ', id, name, shop, register)), lower(@text::text)) > 0)
	AND (@from::timestamptz IS NULL OR created_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR created_at < @to::timestamptz)`

// paged reads a page of a list. It is planned for these very values, so that a filter which is off costs nothing.
func paged[T any](ctx context.Context, pool *pgxpool.Pool, q keyset.Query, place func(T) (key, id string)) (page []T, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageWithin)
	defer cancel()
	return keyset.Read(q, func(sql string, args map[string]any) ([]T, error) {
		rows, _ := pool.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		return pgx.CollectRows(rows, pgx.RowToStructByName[T])
	}, place)
}

// keyList is how keys are listed: by index api_key_listed.
func keyList() keyset.List {
	return keyset.InTime("keys", "created_at", keyset.Key{Column: "id", Type: "text"})
}

// listedKey is a row of the list.
type listedKey struct {
	keyRow
	SortKey string
}

// Page lists keys, the oldest first unless asked otherwise. Next is the cursor of the page after this one, empty on the last. Errors:
// ErrCursor, keyset.ErrSort.
func (k *Keys) Page(ctx context.Context, f KeyFilter) (page []Key, next string, err error) {
	turn, err := keyList().Turn(keyset.Page{Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit})
	if err != nil {
		return nil, "", err
	}
	asked := keyset.Query{Turn: turn, SQL: `SELECT` + keyColumns + `, ` + turn.Column() + pageOfKeys, Args: pgx.NamedArgs{
		"scope": string(f.Scope),
		"shop":  f.Shop,
		"live":  f.Live,
		"text":  f.Text,
		"from":  timeOrNull(f.From),
		"to":    timeOrNull(f.To),
	}}
	found, next, err := paged(ctx, k.pool, asked, func(r listedKey) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list keys: %w", err)
	}
	for _, row := range found {
		page = append(page, row.key())
	}
	return page, next, nil
}

const selectKey = `
SELECT` + keyColumns + `
FROM
	api_key
WHERE
	id = @id`

// Key reads what is known of a key, be it live or not. ErrNoKey if none bears the id.
func (k *Keys) Key(ctx context.Context, id string) (Key, error) {
	rows, _ := k.pool.Query(ctx, selectKey, pgx.NamedArgs{"id": id}) // rows carry the error to CollectRows
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[keyRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return Key{}, ErrNoKey
	}
	if err != nil {
		return Key{}, fmt.Errorf("read key %.64q: %w", id, err)
	}
	return row.key(), nil
}

// ValidName tells whether a register or a key may be called so: one printable line of at most 64 bytes, without spaces around it,
// or nothing.
func ValidName(name string) bool { return validName(name) }
