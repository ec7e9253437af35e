package mail

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

const maxAnswers = 1 << 20 // octets that a server may say in one attempt

var errTalkative = errors.New("the mail server talks without end")

// line is a connection that ends with a context. Closing it is the only interruption that holds whatever deadlines
// others set on it, and it needs no clock.
type line struct {
	net.Conn
	heard atomic.Int64
}

// Read counts what the server says, so that an endless answer can't fill the memory.
func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if l.heard.Add(int64(n)) > maxAnswers {
		return 0, errTalkative
	}
	return n, err
}

// until hangs up when the context ends. The returned function ends the watch and reports whether the line is still
// open.
func (l *line) until(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = l.Close() })
}
