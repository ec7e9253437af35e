package orders

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// Purchase is what is stored of an order that sells vouchers.
type Purchase struct {
	ID       string
	Shop     string
	Order    string // the shop's key
	Decided  purchase.Purchase
	Units    map[purchase.Key]Unit // what the rules don't look at, for each of Decided.Units
	Tender   string
	PaidAt   time.Time // zero: the shop states none
	Total    money.Amount
	Language string
	Buyer    []byte // sealed
	BuyerMAC []byte // whose Buyer is, as [Store.Held] asks for it; empty for no address
	// ErasedAt is when what is personal was erased; zero while it was not. Erased are the digests of recipients who had what is
	// theirs erased before that.
	ErasedAt time.Time
	Erased   [][]byte
	// Confirmation is the delivery that confirms the order; "" while there is none.
	Confirmation string
	StoredAt     time.Time

	version int64 // as it was read; 0 for one that is not stored yet
}

// Unit is what is stored of a unit beside what the rules look at.
type Unit struct {
	ID        string
	Title     string // the line's name at the shop
	Wishes    []byte // sealed: recipient and message
	WishesMAC []byte // whose they are
	DeliverOn string // YYYY-MM-DD or ""
	// DeliverSaid is what the shop wrote for that day where nobody can tell which one is meant; its code waits for a day.
	DeliverSaid string
	ForSelf     bool
	OneMail     bool   // with the buyer's other codes in one mail
	Voucher     string // "" until it issues
	Told        []byte // sealed: digests of what the shop last told of recipient, words and day; nil for nothing yet
}

// purchaseRow is a row of the table.
type purchaseRow struct {
	ID           string
	Shop         string
	OrderID      string
	Number       string
	Source       string
	Created      *time.Time
	Modified     time.Time
	Status       string
	Digest       []byte
	Confirmed    bool
	Fixed        bool
	Blocked      bool
	Doubts       []string
	Tender       string
	PaidAt       *time.Time
	Currency     string
	Total        int64
	Language     string
	Buyer        []byte
	BuyerMAC     []byte `db:"buyer_mac"`
	ErasedAt     *time.Time
	Erased       [][]byte
	Confirmation string
	Version      int64
	StoredAt     time.Time
}

const purchaseColumns = `
	id::text AS id,
	shop,
	order_id,
	number,
	source,
	created,
	modified,
	status,
	digest,
	confirmed,
	fixed,
	blocked,
	doubts,
	tender,
	paid_at,
	currency,
	total,
	language,
	buyer,
	buyer_mac,
	erased_at,
	erased,
	COALESCE(confirmation::text, '') AS confirmation,
	version,
	stored_at`

const (
	readPurchase = `
SELECT` + purchaseColumns + `
FROM
	purchase
WHERE
	shop = @shop
	AND order_id = @order`

	readPurchaseByID = `
SELECT` + purchaseColumns + `
FROM
	purchase
WHERE
	id = @id::uuid`

	forUpdate = `
FOR UPDATE`

	// lockPurchases looks each order up by its name, one after the other as they are given: no plan, whenever it was made, walks through
	// the table, and the locks are had in that order.
	lockPurchases = `
SELECT
	locked.*
FROM
	unnest(@shops::text[], @orders::text[]) AS wanted (shop, order_id)
	CROSS JOIN LATERAL (
		SELECT` + purchaseColumns + `
		FROM
			purchase
		WHERE
			purchase.shop = wanted.shop
			AND purchase.order_id = wanted.order_id
		FOR UPDATE
	) locked`
)

// Key names an order of a shop.
type Key struct{ Shop, Order string }

func (k Key) compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Shop, other.Shop), cmp.Compare(k.Order, other.Order))
}

// Lock locks and reads the purchases of orders, in the order of their keys, in which new ones are inserted too; those that there are none
// of are left out.
func Lock(ctx context.Context, tx outbox.Tx, keys ...Key) (map[Key]*Purchase, error) {
	shops, orders := make([]string, len(keys)), make([]string, len(keys))
	for i, key := range slices.SortedFunc(slices.Values(keys), Key.compare) {
		shops[i], orders[i] = key.Shop, key.Order
	}
	found, err := read(ctx, tx, lockPurchases, pgx.NamedArgs{"shops": shops, "orders": orders})
	if err != nil {
		return nil, fmt.Errorf("lock the purchases of %d orders: %w", len(keys), err)
	}
	byKey := make(map[Key]*Purchase, len(found))
	for _, p := range found {
		byKey[p.Key()] = p
	}
	return byKey, nil
}

// LockByID locks and reads a purchase. Error: ErrNotFound.
func LockByID(ctx context.Context, tx outbox.Tx, id string) (*Purchase, error) {
	p, err := readOne(ctx, tx, readPurchaseByID+forUpdate, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, fmt.Errorf("lock purchase %s: %w", id, err)
	}
	return p, nil
}

// Key is the order's name.
func (p *Purchase) Key() Key { return Key{p.Shop, p.Order} }

// readOne reads a purchase; ErrNotFound if there is none.
func readOne(ctx context.Context, tx outbox.Tx, sql string, args pgx.NamedArgs) (*Purchase, error) {
	found, err := read(ctx, tx, sql, args)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// read reads purchases with their units and refunds. While their rows are locked nobody else changes them.
func read(ctx context.Context, tx outbox.Tx, sql string, args pgx.NamedArgs) ([]*Purchase, error) {
	rows, _ := tx.Query(ctx, sql, args) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[purchaseRow])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	purchases, ids, byID := make([]*Purchase, len(found)), make([]string, len(found)), make(map[string]*Purchase, len(found))
	for i, row := range found {
		if purchases[i], err = row.purchase(); err != nil {
			return nil, err
		}
		ids[i], byID[row.ID] = row.ID, purchases[i]
	}
	batch := &pgx.Batch{}
	of := pgx.NamedArgs{"purchases": ids}
	batch.Queue(readUnits, of).Query(func(rows pgx.Rows) error {
		return each(rows, func(unit unitRow) { byID[unit.Purchase].addUnit(unit) })
	})
	batch.Queue(readRefunds, of).Query(func(rows pgx.Rows) error {
		return each(rows, func(refund refundRow) { byID[refund.Purchase].addRefund(refund) })
	})
	return purchases, tx.SendBatch(ctx, batch).Close()
}

// each takes every row, read into a struct by name.
func each[T any](rows pgx.Rows, take func(T)) error {
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	for _, row := range found {
		take(row)
	}
	return err
}

func (r purchaseRow) purchase() (*Purchase, error) {
	status, ok := purchase.ParseStatus(r.Status)
	if !ok {
		return nil, fmt.Errorf("read purchase %s: status %q", r.ID, r.Status)
	}
	return &Purchase{
		ID: r.ID, Shop: r.Shop, Order: r.OrderID, Units: map[purchase.Key]Unit{}, Tender: r.Tender, PaidAt: instant(r.PaidAt),
		Total: money.Of(r.Total, money.Currency(r.Currency)), Language: r.Language, Buyer: r.Buyer,
		BuyerMAC: r.BuyerMAC, ErasedAt: instant(r.ErasedAt), Erased: r.Erased,
		Confirmation: r.Confirmation, StoredAt: r.StoredAt, version: r.Version,
		Decided: purchase.Purchase{
			Number: r.Number, Source: r.Source, Created: instant(r.Created), Modified: r.Modified, Status: status,
			Digest: [32]byte(r.Digest), Confirmed: r.Confirmed, Fixed: r.Fixed, Blocked: r.Blocked, Doubts: r.Doubts,
		},
	}, nil
}

func instant(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

func instantOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
