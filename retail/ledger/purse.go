package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// readPurse counts as set aside what live reservations have: one that has run out holds nothing, whether or not it was swept.
const readPurse = `WITH held AS (
		SELECT
			s.lot,
			sum(s.points) AS points
		FROM account a
		JOIN account_reservation r ON r.account = a.id AND r.state = 'active' AND r.expires_at > vouchsafe_now()
		JOIN lot_aside s ON s.reservation = r.id
		WHERE a.customer = @customer::uuid AND a.currency = 'POINT'
		GROUP BY s.lot
	), lots AS (
		SELECT
			l.ends_at,
			l.rest,
			coalesce(h.points, 0) AS aside
		FROM account a
		JOIN lot l ON l.account = a.id AND l.rest > 0
		LEFT JOIN held h ON h.lot = l.id
		WHERE a.customer = @customer::uuid AND a.currency = 'POINT'
	)
	SELECT
		coalesce(sum(CASE WHEN l.ends_at <= vouchsafe_now() THEN l.aside ELSE l.rest END), 0)::bigint,
		coalesce(sum(l.aside), 0)::bigint,
		coalesce(sum(l.rest - l.aside) FILTER (WHERE l.ends_at = n.ends_at), 0)::bigint,
		max(n.ends_at)
	FROM lots l
	LEFT JOIN LATERAL (
		SELECT min(m.ends_at) AS ends_at
		FROM lots m
		WHERE m.rest > m.aside AND m.ends_at > vouchsafe_now()
	) n ON true`

// Purse is what a customer has of points now: those that have ended are not counted, whether or not they are out of the books already.
type Purse struct {
	Balance  int64
	Reserved int64     // by live reservations
	Ending   int64     // the free points that end next
	EndsAt   time.Time // when; zero if none ever do
}

// PurseOf reads what a customer has of points.
func (l *Ledger) PurseOf(ctx context.Context, customer string) (Purse, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var p Purse
	var ends *time.Time
	err := l.pool.QueryRow(ctx, readPurse, pgx.NamedArgs{"customer": customer}).Scan(&p.Balance, &p.Reserved, &p.Ending, &ends)
	if err != nil {
		return Purse{}, away("read a customer's points", err)
	}
	p.EndsAt = instant(ends)
	return p, nil
}

const readEnded = `WITH held AS (
		SELECT
			s.lot,
			sum(s.points) AS points
		FROM account_reservation r
		JOIN lot_aside s ON s.reservation = r.id
		WHERE r.account = ANY($1::uuid[]) AND r.state = 'active' AND r.expires_at > vouchsafe_now()
		GROUP BY s.lot
	)
	SELECT
		l.account::text,
		sum(l.rest - coalesce(h.points, 0))::bigint
	FROM lot l
	LEFT JOIN held h ON h.lot = l.id
	WHERE l.account = ANY($1::uuid[])
		AND l.rest > coalesce(h.points, 0)
		AND l.ends_at <= vouchsafe_now()
	GROUP BY l.account`

// endedRow is how many points of an account have ended.
type endedRow struct {
	Account string
	Points  int64
}

// EndedIn is how many points of accounts have ended that are still in the books; an account without any is left out.
func (l *Ledger) EndedIn(ctx context.Context, accounts ...string) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, readEnded, uuidsOf(accounts)) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[endedRow])
	if err != nil {
		return nil, away("read which points have ended", err)
	}
	ended := make(map[string]int64, len(found))
	for _, row := range found {
		ended[row.Account] = row.Points
	}
	return ended, nil
}
