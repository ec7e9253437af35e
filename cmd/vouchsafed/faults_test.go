package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tills makes API keys of further registers.
func (m *merchant) tills(n int) (keys []string) {
	m.t.Helper()
	for i := range n {
		keys = append(keys, m.does("key", "add", "--scope", "till", "--register", fmt.Sprintf("fight-%d", i)))
	}
	return keys
}

// sells lets the shop sell so many vouchers and returns their codes.
func (m *merchant) sells(d *running, n int) []string {
	m.t.Helper()
	before := len(m.sink.Messages())
	m.buys(n)
	m.delivers(d)
	sold := codes(m.t, m.mails(before + n + 1)[before:])
	slices.Sort(sold)
	if sold = slices.Compact(sold); len(sold) != n {
		m.t.Fatalf("%d codes were mailed, want %d", len(sold), n)
	}
	return sold
}

// sound lets verify prove the invariants (I1-I11).
func (i *installation) sound() {
	i.t.Helper()
	if said, err := i.tries("verify"); err != nil || !strings.HasPrefix(said, "Sound") {
		i.t.Errorf("verify: %v: %s", err, said)
	}
}

// look is the test's own connection to the database of the installation.
func (i *installation) look() *pgxpool.Pool {
	i.t.Helper()
	pool, err := pgxpool.New(context.Background(), i.url)
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(pool.Close)
	return pool
}

// column asks the database for one column.
func column[T any](t testing.TB, pool *pgxpool.Pool, query string, args ...any) []T {
	t.Helper()
	rows, _ := pool.Query(t.Context(), query, args...) // rows carry the error to CollectRows
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return values
}

// count asks the database for a number.
func count(t testing.TB, pool *pgxpool.Pool, query string, args ...any) int64 {
	t.Helper()
	return column[int64](t, pool, query, args...)[0]
}

// eventually asks again and again whether something is so. What became of the world outside can't
// be waited for otherwise.
func eventually(t testing.TB, within time.Duration, what string, so func() bool) {
	t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// soon wants something done within a time, to which comes what the machine itself makes of nothing at the same moment: a dozen requests
// to the daemon that need no store, each followed by a question to PostgreSQL. They take a few milliseconds where nobody else works.
func (m *merchant) soon(d *running, pool *pgxpool.Pool, within time.Duration, what func()) {
	m.t.Helper()
	nothing := make(chan time.Duration, 1)
	began := time.Now()
	go func() {
		for range 12 {
			d.asks("", "GET", "/healthz", "")
			_ = pool.Ping(m.t.Context())
		}
		nothing <- time.Since(began)
	}()
	what()
	took := time.Since(began)
	if busy := <-nothing; took > within+busy {
		m.t.Errorf("it took %v, want %v; nothing took %v", took, within, busy)
	}
}

// reserving, redeeming are bodies of requests about 1 krone of a code.
func reserving(code, cart string) string {
	return fmt.Sprintf(`{"code": %q, "holder": %q, "due": {"amount": 100, "currency": "DKK"}}`, code, cart)
}

func redeeming(code string) string {
	return fmt.Sprintf(`{"code": %q, "amount": {"amount": 100, "currency": "DKK"}, "receipt": "1"}`, code)
}

// fight is a crowd of carts and tills that want the same few codes, at daemons on the same stores.
// Each repeats what was not answered, under the same key, and keeps book of what it was told.
type fight struct {
	*merchant
	doors     []*running
	codes     []string
	registers []string
	rounds    int

	mu       sync.Mutex
	holds    map[string]string // which cart was told that it has a code
	spent    map[string]int64  // what was acknowledged, in krones of each code
	grants   int
	refusals int
	away     atomic.Int64 // answers 503, and requests that were not answered at all
	unheard  atomic.Int64 // those that were not answered at all
	answered atomic.Int64 // all other answers
}

// fights prepares a crowd for so many codes.
func (m *merchant) fights(codes, rounds int, doors ...*running) *fight {
	m.t.Helper()
	f := &fight{merchant: m, doors: doors, rounds: rounds, holds: map[string]string{}, spent: map[string]int64{}}
	f.registers = m.tills(3)
	f.codes = m.sells(doors[0], codes)
	return f
}

// begins lets so many carts and tills loose. The channel is closed when all have finished, or have gone
// home because the test has failed.
func (f *fight) begins(carts, tills int) <-chan struct{} {
	var crowd sync.WaitGroup
	for n := range carts {
		crowd.Go(func() { f.cart(n) })
	}
	for n := range tills {
		crowd.Go(func() { f.register(n) })
	}
	over := make(chan struct{})
	go func() {
		crowd.Wait()
		close(over)
	}()
	f.t.Cleanup(func() { <-over })
	return over
}

// during repeats something until the fight is over.
func during(over <-chan struct{}, every time.Duration, what func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			what()
		}
	}
}

// cart reserves code after code; what it gets it captures and releases in turn.
func (f *fight) cart(n int) {
	for round := range f.rounds {
		code, key := f.codes[(n+round)%len(f.codes)], fmt.Sprintf("cart-%d-%d", n, round)
		r := f.settles(n+round, f.shop, "PUT", "/v1/reservations/"+key, reserving(code, key))
		if !f.granted(r, code, key) {
			continue
		}
		f.leaves(code)
		if round%2 == 0 {
			r = f.settles(n+round+1, f.shop, "POST", "/v1/reservations/"+key+"/release", "")
			f.expect(r, 200)
			continue
		}
		r = f.settles(n+round+1, f.shop, "POST", "/v1/reservations/"+key+"/capture", `{"order": "`+key+`"}`)
		if f.expect(r, 200) {
			f.spends(code)
		}
	}
}

// register redeems code after code.
func (f *fight) register(n int) {
	for round := range f.rounds {
		code, key := f.codes[(n+round)%len(f.codes)], fmt.Sprintf("till-%d-%d", n, round)
		r := f.settles(n+round, f.registers[n%len(f.registers)], "PUT", "/v1/redemptions/"+key, redeeming(code))
		if r.status == 409 && r.at("code") == "held_elsewhere" {
			continue
		}
		if f.expect(r, 200, 201) {
			f.spends(code)
		}
	}
}

// settles asks at the doors in turn until it is answered.
func (f *fight) settles(door int, key, method, path, body string) reply {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	var r reply
	for end := time.Now().Add(recoversWithin); time.Now().Before(end) && !f.failed(); door++ {
		r = f.doors[door%len(f.doors)].asks(key, method, path, body)
		switch {
		case r.status == 0:
			f.unheard.Add(1)
			f.away.Add(1)
		case r.status == 503:
			f.away.Add(1)
		case r.status == 409 && r.at("code") == "in_progress":
		default:
			f.answered.Add(1)
			return r
		}
		<-pause.C
	}
	if !f.failed() {
		f.t.Errorf("%s %s: not settled in %v: %d %s", method, path, recoversWithin, r.status, r.text)
	}
	return r
}

// failed tells that the test has ended while the crowd still fought.
func (f *fight) failed() bool { return f.t.Context().Err() != nil }

// granted notes who was told that he has a code; nobody else may have been told so (I3).
func (f *fight) granted(r reply, code, cart string) bool {
	if r.status == 409 && r.at("code") == "held_elsewhere" {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.refusals++
		return false
	}
	if !f.expect(r, 200, 201) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.holds[code]; other != "" {
		f.t.Errorf("%s was told that it has the code that %s has (I3)", cart, other)
	}
	f.holds[code] = cart
	f.grants++
	return true
}

// leaves is called before a cart says that it needs the code no more.
func (f *fight) leaves(code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.holds, code)
}

func (f *fight) spends(code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spent[code]++
}

// expect tells whether the answer is one of these; any other fails the test.
func (f *fight) expect(r reply, status ...int) bool {
	good := slices.Contains(status, r.status)
	if !good && !f.failed() {
		f.t.Errorf("answered %d %s, want %v", r.status, r.text, status)
	}
	return good
}

// ends checks that what was acknowledged is what happened, no more and no less (I2, I5, I6).
func (f *fight) ends() {
	f.t.Helper()
	if !f.fought() {
		f.t.Errorf("%d grants and %d refusals: nobody fought", f.grants, f.refusals)
	}
	f.balances()
}

// fought tells whether somebody was granted a code and somebody was refused one.
func (f *fight) fought() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.grants > 0 && f.refusals > 0
}

// balances compares the codes' balances with what was acknowledged, and lets verify prove the rest.
func (f *fight) balances() {
	f.t.Helper()
	for _, code := range f.codes {
		r := f.settles(0, f.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
		if want := float64(50000 - 100*f.spent[code]); r.at("balance.amount") != want {
			f.t.Errorf("balance %v, but what was acknowledged leaves %v", r.at("balance.amount"), want)
		}
	}
	f.sound()
}
