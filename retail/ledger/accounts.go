package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// The account of a customer is kept as a voucher is: a row that is locked, reservations, acts and a journal with its chain, decided
// on by the same rules. It has tables of its own, so that what a shop sells and what a customer has are never mistaken for one
// another, and is locked after the vouchers of the same transaction.

const (
	accountColumns = accountColumnsTo + `
		reserved,` + accountColumnsFrom

	// Of what is shown: a reservation that has run out holds nothing, whether or not it was swept.
	shownAccountColumns = accountColumnsTo + `
		CASE reserved WHEN 0 THEN 0 ELSE (
			SELECT coalesce(sum(r.amount), 0)::bigint
			FROM account_reservation r
			WHERE r.account = account.id AND r.state = 'active' AND r.expires_at > vouchsafe_now()
		) END,` + accountColumnsFrom

	accountColumnsTo = `
		id::text,
		customer::text,
		currency,
		balance,`

	accountColumnsFrom = `
		quarantined,
		fence,
		version,
		zone,
		opened_at,
		last_at,
		entries,
		head`

	lockAccounts = `SELECT` + accountColumns + `
		FROM account
		WHERE id = ANY($1::uuid[])
		ORDER BY id
		FOR UPDATE `

	knownAccounts = `SELECT id::text FROM account WHERE id = ANY($1::uuid[])`

	// The redemption that a named reservation of an account became.
	readAccountRecords = `SELECT` + recordColumns + `
		FROM unnest($1::text[], $2::text[], $3::text[]) AS q (owner, kind, key)
		CROSS JOIN LATERAL (
			SELECT reservation
			FROM act
			WHERE owner = q.owner AND kind = q.kind AND key = q.key
			OFFSET 0
		) n
		CROSS JOIN LATERAL (
			SELECT
				owner,
				'redemption' AS kind,
				key
			FROM account_reservation
			WHERE id = n.reservation
			OFFSET 0
		) r
		CROSS JOIN LATERAL (
			SELECT *
			FROM act
			WHERE owner = r.owner AND kind = r.kind AND key = r.key
			OFFSET 0
		) a
		WHERE q.kind = 'reservation'`

	accountReservationColumns = `
		r.id::text,
		r.account::text,` + heldColumns

	readAccountReservations = `SELECT` + accountReservationColumns + `
		FROM account_reservation r
		WHERE r.account = ANY($1::uuid[]) AND r.state = 'active'
		UNION ALL
		SELECT` + accountReservationColumns + namedReservations + `
			FROM account_reservation` + asNamed
)

// accountRow is an account as it is stored, in the order of accountColumns.
type accountRow struct {
	ID          string
	Customer    string
	Currency    string
	Balance     int64
	Reserved    int64
	Quarantined bool
	Fence       int64
	Version     int64
	Zone        string
	OpenedAt    time.Time
	LastAt      time.Time
	Entries     int64
	Head        []byte
}

// account reads the row as what the rules take it for: something of value that never ends.
func (l *Ledger) account(r accountRow) (voucher.Voucher, error) {
	zone, err := l.zones.load(r.Zone)
	if err != nil {
		return voucher.Voucher{}, fmt.Errorf("%w: account %s: %w", errUnreadable, r.ID, err)
	}
	return voucher.Voucher{
		ID: r.ID, Kind: voucher.Account, Currency: money.Currency(r.Currency), State: voucher.Active, Quarantined: r.Quarantined,
		Balance: r.Balance, Fence: r.Fence, Version: r.Version, Term: voucher.NeverExpires, Zone: zone, IssuedAt: r.OpenedAt, LastAt: r.LastAt,
		Entries: r.Entries, Head: [32]byte(r.Head),
	}, nil
}

// Account is what a customer has of a currency or unit.
type Account struct {
	ID          string
	Customer    string // id
	Balance     money.Amount
	Reserved    money.Amount // by live reservations; of one that was not read for show, by those that were live when it last changed
	Quarantined bool
	Version     int64
	OpenedAt    time.Time
	LastAt      time.Time
}

// shown is the row as it is told.
func (r accountRow) shown() Account {
	c := money.Currency(r.Currency)
	return Account{
		ID: r.ID, Customer: r.Customer, Balance: money.Of(r.Balance, c), Reserved: money.Of(r.Reserved, c), Quarantined: r.Quarantined,
		Version: r.Version, OpenedAt: r.OpenedAt, LastAt: r.LastAt,
	}
}

// shownAll are rows as they are told.
func shownAll(rows []accountRow) []Account {
	accounts := make([]Account, len(rows))
	for i, row := range rows {
		accounts[i] = row.shown()
	}
	return accounts
}

// withHalves lists acts with the other halves of those that move value, each next to its first.
func withHalves(acts []Aimed) []Aimed {
	all := make([]Aimed, 0, len(acts))
	for _, aimed := range acts {
		all = append(all, aimed)
		if aimed.Then != nil {
			all = append(all, *aimed.Then)
		}
	}
	return all
}

// placesOf are the vouchers and the accounts that acts concern, each once, in the order in which they are locked.
func placesOf(acts []Aimed) (vouchers, accounts []string) {
	vouchers, accounts = make([]string, 0, len(acts)), []string{}
	for _, a := range acts {
		switch {
		case a.Voucher == "":
		case a.Account:
			accounts = append(accounts, a.Voucher)
		default:
			vouchers = append(vouchers, a.Voucher)
		}
	}
	return sortedUnique(vouchers), sortedUnique(accounts)
}

// queueAccounts locks the rows of accounts, if there are any, and brings them.
func queueAccounts(batch *pgx.Batch, how locking, ids []string) *[]accountRow {
	var rows []accountRow
	if len(ids) == 0 {
		return &rows
	}
	collect(batch.Queue(lockAccounts+string(how), uuidsOf(ids)), &rows)
	return &rows
}

const openAccount = `INSERT INTO account (
		id,
		customer,
		currency,
		balance,
		reserved,
		fence,
		version,
		zone,
		opened_at,
		last_at,
		entries,
		head
	)
	SELECT
		@id::uuid,
		@customer::uuid,
		@currency,
		0,
		0,
		0,
		1,
		@zone,
		clock.at,
		clock.at,
		0,
		@head
	FROM (SELECT vouchsafe_now() AS at) clock
	ON CONFLICT (customer, currency) DO NOTHING`

const accountOf = `SELECT` + accountColumns + `
	FROM account
	WHERE customer = @customer::uuid AND currency = @currency`

// OpenAccount makes a customer's account in a currency, unless there is one, and tells its id.
func (l *Ledger) OpenAccount(ctx context.Context, tx outbox.Tx, customer string, unit money.Currency, zone *time.Location) (string, error) {
	id, err := l.NewID()
	if err != nil {
		return "", err
	}
	args := pgx.NamedArgs{"id": id, "customer": customer, "currency": string(unit), "zone": zone.String(), "head": make([]byte, 32)}
	if _, err := tx.Exec(ctx, openAccount, args); err != nil {
		return "", fmt.Errorf("open an account: %w", err)
	}
	rows, _ := tx.Query(ctx, accountOf, args) // rows carry the error on
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[accountRow])
	if err != nil {
		return "", fmt.Errorf("open an account: %w", err)
	}
	return found.ID, nil
}

// ErrNoAccount says that a customer has no account in a currency.
var ErrNoAccount = errors.New("the customer has no such account")

// AccountOf finds the account of a customer in a currency. Error: [ErrNoAccount].
func (l *Ledger) AccountOf(ctx context.Context, customer string, unit money.Currency) (Account, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, accountOf, pgx.NamedArgs{"customer": customer, "currency": string(unit)})
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[accountRow])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Account{}, ErrNoAccount
	case err != nil:
		return Account{}, away("find an account", err)
	}
	return found.shown(), nil
}

const (
	accountsOf = `SELECT` + shownAccountColumns + `
	FROM account
	WHERE customer = ANY($1::uuid[])
	ORDER BY
		customer,
		currency`

	accountsByID = `SELECT` + shownAccountColumns + `
	FROM account
	WHERE id = ANY($1::uuid[])
	ORDER BY id`
)

// AccountsOf lists the accounts of customers, by customer and currency.
func (l *Ledger) AccountsOf(ctx context.Context, customers ...string) ([]Account, error) {
	return l.accounts(ctx, accountsOf, customers)
}

// AccountsIn lists the accounts of a customer in the caller's transaction, without a lock.
func (l *Ledger) AccountsIn(ctx context.Context, tx outbox.Tx, customer string) ([]Account, error) {
	rows, _ := tx.Query(ctx, accountsOf, []string{customer}) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[accountRow])
	if err != nil {
		return nil, fmt.Errorf("read the accounts of customer %s: %w", customer, err)
	}
	return shownAll(found), nil
}

// Accounts reads accounts by id, in the order of their ids; what doesn't exist is left out.
func (l *Ledger) Accounts(ctx context.Context, ids ...string) ([]Account, error) {
	return l.accounts(ctx, accountsByID, ids)
}

// AccountsAsVouchers reads accounts by id as the rules take them; what doesn't exist is left out.
func (l *Ledger) AccountsAsVouchers(ctx context.Context, ids ...string) (map[string]voucher.Voucher, error) {
	found, err := l.accountRows(ctx, accountsByID, ids)
	if err != nil {
		return nil, err
	}
	read := make(map[string]voucher.Voucher, len(found))
	for _, row := range found {
		if read[row.ID], err = l.account(row); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func (l *Ledger) accountRows(ctx context.Context, sql string, ids []string) ([]accountRow, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, sql, ids)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[accountRow])
	if err != nil {
		return nil, away("read accounts", err)
	}
	return found, nil
}

func (l *Ledger) accounts(ctx context.Context, sql string, ids []string) ([]Account, error) {
	found, err := l.accountRows(ctx, sql, ids)
	if err != nil {
		return nil, err
	}
	return shownAll(found), nil
}

// ApplyWhole settles acts that prepare makes in a transaction of its own: all of them together with what also writes of them, or
// none at the first refusal, or whatever else prepare and also fail with, which is its error. The orders that a refusal leaves short and
// what it finds in quarantine are tasks all the same.
func (l *Ledger) ApplyWhole(ctx context.Context, prepare func(outbox.Tx) ([]Aimed, error), also func(outbox.Tx, *Applied) error) (*Applied, error) {
	for try := 0; ; try++ {
		applied, err := l.applyWhole(ctx, prepare, also)
		switch {
		case err == nil:
			failpoint.Hit(failpoint.ActCommitted)
			l.Told(ctx, applied)
			return applied, nil
		case IsTwin(err) && try < maxReruns:
			continue
		case voucher.IsRefusal(err) && applied != nil:
			return nil, l.RolledBack(ctx, applied, err)
		}
		return nil, err
	}
}

func (l *Ledger) applyWhole(ctx context.Context, prepare func(outbox.Tx) ([]Aimed, error), also func(outbox.Tx, *Applied) error) (applied *Applied, err error) {
	err = outbox.InTx(ctx, l.pool, func(tx outbox.Tx) error {
		applied = nil
		acts, err := prepare(tx)
		if err != nil {
			return err
		}
		if applied, err = l.ApplyTx(ctx, tx, acts...); err != nil {
			return err
		}
		if err := applied.Refused(); err != nil {
			return err
		}
		return also(tx, applied)
	})
	return applied, err
}

// Torn is the refusal of the other half of an act whose first half was done: a transaction must not commit the one without the
// other. It is nil when there is none.
func (a *Applied) Torn() error {
	if a.Refusals[0] != nil {
		return nil
	}
	return a.Refused()
}

// RolledBack writes what a transaction found out that was rolled back for a refusal, and returns the refusal.
func (l *Ledger) RolledBack(ctx context.Context, applied *Applied, refusal error) error {
	l.watch.refusals(applied)
	return errors.Join(refusal, l.openShorts(ctx, applied), l.quarantine(ctx, applied))
}
