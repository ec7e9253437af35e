package admin_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"vouchsafe/retail/purchase"
)

// sorted is a list of the office: what names an item, its sorts, and the one that is a time.
type sorted struct {
	list, name string
	sorts      []string // the usual one first
	query      []string
}

// lists are all of the office's, beside that of vouchers.
func lists() []sorted {
	return []sorted{
		{"reservations", "reservation", []string{"held_until"}, nil},
		{"reservations", "voucher", []string{"-issued_at", "balance", "expires_on"}, []string{"filter", "rest"}},
		{"purchases", "id", []string{"-received_at"}, nil},
		{"deliveries", "id", []string{"-created_at"}, nil},
		{"tasks", "id", []string{"opened_at"}, nil},
		{"products", "sku", []string{"sku", "created_at"}, nil},
		{"shops", "id", []string{"id", "created_at"}, nil},
		{"keys", "id", []string{"created_at"}, nil},
		{"audit", "id", []string{"-at"}, nil},
		{"batches", "key", []string{"-created_at"}, nil},
	}
}

// fills puts into every list at least three items.
func (h *house) fills() {
	h.t.Helper()
	for i := range 3 {
		cards := h.sells(order(strconv.Itoa(1040+i), 0))
		h.till.redeems(fmt.Sprint("t:", i), cards[0], 1_00)
		h.shop.reserves(fmt.Sprint("w:", i), cards[0], fmt.Sprint("cart-", i), 1_00)
		h.tells(order(strconv.Itoa(1050+i), 0, func(o *purchase.Order) { o.Tender = "cod" }))
		h.office.prints(fmt.Sprint("batch-", i), "CARD-500", 1)
		h.office.asks("POST", "/v1/admin/shops", members(says("id", fmt.Sprint("shop-", i)), says("platform", "standard"),
			says("secret", standardSecret)))
		h.office.asks("POST", "/v1/admin/products", members(says("sku", fmt.Sprint("SKU-", i)), says("name", "Card"), says("kind", "money"), pays("amount", 100)))
		h.office.asks("POST", "/v1/admin/keys", members(says("scope", "till"), says("register", fmt.Sprint("kasse-", i))))
	}
}

// walked goes through a list in pages of two and names its items.
func (c *caller) walked(l sorted, query ...string) (names []string) {
	c.h.t.Helper()
	query = append(append([]string{"limit", "2"}, l.query...), query...)
	for cursor, pages := "", 0; pages < 50; pages++ {
		got := c.asks("GET", "/v1/admin/"+l.list+queryOf(append(query, "cursor", cursor)...), "").has(200, `{}`)
		for _, item := range got.fields()["items"].([]any) {
			names = append(names, nameOf(item.(map[string]any)[l.name]))
		}
		if cursor = got.next(); cursor == "" {
			return names
		}
	}
	c.h.t.Fatalf("the list of %s does not end", l.list)
	return nil
}

// nameOf is a name, or the id of an object.
func nameOf(value any) string {
	if object, ok := value.(map[string]any); ok {
		value = object["id"]
	}
	return fmt.Sprint(value)
}

// Every list has its sorts, both ways round, in which each item comes once however short the pages; its usual sort is one of them.
func TestEveryListIsSorted(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.fills()
	for _, l := range lists() {
		usual := h.office.walked(l)
		if whole := slices.Compact(slices.Sorted(slices.Values(usual))); len(usual) < 3 || len(whole) != len(usual) {
			t.Errorf("%s: %d items, %d different ones", l.list, len(usual), len(whole))
		}
		if got := h.office.walked(l, "sort", l.sorts[0]); !slices.Equal(got, usual) {
			t.Errorf("%s by %s: %v; unasked %v", l.list, l.sorts[0], got, usual)
		}
		for _, sort := range l.sorts {
			one, other := h.office.walked(l, "sort", sort), h.office.walked(l, "sort", turned(sort))
			if slices.Reverse(other); len(one) != len(usual) || !slices.Equal(one, other) {
				t.Errorf("%s by %s: %v; the other way round %v", l.list, sort, one, other)
			}
		}
	}
}

// turned is a sort the other way round.
func turned(sort string) string {
	if sort[0] == '-' {
		return sort[1:]
	}
	return "-" + sort
}

// Every list goes by its natural time, finds texts where it has any, and names what can't be meant.
func TestEveryListIsSearchedAndBounded(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.fills()
	for _, l := range lists() {
		all := len(h.office.walked(l))
		if n := len(h.office.walked(l, "from", "2020-01-01")); n != all {
			t.Errorf("%s from long ago: %d of %d", l.list, n, all)
		}
		for _, bound := range [][]string{{"to", "2020-01-01"}, {"from", "2999-01-01"}, {"q", "no such thing anywhere"}} {
			if n := len(h.office.walked(l, bound...)); n != 0 {
				t.Errorf("%s %v: %d", l.list, bound, n)
			}
		}
		for _, wrong := range []string{"code", "-", "id;", l.sorts[0] + " "} {
			h.office.asks("GET", "/v1/admin/"+l.list+queryOf(append(l.query, "sort", wrong)...), "").refuses(400, "invalid_request", says("field", "sort"))
		}
		for _, name := range []string{"from", "to"} {
			h.office.asks("GET", "/v1/admin/"+l.list+queryOf(append(l.query, name, "x")...), "").refuses(400, "invalid_request", says("field", name))
		}
	}
	for _, tt := range []struct {
		list sorted
		q    string
		want int
	}{
		{lists()[0], "w:1", 1}, {lists()[0], "CART-2", 1}, {lists()[0], "shop:demo", 3}, {lists()[1], "1041", 1}, {lists()[2], "1041", 1},
		{lists()[4], "purchase_waiting", 3}, {lists()[5], "sku-1", 1}, {lists()[6], "SHOP-1", 1}, {lists()[7], "KASSE-1", 1}, {lists()[9], "batch-1", 1},
	} {
		if n := len(h.office.walked(tt.list, "q", tt.q)); n != tt.want {
			t.Errorf("%s with %q: %d; want %d", tt.list.list, tt.q, n, tt.want)
		}
	}
}

// Lists of what has a state are narrowed by it; an unknown one is refused, as it is of what has none.
func TestListsAreNarrowedByState(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, n := range []string{"1", "2"} {
		file := says("csv", "kode;saldo;valuta\nGAVE-2019-000"+n+";5;DKK\n")
		h.office.asks("PUT", "/v1/admin/imports/file:"+n, members(file, because)).has(201, "{}")
	}
	h.office.asks("POST", "/v1/admin/imports/file:1/take-back", members(because)).has(200, "{}")
	h.office.lists("/v1/admin/imports", "key", "file:2", "state", "standing")
	h.office.lists("/v1/admin/imports", "key", "file:1", "state", "taken_back")
	h.office.lists("/v1/admin/imports", "key", "file:1 file:2", "sort", "imported_at")

	h.twins()
	h.merges("old", "new").has(200, "{}")
	h.office.lists("/v1/admin/customers", "customer", "new", "state", "active")
	h.office.lists("/v1/admin/customers", "customer", "old", "state", "merged")

	h.invites("Anna", "manager")
	gone := h.invites("Bo", "clerk")
	h.runs(`UPDATE person SET disabled_at = vouchsafe_now() WHERE id = $1`, gone.id)
	h.office.lists("/v1/admin/people", "name", "Anna", "state", "invited")
	h.office.lists("/v1/admin/people", "name", "Bo", "state", "disabled")
	h.office.lists("/v1/admin/people", "name", "", "state", "active")
	h.office.lists("/v1/admin/people", "name", "Bo Anna", "sort", "-created_at")
	for _, list := range []string{"imports", "customers", "people", "products", "shops"} {
		h.office.asks("GET", "/v1/admin/"+list+"?state=nonsense", "").refuses(400, "invalid_request", `"field":"state"`)
	}
}
