package ledger

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrCursor says that a cursor is none of the list it was given to.
var ErrCursor = errors.New("not a cursor of this list")

// pageMost is the longest page of a list.
const pageMost = 500

// Page is a stretch of a list.
type Page struct {
	Cursor string // of the page before; "" for the first
	Limit  int    // at most 500, which 0 means too
}

// most is how many rows the page has at most.
func (p Page) most() int {
	if p.Limit <= 0 || p.Limit > pageMost {
		return pageMost
	}
	return p.Limit
}

// place is where a page ended: the list, the key that it is sorted by, and the id that settles ties.
type place struct{ list, key, id string }

// cursor writes the place for a caller to hand back.
func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.list + "\x00" + p.key + "\x00" + p.id))
}

// placeOf reads a cursor of a list; nil columns for the first page.
func placeOf(cursor, list string) (key, id *string, err error) {
	if cursor == "" {
		return nil, nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, nil, ErrCursor
	}
	parts := strings.Split(string(text), "\x00")
	if len(parts) != 3 || parts[0] != list {
		return nil, nil, ErrCursor
	}
	return &parts[1], &parts[2], nil
}

// dataException is the class of SQLSTATEs about values that have no meaning: what a forged cursor holds.
const dataException = "22"

// listFault tells a cursor that nobody was given from a fault of the store.
func listFault(doing string, err error) error {
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(fault.Code, dataException) {
		return ErrCursor
	}
	return away(doing, err)
}

// cut takes the row too many off a page, which tells that another follows, and gives its cursor.
func cut[T any](rows []T, limit int, at func(T) place) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], at(rows[limit-1]).cursor()
}
