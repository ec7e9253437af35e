package retailtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/schema"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

func TestEveryTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for range 2 {
		pool := retailtest.Database(t)
		if err := schema.Check(t.Context(), pool); err != nil {
			t.Errorf("schema.Check = %v, want a migrated database", err)
		}
		if _, err := pool.Exec(t.Context(), "SELECT FROM river_job"); err != nil {
			t.Errorf("the job queue has no tables: %v", err)
		}
		if _, err := pool.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
			t.Errorf("a table made in another database is in the way: %v", err)
		}
	}
}

func TestShiftedClockRunsOnFromItsNewTime(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	for _, shift := range []time.Duration{0, 25 * time.Hour, -48 * time.Hour, 1500 * time.Millisecond} {
		retailtest.ShiftClock(t, pool, shift)
		var ahead time.Duration
		const query = `SELECT vouchsafe_now() - clock_timestamp()`
		if err := pool.QueryRow(t.Context(), query).Scan(&ahead); err != nil {
			t.Fatal(err)
		}
		if off := (ahead - shift).Abs(); off > time.Second {
			t.Errorf("shifted by %s the clock is %s ahead", shift, ahead)
		}
	}
}

func TestRedisOfATestIsEmptyAndItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for range 2 {
		options, err := redis.ParseURL(retailtest.RedisURL(t))
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(options)
		t.Cleanup(func() { client.Close() })
		fresh, err := client.SetNX(ctx, "mine", "1", 0).Result()
		if err != nil || !fresh {
			t.Errorf("SetNX = %v, %v; want a key nobody has", fresh, err)
		}
	}
}
