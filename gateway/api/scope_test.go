package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// operations are all routes of the API, "METHOD path", as its document has them.
func (h *house) operations() map[string]*huma.Operation {
	found := make(map[string]*huma.Operation)
	for path, item := range h.edge.API().OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{
			"GET": item.Get, "PUT": item.Put, "POST": item.Post, "DELETE": item.Delete, "PATCH": item.Patch, "HEAD": item.Head,
		} {
			if op != nil {
				found[method+" "+path] = op
			}
		}
	}
	return found
}

// E24, E25: who may ask what. A route without a row here fails.
func TestEveryRouteIsOpenToItsChannelsAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	matrix := map[string]string{
		"POST /v1/balance":                      "shop till admin",
		"POST /v1/quotes":                       "shop till admin",
		"PUT /v1/reservations/{key}":            "shop till",
		"GET /v1/reservations/{key}":            "shop till",
		"DELETE /v1/reservations/{key}":         "shop till",
		"POST /v1/reservations/find":            "shop till",
		"POST /v1/reservations/release-foreign": "till admin",
		"POST /v1/reservations/{key}/capture":   "shop till",
		"POST /v1/reservations/{key}/release":   "shop till",
		"POST /v1/captures":                     "shop till",
		"PUT /v1/redemptions/{key}":             "till",
		"GET /v1/redemptions/{key}":             "shop till admin",
		"DELETE /v1/redemptions/{key}":          "shop till admin",
		"PUT /v1/reloads/{key}":                 "till admin",
		"GET /v1/reloads/{key}":                 "shop till admin",
		"DELETE /v1/reloads/{key}":              "shop till admin",
		"PUT /v1/refunds/{key}":                 "shop till admin",
		"GET /v1/refunds/{key}":                 "shop till admin",
		"DELETE /v1/refunds/{key}":              "shop till admin",
		"PUT /v1/bindings/{key}":                "till",
		"GET /v1/bindings/{key}":                "till",
		"DELETE /v1/bindings/{key}":             "till",
		"PUT /v1/cash-outs/{key}":               "till admin",
		"GET /v1/cash-outs/{key}":               "till admin",
		"DELETE /v1/cash-outs/{key}":            "till admin",
		"PUT /v1/sales/{key}":                   "till",
		"GET /v1/sales/{key}":                   "till",
		"DELETE /v1/sales/{key}":                "till",
		"PUT /v1/credit-notes/{key}":            "till admin",
		"GET /v1/credit-notes/{key}":            "till admin",
		"DELETE /v1/credit-notes/{key}":         "till admin",
		"PUT /v1/claims/{key}":                  "shop admin",
		"GET /v1/claims/{key}":                  "shop admin",
		"DELETE /v1/claims/{key}":               "shop admin",
		"GET /v1/customers/{id}":                "shop admin",
		"PUT /v1/points/{key}":                  "shop admin",
		"GET /v1/points/{key}":                  "shop admin",
		"DELETE /v1/points/{key}":               "shop admin",
		"PUT /v1/conversions/{key}":             "shop admin",
		"GET /v1/conversions/{key}":             "shop admin",
		"DELETE /v1/conversions/{key}":          "shop admin",
		"GET /v1/customers/{id}/points":         "shop",
		"GET /v1/faq":                           "shop admin",
	}
	for route := range h.operations() {
		if _, known := matrix[route]; !known {
			t.Errorf("%s has no row: who may ask it?", route)
		}
	}
	for route, scopes := range matrix {
		if h.operations()[route] == nil {
			t.Errorf("%s is not served", route)
			continue
		}
		method, path, _ := strings.Cut(route, " ")
		for scope, who := range map[string]*caller{"shop": h.shop, "till": h.till, "admin": h.office} {
			got := who.asks(method, strings.ReplaceAll(path, "{key}", "k-"+scope), "")
			if slices.Contains(strings.Fields(scopes), scope) {
				if got.status == 401 || got.status == 403 || got.status == 405 || got.status >= 500 {
					t.Errorf("%s by %s: %d %s", route, scope, got.status, got.text)
				}
				continue
			}
			got.refuses(403, "channel_not_allowed")
		}
	}
}

// The served document describes what is answered.
func TestTheDocumentDescribesEveryAnswer(t *testing.T) {
	t.Parallel()
	h := open(t)
	served := (&caller{h: h}).asks("GET", "/openapi.json", "").has(200, `{"openapi":"3.1.0"}`).text
	for route, op := range h.operations() {
		method, path, _ := strings.Cut(route, " ")
		if !strings.Contains(served, `"`+path+`"`) || op.Summary == "" || op.OperationID == "" {
			t.Errorf("%s is not described", route)
		}
		want := []string{"200"}
		if method == "PUT" {
			want = []string{"200", "201"}
		}
		for _, status := range append(want, "default") {
			if response := op.Responses[status]; response == nil || len(response.Content) == 0 {
				t.Errorf("%s: the answer %s is not described", route, status)
			}
		}
	}
	for _, member := range []string{"order_total", "other_tenders", "allow_partial", "remaining_due", "payment_required", "released", "late"} {
		if !strings.Contains(served, `"`+member+`"`) {
			t.Errorf("the member %s is not described", member)
		}
	}
}
