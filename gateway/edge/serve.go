package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// headersWithin is how long a client may take for its headers; one byte at a time ends here.
	headersWithin = 5 * time.Second
	// requestWithin is how long it may take for headers and body.
	requestWithin = 15 * time.Second
	// answerWithin is how long an answer may take, the longest export included.
	answerWithin = 60 * time.Second
	// idleFor is how long a connection waits for its next request: longer than load balancers' usual 60 seconds, so
	// that it is never we who close one that they are about to use.
	idleFor = 2 * time.Minute
	// headerBytes is the most that headers may have.
	headerBytes = 16 << 10
)

// Drain says how Serve ends.
type Drain struct {
	// Notice is how long requests are still taken as before, so that whoever sends them learns to send them elsewhere.
	// Each answer closes its connection, and none that lies idle is closed: a request could be on its way.
	Notice time.Duration
	// Within is how long requests under way may then take.
	Within time.Duration
}

// Serve answers on listener until ctx ends, gives notice, then takes no new connection and lets requests under way end;
// those that are left are cut, which is an error. The listener is closed in any case.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, drain Drain, log *slog.Logger) error {
	server := &http.Server{
		Handler:           closing(ctx, handler),
		ReadHeaderTimeout: headersWithin,
		ReadTimeout:       requestWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()

	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	notice := time.NewTimer(drain.Notice)
	defer notice.Stop()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-notice.C:
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain.Within)
	defer cancel()
	err := server.Shutdown(limited)
	if err != nil {
		err = errors.Join(fmt.Errorf("drain %s: %w", listener.Addr(), err), server.Close())
	}
	<-ended
	return err
}

// closing asks callers to come by another connection, and so perhaps to another gateway, once ctx has ended.
func closing(ctx context.Context, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}
