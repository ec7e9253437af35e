package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
)

// Filter narrows a list of deliveries; what is left empty doesn't narrow.
type Filter struct {
	Kinds   []Kind
	States  []State
	Subject string // or one of its parts
	Parent  string
	Shop    string
	About   string    // the subject, a part, the parent or the id
	From    time.Time // created at or after
	To      time.Time // created before
	Sort    string    // created_at, or -created_at, which "" means too
	Cursor  string    // from the page before
	Limit   int       // at most 500, which 0 means too
}

// ErrCursor means that a cursor is none of ours.
var ErrCursor = keyset.ErrCursor

// paged reads a page of a list. It is planned for these very values, so that a filter which is off costs nothing.
func paged[T any](ctx context.Context, o *Outbox, q keyset.Query, place func(T) (key, id string)) (page []T, next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	return keyset.Read(q, func(sql string, args map[string]any) ([]T, error) {
		rows, _ := o.pool.Query(ctx, sql, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		return pgx.CollectRows(rows, pgx.RowToStructByName[T])
	}, place)
}

// deliveryList is how deliveries are listed: by index delivery_listed, those that are not finished by delivery_unfinished.
func deliveryList() keyset.List {
	return keyset.InTime("deliveries", "-created_at", keyset.Key{Column: "delivery.id", Type: "uuid"})
}

// listedDelivery is a row of the list.
type listedDelivery struct {
	Delivery
	SortKey string
}

const listDeliveries = `
FROM
	delivery
WHERE
	(NOT @open::boolean OR finished_at IS NULL)
	AND (@kinds::text[] IS NULL OR kind = ANY (@kinds::text[]))
	AND (@states::text[] IS NULL OR state = ANY (@states::text[]))
	AND (@subject::text = '' OR subject = @subject::text OR delivery.id = ANY (ARRAY(SELECT p.delivery FROM delivery_part p WHERE p.subject = @subject::text)))
	AND (@parent::text = '' OR parent = @parent::text)
	AND (@shop::text = '' OR shop = @shop::text)
	AND (@about::text = '' OR subject = @about::text OR parent = @about::text OR delivery.id = @about_id::uuid
		OR delivery.id = ANY (ARRAY(SELECT p.delivery FROM delivery_part p WHERE p.subject = @about::text)))
	AND (@from::timestamptz IS NULL OR created_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR created_at < @to::timestamptz)`

// Deliveries lists the newest first unless asked otherwise. Next is the cursor of the page after this one, empty on the last. Errors:
// ErrCursor, keyset.ErrSort.
func (o *Outbox) Deliveries(ctx context.Context, f Filter) (page []Delivery, next string, err error) {
	turn, err := deliveryList().Turn(keyset.Page{Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit})
	if err != nil {
		return nil, "", err
	}
	asked := keyset.Query{Turn: turn, SQL: `SELECT` + deliveryColumns + `, ` + turn.Column() + listDeliveries, Args: pgx.NamedArgs{
		"open":     f.unfinished(),
		"kinds":    texts(f.Kinds),
		"states":   texts(f.States),
		"subject":  f.Subject,
		"parent":   f.Parent,
		"shop":     f.Shop,
		"about":    f.About,
		"about_id": uuidOrNull(f.About),
		"from":     instantOrNull(f.From),
		"to":       instantOrNull(f.To),
	}}
	found, next, err := paged(ctx, o, asked, func(r listedDelivery) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Delivery)
	}
	return page, next, nil
}

// unfinished tells that the filter asks for nothing that is finished, so that an index of the others will do.
func (f Filter) unfinished() bool {
	finished := []State{StateDone, StateBounced, StateFailed, StateCancelled}
	return len(f.States) > 0 && !slices.ContainsFunc(f.States, func(s State) bool { return slices.Contains(finished, s) })
}

// uuidOrNull is a text that may be an id, and NULL for one that can't be.
func uuidOrNull(text string) *string {
	if !isUUID(text) {
		return nil
	}
	return &text
}

// isUUID knows the one form that PostgreSQL prints.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := (r >= '0' && r <= '9') || (r >= 'a' && r <= 'f')
		if dash != (r == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

const readDelivery = `
SELECT` + deliveryColumns + `
FROM
	delivery
WHERE
	delivery.id = @id::uuid`

// Delivery reads one. Error: ErrNotFound, also for what is no id at all.
func (o *Outbox) Delivery(ctx context.Context, id string) (Delivery, error) {
	if !isUUID(id) {
		return Delivery{}, ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	rows, _ := o.pool.Query(ctx, readDelivery, pgx.NamedArgs{"id": id}) // rows carry the error to CollectRows
	d, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Delivery])
	if errors.Is(err, pgx.ErrNoRows) {
		return Delivery{}, ErrNotFound
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return d, nil
}

// Count is how many unfinished deliveries of a kind are in a state.
type Count struct {
	Kind  Kind
	State State
	N     int64
}

// Stats is the outbox at a glance.
type Stats struct {
	Unfinished []Count
	OpenTasks  int64
	Lag        time.Duration // how long the most overdue delivery has been due
}

const countUnfinished = `
SELECT
	kind,
	state,
	count(*) AS n
FROM
	delivery
WHERE
	finished_at IS NULL
GROUP BY
	kind,
	state
ORDER BY
	kind,
	state`

const measureLag = `
SELECT
	(SELECT count(*) FROM task WHERE closed_at IS NULL) AS open_tasks,
	greatest(
		vouchsafe_now() - (SELECT min(due_at) FROM delivery WHERE finished_at IS NULL AND state = 'pending' AND nudge_at IS NOT NULL),
		interval '0'
	) AS lag`

// Stats counts what is not finished. It reads an index of the unfinished alone, so that its cost follows from the backlog.
func (o *Outbox) Stats(ctx context.Context) (Stats, error) {
	ctx, cancel := context.WithTimeout(ctx, statementMost)
	defer cancel()
	var s Stats
	batch := &pgx.Batch{}
	batch.Queue(countUnfinished).Query(func(rows pgx.Rows) (err error) {
		s.Unfinished, err = pgx.CollectRows(rows, pgx.RowToStructByName[Count])
		return err
	})
	batch.Queue(measureLag).QueryRow(func(row pgx.Row) error { return row.Scan(&s.OpenTasks, &s.Lag) })
	if err := o.pool.SendBatch(ctx, batch).Close(); err != nil {
		return Stats{}, fmt.Errorf("count deliveries: %w", err)
	}
	return s, nil
}
