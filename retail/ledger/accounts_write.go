package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// As with vouchers the statement raises unless it wrote as many rows as it was given.
const updateAccounts = `WITH done AS (
		UPDATE account a
		SET
			balance = n.balance,
			reserved = n.reserved,
			quarantined = n.quarantined,
			fence = n.fence,
			version = n.version,
			last_at = n.last_at,
			entries = n.entries,
			head = n.head
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::bigint[], $10::bytea[])
			AS n (id, was, balance, reserved, quarantined, fence, version, last_at, entries, head)
		WHERE a.id = ANY($1::uuid[]) AND a.id = n.id AND a.version = n.was
		RETURNING 1
	)
	SELECT expect_rows('account', (SELECT count(*) FROM done), $11)`

// queueAccounts writes the journal and the rows of accounts.
func (s *state) queueAccounts(batch *pgx.Batch, cases []*voucher.Case) {
	var entries entryColumns
	var rows accountColumnsOf
	for _, c := range cases {
		for _, e := range chain(c) {
			entries.add(e)
		}
		if c.Changed() {
			rows.add(c, s.before[c.Voucher.ID].Version)
		}
	}
	entries.queueInsert(batch)
	if n := len(rows.id); n > 0 {
		batch.Queue(updateAccounts, rows.id, rows.was, rows.balance, rows.reserved, rows.quarantined, rows.fence, rows.version,
			rows.last, rows.entries, rows.head, n)
	}
}

// accountColumnsOf are accounts column by column.
type accountColumnsOf struct {
	id                                              []pgtype.UUID
	was, balance, reserved, fence, version, entries []int64
	quarantined                                     []bool
	last                                            []time.Time
	head                                            [][]byte
}

func (l *accountColumnsOf) add(c *voucher.Case, was int64) {
	v := c.Voucher
	l.id, l.was = append(l.id, uuidOf(v.ID)), append(l.was, was)
	l.balance, l.reserved = append(l.balance, v.Balance), append(l.reserved, c.Reserved())
	l.quarantined, l.fence = append(l.quarantined, v.Quarantined), append(l.fence, v.Fence)
	l.version, l.last = append(l.version, v.Version), append(l.last, v.LastAt)
	l.entries, l.head = append(l.entries, v.Entries), append(l.head, v.Head[:])
}

const findAccountsHeld = `SELECT` + accountReservationColumns + `
	FROM account_reservation r
	WHERE r.owner = $1 AND r.holder = $2 AND r.ended_at IS NULL AND r.expires_at > vouchsafe_now()
	ORDER BY r.granted_at
	LIMIT 100`

// AccountsHeldBy lists the live reservations of a holder on accounts, the oldest first, at most 100.
func (l *Ledger) AccountsHeldBy(ctx context.Context, owner string, holder voucher.Holder) ([]voucher.Reservation, error) {
	return l.accountReservations(ctx, findAccountsHeld, owner, holder[:])
}

const findAccountReservation = `SELECT` + accountReservationColumns + `
	FROM account_reservation r
	WHERE r.id = $1::uuid`

// AccountReservation finds a reservation of an account, live or not. Error: voucher.ErrNoReservation.
func (l *Ledger) AccountReservation(ctx context.Context, id string) (voucher.Reservation, error) {
	found, err := l.accountReservations(ctx, findAccountReservation, id)
	if err != nil {
		return voucher.Reservation{}, err
	}
	if len(found) == 0 {
		return voucher.Reservation{}, voucher.ErrNoReservation
	}
	return found[0], nil
}

const liveOnAccounts = `SELECT` + accountReservationColumns + `
	FROM account_reservation r
	WHERE r.account = ANY($1::uuid[]) AND r.state = 'active' AND r.expires_at > vouchsafe_now()
	ORDER BY
		r.account,
		r.fence`

// LiveOnAccounts lists the live reservations of accounts.
func (l *Ledger) LiveOnAccounts(ctx context.Context, accounts ...string) ([]voucher.Reservation, error) {
	return l.accountReservations(ctx, liveOnAccounts, accounts)
}

func (l *Ledger) accountReservations(ctx context.Context, sql string, args ...any) ([]voucher.Reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, sql, args...)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reservationRow])
	if err != nil {
		return nil, away("find reservations of accounts", err)
	}
	held := make([]voucher.Reservation, len(found))
	for i, row := range found {
		held[i] = *row.reservation()
	}
	return held, l.exchanged(ctx, held)
}

// place adds to a name what it concerns, when that is an account.
func (l *Ledger) place(ctx context.Context, named *Named) error {
	if named.Record.Reservation != "" {
		r, err := l.AccountReservation(ctx, named.Record.Reservation)
		if err != nil {
			return fmt.Errorf("find act %s: %w", named.Record.Key, err)
		}
		named.Reservation = &r
	}
	rows, _ := l.pool.Query(ctx, accountsByID, []string{named.Record.Voucher})
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[accountRow])
	if err != nil {
		return away(fmt.Sprintf("find the account of act %s", named.Record.Key), err)
	}
	v, err := l.account(row)
	named.Voucher, named.Customer = &v, row.Customer
	return err
}

const (
	readOldAccountActs = `SELECT` + recordColumns + `
		FROM act a
		WHERE a.id IN (SELECT act FROM (SELECT act FROM entry WHERE account = $1::uuid ORDER BY seq DESC LIMIT $2) latest)
		ORDER BY
			a.at,
			a.id`

	readOldAccountGrants = `SELECT` + accountReservationColumns + `
		FROM (SELECT * FROM account_reservation WHERE account = $1::uuid AND fence > 0 ORDER BY fence DESC LIMIT $2) r
		ORDER BY r.fence`
)

// AccountHistory reads what has happened to an account (D22): its journal, its reservations and the acts that its journal tells of,
// of which claims and transfers are those of vouchers as well. One that doesn't exist has no history.
func (l *Ledger) AccountHistory(ctx context.Context, id string) (History, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var entries []entryRow
	var reservations []reservationRow
	var acts []recordRow
	batch := &pgx.Batch{}
	collect(batch.Queue(readEntries, id, historyMost), &entries)
	collect(batch.Queue(readOldAccountGrants, id, historyMost), &reservations)
	collect(batch.Queue(readOldAccountActs, id, historyMost), &acts)
	if err := l.pool.SendBatch(ctx, batch).Close(); err != nil {
		return History{}, away("read the history of an account", err)
	}
	return historyOf(entries, reservations, acts)
}

const findDormant = `SELECT` + accountColumns + `
	FROM account
	WHERE balance > 0 AND last_at < vouchsafe_now() - $1::interval AND id > $2::uuid
	ORDER BY id
	LIMIT $3`

// Dormant lists accounts with a balance to which nothing has happened for a while (D17), by id, those after the one named.
func (l *Ledger) Dormant(ctx context.Context, quiet time.Duration, after string, limit int) ([]Account, error) {
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, findDormant, quiet, after, limit)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[accountRow])
	if err != nil {
		return nil, away("list dormant accounts", err)
	}
	return shownAll(found), nil
}

const readUnit = `SELECT currency FROM account WHERE id = $1::uuid`

// UnitOf is what an account holds, which never changes; "" for one that doesn't exist.
func UnitOf(ctx context.Context, q Queryer, account string) (unit money.Currency, err error) {
	err = q.QueryRow(ctx, readUnit, account).Scan(&unit)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		err = fmt.Errorf("read what account %s holds: %w", account, err)
	}
	return unit, err
}

// accountsAmong tells which of some ids are those of accounts.
func (l *Ledger) accountsAmong(ctx context.Context, ids []string) (map[string]bool, error) {
	rows, _ := l.pool.Query(ctx, knownAccounts, ids)
	known, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("tell accounts from vouchers: %w", err)
	}
	among := make(map[string]bool, len(known))
	for _, id := range known {
		among[id] = true
	}
	return among, nil
}

// ReservationAnywhere finds a reservation of a voucher or of an account by its id, and tells whether it is of an account. Error:
// voucher.ErrNoReservation.
func (l *Ledger) ReservationAnywhere(ctx context.Context, id string) (r voucher.Reservation, account bool, err error) {
	r, err = l.ReservationByID(ctx, id)
	if !errors.Is(err, voucher.ErrNoReservation) {
		return r, false, err
	}
	r, err = l.AccountReservation(ctx, id)
	return r, true, err
}
