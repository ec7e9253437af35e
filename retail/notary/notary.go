package notary

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyring"
)

// purposeSeal names the key that seals history.
const purposeSeal = "history seal"

const (
	// settings of a transaction travel with BEGIN, so that a pooler in transaction mode is no special case. Statements may take
	// long: the first seal of a large installation reads every voucher, a proof reads everything. Nobody waits for them.
	settings = `;
SET LOCAL statement_timeout = '10min';
SET LOCAL lock_timeout = '10s';
SET LOCAL idle_in_transaction_session_timeout = '1min';
SET LOCAL work_mem = '64MB'`
	writing   = `BEGIN ISOLATION LEVEL READ COMMITTED` + settings
	proving   = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY` + settings
	endWithin = 10 * time.Second // for COMMIT and ROLLBACK, whatever became of the caller
)

// Notary chains, seals and proves. It keeps no state of its own and is safe for concurrent use, in any number of processes.
type Notary struct {
	pool *pgxpool.Pool
	ring *keyring.Ring
	end  time.Duration // that COMMIT and ROLLBACK may take
}

// New makes a notary for a database. The ring's first master key seals, all of them prove.
func New(pool *pgxpool.Pool, ring *keyring.Ring) *Notary { return &Notary{pool, ring, endWithin} }

// Extent says how much is looked at.
type Extent int

// The extents.
const (
	Recent     Extent = iota // what can have happened since the last time
	Everything               // all there is, which also finds what a restored or edited database has kept from the other
)

// within runs work in one transaction.
func (n *Notary) within(ctx context.Context, begin string, work func(tx pgx.Tx) error) error {
	tx, err := n.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	fault := work(tx) // as long as it takes: a proof of everything may need minutes
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.end)
	defer cancel()
	if fault != nil {
		_ = tx.Rollback(ending) // the error that matters is work's
		return fault
	}
	if err := tx.Commit(ending); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// digestOf is SHA-256 over fields, each preceded by its length, so that no two lists of fields are the same bytes.
func digestOf(fields ...[]byte) [32]byte {
	sum := sha256.New()
	for _, field := range fields {
		sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(field))))
		sum.Write(field)
	}
	return [32]byte(sum.Sum(nil))
}

// number is an integer as it is hashed.
func number(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

// instant is an instant as it is hashed: PostgreSQL keeps microseconds.
func instant(at time.Time) []byte { return number(at.UnixMicro()) }
