package schema_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/schema"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

func TestReplicasMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	pool := empty(t)
	var replicas sync.WaitGroup
	for range 3 {
		replicas.Go(func() {
			if err := schema.Migrate(t.Context(), pool.Config().ConnString()); err != nil {
				t.Errorf("Migrate = %v", err)
			}
		})
	}
	replicas.Wait()
	if err := schema.Check(t.Context(), pool); err != nil {
		t.Errorf("Check after Migrate = %v", err)
	}
}

func TestCheckKnowsOnlyItsOwnSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		given string
		want  error
		says  string
	}{
		{
			name:  "the schema of this program is right",
			given: `SELECT`,
		},
		{
			name:  "an empty database is older and every migration is missing",
			given: `DROP SCHEMA public CASCADE; CREATE SCHEMA public`,
			want:  schema.ErrOlder,
			says:  "0001_ledger.sql",
		},
		{
			name:  "a gap is older, though the newest migration is there",
			given: `DELETE FROM goose_db_version WHERE version_id = 1`,
			want:  schema.ErrOlder,
			says:  "0001_ledger.sql",
		},
		{
			name:  "a migration that nobody here knows is newer",
			given: `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`,
			want:  schema.ErrNewer,
			says:  "9999",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := retailtest.Database(t)
			execute(t, pool, c.given)
			err := schema.Check(t.Context(), pool)
			if !errors.Is(err, c.want) {
				t.Fatalf("Check = %v, want %v", err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("Check = %q, want %q in it", err, c.says)
			}
		})
	}
}

func TestOlderProgramDoesNotMigrateANewerSchema(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	execute(t, pool, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	if err := schema.Migrate(t.Context(), pool.Config().ConnString()); !errors.Is(err, schema.ErrNewer) {
		t.Errorf("Migrate = %v, want ErrNewer", err)
	}
}

func TestUnreachableDatabaseIsNeitherOlderNorNewer(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	err := schema.Check(cut, pool)
	if err == nil || errors.Is(err, schema.ErrOlder) || errors.Is(err, schema.ErrNewer) {
		t.Errorf("Check = %v, want only that the database could not be asked", err)
	}
}

// A kept plan takes the index that it was made for only if no other says the same of which rows it has: see 0011_one_way.sql.
func TestNoTwoIndexesOfReservationsSayTheSame(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	const alike = `SELECT coalesce(string_agg(said, '; '), '') FROM (
		SELECT format('%s: %s', indrelid::regclass, string_agg(indexrelid::regclass::text, ' and ')) AS said
		FROM pg_index
		WHERE indpred IS NOT NULL AND indrelid IN ('reservation'::regclass, 'account_reservation'::regclass)
		GROUP BY indrelid, pg_get_expr(indpred, indrelid)
		HAVING count(*) > 1
	) twins`
	var twins string
	if err := pool.QueryRow(t.Context(), alike).Scan(&twins); err != nil || twins != "" {
		t.Errorf("%s %v", twins, err)
	}
}

func TestVersionIsThatOfTheNewestMigration(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	var newest int64
	if err := pool.QueryRow(t.Context(), `SELECT max(version_id) FROM goose_db_version`).Scan(&newest); err != nil {
		t.Fatal(err)
	}
	if got := schema.Version(); got != newest {
		t.Errorf("Version = %d, want %d", got, newest)
	}
}

// empty is a database before its first migration.
func empty(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := retailtest.Database(t)
	execute(t, pool, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	return pool
}

func execute(t *testing.T, pool *pgxpool.Pool, statements string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
