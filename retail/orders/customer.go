package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/outbox"
)

// Customer is somebody who buys at a shop under a log-in of that shop.
type Customer struct {
	ID          string // UUID, ours: what journal and audit trail know
	Shop        string
	Login       string     // the shop's id of the customer
	WalletID    string     // what the accounts are filed under, apart from the log-in (D21)
	MemberUntil *time.Time // the last day of the membership, at 00:00 UTC; nil for no member
	Email       []byte     // sealed; nil when it is not known
	EmailMAC    []byte     `db:"email_mac"` // keyed digest of the address, by which it is found; nil with Email
	MergedInto  string     // id of the customer that this one was merged into, or ""
	CreatedAt   time.Time
}

const customerColumns = `
	c.id::text,
	c.shop,
	c.login,
	c.wallet_id,
	c.member_until,
	c.email,
	c.email_mac,
	coalesce(c.merged_into::text, '') AS merged_into,
	c.created_at`

const insertCustomer = `
INSERT INTO customer (
	id,
	shop,
	login,
	wallet_id,
	created_at
)
VALUES (
	@id::uuid,
	@shop,
	@login,
	@wallet,
	vouchsafe_now()
)
ON CONFLICT (shop, login) DO NOTHING`

// NewCustomer is a customer whom nobody may know yet.
type NewCustomer struct {
	ID, Shop, Login, WalletID string
}

// EnsureCustomer registers a customer, unless the shop's log-in is known, and reads who has it, locked against being merged into
// another until the transaction ends.
func EnsureCustomer(ctx context.Context, tx outbox.Tx, n NewCustomer) (Customer, error) {
	_, err := tx.Exec(ctx, insertCustomer, pgx.NamedArgs{"id": n.ID, "shop": n.Shop, "login": n.Login, "wallet": n.WalletID})
	if err != nil {
		return Customer{}, fmt.Errorf("register a customer of shop %s: %w", n.Shop, err)
	}
	rows, _ := tx.Query(ctx, keepCustomer, pgx.NamedArgs{"shop": n.Shop, "login": n.Login}) // rows carry the error to exactlyOne
	c, err := exactlyOne[Customer](rows)
	if err != nil {
		return Customer{}, fmt.Errorf("read a customer of shop %s: %w", n.Shop, err)
	}
	return c, nil
}

const readCustomer = `
SELECT` + customerColumns + `
FROM
	customer c
WHERE
	c.shop = @shop
	AND c.login = @login`

const keepCustomer = readCustomer + `
FOR SHARE`

// Customer reads a shop's customer by the shop's id. Error: ErrNotFound.
func (s *Store) Customer(ctx context.Context, shop, login string) (Customer, error) {
	c, err := one[Customer](ctx, s, readCustomer, pgx.NamedArgs{"shop": shop, "login": login})
	if err != nil {
		return Customer{}, fmt.Errorf("read a customer of shop %.64q: %w", shop, err)
	}
	return c, nil
}

// MemberUntil reads the last day of a customer's membership, at 00:00 UTC; nil for somebody who is no member, or whom nobody knows.
func (s *Store) MemberUntil(ctx context.Context, shop, login string) (*time.Time, error) {
	c, err := s.Customer(ctx, shop, login)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return c.MemberUntil, err
}

const readCustomersByID = `
SELECT` + customerColumns + `
FROM
	customer c
WHERE
	c.id = ANY (@ids::uuid[])
ORDER BY
	c.id`

// Customers reads customers by id, in the order of their ids; whom nobody knows is left out.
func (s *Store) Customers(ctx context.Context, ids ...string) ([]Customer, error) {
	found, err := many[Customer](ctx, s, readCustomersByID, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	return found, nil
}

const readNamedCustomers = `
SELECT` + customerColumns + `
FROM
	customer c
WHERE
	(c.id::text = @name OR c.wallet_id = @name OR c.login = @name)
	AND (@shop::text = '' OR c.shop = @shop::text)
ORDER BY
	c.id::text = @name DESC,
	c.id
LIMIT 3`

// NamedCustomers reads whom the office may mean by a name: an id of ours, a wallet id or a log-in, of one shop or of any. More than
// two are not told apart from two.
func (s *Store) NamedCustomers(ctx context.Context, shop, name string) ([]Customer, error) {
	found, err := many[Customer](ctx, s, readNamedCustomers, pgx.NamedArgs{"shop": shop, "name": name})
	if err != nil {
		return nil, fmt.Errorf("find a customer: %w", err)
	}
	return found, nil
}

const lockCustomers = readCustomersByID + `
FOR UPDATE`

// LockCustomers locks and reads customers in the order of their ids. Error: ErrNotFound unless all are there.
func LockCustomers(ctx context.Context, tx outbox.Tx, ids ...string) ([]Customer, error) {
	rows, _ := tx.Query(ctx, lockCustomers, pgx.NamedArgs{"ids": ids}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Customer])
	if err == nil && len(found) != len(ids) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("lock customers: %w", err)
	}
	return found, nil
}

const updateCustomer = `
UPDATE
	customer
SET
	wallet_id = @wallet,
	member_until = @member_until,
	email = @email,
	email_mac = @email_mac,
	merged_into = nullif(@merged_into, '')::uuid
WHERE
	id = @id::uuid`

// UpdateCustomer writes what may change of a customer who is locked. Error: ErrExists when the shop has another with the wallet id.
func UpdateCustomer(ctx context.Context, tx outbox.Tx, c Customer) error {
	_, err := tx.Exec(ctx, updateCustomer, pgx.NamedArgs{
		"id": c.ID, "wallet": c.WalletID, "member_until": c.MemberUntil, "email": c.Email, "email_mac": c.EmailMAC, "merged_into": c.MergedInto,
	})
	if err != nil {
		return fmt.Errorf("write customer %s: %w", c.ID, exists(err))
	}
	return nil
}

const insertOwner = `
INSERT INTO voucher_owner (
	voucher,
	customer
)
VALUES (
	@voucher::uuid,
	@customer::uuid
)`

// AddOwner notes whose a voucher is that was bought for the buyer himself (B03).
func AddOwner(ctx context.Context, tx outbox.Tx, voucher, customer string) error {
	if _, err := tx.Exec(ctx, insertOwner, pgx.NamedArgs{"voucher": voucher, "customer": customer}); err != nil {
		return fmt.Errorf("note the owner of voucher %s: %w", voucher, err)
	}
	return nil
}

const ownerOf = `
SELECT` + customerColumns + `
FROM
	voucher_owner o
	JOIN customer c ON c.id = o.customer
WHERE
	o.voucher = @voucher::uuid`

// OwnerOf reads who bought a voucher for himself; nil for nobody.
func (s *Store) OwnerOf(ctx context.Context, voucher string) (*Customer, error) {
	c, err := one[Customer](ctx, s, ownerOf, pgx.NamedArgs{"voucher": voucher})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the owner of voucher %s: %w", voucher, err)
	}
	return &c, nil
}

const redirectMerged = `
UPDATE
	customer
SET
	merged_into = @into::uuid
WHERE
	merged_into = @from::uuid`

// RedirectMerged lets those who were merged into one customer lead to another, so that no chain of them ever has two links.
func RedirectMerged(ctx context.Context, tx outbox.Tx, from, into string) error {
	if _, err := tx.Exec(ctx, redirectMerged, pgx.NamedArgs{"from": from, "into": into}); err != nil {
		return fmt.Errorf("redirect those merged into customer %s: %w", from, err)
	}
	return nil
}

const mergedInto = `
SELECT
	c.id::text
FROM
	customer c
WHERE
	c.merged_into = @id::uuid
ORDER BY
	c.id`

// MergedInto lists the ids of those who were merged into a customer.
func (s *Store) MergedInto(ctx context.Context, id string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := s.pool.Query(ctx, mergedInto, pgx.NamedArgs{"id": id}) // rows carry the error to CollectRows
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list those merged into customer %s: %w", id, err)
	}
	return ids, nil
}

// Forgetting says what is forgotten of a customer.
type Forgetting string

// The address goes in any case; the log-in leads to what the customer has, and stays as long as that is something.
const (
	KeepLogin   Forgetting = "keep_login"
	ForgetLogin Forgetting = "forget_login"
)

const (
	forgetCustomer = `
UPDATE
	customer
SET
	email = NULL,
	email_mac = NULL,
	member_until = CASE WHEN @login::boolean THEN NULL ELSE member_until END,
	login = CASE WHEN @login::boolean THEN 'erased ' || id ELSE login END,
	wallet_id = CASE WHEN @login::boolean THEN 'erased-' || id ELSE wallet_id END
WHERE
	id = @id::uuid
	AND (email IS NOT NULL OR @login::boolean AND login <> 'erased ' || id)`

	disownVouchers = `
DELETE FROM voucher_owner
WHERE
	customer = @id::uuid`
)

// ForgetCustomer takes from a customer who is locked what names him, and tells whether there was anything.
func ForgetCustomer(ctx context.Context, tx outbox.Tx, c Customer, what Forgetting) (bool, error) {
	args := pgx.NamedArgs{"id": c.ID, "login": what == ForgetLogin}
	disowned, err := tx.Exec(ctx, disownVouchers, args)
	if err != nil {
		return false, fmt.Errorf("forget customer %s: %w", c.ID, err)
	}
	forgotten, err := tx.Exec(ctx, forgetCustomer, args)
	if err != nil {
		return false, fmt.Errorf("forget customer %s: %w", c.ID, err)
	}
	return disowned.RowsAffected()+forgotten.RowsAffected() > 0, nil
}

const customersByEmail = `
SELECT` + customerColumns + `
FROM
	customer c
WHERE
	c.email_mac = ANY (@macs::bytea[])
ORDER BY
	c.id`

// CustomersByEmail finds the customers of an address by its digests.
func (s *Store) CustomersByEmail(ctx context.Context, macs [][]byte) ([]Customer, error) {
	found, err := many[Customer](ctx, s, customersByEmail, pgx.NamedArgs{"macs": macs})
	if err != nil {
		return nil, fmt.Errorf("find customers by address: %w", err)
	}
	return found, nil
}

// CustomerSearch narrows a list of customers; what is left empty doesn't narrow.
type CustomerSearch struct {
	Page
	Shop     string
	Text     string    // the log-in or the wallet id
	State    string    // "active", or "merged" into another; "" for each
	From, To time.Time // known since, or since then, and before
}

const pageOfCustomers = `
FROM
	customer c
WHERE
	(@shop::text = '' OR c.shop = @shop::text)
	AND (@text::text = '' OR c.login = @text::text OR c.wallet_id = @text::text)
	AND (@state::text = '' OR (c.merged_into IS NOT NULL) = (@state::text = 'merged'))
	AND (@from::timestamptz IS NULL OR c.created_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR c.created_at < @to::timestamptz)`

// listedCustomer is a row of the list.
type listedCustomer struct {
	Customer
	SortKey string
}

// CustomerPage lists customers by created_at. Errors: ErrCursor, keyset.ErrSort.
func (s *Store) CustomerPage(ctx context.Context, f CustomerSearch) (page []Customer, next string, err error) {
	created := keyset.Key{Column: "c.created_at", Type: "timestamptz"}
	list := keyset.List{
		Name: "customers", ID: keyset.Key{Column: "c.id", Type: "uuid"}, Usual: "created_at",
		By: map[string]keyset.Key{"created_at": created},
	}
	turn, err := list.Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	sql := `SELECT` + customerColumns + `, ` + turn.Column() + pageOfCustomers
	args := pgx.NamedArgs{"shop": f.Shop, "text": f.Text, "state": f.State, "from": instantOrNull(f.From), "to": instantOrNull(f.To)}
	found, next, err := paged(ctx, s, keyset.Query{Turn: turn, SQL: sql, Args: args}, func(r listedCustomer) (key, id string) { return r.SortKey, r.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list customers: %w", err)
	}
	for _, row := range found {
		page = append(page, row.Customer)
	}
	return page, next, nil
}
