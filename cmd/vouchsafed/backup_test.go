package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/retailtest"
)

// program finds one of PostgreSQL's programs.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is not installed: run scripts/setup", name)
	}
	slices.Sort(found)
	return found[len(found)-1]
}

// runsProgram runs a program that must succeed.
func runsProgram(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
}

// address is a database's URL as PostgreSQL's programs take it: those parameters that are pgx's own are
// none of theirs.
func address(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for name := range query {
		if strings.HasPrefix(name, "pool_") {
			query.Del(name)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// restored is the installation on a new database that a dump was read into, as CONTRIBUTING tells it.
func (m *merchant) restored(dump string) *merchant {
	m.t.Helper()
	other := *m
	copied := *m.installation
	copied.url = retailtest.DatabaseURL(m.t)
	other.installation = &copied
	other.writes(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`) // as a new database is
	runsProgram(m.t, postgresProgram(m.t, "pg_restore"), "--exit-on-error", "--no-owner", "--dbname", address(m.t, copied.url), dump)
	other.env = append(slices.Clone(m.env), "VOUCHSAFE_DATABASE_URL="+copied.url)
	return &other
}

// TestABackupThatIsRestoredIsSound dumps a house in use, restores it into a new database with the same
// master key, and proves it. Codes that were mailed before work on it; what was done after the dump is
// missing, and Redis, which has seen it, does not let it pass unseen.
func TestABackupThatIsRestoredIsSound(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	m.buys(2)
	m.delivers(d)
	sold := codes(t, m.mails(3)[1:])
	redeem := func(d *running, key, code string) reply {
		return d.asks(m.till, "PUT", "/v1/redemptions/"+key, fmt.Sprintf(`{"code": %q, "amount": {"amount": 10000, "currency": "DKK"}, "receipt": "1"}`, code))
	}
	if r := redeem(d, "before", sold[0]); r.status != 201 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	dump := filepath.Join(t.TempDir(), "vouchsafe.dump")
	runsProgram(t, postgresProgram(t, "pg_dump"), "--format=custom", "--file", dump, address(t, m.url)) // while it serves
	if info, err := os.Stat(dump); err != nil || info.Size() == 0 {
		t.Fatalf("the dump: %v", err)
	}

	sound := m.restored(dump)
	if said := sound.does("verify"); !strings.HasPrefix(said, "Sound") {
		t.Errorf("the restored database: %s", said)
	}

	if r := redeem(d, "after", sold[1]); r.status != 201 {
		t.Fatalf("%d %s", r.status, r.text)
	}
	d.stops()
	behind := m.restored(dump)
	if said, err := behind.tries("verify"); err == nil || !strings.Contains(said, "BROKEN") || !strings.Contains(said, "witness") {
		t.Errorf("a database that lacks an acknowledged act: %v\n%s", err, said)
	}
	behind.refuses("vouchsafed adopt")
	eventually(t, recoversWithin, "nobody serves the original", func() bool { _, err := behind.tries("adopt"); return err == nil })
	d = behind.serves()
	if r := redeem(d, "again", sold[1]); r.status != 409 || r.at("code") != "quarantined" {
		t.Errorf("the code that was spent after the dump: %d %s, want it in quarantine", r.status, r.text)
	}
	if r := redeem(d, "more", sold[0]); r.status != 201 || r.at("balance.amount") != 30000.0 {
		t.Errorf("the code that was not: %d %s", r.status, r.text)
	}
}

// TestARestoreWithoutTheMasterKeyIsRefused: the dump alone opens no code.
func TestARestoreWithoutTheMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	m := opens(t)
	dump := filepath.Join(t.TempDir(), "vouchsafe.dump")
	runsProgram(t, postgresProgram(t, "pg_dump"), "--format=custom", "--file", dump, address(t, m.url))
	restored := m.restored(dump)
	restored.env = append(restored.env, "VOUCHSAFE_MASTER_KEY=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	if said, err := restored.tries("verify"); err == nil || !strings.Contains(said, "wrong master key") {
		t.Errorf("with another key: %v\n%s", err, said)
	}
}
