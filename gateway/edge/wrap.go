package edge

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

const (
	// JSONBytes is the most that a JSON body may have.
	JSONBytes int64 = 64 << 10
	// WebhookBytes is the most that a webhook's body may have.
	WebhookBytes int64 = 1 << 20
)

// Requested is the message of the line that the log gets of each request.
const Requested = "request"

// wrap is the wall: it stands around every route, the missing ones too.
func (e *Edge) wrap(c *gin.Context) {
	start := e.options.Now()
	s := &state{id: e.requestID(c.Request), source: c.ClientIP(), mapper: e.options.Map, body: c.Request.Body, writer: underneath(c.Writer)}
	c.Request = c.Request.WithContext(s.within(c.Request.Context()))
	header := c.Writer.Header()
	header.Set("X-Request-Id", s.id)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	s.limit(c, JSONBytes)

	defer func() { e.report(c, s, e.options.Now().Sub(start)) }()
	defer rescue(c)
	if err := checkAddress(c.Params, c.Request.URL.Query()); err != nil {
		Fail(c, err)
		return
	}
	c.Next()
}

// underneath gives the writer that gin wraps: only that one can close the connection of a body without end.
func underneath(w http.ResponseWriter) http.ResponseWriter {
	if wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return wrapped.Unwrap()
	}
	return w
}

// BodyLimit is a middleware that lets a route of Public take larger or smaller bodies than JSONBytes.
func BodyLimit(bytes int64) gin.HandlerFunc {
	return func(c *gin.Context) { stateOf(c.Request.Context()).limit(c, bytes) }
}

// Bodies is BodyLimit for an operation of the API, behind its other middlewares: whoever may not do it sends no more than JSONBytes.
func Bodies(bytes int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		BodyLimit(bytes)(humagin.Unwrap(ctx))
		next(ctx)
	}
}

func (s *state) limit(c *gin.Context, bytes int64) {
	if s.body != nil {
		c.Request.Body = http.MaxBytesReader(s.writer, s.body, bytes)
	}
}

// panicked is a fault that came as a panic. Its text is for the log; it has no request in it.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// rescue turns a panic into a 500, or leaves it at a torn answer when one had begun.
func rescue(c *gin.Context) {
	value := recover()
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value) // net/http's own way to cut a connection
	}
	fault := &panicked{value: value, stack: debug.Stack()}
	stateOf(c.Request.Context()).fault = fault
	if c.Writer.Written() {
		c.Abort()
		return
	}
	Fail(c, Refuse(Internal, "Something went wrong. The log tells more under the request id."))
}

// report writes the one log line of a request.
func (e *Edge) report(c *gin.Context, s *state, took time.Duration) {
	served := Served{Method: method(c.Request.Method), Route: c.FullPath(), Status: c.Writer.Status(), Problem: s.said, Took: took}
	if served.Route == "" {
		served.Route = "unmatched"
	}
	if e.options.Observe != nil {
		e.options.Observe(served)
	}
	facts := append(make([]slog.Attr, 0, 8),
		slog.String("method", served.Method),
		slog.String("route", served.Route),
		slog.Int("status", served.Status),
		slog.Duration("took", took),
		slog.String("request_id", s.id),
	)
	if s.actor != nil {
		facts = append(facts, slog.Attr{Key: "actor", Value: s.actor.LogValue()})
	}
	facts = append(facts, blame(s.fault)...)
	e.options.Log.LogAttrs(c.Request.Context(), severity(served.Status, s.fault), Requested, facts...)
}

// severity: a fault is for today; a store that is away is somebody's this week.
func severity(status int, fault error) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= http.StatusInternalServerError || fault != nil:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// blame says what went wrong.
func blame(fault error) []slog.Attr {
	if fault == nil {
		return nil
	}
	facts := []slog.Attr{slog.String("error", fault.Error())}
	if p, ok := errors.AsType[*panicked](fault); ok {
		facts = append(facts, slog.String("stack", string(p.stack)))
	}
	return facts
}

// method keeps invented methods, which may hold anything, out of the log and of the metrics.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return name
	default:
		return "other"
	}
}

// LogValue tells which key or person acts, and for whom. A person is named by his id alone.
func (a Actor) LogValue() slog.Value {
	facts := []slog.Attr{slog.String("scope", string(a.Scope))}
	if a.Person != "" {
		facts = append(facts, slog.String("person", a.Person), slog.String("session", a.Session))
	} else {
		facts = append(facts, slog.String("key", a.KeyID))
	}
	if a.Shop != "" {
		facts = append(facts, slog.String("shop", a.Shop))
	}
	if a.Register != "" {
		facts = append(facts, slog.String("register", a.Register))
	}
	return slog.GroupValue(facts...)
}
