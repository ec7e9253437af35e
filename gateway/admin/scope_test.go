package admin_test

import (
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// operations are the office's routes, "METHOD path", as the document has them.
func (h *house) operations() map[string]*huma.Operation {
	found := make(map[string]*huma.Operation)
	for path, item := range h.edge.API().OpenAPI().Paths {
		if !strings.HasPrefix(path, "/v1/admin/") && path != "/v1/adjustments/{key}" && path != "/v1/transfers/{key}" || path == "/v1/admin/sessions" { // where one signs in
			continue
		}
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

// No other key than the office's gets past the door, whatever it asks.
func TestTheOfficeIsForTheOfficeAlone(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	h.unchanged("a key of another scope", func() {
		for route := range h.operations() {
			method, path, _ := strings.Cut(route, " ")
			path = strings.NewReplacer("{id}", c.id, "{key}", "a:1").Replace(path)
			for _, who := range []*caller{h.shop, h.till} {
				who.asks(method, path, members(because)).refuses(403, "forbidden")
			}
			(&caller{h, ""}).asks(method, path, "").refuses(401, "unauthorized")
		}
	})
	if n := len(h.operations()); n < 20 {
		t.Errorf("only %d routes", n)
	}
}

// The served document describes what is answered, and every route's success.
func TestTheDocumentDescribesEveryAnswer(t *testing.T) {
	t.Parallel()
	h := open(t)
	served := (&caller{h, ""}).asks("GET", "/openapi.json", "").has(200, `{"openapi":"3.1.0"}`).text
	for route, op := range h.operations() {
		_, path, _ := strings.Cut(route, " ")
		if !strings.Contains(served, `"`+path+`"`) || op.Summary == "" || op.OperationID == "" {
			t.Errorf("%s is not described", route)
		}
		success := 0
		for status, response := range op.Responses {
			if strings.HasPrefix(status, "2") {
				success += len(response.Content)
			}
		}
		if success == 0 || op.Responses["default"] == nil {
			t.Errorf("%s: its answers are not described", route)
		}
	}
	for _, member := range []string{
		"next_cursor", "confirm_live", "expires_on", "held_by", "released_by", "set_to", "expected_balance", "delta", "quarantine", "witness", "cursor", "limit",
	} {
		if !strings.Contains(served, `"`+member+`"`) {
			t.Errorf("the member %s is not described", member)
		}
	}
}

// What needs a reason is refused without one, naming it; nothing else is taken either.
func TestABodyThatCannotBeMeantIsRefusedByField(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1042", 0))[0]
	long := says("reason", strings.Repeat("x", 501))
	h.unchanged("a bad body", func() {
		for _, tt := range []struct {
			act, field string
			body       []string
		}{
			{"invalidate", "reason", []string{""}},
			{"invalidate", "reason", []string{says("reason", "")}},
			{"invalidate", "reason", []string{long}},
			{"invalidate", "confirm_live", []string{because, `"confirm_live":"yes"`}},
			{"invalidate", "code", []string{because, says("code", c.code)}},
			{"extend", "expires_on", []string{because}},
			{"extend", "reason", []string{says("expires_on", "2040-01-01")}},
			{"extend", "expires_on", []string{because, says("expires_on", "2040-02-30")}},
			{"extend", "expires_on", []string{because, says("expires_on", "soon")}},
			{"extend", "expires_on", []string{because, `"expires_on":null`}},
			{"replace", "reason", []string{""}},
			{"replace", "reason", []string{long}},
			{"lift", "reason", []string{""}},
			{"block", "reason", []string{long}},
			{"block", "more", []string{`"more":1`}},
			{"unblock", "reason", []string{`"reason":1`}},
			{"activate", "reason", []string{long}},
			{"resend", "recipient", []string{says("recipient", "nowhere")}},
			{"resend", "more", []string{`"more":1`}},
		} {
			got := h.office.does(tt.act, c, tt.body...)
			if named, _ := got.fields()["field"].(string); got.status != 400 || named != tt.field {
				t.Errorf("%s %v: %s; want 400 naming %s", tt.act, tt.body, got.text, tt.field)
			}
			if strings.Contains(got.text, c.code) {
				t.Errorf("%s: the answer repeats the code", tt.act)
			}
		}
		for _, act := range []string{"invalidate", "extend", "replace", "lift"} {
			h.office.does(act, c).refuses(400, "invalid_request")
		}
		h.office.asks("POST", "/v1/admin/vouchers/find", "{}").refuses(400, "invalid_request", `"field":"code"`)
		h.office.asks("POST", "/v1/admin/vouchers/find", says1("code", "not a code ✗")).refuses(404, "voucher_not_found")
		h.office.asks("POST", "/v1/admin/vouchers/find", `{"code":"a","code":"b"}`).refuses(400, "invalid_request", `"field":"code"`)
	})
}
