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
	return openWith(t, func(o *Options) { o.TrustedProxies = proxies })
}

// openWith makes a door with other options.
func openWith(t *testing.T, change func(*Options)) *door {
	t.Helper()
	d := &door{}
	options := Options{
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
		Log:     slog.New(slog.NewJSONHandler(&d.log, nil)),
		Now:     func() time.Time { return time.Unix(0, 0) },
		Random:  rand.Reader,
		Observe: func(s Served) { d.served = append(d.served, s) },
		Version: "1",
	}
	change(&options)
	e, err := New(options)
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
