package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/voucher"
)

// Sort is the order of a list of vouchers.
type Sort string

// The orders. Each is one of a date or figure, with the id for ties.
const (
	Newest       Sort = "-issued_at"
	Oldest       Sort = "issued_at"
	Largest      Sort = "-balance"
	Smallest     Sort = "balance"
	ExpiresFirst Sort = "expires_on" // what never expires comes last
	ExpiresLast  Sort = "-expires_on"
)

// Listing chooses vouchers; what is left empty doesn't narrow.
type Listing struct {
	Page
	Sort Sort // empty is Newest
	// State is one of [voucher.State], "expired" included, or what is laid over it: "blocked",
	// "reserved", "quarantined", or "rest" for what is used in part (E17).
	State string
	Text  *Sought
	Shop  string
	From  time.Time // issued at or after
	To    time.Time // issued before
}

// Sought is what a text may stand for in a list. A voucher that answers to any of it is listed.
type Sought struct {
	Last4    string
	IDs      []string
	Products []string
}

// The states of a list beside those of a voucher.
const (
	StateBlocked     = "blocked"
	StateReserved    = "reserved"
	StateQuarantined = "quarantined"
	StateRest        = "rest"
)

// Listed is a voucher in a list.
type Listed struct {
	Voucher  voucher.Voucher
	Issued   int64 // minor units that it was issued for
	Reserved int64 // minor units that a live reservation sets aside
	At       time.Time
}

// ordering is the column that a list is sorted by, its type, what comes after a key, and which way it runs.
type ordering struct{ column, kind, after, direction string }

// orderings are the orderings of each Sort.
func orderings() map[Sort]ordering {
	const expiry = "coalesce(voucher.ends_at, 'infinity')"
	return map[Sort]ordering{
		Newest:       {"voucher.issued_at", "timestamptz", "<", "DESC"},
		Oldest:       {"voucher.issued_at", "timestamptz", ">", "ASC"},
		Largest:      {"voucher.balance", "bigint", "<", "DESC"},
		Smallest:     {"voucher.balance", "bigint", ">", "ASC"},
		ExpiresFirst: {expiry, "timestamptz", ">", "ASC"},
		ExpiresLast:  {expiry, "timestamptz", "<", "DESC"},
	}
}

// listWithin bounds a page of a list. A person waits for it, and some orders and filters read the whole table.
const listWithin = 10 * time.Second

const (
	listColumns = `,
		coalesce((SELECT amount FROM entry e WHERE e.account = voucher.id AND e.seq = 1 AND e.kind = 'issue'), 0),
		coalesce((SELECT amount FROM reservation r WHERE r.voucher = voucher.id AND r.state = 'active' AND r.expires_at > (SELECT vouchsafe_now())), 0),
		(SELECT vouchsafe_now())`

	listChosen = `
		(NOT @sought::boolean OR last4 = @last4 OR id = ANY(@ids::uuid[]) OR product = ANY(@products::text[]))
		AND (@shop::text = '' OR shop = @shop::text)
		AND (@from::timestamptz IS NULL OR issued_at >= @from::timestamptz)
		AND (@to::timestamptz IS NULL OR issued_at < @to::timestamptz)
		AND (@state::text <> 'reserved' OR id IN (SELECT voucher FROM reservation r WHERE r.state = 'active' AND r.expires_at > vouchsafe_now()))
		AND CASE @state::text
			WHEN '' THEN true
			WHEN 'reserved' THEN true
			WHEN 'blocked' THEN blocked_order OR blocked_office
			WHEN 'quarantined' THEN quarantined
			WHEN 'rest' THEN balance > 0 AND entries > 1 AND EXISTS (SELECT FROM act a WHERE a.voucher = voucher.id AND a.kind = 'redemption' AND a.taken_back < a.amount)
			WHEN 'expired' THEN state IN ('active', 'issued') AND ends_at <= (SELECT vouchsafe_now())
			WHEN 'active' THEN state = 'active' AND (ends_at IS NULL OR ends_at > (SELECT vouchsafe_now()))
			WHEN 'issued' THEN state = 'issued' AND (ends_at IS NULL OR ends_at > (SELECT vouchsafe_now()))
			ELSE state = @state::text
		END`
)

// statement is the query of a list in this order.
func (o ordering) statement() string {
	return `SELECT` + voucherColumns + listColumns + `,
		(` + o.column + `)::text AS sort_key
	FROM voucher
	WHERE` + listChosen + `
		AND (@key::text IS NULL OR (` + o.column + `, voucher.id) ` + o.after + ` (@key::text::` + o.kind + `, @id::text::uuid))
	ORDER BY
		` + o.column + ` ` + o.direction + `,
		voucher.id ` + o.direction + `
	LIMIT @limit`
}

// listedRow is a row of a list.
type listedRow struct {
	voucherRow
	Issued   int64
	Reserved int64
	Now      time.Time
	Key      string
}

// List lists vouchers without a lock. Next is the cursor of the page after this one, empty on the
// last. Error: ErrCursor.
func (l *Ledger) List(ctx context.Context, f Listing) (page []Listed, next string, err error) {
	if f.Sort == "" {
		f.Sort = Newest
	}
	key, id, err := placeOf(f.Cursor, string(f.Sort))
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	args := f.args()
	args["key"], args["id"] = key, id
	// Planned for these very values, so that a filter which is off costs nothing.
	rows, _ := l.pool.Query(ctx, orderings()[f.Sort].statement(), pgx.QueryExecModeCacheDescribe, args)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[listedRow])
	if err != nil {
		return nil, "", listFault("list vouchers", err)
	}
	found, next = cut(found, f.most(), func(r listedRow) place { return place{string(f.Sort), r.Key, r.ID} })
	page = make([]Listed, len(found))
	for i, row := range found {
		page[i] = Listed{Issued: row.Issued, Reserved: row.Reserved, At: row.Now}
		if page[i].Voucher, err = l.voucher(row.voucherRow); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// args are the parameters of a list.
func (f Listing) args() pgx.NamedArgs {
	sought := Sought{}
	if f.Text != nil {
		sought = *f.Text
	}
	return pgx.NamedArgs{
		"sought":   f.Text != nil,
		"last4":    sought.Last4,
		"ids":      sought.IDs,
		"products": sought.Products,
		"shop":     f.Shop,
		"from":     orNull(f.From),
		"to":       orNull(f.To),
		"state":    f.State,
		"limit":    f.most() + 1,
	}
}

const listHeld = `SELECT` + reservationColumns + `
	FROM reservation r
	WHERE r.state = 'active' AND r.expires_at > vouchsafe_now()
		AND (@from::timestamptz IS NULL OR r.granted_at >= @from::timestamptz)
		AND (@to::timestamptz IS NULL OR r.granted_at < @to::timestamptz)
		AND (@key::text IS NULL OR (r.expires_at, r.id) > (@key::text::timestamptz, @id::text::uuid))
	ORDER BY
		r.expires_at,
		r.id
	LIMIT @limit`

// heldList is the name of the list in its cursors.
const heldList = "held"

// Holding chooses live reservations by when they were granted; what is left empty doesn't narrow.
type Holding struct {
	Page
	From, To time.Time
}

// Held lists the live reservations (E16), those that end first at the head. Error: ErrCursor.
func (l *Ledger) Held(ctx context.Context, f Holding) (page []voucher.Reservation, next string, err error) {
	key, id, err := placeOf(f.Cursor, heldList)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, listHeld, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{
		"from":  orNull(f.From),
		"to":    orNull(f.To),
		"key":   key,
		"id":    id,
		"limit": f.most() + 1,
	})
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reservationRow])
	if err != nil {
		return nil, "", listFault("list reservations", err)
	}
	found, next = cut(found, f.most(), func(r reservationRow) place {
		return place{heldList, r.ExpiresAt.UTC().Format(time.RFC3339Nano), r.ID}
	})
	for _, row := range found {
		page = append(page, *row.reservation())
	}
	return page, next, nil
}

const liveOf = `SELECT` + reservationColumns + `
	FROM reservation r
	WHERE r.voucher = ANY(@vouchers::uuid[]) AND r.state = 'active' AND r.expires_at > vouchsafe_now()`

// LiveOf reads the live reservations of vouchers, by voucher.
func (l *Ledger) LiveOf(ctx context.Context, vouchers ...string) (map[string]voucher.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, liveOf, pgx.NamedArgs{"vouchers": vouchers})
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reservationRow])
	if err != nil {
		return nil, away("read the live reservations of vouchers", err)
	}
	live := make(map[string]voucher.Reservation, len(found))
	for _, row := range found {
		live[row.Voucher] = *row.reservation()
	}
	return live, nil
}
