package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
)

// ErrCursor says that a cursor is none of the list it was given to.
var ErrCursor = keyset.ErrCursor

// Page is a stretch of a list.
type Page = keyset.Page

// paged reads a page of a list. It is planned for these very values, so that a filter which is off costs nothing.
func paged[T any](ctx context.Context, l *Ledger, q keyset.Query, place func(T) (key, id string)) (page []T, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	return keyset.Read(q, func(sql string, args map[string]any) ([]T, error) {
		rows, _ := l.pool.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	}, place)
}
