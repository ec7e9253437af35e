package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"vouchsafe/gateway/edge"
)

const (
	// toldWithin is how long a line may wait for others. Whoever reads the log does not notice, and whoever serves saves a system call
	// and a wake-up of the reader for each request.
	toldWithin = 50 * time.Millisecond
	// toldTogether is how many bytes of lines leave at once at the latest.
	toldTogether = 32 << 10
)

// lines gathers the lines of the log, which leave together: so many at once, or after a moment. A process that is killed takes the last
// moment's with it.
type lines struct {
	to io.Writer

	mu      sync.Mutex
	waiting []byte
	leave   *time.Timer // flushes what waits; made with the first line
}

// Write takes one line.
func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.arm()
	}
	l.waiting = append(l.waiting, line...)
	if len(l.waiting) >= toldTogether {
		l.send()
	}
	return len(line), nil
}

// arm sees to it that what waits leaves in time.
func (l *lines) arm() {
	if l.leave == nil {
		l.leave = time.AfterFunc(toldWithin, l.flush)
		return
	}
	l.leave.Reset(toldWithin)
}

// flush lets go of what waits.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send()
}

// send hands over what waits. What can't be written is lost, as any line of a log is that nobody takes.
func (l *lines) send() {
	if len(l.waiting) == 0 {
		return
	}
	_, _ = l.to.Write(l.waiting)
	l.waiting = l.waiting[:0]
}

// handler makes lines of records. Only those of requests wait: whatever else is said, and a request that went wrong, leaves at once with
// all that was said before it.
type handler struct {
	slog.Handler
	lines *lines
}

// newLog writes lines of JSON. What was said is out when flush returns.
func newLog(to io.Writer, level slog.Leveler) (log *slog.Logger, flush func()) {
	out := &lines{to: to}
	return slog.New(handler{slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}), out}), out.flush
}

// Handle writes a record.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Message != edge.Requested || r.Level >= slog.LevelWarn {
		h.lines.flush()
	}
	return err
}

// WithAttrs lets what it makes hold to the same.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.lines}
}

// WithGroup: see WithAttrs.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.lines}
}
