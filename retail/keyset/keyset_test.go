package keyset_test

import (
	"errors"
	"fmt"
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

func TestAPageEndsItsQueryBothWaysRound(t *testing.T) {
	t.Parallel()
	for sort, want := range map[string]string{
		"":      "(made, id) < (@after_key::text::timestamptz, @after_id::text::uuid)) ORDER BY made DESC, id DESC LIMIT",
		"made":  "(made, id) > (@after_key::text::timestamptz, @after_id::text::uuid)) ORDER BY made ASC, id ASC LIMIT",
		"-name": "(name, id) < (@after_key::text::text, @after_id::text::uuid)) ORDER BY name DESC, id DESC LIMIT",
	} {
		if got := strings.Join(strings.Fields(turn(t, keyset.Page{Sort: sort}).Clause()), " "); !strings.Contains(got, want) {
			t.Errorf("%q: %s; want %s", sort, got, want)
		}
	}
}

func TestAPageIsCutWhereTheNextBegins(t *testing.T) {
	t.Parallel()
	rows := []int{1, 2, 3}
	place := func(n int) (string, string) { return fmt.Sprint("key", n), fmt.Sprint("id", n) }
	for limit, more := range map[int]bool{2: true, 3: false, 4: false} {
		first := turn(t, keyset.Page{Limit: limit})
		page, next := keyset.Cut(first, rows, place)
		if (next != "") != more || len(page) != min(limit, 3) {
			t.Errorf("%d: %v and %q", limit, page, next)
		}
		args := map[string]any{}
		turn(t, keyset.Page{Limit: limit, Cursor: next}).Args(args)
		key, id := args["after_key"].(*string), args["after_id"].(*string)
		if more && (*key != "key2" || *id != "id2") || !more && (key != nil || id != nil) || args["one_more"] != limit+1 {
			t.Errorf("%d: the next page has %v", limit, args)
		}
	}
	for _, limit := range []int{0, -1, 501} {
		args := map[string]any{}
		if turn(t, keyset.Page{Limit: limit}).Args(args); args["one_more"] != 501 {
			t.Errorf("a page of %d is one of %v", limit, args["one_more"])
		}
	}
}

// A cursor is good for its own list and sort alone.
func TestAPageThatCanNotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	_, next := keyset.Cut(turn(t, keyset.Page{Limit: 1}), []int{1, 2}, func(int) (string, string) { return "k", "i" })
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
