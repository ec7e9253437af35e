package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

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
			l.aside
		FROM (
			SELECT id
			FROM lot
			WHERE account = ANY($1::uuid[]) AND rest > 0
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

	readExchanges = `SELECT
			reservation::text,
			units,
			minor,
			currency,
			due
		FROM exchange
		WHERE reservation = ANY($1::uuid[])`

	readAside = `SELECT
			reservation::text,
			lot::text,
			points
		FROM lot_aside
		WHERE reservation = ANY($1::uuid[])
		ORDER BY
			reservation,
			place`
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
}

// partRow are points of a lot that belong to an act or a reservation.
type partRow struct {
	Of     string
	Lot    string
	Points int64
}

// exchangeRow is at what rate a reservation pays.
type exchangeRow struct {
	Reservation string
	Units       int64
	Minor       int64
	Currency    string
	Due         int64
}

// exchange reads the row.
func (r exchangeRow) exchange() *voucher.Exchange {
	unit := money.Currency(r.Currency)
	return &voucher.Exchange{Rate: money.Rate{Units: r.Units, Value: money.Of(r.Minor, unit)}, Due: money.Of(r.Due, unit)}
}

// loadLots reads the lots of the accounts of points that were locked, and what reservations and acts have of them.
func (s *state) loadLots(ctx context.Context, conn sender) error {
	pointed := s.pointed()
	if len(pointed) == 0 {
		return nil
	}
	accounts := make([]string, len(pointed))
	reservations := make(map[string]*voucher.Reservation)
	for i, c := range pointed {
		accounts[i] = c.Voucher.ID
		for _, r := range c.Reservations {
			reservations[r.ID] = r
		}
	}
	acts, earnings := make(map[string]*voucher.Record, len(s.records)), []string{}
	for _, record := range s.records {
		acts[record.ID] = record
		if record.Kind == voucher.Earnings {
			earnings = append(earnings, record.ID)
		}
	}
	var lots []lotRow
	var moves, settled, aside []partRow
	var exchanges []exchangeRow
	named, held := slices.Collect(maps.Keys(acts)), slices.Collect(maps.Keys(reservations))
	batch := &pgx.Batch{}
	collect(batch.Queue(readLots, uuidsOf(accounts), uuidsOf(named), uuidsOf(earnings)), &lots)
	collect(batch.Queue(readMoves, uuidsOf(named)), &moves)
	collect(batch.Queue(readSettled, uuidsOf(earnings)), &settled)
	collect(batch.Queue(readExchanges, uuidsOf(held)), &exchanges)
	collect(batch.Queue(readAside, uuidsOf(held)), &aside)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("read the lots of %d accounts: %w", len(accounts), err)
	}
	for _, row := range lots {
		if c := s.cases[row.Account]; c != nil {
			c.Lots = append(c.Lots, &voucher.Lot{ID: row.ID, Act: row.Act, BornAt: row.BornAt, EndsAt: instant(row.EndsAt), Left: row.Rest, Aside: row.Aside})
		}
	}
	for _, row := range moves {
		acts[row.Of].Moves = append(acts[row.Of].Moves, voucher.Part{Lot: row.Lot, Points: row.Points})
	}
	for _, row := range settled {
		acts[row.Of].Settled = append(acts[row.Of].Settled, voucher.Part{Lot: row.Lot, Points: row.Points})
	}
	for _, row := range exchanges {
		reservations[row.Reservation].Exchange = row.exchange()
	}
	for _, row := range aside {
		reservations[row.Of].Parts = append(reservations[row.Of].Parts, voucher.Part{Lot: row.Lot, Points: row.Points})
	}
	return nil
}

// exchanged adds to reservations of points at what rate they pay.
func (l *Ledger) exchanged(ctx context.Context, reservations []voucher.Reservation) error {
	if len(reservations) == 0 {
		return nil
	}
	ids := make([]string, len(reservations))
	for i, r := range reservations {
		ids[i] = r.ID
	}
	rows, _ := l.pool.Query(ctx, readExchanges, uuidsOf(ids))
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[exchangeRow])
	if err != nil {
		return away("read at what rate points pay", err)
	}
	for _, row := range found {
		reservations[slices.Index(ids, row.Reservation)].Exchange = row.exchange()
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

const (
	insertLots = `WITH done AS (
			INSERT INTO lot (id, account, act, born_at, ends_at, rest, aside)
			SELECT *
			FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bigint[])
			RETURNING 1
		)
		SELECT expect_rows('lot', (SELECT count(*) FROM done), $8)`

	updateLots = `WITH done AS (
			UPDATE lot l
			SET
				ends_at = n.ends_at,
				rest = n.rest,
				aside = n.aside
			FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[]) AS n (id, ends_at, rest, aside)
			WHERE l.id = ANY($1::uuid[]) AND l.id = n.id
			RETURNING 1
		)
		SELECT expect_rows('lot', (SELECT count(*) FROM done), $5)`

	insertMoves = `WITH done AS (
			INSERT INTO lot_move (account, seq, place, act, lot, points)
			SELECT *
			FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::bigint[])
			RETURNING 1
		)
		SELECT expect_rows('lot_move', (SELECT count(*) FROM done), $7)`

	putExchanges = `WITH done AS (
			INSERT INTO exchange (reservation, units, minor, currency, due)
			SELECT *
			FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
			ON CONFLICT (reservation) DO UPDATE
			SET due = excluded.due
			WHERE exchange.units = excluded.units AND exchange.minor = excluded.minor AND exchange.currency = excluded.currency
			RETURNING 1
		)
		SELECT expect_rows('exchange', (SELECT count(*) FROM done), $6)`

	clearAside = `DELETE FROM lot_aside WHERE reservation = ANY($1::uuid[])`

	insertAside = `WITH done AS (
			INSERT INTO lot_aside (reservation, place, lot, points)
			SELECT *
			FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::bigint[])
			RETURNING 1
		)
		SELECT expect_rows('lot_aside', (SELECT count(*) FROM done), $5)`
)

// queueLots writes what has changed of the lots of accounts of points: after their journal, which the moves belong to.
func (s *state) queueLots(batch *pgx.Batch) {
	var fresh, changed lotColumns
	var moves moveColumns
	var aside asideColumns
	for _, c := range s.pointed() {
		for _, l := range c.Lots {
			switch {
			case l.Fresh():
				fresh.add(c.Voucher.ID, l)
			case l.Changed():
				changed.add(c.Voucher.ID, l)
			}
		}
		for _, e := range c.Entries {
			moves.add(e)
		}
		for _, r := range c.Reservations {
			if r.Parted() {
				aside.add(r)
			}
		}
	}
	if n := len(fresh.id); n > 0 {
		batch.Queue(insertLots, fresh.id, fresh.account, fresh.act, fresh.born, fresh.ends, fresh.rest, fresh.aside, n)
	}
	if n := len(changed.id); n > 0 {
		batch.Queue(updateLots, changed.id, changed.ends, changed.rest, changed.aside, n)
	}
	if n := len(moves.lot); n > 0 {
		batch.Queue(insertMoves, moves.account, moves.seq, moves.place, moves.act, moves.lot, moves.points, n)
	}
	aside.queue(batch)
}

// lotColumns are lots column by column.
type lotColumns struct {
	id, account, act []pgtype.UUID
	born             []time.Time
	ends             []*time.Time
	rest, aside      []int64
}

func (l *lotColumns) add(account string, lot *voucher.Lot) {
	l.id, l.account, l.act = append(l.id, uuidOf(lot.ID)), append(l.account, uuidOf(account)), append(l.act, uuidOf(lot.Act))
	l.born, l.ends = append(l.born, lot.BornAt), append(l.ends, orNull(lot.EndsAt))
	l.rest, l.aside = append(l.rest, lot.Left), append(l.aside, lot.Aside)
}

// moveColumns are what entries moved, column by column.
type moveColumns struct {
	account, act, lot []pgtype.UUID
	seq, points       []int64
	place             []int16
}

func (l *moveColumns) add(e voucher.Entry) {
	for i, part := range e.Lots {
		l.account, l.act, l.lot = append(l.account, uuidOf(e.Account)), append(l.act, uuidOf(e.Act)), append(l.lot, uuidOf(part.Lot))
		l.seq, l.place, l.points = append(l.seq, e.Seq), append(l.place, int16(i)), append(l.points, part.Points)
	}
}

// asideColumns are what reservations have set aside, and at what rate they pay, column by column.
type asideColumns struct {
	of, reservation, lot []pgtype.UUID
	place                []int16
	points               []int64

	exchanged         []pgtype.UUID
	units, minor, due []int64
	currency          []string
}

func (l *asideColumns) add(r *voucher.Reservation) {
	l.of = append(l.of, uuidOf(r.ID))
	for i, part := range r.Parts {
		l.reservation, l.lot = append(l.reservation, uuidOf(r.ID)), append(l.lot, uuidOf(part.Lot))
		l.place, l.points = append(l.place, int16(i)), append(l.points, part.Points)
	}
	if e := r.Exchange; e != nil {
		l.exchanged, l.currency = append(l.exchanged, uuidOf(r.ID)), append(l.currency, string(e.Rate.Value.Currency))
		l.units, l.minor, l.due = append(l.units, e.Rate.Units), append(l.minor, e.Rate.Value.Minor), append(l.due, e.Due.Minor)
	}
}

func (l *asideColumns) queue(batch *pgx.Batch) {
	if len(l.of) == 0 {
		return
	}
	batch.Queue(clearAside, l.of)
	if n := len(l.lot); n > 0 {
		batch.Queue(insertAside, l.reservation, l.place, l.lot, l.points, n)
	}
	if n := len(l.exchanged); n > 0 {
		batch.Queue(putExchanges, l.exchanged, l.units, l.minor, l.currency, l.due, n)
	}
}

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
