package retailtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/connect"
	"vouchsafe/retail/embedded"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/schema"
)

const (
	poolSize = 16               // of one test; enough for a race, and many tests fit into the server
	closeFor = 10 * time.Second // how long a test may keep a connection after it ended
)

// migrations fill the template, in this order: our tables, then those of the job queue.
func migrations() []func(ctx context.Context, databaseURL string) error {
	return []func(context.Context, string) error{
		schema.Migrate,
		outbox.Migrate,
	}
}

// Database returns a pool on a fresh, migrated database of this test alone. It is closed and the database dropped when the
// test ends; a connection not given back by then fails the test. pool.Config().ConnString() is its URL. With
// VOUCHSAFE_TEST_POOLER=pgbouncer in the environment it leads through PooledURL.
func Database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	address := DatabaseURL(t)
	if os.Getenv(poolerVariable) == pgbouncerName {
		address = PooledURL(t, address)
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatalf("retailtest: read the URL of the database: %v", err)
	}
	config.MaxConns = poolSize
	pool, err := connect.Open(context.Background(), config)
	if err != nil {
		t.Fatalf("retailtest: connect: %v", err)
	}
	t.Cleanup(func() { closePool(t, pool) })
	return pool
}

// DatabaseURL returns the URL of a fresh, migrated database of this test alone, dropped when the test ends, whoever is
// still connected. Every call makes another one.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	server, err := binary.database()
	if err != nil {
		t.Fatalf("retailtest: %v", err)
	}
	name, err := server.create()
	if err != nil {
		t.Fatalf("retailtest: create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := server.drop(name); err != nil {
			t.Errorf("retailtest: drop the database: %v", err)
		}
	})
	return server.url(name)
}

// ShiftClock moves the clock of the database behind pool, vouchsafe_now(), to d from the true time; it runs on from there. A second
// call replaces the first, 0 sets it right again.
func ShiftClock(t testing.TB, pool *pgxpool.Pool, d time.Duration) {
	t.Helper()
	const replace = `
CREATE OR REPLACE FUNCTION vouchsafe_now() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT clock_timestamp() + interval '%d microseconds' $$`
	if _, err := pool.Exec(context.Background(), fmt.Sprintf(replace, d.Microseconds())); err != nil {
		t.Fatalf("retailtest: shift the clock by %s: %v", d, err)
	}
}

// closePool would wait for ever for a connection that a test forgot.
func closePool(t testing.TB, pool *pgxpool.Pool) {
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closeFor):
		t.Errorf("retailtest: the test ended %s ago and still holds %d connections", closeFor, pool.Stat().AcquiredConns())
	}
}

// postgres is the server of this binary and the template of its databases.
type postgres struct {
	stores *embedded.Stores
	admin  *pgxpool.Pool
	copied string       // how a database is made from the template
	made   atomic.Int64 // databases, for their names
	err    error        // why there is no template; then every test fails alike
}

// database starts the server and makes the template when the first test asks.
func (f *fixtures) database() (*postgres, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.postgres == nil {
		f.postgres = &postgres{}
		f.postgres.err = f.startPostgres(f.postgres)
	}
	return f.postgres, f.postgres.err
}

func (f *fixtures) startPostgres(p *postgres) (err error) {
	if p.stores, err = f.start(embedded.Postgres, embedded.Redis); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startFor)
	defer cancel()
	for _, migrate := range migrations() {
		if err := migrate(ctx, p.stores.DatabaseURL); err != nil {
			return fmt.Errorf("migrate the template: %w", err)
		}
	}
	if p.admin, err = pgxpool.New(ctx, p.url("postgres")); err != nil {
		return err
	}
	return p.admin.QueryRow(ctx, copyByFile).Scan(&p.copied)
}

// copyByFile is how a template is copied file by file: page by page through the journal, as is usual since version 15, takes half as much
// time again.
const copyByFile = `SELECT CASE WHEN current_setting('server_version_num')::integer >= 150000 THEN 'STRATEGY file_copy' ELSE '' END`

// create copies the template, to which nobody is connected any more.
func (p *postgres) create() (string, error) {
	name := fmt.Sprintf("test_%d", p.made.Add(1))
	_, err := p.admin.Exec(context.Background(), "CREATE DATABASE "+name+" TEMPLATE vouchsafe "+p.copied)
	return name, err
}

func (p *postgres) drop(name string) error {
	_, err := p.admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
	return err
}

// url leads to another database of the same server.
func (p *postgres) url(name string) string {
	u, err := url.Parse(p.stores.DatabaseURL)
	if err != nil {
		panic(fmt.Sprintf("retailtest: %v", err)) // embedded made it
	}
	u.Path = "/" + name
	return u.String()
}

func (p *postgres) close(ctx context.Context) error {
	if p == nil || p.stores == nil {
		return nil
	}
	if p.admin != nil {
		p.admin.Close()
	}
	return p.stores.Stop(ctx)
}
