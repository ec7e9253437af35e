package edge

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestAnAddressThatIsNoTextIsRefusedByName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, address, field, detail string
	}{
		{"U+0000 in a parameter", "GET", "/who?q=a%00b", "q", "q: has U+0000 in it"},
		{"invalid UTF-8 in a parameter", "GET", "/who?q=%ff", "q", "q: is not UTF-8"},
		{"in the second of two", "GET", "/who?q=a&q=%ff", "q", "q: is not UTF-8"},
		{"in a parameter's name", "GET", "/who?%00=a", "", "a query parameter's name: has U+0000 in it"},
		{"U+0000 in a path", "POST", "/v1/shops/%00/webhooks", "shop", "shop: has U+0000 in it"},
		{"invalid UTF-8 in a path", "POST", "/v1/shops/%ff/webhooks", "shop", "shop: is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := open(t).ask(tt.method, tt.address, "", "Authorization", "Bearer till")
			var p struct{ Code, Field, Detail string }
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%d %s: %v", w.Code, w.Body, err)
			}
			if w.Code != http.StatusBadRequest || p.Code != "invalid_request" || p.Field != tt.field || p.Detail != tt.detail {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}
