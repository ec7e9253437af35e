package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/hold/holdtest"
	"vouchsafe/retail/mail/mailtest"
)

// D4, R2: the gateway that fills Redis dies over it. Another one takes over, as soon as the short lease has run out.
func TestAnotherGatewayTakesTheSeedingOver(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	other := m.serves()
	sold := m.sells(other, 1)
	m.reserves(other, "r", sold[0])
	pool := m.look()
	const seeding = `SELECT count(*) FROM lease WHERE name = 'reseed'`
	eventually(t, recoversWithin, "the first gateway has filled Redis", func() bool { return count(t, pool, seeding) == 0 })
	other.pauses()
	defer other.wakes()
	dying := installation{t, append(slices.Clone(m.env), "VOUCHSAFE_FAILPOINTS=reseed.put"), m.url}
	if out, err := dying.tries("serve"); err == nil { // it fills once when it starts, perhaps before it serves
		t.Fatalf("the gateway ended by itself: %s", out)
	}
	if n := count(t, pool, seeding); n != 1 {
		t.Fatalf("%d leases: the gateway did not die over the seeding", n)
	}
	redis.Do(t, "FLUSHALL")
	other.wakes()
	k := keys{t, redis, pool}
	eventually(t, reseededWithin, "the key is back", func() bool { return k.lasts("r") })
	m.sound()
}

// D4: a key that was revoked elsewhere works for five seconds at most.
func TestRevokedKeyStopsEverywhere(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	lost := m.does("key", "add", "--scope", "till", "--register", "lost")
	ask := func() int { return d.asks(lost, "GET", "/v1/redemptions/none", "").status }
	const worksFor = 5 * time.Second
	if status := ask(); status != 404 {
		t.Fatalf("answered %d", status)
	}
	execute(t, m.look(), `UPDATE api_key SET revoked_at = vouchsafe_now() WHERE register = 'lost'`)
	revoked := time.Now()
	eventually(t, recoversWithin, "the key is refused", func() bool {
		asked := time.Since(revoked)
		status := ask()
		if asked > worksFor && status == 404 {
			t.Fatalf("the key worked %v after it was revoked", asked)
		}
		return status == 401
	})
}

// D4: wrong codes count together, wherever they were tried.
func TestGuessesAtTwoGatewaysCountTogether(t *testing.T) {
	t.Parallel()
	m := opens(t)
	doors := []*running{m.serves(), m.serves()}
	refuses := func(n int) bool {
		r := doors[n%2].asks(m.shop, "POST", "/v1/balance",
			fmt.Sprintf(`{"code": "%016d", "buyer": {"ip": "203.0.113.9", "session": "s"}}`, 4000000000000000+n))
		if r.status != 422 && r.status != 429 {
			t.Fatalf("guess %d: %d %s", n, r.status, r.text)
		}
		return r.status == 429
	}
	const allowed = 5
	n := 0
	for !refuses(n) { // on a busy machine Redis may not be told of one in time
		if n++; n == 2*allowed {
			t.Fatalf("%d guesses at two gateways were answered, as if each counted alone", n)
		}
	}
	if n < allowed || !refuses(n+1) {
		t.Errorf("after %d guesses only one of two gateways refuses", n)
	}
}

// D4: two gateways share the mails, and each is sent once.
func TestTwoGatewaysShareTheMails(t *testing.T) {
	t.Parallel()
	m := opens(t)
	doors := []*running{m.serves(), m.serves()}
	const many = 30
	for range many + 1 {
		m.sink.Next(mailtest.AnswerLate)
	}
	m.buys(many)
	m.delivers(doors[0])
	pool := m.look()
	eventually(t, recoversWithin, "all mails are sent", func() bool {
		return count(t, pool, `SELECT count(*) FROM delivery WHERE kind IN ('code', 'confirmation') AND state = 'done'`) == many+1
	})
	if n := len(m.sink.Messages()); n != many+1 {
		t.Errorf("%d mails, want %d (I10)", n, many+1)
	}
	for n, d := range doors {
		if !strings.Contains(d.log.String(), "delivery attempted") {
			t.Errorf("gateway %d has sent none", n)
		}
	}
	m.sound()
}

// D4: one gateway starts what happens by the clock, and each tick once. When that gateway is killed another goes on.
func TestScheduleHasOneLeaderAndGetsAnother(t *testing.T) {
	t.Parallel()
	m := opens(t)
	pool := m.look()
	leader := func() string {
		found := column[string](t, pool, `SELECT leader_id FROM river_leader WHERE expires_at > now()`)
		return strings.Join(found, " and ")
	}
	first := m.serves()
	eventually(t, recoversWithin, "the only gateway leads", func() bool { return leader() != "" })
	m.serves()
	m.serves()
	was := leader()
	first.dies()
	execute(t, pool, `UPDATE river_leader SET expires_at = now()`) // fifteen seconds later
	eventually(t, recoversWithin, "another gateway leads", func() bool { now := leader(); return now != "" && now != was })
	const twice = `SELECT count(*) FROM (SELECT 1 FROM river_job WHERE kind = 'tick' GROUP BY args, scheduled_at HAVING count(*) > 1) x`
	if n := count(t, pool, twice); n != 0 {
		t.Errorf("%d ticks were started twice", n)
	}
}
