package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
)

// BatchFilter narrows a list of batches; what is left empty doesn't narrow.
type BatchFilter struct {
	Page
	Text     string    // within key, product or reason, whatever its case
	State    string    // "open" or "closed"
	From, To time.Time // made at or after, and before
}

// batchList is how batches are listed: by index batch_listed.
func batchList() keyset.List {
	return keyset.InTime("batches", "-created_at", keyset.Key{Column: "id", Type: "uuid"})
}

const listBatches = `
WHERE
	(@text::text = '' OR strpos(lower(key || ' ' || product || ' ' || reason), lower(@text::text)) > 0)
	AND (@open::boolean IS NULL OR (closed_at IS NULL) = @open::boolean)
	AND (@from::timestamptz IS NULL OR created_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR created_at < @to::timestamptz)`

// batchRow is a row of the list.
type batchRow struct {
	Batch
	SortKey string
}

// Batches lists batches. Errors: keyset.ErrSort, ErrCursor.
func (l *Ledger) Batches(ctx context.Context, f BatchFilter) (page []Batch, next string, err error) {
	turn, err := batchList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	args := pgx.NamedArgs{"text": f.Text, "open": nil, "from": orNull(f.From), "to": orNull(f.To)}
	if f.State != "" {
		args["open"] = f.State == "open"
	}
	sql := `SELECT` + batchColumns + `, ` + turn.Column() + ` FROM batch` + listBatches
	found, next, err := paged(ctx, l, keyset.Query{Turn: turn, SQL: sql, Args: args}, func(r batchRow) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", away("list batches", err)
	}
	for _, row := range found {
		page = append(page, row.Batch)
	}
	return page, next, nil
}

const countStock = `SELECT
		s.batch::text,
		CASE WHEN v.state IN ('issued', 'active') AND v.ends_at <= (SELECT vouchsafe_now()) THEN 'expired' ELSE v.state END,
		count(*)
	FROM stock s
	JOIN voucher v ON v.id = s.voucher
	WHERE s.batch = ANY(@batches::uuid[])
	GROUP BY
		1,
		2`

// CountStock counts the vouchers of batches by their state as people are shown it.
func (l *Ledger) CountStock(ctx context.Context, batches ...string) (map[string]map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	states := make(map[string]map[string]int, len(batches))
	rows, _ := l.pool.Query(ctx, countStock, pgx.NamedArgs{"batches": batches}) // rows carry the error to ForEachRow
	var batch, state string
	var n int
	_, err := pgx.ForEachRow(rows, []any{&batch, &state, &n}, func() error {
		if states[batch] == nil {
			states[batch] = make(map[string]int)
		}
		states[batch][state] = n
		return nil
	})
	if err != nil {
		return nil, away(fmt.Sprintf("count the vouchers of %d batches", len(batches)), err)
	}
	return states, nil
}
