package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collects is a collector of traces on this machine.
type collects struct {
	*httptest.Server
	mu   sync.Mutex
	raw  strings.Builder
	seen []*spans.Span
}

// collect starts a collector.
func collect(t *testing.T) *collects {
	t.Helper()
	c := &collects{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
			http.Error(w, "no traces", http.StatusBadRequest)
			return
		}
		c.keep(body, &sent)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collects) keep(body []byte, sent *collector.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(body)
	for _, resource := range sent.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.seen = append(c.seen, scope.GetSpans()...)
		}
	}
}

// named finds the spans of a name.
func (c *collects) named(name string) (found []*spans.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seen {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// waits until a span of the name has come.
func (c *collects) waits(t *testing.T, name string) []*spans.Span {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		if found := c.named(name); len(found) > 0 {
			return found
		}
	}
	t.Fatalf("no span %q came", name)
	return nil
}

// TestTracesAreSentToTheCollectorAndHoldNoSecret follows a redemption: a span of the request, one of its
// group, statements within both; and nothing of the code, the key or who asked.
func TestTracesAreSentToTheCollectorAndHoldNoSecret(t *testing.T) {
	t.Parallel()
	to := collect(t)
	m := opens(t)
	d := m.serves("OTEL_EXPORTER_OTLP_ENDPOINT="+to.URL, "OTEL_BSP_SCHEDULE_DELAY=100")
	m.buys(1)
	m.delivers(d)
	code := codes(t, m.mails(2)[1:])[0]
	d.wants(201, m.till, "PUT", "/v1/redemptions/secret-key", fmt.Sprintf(`{"code": %q, "amount": {"amount": 10000, "currency": "DKK"}, "receipt": "17"}`, code))
	d.wants(200, "", "GET", "/healthz", "")

	request := to.waits(t, "PUT /v1/redemptions/:key")[0]
	to.waits(t, "settle acts")
	within := map[string]bool{}
	for _, s := range append(to.named("SELECT"), to.named("batch start")...) {
		within[string(s.GetParentSpanId())] = true
	}
	if !within[string(request.GetSpanId())] {
		t.Error("the request asked the database nothing, by its trace")
	}
	if groups := to.named("settle acts"); !within[string(groups[0].GetSpanId())] {
		t.Error("the group asked the database nothing, by its trace")
	}
	if len(to.named("GET /healthz")) != 0 {
		t.Error("a probe is traced")
	}
	d.stops()
	to.mu.Lock()
	defer to.mu.Unlock()
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", ""), "secret-key", m.till, m.shop} {
		if strings.Contains(to.raw.String(), secret) {
			t.Errorf("%q is in the traces (I13)", secret)
		}
	}
	if !strings.Contains(to.raw.String(), "vouchsafed") || !strings.Contains(to.raw.String(), withoutAddress) {
		t.Error("the spans don't say whose they are, or say who asked")
	}
}

// withoutAddress stands in the spans for who asked.
const withoutAddress = "withheld"

func TestACollectorThatIsAwayHindersNobody(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	m := opens(t)
	d := m.serves("OTEL_EXPORTER_OTLP_ENDPOINT="+gone.URL, "OTEL_BSP_SCHEDULE_DELAY=50")
	d.wants(404, m.till, "POST", "/v1/balance", `{"code": "0000-0000-0000-0000"}`)
	d.stops()
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	t.Parallel()
	d := opens(t).serves()
	d.wants(200, "", "GET", "/readyz", "")
	d.stops()
	if strings.Contains(d.log.String(), "tracing is on") {
		t.Error("tracing is on, and nobody asked for it")
	}
}
