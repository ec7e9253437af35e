// Package keyset turns the pages of lists. A page begins where the one before it ended, at a key and not at a number of rows: so no
// item is missed or told twice while others come and go, and the thousandth page costs what the first does, given an index on what
// the list is sorted by and on the id that settles ties.
//
// It is pure: it writes the end of a query and its parameters, and reads the rows' keys. A cursor carries its list and its sort, so
// that it is of no use to another.
package keyset

import (
	"encoding/base64"
	"errors"
	"strings"
)

// Errors of a page that is asked for.
var (
	// ErrCursor says that a cursor is none of the list it was given to, in the sort it was given with.
	ErrCursor = errors.New("not a cursor of this list")
	// ErrSort says that the list has no such sort.
	ErrSort = errors.New("not a sort of this list")
)

// most is the longest page of a list.
const most = 500

// Page is a stretch of a list.
type Page struct {
	Sort   string // one of the list's, with a minus in front for the other way round; "" for its usual one
	Cursor string // of the page before, in the same sort; "" for the first
	Limit  int    // at most 500, which 0 means too
}

// Key is something to sort by: an expression of SQL that is never NULL, and its type.
type Key struct{ Column, Type string }

// List is what a list can be sorted by.
type List struct {
	Name  string         // in its cursors
	ID    Key            // unique: it settles ties
	By    map[string]Key // by the name of the sort
	Usual string         // the sort that nobody asked for
}

// Turn is a page about to be read.
type Turn struct {
	list, sort string
	by, id     Key
	after      [2]*string // key and id of the last item seen; nil for none
	limit      int
}

// Turn prepares a page. Errors: ErrSort, ErrCursor.
func (l List) Turn(p Page) (Turn, error) {
	t := Turn{list: l.Name, sort: p.Sort, id: l.ID, limit: p.Limit}
	if t.sort == "" {
		t.sort = l.Usual
	}
	if t.limit <= 0 || t.limit > most {
		t.limit = most
	}
	var known bool
	if t.by, known = l.By[strings.TrimPrefix(t.sort, "-")]; !known {
		return Turn{}, ErrSort
	}
	return t.from(p.Cursor)
}

// from begins after the place that a cursor tells.
func (t Turn) from(cursor string) (Turn, error) {
	if cursor == "" {
		return t, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return Turn{}, ErrCursor
	}
	parts := strings.Split(string(text), "\x00")
	if len(parts) != 4 || parts[0] != t.list || parts[1] != t.sort {
		return Turn{}, ErrCursor
	}
	t.after = [2]*string{&parts[2], &parts[3]}
	return t, nil
}

// Column is one more column of the query: the key of each row, as its cursor needs it, by the name sort_key.
func (t Turn) Column() string { return "(" + t.by.Column + ")::text AS sort_key" }

// Clause ends the query, after its last condition.
func (t Turn) Clause() string {
	after, direction := ">", "ASC"
	if strings.HasPrefix(t.sort, "-") {
		after, direction = "<", "DESC"
	}
	return `
	AND (@after_key::text IS NULL OR (` + t.by.Column + `, ` + t.id.Column + `) ` + after + ` (@after_key::text::` + t.by.Type + `, @after_id::text::` + t.id.Type + `))
ORDER BY
	` + t.by.Column + ` ` + direction + `,
	` + t.id.Column + ` ` + direction + `
LIMIT
	@one_more::bigint`
}

// Args adds the parameters of Clause to those of the query.
func (t Turn) Args(args map[string]any) {
	args["after_key"], args["after_id"] = t.after[0], t.after[1]
	args["one_more"] = t.limit + 1
}

// Cut takes the row too many off a page, which tells that another follows, and gives the cursor of that one, "" for none.
func Cut[T any](t Turn, rows []T, place func(T) (key, id string)) (page []T, next string) {
	if len(rows) <= t.limit {
		return rows, ""
	}
	key, id := place(rows[t.limit-1])
	return rows[:t.limit], base64.RawURLEncoding.EncodeToString([]byte(t.list + "\x00" + t.sort + "\x00" + key + "\x00" + id))
}
