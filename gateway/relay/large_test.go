package relay_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// counted counts what was read of a body.
type counted struct {
	io.Reader
	read int
}

func (c *counted) Read(into []byte) (int, error) {
	n, err := c.Reader.Read(into)
	c.read += n
	return n, err
}

// A sender who is still sending when the refusal comes hears nothing of it: as much as a webhook may have is read first, and no more than
// the server takes in passing.
func TestASenderIsHeardOutBeforeHisBodyIsTooLarge(t *testing.T) {
	t.Parallel()
	h := open(t)
	const most = 1 << 20
	body := &counted{Reader: strings.NewReader(strings.Repeat("x", 8*most))}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/shops/demo/webhooks", body)
	request.ContentLength = 8 * most
	recorder := httptest.NewRecorder()
	h.door.Config.Handler.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusRequestEntityTooLarge || body.read < most || body.read > 2*most {
		t.Errorf("%d after %d bytes", recorder.Code, body.read)
	}
}
