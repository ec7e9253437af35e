package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// mischief is what happens to the first try of an act. Each is something that networks, proxies and gateways do.
type mischief string

// The plan: acts meet them in this order, again and again. Seven is prime to the two or three calls of most clients' turns, so that
// each kind of call meets them all.
const (
	lost       mischief = "executed, and its answer lost"
	turnedAway mischief = "answered 503 with Retry-After, not executed"
	slow       mischief = "executed, and answered late"
	twin       mischief = "executed, and answered 409 in_progress"
	cut        mischief = "cut off before it was executed"
	twice      mischief = "delivered twice"
	fair       mischief = ""
)

func plan() []mischief { return []mischief{lost, turnedAway, slow, twin, cut, twice, fair} }

// retryAfter is what a client is asked to wait, in seconds.
const retryAfter = 1

// bodyMost is more than any request may have.
const bodyMost = 2 << 20

// Watcher looks like a gateway: it passes on what a client asks to a real one, misbehaves on plan, and notes what the client does.
// It is safe for concurrent use.
type Watcher struct {
	upstream string
	slow     time.Duration
	client   *http.Client
	now      func() time.Time

	mu    sync.Mutex
	acts  map[string]bool // that were tried
	seen  int             // acts that mischief was planned for
	calls []*seen
}

// WatcherOptions say what a Watcher stands before.
type WatcherOptions struct {
	Upstream string        // URL of the real gateway
	Slow     time.Duration // how long a late answer takes
	Client   *http.Client  // with a time-out longer than any answer takes
	Now      func() time.Time
}

// NewWatcher makes a Watcher.
func NewWatcher(o WatcherOptions) *Watcher {
	return &Watcher{upstream: strings.TrimSuffix(o.Upstream, "/"), slow: o.Slow, client: o.Client, now: o.Now, acts: map[string]bool{}}
}

// seen is a call of the client, as the client saw it.
type seen struct {
	begun, ended time.Time
	method       string
	path         string
	query        string
	who          string // the API key
	verb         verb
	key          string // of the act, or of the webhook
	text         []byte
	fields       map[string]any
	status       int // 0: no answer arrived
	wait         int // seconds of Retry-After
	did          mischief
}

// verb is what a call does, as far as the rules tell calls apart.
type verb string

const (
	puts      verb = "PUT"
	captures  verb = "capture"
	releases  verb = "release"
	deletes   verb = "DELETE"
	gets      verb = "GET"
	tells     verb = "webhook"
	looksUp   verb = "look-up"
	otherwise verb = "other"
)

// act names what a call is about: the same act under the same key has the same name.
func (c *seen) act() string { return c.who + " " + c.method + " " + c.path + " " + c.key }

// moves tells whether the call moves value, or tells of something that does.
func (c *seen) moves() bool { return c.verb == puts || c.verb == captures || c.verb == tells }

// ServeHTTP passes a call on, or does to it what is planned.
func (w *Watcher) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(to, r.Body, bodyMost))
	if err != nil {
		http.Error(to, "the body could not be read", http.StatusBadRequest)
		return
	}
	c := w.note(r, text)
	switch c.did {
	case cut:
		w.hangUp(c)
	case turnedAway:
		w.say(to, c, refusal(http.StatusServiceUnavailable, "unavailable", "Planned: nothing was changed."))
		return
	}
	answer := w.pass(r, text)
	switch c.did {
	case lost:
		w.hangUp(c)
	case slow:
		if !wait(r.Context(), w.slow) {
			w.hangUp(c)
		}
	case twin:
		answer = refusal(http.StatusConflict, "in_progress", "Planned: the same act under the same key is running.")
	case twice:
		answer = w.pass(r, text)
	}
	w.say(to, c, answer)
}

// note takes note of a call, and of what will happen to it.
func (w *Watcher) note(r *http.Request, text []byte) *seen {
	c := read(r, text)
	w.mu.Lock()
	defer w.mu.Unlock()
	c.begun = w.now()
	if c.moves() && !w.acts[c.act()] {
		w.acts[c.act()] = true
		c.did = plan()[w.seen%len(plan())]
		w.seen++
	}
	w.calls = append(w.calls, c)
	return c
}

// read sees what a call is.
func read(r *http.Request, text []byte) *seen {
	c := &seen{
		method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, who: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
		text: text, verb: otherwise,
	}
	_ = json.Unmarshal(text, &c.fields) // what is no object has no fields
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) == 4 && parts[1] == "shops" && parts[3] == "webhooks":
		c.verb, c.key = tells, r.Header.Get("webhook-id")
		if c.key == "" {
			c.key = string(text)
		}
	case len(parts) == 4 && parts[3] == "capture":
		c.verb, c.key = captures, parts[2]
	case len(parts) == 4 && parts[3] == "release":
		c.verb, c.key = releases, parts[2]
	case len(parts) == 2 && (parts[1] == "balance" || parts[1] == "quotes"):
		c.verb = looksUp
	case len(parts) == 2 && parts[1] == "captures":
		c.verb, c.key = captures, c.word("order")
	case len(parts) == 3 && parts[0] == "v1":
		c.key = parts[2]
		c.verb = map[string]verb{http.MethodPut: puts, http.MethodDelete: deletes, http.MethodGet: gets}[r.Method]
	}
	return c
}

// word is a field of the body that is text.
func (c *seen) word(name string) string {
	text, _ := c.fields[name].(string)
	return text
}

// given is an answer to be given.
type given struct {
	status int
	header http.Header
	text   []byte
}

// refusal is a problem of ours.
func refusal(status int, code, detail string) given {
	text := fmt.Sprintf(`{"type":"/problems/%[1]s","title":%[2]q,"status":%[3]d,"detail":%[4]q,"code":%[1]q,"request_id":"planned"}`,
		code, http.StatusText(status), status, detail)
	return given{status, http.Header{"Content-Type": {"application/problem+json"}, "Retry-After": {strconv.Itoa(retryAfter)}}, []byte(text)}
}

// pass asks the real gateway. Whatever the client does meanwhile, what has begun is finished.
func (w *Watcher) pass(r *http.Request, text []byte) given {
	request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, w.upstream+r.URL.RequestURI(), bytes.NewReader(text))
	if err != nil {
		return refusal(http.StatusServiceUnavailable, "unavailable", "The request can't be passed on.")
	}
	request.Header = r.Header.Clone()
	request.Header.Del("Accept-Encoding") // the answer is read here
	answer, err := w.client.Do(request)
	if err != nil {
		return refusal(http.StatusServiceUnavailable, "unavailable", "The gateway behind does not answer.")
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		return refusal(http.StatusServiceUnavailable, "unavailable", "The gateway behind broke off.")
	}
	return given{answer.StatusCode, answer.Header, said}
}

// say answers, and notes what the client was told.
func (w *Watcher) say(to http.ResponseWriter, c *seen, answer given) {
	for _, name := range []string{"Content-Type", "Retry-After", "Www-Authenticate", "Allow"} {
		if value := answer.header.Get(name); value != "" {
			to.Header().Set(name, value)
		}
	}
	// Noted before the client can act on it.
	w.mu.Lock()
	c.ended, c.status = w.now(), answer.status
	c.wait, _ = strconv.Atoi(answer.header.Get("Retry-After")) // 0 where there is none
	w.mu.Unlock()
	to.WriteHeader(answer.status)
	_, _ = to.Write(answer.text) // a client that has left has not seen it, and will ask again
}

// hangUp ends the connection without an answer.
func (w *Watcher) hangUp(c *seen) {
	w.mu.Lock()
	c.ended = w.now()
	w.mu.Unlock()
	panic(http.ErrAbortHandler)
}

// wait is false when the client leaves first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Sheet judges what the client has done until now.
func (w *Watcher) Sheet() Sheet {
	w.mu.Lock()
	defer w.mu.Unlock()
	return judge(w.calls)
}

// Serve lets clients in until the context ends.
func (w *Watcher) Serve(ctx context.Context, address string, listening func(url string)) error {
	server := &http.Server{Addr: address, Handler: w, ReadHeaderTimeout: 10 * time.Second}
	listener, err := listen(ctx, address)
	if err != nil {
		return err
	}
	listening((&url.URL{Scheme: "http", Host: listener.Addr().String()}).String())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the client: %w", err)
	case <-ctx.Done():
		err := server.Close()
		if fault := <-ended; !errors.Is(fault, http.ErrServerClosed) {
			err = errors.Join(err, fault)
		}
		return err
	}
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the client: %w", err)
	}
	return listener, nil
}
