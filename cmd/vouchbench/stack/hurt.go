package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// StopDatabase ends PostgreSQL as an operator would.
func (s *Stack) StopDatabase(ctx context.Context) error { return s.database.Stop(ctx) }

// StopRedis ends Redis as an operator would.
func (s *Stack) StopRedis(ctx context.Context) error { return s.redis.Stop(ctx) }

// DatabaseDir and RedisDir are where the stores keep their data; it may be copied while they are stopped.
func (s *Stack) DatabaseDir() string { return filepath.Join(s.database.Dir, "postgres") }

// RedisDir is where Redis keeps its data.
func (s *Stack) RedisDir() string { return filepath.Join(s.redis.Dir, "redis") }

// RestartDatabase ends PostgreSQL as a crash does, without a checkpoint, and starts it again.
func (s *Stack) RestartDatabase(ctx context.Context) error {
	pid, err := s.postmaster()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		return fmt.Errorf("crash PostgreSQL: %w", err)
	}
	<-s.database.Done()
	return errors.Join(s.database.Stop(ctx), s.StartDatabase(ctx))
}

// postmaster is the process of PostgreSQL.
func (s *Stack) postmaster() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.DatabaseDir(), "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("find PostgreSQL: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0]))
	if err != nil {
		return 0, fmt.Errorf("find PostgreSQL: %w", err)
	}
	return pid, nil
}

// RestartRedis kills Redis and starts it again. What happens to its data while it is away is the caller's: nil leaves it.
func (s *Stack) RestartRedis(ctx context.Context, meanwhile func(dir string) error) error {
	pid, err := s.RedisPID(ctx)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill Redis: %w", err)
	}
	<-s.redis.Done()
	if err := s.redis.Stop(ctx); err != nil {
		return err
	}
	if meanwhile != nil {
		if err := meanwhile(s.RedisDir()); err != nil {
			return err
		}
	}
	return s.StartRedis(ctx)
}

// RedisPID is the process of Redis.
func (s *Stack) RedisPID(ctx context.Context) (int, error) {
	client, err := s.Redis()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return 0, fmt.Errorf("find Redis: %w", err)
	}
	_, after, _ := strings.Cut(info, "process_id:")
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]))
	if err != nil {
		return 0, fmt.Errorf("find Redis: %w", err)
	}
	return pid, nil
}

// Redis connects to Redis, past whatever stands between it and the gateways.
func (s *Stack) Redis() (*redis.Client, error) {
	options, err := redis.ParseURL(s.RedisURL())
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	return redis.NewClient(options), nil
}

// CutConnections ends every connection to the database but the one that asks.
func (s *Stack) CutConnections(ctx context.Context) error {
	return s.query(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
}

// ShiftClock moves the clock by which the books are kept, to so many seconds from the true time.
func (s *Stack) ShiftClock(ctx context.Context, seconds int64) error {
	return s.query(ctx, fmt.Sprintf(`CREATE OR REPLACE FUNCTION vouchsafe_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
		AS $$ SELECT clock_timestamp() + interval '%d seconds' $$`, seconds))
}

// query runs a statement on a connection of its own.
func (s *Stack) query(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.DatabaseURL())
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
