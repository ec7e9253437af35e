package edge

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

func TestEveryFaultIsAProblem(t *testing.T) {
	t.Parallel()
	const good = `{"code":"X","due":{"amount":1,"currency":"DKK"}}`
	shop := []string{"Authorization", "Bearer shop"}
	with := func(more ...string) []string { return append(shop[:2:2], more...) }
	tests := []struct {
		name               string
		method, path, body string
		headers            []string
		status             int
		code               Code
	}{
		{"nothing there", "GET", "/nowhere", "", nil, 404, NotFound},
		{"a slash too many", "GET", "/who/", "", nil, 404, NotFound},
		{"another method", "POST", "/v1/admin/vouchers", "", nil, 405, MethodNotAllowed},
		{"no key", "PUT", "/v1/reservations/a", good, nil, 401, Unauthorized},
		{"a wrong key", "PUT", "/v1/reservations/a", good, []string{"Authorization", "Bearer wrong"}, 401, Unauthorized},
		{"a key in another scheme", "PUT", "/v1/reservations/a", good, []string{"Authorization", "Basic shop"}, 401, Unauthorized},
		{"two keys", "PUT", "/v1/reservations/a", good, with("Authorization", "Bearer till"), 401, Unauthorized},
		{"a fault behind the key", "PUT", "/v1/reservations/a", good, []string{"Authorization", "Bearer broken"}, 503, Unavailable},
		{"an office route", "GET", "/v1/admin/vouchers", "", shop, 403, Forbidden},
		{"another channel", "PUT", "/v1/reservations/a", good, []string{"Authorization", "Bearer admin"}, 403, ChannelNotAllowed},
		{"no body", "PUT", "/v1/reservations/a", "", shop, 400, InvalidRequest},
		{"a form", "PUT", "/v1/reservations/a", "a=b", with("Content-Type", "application/x-www-form-urlencoded"), 415, UnsupportedMediaType},
		{"another charset", "PUT", "/v1/reservations/a", good, with("Content-Type", "application/json; charset=latin1"), 415, UnsupportedMediaType},
		{"a compressed body", "PUT", "/v1/reservations/a", good, with("Content-Encoding", "gzip"), 415, UnsupportedMediaType},
		{"a body over the limit", "PUT", "/v1/reservations/a", `{"code":"` + strings.Repeat("x", 64<<10) + `"}`, shop, 413, TooLarge},
		{"a key that is none", "PUT", "/v1/reservations/a%20b", good, shop, 400, InvalidRequest},
		{"an unknown query", "GET", "/v1/admin/vouchers?code=X", "", []string{"Authorization", "Bearer admin"}, 400, InvalidRequest},
		{"a query out of range", "GET", "/v1/admin/vouchers?limit=101", "", []string{"Authorization", "Bearer admin"}, 400, InvalidRequest},
		{"a webhook over its limit", "POST", "/v1/shops/a/webhooks", strings.Repeat("x", 1<<20+1), nil, 413, TooLarge},
		{"an unknown problem", "GET", "/problems/none", "", nil, 404, NotFound},
		{"a panic", "GET", "/panic", "", nil, 500, Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			w := d.ask(tt.method, tt.path, tt.body, tt.headers...)
			if p := problem(t, w); w.Code != tt.status || p["code"] != string(tt.code) {
				t.Errorf("%d %v, want %d %s", w.Code, p, tt.status, tt.code)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			if line := d.line(t); line["status"] != float64(tt.status) {
				t.Errorf("log %v", line)
			}
		})
	}
}

func TestHandlersReturnErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   string
		status int
		want   Code
		detail string
		retry  string
		level  string
	}{
		{"HELD", 409, HeldElsewhere, "Another has it.", "", "INFO"},
		{"TWIN", 409, InProgress, "It is running.", "2", "INFO"},
		{"AWAY", 503, Unavailable, "A store is away.", "2", "WARN"},
		{"BROKEN", 500, Internal, "Something went wrong. The log tells more under the request id.", "", "ERROR"},
		{"CUT", 500, Internal, "Something went wrong. The log tells more under the request id.", "", "ERROR"},
		{"PANIC", 500, Internal, "Something went wrong. The log tells more under the request id.", "", "ERROR"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			w := d.reserve(tt.code)
			p := problem(t, w)
			if w.Code != tt.status || p["code"] != string(tt.want) || p["detail"] != tt.detail {
				t.Errorf("%d %v", w.Code, p)
			}
			if got := w.Header().Get("Retry-After"); got != tt.retry {
				t.Errorf("Retry-After %q, want %q", got, tt.retry)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer leaks: %s", w.Body)
			}
			line := d.line(t)
			if line["level"] != tt.level || (line["error"] != nil) != (tt.level != "INFO") || line["request_id"] != p["request_id"] {
				t.Errorf("log %v", line)
			}
		})
	}
}

func TestAProblemHasMembersOfItsOwn(t *testing.T) {
	t.Parallel()
	w := open(t).reserve("HELD")
	want := map[string]any{
		"type": "/problems/held_elsewhere", "title": "The code is reserved elsewhere", "status": 409.0, "detail": "Another has it.",
		"code": "held_elsewhere", "request_id": w.Header().Get("X-Request-Id"), "held_until": "2026-11-23T00:00:00Z",
	}
	if diff := cmp.Diff(want, problem(t, w)); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
}

func TestInvalidRequestsNameTheField(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, field, detail string }{
		{"unknown", `{"code":"X","due":{"amount":1,"currency":"DKK"},"extra":1}`, "extra", "extra: unexpected property"},
		{"unknown within", `{"code":"X","due":{"amount":1,"currency":"DKK","cents":0}}`, "due.cents", "due.cents: unexpected property"},
		{"in another casing", `{"Code":"X","due":{"amount":1,"currency":"DKK"}}`, "", ""},
		{"missing", `{"due":{"amount":1,"currency":"DKK"}}`, "code", "code: is missing"},
		{"missing within", `{"code":"X","due":{"currency":"DKK"}}`, "due.amount", "due.amount: is missing"},
		{"a text for a number", `{"code":"X","due":{"amount":"1","currency":"DKK"}}`, "due.amount", "due.amount: expected integer"},
		{"a fraction", `{"code":"X","due":{"amount":1.5,"currency":"DKK"}}`, "due.amount", "due.amount: expected integer"},
		{"beyond 64 bits", `{"code":"X","due":{"amount":9223372036854775808,"currency":"DKK"}}`, "due.amount", "due.amount: want a whole number in range"},
		{"below its least", `{"code":"X","due":{"amount":-1,"currency":"DKK"}}`, "due.amount", "due.amount: expected number >= 0"},
		{"over its limit", `{"code":"` + strings.Repeat("X", 41) + `","due":{"amount":1,"currency":"DKK"}}`, "code", "code: expected length <= 40"},
		{"twice", `{"code":"X","due":{"amount":1,"currency":"DKK","amount":2}}`, "due.amount", "due.amount: is there twice"},
		{"with U+0000", `{"code":"X\u0000","due":{"amount":1,"currency":"DKK"}}`, "code", "code: has U+0000 in it"},
		{"in a list", `{"code":"X","due":{"amount":1,"currency":"DKK"},"codes":["a",2]}`, "codes[1]", "codes[1]: expected string"},
		{"not JSON", `{"code":}`, "", "the body is not JSON at byte 9"},
		{"data behind", `{"code":"X","due":{"amount":1,"currency":"DKK"}} {}`, "", "there is data behind the JSON value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			w := d.ask("PUT", "/v1/reservations/a", tt.body, "Authorization", "Bearer shop", "Content-Type", "application/json")
			p := problem(t, w)
			if w.Code != http.StatusBadRequest || p["code"] != "invalid_request" {
				t.Fatalf("%d %v", w.Code, p)
			}
			if tt.detail != "" && (p["detail"] != tt.detail || p["field"] != tt.field) {
				t.Errorf("field %q, detail %q", p["field"], p["detail"])
			}
		})
	}
}

func TestSeveralFaultsAreListed(t *testing.T) {
	t.Parallel()
	w := open(t).ask("PUT", "/v1/reservations/a", `{"due":{"amount":-1,"currency":"kr"}}`, "Authorization", "Bearer shop")
	listed, _ := problem(t, w)["errors"].([]any)
	if len(listed) != 3 {
		t.Errorf("errors %v", listed)
	}
}

func TestNotAllowedSaysWhatIs(t *testing.T) {
	t.Parallel()
	w := open(t).ask("POST", "/v1/reservations/a", "{}")
	if got := w.Header().Get("Allow"); got != "PUT" {
		t.Errorf("Allow %q", got)
	}
}

func TestUnauthorizedTellsNothing(t *testing.T) {
	t.Parallel()
	var first map[string]any
	for _, key := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "bearer vs_till_1_2", "Bearer " + strings.Repeat("x", 600)} {
		w := open(t).ask("GET", "/v1/admin/vouchers", "", "Authorization", key)
		p := problem(t, w)
		delete(p, "request_id")
		if first == nil {
			first = p
		}
		if diff := cmp.Diff(first, p); diff != "" || w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%q: %s", key, diff)
		}
	}
}

func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	d := open(t)
	for code, k := range kinds {
		w := d.ask("GET", "/problems/"+string(code), "")
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, string(code)) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", code, w.Code, body)
		}
		if k.Title == "" || k.Meaning == "" || k.Remedy == "" || http.StatusText(k.Status) == "" {
			t.Errorf("%s says too little", code)
		}
	}
	if len(kinds) != 59 {
		t.Errorf("%d codes", len(kinds))
	}
}

func TestAnUnknownCodeIsABug(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("Refuse took an unknown code")
		}
	}()
	_ = Refuse("no_such_code", "")
}

func TestAClientThatLeftIsNoFault(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.Public().GET("/slow", func(c *gin.Context) {
		cancel()
		Fail(c, fmt.Errorf("read: %w", c.Request.Context().Err()))
	})
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("GET", "/slow", http.NoBody).WithContext(ctx))
	if line := d.line(t); w.Code != http.StatusServiceUnavailable || line["level"] != "WARN" {
		t.Errorf("%d, log %v", w.Code, line)
	}
}
