package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Tx is the caller's transaction. Nothing in this package ends one it was handed.
type Tx = pgx.Tx

// ErrUnknownCommit means that the connection died while the transaction committed: it may have happened or not. Whoever repeats
// must be able to tell, or not to mind.
var ErrUnknownCommit = errors.New("the outcome of the commit is unknown")

const (
	// beginSettings travel with BEGIN in one round trip and end with the transaction, so that a pooler in transaction mode is no
	// special case. The limit for locks is longer than the second after which PostgreSQL looks for a deadlock, or deadlocks would pass
	// for slow locks, which are not repeated.
	beginSettings = `BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL statement_timeout = '2s';
SET LOCAL lock_timeout = '1500ms';
SET LOCAL idle_in_transaction_session_timeout = '5s'`

	endWithin       = 10 * time.Second     // for COMMIT and ROLLBACK, whatever became of the caller
	collisions      = 5                    // repeats after a deadlock or a serialization failure
	collisionPause  = 4 * time.Millisecond // doubles with each repeat
	serialization   = "40001"
	deadlock        = "40P01"
	severityRefused = "ERROR" // the server lives and said no; anything worse leaves the outcome open
)

// InTx runs fn in a transaction and commits it unless fn fails. After a deadlock or a serialization failure it runs fn again, up to
// five times, so fn must do nothing but work on its transaction. COMMIT and ROLLBACK are sent even when ctx has ended. Errors:
// whatever fn said; ErrUnknownCommit; pgx.ErrTxCommitRollback when fn hid an error and the server rolled back.
func InTx(ctx context.Context, pool *pgxpool.Pool, fn func(Tx) error) error {
	for repeat := 0; ; repeat++ {
		backend, err := inTxOnce(ctx, pool, fn)
		if repeat == collisions || !collided(err) {
			return err
		}
		if !pause(ctx, spread(backend, repeat)) {
			return err
		}
	}
}

// inTxOnce tells the number of the backend as well: two transactions that ran into one another had two different ones.
func inTxOnce(ctx context.Context, pool *pgxpool.Pool, fn func(Tx) error) (backend uint32, err error) {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: beginSettings})
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	backend = tx.Conn().PgConn().PID()
	ended := false
	defer func() {
		if !ended {
			rollback(ctx, tx)
		}
	}()
	if err := fn(tx); err != nil {
		return backend, err
	}
	ended = true
	return backend, commit(ctx, tx)
}

func commit(ctx context.Context, tx pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	err := tx.Commit(ctx)
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrTxCommitRollback) || refused(err) {
		return fmt.Errorf("commit: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrUnknownCommit, err)
}

// rollback needs no answer: a connection that can't roll back is closed, and the server does it then.
func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	_ = tx.Rollback(ctx)
}

func refused(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.SeverityUnlocalized == severityRefused
}

func collided(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (answer.Code == serialization || answer.Code == deadlock)
}

// spread keeps two that collided from colliding again: each waits for a time that follows from its own backend's number, which the
// other can't have. Knuth's multiplicative hash makes neighbouring numbers differ.
func spread(backend uint32, repeat int) time.Duration {
	step := collisionPause << repeat
	return step + time.Duration(backend*2654435761)%step
}

// pause reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
