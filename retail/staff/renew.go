package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyring"
)

// What is sealed of a person, for whoever seals it anew under another master key: who he is, with an e-mail address whose
// fingerprint is beside it, and the seed of his one-time codes. Both are bound to the person's id.
const (
	SealedProfile = purposeProfile
	SealedSeed    = purposeSeed
)

// EmailMAC is the fingerprint of a person's e-mail address, from his opened profile, under the master key that writes.
func EmailMAC(ring *keyring.Ring, opened []byte) ([]byte, error) {
	var who profile
	if err := json.Unmarshal(opened, &who); err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	return ring.MAC(purposeEmail, []byte(canonicalEmail(who.Email))), nil
}

// didRetireKey is the audit trail's name for finding that nothing needs a master key any more.
const didRetireKey = "retire_master_key"

const selectRetired = `
SELECT id
FROM master_key
WHERE EXISTS (
	SELECT FROM audit
	WHERE object = 'master key ' || master_key.id AND action = @action
)`

// Doubtful lists the master keys that this database was written with, that are not at hand, and of which nobody has found
// yet that nothing needs them.
func Doubtful(ctx context.Context, pool *pgxpool.Pool, atHand map[string][]byte) ([]string, error) {
	rows, _ := pool.Query(ctx, selectChecks) // rows carry the error to CollectRows
	known, err := pgx.CollectRows(rows, pgx.RowToStructByName[checkRow])
	if err != nil {
		return nil, fmt.Errorf("read the known master keys: %w", err)
	}
	rows, _ = pool.Query(ctx, selectRetired, pgx.NamedArgs{"action": didRetireKey})
	retired, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the retired master keys: %w", err)
	}
	doubtful := map[string]bool{}
	for _, k := range known {
		if _, there := atHand[k.ID]; !there && !slices.Contains(retired, k.ID) {
			doubtful[k.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(doubtful)), nil
}

// Retire notes that nothing needs these master keys any more.
func Retire(ctx context.Context, pool *pgxpool.Pool, actor string, ids ...string) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for _, id := range ids {
			if err := Record(ctx, tx, Entry{Actor: actor, Action: didRetireKey, Object: "master key " + id}); err != nil {
				return err
			}
		}
		return nil
	})
}
