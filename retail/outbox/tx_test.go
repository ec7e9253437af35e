package outbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/retailtest"
)

func TestTransactionHasLimitsThatEndWithIt(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	var inside, outside string
	o.does(func(tx outbox.Tx) error {
		return tx.QueryRow(context.Background(), `SHOW statement_timeout`).Scan(&inside)
	})
	if err := o.pool.QueryRow(t.Context(), `SHOW statement_timeout`).Scan(&outside); err != nil {
		t.Fatal(err)
	}
	if inside != "2s" || outside == "2s" {
		t.Errorf("limit %s inside, %s outside; want 2s inside alone", inside, outside)
	}
}

// P7: opposite orders of locks are repeated until both are through.
func TestDeadlockIsRepeated(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	if _, err := o.pool.Exec(t.Context(), `CREATE TABLE n (id int, v int); INSERT INTO n VALUES (1, 0), (2, 0)`); err != nil {
		t.Fatal(err)
	}
	const add = `UPDATE n SET v = v + 1 WHERE id = $1`
	var both sync.WaitGroup // both hold their first lock before either asks for its second
	both.Add(2)
	run := func(first, second int, once *sync.Once) error {
		return outbox.InTx(context.Background(), o.pool, func(tx outbox.Tx) error {
			if _, err := tx.Exec(context.Background(), add, first); err != nil {
				return err
			}
			once.Do(func() { both.Done(); both.Wait() })
			_, err := tx.Exec(context.Background(), add, second)
			return err
		})
	}
	ended := make(chan error, 2)
	go func() { ended <- run(1, 2, &sync.Once{}) }()
	go func() { ended <- run(2, 1, &sync.Once{}) }()
	for range 2 {
		if err := receives(t, ended); err != nil {
			t.Error(err)
		}
	}
	if n := o.counts(`SELECT sum(v) FROM n`); n != 4 {
		t.Errorf("sum %d, want 4", n)
	}
}

func TestHiddenErrorIsAFault(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	err := outbox.InTx(t.Context(), o.pool, func(tx outbox.Tx) error {
		_, _ = tx.Exec(context.Background(), `SELECT 1/0`)
		return nil
	})
	if !errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, outbox.ErrUnknownCommit) {
		t.Errorf("got %v, want ErrTxCommitRollback alone: the server did say what it did", err)
	}
}

func TestCommitOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	ctx, cancel := context.WithCancel(t.Context())
	err := outbox.InTx(ctx, o.pool, func(tx outbox.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TABLE kept (id int)`)
		cancel()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := o.counts(`SELECT count(*) FROM kept`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// P1: the connection dies before the answer to COMMIT.
func TestLostCommitIsUnknown(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	err := outbox.InTx(t.Context(), o.pool, func(tx outbox.Tx) error {
		_, err := o.pool.Exec(context.Background(), `SELECT pg_terminate_backend($1)`, tx.Conn().PgConn().PID())
		return err
	})
	if !errors.Is(err, outbox.ErrUnknownCommit) {
		t.Errorf("got %v, want ErrUnknownCommit", err)
	}
}

func TestPanicRollsBack(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	func() {
		defer func() { _ = recover() }()
		_ = outbox.InTx(t.Context(), o.pool, func(outbox.Tx) error { panic("a bug") })
	}()
	if n := o.pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections not given back, want 0", n)
	}
}
