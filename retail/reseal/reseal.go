package reseal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyring"
)

const (
	batch     = 200              // rows of one transaction: some milliseconds
	endWithin = 10 * time.Second // for COMMIT and ROLLBACK, whatever became of the caller
	// begin travels with its settings, so that a pooler in transaction mode is no special case. A column that is nearly done is read
	// from end to end for its last rows.
	begin = `BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL statement_timeout = '10min';
SET LOCAL lock_timeout = '30s';
SET LOCAL idle_in_transaction_session_timeout = '30s'`
)

// Holding is how many rows of a column one master key has sealed.
type Holding struct {
	Column Column
	Master string
	Rows   int64
}

// Left counts what each master key has sealed. It reads every row.
func Left(ctx context.Context, pool *pgxpool.Pool, columns []Column) ([]Holding, error) {
	var all []Holding
	for _, c := range columns {
		err := within(ctx, pool, func(tx pgx.Tx) error {
			rows, _ := tx.Query(ctx, c.counting()) // rows carry the error to CollectRows
			found, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct {
				Master string
				Rows   int64
			}])
			for _, f := range found {
				all = append(all, Holding{c, f.Master, f.Rows})
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("count what is sealed in %s: %w", c, err)
		}
	}
	return all, nil
}

// Moved is what became of one column.
type Moved struct {
	Column Column
	Rows   int64   // that the writing master has sealed now, and another one before
	Faults []Fault // rows that could not be moved, and are as they were
}

// Fault is one row that could not be moved.
type Fault struct {
	Key string // of the row
	Err error
}

// Run seals anew what the ring's first master key did not seal, one column after the other, and tells of each when it is done. It can be
// ended at any time and begun again. What other gateways write meanwhile under an older key is left; see Left.
func Run(ctx context.Context, pool *pgxpool.Pool, ring *keyring.Ring, columns []Column, told func(Moved)) error {
	for _, c := range columns {
		m := mover{ring: ring, column: c, after: c.lowest(), moved: Moved{Column: c}}
		for more := true; more; {
			err := within(ctx, pool, func(tx pgx.Tx) (err error) {
				more, err = m.step(ctx, tx)
				return err
			})
			if err != nil {
				return fmt.Errorf("seal %s anew: %w", c, err)
			}
			m.settle()
		}
		told(m.moved)
	}
	return nil
}

// mover goes through one column.
type mover struct {
	ring   *keyring.Ring
	column Column
	after  string // key of the last row that was looked at
	moved  Moved
	batch  Moved // of the transaction under way
}

// row is one that another master key sealed.
type row struct {
	Key    string
	Sealed []byte
	Bound  []byte
	Marks  [][]byte // behind one NULL
}

// step moves the next batch; more is false when there was none.
func (m *mover) step(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	m.batch = Moved{}
	args := pgx.NamedArgs{"master": m.ring.Writer(), "after": m.after, "most": batch}
	rows, _ := tx.Query(ctx, m.column.reading(), args) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil || len(found) == 0 {
		return false, err
	}
	fresh := m.seal(found)
	tag, err := tx.Exec(ctx, m.column.writing(), fresh)
	if err != nil {
		return false, err
	}
	m.batch.Rows = tag.RowsAffected()
	m.after = found[len(found)-1].Key
	return true, nil
}

// settle counts a batch that is committed.
func (m *mover) settle() {
	m.moved.Rows += m.batch.Rows
	m.moved.Faults = append(m.moved.Faults, m.batch.Faults...)
}

// seal makes the arguments of a batch's statement, without the rows that can't be opened.
func (m *mover) seal(found []row) pgx.NamedArgs {
	var keys []string
	var sealed [][]byte
	marks := make([][][]byte, len(m.column.Marks))
	for _, r := range found {
		bytes, renewed, err := m.one(r)
		if err != nil {
			m.batch.Faults = append(m.batch.Faults, Fault{r.Key, err})
			continue
		}
		keys, sealed = append(keys, r.Key), append(sealed, bytes)
		for i, mark := range renewed {
			marks[i] = append(marks[i], mark)
		}
	}
	args := pgx.NamedArgs{"keys": keys, "sealed": sealed}
	for i, mark := range marks {
		args["mark_"+strconv.Itoa(i)] = mark
	}
	return args
}

// one seals one row anew.
func (m *mover) one(r row) (sealed []byte, marks [][]byte, err error) {
	plain, err := m.ring.Open(m.column.Purpose, r.Sealed, r.Bound)
	if err != nil {
		return nil, nil, err
	}
	for i, mark := range m.column.Marks {
		renewed, err := mark.Renew(r.Marks[i+1], plain)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", mark.Name, err)
		}
		marks = append(marks, renewed)
	}
	sealed, err = m.ring.Seal(m.column.Purpose, plain, r.Bound)
	return sealed, marks, err
}

// within runs work in one transaction.
func within(ctx context.Context, pool *pgxpool.Pool, work func(pgx.Tx) error) error {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	fault := work(tx) // takes its own time
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	if fault != nil {
		_ = tx.Rollback(ending) // the error that matters is work's
		return fault
	}
	return tx.Commit(ending)
}
