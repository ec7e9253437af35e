package staff

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// uniqueViolation is PostgreSQL's SQLSTATE for a second row of one name.
const uniqueViolation = "23505"

// Keys are the API keys of an installation. It is safe for use by several goroutines.
type Keys struct {
	pool   *pgxpool.Pool
	random io.Reader
	cache  *cache
}

// NewKeys reads and writes keys through pool. random draws them, as crypto/rand.Reader does; now ages what was read.
func NewKeys(pool *pgxpool.Pool, random io.Reader, now func() time.Time) *Keys {
	return &Keys{pool: pool, random: random, cache: newCache(now)}
}

const insertRegister = `
INSERT INTO register (name, shop)
VALUES (@register, @shop)
ON CONFLICT (name) DO NOTHING`

const selectRegister = `
SELECT
    coalesce(shop, '')
FROM register
WHERE name = @register`

const insertKey = `
INSERT INTO api_key (id, scope, shop, register, may_release, name, secret_hash)
VALUES (@id, @scope, @shop, @register, @may_release, @name, @secret_hash)`

// Add makes a key and returns its id and its text: vs_<scope>_<id>_<secret>. The text can't be had again. by says
// for the audit trail who made it. A register may get several keys; a name that another shop's register has, or has
// in another spelling, is ErrGrant.
func (k *Keys) Add(ctx context.Context, grant Grant, by string) (id, text string, err error) {
	if err := grant.check(); err != nil {
		return "", "", err
	}
	text, drawn, err := drawKey(k.random, grant.Scope)
	if err != nil {
		return "", "", err
	}
	err = pgx.BeginFunc(ctx, k.pool, func(tx pgx.Tx) error {
		if err := claimRegister(ctx, tx, grant); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertKey, keyArgs(grant, drawn)); err != nil {
			return fmt.Errorf("insert key: %w", err)
		}
		return Record(ctx, tx, Entry{Actor: by, Action: "key added", Object: "key " + drawn.id, Detail: grant})
	})
	if err != nil {
		return "", "", fmt.Errorf("add a %s key: %w", grant.Scope, err)
	}
	return drawn.id, text, nil
}

// claimRegister sees to it that the register is this shop's.
func claimRegister(ctx context.Context, tx pgx.Tx, grant Grant) error {
	if grant.Register == "" {
		return nil
	}
	args := pgx.NamedArgs{"register": grant.Register, "shop": orNull(grant.Shop)}
	if _, err := tx.Exec(ctx, insertRegister, args); err != nil {
		if fault, ok := errors.AsType[*pgconn.PgError](err); ok && fault.Code == uniqueViolation {
			return fmt.Errorf("%w: the register %q exists in another spelling", ErrGrant, grant.Register)
		}
		return fmt.Errorf("insert register: %w", err)
	}
	var shop string
	if err := tx.QueryRow(ctx, selectRegister, args).Scan(&shop); err != nil {
		return fmt.Errorf("read register: %w", err)
	}
	if shop != grant.Shop {
		return fmt.Errorf("%w: the register %q belongs to shop %q, not %q", ErrGrant, grant.Register, shop, grant.Shop)
	}
	return nil
}

func keyArgs(grant Grant, drawn bearer) pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":          drawn.id,
		"scope":       string(grant.Scope),
		"shop":        orNull(grant.Shop),
		"register":    orNull(grant.Register),
		"may_release": bool(grant.MayRelease),
		"name":        grant.Name,
		"secret_hash": drawn.hash[:],
	}
}

// orNull makes no text of an empty one.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Authenticate tells who shows the key, or gives ErrUnauthorized. Any other error is a fault of the database.
func (k *Keys) Authenticate(ctx context.Context, text string) (Actor, error) {
	shown, err := parseKey(text)
	if err != nil {
		return Actor{}, err
	}
	kept, fresh := k.cache.lookUp(shown.id)
	if !fresh {
		if kept, err = k.load(ctx, shown.id); err != nil {
			return Actor{}, err
		}
	}
	if subtle.ConstantTimeCompare(kept.hash, shown.hash[:]) != 1 || shown.scope != kept.actor.Scope {
		return Actor{}, ErrUnauthorized
	}
	if fresh {
		return kept.actor, nil
	}
	return kept.actor, k.touch(ctx, shown.id)
}

const selectLive = `
SELECT
    id,
    scope,
    coalesce(shop, '') AS shop,
    coalesce(register, '') AS register,
    may_release,
    name,
    secret_hash
FROM api_key
WHERE id = @id
AND revoked_at IS NULL`

// liveRow is what selectLive reads.
type liveRow struct {
	ID         string
	Scope      Scope
	Shop       string
	Register   string
	MayRelease bool
	Name       string
	SecretHash []byte
}

// load reads a live key and keeps it. One that is gone leaves the cache too.
func (k *Keys) load(ctx context.Context, id string) (known, error) {
	rows, _ := k.pool.Query(ctx, selectLive, pgx.NamedArgs{"id": id}) // rows carry the error on
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[liveRow])
	if errors.Is(err, pgx.ErrNoRows) {
		k.cache.forget(id)
		return known{}, ErrUnauthorized
	}
	if err != nil {
		return known{}, fmt.Errorf("read key %s: %w", id, err)
	}
	actor := Actor{
		Scope: row.Scope, Shop: row.Shop, Register: row.Register,
		MayRelease: Release(row.MayRelease), KeyID: row.ID, Name: row.Name,
	}
	return k.cache.keep(known{actor: actor, hash: row.SecretHash}), nil
}

// touchLive writes at most once a minute, so that use costs no write.
const touchLive = `
UPDATE api_key
SET last_used_at = vouchsafe_now()
WHERE id = @id
AND (last_used_at IS NULL OR last_used_at < vouchsafe_now() - interval '1 minute')`

// touch records that the key was used. No row may be touched: somebody did within the minute.
func (k *Keys) touch(ctx context.Context, id string) error {
	if _, err := k.pool.Exec(ctx, touchLive, pgx.NamedArgs{"id": id}); err != nil {
		return fmt.Errorf("record use of key %s: %w", id, err)
	}
	return nil
}

const selectKeys = `
SELECT
    id,
    scope,
    coalesce(shop, '') AS shop,
    coalesce(register, '') AS register,
    may_release,
    name,
    created_at,
    last_used_at,
    revoked_at
FROM api_key
ORDER BY created_at, id`

// keyRow is what selectKeys reads.
type keyRow struct {
	ID         string
	Scope      Scope
	Shop       string
	Register   string
	MayRelease bool
	Name       string
	CreatedAt  time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

// List gives all keys, revoked ones too, the oldest first.
func (k *Keys) List(ctx context.Context) ([]Key, error) {
	rows, _ := k.pool.Query(ctx, selectKeys) // rows carry the error on
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Key, error) {
		r, err := pgx.RowToStructByName[keyRow](row)
		return r.key(), err
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return keys, nil
}

func (r keyRow) key() Key {
	return Key{
		Actor: Actor{
			Scope: r.Scope, Shop: r.Shop, Register: r.Register,
			MayRelease: Release(r.MayRelease), KeyID: r.ID, Name: r.Name,
		},
		CreatedAt: r.CreatedAt,
		LastUsed:  orZero(r.LastUsedAt),
		RevokedAt: orZero(r.RevokedAt),
	}
}

func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

const revokeKey = `
UPDATE api_key
SET revoked_at = vouchsafe_now()
WHERE id = @id
AND revoked_at IS NULL`

// Revoke ends a live key: here at once but for requests in flight, in other processes within keepFor and a moment. by
// says for the audit trail who did. ErrNoKey if no live key bears the id.
func (k *Keys) Revoke(ctx context.Context, id, by string) error {
	err := pgx.BeginFunc(ctx, k.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, revokeKey, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if done.RowsAffected() != 1 {
			return ErrNoKey
		}
		return Record(ctx, tx, Entry{Actor: by, Action: "key revoked", Object: "key " + id})
	})
	k.cache.forget(id)
	if err != nil {
		return fmt.Errorf("revoke key %s: %w", id, err)
	}
	return nil
}
