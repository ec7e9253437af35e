package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/hold/holdtest"
	"vouchsafe/retail/retailtest"
)

// TestACopiedDatabaseRefusesTheLiveRedis copies the database within the server: the copy is refused until
// a person says that it took the original's place, which nobody can while the original is served.
func TestACopiedDatabaseRefusesTheLiveRedis(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	code := m.sells(d, 1)[0]
	m.wants2xx(d.asks(m.till, "PUT", "/v1/redemptions/1", redeeming(code)))
	d.stops()
	copied := m.copied()
	d = m.serves()
	copied.refuses("redis belongs to another database of this installation")
	copied.sound() // looking does no harm
	if said, err := copied.tries("check"); err == nil || !strings.Contains(said, "vouchsafed adopt") {
		t.Errorf("check: %v\n%s", err, said)
	}
	if said, err := copied.tries("adopt"); err == nil || !strings.Contains(said, "stop its daemons first") {
		t.Errorf("adopt while the original is served: %v\n%s", err, said)
	}
	m.wants2xx(d.asks(m.till, "PUT", "/v1/redemptions/2", redeeming(code)))
	d.stops()
	eventually(t, recoversWithin, "the original is silent", func() bool { _, err := copied.tries("adopt"); return err == nil })
	if said := copied.does("adopt"); !strings.Contains(said, "already") {
		t.Errorf("adopt again: %s", said)
	}
	d = copied.serves()
	if r := d.asks(m.till, "PUT", "/v1/redemptions/2", redeeming(code)); r.at("code") != "quarantined" {
		t.Errorf("an act that the copy lacks: %d %s", r.status, r.text)
	}
	m.refuses("redis belongs to another database of this installation")
}

// copied is the merchant on a copy of his database.
func (m *merchant) copied() *merchant {
	m.t.Helper()
	from, err := url.Parse(m.url)
	if err != nil {
		m.t.Fatal(err)
	}
	other, inner := *m, *m.installation
	other.installation = &inner
	to, err := url.Parse(retailtest.DatabaseURL(m.t)) // its name is free once it is dropped
	if err != nil {
		m.t.Fatal(err)
	}
	server := *from
	server.Path = "/postgres"
	admin := installation{t: m.t, url: server.String()}
	admin.writes(`DROP DATABASE ` + strings.Trim(to.Path, "/"))
	eventually(m.t, recoversWithin, "the database is copied", func() bool {
		return admin.execs(`CREATE DATABASE `+strings.Trim(to.Path, "/")+` TEMPLATE `+strings.Trim(from.Path, "/")) == nil
	})
	inner.url = to.String()
	inner.env = append(slices.Clone(m.env), "VOUCHSAFE_DATABASE_URL="+inner.url)
	return &other
}

// TestARedisThatChangesHandsIsNotSpokenTo lets another database take Redis away from a running daemon: it
// says so, writes nothing more, and works on by PostgreSQL alone.
func TestARedisThatChangesHandsIsNotSpokenTo(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	m := opens(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	d := m.serves()
	code := m.sells(d, 1)[0]
	m.reserves(d, "r", code)
	k := keys{t, redis, m.look()}
	pulse := strings.Split(k.name("r"), "{")[0] + "pulse"
	redis.Do(t, "HSET "+pulse+" database other")
	eventually(t, recoversWithin, "the daemon says so", func() bool {
		return strings.Contains(d.asks("", "GET", "/readyz", "").text, "redis belongs to another database")
	})
	m.releases(d, "r")
	if k.rest(k.name("r")) == 0 {
		t.Error("the daemon has written into a Redis that is another's")
	}
	redis.Do(t, "HDEL "+pulse+" database")
	eventually(t, reseededWithin, "what happened meanwhile is in Redis", func() bool { return k.rest(k.name("r")) == 0 })
	m.sound()
}

// execs executes a statement that may fail.
func (i *installation) execs(sql string) error {
	i.t.Helper()
	conn, err := pgx.Connect(i.t.Context(), i.url)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = conn.Close(i.t.Context()) }()
	_, err = conn.Exec(i.t.Context(), sql)
	return err
}
