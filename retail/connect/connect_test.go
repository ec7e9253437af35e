package connect_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/connect"
	"vouchsafe/retail/retailtest"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

func open(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := connect.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// crowd asks so many questions at once, each through a connection of its own, and returns what went wrong.
func crowd(ctx context.Context, pool *pgxpool.Pool, questions int) (faults []error) {
	var mu sync.Mutex
	var asking sync.WaitGroup
	for n := range questions {
		asking.Go(func() {
			var answer int
			err := pool.QueryRow(ctx, "SELECT $1::int FROM pg_sleep(0.01)", n).Scan(&answer)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				faults = append(faults, err)
			}
		})
	}
	asking.Wait()
	return faults
}

// P6: behind a pooler nothing is prepared, and without one everything is; the URL may say otherwise.
func TestStatementsArePreparedUnlessAPoolerStandsBetween(t *testing.T) {
	t.Parallel()
	direct := retailtest.DatabaseURL(t)
	pooled := retailtest.PooledURL(t, direct)
	for _, c := range []struct {
		name, url string
		want      pgx.QueryExecMode
	}{
		{"PostgreSQL itself", direct, pgx.QueryExecModeCacheStatement},
		{"PgBouncer", pooled, pgx.QueryExecModeCacheDescribe},
		{"PgBouncer, and the URL chooses", pooled + "&default_query_exec_mode=exec", pgx.QueryExecModeExec},
	} {
		pool := open(t, c.url)
		if got := pool.Config().ConnConfig.DefaultQueryExecMode; got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for range 3 {
			for _, err := range crowd(t.Context(), pool, 20) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

// G9: connections that ended while they lay idle for no time at all are given to nobody.
func TestConnectionsThatEndedIdleFailNobody(t *testing.T) {
	t.Parallel()
	url := retailtest.DatabaseURL(t)
	pool, other := open(t, url+"&pool_max_conns=10&application_name=idle"), open(t, url)
	for range 5 {
		if faults := crowd(t.Context(), pool, 10); len(faults) > 0 {
			t.Fatal(faults)
		}
		endAll(t, other)
		for _, err := range crowd(t.Context(), pool, 10) {
			t.Errorf("a question failed: %v", err)
		}
	}
}

// endAll ends the idle connections and returns when they are gone.
func endAll(t *testing.T, other *pgxpool.Pool) {
	t.Helper()
	const idle = ` FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'idle'`
	var alive int
	err := other.QueryRow(t.Context(), "SELECT count(pg_terminate_backend(pid))"+idle).Scan(&alive)
	if err != nil || alive == 0 {
		t.Fatalf("ended %d connections: %v", alive, err)
	}
	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	for alive > 0 {
		if err := other.QueryRow(t.Context(), "SELECT count(*)"+idle).Scan(&alive); err != nil {
			t.Fatal(err)
		}
		select {
		case <-patience.C:
			t.Fatalf("%d connections don't end", alive)
		default:
		}
	}
}

func TestOpenSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig("postgres://nobody@/nowhere?host=" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connect.Open(t.Context(), config); err == nil || !strings.Contains(err.Error(), "open the database") {
		t.Errorf("got %v", err)
	}
}
