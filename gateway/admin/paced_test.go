package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"vouchsafe/retail"
)

// deaf is a connection whose other end reads nothing.
type deaf struct {
	http.ResponseWriter
	over chan struct{}
}

func (d *deaf) SetWriteDeadline(at time.Time) error {
	if !at.IsZero() {
		close(d.over)
	}
	return nil
}

func (d *deaf) Write([]byte) (int, error) {
	<-d.over
	return 0, os.ErrDeadlineExceeded
}

func TestATableThatNobodyReadsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := newPaced(&deaf{over: make(chan struct{})}).Write([]byte("line"))
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took != stallMost {
			t.Errorf("it ended after %s with %v, want after %s", took, err, stallMost)
		}
	})
}

func TestFewTablesAreSentAtOnce(t *testing.T) {
	a := &admin{tables: make(chan struct{}, tablesMost)}
	for range tablesMost {
		a.tables <- struct{}{}
	}
	answer := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(answer)
	c.Request = httptest.NewRequest(http.MethodGet, "/v1/admin/exports/journal.csv", nil)
	stream, err := a.streamed(retail.Export{Name: "journal.csv"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	stream.Body(humagin.NewContext(&huma.Operation{}, c))
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
		t.Errorf("one more is answered %d, Retry-After %q", answer.Code, answer.Header().Get("Retry-After"))
	}
}
