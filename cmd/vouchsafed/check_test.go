package main

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/hold/holdtest"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// lineForm is what every line of the checklist looks like.
var lineForm = regexp.MustCompile(`^(ok  |warn|FAIL)  \S.*$`)

// checks runs the checklist and returns its lines; failing says whether it must exit 1.
func (i *installation) checks(args ...string) (lines []string, failing bool) {
	i.t.Helper()
	program, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"check"}, args...)...)
	cmd.Env = i.env
	said, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		i.t.Fatalf("check: %v\n%s", err, said)
	}
	for line := range strings.Lines(string(said)) {
		line = strings.TrimRight(line, "\n")
		if !lineForm.MatchString(line) {
			i.t.Errorf("the line %q has another form", line)
		}
		lines = append(lines, line)
	}
	return lines, err != nil
}

// says tells whether a line has the grade and the texts.
func says(lines []string, grade string, texts ...string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, grade) && !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
	})
}

// private is an installation on durable embedded stores of its own, which a test binary's are not. Its
// commands need the flag at.
func private(t *testing.T, settings ...string) (i *installation, at string) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "vouchsafe-check-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil { // root's PostgreSQL runs as somebody else
		t.Fatal(err)
	}
	env := append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, settings...)
	return &installation{t: t, env: env}, "--dir=" + filepath.Join(dir, "data")
}

// TestTheChecklistOfAFinishedInstallationHasNothingToSay sets everything up as the README tells it: then
// every line is ok, and the exit code 0 (E01, E02).
func TestTheChecklistOfAFinishedInstallationHasNothingToSay(t *testing.T) {
	t.Parallel()
	woo, sink := woocommercetest.New(t, woocommercetest.WithClock(time.Now)), mailtest.Start(t)
	key := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(key, []byte("1:"+base64.StdEncoding.EncodeToString(make([]byte, 32))), 0o600); err != nil {
		t.Fatal(err)
	}
	const public = "https://vouchers.invalid"
	i, at := private(t, "VOUCHSAFE_PUBLIC_URL="+public, "VOUCHSAFE_SMTP_URL="+sink.URL(), "VOUCHSAFE_MAIL_FROM=Butikken <butik@example.com>",
		"VOUCHSAFE_BALANCE_HOLDER=card", "VOUCHSAFE_MASTER_KEY_FILE="+key)
	i.does(at, "shop", "add", "--id", "demo", "--platform", "woocommerce", "--secret", "rT9vQ2xW7mK4pL8nB3cZ6yH1", "--url", woo.URL,
		"--api-key", woocommercetest.ConsumerKey, "--api-secret", woocommercetest.ConsumerSecret)
	i.does(at, "product", "add", "--sku", "GAVEKORT-500", "--name", "Gavekort", "--amount", "500.00", "--currency", "DKK")
	i.does(at, "key", "add", "--scope", "shop", "--shop", "demo")
	i.does(at, "key", "add", "--scope", "till", "--register", "Kasse 1")
	i.does(at, "verify")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	woo.Deliver(gone, public+"/v1/shops/demo/webhooks") // its webhooks are aimed there
	woo.Sells(woocommercetest.Product{SKU: "GAVEKORT-500", Name: "Gavekort", Type: "simple", Price: "500.00", Status: "publish", Virtual: true, TaxStatus: "none"})

	lines, failing := i.checks(at, "--embedded")
	if failing {
		t.Error("a finished installation fails")
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "ok ") {
			t.Errorf("%s", line)
		}
	}
	for _, subject := range []string{"configuration", "public address", "master key", "postgresql", "schema", "redis", "mail", "mode",
		"shop demo", "API keys", "product GAVEKORT-500", "tasks", "verify"} {
		if !says(lines, "ok ", " "+subject+" ") {
			t.Errorf("nothing is said of %s", subject)
		}
	}
}

// TestTheChecklistNamesWhatIsWrongAndWhatToDo gives an installation one of each fault.
func TestTheChecklistNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	woo := woocommercetest.New(t, woocommercetest.WithClock(time.Now))
	forgetful := holdtest.Start(t, "--maxmemory-policy", "allkeys-lru")
	i := install(t, "VOUCHSAFE_REDIS_URL="+forgetful.URL(), "VOUCHSAFE_SMTP_URL=smtp://127.0.0.1:1?tls=none", "VOUCHSAFE_MAIL_FROM=")
	i.does("shop", "add", "--id", "demo", "--platform", "woocommerce", "--secret", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "--url", woo.URL,
		"--api-key", "ck_wrong", "--api-secret", "cs_wrong")
	for _, bad := range [][]string{{"standard", "short"}, {"standard", "rT9vQ2xW7mK4pL8nB3cZ6yH1"}, {"woocommerce", "seven77"}} {
		said, err := i.tries("shop", "add", "--id", "elsewhere", "--platform", bad[0], "--secret", bad[1])
		if err == nil || !strings.Contains(said, "secret: ") || strings.Contains(said, bad[1]) {
			t.Errorf("shop add with a secret that is none: %v: %s", err, said)
		}
	}
	i.does("shop", "add", "--id", "elsewhere", "--platform", "woocommerce", "--secret", "was-taken-once")
	i.writes(`UPDATE shop SET platform = 'standard' WHERE id = 'elsewhere'`)
	i.does("shop", "add", "--id", "asked", "--platform", "woocommerce", "--secret", "rT9vQ2xW7mK4pL8nB3cZ6yH1", "--url", woo.URL,
		"--api-key", woocommercetest.ConsumerKey, "--api-secret", woocommercetest.ConsumerSecret)
	i.does("product", "add", "--sku", "SHORT", "--name", "Gavekort", "--amount", "500.00", "--currency", "DKK", "--expires", "P1Y")
	i.does("product", "add", "--sku", "TAXED", "--name", "Gavekort", "--amount", "500.00", "--currency", "DKK", "--vat", "single_purpose")
	i.writes(`INSERT INTO task (kind, subject, reason, opened_at) VALUES ('short_order', 'a', 'b', vouchsafe_now() - interval '2 hours')`)

	lines, failing := i.checks()
	if !failing {
		t.Error("check exits 0")
	}
	for _, want := range []struct {
		grade string
		texts []string
	}{
		{"FAIL", []string{"postgresql", "fsync is off"}}, // as a test's server is
		{"FAIL", []string{"redis", "allkeys-lru", "noeviction"}},
		{"FAIL", []string{"mail", "127.0.0.1:1", "VOUCHSAFE_SMTP_URL"}},
		{"warn", []string{"public address", "VOUCHSAFE_PUBLIC_URL"}},
		{"warn", []string{"master key", "VOUCHSAFE_MASTER_KEY_FILE"}},
		{"warn", []string{"mode", "VOUCHSAFE_BALANCE_HOLDER"}},
		{"warn", []string{"shop demo", "easy to guess"}},
		{"FAIL", []string{"shop demo", "refuses the API key"}},
		{"FAIL", []string{"shop demo", "no sender", "VOUCHSAFE_MAIL_FROM"}},
		{"FAIL", []string{"shop elsewhere", "whsec_"}},
		{"warn", []string{"shop asked", "no webhook for order.created", "no webhook for order.updated"}},
		{"warn", []string{"API keys", "shop demo", "no register"}},
		{"warn", []string{"product SHORT", "P1Y", "forældelsesloven"}},
		{"warn", []string{"product TAXED", "vat"}},
		{"warn", []string{"product SHORT", "published", "Shop asked sells nothing with the SKU SHORT"}},
		{"warn", []string{"tasks", "short_order", "2h"}},
		{"ok ", []string{"schema"}},
		{"ok ", []string{"verify"}},
	} {
		if !says(lines, want.grade, want.texts...) {
			t.Errorf("no %s line says %q:\n%s", want.grade, want.texts, strings.Join(lines, "\n"))
		}
	}
}

func TestTheChecklistGoesOnWhereItCan(t *testing.T) {
	t.Parallel()
	t.Run("a configuration that can't be read", func(t *testing.T) {
		t.Parallel()
		lines, failing := install(t, "VOUCHSAFE_COUNTRY=FI", "VOUCHSAFE_RESERVE_FOR=soon").checks()
		if !failing || len(lines) != 2 || !says(lines, "FAIL", "VOUCHSAFE_COUNTRY") || !says(lines, "FAIL", "VOUCHSAFE_RESERVE_FOR") {
			t.Errorf("it says %q", lines)
		}
	})
	t.Run("no database", func(t *testing.T) {
		t.Parallel()
		lines, failing := install(t, "VOUCHSAFE_DATABASE_URL=postgres://nobody:hidden@127.0.0.1:1/none", "VOUCHSAFE_MASTER_KEY=").checks()
		if !failing || !says(lines, "FAIL", "postgresql", "can't be reached") || !says(lines, "FAIL", "master key", "openssl") || !says(lines, "ok ", "redis") {
			t.Errorf("it says %q", lines)
		}
		if strings.Contains(strings.Join(lines, " "), "hidden") {
			t.Error("it tells the password")
		}
	})
	t.Run("an older schema", func(t *testing.T) {
		t.Parallel()
		i := install(t)
		i.writes(`DELETE FROM goose_db_version WHERE version_id = 1`)
		if lines, failing := i.checks(); !failing || !says(lines, "FAIL", "schema", "vouchsafed migrate") {
			t.Errorf("it says %q", lines)
		}
	})
	t.Run("the wrong master key, and the Redis of another installation", func(t *testing.T) {
		t.Parallel()
		redis := holdtest.Start(t)
		i := install(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
		i.serves().stops()
		redis.Do(t, "SET vs:installation somebody-else")
		i.env = append(i.env, "VOUCHSAFE_MASTER_KEY=1:"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
		lines, failing := i.checks()
		if !failing || !says(lines, "FAIL", "master key", "wrong master key") || !says(lines, "FAIL", "redis", "another installation") {
			t.Errorf("it says %q", lines)
		}
	})
}

// TestTheChecklistChangesNothing runs it on a database and a Redis that no daemon has seen yet.
func TestTheChecklistChangesNothing(t *testing.T) {
	t.Parallel()
	redis := holdtest.Start(t)
	i := install(t, "VOUCHSAFE_REDIS_URL="+redis.URL())
	i.checks()
	if said := redis.Do(t, "DBSIZE"); !strings.Contains(said, "0") {
		t.Errorf("Redis has keys: %s", said)
	}
	if n := i.count(`SELECT (SELECT count(*) FROM installation) + (SELECT count(*) FROM master_key) + (SELECT count(*) FROM audit)`); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}
