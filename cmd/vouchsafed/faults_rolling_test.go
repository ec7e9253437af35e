package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// balancer sends requests in turn to the gateways that say they are ready, as nginx and HAProxy do. It repeats none.
type balancer struct {
	t     *testing.T
	url   string
	polls sync.WaitGroup

	mu    sync.Mutex
	ready []*url.URL
	turn  int
	diary []string // what it saw, for whoever wonders why a request failed
}

const (
	polledEvery = 50 * time.Millisecond // a gateway is asked whether it is ready
	fallsAfter  = 3                     // answers in a row that it is not, as HAProxy does: one may be late on a busy machine
)

// balances puts a balancer before gateways.
func balances(t *testing.T, gateways ...*running) *balancer {
	t.Helper()
	b := &balancer{t: t}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(b.next()) },
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			b.notes("%s %s: %v", r.Method, r.URL, err)
			panic(http.ErrAbortHandler) // hangs up
		},
	})
	b.url = server.URL
	t.Cleanup(func() { server.Close(); b.polls.Wait() })
	for _, d := range gateways {
		b.adds(d)
	}
	return b
}

// adds begins to look at a gateway, until the test ends, and waits until it is ready.
func (b *balancer) adds(d *running) {
	b.t.Helper()
	target, err := url.Parse(d.url)
	if err != nil {
		b.t.Fatal(err)
	}
	b.polls.Go(func() {
		falls := 0
		during(b.t.Context().Done(), polledEvery, func() {
			if falls++; b.isReady(d) {
				falls = 0
			}
			b.set(target, falls < fallsAfter && (falls == 0 || b.has(target)))
		})
	})
	eventually(b.t, recoversWithin, "the balancer finds the gateway", func() bool { return b.has(target) })
}

// isReady asks by a connection of its own, as a balancer does.
func (b *balancer) isReady(d *running) bool {
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close() // its status is all
	return answer.StatusCode == http.StatusOK
}

func (b *balancer) set(target *url.URL, ready bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var others []*url.URL
	for _, other := range b.ready {
		if other != target {
			others = append(others, other)
		}
	}
	if ready {
		others = append(others, target)
	}
	if len(others) != len(b.ready) {
		b.writes("%s: ready %v", target, ready)
	}
	b.ready = others
}

// notes writes into the diary.
func (b *balancer) notes(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes(format, args...)
}

func (b *balancer) writes(format string, args ...any) {
	b.diary = append(b.diary, time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
}

// saw is the diary.
func (b *balancer) saw() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.diary, "\n")
}

func (b *balancer) has(target *url.URL) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ready := range b.ready {
		if ready == target {
			return true
		}
	}
	return false
}

// next is whose turn it is. When none is ready nobody answers at its address.
func (b *balancer) next() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	}
	b.turn++
	return b.ready[b.turn%len(b.ready)]
}

// keepsOn lets carts and tills come one after the other, about a hundred acts a second, until it is told to end.
func (f *fight) keepsOn() (end func()) {
	var crowd sync.WaitGroup
	over := make(chan struct{})
	come := time.NewTicker(25 * time.Millisecond)
	for n := range 8 {
		crowd.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-come.C:
				}
				if n%2 == 0 {
					f.cart(n)
				} else {
					f.register(n)
				}
				n += 8
			}
		})
	}
	return sync.OnceFunc(func() { close(over); crowd.Wait(); come.Stop() })
}

// noticed is for gateways behind a balancer, long enough for it to look several times on a busy machine.
const noticed = "VOUCHSAFE_DRAIN_FOR=3s"

// D4, G10: gateways are replaced one after the other under load, twice, as an update does. Nobody is turned away, since each says that
// it is about to end before it takes no more. That a busy PostgreSQL has a request repeated now and then is no matter of theirs.
func TestRollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	m := opens(t)
	gateways := []*running{m.serves(noticed), m.serves(noticed)}
	b := balances(t, gateways...)
	f := m.fights(3, 2, gateways[0])
	f.doors = []*running{{t: t, url: b.url}}
	end := f.keepsOn()
	t.Cleanup(end)
	for turn := range 4 {
		gateways[turn%2].stops()
		gateways[turn%2] = m.serves(noticed)
		b.adds(gateways[turn%2])
	}
	end()
	if n := f.unheard.Load(); n != 0 {
		t.Errorf("%d of %d requests failed; the balancer saw:\n%s", n, f.answered.Load()+n, b.saw())
	}
	f.balances()
}

// G9: gateways are killed one after the other under load. Whoever repeats his act under its key is answered, and it happened once.
func TestKilledGatewayFailsNobodyWhoRepeats(t *testing.T) {
	t.Parallel()
	m := opens(t)
	gateways := []*running{m.serves(), m.serves()}
	b := balances(t, gateways...)
	f := m.fights(3, 2, gateways[0])
	f.doors = []*running{{t: t, url: b.url}}
	end := f.keepsOn()
	t.Cleanup(end)
	for turn := range 4 {
		before := f.answered.Load()
		eventually(t, recoversWithin, "the load goes on", func() bool { return f.answered.Load() > before+20 })
		gateways[turn%2].dies()
		gateways[turn%2] = m.serves()
		b.adds(gateways[turn%2])
	}
	end()
	f.balances()
}

// D4: what a gateway says of itself between SIGTERM and its end.
func TestEndingIsAnnounced(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves("VOUCHSAFE_DRAIN_FOR=2s")
	d.wants(200, "", "GET", "/readyz", "")
	d.signals(syscall.SIGTERM)
	var r reply
	eventually(t, recoversWithin, "it is not ready", func() bool { r = d.asks("", "GET", "/readyz", ""); return r.status != 200 })
	if r.status != 503 || r.at("status") != "draining" {
		t.Errorf("readyz: %d %s, want 503 draining", r.status, r.text)
	}
	d.wants(200, "", "GET", "/healthz", "")
	eventually(t, recoversWithin, "nobody new is let in", func() bool { return d.asks("", "GET", "/healthz", "").status == 0 })
}
