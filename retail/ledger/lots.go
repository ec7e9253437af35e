package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// The lots of accounts of points (see voucher.Lot) are read and written with their account, under its lock. Nobody pays for them who
// has no points: they are asked for in a round trip of their own once such an account has been locked.

const (
	readLots = `SELECT
			l.id::text,
			l.account::text,
			l.act::text,
			l.born_at,
			l.ends_at,
			l.rest,
			l.aside,
			l.origin::text,
			l.ended
		FROM (
			SELECT id
			FROM lot
			WHERE account = ANY($1::uuid[]) AND rest > 0
			UNION
			SELECT id
			FROM lot
			WHERE origin = ANY($3::uuid[]) AND ended > 0
			UNION
			SELECT lot
			FROM lot_move
			WHERE act = ANY($2::uuid[])
			UNION
			SELECT m.lot
			FROM (
				SELECT id
				FROM act
				WHERE source = ANY($3::uuid[]) AND kind IN ('recall', 'regain')
				OFFSET 0
			) s
			CROSS JOIN LATERAL (
				SELECT lot
				FROM lot_move
				WHERE act = s.id
				OFFSET 0
			) m
		) n
		CROSS JOIN LATERAL (
			SELECT *
			FROM lot
			WHERE id = n.id
			OFFSET 0
		) l`

	readMoves = `SELECT
			m.act::text,
			m.lot::text,
			m.points
		FROM (
			SELECT *
			FROM lot_move
			WHERE act = ANY($1::uuid[])
			OFFSET 0
		) m
		ORDER BY
			m.account,
			m.seq,
			m.place`

	// What the recalls and regains of earnings moved.
	readSettled = `SELECT
			s.source::text,
			m.lot::text,
			sum(m.points)::bigint
		FROM (
			SELECT
				id,
				source
			FROM act
			WHERE source = ANY($1::uuid[]) AND kind IN ('recall', 'regain')
			OFFSET 0
		) s
		CROSS JOIN LATERAL (
			SELECT *
			FROM lot_move
			WHERE act = s.id
			OFFSET 0
		) m
		GROUP BY
			s.source,
			m.lot
		ORDER BY min(m.seq)`

	// What has ended of earnings, and what of them was waived, as their recalls count it; and what ended in accounts that are not locked.
	readEndedOfEarnings = `SELECT
			e.id::text,
			b.ended,
			b.waived,
			(
				SELECT coalesce(sum(ended), 0)::bigint
				FROM lot
				WHERE origin = e.id AND ended > 0 AND account <> ALL($2::uuid[])
			)
		FROM unnest($1::uuid[]) AS e (id)
		CROSS JOIN LATERAL (
			SELECT
				coalesce(sum(CASE kind WHEN 'recall' THEN 1 ELSE -1 END * (detail ->> 'ended')::bigint), 0)::bigint AS ended,
				coalesce(sum(CASE kind WHEN 'recall' THEN 1 ELSE -1 END * (detail ->> 'waived')::bigint), 0)::bigint AS waived
			FROM act
			WHERE source = e.id AND kind IN ('recall', 'regain')
			OFFSET 0
		) b`

	// The earnings of which points are open, where these are by now: in their account, unless its customer was merged into another.
	readOpen = `SELECT
			q.place::text,` + recordColumns + `
		FROM unnest($1::uuid[]) AS q (place)
		CROSS JOIN LATERAL (
			SELECT
				customer,
				currency
			FROM account
			WHERE id = q.place
			OFFSET 0
		) n
		CROSS JOIN LATERAL (
			SELECT id
			FROM customer
			WHERE id = n.customer AND merged_into IS NULL
			UNION ALL
			SELECT id
			FROM customer
			WHERE merged_into = n.customer
			OFFSET 0
		) c
		CROSS JOIN LATERAL (
			SELECT id
			FROM account
			WHERE customer = c.id AND currency = n.currency
			OFFSET 0
		) f
		CROSS JOIN LATERAL (
			SELECT *
			FROM act
			WHERE CASE WHEN rest > 0 THEN voucher END = f.id AND kind = 'points' AND rest > 0
			OFFSET 0
		) a
		ORDER BY
			a.at,
			a.id`

	readAside = `SELECT
			reservation::text,
			lot::text,
			points
		FROM lot_aside
		WHERE reservation = ANY($1::uuid[])
		ORDER BY
			reservation,
			place`

	// What has ended of their accounts since reservations expired, and of those whose customers theirs were merged into.
	readLapsed = `SELECT
			r.id::text,
			sum(a.amount)::bigint
		FROM account_reservation r
		JOIN account n ON n.id = r.account
		JOIN customer c ON c.id = n.customer
		LEFT JOIN account h ON h.customer = c.merged_into AND h.currency = n.currency
		CROSS JOIN LATERAL (
			SELECT amount
			FROM (
				SELECT
					amount,
					kind
				FROM act
				WHERE voucher = ANY(ARRAY[r.account, h.id]) AND at >= r.expires_at
				OFFSET 0
			) l
			WHERE kind = 'lapse'
			UNION ALL
			SELECT rest - aside
			FROM lot
			WHERE account = h.id AND rest > aside AND ends_at <= vouchsafe_now()
		) a
		WHERE r.id = ANY($1::uuid[])
		GROUP BY r.id`
)

// lotRow is a lot as it is stored.
type lotRow struct {
	ID      string
	Account string
	Act     string
	BornAt  time.Time
	EndsAt  *time.Time
	Rest    int64
	Aside   int64
	Origin  string
	Ended   int64
}

// earningRow is what has ended of an earning, and what was waived.
type earningRow struct {
	Earning                 string
	Back, Waived, Elsewhere int64
}

// openRow is an earning of which points are open, with the account where they are.
type openRow struct {
	Place string
	recordRow
}

// partRow are points of a lot that belong to an act or a reservation.
type partRow struct {
	Of     string
	Lot    string
	Points int64
}

// lapsedRow is how many points have ended since a reservation expired.
type lapsedRow struct {
	Reservation string
	Points      int64
}

// lotted is what the statements brought of accounts of points.
type lotted struct {
	lots                  []lotRow
	moves, settled, aside []partRow
	exchanges             []exchangeRow
	lapsed                []lapsedRow
	ended                 []earningRow
	open                  []openRow
}

// loadLots reads the lots of the accounts of points that were locked, and what reservations and acts have of them.
func (s *state) loadLots(ctx context.Context, conn sender) error {
	pointed := s.pointed()
	if len(pointed) == 0 {
		return nil
	}
	accounts := make([]string, len(pointed))
	reservations, overdue := make(map[string]*voucher.Reservation), []string{}
	for i, c := range pointed {
		accounts[i] = c.Voucher.ID
		for _, r := range c.Reservations {
			if reservations[r.ID] = r; r.StateAt(c.At) == voucher.ReservationExpired {
				overdue = append(overdue, r.ID)
			}
		}
	}
	acts, earnings := make(map[string]*voucher.Record, len(s.records)), []string{}
	for _, record := range s.records {
		acts[record.ID] = record
		if record.Kind == voucher.Earnings {
			earnings = append(earnings, record.ID)
		}
	}
	var brought lotted
	named, held := slices.Collect(maps.Keys(acts)), slices.Collect(maps.Keys(reservations))
	batch := &pgx.Batch{}
	collect(batch.Queue(readLots, uuidsOf(accounts), uuidsOf(named), uuidsOf(earnings)), &brought.lots)
	collect(batch.Queue(readMoves, uuidsOf(named)), &brought.moves)
	collect(batch.Queue(readSettled, uuidsOf(earnings)), &brought.settled)
	collect(batch.Queue(readExchanges, uuidsOf(held)), &brought.exchanges)
	collect(batch.Queue(readAside, uuidsOf(held)), &brought.aside)
	collect(batch.Queue(readEndedOfEarnings, uuidsOf(earnings), uuidsOf(accounts)), &brought.ended)
	if slices.ContainsFunc(s.acts, mayReturn) {
		collect(batch.Queue(readOpen, uuidsOf(accounts)), &brought.open)
	}
	if len(overdue) > 0 {
		collect(batch.Queue(readLapsed, uuidsOf(overdue)), &brought.lapsed)
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("read the lots of %d accounts: %w", len(accounts), err)
	}
	s.giveLots(brought, acts, reservations)
	return s.giveOpen(brought.open)
}

// mayReturn tells whether an act can give points back to an account, which then make up for what is open there.
func mayReturn(aimed Aimed) bool {
	switch aimed.Act.(type) {
	case voucher.Refund, voucher.GiveBack, voucher.Reverse, voucher.Receive:
		return true
	}
	return false
}

// giveLots gives what was read to the cases, acts and reservations that it is of, by their ids.
func (s *state) giveLots(brought lotted, acts map[string]*voucher.Record, reservations map[string]*voucher.Reservation) {
	for _, row := range brought.lots {
		if c := s.cases[row.Account]; c != nil {
			c.Lots = append(c.Lots, &voucher.Lot{
				ID: row.ID, Act: row.Act, Origin: row.Origin, BornAt: row.BornAt, EndsAt: instant(row.EndsAt), Left: row.Rest, Aside: row.Aside, Ended: row.Ended,
			})
		}
	}
	for _, row := range brought.moves {
		acts[row.Of].Moves = append(acts[row.Of].Moves, voucher.Part{Lot: row.Lot, Points: row.Points})
	}
	for _, row := range brought.settled {
		acts[row.Of].Settled = append(acts[row.Of].Settled, voucher.Part{Lot: row.Lot, Points: row.Points})
	}
	for _, row := range brought.exchanges {
		reservations[row.Reservation].Exchange = row.exchange()
	}
	for _, row := range brought.aside {
		reservations[row.Of].Parts = append(reservations[row.Of].Parts, voucher.Part{Lot: row.Lot, Points: row.Points})
	}
	for _, row := range brought.ended {
		earning := acts[row.Earning]
		earning.Ended, earning.Waived, earning.EndedElsewhere = row.Back, row.Waived, row.Elsewhere
	}
	for _, row := range brought.lapsed {
		reservations[row.Reservation].Lapsed = row.Points
	}
}

// giveOpen tells accounts which earnings there are of which points are open. One that an act names is known already.
func (s *state) giveOpen(open []openRow) error {
	for _, row := range open {
		earning, err := row.record()
		if err != nil {
			return err
		}
		if known := s.records[earning.Ref]; known != nil {
			earning = known
		}
		s.records[earning.Ref] = earning
		s.cases[row.Place].Open = append(s.cases[row.Place].Open, earning)
	}
	return nil
}

// pointed are the cases of accounts of points, in the order of their ids.
func (s *state) pointed() (cases []*voucher.Case) {
	for _, c := range s.cases {
		if c.Voucher.Shared() && c.Voucher.Currency == money.Point {
			cases = append(cases, c)
		}
	}
	slices.SortFunc(cases, func(a, b *voucher.Case) int { return strings.Compare(a.Voucher.ID, b.Voucher.ID) })
	return cases
}
