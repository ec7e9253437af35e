package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/retailtest"
)

// D4: a daemon that is told to end answers what it has taken, and exits 0; whoever it turns away finds
// the other one. Then that one is replaced as well, as in a rolling restart.
func TestEndingUnderLoadFailsNobody(t *testing.T) {
	t.Parallel()
	m := opens(t)
	first, second, third := m.serves(), m.serves(), m.serves()
	f := m.fights(5, 12, first, second, third)
	over := f.begins(14, 6)
	eventually(t, recoversWithin, "the fight is on", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.grants > 5
	})
	first.stops()
	second.stops()
	<-over
	for _, d := range []*running{first, second} {
		if strings.Contains(d.log.String(), `"status":5`) {
			t.Errorf("a daemon that was to end answered 5xx:\n%s", d.log)
		}
	}
	f.doors = f.doors[2:]
	f.ends()
}

// D4: what is under way when the daemon is told to end is answered.
func TestEndingWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	code := m.sells(d, 1)[0]
	pool := m.look()
	lock, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(t.Context()) }()
	if _, err := lock.Exec(t.Context(), `SELECT FROM voucher FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	answers := make(chan reply, 1)
	go func() { answers <- d.asks(m.till, "PUT", "/v1/redemptions/slow", redeeming(code)) }()
	eventually(t, recoversWithin, "the act waits for the row", func() bool {
		return count(t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
	})
	d.signals(syscall.SIGTERM)
	eventually(t, recoversWithin, "nobody new is let in", func() bool { return d.asks("", "GET", "/healthz", "").status == 0 })
	if err := lock.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := <-answers; r.status != 201 {
		t.Errorf("the act under way was answered %d %s, want 201", r.status, r.text)
	}
	d.leaves()
	m.sound()
}

// D3: one of two daemons sleeps while a transaction of its has vouchers locked, and wakes up when the other
// one has gone on without it. Nobody spends twice.
func TestSleepingDaemonSpendsNothingTwice(t *testing.T) {
	t.Parallel()
	m := opens(t)
	sleeper, other := m.serves("VOUCHSAFE_DATABASE_URL="+m.url+"&application_name=sleeper"), m.serves()
	f := m.fights(5, 30, sleeper, other)
	pool := m.look()
	const locked = `SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
		WHERE l.relation = 'voucher'::regclass AND l.mode = 'RowShareLock'
		AND a.application_name = 'sleeper' AND a.state = 'idle in transaction'`
	over := f.begins(14, 6)
	asleep := false
	during(over, 20*time.Millisecond, func() {
		if asleep {
			return
		}
		sleeper.pauses()
		if asleep = count(t, pool, locked) > 0; !asleep {
			sleeper.wakes()
			return
		}
		eventually(t, recoversWithin, "the other daemon can have the vouchers", func() bool { return count(t, pool, locked) == 0 })
		f.spendsAt(other)
		sleeper.wakes()
	})
	if !asleep {
		t.Error("the daemon never fell asleep over its locks: nothing is tested")
	}
	f.ends()
}

// spendsAt redeems each code that nobody holds, at one daemon.
func (f *fight) spendsAt(d *running) {
	alone := &fight{merchant: f.merchant, doors: []*running{d}}
	for n, code := range f.codes {
		r := alone.settles(0, f.till, "PUT", fmt.Sprintf("/v1/redemptions/meanwhile-%d", n), redeeming(code))
		if r.status != 409 && f.expect(r, 200, 201) {
			f.spends(code)
		}
	}
}

// pauses stops a daemon as a debugger or a hypervisor does; wakes lets it go on.
func (d *running) pauses() { d.signals(syscall.SIGSTOP) }
func (d *running) wakes()  { d.signals(syscall.SIGCONT) }

func (d *running) signals(s syscall.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// D3, S4: a daemon falls asleep while the mail server has its message and has not answered. The other
// takes over when the lease has run out, and must take it for doubtful. The late "sent" is refused.
func TestSleepingDaemonReportsTooLate(t *testing.T) {
	t.Parallel()
	m := opens(t)
	pool := m.look()
	sleeper := m.serves()
	m.sink.For("anna@example.dk", mailtest.HangAfterDot)
	order := m.buysFor("anna@example.dk")
	m.delivers(sleeper)
	becomes(t, pool, order, fate{"sending", 1, ""})
	sleeper.pauses()
	other := m.serves()
	retailtest.ShiftClock(t, pool, 30*time.Second)
	becomes(t, pool, order, fate{"in_doubt", 1, ""})
	sleeper.wakes()
	eventually(t, recoversWithin, "the daemon that slept learns that it is too late", func() bool {
		return strings.Contains(sleeper.log.String(), "its lease was lost")
	})
	becomes(t, pool, order, fate{"in_doubt", 1, ""})
	retailtest.ShiftClock(t, pool, time.Hour)
	becomes(t, pool, order, fate{"done", 2, ""})
	if n := len(m.sink.To("anna@example.dk")); n != 2 {
		t.Errorf("%d copies, want 2 (I10)", n)
	}
	other.stops()
	m.sound()
}

// refuses expects that the daemon does not start, and says why.
func (i *installation) refuses(because string, settings ...string) {
	i.t.Helper()
	program, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(i.t.Context(), recoversWithin) // it may have to listen to others for a while
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "serve")
	cmd.Env = append(append([]string{}, i.env...), settings...)
	out, err := cmd.CombinedOutput()
	failed := &exec.ExitError{}
	if !errors.As(err, &failed) || failed.ExitCode() != 1 || !strings.Contains(string(out), because) {
		i.t.Errorf("serve: %v, want exit code 1 and %q in:\n%s", err, because, out)
	}
}

// The schema is neither older nor newer, or the daemon does not start (D4).
func TestDaemonRefusesAForeignSchema(t *testing.T) {
	t.Parallel()
	i := install(t)
	pool := i.look()
	execute(t, pool, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	i.refuses("the database schema is newer than this program")
	execute(t, pool, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	i.refuses("the database schema is older than this program")
	i.does("migrate")
	i.serves().stops()
}

func execute(t *testing.T, pool *pgxpool.Pool, statements string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

// A wrong master key, and the Redis of another installation, are refused at the start.
func TestDaemonRefusesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	i := install(t)
	i.does("migrate")
	i.serves().stops()
	foreign := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{8}, 32))
	i.refuses("master key", "VOUCHSAFE_MASTER_KEY=1:"+foreign)
	i.refuses("VOUCHSAFE_MASTER_KEY is not set", "VOUCHSAFE_MASTER_KEY=")
	other := install(t)
	other.does("migrate")
	other.refuses("redis belongs to another installation", redisOf(i))
	other.serves().stops()
}

// redisOf is the setting that names the Redis of an installation.
func redisOf(i *installation) string {
	for _, setting := range i.env {
		if strings.HasPrefix(setting, "VOUCHSAFE_REDIS_URL=") {
			return setting
		}
	}
	panic(fmt.Sprintf("no Redis in %v", i.env))
}
