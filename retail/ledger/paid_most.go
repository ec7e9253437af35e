package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
)

// What points have paid and what was given back of them since, the first first; what is taken again of that was never given back.
const readPointsMoved = `WITH paid AS (
		SELECT
			a.id,
			a.at,
			a.state = 'reversed' AS undone,
			a.amount,
			x.units,
			x.minor,
			x.currency
		FROM act a
		JOIN exchange x ON x.reservation = a.reservation
		` + paidOrder + `
			AND a.currency = 'POINT'
	)
	SELECT
		m.redemption::text,
		m.undone,
		m.back,
		m.points,
		m.units,
		m.minor,
		m.currency
	FROM (
		SELECT p.id AS redemption, p.at, p.id AS act, p.undone, false AS back, p.amount AS points, p.units, p.minor, p.currency
		FROM paid p
		UNION ALL
		SELECT p.id, f.at, f.id, p.undone, true, f.amount, p.units, p.minor, p.currency
		FROM paid p
		JOIN act f ON f.source = p.id AND f.kind = 'refund' AND f.state = 'done'
	) m
	ORDER BY
		m.at,
		m.back,
		m.act`

// Moved is a redemption of points for an order, or points of one that were given back.
type Moved struct {
	Redemption string // id
	Undone     bool   // the redemption was taken back: something else pays in its place
	Back       bool   // they were given back
	Points     int64
	Rate       money.Rate
}

// PointsMoved is what points have paid for an order which goes by some names, and what came back of it, the first first.
func PointsMoved(ctx context.Context, q Rowser, owner string, names ...string) ([]Moved, error) {
	rows, _ := q.Query(ctx, readPointsMoved, pgx.NamedArgs{"owner": owner, "orders": names}) // rows carry the error to CollectRows
	moved, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Moved, err error) {
		return m, row.Scan(&m.Redemption, &m.Undone, &m.Back, &m.Points, &m.Rate.Units, &m.Rate.Value.Minor, &m.Rate.Value.Currency)
	})
	if err != nil {
		return nil, fmt.Errorf("read what points paid for an order and what came back: %w", err)
	}
	return moved, nil
}

// MostPaid is how much of an order points have paid at one time, at most, in minor units of a currency, and how much they pay of it now.
// What was given back, since goods came back or the order was closed, was paid with points all the same. What is left of a redemption that
// was taken back paid nothing: something else pays in its place.
func MostPaid(moved []Moved, in money.Currency) (most, now int64) {
	back := make(map[string]int64) // points of each redemption
	for _, m := range moved {
		if m.Back {
			back[m.Redemption] += m.Points
		}
	}
	left := make(map[string]int64)
	for _, m := range moved {
		if m.Rate.Value.Currency != in {
			continue
		}
		before := m.Rate.Worth(left[m.Redemption])
		switch {
		case m.Back:
			left[m.Redemption] -= m.Points
		case m.Undone:
			left[m.Redemption] = back[m.Redemption]
		default:
			left[m.Redemption] = m.Points
		}
		now += m.Rate.Worth(left[m.Redemption]) - before
		most = max(most, now)
	}
	return most, now
}

const readCodesPaid = `SELECT coalesce(sum(a.amount), 0)::bigint
	FROM act a
	` + paidOrder + `
		AND a.state = 'done'
		AND a.currency = @currency`

// CodesPaid is how much of an order which goes by some names was paid by codes and accounts of a currency, whether or not it came back since.
func CodesPaid(ctx context.Context, q Rowser, currency money.Currency, owner string, names ...string) (int64, error) {
	rows, _ := q.Query(ctx, readCodesPaid, pgx.NamedArgs{"owner": owner, "orders": names, "currency": string(currency)}) // rows carry the error on
	minor, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	if err != nil {
		err = fmt.Errorf("read what codes paid for an order: %w", err)
	}
	return minor, err
}
