package orders

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Errors of this package.
var (
	ErrNotFound = errors.New("it is not stored")
	ErrExists   = errors.New("it is stored already")
	// ErrOvertaken says that a row changed between its reading and its writing; the transaction must be repeated.
	ErrOvertaken = errors.New("another transaction was first")
)

const (
	readWithin      = 2 * time.Second
	uniqueViolation = "23505"
)

// Store reads outside of transactions.
type Store struct {
	pool *pgxpool.Pool
}

// NewStore reads from a pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// Pool is the pool that the store reads from, for those who begin transactions on it.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// exists turns a unique violation into ErrExists.
func exists(err error) error {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.Code == uniqueViolation {
		return ErrExists
	}
	return err
}

// one reads exactly one row into a struct by name; ErrNotFound if there is none.
func one[T any](ctx context.Context, s *Store, sql string, args pgx.NamedArgs) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := s.pool.Query(ctx, sql, args) // rows carry the error to CollectRows
	return exactlyOne[T](rows)
}

// many reads rows into structs by name.
func many[T any](ctx context.Context, s *Store, sql string, args pgx.NamedArgs) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := s.pool.Query(ctx, sql, args) // rows carry the error to CollectRows
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// exactlyOne collects one row; ErrNotFound if there is none.
func exactlyOne[T any](rows pgx.Rows) (T, error) {
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return row, err
}
