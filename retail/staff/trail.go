package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	trailMost   = 500 // the longest page
	trailWithin = 2 * time.Second
)

// ErrCursor says that a cursor is none of the trail's.
var ErrCursor = errors.New("not a cursor of the audit trail")

// TrailFilter chooses lines of the audit trail; what is left empty doesn't narrow.
type TrailFilter struct {
	Object string
	Action string
	Text   string    // within actor, action or object, whatever its case
	From   time.Time // at or after
	To     time.Time // before
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
	detail
FROM
	audit
WHERE
	(@object::text = '' OR object = @object::text)
	AND (@action::text = '' OR action = @action::text)
	AND (@text::text = '' OR strpos(lower(actor || ' ' || action || ' ' || object), lower(@text::text)) > 0)
	AND (@from::timestamptz IS NULL OR at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR at < @to::timestamptz)
	AND (@before::bigint IS NULL OR id < @before::bigint)
ORDER BY
	id DESC
LIMIT
	@limit`

// Trail lists the audit trail, the latest line first. Next is the cursor of the page after this one,
// empty on the last. Error: ErrCursor.
func Trail(ctx context.Context, pool *pgxpool.Pool, f TrailFilter) (page []Line, next string, err error) {
	var before *int64
	if f.Cursor != "" {
		id, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return nil, "", ErrCursor
		}
		before = &id
	}
	limit := f.Limit
	if limit <= 0 || limit > trailMost {
		limit = trailMost
	}
	ctx, cancel := context.WithTimeout(ctx, trailWithin)
	defer cancel()
	rows, _ := pool.Query(ctx, listTrail, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{ // rows carry the error to CollectRows
		"object": f.Object,
		"action": f.Action,
		"text":   f.Text,
		"from":   timeOrNull(f.From),
		"to":     timeOrNull(f.To),
		"before": before,
		"limit":  limit + 1,
	})
	page, err = pgx.CollectRows(rows, pgx.RowToStructByName[Line])
	if err != nil {
		return nil, "", fmt.Errorf("list the audit trail: %w", err)
	}
	if len(page) <= limit {
		return page, "", nil
	}
	return page[:limit], strconv.FormatInt(page[limit-1].ID, 10), nil
}

// timeOrNull is NULL for the zero time.
func timeOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
