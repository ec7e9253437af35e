package ledger

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/voucher"
)

// heldList is how live reservations are listed: by indexes reservation_overdue and account_reservation_overdue.
func heldList() keyset.List {
	return keyset.List{
		Name: "held", ID: keyset.Key{Column: "r.id", Type: "uuid"}, Usual: "held_until",
		By: map[string]keyset.Key{"held_until": {Column: "r.expires_at", Type: "timestamptz"}},
	}
}

// Each table is read by its index on what ends when, for no longer than a page is: of both at once PostgreSQL would read all there is,
// and sort it. The end of an order's number that a reservation keeps of its holder is found by the whole number too.
const (
	listHeldVouchers = `
	FROM reservation r` + isHeld + `
			OR EXISTS (SELECT FROM voucher v WHERE v.id = r.voucher AND (v.last4 = upper(@text::text) OR v.id::text = lower(@text::text))))`

	listHeldAccounts = `
	FROM account_reservation r` + isHeld + `
			OR EXISTS (
				SELECT
				FROM account a
				JOIN customer c ON c.id = a.customer
				WHERE a.id = r.account AND (c.login = @text::text OR c.wallet_id = @text::text OR a.id::text = lower(@text::text))
			))`

	isHeld = `
	WHERE r.state = 'active' AND r.ended_at IS NULL
		AND r.expires_at > (SELECT vouchsafe_now())
		AND (@from::timestamptz IS NULL OR r.granted_at >= @from::timestamptz)
		AND (@to::timestamptz IS NULL OR r.granted_at < @to::timestamptz)
		AND (@text::text = ''
			OR strpos(lower(r.key || ' ' || r.owner || ' ' || r.holder_hint), lower(@text::text)) > 0
			OR r.holder_hint <> '' AND right(lower(@text::text), char_length(r.holder_hint)) = lower(r.holder_hint)`
)

// Holding chooses live reservations; what is left empty doesn't narrow.
type Holding struct {
	Page            // by held_until
	Text     string // within key, owner or holder, or the end of a code, a customer's log-in or wallet id, or a voucher's or account's id
	From, To time.Time
}

// Held is a live reservation in the list of all.
type Held struct {
	voucher.Reservation
	Account bool // it sets aside a part of an account, whose id is in Voucher
}

// heldRow is a row of the list.
type heldRow struct {
	reservationRow
	OfAccount bool
	SortKey   string
}

// compare puts rows in the order of the list: by what ends when, and by their ids.
func (r heldRow) compare(other heldRow) int {
	return cmp.Or(r.ExpiresAt.Compare(other.ExpiresAt), cmp.Compare(r.ID, other.ID))
}

// Held lists the live reservations of vouchers and accounts (E16), those that end first at the head unless asked otherwise. Errors:
// ErrCursor, keyset.ErrSort.
func (l *Ledger) Held(ctx context.Context, f Holding) (page []Held, next string, err error) {
	turn, err := heldList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	asked := keyset.Query{Turn: turn, Args: pgx.NamedArgs{"from": orNull(f.From), "to": orNull(f.To), "text": f.Text}}
	found, next, err := keyset.Read(asked, func(end string, args map[string]any) ([]heldRow, error) {
		rows, err := l.held(ctx, turn, end, args)
		slices.SortFunc(rows, heldRow.compare)
		if strings.HasPrefix(f.Sort, "-") {
			slices.Reverse(rows)
		}
		return rows, err
	}, func(r heldRow) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", away("list reservations", err)
	}
	for _, row := range found {
		page = append(page, Held{*row.reservation(), row.OfAccount})
	}
	return page, next, nil
}

// held reads a page of each table, whose queries end alike.
func (l *Ledger) held(ctx context.Context, turn keyset.Turn, end string, args map[string]any) (all []heldRow, err error) {
	for _, part := range []string{
		`SELECT` + reservationColumns + `, false, ` + turn.Column() + listHeldVouchers,
		`SELECT` + accountReservationColumns + `, true, ` + turn.Column() + listHeldAccounts,
	} {
		rows, _ := l.pool.Query(ctx, part+end, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs(args)) // rows carry the error to CollectRows
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[heldRow])
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}
