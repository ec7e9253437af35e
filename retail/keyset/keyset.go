// Package keyset turns the pages of lists. A page begins where the one before it ended, at a key and not at a number of rows: so no
// item is missed or told twice while others come and go, and the thousandth page costs what the first does, given an index on what
// the list is sorted by and on the id that settles ties.
//
// It is pure: it writes the end of a query and its parameters, has its caller run it, and reads the rows' keys. A cursor carries its
// list and its sort, so that it is of no use to another.
package keyset

import (
	"encoding/base64"
	"errors"
	"maps"
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

// InTime is a list that is sorted by one column alone, of instants. The sort bears the column's name; with a minus in front the latest
// usually comes first.
func InTime(name, sort string, id Key) List {
	column := strings.TrimPrefix(sort, "-")
	return List{Name: name, ID: id, By: map[string]Key{column: {Column: column, Type: "timestamptz"}}, Usual: sort}
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

// clause ends the query, after its last condition.
func (t Turn) clause() string {
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

// args are the parameters of clause beside those of the query.
func (t Turn) args(others map[string]any) map[string]any {
	args := map[string]any{"after_key": t.after[0], "after_id": t.after[1], "one_more": t.limit + 1}
	maps.Copy(args, others)
	return args
}

// cursor is that of the page which follows a row.
func (t Turn) cursor(key, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(t.list + "\x00" + t.sort + "\x00" + key + "\x00" + id))
}

// Query is a page about to be read.
type Query struct {
	Turn Turn
	SQL  string         // up to its last condition, that included; among its columns is Turn's
	Args map[string]any // by name
}

// Read reads a page. Run runs a query and collects its rows; place tells a row's key, as the turn's column has it, and its id. Next is the
// cursor of the page after this one, empty on the last. Errors: ErrCursor for a cursor that was made up, or run's.
func Read[T any](q Query, run func(sql string, args map[string]any) ([]T, error), place func(T) (key, id string)) (page []T, next string, err error) {
	rows, err := run(q.SQL+q.Turn.clause(), q.Turn.args(q.Args))
	switch {
	case isMeaningless(err):
		return nil, "", ErrCursor
	case err != nil:
		return nil, "", err
	case len(rows) <= q.Turn.limit:
		return rows, "", nil
	}
	page = rows[:q.Turn.limit] // the row too many tells that another page follows
	key, id := place(page[len(page)-1])
	return page, q.Turn.cursor(key, id), nil
}

// dataException is the class of SQLSTATEs about values that have no meaning.
const dataException = "22"

// isMeaningless tells that a value could not be read as its type: what a cursor holds that nobody was given.
func isMeaningless(err error) bool {
	fault, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	return ok && strings.HasPrefix(fault.SQLState(), dataException)
}
