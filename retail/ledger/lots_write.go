package ledger

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"vouchsafe/retail/voucher"
)

const (
	insertLots = `WITH done AS (
			INSERT INTO lot (id, account, act, born_at, ends_at, rest, aside, origin, ended)
			SELECT *
			FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::uuid[], $9::bigint[])
			RETURNING 1
		)
		SELECT expect_rows('lot', (SELECT count(*) FROM done), $10)`

	updateLots = `WITH done AS (
			UPDATE lot l
			SET
				ends_at = n.ends_at,
				rest = n.rest,
				aside = n.aside,
				ended = n.ended
			FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[]) AS n (id, ends_at, rest, aside, ended)
			WHERE l.id = ANY($1::uuid[]) AND l.id = n.id
			RETURNING 1
		)
		SELECT expect_rows('lot', (SELECT count(*) FROM done), $6)`

	insertMoves = `WITH done AS (
			INSERT INTO lot_move (account, seq, place, act, lot, points)
			SELECT *
			FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::uuid[], $5::uuid[], $6::bigint[])
			RETURNING 1
		)
		SELECT expect_rows('lot_move', (SELECT count(*) FROM done), $7)`

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
		batch.Queue(insertLots, fresh.id, fresh.account, fresh.act, fresh.born, fresh.ends, fresh.rest, fresh.aside, fresh.origin, fresh.ended, n)
	}
	if n := len(changed.id); n > 0 {
		batch.Queue(updateLots, changed.id, changed.ends, changed.rest, changed.aside, changed.ended, n)
	}
	if n := len(moves.lot); n > 0 {
		batch.Queue(insertMoves, moves.account, moves.seq, moves.place, moves.act, moves.lot, moves.points, n)
	}
	aside.queue(batch)
}

// lotColumns are lots column by column.
type lotColumns struct {
	id, account, act, origin []pgtype.UUID
	born                     []time.Time
	ends                     []*time.Time
	rest, aside, ended       []int64
}

func (l *lotColumns) add(account string, lot *voucher.Lot) {
	l.id, l.account, l.act = append(l.id, uuidOf(lot.ID)), append(l.account, uuidOf(account)), append(l.act, uuidOf(lot.Act))
	l.origin, l.ended = append(l.origin, uuidOf(lot.Origin)), append(l.ended, lot.Ended)
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

	exchanged                        []pgtype.UUID
	units, minor, due, most, permits []int64
	currency                         []string
}

func (l *asideColumns) add(r *voucher.Reservation) {
	l.of = append(l.of, uuidOf(r.ID))
	for i, part := range r.Parts {
		l.reservation, l.lot = append(l.reservation, uuidOf(r.ID)), append(l.lot, uuidOf(part.Lot))
		l.place, l.points = append(l.place, int16(i)), append(l.points, part.Points)
	}
	if e := r.Exchange; e != nil {
		l.exchanged, l.currency = append(l.exchanged, uuidOf(r.ID)), append(l.currency, string(e.Rate.Value.Currency))
		l.units, l.minor = append(l.units, e.Rate.Units), append(l.minor, e.Rate.Value.Minor)
		l.due, l.most, l.permits = append(l.due, e.Due.Minor), append(l.most, e.Most), append(l.permits, e.Permits)
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
		batch.Queue(putExchanges, l.exchanged, l.units, l.minor, l.currency, l.due, l.most, l.permits, n)
	}
}
