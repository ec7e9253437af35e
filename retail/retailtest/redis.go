package retailtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"vouchsafe/retail/embedded"
)

// redisDatabases is how many databases an embedded Redis has that is started for tests.
const redisDatabases = 256

// RedisURL returns the URL of an empty logical database of this test alone, in the redis-server of this binary. It is flushed
// when the test ends. FLUSHALL and scripts reach across databases: a test of losing everything flushes its own database (FLUSHDB).
func RedisURL(t testing.TB) string {
	t.Helper()
	server, err := binary.cache()
	if err != nil {
		t.Fatalf("retailtest: %v", err)
	}
	number := <-server.free
	address := fmt.Sprintf("%s?db=%d", server.stores.RedisURL, number)
	t.Cleanup(func() {
		if err := flush(address); err != nil {
			t.Errorf("retailtest: flush redis: %v", err)
		}
		server.free <- number
	})
	return address
}

func flush(address string) error {
	options, err := goredis.ParseURL(address)
	if err != nil {
		return err
	}
	client := goredis.NewClient(options)
	return errors.Join(client.FlushDB(context.Background()).Err(), client.Close())
}

// redis is the server of this binary.
type redis struct {
	stores *embedded.Stores
	free   chan int // numbers of databases that no test has
	err    error    // why there is none; then every test fails alike
}

// cache starts the server when the first test asks.
func (f *fixtures) cache() (*redis, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.redis == nil {
		f.redis = &redis{free: make(chan int, redisDatabases)}
		f.redis.err = f.startRedis(f.redis)
	}
	return f.redis, f.redis.err
}

func (f *fixtures) startRedis(r *redis) (err error) {
	if r.stores, err = f.start(embedded.Redis, embedded.Postgres); err != nil {
		return err
	}
	if !strings.HasPrefix(r.stores.RedisURL, "unix:") {
		return errors.New("redis-server is not installed: run scripts/setup (apt-get install redis-server, brew install redis)")
	}
	for number := range redisDatabases {
		r.free <- number
	}
	return nil
}

func (r *redis) close(ctx context.Context) error {
	if r == nil || r.stores == nil {
		return nil
	}
	return r.stores.Stop(ctx)
}
