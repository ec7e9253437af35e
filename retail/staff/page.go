package staff

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	keysMost   = 500 // the longest page
	keysWithin = 2 * time.Second
)

// KeyFilter narrows a list of keys; what is left empty doesn't narrow.
type KeyFilter struct {
	Scope  Scope
	Shop   string
	Live   *bool  // or those that were revoked
	Cursor string // of the page before
	Limit  int    // at most 500, which 0 means too
}

const pageOfKeys = `
SELECT
	id,
	scope,
	coalesce(shop, '') AS shop,
	coalesce(register, '') AS register,
	may_release,
	name,
	created_at,
	last_used_at,
	revoked_at
FROM
	api_key
WHERE
	(@scope::text = '' OR scope = @scope::text)
	AND (@shop::text = '' OR shop = @shop::text)
	AND (@live::boolean IS NULL OR (revoked_at IS NULL) = @live::boolean)
	AND (@seen_at::timestamptz IS NULL OR (created_at, id) > (@seen_at::timestamptz, @seen::text))
ORDER BY
	created_at,
	id
LIMIT
	@limit`

// ErrKeyCursor says that a cursor is none of the list of keys.
var ErrKeyCursor = errors.New("not a cursor of the list of keys")

// Page lists keys, the oldest first. Next is the cursor of the page after this one, empty on the last. Error: ErrKeyCursor.
func (k *Keys) Page(ctx context.Context, f KeyFilter) (page []Key, next string, err error) {
	seenAt, seen, err := keyCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := f.Limit
	if limit <= 0 || limit > keysMost {
		limit = keysMost
	}
	ctx, cancel := context.WithTimeout(ctx, keysWithin)
	defer cancel()
	rows, _ := k.pool.Query(ctx, pageOfKeys, pgx.NamedArgs{ // rows carry the error to CollectRows
		"scope":   string(f.Scope),
		"shop":    f.Shop,
		"live":    f.Live,
		"seen_at": seenAt,
		"seen":    seen,
		"limit":   limit + 1,
	})
	page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Key, error) {
		r, err := pgx.RowToStructByName[keyRow](row)
		return r.key(), err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list keys: %w", err)
	}
	if len(page) <= limit {
		return page, "", nil
	}
	last := page[limit-1]
	return page[:limit], strconv.FormatInt(last.CreatedAt.UnixMicro(), 36) + "." + last.KeyID, nil
}

// keyCursor reads where the page before ended.
func keyCursor(text string) (at *time.Time, id string, err error) {
	if text == "" {
		return nil, "", nil
	}
	micros, id, _ := strings.Cut(text, ".")
	since, err := strconv.ParseInt(micros, 36, 64)
	if err != nil || !lowerHex(id, idBytes) {
		return nil, "", ErrKeyCursor
	}
	t := time.UnixMicro(since)
	return &t, id, nil
}

const selectKey = `
SELECT
	id,
	scope,
	coalesce(shop, '') AS shop,
	coalesce(register, '') AS register,
	may_release,
	name,
	created_at,
	last_used_at,
	revoked_at
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
