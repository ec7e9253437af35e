package staff

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrWrongKey: a master key is not the one that this database was written with. Going on would make codes that nobody
// could ever look up again.
var ErrWrongKey = errors.New("wrong master key")

const insertInstallation = `
INSERT INTO installation (single)
VALUES (true)
ON CONFLICT DO NOTHING`

const selectInstallation = `
SELECT
    id::text
FROM installation`

// Installation gives the id of the installation that this database belongs to, a UUID, and makes it when there is
// none. Daemons that ask at once get the same.
func Installation(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	id, err := readInstallation(ctx, pool)
	if !errors.Is(err, pgx.ErrNoRows) {
		return id, err
	}
	// Whoever loses the race waits here for the winner's commit, and then reads it.
	if _, err := pool.Exec(ctx, insertInstallation); err != nil {
		return "", fmt.Errorf("make the installation's id: %w", err)
	}
	return readInstallation(ctx, pool)
}

func readInstallation(ctx context.Context, pool *pgxpool.Pool) (id string, err error) {
	if err := pool.QueryRow(ctx, selectInstallation).Scan(&id); err != nil {
		return "", fmt.Errorf("read the installation's id: %w", err)
	}
	return id, nil
}

// The row's own transaction tells a database from what was made of its dump, where the server keeps the
// rest to itself.
const selectDatabase = `
SELECT
    d.oid::text || ' ' || i.xmin::text
FROM
    pg_database d,
    installation i
WHERE
    d.datname = current_database()`

// insufficientPrivilege is the SQLSTATE of a function that a role may not call.
const insufficientPrivilege = "42501"

// Database names the database among all that bear the id of this installation: copies by a dump or from a template, on
// this server or another. Standbys of a server, and copies of its files, can't be told from it. The installation must
// have its id.
func Database(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	var server, name string
	err := pool.QueryRow(ctx, `SELECT system_identifier::text FROM pg_control_system()`).Scan(&server)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == insufficientPrivilege {
		server, err = "unknown", nil // some hosts of databases keep it from their customers
	}
	if err == nil {
		err = pool.QueryRow(ctx, selectDatabase).Scan(&name)
	}
	if err != nil {
		return "", fmt.Errorf("name the database: %w", err)
	}
	return server + " " + name, nil
}

// CheckKeys compares the check values of the master keys at hand (keyring.Ring.Checks) with those of this database,
// and takes note of new ids. It is ErrWrongKey, with the id, when one differs, or when the database knows keys and
// none of them is at hand: then nothing shows that the new ones belong to it. Ids that the database knows and that
// are not at hand are retired keys.
func CheckKeys(ctx context.Context, pool *pgxpool.Pool, checks map[string][]byte) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		known, err := lockChecks(ctx, tx)
		if err != nil {
			return err
		}
		unknown, err := compareChecks(known, checks)
		if err != nil {
			return err
		}
		return insertChecks(ctx, tx, unknown, checks)
	})
	if err != nil {
		return fmt.Errorf("check the master keys: %w", err)
	}
	return nil
}

// lockMasterKeys keeps two first daemons with different keys from both being right.
const lockMasterKeys = `LOCK TABLE master_key IN SHARE ROW EXCLUSIVE MODE`

const selectChecks = `
SELECT
    id,
    check_value
FROM master_key`

// checkRow is what selectChecks reads.
type checkRow struct {
	ID         string
	CheckValue []byte
}

func lockChecks(ctx context.Context, tx pgx.Tx) (map[string][]byte, error) {
	if _, err := tx.Exec(ctx, lockMasterKeys); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, selectChecks) // rows carry the error on
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[checkRow])
	if err != nil {
		return nil, err
	}
	known := map[string][]byte{}
	for _, row := range found {
		known[row.ID] = row.CheckValue
	}
	return known, nil
}

// compareChecks gives the ids that are new.
func compareChecks(known, atHand map[string][]byte) (unknown []string, err error) {
	ids := slices.Sorted(maps.Keys(atHand))
	for _, id := range ids {
		right, found := known[id]
		if !found {
			unknown = append(unknown, id)
			continue
		}
		if !bytes.Equal(right, atHand[id]) {
			return nil, fmt.Errorf("%w: the key %s is not the one that this database was written with", ErrWrongKey, id)
		}
	}
	if len(known) > 0 && len(unknown) == len(ids) {
		return nil, fmt.Errorf("%w: this database was written with %q, and none of them is at hand", ErrWrongKey,
			slices.Sorted(maps.Keys(known)))
	}
	return unknown, nil
}

const insertCheck = `
INSERT INTO master_key (id, check_value)
VALUES (@id, @check_value)`

func insertChecks(ctx context.Context, tx pgx.Tx, ids []string, checks map[string][]byte) error {
	for _, id := range ids {
		if _, err := tx.Exec(ctx, insertCheck, pgx.NamedArgs{"id": id, "check_value": checks[id]}); err != nil {
			return fmt.Errorf("take note of master key %s: %w", id, err)
		}
	}
	return nil
}
