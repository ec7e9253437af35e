package admin_test

import (
	"slices"
	"strings"
	"testing"
)

// Lists take limit and cursor, all of them: whatever the document says answers with items does.
func TestEveryListTakesALimit(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	fill := strings.NewReplacer("/vouchers/{id}", "/vouchers/"+c.id, "/products/{id}", "/products/CARD-500",
		"{shop}", "demo", "{language}", "da", "{name}", "code")
	schemas, lists := h.edge.API().OpenAPI().Components.Schemas, 0
	for route, op := range h.operations() {
		path, isGet := strings.CutPrefix(route, "GET ")
		if !isGet || op.Responses["200"].Content["application/json"] == nil {
			continue
		}
		schema := op.Responses["200"].Content["application/json"].Schema
		if schema.Ref != "" {
			schema = schemas.SchemaFromRef(schema.Ref)
		}
		_, hasItems := schema.Properties["items"]
		others := len(schema.Properties)
		for _, name := range []string{"items", "next_cursor", "$schema"} {
			if schema.Properties[name] != nil {
				others--
			}
		}
		if !hasItems || others > 0 { // one thing that has items
			continue
		}
		lists++
		h.office.asks("GET", fill.Replace(path)+"?limit=1", "").has(200, `{"items":"*"}`)
	}
	if lists < 20 {
		t.Errorf("only %d lists", lists)
	}
}

// A short list that is asked for page by page is told whole, once.
func TestAShortListIsTurned(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{"/v1/admin/templates/variables", "/v1/admin/loyalty/faq"} {
		member := map[bool]string{true: "entry", false: "name"}[strings.HasSuffix(path, "faq")]
		all := h.office.items(path, member)
		if got := h.office.items(path, member, "limit", "2"); len(all) < 3 || !slices.Equal(got, all) {
			t.Errorf("%s: by two: %v, at once: %v", path, got, all)
		}
		h.office.asks("GET", path+"?cursor=bm9uZQ", "").refuses(400, "invalid_request", `"field":"cursor"`)
		h.office.asks("GET", path+"?limit=0", "").refuses(400, "invalid_request", `"field":"limit"`)
	}
}
