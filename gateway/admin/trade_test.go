package admin_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vouchsafe/retail/purchase"
)

// tender is how an order was paid.
func tender(name string) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Tender = name }
}

// trades is a summary of what the calls about trade write: equal before and after, nothing was changed.
func (h *house) trades() string {
	h.t.Helper()
	return h.books() + h.reads(`SELECT concat_ws(' ',
		(SELECT md5(coalesce(string_agg(p::text, ',' ORDER BY p.id), '')) FROM purchase p),
		(SELECT md5(coalesce(string_agg(u::text, ',' ORDER BY u.id), '')) FROM purchase_unit u),
		(SELECT md5(coalesce(string_agg(k::text, ',' ORDER BY k.id), '')) FROM task k),
		(SELECT md5(coalesce(string_agg(p::text, ',' ORDER BY p.sku), '')) FROM product p),
		(SELECT md5(coalesce(string_agg(s::text, ',' ORDER BY s.id), '')) FROM shop s),
		(SELECT md5(coalesce(string_agg(k::text, ',' ORDER BY k.id), '')) FROM api_key k))`)
}

// untouched runs what must change nothing.
func (h *house) untouched(what string, run func()) {
	h.t.Helper()
	before := h.trades()
	run()
	if h.trades() != before {
		h.t.Errorf("%s changed something", what)
	}
}

// purchaseOf is the id of the purchase of an order, by its number.
func (h *house) purchaseOf(number string) string {
	h.t.Helper()
	return h.reads(`SELECT id::text FROM purchase WHERE number = $1`, number)
}

// deliveryOf is the id of the newest delivery of a card's code.
func (h *house) deliveryOf(c card) string {
	h.t.Helper()
	return h.reads(`SELECT id::text FROM delivery WHERE subject = $1 ORDER BY created_at DESC, id DESC LIMIT 1`, c.id)
}

// noted is what the audit trail says of a thing, "action detail" each, the earliest first.
func (h *house) noted(object string) string {
	h.t.Helper()
	return h.audited(card{id: object})
}

// openTasks are the open tasks, "kind reason" each, the oldest first.
func (h *house) openTasks() string {
	h.t.Helper()
	return h.reads(`SELECT coalesce(string_agg(kind || ' ' || reason, E'\n' ORDER BY id), '') FROM task WHERE closed_at IS NULL`)
}

// items are the named members of all items of a list, page by page.
func (c *caller) items(path, member string, query ...string) []string {
	c.h.t.Helper()
	var found []string
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	for {
		var page struct {
			Items []map[string]any `json:"items"`
			Next  *string          `json:"next_cursor"`
		}
		got := c.asks("GET", path+"?"+values.Encode(), "")
		if err := json.Unmarshal([]byte(got.text), &page); err != nil || got.status != 200 {
			c.h.t.Fatalf("%s: %d %s", got.asked, got.status, got.text)
		}
		if most, err := strconv.Atoi(values.Get("limit")); err == nil && len(page.Items) > most {
			c.h.t.Errorf("%s: a page of %d", got.asked, len(page.Items))
		}
		for _, item := range page.Items {
			text, _ := item[member].(string)
			found = append(found, text)
		}
		if page.Next == nil {
			return found
		}
		values.Set("cursor", *page.Next)
	}
}

// lists checks a member of all items of a list, in their order.
func (c *caller) lists(path, member, want string, query ...string) {
	c.h.t.Helper()
	if got := strings.Join(c.items(path, member, query...), " "); got != want {
		c.h.t.Errorf("%s %q: got %q, want %q", path, query, got, want)
	}
}

// tradeRoutes are the routes of this part, with a body that each would take.
func tradeRoutes() map[string]string {
	reason := members(because)
	return map[string]string{
		"GET /v1/admin/purchases":                "",
		"GET /v1/admin/purchases/{id}":           "",
		"POST /v1/admin/purchases/{id}/activate": reason,
		"POST /v1/admin/purchases/{id}/dismiss":  reason,
		"GET /v1/admin/deliveries":               "",
		"POST /v1/admin/deliveries/{id}/retry":   "",
		"POST /v1/admin/deliveries/{id}/cancel":  "",
		"GET /v1/admin/tasks":                    "",
		"POST /v1/admin/tasks/{id}/close":        reason,
		"GET /v1/admin/products":                 "",
		"POST /v1/admin/products":                members(says("sku", "X"), says("name", "X"), says("kind", "money"), pays("amount", 1)),
		"POST /v1/admin/products/{id}/check":     "",
		"GET /v1/admin/shops":                    "",
		"POST /v1/admin/shops":                   members(says("id", "x"), says("platform", "standard"), says("secret", standardSecret)),
		"POST /v1/admin/shops/{id}/secret":       members(says("secret", standardSecret)),
		"GET /v1/admin/keys":                     "",
		"POST /v1/admin/keys":                    members(says("scope", "admin")),
		"DELETE /v1/admin/keys/{id}":             "",
	}
}

// X13: the office's calls are for the office.
func TestTradeIsForTheOfficeAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.untouched("a key of another scope", func() {
		for route, body := range tradeRoutes() {
			method, path, _ := strings.Cut(route, " ")
			path = strings.ReplaceAll(path, "{id}", "1")
			h.shop.asks(method, path, body).refuses(403, "forbidden")
			h.till.asks(method, path, body).refuses(403, "forbidden")
			(&caller{h, ""}).asks(method, path, body).refuses(401, "unauthorized")
		}
	})
}

// What is wrong is named, and nothing is changed.
func TestBadInputAboutTradeNamesItsField(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.tells(order("1001", 0, tender("bacs")))
	code := h.sells(order("1002", 0))[0].code
	here := "/v1/admin/purchases/" + h.purchaseOf("1001")
	for _, tt := range []struct{ name, method, path, body, field string }{
		{"a state that is none", "GET", "/v1/admin/purchases?state=paid", "", "state"},
		{"a page without items", "GET", "/v1/admin/purchases?limit=0", "", "limit"},
		{"a page too long", "GET", "/v1/admin/deliveries?limit=501", "", "limit"},
		{"a day that is none", "GET", "/v1/admin/purchases?from=2026-02-30", "", "from"},
		{"a foreign cursor", "GET", "/v1/admin/purchases?cursor=abc", "", "cursor"},
		{"a forged cursor", "GET", "/v1/admin/purchases?cursor=cHVyY2hhc2VzADEAeA", "", "cursor"},
		{"a cursor of another list", "GET", "/v1/admin/products?cursor=c2hvcHMAZGVtbw", "", "cursor"},
		{"a cursor of deliveries", "GET", "/v1/admin/deliveries?cursor=x.y", "", "cursor"},
		{"a cursor of tasks", "GET", "/v1/admin/tasks?cursor=x", "", "cursor"},
		{"a cursor of keys", "GET", "/v1/admin/keys?cursor=x", "", "cursor"},
		{"a code instead of an order", "GET", "/v1/admin/purchases?q=" + code, "", "q"},
		{"a code instead of an id", "GET", "/v1/admin/deliveries?q=" + code, "", "q"},
		{"a code instead of a product", "GET", "/v1/admin/products?q=" + code, "", "q"},
		{"a code instead of a shop", "GET", "/v1/admin/shops?q=" + code, "", "q"},
		{"no reason to activate", "POST", here + "/activate", `{}`, "reason"},
		{"an empty reason", "POST", here + "/dismiss", `{"reason":""}`, "reason"},
		{"an unknown field", "POST", here + "/activate", `{"reason":"x","force":true}`, "force"},
		{"a consent that is none", "POST", here + "/activate", `{"reason":"x","confirm_unpaid":"yes"}`, "confirm_unpaid"},
		{"a task that is no number", "POST", "/v1/admin/tasks/x/close", `{"reason":"x"}`, "id"},
		{"no reason to close", "POST", "/v1/admin/tasks/1/close", `{}`, "reason"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.untouched(tt.name, func() {
				h.office.asks(tt.method, tt.path, tt.body).refuses(400, "invalid_request", says("field", tt.field))
			})
		})
	}
}

// What nobody knows is not found, whatever form its name has.
func TestWhatIsUnknownIsNotFound(t *testing.T) {
	t.Parallel()
	h := open(t)
	named := slices.DeleteFunc(slices.Sorted(keysOf(tradeRoutes())), func(route string) bool { return !strings.Contains(route, "{id}") })
	h.untouched("an unknown name", func() {
		for _, route := range named {
			for _, id := range []string{"12345678", "00000000-0000-4000-8000-000000000000", "0123456789abcdef"} {
				if strings.Contains(route, "tasks") && id != "12345678" {
					continue
				}
				method, path, _ := strings.Cut(route, " ")
				h.office.asks(method, strings.ReplaceAll(path, "{id}", id), tradeRoutes()[route]).refuses(404, "not_found")
			}
		}
	})
}

func keysOf(of map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range of {
			if !yield(name) {
				return
			}
		}
	}
}
