package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyset"
)

// ErrCursor says that a cursor is none of the list it was given to.
var ErrCursor = keyset.ErrCursor

// TrailFilter chooses lines of the audit trail; what is left empty doesn't narrow.
type TrailFilter struct {
	Object string
	Action string
	Text   string    // within actor, action or object, whatever its case
	From   time.Time // at or after
	To     time.Time // before
	Sort   string    // at, or -at, which "" means too
	Cursor string    // of the page before
	Limit  int       // at most 500, which 0 means too
}

// Line is one line of the audit trail.
type Line struct {
	ID     int64
	At     time.Time
	Actor  string
	Action string
	Object string
	Detail json.RawMessage
}

const listTrail = `
SELECT
	id,
	at,
	actor,
	action,
	object,
	detail, `

const chosenTrail = `
FROM
	audit
WHERE
	(@object::text = '' OR object = @object::text)
	AND (@action::text = '' OR action = @action::text)
	AND (@text::text = '' OR strpos(lower(actor || ' ' || action || ' ' || object), lower(@text::text)) > 0)
	AND (@from::timestamptz IS NULL OR at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR at < @to::timestamptz)`

// trailList is how the audit trail is listed: by index audit_by_time.
func trailList() keyset.List {
	return keyset.InTime("audit", "-at", keyset.Key{Column: "id", Type: "bigint"})
}

// listedLine is a row of the list.
type listedLine struct {
	Line
	SortKey string
}

// Trail lists the audit trail, the latest line first unless asked otherwise. Next is the cursor of the page after this one,
// empty on the last. Errors: ErrCursor, keyset.ErrSort.
func Trail(ctx context.Context, pool *pgxpool.Pool, f TrailFilter) (page []Line, next string, err error) {
	turn, err := trailList().Turn(keyset.Page{Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit})
	if err != nil {
		return nil, "", err
	}
	asked := keyset.Query{Turn: turn, SQL: listTrail + turn.Column() + chosenTrail, Args: pgx.NamedArgs{
		"object": f.Object,
		"action": f.Action,
		"text":   f.Text,
		"from":   timeOrNull(f.From),
		"to":     timeOrNull(f.To),
	}}
	found, next, err := paged(ctx, pool, asked, func(r listedLine) (key, id string) { return r.SortKey, strconv.FormatInt(r.ID, 10) })
	if err != nil {
		return nil, "", fmt.Errorf("list the audit trail: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Line)
	}
	return page, next, nil
}

// timeOrNull is NULL for the zero time.
func timeOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
