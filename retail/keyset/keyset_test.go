package keyset_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"vouchsafe/retail/keyset"
)

func list() keyset.List {
	return keyset.List{
		Name: "things", ID: keyset.Key{Column: "id", Type: "uuid"}, Usual: "-made",
		By: map[string]keyset.Key{"made": {Column: "made", Type: "timestamptz"}, "name": {Column: "name", Type: "text"}},
	}
}

func turn(t *testing.T, p keyset.Page) keyset.Turn {
	t.Helper()
	turned, err := list().Turn(p)
	if err != nil {
		t.Fatal(err)
	}
	return turned
}

// asked is what a page made of its query, and what came of it.
type asked struct {
	sql  string
	args map[string]any
	page []int
	next string
}

// reads reads a page of a list that has these rows left.
func reads(t *testing.T, p keyset.Page, left ...int) (a asked) {
	t.Helper()
	run := func(sql string, args map[string]any) ([]int, error) {
		a.sql, a.args = sql, args
		return left, nil
	}
	place := func(n int) (key, id string) { return fmt.Sprint("key", n), fmt.Sprint("id", n) }
	var err error
	a.page, a.next, err = keyset.Read(keyset.Query{Turn: turn(t, p), SQL: "SELECT", Args: map[string]any{"shop": "demo"}}, run, place)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAPageEndsItsQueryBothWaysRound(t *testing.T) {
	t.Parallel()
	for sort, want := range map[string]string{
		"":      "(made, id) < (@after_key::text::timestamptz, @after_id::text::uuid)) ORDER BY made DESC, id DESC LIMIT",
		"made":  "(made, id) > (@after_key::text::timestamptz, @after_id::text::uuid)) ORDER BY made ASC, id ASC LIMIT",
		"-name": "(name, id) < (@after_key::text::text, @after_id::text::uuid)) ORDER BY name DESC, id DESC LIMIT",
	} {
		if got := strings.Join(strings.Fields(reads(t, keyset.Page{Sort: sort}).sql), " "); !strings.Contains(got, want) {
			t.Errorf("%q: %s; want %s", sort, got, want)
		}
	}
}

func TestAPageIsCutWhereTheNextBegins(t *testing.T) {
	t.Parallel()
	for limit, more := range map[int]bool{2: true, 3: false, 4: false} {
		first := reads(t, keyset.Page{Limit: limit}, 1, 2, 3)
		if (first.next != "") != more || len(first.page) != min(limit, 3) || first.args["shop"] != "demo" {
			t.Errorf("%d: %+v", limit, first)
		}
		args := reads(t, keyset.Page{Limit: limit, Cursor: first.next}).args
		key, id := args["after_key"].(*string), args["after_id"].(*string)
		if more && (*key != "key2" || *id != "id2") || !more && (key != nil || id != nil) || args["one_more"] != limit+1 {
			t.Errorf("%d: the next page has %v", limit, args)
		}
	}
	for _, limit := range []int{0, -1, 501} {
		if got := reads(t, keyset.Page{Limit: limit}).args["one_more"]; got != 501 {
			t.Errorf("a page of %d is one of %v", limit, got)
		}
	}
}

// sqlError is a fault as PostgreSQL tells it.
type sqlError string

func (e sqlError) Error() string    { return "ERROR " + string(e) }
func (e sqlError) SQLState() string { return string(e) }

// A cursor that was made up may hold what is no key at all; nothing else that goes wrong is the cursor's fault.
func TestACursorThatHoldsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	for fault, want := range map[error]error{sqlError("22007"): keyset.ErrCursor, sqlError("57014"): sqlError("57014"), io.EOF: io.EOF} {
		run := func(string, map[string]any) ([]int, error) { return nil, fmt.Errorf("run: %w", fault) }
		_, _, err := keyset.Read(keyset.Query{Turn: turn(t, keyset.Page{})}, run, nil)
		if !errors.Is(err, want) || errors.Is(err, keyset.ErrCursor) != (want == keyset.ErrCursor) {
			t.Errorf("%v: %v, want %v", fault, err, want)
		}
	}
}

// A cursor is good for its own list and sort alone.
func TestAPageThatCanNotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	next := reads(t, keyset.Page{Limit: 1}, 1, 2).next
	other := list()
	other.Name = "others"
	if _, err := other.Turn(keyset.Page{Cursor: next}); !errors.Is(err, keyset.ErrCursor) {
		t.Errorf("another list: %v", err)
	}
	for _, p := range []keyset.Page{{Sort: "made", Cursor: next}, {Sort: "name", Cursor: next}, {Cursor: "x"}, {Cursor: next + "="}, {Cursor: "dGhpbmdzAA"}} {
		if _, err := list().Turn(p); !errors.Is(err, keyset.ErrCursor) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for _, sort := range []string{"id", "--made", "made;", "-"} {
		if _, err := list().Turn(keyset.Page{Sort: sort}); !errors.Is(err, keyset.ErrSort) {
			t.Errorf("%q: %v", sort, err)
		}
	}
}
