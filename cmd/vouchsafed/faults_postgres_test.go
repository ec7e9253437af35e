package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/embedded"
	"vouchsafe/retail/retailtest"
)

// endBackends ends every connection to the test's database but its own.
const endBackends = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
	WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`

// breaks ends all connections each time that the world has moved on since the last time, so that a slow
// machine gets to do something in between, and returns how many it ended.
func breaks(t *testing.T, pool *pgxpool.Pool, over <-chan struct{}, world func() int64) (broken int64) {
	t.Helper()
	seen := int64(0)
	during(over, 20*time.Millisecond, func() {
		if now := world(); now > seen {
			broken, seen = broken+count(t, pool, endBackends), now
		}
	})
	return broken
}

// P1: connections break in the middle of everything, commits included. Whoever repeats finds out what
// became of his act, and it happened once.
func TestBrokenConnectionsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	m := opens(t)
	f := m.fights(5, 8, m.serves(), m.serves())
	pool := m.look()
	broken := breaks(t, pool, f.begins(14, 6), f.answered.Load)
	if broken < 100 {
		t.Errorf("%d connections were broken only", broken)
	}
	const twice = `SELECT count(*) FROM (SELECT 1 FROM act WHERE kind = 'redemption' GROUP BY owner, key HAVING count(*) > 1) x`
	if n := count(t, pool, twice); n != 0 {
		t.Errorf("%d keys acted twice (I5)", n)
	}
	f.ends()
}

// P1, W1: connections break while orders come in: each is told again until it is accepted, and each
// unit is issued once and mailed once.
func TestBrokenConnectionsIssueNothingTwice(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d, other := m.serves(), m.serves()
	pool := m.look()
	const orders = 6
	for range orders {
		m.buys(2)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for n, sent := range m.woo.Deliver(t.Context(), d.url+"/v1/shops/demo/webhooks") {
			door := []*running{d, other}[n%2].url + "/v1/shops/demo/webhooks"
			for end := time.Now().Add(recoversWithin); sent.Status != 200 && time.Now().Before(end); {
				if sent.Status != 503 {
					t.Errorf("the shop is answered %d %s", sent.Status, sent.Answer)
				}
				sent = m.woo.Resend(t.Context(), door, sent)
			}
		}
	}()
	breaks(t, pool, over, func() int64 {
		return count(t, pool, `SELECT (SELECT COALESCE(sum(received), 0) FROM inbox) + (SELECT COALESCE(sum(attempt), 0) FROM delivery)`)
	})
	eventually(t, recoversWithin, "each order has its confirmation and both its codes", func() bool {
		return count(t, pool, `SELECT count(*) FROM delivery WHERE kind IN ('code', 'confirmation') AND state = 'done'`) == 3*orders
	})
	if sold := count(t, pool, `SELECT count(*) FROM voucher WHERE state = 'active'`); sold != 2*orders {
		t.Errorf("%d vouchers, want %d (I8)", sold, 2*orders)
	}
	if n := len(m.sink.Messages()); n != 3*orders {
		t.Errorf("%d mails, want %d (I10)", n, 3*orders)
	}
	m.sound()
}

// postgres is a PostgreSQL that a test may stop and start.
type postgres struct {
	t       *testing.T
	options embedded.Options
	stores  *embedded.Stores
}

// startsPostgres starts one with durable commits: it must not forget what it acknowledged when it is killed.
func startsPostgres(t *testing.T) *postgres {
	t.Helper()
	dir, err := os.MkdirTemp(retailtest.Parent(), "vs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &postgres{t: t, options: embedded.Options{
		Dir: dir + "/data", Without: []embedded.Store{embedded.Redis}, PostgresBin: os.Getenv("VOUCHSAFE_PG_BIN"),
		Durability: embedded.Volatile, Settings: map[string]string{"synchronous_commit": "on"},
		Now: time.Now, Random: rand.Reader,
	}}
	p.starts()
	t.Cleanup(p.stops)
	return p
}

func (p *postgres) starts() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startsWithin)
	defer cancel()
	var err error
	if p.stores, err = embedded.Start(ctx, p.options); err != nil {
		p.t.Fatal(err)
	}
}

// stops ends it in an orderly manner, as a SIGINT does.
func (p *postgres) stops() {
	ctx, cancel := context.WithTimeout(context.Background(), startsWithin)
	defer cancel()
	if err := p.stores.Stop(ctx); err != nil && !strings.Contains(err.Error(), "ended by itself") {
		p.t.Error(err)
	}
}

// dies ends it at once, as a SIGQUIT does.
func (p *postgres) dies() {
	p.t.Helper()
	text, err := os.ReadFile(p.stores.Dir + "/postgres/postmaster.pid")
	if err != nil {
		p.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		p.t.Fatal(err)
	}
	<-p.stores.Done()
	p.stops()
}

// P1: PostgreSQL stops and starts. Meanwhile everything that moves value is 503 with Retry-After;
// afterwards all goes on by itself: acts within three seconds, mails and webhooks as well.
func TestPostgresMayStopAndStart(t *testing.T) {
	t.Parallel()
	p := startsPostgres(t)
	m := opens(t, "VOUCHSAFE_DATABASE_URL="+p.stores.DatabaseURL)
	m.url = p.stores.DatabaseURL
	d := m.serves()
	sold := m.sells(d, 3)
	m.reserves(d, "before", sold[0])
	pool := m.look()
	for round, ends := range []func(){p.stops, p.dies} {
		m.buys(1)
		ends()
		m.isTurnedAway(d, sold)
		p.starts()
		m.soon(d, pool, 3*time.Second, func() {
			d.wants(200, m.till, "POST", "/v1/balance", `{"code": "`+sold[1]+`"}`)
			key := "/v1/redemptions/round-" + strconv.Itoa(round)
			eventually(t, recoversWithin, "an act succeeds", func() bool {
				return d.asks(m.till, "PUT", key, redeeming(sold[1])).status == 201
			})
		})
		before := len(m.sink.Messages())
		m.delivers(d)
		m.mails(before + 2)
		m.wants2xx(d.asks(m.shop, "PUT", "/v1/reservations/before", reserving(sold[0], "before")))
	}
	if balance := d.wants(200, m.till, "POST", "/v1/balance", `{"code": "`+sold[1]+`"}`).at("balance.amount"); balance != 49800.0 {
		t.Errorf("balance %v, want 49800", balance)
	}
	m.sound()
	d.stops()
}

// isTurnedAway asks for all sorts of things while PostgreSQL is away.
func (m *merchant) isTurnedAway(d *running, sold []string) {
	m.t.Helper()
	for _, c := range []struct{ key, method, path, body string }{
		{m.shop, "PUT", "/v1/reservations/away", reserving(sold[2], "away")},
		{m.shop, "PUT", "/v1/reservations/before", reserving(sold[0], "before")},
		{m.shop, "POST", "/v1/reservations/before/capture", `{"order": "1"}`},
		{m.shop, "POST", "/v1/captures", `{"order": "1", "reservations": [{"key": "before"}]}`},
		{m.shop, "POST", "/v1/reservations/away/release", ""},
		{m.shop, "GET", "/v1/reservations/before", ""},
		{m.shop, "POST", "/v1/reservations/find", `{"holder": "before"}`},
		{m.shop, "POST", "/v1/quotes", `{"codes": ["` + sold[2] + `"], "due": {"amount": 1, "currency": "DKK"}}`},
		{m.till, "PUT", "/v1/redemptions/away", redeeming(sold[2])},
		{m.till, "GET", "/v1/redemptions/away", ""},
		{m.till, "DELETE", "/v1/redemptions/away", ""},
		{m.till, "POST", "/v1/balance", `{"code": "` + sold[2] + `"}`},
	} {
		m.isUnavailable(d, c.key, c.method, c.path, c.body)
	}
	// Delivered by hand: the shop itself would not send it again.
	m.isUnavailable(d, "", "POST", "/v1/shops/demo/webhooks", `{"id": 1}`)
	d.wants(200, "", "GET", "/healthz", "")
	if r := d.asks("", "GET", "/readyz", ""); r.status != 503 || !strings.Contains(r.text, "postgres") {
		m.t.Errorf("readyz: %d %s, want 503 that names postgres", r.status, r.text)
	}
}

// isUnavailable expects 503, and when to come back.
func (m *merchant) isUnavailable(d *running, key, method, path, body string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	began := time.Now()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		m.t.Errorf("%s %s: %v", method, path, err)
		return
	}
	defer answer.Body.Close()
	if took := time.Since(began); answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" || took > 12*time.Second {
		m.t.Errorf("%s %s: %d with Retry-After %q after %v, want 503 and when to come back",
			method, path, answer.StatusCode, answer.Header.Get("Retry-After"), took)
	}
}

// G9: all connections end while nobody uses them, as when PostgreSQL was started anew. Whoever asks next is answered at once,
// reads as well as acts.
func TestConnectionsThatEndIdleFailNobody(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	code := m.sells(d, 1)[0]
	pool := m.look()
	for round := range 4 {
		m.asksAtOnce(d, code, round)
		endsAll(t, pool)
	}
	m.asksAtOnce(d, code, 4)
}

// endsAll ends all connections but its own and returns when they are gone.
func endsAll(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	const alive = `SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1)`
	ended := column[int32](t, pool, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	column[bool](t, pool, `SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid`, ended)
	eventually(t, recoversWithin, "the connections are gone", func() bool { return count(t, pool, alive, ended) == 0 })
}

// asksAtOnce asks so much at the same moment that it takes many connections, and wants all of it answered.
func (m *merchant) asksAtOnce(d *running, code string, round int) {
	m.t.Helper()
	var crowd sync.WaitGroup
	for range 20 {
		crowd.Go(func() {
			if r := d.asks(m.till, "POST", "/v1/balance", `{"code": "`+code+`"}`); r.status != 200 {
				m.t.Errorf("round %d: a read was answered %d %s", round, r.status, r.text)
			}
		})
	}
	crowd.Go(func() {
		if r := d.asks(m.till, "PUT", "/v1/redemptions/idle-"+strconv.Itoa(round), redeeming(code)); r.status != 201 {
			m.t.Errorf("round %d: an act was answered %d %s", round, r.status, r.text)
		}
	})
	crowd.Wait()
}
