package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const readPurse = `SELECT
		coalesce(sum(l.rest - CASE WHEN l.ends_at <= vouchsafe_now() THEN l.rest - l.aside ELSE 0 END), 0)::bigint,
		coalesce(sum(l.aside), 0)::bigint,
		coalesce(sum(l.rest - l.aside) FILTER (WHERE l.ends_at = n.ends_at), 0)::bigint,
		max(n.ends_at)
	FROM account a
	JOIN lot l ON l.account = a.id AND l.rest > 0
	LEFT JOIN LATERAL (
		SELECT min(m.ends_at) AS ends_at
		FROM lot m
		WHERE m.account = a.id AND m.rest > m.aside AND m.ends_at > vouchsafe_now()
	) n ON true
	WHERE a.customer = @customer::uuid AND a.currency = 'POINT'`

// Purse is what a customer has of points now: those that have ended are not counted, whether or not they are out of the books already.
type Purse struct {
	Balance  int64
	Reserved int64
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
