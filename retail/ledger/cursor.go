package ledger

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/keyset"
)

// ErrCursor says that a cursor is none of the list it was given to.
var ErrCursor = keyset.ErrCursor

// Page is a stretch of a list.
type Page = keyset.Page

// dataException is the class of SQLSTATEs about values that have no meaning: what a forged cursor holds.
const dataException = "22"

// listFault tells a cursor that nobody was given from a fault of the store.
func listFault(doing string, err error) error {
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(fault.Code, dataException) {
		return ErrCursor
	}
	return away(doing, err)
}

// query is a page about to be read: the query but for its end, and its parameters.
type query struct {
	turn keyset.Turn
	sql  string
	args pgx.NamedArgs
}

// paged reads a page of a list. It is planned for these very values, so that a filter which is off costs nothing.
func paged[T any](ctx context.Context, l *Ledger, q query, place func(T) (key, id string)) (page []T, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	q.turn.Args(q.args)
	rows, _ := l.pool.Query(ctx, q.sql+q.turn.Clause(), pgx.QueryExecModeCacheDescribe, q.args) // rows carry the error to CollectRows
	page, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, "", err
	}
	page, next = keyset.Cut(q.turn, page, place)
	return page, next, nil
}
