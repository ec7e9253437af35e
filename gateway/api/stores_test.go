package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail"
)

// held is what Redis has of a voucher's reservation: its value, "" for none, and how long it stays.
func (h *house) held(c card) (string, time.Duration) {
	h.t.Helper()
	ctx := h.t.Context()
	keys, err := h.redis.Keys(ctx, "*{"+c.id+"}:h").Result()
	h.must(err)
	if len(keys) == 0 {
		return "", 0
	}
	value, err := h.redis.Get(ctx, keys[0]).Result()
	h.must(err)
	rest, err := h.redis.TTL(ctx, keys[0]).Result()
	h.must(err)
	return value, rest
}

// everything that Redis has, keys and values.
func (h *house) everything() string {
	h.t.Helper()
	ctx := h.t.Context()
	keys, err := h.redis.Keys(ctx, "*").Result()
	h.must(err)
	var all strings.Builder
	for _, key := range keys {
		dump, err := h.redis.Dump(ctx, key).Result()
		h.must(err)
		all.WriteString(key + "=" + dump + "\n")
	}
	return all.String()
}

// E19: a reserved code has its key in Redis for the 24 hours, without the code and without the holder.
func TestAReservationHasItsKeyInRedis(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, d := h.issues(500_00), h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-4711", 100_00)
	h.till.reserves("t:1", d, "", 100_00)
	for _, of := range []card{c, d} {
		if value, rest := h.held(of); value == "" || rest > 24*time.Hour || rest < 24*time.Hour-time.Minute {
			t.Errorf("Redis has %q for %s; want it for 24 hours", value, rest)
		}
	}
	h.shop.reserves("w:2", h.unknown(), "cart-4711", 100_00, buyer("203.0.113.9", "s-1"))
	plain := strings.ReplaceAll(c.code, "-", "")
	for _, secret := range []string{c.code, plain, c.last4, "cart-4711", "4711", "till-1", "demo", "203.0.113.9"} {
		if strings.Contains(h.everything(), secret) {
			t.Errorf("Redis has %q: %q", secret, h.everything())
		}
	}
	before, _ := h.held(c)
	h.shop.reserves("w:1", c, "order-1", 100_00)
	if after, _ := h.held(c); after == before {
		t.Error("another holder has the same value")
	}
	h.shop.captures("w:1", "A-1")
	h.till.releases("t:1")
	for _, of := range []card{c, d} {
		if value, _ := h.held(of); value != "" {
			t.Errorf("Redis still has %q", value)
		}
	}
	h.till.reserves("t:1", d, "", 100_00)
	h.till.redeems("t:2", d, 100_00)
	h.shop.reserves("w:3", c, "cart-1", 100_00)
	h.mayRelease.frees(c)
	for _, of := range []card{c, d} {
		if value, _ := h.held(of); value != "" {
			t.Errorf("Redis still has %q", value)
		}
	}
}

// Redis loses everything: nobody gets the code meanwhile, and the keys come back.
func TestLostKeysAreSeededAnew(t *testing.T) {
	t.Parallel()
	h := open(t)
	c, free := h.issues(500_00), h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 100_00)
	h.shop.reserves("w:2", free, "cart-2", 100_00)
	h.shop.releases("w:2")
	h.passes(time.Hour)
	seeder := retail.NewReseeder(h.testimony, h.ledger, slog.New(slog.DiscardHandler), time.Now)
	h.must(seeder.RunOnce(t.Context()))
	before, _ := h.held(c)
	for range 2 {
		h.must(h.redis.FlushDB(t.Context()).Err())
		h.till.redeems("t:1", c, 1_00).has(409, `{"code":"held_elsewhere"}`)
		h.must(seeder.RunOnce(t.Context()))
		after, rest := h.held(c)
		if after != before || rest > 23*time.Hour || rest < 23*time.Hour-time.Minute {
			t.Errorf("Redis has %q for %s; want %q for 23 hours", after, rest, before)
		}
		if value, _ := h.held(free); value != "" {
			t.Errorf("a free code is held: %q", value)
		}
	}
	h.must(h.redis.Del(t.Context(), "vs:test:{"+c.id+"}:h").Err())
	h.must(seeder.RunOnce(t.Context()))
	if value, _ := h.held(c); value != "" {
		t.Error("seeded though the epoch is the same")
	}
}

// deadPort is an address where nobody listens.
func deadPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// silentPort is an address where somebody listens and never answers.
func silentPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// Without Redis everything works, only slower: PostgreSQL decides alone.
func TestEverythingWorksWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"refuses": deadPort(t), "is silent": silentPort(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := ajar(t, redisAt("redis://"+address), perOrder(2))
			c, d := h.issues(500_00), h.issues(500_00)
			h.shop.looksUp(c).has(200, members(pays("available", 500_00)))
			h.shop.reserves("w:1", c, "cart-1", 100_00).has(201, `{"state":"active"}`)
			h.shop.reserves("w:2", d, "cart-1", 100_00).has(201, `{"state":"active"}`)
			h.till.redeems("t:1", c, 1_00).has(409, `{"code":"held_elsewhere"}`)
			h.shop.capturesAll("A-1", these(this("w:1"), this("w:2"))).has(200, several(
				keyed("w:1", captured("w:1", 100_00, 0, 400_00, false)), keyed("w:2", captured("w:2", 100_00, 0, 400_00, false))))
			h.till.redeems("t:1", c, 100_00).wants(201, redeemed("t:1", 100_00, 300_00, 0))
			h.till.reloads("l:1", c, 50_00).wants(201, reloaded("l:1", 50_00, 350_00))
			h.till.refunds("r:1", "t:1").wants(201, refunded("r:1", 100_00, 450_00))
			h.till.reverses("refunds", "r:1").wants(200, `{"outcome":"reversed"}`)
			h.shop.reserves("w:3", c, "cart-3", 1_00).has(201, `{"state":"active"}`)
			h.mayRelease.frees(c).has(200, `{"outcome":"released"}`)
			for range 2 {
				h.shop.reserves("w:4", h.unknown(), "cart-1", 1_00, buyer("203.0.113.9", "")).refuses(422, "cannot_be_applied")
			}
			h.shop.reserves("w:4", h.unknown(), "cart-1", 1_00, buyer("203.0.113.9", "")).refuses(429, "rate_limited")
			h.leaves(c, 350_00)
		})
	}
}

// ofCustomers tells the routes that a register has nothing to do with: it has no customers.
func ofCustomers(path string) bool {
	return slices.ContainsFunc([]string{"/claims/", "/customers/", "/points/", "/conversions/", "/faq"}, func(part string) bool { return strings.Contains(path, part) })
}

// earnings are what may be told of points, by route.
func earnings() map[string]string {
	return map[string]string{
		"PUT /v1/points/{key}":      `{"customer":"7","event":"signup"}`,
		"PUT /v1/conversions/{key}": `{"customer":"7","points":50,"reward":"Billet"}`,
	}
}

// PostgreSQL is away: everything is 503 and may be repeated, and when it is back nothing has happened.
func TestWithoutPostgreSQLNothingIsDone(t *testing.T) {
	t.Parallel()
	h := ajar(t)
	c := h.issues(500_00)
	h.till.redeems("t:1", c, 100_00)
	h.shop.reserves("w:1", c, "cart-1", 100_00)
	h.runs(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	h.shop.shows("w:1").has(200, `{"state":"active"}`)
	h.till.redeems("t:1", c, 100_00).has(200, members(pays("balance", 400_00)))
	h.pool.Close()
	for route := range h.operations() {
		method, path, _ := strings.Cut(route, " ")
		body, who, key := "", h.till, "k:1"
		if ofCustomers(path) {
			who = h.shop
		}
		for _, r := range requests(c) {
			if m, p, _ := strings.Cut(r.route, " "); m == method && sameShape(p, path) {
				body, who = r.with(nil), r.who(h)
			}
		}
		if bodies := earnings(); bodies[route] != "" {
			body = bodies[route]
		}
		path = strings.ReplaceAll(path, "{key}", key)
		if strings.HasSuffix(path, "/points") {
			path += "?context=account"
		}
		got := who.asks(method, path, body).refuses(503, "unavailable")
		if wait := got.header.Get("Retry-After"); wait == "" || wait == "0" {
			t.Errorf("%s: Retry-After is %q", route, wait)
		}
	}
}

// Connections break while acts are under way: whatever is answered, each act happens once under its key.
func TestACutConnectionLosesNoAct(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.issues(500_00)
	for i := range 20 {
		var cut sync.WaitGroup
		cut.Go(func() {
			_, _ = h.pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		})
		key := fmt.Sprint("t:", i)
		got := h.till.redeems(key, c, 1_00)
		cut.Wait()
		for tries := 0; got.status == 503 && tries < 20; tries++ {
			got = h.till.redeems(key, c, 1_00)
		}
		got.has(got.status, members(`"redemption":`+actOf(key, 1_00), pays("balance", 499_00-int64(i)*1_00)))
	}
	h.pool.Reset() // the connections that were cut last
	h.leaves(c, 480_00)
}

// Somebody keeps a voucher's row locked: its acts are told to come back, and those of other vouchers don't wait for it.
func TestALockedVoucherIsUnavailableAndStallsNoOther(t *testing.T) {
	t.Parallel()
	h := open(t, perOrder(2))
	c, d := h.issues(500_00), h.issues(500_00)
	h.shop.reserves("w:1", c, "cart-1", 100_00)
	h.shop.reserves("w:2", d, "cart-1", 100_00)
	tx, err := h.pool.Begin(t.Context())
	h.must(err)
	_, err = tx.Exec(t.Context(), `SELECT FROM voucher WHERE id = $1 FOR UPDATE`, c.id)
	h.must(err)
	ctx, giveUp := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if got, err := h.shop.tries(ctx, "POST", "/v1/reservations/w:1/capture", `{"order":"A-1"}`); err == nil {
			t.Errorf("captured a voucher that is locked: %s", got.text)
		}
	})
	waiting.Go(func() { h.mayRelease.frees(c).refuses(503, "unavailable") })
	waiting.Go(func() { h.shop.capturesAll("A-1", these(this("w:2"), this("w:1"))).refuses(503, "unavailable") })
	h.mayRelease.redeems("t:1", h.issues(10_00), 10_00).has(201, members(pays("balance", 0)))
	time.AfterFunc(2*time.Second, giveUp)
	waiting.Wait()
	h.must(tx.Rollback(t.Context()))
	h.shop.captures("w:1", "A-1").has(200, `{"late":false}`)
	h.shop.captures("w:2", "A-1").has(200, `{"late":false}`)
}
