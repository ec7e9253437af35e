package staff

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pickup is a link to a voucher's page, for a customer who lost it. It works for a while, a few times, until it is revoked.
type Pickup struct {
	ID        string
	Voucher   string
	MadeBy    string
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
	Views     int
	ViewedAt  *time.Time
}

// PickupViews is how often a link shows its voucher.
const PickupViews = 20

const (
	pickupFor   = 30 * 24 * time.Hour
	pickupBytes = 32 // of randomness in a token
)

// ErrNoPickup says that no link has this id or token, or that it works no more: whoever has a token is not told which.
var ErrNoPickup = errors.New("no link works under this name")

const insertPickup = `
INSERT INTO voucher_link (
	id,
	voucher,
	token_hash,
	made_by,
	created_at,
	expires_at
)
VALUES (
	@id,
	@voucher,
	@hash,
	@by,
	vouchsafe_now(),
	vouchsafe_now() + @for::interval
)
RETURNING` + pickupColumns

const pickupColumns = `
	id::text AS id,
	voucher::text AS voucher,
	made_by,
	created_at,
	expires_at,
	revoked_at,
	views,
	viewed_at`

// AddPickup makes a link to a voucher, in the caller's transaction, and its token, which is kept nowhere.
func AddPickup(ctx context.Context, tx pgx.Tx, random io.Reader, voucher, by string) (made Pickup, token Secret, err error) {
	id, err := uuid.NewV7FromReader(random)
	var drawn [pickupBytes]byte
	if err == nil {
		_, err = io.ReadFull(random, drawn[:])
	}
	if err != nil {
		return Pickup{}, "", fmt.Errorf("draw a token: %w", err)
	}
	token = Secret(base64.RawURLEncoding.EncodeToString(drawn[:]))
	rows, _ := tx.Query(ctx, insertPickup, pgx.NamedArgs{ // rows carry the error to CollectExactlyOneRow
		"id": id.String(), "voucher": voucher, "hash": hashOfPickup(token), "by": by, "for": pickupFor,
	})
	if made, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Pickup]); err != nil {
		return Pickup{}, "", fmt.Errorf("make a link: %w", err)
	}
	return made, token, nil
}

// hashOfPickup is what a token is known by. It has too much randomness to be guessed from its hash.
func hashOfPickup(token Secret) []byte {
	sum := sha256.Sum256([]byte("pickup " + token.Reveal()))
	return sum[:]
}

const listPickups = `
SELECT` + pickupColumns + `
FROM
	voucher_link
WHERE
	voucher = @voucher::uuid
ORDER BY
	created_at DESC
LIMIT 100`

// Pickups lists the links to a voucher, the latest first, at most a hundred.
func Pickups(ctx context.Context, pool *pgxpool.Pool, voucher string) ([]Pickup, error) {
	rows, _ := pool.Query(ctx, listPickups, pgx.NamedArgs{"voucher": voucher}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Pickup])
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	return found, nil
}

const revokePickup = `
UPDATE
	voucher_link
SET
	revoked_at = coalesce(revoked_at, vouchsafe_now())
WHERE
	id::text = @id
	AND voucher = @voucher::uuid
RETURNING` + pickupColumns

// RevokePickup ends a link, in the caller's transaction; one that has ended stays as it is. Error: ErrNoPickup.
func RevokePickup(ctx context.Context, tx pgx.Tx, voucher, id string) (Pickup, error) {
	rows, _ := tx.Query(ctx, revokePickup, pgx.NamedArgs{"voucher": voucher, "id": id}) // rows carry the error on
	return onePickup(rows, "revoke a link")
}

const endPickups = `
UPDATE
	voucher_link
SET
	revoked_at = vouchsafe_now()
WHERE
	voucher = @voucher::uuid
	AND revoked_at IS NULL
	AND expires_at > vouchsafe_now()
RETURNING` + pickupColumns

// EndPickups ends all links to a voucher that may still be followed, in the transaction that holds the voucher's lock, and tells which.
func EndPickups(ctx context.Context, tx pgx.Tx, voucher string) ([]Pickup, error) {
	rows, _ := tx.Query(ctx, endPickups, pgx.NamedArgs{"voucher": voucher}) // rows carry the error to CollectRows
	ended, err := pgx.CollectRows(rows, pgx.RowToStructByName[Pickup])
	if err != nil {
		return nil, fmt.Errorf("end the links to a voucher: %w", err)
	}
	return ended, nil
}

// works is what must hold of a link that is followed.
const works = `
	token_hash = @hash
	AND revoked_at IS NULL
	AND expires_at > vouchsafe_now()
	AND views < @most::integer`

const findPickup = `
SELECT` + pickupColumns + `
FROM
	voucher_link
WHERE` + works

// FindPickup finds the link of a token, and counts nothing: mail scanners follow links too. Error: ErrNoPickup.
func FindPickup(ctx context.Context, pool *pgxpool.Pool, token Secret) (Pickup, error) {
	rows, _ := pool.Query(ctx, findPickup, pgx.NamedArgs{"hash": hashOfPickup(token), "most": PickupViews}) // rows carry the error on
	return onePickup(rows, "follow a link")
}

const viewPickup = `
UPDATE
	voucher_link
SET
	views = views + 1,
	viewed_at = vouchsafe_now()
WHERE` + works + `
RETURNING` + pickupColumns

// ViewPickup counts that the voucher of a link is shown, in the caller's transaction. Error: ErrNoPickup.
func ViewPickup(ctx context.Context, tx pgx.Tx, token Secret) (Pickup, error) {
	rows, _ := tx.Query(ctx, viewPickup, pgx.NamedArgs{"hash": hashOfPickup(token), "most": PickupViews}) // rows carry the error on
	return onePickup(rows, "follow a link")
}

func onePickup(rows pgx.Rows, doing string) (Pickup, error) {
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Pickup])
	if errors.Is(err, pgx.ErrNoRows) {
		return Pickup{}, ErrNoPickup
	}
	if err != nil {
		return Pickup{}, fmt.Errorf("%s: %w", doing, err)
	}
	return found, nil
}
