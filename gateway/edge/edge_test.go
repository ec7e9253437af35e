package edge

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAGoodRequestPasses(t *testing.T) {
	t.Parallel()
	for _, headers := range [][]string{nil, {"Content-Type", "application/json"}, {"Content-Type", "application/json; charset=UTF-8", "Accept", "text/html"}} {
		d := open(t)
		w := d.ask("PUT", "/v1/reservations/woo:1042:1", `{"code":"X","due":{"amount":0,"currency":"DKK"}}`,
			append(headers, "Authorization", "bearer till")...)
		if w.Code != http.StatusOK || w.Body.String() != `{"key":"woo:1042:1"}`+"\n" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
		}
		if len(w.Header().Values("Link")) != 0 {
			t.Errorf("links %v", w.Header())
		}
	}
}

func TestAWebhookMayBeLarger(t *testing.T) {
	t.Parallel()
	w := open(t).ask("POST", "/v1/shops/a/webhooks", strings.Repeat("x", 1<<20), "Content-Type", "text/plain")
	if w.Code != http.StatusOK || w.Body.String() != "1048576" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTheLogHasFactsAndNoContent(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.ask("PUT", "/v1/reservations/PATH-CANARY", `{"code":"BODY-CANARY","due":{"amount":1,"currency":"DKK"}}`,
		"Authorization", "Bearer till", "X-Request-Id", "proxy-0001", "X-Canary", "HEADER-CANARY")
	line := d.line(t)
	delete(line, "time")
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "PUT", "route": "/v1/reservations/:key", "status": 200.0, "took": 0.0,
		"request_id": "proxy-0001", "actor": map[string]any{"scope": "till", "key": "id-of-till", "register": "till-1"},
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	d.log.Reset()
	d.ask("GET", "/PATH-CANARY?q=QUERY-CANARY", "")
	d.ask("CANARY", "/who?q=QUERY-CANARY", "")
	d.ask("PUT", "/v1/reservations/a", `{"code":"X","due":1,"BODY-CANARY":"BODY-CANARY"}`, "Authorization", "Bearer shop")
	if strings.Contains(d.log.String(), "CANARY") {
		t.Errorf("the log has content:\n%s", d.log.String())
	}
	if len(d.served) != 4 || d.served[1].Route != "unmatched" || d.served[2].Method != "other" {
		t.Errorf("observed %+v", d.served)
	}
}

func TestAPanicLeavesThePanickingPlaceInTheLogAlone(t *testing.T) {
	t.Parallel()
	d := open(t)
	w := d.ask("GET", "/panic", "", "X-Canary", "HEADER-CANARY")
	if strings.Contains(w.Body.String(), "secret") {
		t.Errorf("the answer leaks: %s", w.Body)
	}
	line := d.line(t)
	if stack, _ := line["stack"].(string); line["error"] != "panic: secret" || !strings.Contains(stack, "edge_test.go") {
		t.Errorf("log %v", line)
	}
	if strings.Contains(d.log.String(), "CANARY") {
		t.Errorf("the log has headers:\n%s", d.log.String())
	}
}

func TestAPanicAfterTheAnswerBeganAddsNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	w := d.ask("GET", "/late-panic", "")
	if w.Code != http.StatusOK || w.Body.String() != "half" || d.line(t)["level"] != "ERROR" {
		t.Errorf("%d %q, log %s", w.Code, w.Body, d.log.String())
	}
}

func TestRequestIDsAreSane(t *testing.T) {
	t.Parallel()
	for id, kept := range map[string]bool{
		"proxy-0001": true, "0af7651916cd43dd8448eb211c80319c": true,
		"": false, "short": false, "a b c d e f": false, "line\nfeed-1": false, strings.Repeat("x", 65): false, "<script>x": false,
	} {
		got := open(t).ask("GET", "/who", "", "X-Request-Id", id).Header().Get("X-Request-Id")
		if (got == id) != kept || got == "" {
			t.Errorf("%q becomes %q", id, got)
		}
	}
}

// TestForwardedAddressesAreBelievedFromTrustedProxiesAlone is the header matrix (S: X-Forwarded-For spoof).
func TestForwardedAddressesAreBelievedFromTrustedProxiesAlone(t *testing.T) {
	t.Parallel()
	inner := netip.MustParsePrefix("10.0.0.0/8")
	tests := []struct {
		name    string
		proxies []netip.Prefix
		peer    string
		headers []string
		want    string
	}{
		{"nobody is trusted", nil, "10.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.9"}, "10.0.0.1"},
		{"loopback isn't either", nil, "127.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.9"}, "127.0.0.1"},
		{"a stranger", []netip.Prefix{inner}, "192.0.2.1:1", []string{"X-Forwarded-For", "203.0.113.9"}, "192.0.2.1"},
		{"the proxy", []netip.Prefix{inner}, "10.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.9"}, "203.0.113.9"},
		{"the proxy without a word", []netip.Prefix{inner}, "10.0.0.1:1", nil, "10.0.0.1"},
		{"what a client made up before the proxy", []netip.Prefix{inner}, "10.0.0.1:1", []string{"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies", []netip.Prefix{inner}, "10.0.0.1:1", []string{"X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"two headers", []netip.Prefix{inner}, "10.0.0.1:1", []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-For", "203.0.113.9"}, "203.0.113.9"},
		{"nonsense", []netip.Prefix{inner}, "10.0.0.1:1", []string{"X-Forwarded-For", "nonsense"}, "10.0.0.1"},
		{"X-Real-IP", []netip.Prefix{inner}, "10.0.0.1:1", []string{"X-Real-IP", "203.0.113.9"}, "10.0.0.1"},
		{"CF-Connecting-IP", []netip.Prefix{inner}, "10.0.0.1:1", []string{"CF-Connecting-IP", "203.0.113.9"}, "10.0.0.1"},
		{"Forwarded", []netip.Prefix{inner}, "10.0.0.1:1", []string{"Forwarded", "for=203.0.113.9"}, "10.0.0.1"},
		{"IPv6", []netip.Prefix{netip.MustParsePrefix("fd00::/8")}, "[fd00::1]:1", []string{"X-Forwarded-For", "2001:db8::9"}, "2001:db8::9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, tt.proxies...)
			r := httptest.NewRequest("GET", "/who", http.NoBody)
			r.RemoteAddr = tt.peer
			for i := 0; i < len(tt.headers); i += 2 {
				r.Header.Add(tt.headers[i], tt.headers[i+1])
			}
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			if got := w.Body.String(); got != tt.want {
				t.Errorf("client %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFiguresAreForTheMachineItselfAndTheOffice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		peer    string
		headers []string
		status  int
	}{
		{"the machine itself", "127.0.0.1:1", nil, 200},
		{"the machine itself, IPv6", "[::1]:1", nil, 200},
		{"a proxy on the machine", "127.0.0.1:1", []string{"X-Forwarded-For", "127.0.0.1"}, 401},
		{"another machine", "192.0.2.1:1", nil, 401},
		{"the office", "192.0.2.1:1", []string{"Authorization", "Bearer admin"}, 200},
		{"a shop", "192.0.2.1:1", []string{"Authorization", "Bearer shop"}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "/metrics", http.NoBody)
			r.RemoteAddr = tt.peer
			for i := 0; i < len(tt.headers); i += 2 {
				r.Header.Add(tt.headers[i], tt.headers[i+1])
			}
			w := httptest.NewRecorder()
			open(t).ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("%d, want %d", w.Code, tt.status)
			}
		})
	}
}

func TestTheDocumentDescribesOperationsAndProblems(t *testing.T) {
	t.Parallel()
	w := open(t).ask("GET", "/openapi.json", "")
	var document struct {
		OpenAPI    string                    `json:"openapi"`
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas         map[string]map[string]any `json:"schemas"`
			SecuritySchemes map[string]any            `json:"securitySchemes"`
		} `json:"components"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" || document.Paths["/v1/reservations/{key}"]["put"] == nil || document.Components.SecuritySchemes["key"] == nil {
		t.Errorf("document %s", w.Body)
	}
	properties, _ := document.Components.Schemas["Problem"]["properties"].(map[string]any)
	if properties["request_id"] == nil || properties["code"] == nil || document.Components.Schemas["Problem"]["additionalProperties"] != true {
		t.Errorf("problem %v", document.Components.Schemas["Problem"])
	}
	for _, foreign := range []string{"$schema", "unpkg", "http://", "ErrorModel"} {
		if strings.Contains(w.Body.String(), foreign) {
			t.Errorf("the document says %s", foreign)
		}
	}
}

func TestAnEdgeNeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil {
		t.Error("New made an edge of nothing")
	}
}
