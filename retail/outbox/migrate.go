package outbox

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// migrationLock keeps two replicas from migrating at once; the number means nothing else.
const migrationLock = 0x766f756368 // "vouch"

// Migrate brings River's own tables to the version this program carries, through connections of its own that it closes again. The
// URL must lead to PostgreSQL itself or through a session pooler. The tables of this package belong to package schema.
func Migrate(ctx context.Context, databaseURL string) error {
	pool, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	defer pool.Close()
	if err := migrate(ctx, pool); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}

// migrate holds the lock in one connection while River migrates in another. Closing the pool ends the lock with its session.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	guard, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer guard.Release()
	if _, err := guard.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	_, err = guard.Exec(ctx, dropUnused)
	return err
}

// dropUnused takes away the indexes by which jobs are searched for what is in them. Nobody searches: a job carries no state. They cost
// most of what it takes to queue one.
const dropUnused = `DROP INDEX IF EXISTS river_job_args_index, river_job_metadata_index`
