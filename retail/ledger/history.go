package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// LookByID finds a voucher by its id as [Ledger.Look] does by its code. Error: voucher.ErrNotFound.
func (l *Ledger) LookByID(ctx context.Context, id string) (Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, lookByID, id)
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[lookRow])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Seen{}, voucher.ErrNotFound
	case err != nil:
		return Seen{}, away("look up a voucher", err)
	}
	return l.seen(row, false)
}

const findReservationByID = `SELECT` + reservationColumns + `
	FROM reservation r
	WHERE r.id = $1::uuid`

// ReservationByID finds a reservation, live or not. Error: voucher.ErrNoReservation.
func (l *Ledger) ReservationByID(ctx context.Context, id string) (voucher.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, findReservationByID, id)
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[reservationRow])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return voucher.Reservation{}, voucher.ErrNoReservation
	case err != nil:
		return voucher.Reservation{}, away("find a reservation", err)
	}
	return *row.reservation(), nil
}

// historyMost is how much of each part of a voucher's history is read: the latest.
const historyMost = 500

// History is what has happened to a voucher, each part with the earliest first and at most the latest
// 500 of its kind.
type History struct {
	Entries      []voucher.Entry
	Reservations []voucher.Reservation
	Acts         []voucher.Record
}

const (
	// The lines of a voucher or an account.
	readEntries = `SELECT` + lineColumns + `
		FROM (SELECT * FROM entry WHERE account = $1::uuid ORDER BY seq DESC LIMIT $2) e
		ORDER BY e.seq`

	readGrants = `SELECT` + reservationColumns + `
		FROM (SELECT * FROM reservation WHERE voucher = $1::uuid AND fence > 0 ORDER BY fence DESC LIMIT $2) r
		ORDER BY r.fence`

	readActs = `SELECT` + recordColumns + `
		FROM (SELECT * FROM act WHERE voucher = $1::uuid ORDER BY at DESC, id DESC LIMIT $2) a
		ORDER BY
			a.at,
			a.id`
)

// History reads what has happened to a voucher (A17, A18). One that doesn't exist has no history.
func (l *Ledger) History(ctx context.Context, id string) (History, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var entries []entryRow
	var reservations []reservationRow
	var acts []recordRow
	batch := &pgx.Batch{}
	collect(batch.Queue(readEntries, id, historyMost), &entries)
	collect(batch.Queue(readGrants, id, historyMost), &reservations)
	collect(batch.Queue(readActs, id, historyMost), &acts)
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return History{}, away("read the history of a voucher", err)
	}
	return historyOf(entries, reservations, acts)
}

// historyOf reads the rows of a history.
func historyOf(entries []entryRow, reservations []reservationRow, acts []recordRow) (h History, err error) {
	for _, row := range entries {
		h.Entries = append(h.Entries, row.entry())
	}
	for _, row := range reservations {
		h.Reservations = append(h.Reservations, *row.reservation())
	}
	for _, row := range acts {
		record, err := row.record()
		if err != nil {
			return History{}, err
		}
		h.Acts = append(h.Acts, *record)
	}
	return h, nil
}

// entryRow is a line of the journal.
type entryRow struct {
	Account  string
	Seq      int64
	Act      string
	Kind     string
	Contra   string
	Amount   int64
	Currency string
	Balance  int64
	At       time.Time
}

// entry reads the row.
func (r entryRow) entry() voucher.Entry {
	return voucher.Entry{
		Account: r.Account, Seq: r.Seq, Act: r.Act, Kind: r.Kind, Contra: r.Contra, Amount: r.Amount,
		Currency: money.Currency(r.Currency), Balance: r.Balance, At: r.At,
	}
}

// NewCode is the code that takes the place of another.
type NewCode struct {
	Voucher string
	Version int64 // of the voucher's row once it was marked as replaced
	Last4   string
	MAC     []byte
	Known   [][]byte // all MACs that a token of the same number may have; none for a code that can't be a token's number
	Sealed  []byte
}

const replaceCode = `UPDATE voucher
	SET
		code_mac = @mac,
		code_sealed = @sealed,
		last4 = @last4
	WHERE id = @id::uuid AND version = @version`

// ErrCodeTaken says that a voucher has a code already, or a token of the same number.
var ErrCodeTaken = errors.New("a voucher is known by this code already")

// ReplaceCode gives a voucher a new code, in the transaction that has locked its row and applied
// voucher.Replace to it. From its commit on nobody finds the old one. Error: ErrCodeTaken.
func ReplaceCode(ctx context.Context, tx outbox.Tx, n NewCode) error {
	tag, err := tx.Exec(ctx, replaceCode, pgx.NamedArgs{
		"id": n.Voucher, "version": n.Version, "mac": n.MAC, "sealed": n.Sealed, "last4": n.Last4,
	})
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("%d rows at version %d", tag.RowsAffected(), n.Version)
	}
	if err == nil && len(n.Known) > 0 {
		err = expectNoTokens(ctx, tx, n.Known)
	}
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && fault.Code == uniqueViolation {
		return ErrCodeTaken
	}
	if err != nil {
		return fmt.Errorf("replace the code of voucher %s: %w", n.Voucher, err)
	}
	return nil
}

const readIssued = `SELECT coalesce((
		SELECT e.amount
		FROM entry e
		JOIN voucher v ON v.id = e.account AND v.state <> 'inventory'
		WHERE e.account = $1::uuid AND e.kind = 'issue'
		ORDER BY e.seq DESC
		LIMIT 1
	), 0)`

// IssuedFor reads what a voucher was issued for, in minor units; 0 when it began empty, or lies in the inventory. A card that came
// back to it may have been issued before, for something else.
func (l *Ledger) IssuedFor(ctx context.Context, id string) (minor int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if err := l.pool.QueryRow(ctx, readIssued, id).Scan(&minor); err != nil {
		return 0, away("read what a voucher was issued for", err)
	}
	return minor, nil
}
