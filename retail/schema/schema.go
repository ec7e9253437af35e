// Package schema carries the tables of the back office into PostgreSQL.
//
// The migrations are numbered SQL files embedded in the program, forward only: a mistake is mended by the next number, never by
// going back. The package promises that two replicas may migrate at once (one applies, the other waits and finds nothing to do),
// and that a program never works on a schema it does not know: Check refuses an older schema and a newer one alike.
//
// It refuses to guess. A migration that would wait long for a table lock gives up instead of stalling the tills behind it.
// The job queue's own tables belong to package outbox, which migrates them.
package schema

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

var (
	// ErrOlder means that the database lacks migrations this program needs.
	ErrOlder = errors.New("the database schema is older than this program")

	// ErrNewer means that a newer program has migrated the database.
	ErrNewer = errors.New("the database schema is newer than this program")
)

const (
	lockPollSeconds = 1   // how often a waiting replica asks for the lock
	lockPolls       = 300 // five minutes, longer than any migration may take

	// settings hold for the migrating session alone: a migration may run as long as it needs, but while it waits for a table lock
	// everybody else queues behind it.
	settings = `SET statement_timeout = 0; SET lock_timeout = '10s'`
)

//go:embed migrations/*.sql
var embedded embed.FS

// Migrate applies every migration the database lacks, through a connection of its own that it closes again. The URL must lead to
// PostgreSQL itself or through a session pooler: the lock against a second replica is a session's. Error: ErrNewer when the database
// knows migrations that this program doesn't, else what the connection or the failing migration said; a failed migration leaves
// the ones before it applied and nothing of itself.
func Migrate(ctx context.Context, databaseURL string) error {
	return migrate(ctx, databaseURL, migrations())
}

// Version is the number of the newest migration this program carries.
func Version() int64 {
	known, err := versions(migrations())
	if err != nil || len(known) == 0 {
		panic(fmt.Sprintf("schema: embedded migrations are unreadable: %v", err)) // decided when the program was built
	}
	return known[len(known)-1].number
}

func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(fmt.Sprintf("schema: %v", err)) // the name is a constant
	}
	return sub
}

func migrate(ctx context.Context, databaseURL string, files fs.FS) error {
	db, err := open(databaseURL)
	if err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	defer db.Close()
	if err := up(ctx, db, files); err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	return nil
}

func open(databaseURL string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, settings)
		return err
	})), nil
}

func up(ctx context.Context, db *sql.DB, files fs.FS) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPollSeconds, lockPolls))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker),
		goose.WithDisableGlobalRegistry(true),
	)
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return newer(fmt.Sprintf("number %d", current), target)
	}
	_, err = provider.Up(ctx)
	return err
}

func newer(unknown string, newest int64) error {
	return fmt.Errorf("%w: it has migration %s and this program ends at number %d; start the newer program", ErrNewer, unknown, newest)
}

func older(missing []migration) error {
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = m.name
	}
	return fmt.Errorf("%w: it lacks %s; run \"vouchsafed migrate\" or start with --migrate", ErrOlder, strings.Join(names, ", "))
}
