package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// startLimit is generous: other test binaries share the machine.
const startLimit = time.Minute

func TestSecondStartFindsWhatTheFirstOneKept(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Durability = Durable
	first := start(t, o)
	execute(t, first, "CREATE TABLE kept AS SELECT 4990 AS amount")
	client := connectRedis(t, first.RedisURL)
	if err := client.Set(t.Context(), "kept", "hold", 0).Err(); err != nil {
		t.Fatal(err)
	}
	stop(t, first)

	second := start(t, o)
	if got := query(t, second, "SELECT amount::text FROM kept"); got != "4990" {
		t.Errorf("amount = %s, want 4990", got)
	}
	if got := connectRedis(t, second.RedisURL).Get(t.Context(), "kept").Val(); got != "hold" {
		t.Errorf("redis kept %q, want hold", got)
	}
}

func TestStoresKeepTheirPromisesInTheirSettings(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Durability = Durable
	s := start(t, o)
	want := map[string]string{
		"data_checksums":          "on",
		"fsync":                   "on",
		"full_page_writes":        "on",
		"synchronous_commit":      "on",
		"listen_addresses":        "",
		"unix_socket_permissions": "0700",
		"server_encoding":         "UTF8",
		"lc_collate":              "C",
		"TimeZone":                "UTC",
		"log_error_verbosity":     "terse",
		"log_min_error_statement": "panic",
	}
	got := map[string]string{}
	for name := range want {
		got[name] = query(t, s, "SHOW "+name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("PostgreSQL's settings (-want +got):\n%s", diff)
	}

	settings := connectRedis(t, s.RedisURL).ConfigGet(t.Context(), "*").Val()
	for name, value := range map[string]string{"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"} {
		if settings[name] != value {
			t.Errorf("redis %s = %q, want %q", name, settings[name], value)
		}
	}
}

func TestSecondInstanceOnTheSameDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Without = []Store{Postgres}
	start(t, o)
	_, err := Start(t.Context(), o)
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second start: %v, want ErrInUse", err)
	}
}

func TestStoreThatDiesIsNoticed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		without     Store
		description func(*Stores) string
	}{
		{name: "PostgreSQL", without: Redis, description: func(s *Stores) string { return s.Postgres }},
		{name: "Redis", without: Postgres, description: func(s *Stores) string { return s.Redis }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options(enterable(t))
			o.Without = []Store{c.without}
			s := start(t, o)
			if err := syscall.Kill(processOf(t, c.description(s)), syscall.SIGQUIT); err != nil {
				t.Fatal(err)
			}
			select {
			case <-s.Done():
			case <-time.After(startLimit):
				t.Fatal("nobody noticed")
			}
			if err := s.Err(); err == nil || !strings.Contains(err.Error(), c.name) {
				t.Errorf("Err() = %v, want it to name %s", err, c.name)
			}
		})
	}
}

func TestStopIsNoFaultAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Without = []Store{Postgres}
	s := start(t, o)
	stop(t, s)
	stop(t, s)
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Errorf("Err() after Stop = %v, want nil", err)
	}
}

func TestWhatWasCommittedOutlivesAStopInAHurry(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Durability = Durable
	o.Without = []Store{Redis}
	first := start(t, o)
	execute(t, first, "CREATE TABLE kept AS SELECT 1 AS one")
	hurry, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Stop(hurry); err == nil {
		t.Error("a stop in a hurry doesn't say so")
	}
	if got := query(t, start(t, o), "SELECT one::text FROM kept"); got != "1" {
		t.Errorf("one = %s, want 1", got)
	}
}

func TestInterruptedStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	hurry, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // in the middle of initdb
	defer cancel()
	if _, err := Start(hurry, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("start without time: %v, want DeadlineExceeded", err)
	}
	start(t, o)
}

func TestServersLeftByAKilledProgramAreEnded(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	left := start(t, o)
	execute(t, left, "CREATE TABLE kept AS SELECT 1 AS one")
	if err := left.lock.release(); err != nil { // as the kernel does for a killed program
		t.Fatal(err)
	}
	if got := query(t, start(t, o), "SELECT one::text FROM kept"); got != "1" {
		t.Errorf("one = %s, want 1", got)
	}
	<-left.Done()
}

func TestForeignDataIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		file string
		want string
	}{
		{name: "of another version", file: "PG_VERSION", want: "PostgreSQL 9"},
		{name: "of another kind", file: "letters.txt", want: "no PostgreSQL data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options(enterable(t))
			path := filepath.Join(o.Dir, "postgres", c.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o711); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("9\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Start(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("start: %v, want %q in it", err, c.want)
			}
			left, err := fs.Glob(os.DirFS(filepath.Dir(path)), "*")
			if diff := cmp.Diff([]string{c.file}, left); err != nil || diff != "" {
				t.Errorf("left in the directory: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestMissingPostgresNamesThePackage(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.PostgresBin = t.TempDir()
	_, err := Start(t.Context(), o)
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("start without PostgreSQL: %v, want ErrMissing with the package", err)
	}
}

func TestDirectoryWithALongNameHasItsSocketsElsewhere(t *testing.T) {
	t.Parallel()
	o := options(filepath.Join(enterable(t), strings.Repeat("long", 30)))
	s := start(t, o)
	if got := query(t, s, "SELECT 1::text"); got != "1" {
		t.Errorf("answer = %q, want 1", got)
	}
	sockets := s.sockets.dir
	stop(t, s)
	if _, err := os.Lstat(sockets); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", sockets, err)
	}
}

func TestStoresLeftOutAreNotStarted(t *testing.T) {
	t.Parallel()
	o := options(enterable(t))
	o.Without = []Store{Postgres, Redis}
	s := start(t, o)
	if s.DatabaseURL != "" || s.RedisURL != "" {
		t.Errorf("started %q and %q, want neither", s.DatabaseURL, s.RedisURL)
	}
}

// enterable is a directory that an unprivileged PostgreSQL may pass through, which the parent of t.TempDir is not for root's.
func enterable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func options(dir string) Options {
	return Options{
		Dir:         dir,
		Elsewhere:   filepath.Join("/tmp", "unwanted"),
		PostgresBin: os.Getenv("VOUCHSAFE_PG_BIN"),
		Durability:  Volatile,
		Now:         time.Now,
		Random:      rand.Reader,
	}
}

func start(t *testing.T, o Options) *Stores {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) }) // a test that cares stops it itself
	return s
}

func stop(t *testing.T, s *Stores) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, s *Stores) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func execute(t *testing.T, s *Stores, statement string) {
	t.Helper()
	conn := connect(t, s)
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func query(t *testing.T, s *Stores, statement string) string {
	t.Helper()
	conn := connect(t, s)
	defer conn.Close(t.Context())
	var answer string
	if err := conn.QueryRow(t.Context(), statement).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func connectRedis(t *testing.T, address string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { client.Close() })
	return client
}
