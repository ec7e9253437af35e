package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

// D4: who is about to end says so at once, also to a balancer that has asked before and whose answer a slow store
// holds up.
func TestEndingIsSaidAtOnceHoweverSlowTheStoresAre(t *testing.T) {
	t.Parallel()
	draining, asked := make(chan struct{}), make(chan struct{})
	slow := Check{Name: "postgres", Vital: true, Ask: func(ctx context.Context) (string, error) {
		close(asked) // once: who comes later asks nobody
		<-ctx.Done()
		return "", ctx.Err()
	}}
	handler := readyz([]Check{slow}, draining)
	answers := make(chan *httptest.ResponseRecorder, 1)
	go func() { answers <- readies(t, handler) }()
	<-asked
	close(draining)
	for _, answer := range []*httptest.ResponseRecorder{<-answers, readies(t, handler)} {
		var got map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"status": "draining", "checks": map[string]any{}}, got); diff != "" || answer.Code != http.StatusServiceUnavailable {
			t.Errorf("%d (-want +got):\n%s", answer.Code, diff)
		}
	}
}

// readies asks whether the gateway is ready.
func readies(t *testing.T, handler gin.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(answer)
	c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil)
	handler(c)
	return answer
}
