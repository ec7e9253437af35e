package edge

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	Prepare()
	os.Exit(m.Run())
}

// errHeld is a domain error that the mapper of these tests knows; errAway stands for a store that is away.
var (
	errHeld = errors.New("held")
	errAway = errors.New("away")
)

// door is an edge with a few routes and its log.
type door struct {
	*Edge
	log    bytes.Buffer
	served []Served
}

type moneyIn struct {
	Amount   int64  `json:"amount" minimum:"0"`
	Currency string `json:"currency" pattern:"^[A-Z]{3,5}$"`
}

type reserveIn struct {
	Key  string `path:"key" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"`
	Body struct {
		Code  string   `json:"code" maxLength:"40"`
		Due   moneyIn  `json:"due"`
		Codes []string `json:"codes,omitempty"`
	}
}

type reserveOut struct {
	Body struct {
		Key string `json:"key"`
	}
}

// open makes a door. Keys are "shop", "till", "admin" for the scopes, and "broken" for a fault.
func open(t *testing.T, proxies ...netip.Prefix) *door {
	t.Helper()
	d := &door{}
	e, err := New(Options{
		Authenticate: func(_ context.Context, key string) (Actor, error) {
			switch key {
			case "shop", "till", "admin":
				return Actor{Scope: Scope(key), KeyID: "id-of-" + key, Register: map[string]string{"till": "till-1"}[key]}, nil
			case "broken":
				return Actor{}, errAway
			}
			return Actor{}, fmt.Errorf("look up: %w", ErrUnauthorized)
		},
		Map: func(err error) *Problem {
			switch {
			case errors.Is(err, errHeld):
				return Refuse(HeldElsewhere, "Another has it.", With("held_until", "2026-11-23T00:00:00Z"))
			case errors.Is(err, errAway):
				return Refuse(Unavailable, "A store is away.").After(1500 * time.Millisecond)
			}
			return nil
		},
		TrustedProxies: proxies,
		Log:            slog.New(slog.NewJSONHandler(&d.log, nil)),
		Now:            func() time.Time { return time.Unix(0, 0) },
		Random:         rand.Reader,
		Observe:        func(s Served) { d.served = append(d.served, s) },
		Version:        "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Edge = e
	d.furnish()
	return d
}

// furnish puts the routes of these tests on it.
func (d *door) furnish() {
	huma.Register(d.API(), huma.Operation{
		OperationID: "reserve", Method: http.MethodPut, Path: "/v1/reservations/{key}",
		Middlewares: huma.Middlewares{Require(Shop, Till)},
	}, func(_ context.Context, in *reserveIn) (*reserveOut, error) {
		switch in.Body.Code {
		case "HELD":
			return nil, fmt.Errorf("reserve: %w", errHeld)
		case "AWAY":
			return nil, fmt.Errorf("reserve: %w", errAway)
		case "BROKEN":
			return nil, errors.New("the disk said: secret")
		case "CUT":
			return nil, fmt.Errorf("reserve: %w", io.ErrUnexpectedEOF)
		case "PANIC":
			panic("a bug: secret")
		case "TWIN":
			return nil, Refuse(InProgress, "It is running.")
		}
		out := &reserveOut{}
		out.Body.Key = in.Key
		return out, nil
	})
	type listIn struct {
		Limit int `query:"limit" maximum:"100"`
	}
	huma.Register(d.API(), huma.Operation{
		OperationID: "list", Method: http.MethodGet, Path: "/v1/admin/vouchers",
		Middlewares: huma.Middlewares{Require(Admin)},
	}, func(context.Context, *listIn) (*reserveOut, error) { return &reserveOut{}, nil })
	d.Public().POST("/v1/shops/:shop/webhooks", BodyLimit(WebhookBytes), func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			Fail(c, err)
			return
		}
		c.String(http.StatusOK, "%d", len(body))
	})
	d.Public().GET("/who", func(c *gin.Context) { c.String(http.StatusOK, c.ClientIP()) })
	d.Public().GET("/metrics", d.Inside, func(c *gin.Context) { c.String(http.StatusOK, "figures") })
	d.Public().GET("/panic", func(*gin.Context) { panic(errors.New("secret")) })
	d.Public().GET("/late-panic", func(c *gin.Context) {
		c.String(http.StatusOK, "half")
		panic("secret")
	})
}

// ask sends one request. Headers come as pairs.
func (d *door) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, path, http.NoBody)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// reserve sends a good reservation of a code, changed by nothing.
func (d *door) reserve(code string) *httptest.ResponseRecorder {
	return d.ask("PUT", "/v1/reservations/woo:1", `{"code":"`+code+`","due":{"amount":1,"currency":"DKK"}}`, "Authorization", "Bearer shop")
}

// problem reads an answer as a problem, and checks what all of them have.
func problem(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %q is no problem: %v", w.Code, w.Body, err)
	}
	if got := w.Header().Get("Content-Type"); got != problemType {
		t.Errorf("content type %q", got)
	}
	if p["type"] != "/problems/"+fmt.Sprint(p["code"]) || p["status"] != float64(w.Code) || p["title"] == "" {
		t.Errorf("problem %v with status %d", p, w.Code)
	}
	if id := w.Header().Get("X-Request-Id"); p["request_id"] != id || id == "" {
		t.Errorf("request id %v, header %q", p["request_id"], id)
	}
	return p
}

// line reads the one line of the log.
func (d *door) line(t *testing.T) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(d.log.Bytes(), &line); err != nil {
		t.Fatalf("the log is not one line: %v\n%s", err, d.log.String())
	}
	return line
}

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
	if len(kinds) != 42 {
		t.Errorf("%d codes", len(kinds))
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

func TestAnEdgeNeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil {
		t.Error("New made an edge of nothing")
	}
}
