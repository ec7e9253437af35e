package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/hold/holdtest"
)

// R2: Redis forgets everything again and again while everybody wants the same codes at two daemons.
func TestFlushingRedisLetsNobodySpendTwice(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	f := m.fights(5, 12, m.serves(), m.serves())
	flushed := 0
	during(f.begins(14, 6), 5*time.Millisecond, func() {
		redis.Do(t, "FLUSHALL")
		flushed++
	})
	if flushed < 20 {
		t.Errorf("Redis was flushed %d times only", flushed)
	}
	if n := f.away.Load(); n != 0 {
		t.Errorf("%d acts were turned away because of Redis", n)
	}
	f.ends()
}

// keys are the holds that Redis has for vouchers.
type keys struct {
	t     *testing.T
	redis *holdtest.Server
	pool  *pgxpool.Pool
}

// name is the hold key of the voucher that a reservation is on.
func (k keys) name(reservation string) string {
	k.t.Helper()
	return column[string](k.t, k.pool, `SELECT 'vs:' || i.id || ':{' || r.voucher || '}:h'
		FROM installation i, reservation r WHERE r.key = $1`, reservation)[0]
}

// rest is what Redis gives the hold; nothing when it has none.
func (k keys) rest(key string) time.Duration {
	k.t.Helper()
	ms, err := strconv.ParseInt(strings.TrimPrefix(k.redis.Do(k.t, "PTTL "+key), ":"), 10, 64)
	if err != nil {
		k.t.Fatal(err)
	}
	return max(0, time.Duration(ms)*time.Millisecond)
}

// true to PostgreSQL: the hold lasts as long as the reservation.
func (k keys) lasts(reservation string) bool {
	k.t.Helper()
	left := column[time.Duration](k.t, k.pool,
		`SELECT expires_at - vouchsafe_now() FROM reservation WHERE key = $1 AND state = 'active'`, reservation)[0]
	return (left - k.rest(k.name(reservation))).Abs() < 5*time.Second
}

// reseededWithin is how soon Redis must have its keys again: it is looked after every five seconds.
const reseededWithin = 12 * time.Second

// reserves reserves a code for a cart of the same name as the key.
func (m *merchant) reserves(d *running, key, code string) {
	m.t.Helper()
	m.wants2xx(d.asks(m.shop, "PUT", "/v1/reservations/"+key, reserving(code, key)))
}

// releases gives it back.
func (m *merchant) releases(d *running, key string) {
	m.t.Helper()
	m.wants2xx(d.asks(m.shop, "POST", "/v1/reservations/"+key+"/release", ""))
}

func (m *merchant) wants2xx(r reply) {
	m.t.Helper()
	if r.status/100 != 2 {
		m.t.Fatalf("answered %d %s", r.status, r.text)
	}
}

// R1: a Redis that dies and comes back empty is missed by nobody, and has its keys back at once.
func TestRedisThatStartsEmptyIsSeededAnew(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	d, other := m.serves(), m.serves()
	sold := m.sells(d, 4)
	k := keys{t, redis, m.look()}
	m.reserves(d, "before", sold[0])
	m.reserves(other, "ended", sold[1])
	redis.Stop()
	m.reserves(d, "without", sold[2])
	m.releases(other, "ended")
	for n := range 10 {
		m.wants2xx(d.asks(m.till, "PUT", fmt.Sprintf("/v1/redemptions/without-%d", n), redeeming(sold[3])))
	}
	d.wants(409, m.till, "PUT", "/v1/redemptions/refused", redeeming(sold[0]))
	redis.Restart(t)
	eventually(t, reseededWithin, "both keys are back, with the rest of their time", func() bool {
		return k.lasts("before") && k.lasts("without")
	})
	if rest := k.rest(k.name("ended")); rest != 0 {
		t.Errorf("Redis holds a released code for %v", rest)
	}
	m.reserves(other, "after", sold[1])
	if !k.lasts("after") {
		t.Error("the next reservation is not in Redis")
	}
	m.sound()
}

// R1: a daemon starts without Redis, works, and fills it when it comes.
func TestRedisMayBeAbsentAtTheStart(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	redis.Stop()
	d := m.serves()
	sold := m.sells(d, 1)
	m.reserves(d, "r", sold[0])
	if r := d.wants(200, "", "GET", "/readyz", ""); !strings.Contains(r.text, "redis") {
		t.Errorf("readyz does not speak of Redis: %s", r.text)
	}
	redis.Restart(t)
	k := keys{t, redis, m.look()}
	eventually(t, reseededWithin, "the key is there", func() bool { return k.lasts("r") })
	if whose := redis.Do(t, "GET vs:installation"); whose == "" {
		t.Error("a Redis that came late is nobody's: a copied database could take it")
	}
	m.sound()
}

// R3, R4: a Redis that stalls, or whose answers are lost, costs time but no act. Afterwards it knows
// what is so, of reservations that ended meanwhile too.
func TestRedisThatDoesNotAnswerDelaysNobodyForLong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		mode holdtest.Mode
	}{
		{"R3 stalled", holdtest.Stall},
		{"R4 executed and not answered", holdtest.Swallow},
		{"R4 executed and hung up", holdtest.Cut},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			redis := holdtest.Start(t)
			wire := holdtest.NewProxy(t, redis)
			m := opens(t, "VOUCHSAFE_REDIS_URL="+wire.URL())
			d := m.serves()
			sold := m.sells(d, 3)
			m.reserves(d, "ended", sold[1])
			wire.Set(c.mode)
			m.endures(d, sold)
			if !strings.Contains(d.log.String(), "redis is away, postgresql decides alone") {
				t.Error("the breaker did not open")
			}
			wire.Set(holdtest.Pass)
			k := keys{t, redis, m.look()}
			eventually(t, reseededWithin, "what happened meanwhile is in Redis", func() bool {
				return k.lasts("held") && k.rest(k.name("ended")) == 0
			})
			m.sound()
		})
	}
}

// endures acts while Redis doesn't answer: each act within a second.
func (m *merchant) endures(d *running, sold []string) {
	m.t.Helper()
	pool := m.look()
	timed := func(act func()) {
		m.t.Helper()
		m.soon(d, pool, time.Second, act)
	}
	timed(func() { m.reserves(d, "held", sold[0]) })
	timed(func() { m.releases(d, "ended") })
	timed(func() { d.wants(409, m.till, "PUT", "/v1/redemptions/refused", redeeming(sold[0])) })
	for n := range 10 {
		timed(func() {
			m.wants2xx(d.asks(m.till, "PUT", fmt.Sprintf("/v1/redemptions/slow-%d", n), redeeming(sold[2])))
		})
	}
}

// R2: Redis travels back in time. What it remembers wrongly locks no code, and is put right.
func TestOldSnapshotOfRedisLocksNothing(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	d := m.serves()
	sold := m.sells(d, 3)
	k := keys{t, redis, m.look()}
	m.reserves(d, "stale", sold[0])
	m.reserves(d, "superseded", sold[1])
	eventually(t, recoversWithin, "Redis knows what it is to remember", func() bool { return k.lasts("stale") && k.lasts("superseded") })
	redis.Do(t, "SAVE")
	m.releases(d, "stale")
	m.releases(d, "superseded")
	m.reserves(d, "newer", sold[1])
	m.reserves(d, "unknown", sold[2])
	redis.Restart(t)
	if k.rest(k.name("stale")) == 0 {
		t.Fatal("Redis did not travel back: nothing is tested")
	}
	m.wants2xx(d.asks(m.till, "PUT", "/v1/redemptions/now", redeeming(sold[0])))
	d.wants(409, m.till, "PUT", "/v1/redemptions/refused", redeeming(sold[1]))
	if rest := k.rest(k.name("stale")); rest != 0 {
		t.Errorf("the act did not heal the stale key, which lasts %v", rest)
	}
	eventually(t, reseededWithin, "the live reservations are in Redis", func() bool {
		return k.lasts("newer") && k.lasts("unknown")
	})
	d.wants(409, m.shop, "PUT", "/v1/reservations/foreign", reserving(sold[1], "another"))
	m.sound()
}
