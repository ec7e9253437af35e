package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"html"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/gateway/edge"
	"vouchsafe/gateway/relay"
)

// doors is a gateway with nothing behind its doors. A process has one: New sets what gin and huma keep for
// all of it.
var doors = sync.OnceValues(func() (http.Handler, error) {
	log := slog.New(slog.DiscardHandler)
	return New(Config{
		Relay: relay.New(relay.Config{Log: log}), Log: log, Now: time.Now, Random: rand.Reader, Version: "1.2.3", Ceiling: "10000.00",
		Metrics:      NewMetrics(time.Now),
		Authenticate: func(context.Context, string) (edge.Actor, error) { return edge.Actor{}, errors.New("nobody") },
	})
})

// closed is the gateway, whose doors can be looked at.
func closed(t *testing.T) http.Handler {
	t.Helper()
	handler, err := doors()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// gets asks for a page.
func gets(t *testing.T, handler http.Handler, path string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return recorder.Result()
}

// textOf reads a page that must be there.
func textOf(t *testing.T, handler http.Handler, path string) (text string, header http.Header) {
	t.Helper()
	answer := gets(t, handler, path)
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v\n%s", path, answer.StatusCode, err, body)
	}
	return string(body), answer.Header
}

// described are the operations of the served document: "PUT /v1/reservations/{key}".
func described(t *testing.T, handler http.Handler) []string {
	t.Helper()
	text, _ := textOf(t, handler, "/openapi.json")
	var document struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			Summary   string
			Responses map[string]any
		}
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" {
		t.Errorf("the document is OpenAPI %s", document.OpenAPI)
	}
	var found []string
	for path, operations := range document.Paths {
		for method, operation := range operations {
			name := strings.ToUpper(method) + " " + path
			if operation.Summary == "" || len(operation.Responses) == 0 {
				t.Errorf("%s says too little", name)
			}
			found = append(found, name)
		}
	}
	return slices.Sorted(slices.Values(found))
}

// promised are the contract's addresses for shops, checkouts, tills and operators.
func promised() []string {
	promises := []string{
		"POST /v1/shops/{shop}/webhooks",
		"POST /v1/balance", "POST /v1/quotes",
		"PUT /v1/reservations/{key}", "GET /v1/reservations/{key}", "DELETE /v1/reservations/{key}", "POST /v1/reservations/find",
		"POST /v1/reservations/{key}/capture", "POST /v1/captures", "POST /v1/reservations/{key}/release", "POST /v1/reservations/release-foreign",
		"GET /v1/customers/{id}", "GET /v1/faq", "GET /v1/admin/loyalty", "PUT /v1/admin/loyalty",
		"GET /v1/admin/loyalty/rewards", "POST /v1/admin/loyalty/rewards/{id}/hand-over",
		"GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs", "GET /problems/{code}",
	}
	for _, act := range []string{
		"redemptions", "refunds", "reloads", "sales", "claims", "bindings", "adjustments", "transfers", "cash-outs",
	} {
		for _, method := range []string{"PUT", "GET", "DELETE"} {
			promises = append(promises, method+" /v1/"+act+"/{key}")
		}
	}
	return promises
}

// later are the promises that this version does not keep yet, by their nouns. A noun leaves the list with
// the first operation of it.
func later() []string {
	return nil
}

func TestTheDocumentDescribesWhatTheContractPromises(t *testing.T) {
	t.Parallel()
	handler := closed(t)
	found := described(t, handler)
	for _, promise := range promised() {
		noun := strings.Split(strings.TrimPrefix(promise[strings.Index(promise, "/"):], "/v1/"), "/")[0]
		there, notYet := slices.Contains(found, promise), slices.Contains(later(), noun)
		switch {
		case !there && !notYet:
			t.Errorf("%s is not described", promise)
		case there && notYet:
			t.Errorf("%s is described: take %s off the list of what comes later", promise, noun)
		}
	}
}

// TestDocumentAndRoutesAreTheSame holds the document against the router, both ways.
func TestDocumentAndRoutesAreTheSame(t *testing.T) {
	t.Parallel()
	handler := closed(t)
	parameter := regexp.MustCompile(`:([a-z_]+)`)
	var routed []string
	for _, r := range handler.(*edge.Edge).Routes() {
		routed = append(routed, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
	}
	found := described(t, handler)
	for _, name := range found {
		if !slices.Contains(routed, name) {
			t.Errorf("%s is described and not answered", name)
		}
	}
	for _, name := range routed {
		if !slices.Contains(found, name) {
			t.Errorf("%s is answered and not described", name)
		}
	}
}

// codesOfContract are the problems that callers build on.
func codesOfContract() []string {
	return strings.Fields(`invalid_request unauthorized forbidden bad_signature not_found method_not_allowed too_large
		unsupported_media_type internal voucher_not_found not_active blocked invalidated expired claimed quarantined claim_required
		mode_mismatch cannot_be_applied held_elsewhere insufficient_balance balance_changed currency_mismatch above_limit
		not_reversible needs_address code_gone channel_not_allowed reservation_expired reservation_ended reservation_superseded
		reservation_not_found too_many_vouchers membership_required not_paid_online approval_required awaiting_approval key_reused
		in_progress prevented rate_limited unavailable`)
}

func TestEveryProblemHasAPageThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	handler := closed(t)
	explained := map[string]edge.Explanation{}
	for _, e := range edge.Explanations() {
		explained[string(e.Code)] = e
	}
	codes := slices.Concat(codesOfContract(), slices.Collect(maps.Keys(explained)))
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		text, header := textOf(t, handler, "/problems/"+code)
		e := explained[code]
		for _, part := range []string{html.EscapeString(e.Title), "What it means", "What to do", code} {
			if part == "" || !strings.Contains(text, part) {
				t.Errorf("the page of %s does not say %q", code, part)
			}
		}
		if len(e.Meaning) < 20 || len(e.Remedy) < 10 {
			t.Errorf("%s: %q, %q say too little", code, e.Meaning, e.Remedy)
		}
		if foreign.MatchString(text) || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("the page of %s may load something", code)
		}
	}
}

// foreign is anything that a browser would fetch or run.
var foreign = regexp.MustCompile(`(?i)<script|<link|<img|<iframe|\bsrc=|url\(|@import|\bon[a-z]+=|(href|action)="(https?:)?//`)

func TestTheDocsAreOnePageThatLoadsNothing(t *testing.T) {
	t.Parallel()
	handler := closed(t)
	text, header := textOf(t, handler, "/docs")
	if found := foreign.FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	policy := header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("Content-Security-Policy %q", policy)
	}
	if header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", header.Get("Content-Type"))
	}
	for _, name := range described(t, handler) {
		method, path, _ := strings.Cut(name, " ")
		if !strings.Contains(text, `<span class="method `+method+`">`+method+`</span><code>`+path+`</code>`) {
			t.Errorf("%s is not on the page", name)
		}
	}
	for _, e := range edge.Explanations() {
		if !strings.Contains(text, `href="/problems/`+string(e.Code)+`"`) {
			t.Errorf("the problem %s is not on the page", e.Code)
		}
	}
	for _, telling := range []string{
		"due.amount", // money is one thing
	} {
		if strings.Contains(text, "<code>"+telling+"</code>") {
			t.Errorf("the page lays out %s", telling)
		}
	}
	for _, telling := range []string{"data.order.lines[].recipient.email", "other_tenders[].method", "webhook-signature", "letters, digits and ._:-, at most 128"} {
		if !strings.Contains(text, telling) {
			t.Errorf("the page does not say %q", telling)
		}
	}
}

// TestEveryLinkOnThePageLeadsSomewhere follows the anchors.
func TestEveryLinkOnThePageLeadsSomewhere(t *testing.T) {
	t.Parallel()
	text, _ := textOf(t, closed(t), "/docs")
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if n := strings.Count(text, ` id="`+link[1]+`"`); n != 1 {
			t.Errorf("the link to #%s finds %d places", link[1], n)
		}
	}
}
