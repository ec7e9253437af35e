package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/voucher"
)

// Named is an act as its name finds it.
type Named struct {
	Record      voucher.Record
	Reservation *voucher.Reservation // for a reservation
	Voucher     *voucher.Voucher     // nil for a tombstone; an account as the rules take it
	Customer    string               // id of whose account it is, or ""
	At          time.Time
}

const findAct = `SELECT` + recordColumns + `
	FROM act a
	WHERE a.owner = $1 AND a.kind = $2 AND a.key = $3`

const findActByID = `SELECT` + recordColumns + `
	FROM act a
	WHERE a.id = $1::uuid AND a.kind = $2`

const findReservation = `SELECT` + reservationColumns + `
	FROM act a
	JOIN reservation r ON r.id = a.reservation
	WHERE a.owner = $1 AND a.kind = $2 AND a.key = $3`

const findVoucher = `SELECT` + voucherColumns + `
	FROM voucher
	WHERE id = (SELECT a.voucher FROM act a WHERE a.owner = $1 AND a.kind = $2 AND a.key = $3)`

// ByName finds an act by its name, with what it concerns. It fails with voucher.ErrActNotFound.
func (l *Ledger) ByName(ctx context.Context, ref voucher.Ref) (Named, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var records []recordRow
	var reservations []reservationRow
	var vouchers []voucherRow
	var named Named
	batch := &pgx.Batch{}
	name := []any{ref.Owner, string(ref.Kind), ref.Key}
	collect(batch.Queue(findAct, name...), &records)
	collect(batch.Queue(findReservation, name...), &reservations)
	collect(batch.Queue(findVoucher, name...), &vouchers)
	batch.Queue(readInstant).QueryRow(func(row pgx.Row) error { return row.Scan(&named.At) })
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return Named{}, away(fmt.Sprintf("find act %s", ref.Key), err)
	}
	if len(records) == 0 {
		return Named{}, voucher.ErrActNotFound
	}
	record, err := records[0].record()
	if err != nil {
		return Named{}, err
	}
	named.Record = *record
	if record.Detail.Account {
		return named, l.place(ctx, &named)
	}
	if len(reservations) > 0 {
		named.Reservation = reservations[0].reservation()
	}
	if len(vouchers) > 0 {
		v, err := l.voucher(vouchers[0])
		if err != nil {
			return Named{}, err
		}
		named.Voucher = &v
	}
	return named, nil
}

// ByID finds an act by its global id, if it is of that kind and no tombstone. It fails with
// voucher.ErrActNotFound.
func (l *Ledger) ByID(ctx context.Context, kind voucher.ActKind, id string) (voucher.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, findActByID, id, string(kind))
	return one(rows, id)
}

const findActs = `SELECT
		q.place,` + recordColumns + `
	FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[])) WITH ORDINALITY AS q (owner, kind, key, place)
	CROSS JOIN LATERAL (
		SELECT *
		FROM act
		WHERE owner = q.owner AND kind = q.kind AND key = q.key
		OFFSET 0
	) a`

// placedRecord is a row of findActs: whose question found it.
type placedRecord struct {
	Place int64
	recordRow
}

// Find finds an act by its name alone. It fails with voucher.ErrActNotFound.
func (l *Ledger) Find(ctx context.Context, ref voucher.Ref) (voucher.Record, error) {
	row, err := l.finds.get(ctx, ref)
	switch {
	case err != nil:
		return voucher.Record{}, away(fmt.Sprintf("find act %s", ref.Key), err)
	case row == nil:
		return voucher.Record{}, voucher.ErrActNotFound
	}
	record, err := row.record()
	if err != nil {
		return voucher.Record{}, err
	}
	return *record, nil
}

// find answers for several names together; nil where nothing bears the name.
func (l *Ledger) find(ctx context.Context, refs []voucher.Ref) ([]*recordRow, error) {
	columns := refColumns{}
	for _, ref := range refs {
		columns.add(ref)
	}
	var found []placedRecord
	batch := &pgx.Batch{} // one transaction, since nothing ends one within it
	batch.Queue(setPlans)
	collect(batch.Queue(findActs, columns.owners, columns.kinds, columns.keys), &found)
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	answers := make([]*recordRow, len(refs))
	for _, row := range found {
		answers[row.Place-1] = &row.recordRow
	}
	return answers, nil
}

// one reads the record of an act that was looked for.
func one(rows pgx.Rows, named string) (voucher.Record, error) {
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[recordRow])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return voucher.Record{}, voucher.ErrActNotFound
	case err != nil:
		return voucher.Record{}, away(fmt.Sprintf("find act %s", named), err)
	}
	record, err := row.record()
	if err != nil {
		return voucher.Record{}, err
	}
	return *record, nil
}
