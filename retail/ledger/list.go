package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/voucher"
)

// Listing chooses vouchers; what is left empty doesn't narrow.
type Listing struct {
	Page // by issued_at, balance or expires_on, of which what never expires has the last
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

// voucherList is how vouchers are listed. Two of its sorts have an index: voucher_listed, which knows the end of validity too so that what
// is still valid is passed over without its row, and voucher_by_expiry. The balance has none: it changes with every act, and an index on
// it would make each of them write all indexes of the row anew.
func voucherList() keyset.List {
	return keyset.List{
		Name: "vouchers", ID: keyset.Key{Column: "voucher.id", Type: "uuid"}, Usual: "-issued_at",
		By: map[string]keyset.Key{
			"issued_at":  {Column: "voucher.issued_at", Type: "timestamptz"},
			"balance":    {Column: "voucher.balance", Type: "bigint"},
			"expires_on": {Column: voucherEnds, Type: "timestamptz"},
		},
	}
}

// voucherEnds is the end of validity as the indexes have it.
const voucherEnds = `coalesce(voucher.ends_at, 'infinity')`

// listWithin bounds a page of a list. A person waits for it, and some orders and filters read the whole table.
const listWithin = 10 * time.Second

// The vouchers of a page are chosen first, by their ids, and read then: rows are wide, and a sort without an index compares all of them.
// The instant comes as a value, so that the plan is made for what has ended by then, which is little of the table or most of it. Whether
// a voucher is used in part is asked for each row, by index act_of_voucher: EXISTS would be hashed, which reads every redemption there
// ever was for one page.
const (
	listChosen = `
		(NOT @sought::boolean OR last4 = @last4 OR id = ANY(@ids::uuid[]) OR product = ANY(@products::text[]))
		AND (@shop::text = '' OR shop = @shop::text)
		AND (@from::timestamptz IS NULL OR issued_at >= @from::timestamptz)
		AND (@to::timestamptz IS NULL OR issued_at < @to::timestamptz)
		AND (@state::text <> 'reserved' OR id IN (SELECT voucher FROM reservation r WHERE r.state = 'active' AND r.expires_at > @at::timestamptz))
		AND CASE @state::text
			WHEN '' THEN true
			WHEN 'reserved' THEN true
			WHEN 'blocked' THEN blocked_order OR blocked_office OR coalesce(refund_waits IN (0, balance), false)
			WHEN 'quarantined' THEN quarantined
			WHEN 'rest' THEN balance > 0 AND entries > 1 AND (SELECT a.id FROM act a WHERE a.voucher = voucher.id AND a.kind = 'redemption' AND a.taken_back < a.amount LIMIT 1) IS NOT NULL
			WHEN 'expired' THEN state IN ('active', 'issued') AND ` + voucherEnds + ` <= @at::timestamptz
			WHEN 'active' THEN state = 'active' AND ` + voucherEnds + ` > @at::timestamptz
			WHEN 'issued' THEN state = 'issued' AND ` + voucherEnds + ` > @at::timestamptz
			ELSE state = @state::text
		END`

	listShown = `
	SELECT` + voucherColumns + `,
		coalesce((SELECT amount FROM entry e WHERE e.account = voucher.id AND e.kind = 'issue' AND state <> 'inventory' ORDER BY e.seq DESC LIMIT 1), 0),
		coalesce((SELECT amount FROM reservation r WHERE r.voucher = voucher.id AND r.state = 'active' AND r.expires_at > @at::timestamptz), 0),
		sort_key
	FROM (SELECT chosen, sort_key, row_number() OVER () AS place FROM page) placed
		JOIN voucher ON voucher.id = chosen
	ORDER BY
		place`
)

// listed is the query of a page, of whose choice the end is made by the page.
func listed(choice string) string { return "WITH page AS MATERIALIZED (" + choice + ")" + listShown }

// listedRow is a row of a list.
type listedRow struct {
	voucherRow
	Issued   int64
	Reserved int64
	Key      string
}

// List lists vouchers without a lock. Next is the cursor of the page after this one, empty on the
// last. Errors: ErrCursor, keyset.ErrSort.
func (l *Ledger) List(ctx context.Context, f Listing) (page []Listed, next string, err error) {
	turn, err := voucherList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	at, err := Instant(ctx, l.pool)
	if err != nil {
		return nil, "", away("list vouchers", err)
	}
	found, next, err := keyset.Read(f.asked(turn, at), func(sql string, args map[string]any) ([]listedRow, error) {
		rows, _ := l.pool.Query(ctx, listed(sql), pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		return pgx.CollectRows(rows, pgx.RowToStructByPos[listedRow])
	}, func(r listedRow) (key, id string) { return r.Key, r.ID })
	if err != nil {
		return nil, "", away("list vouchers", err)
	}
	page = make([]Listed, len(found))
	for i, row := range found {
		page[i] = Listed{Issued: row.Issued, Reserved: row.Reserved, At: at}
		if page[i].Voucher, err = l.voucher(row.voucherRow); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// asked is the choice of a page at an instant.
func (f Listing) asked(turn keyset.Turn, at time.Time) keyset.Query {
	return keyset.Query{Turn: turn, SQL: `SELECT voucher.id AS chosen, ` + turn.Column() + ` FROM voucher WHERE` + listChosen, Args: f.args(at)}
}

// args are the parameters of a list at an instant.
func (f Listing) args(at time.Time) pgx.NamedArgs {
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
		"at":       at,
	}
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
