package orders

import (
	"context"
	"errors"
	"fmt"
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
	ForSelf   bool
	OneMail   bool   // with the buyer's other codes in one mail
	Voucher   string // "" until it issues
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
)

// Lock locks and reads the purchase of a shop's order; nil when there is none.
func Lock(ctx context.Context, tx outbox.Tx, shop, order string) (*Purchase, error) {
	p, err := read(ctx, tx, readPurchase+forUpdate, pgx.NamedArgs{"shop": shop, "order": order})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock the purchase of order %s: %w", order, err)
	}
	return p, nil
}

// LockByID locks and reads a purchase. Error: ErrNotFound.
func LockByID(ctx context.Context, tx outbox.Tx, id string) (*Purchase, error) {
	p, err := read(ctx, tx, readPurchaseByID+forUpdate, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, fmt.Errorf("lock purchase %s: %w", id, err)
	}
	return p, nil
}

// read reads a purchase with its units and refunds. While its row is locked nobody else changes them.
func read(ctx context.Context, tx outbox.Tx, sql string, args pgx.NamedArgs) (*Purchase, error) {
	rows, _ := tx.Query(ctx, sql, args) // rows carry the error to CollectRows
	row, err := exactlyOne[purchaseRow](rows)
	if err != nil {
		return nil, err
	}
	p, err := row.purchase()
	if err != nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	of := pgx.NamedArgs{"purchase": p.ID}
	batch.Queue(readUnits, of).Query(func(rows pgx.Rows) error {
		units, err := pgx.CollectRows(rows, pgx.RowToStructByName[unitRow])
		p.addUnits(units)
		return err
	})
	batch.Queue(readRefunds, of).Query(func(rows pgx.Rows) error {
		refunds, err := pgx.CollectRows(rows, pgx.RowToStructByName[refundRow])
		p.addRefunds(refunds)
		return err
	})
	return p, tx.SendBatch(ctx, batch).Close()
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

const insertPurchase = `
INSERT INTO purchase (
	id,
	shop,
	order_id,
	number,
	source,
	created,
	modified,
	status,
	digest,
	state,
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
	confirmation,
	version
)
VALUES (
	@id::uuid,
	@shop,
	@order,
	@number,
	@source,
	@created,
	@modified,
	@status,
	@digest,
	@state,
	@confirmed,
	@fixed,
	@blocked,
	@doubts,
	@tender,
	@paid_at,
	@currency,
	@total,
	@language,
	@buyer,
	@buyer_mac,
	NULLIF(@confirmation, '')::uuid,
	1
)
ON CONFLICT (shop, order_id) DO NOTHING`

const updatePurchase = `
UPDATE
	purchase
SET
	number = @number,
	source = @source,
	created = @created,
	modified = @modified,
	status = @status,
	digest = @digest,
	state = @state,
	confirmed = @confirmed,
	fixed = @fixed,
	blocked = @blocked,
	doubts = @doubts,
	tender = @tender,
	paid_at = @paid_at,
	currency = @currency,
	total = @total,
	language = @language,
	buyer = @buyer,
	buyer_mac = @buyer_mac,
	confirmation = NULLIF(@confirmation, '')::uuid,
	version = version + 1
WHERE
	id = @id::uuid
	AND version = @version`

// Save writes a purchase that [Lock] read, or a new one, with its units and refunds. Error: ErrOvertaken when somebody else has
// made the same new purchase meanwhile.
func Save(ctx context.Context, tx outbox.Tx, p *Purchase) error {
	sql := updatePurchase
	if p.version == 0 {
		sql = insertPurchase
	}
	tag, err := tx.Exec(ctx, sql, p.args())
	if err == nil && tag.RowsAffected() != 1 {
		err = ErrOvertaken
	}
	if err == nil {
		err = p.saveUnits(ctx, tx)
	}
	if err != nil {
		return fmt.Errorf("save the purchase of order %s: %w", p.Order, err)
	}
	p.version++
	return nil
}

func (p *Purchase) args() pgx.NamedArgs {
	d := p.Decided
	doubts := d.Doubts
	if doubts == nil {
		doubts = []string{}
	}
	return pgx.NamedArgs{
		"id":           p.ID,
		"shop":         p.Shop,
		"order":        p.Order,
		"number":       d.Number,
		"source":       d.Source,
		"created":      instantOrNull(d.Created),
		"modified":     d.Modified,
		"status":       d.Status.String(),
		"digest":       d.Digest[:],
		"state":        d.State(),
		"confirmed":    d.Confirmed,
		"fixed":        d.Fixed,
		"blocked":      d.Blocked,
		"doubts":       doubts,
		"tender":       p.Tender,
		"paid_at":      instantOrNull(p.PaidAt),
		"currency":     string(p.Total.Currency),
		"total":        p.Total.Minor,
		"language":     p.Language,
		"buyer":        p.Buyer,
		"buyer_mac":    p.BuyerMAC,
		"confirmation": p.Confirmation,
		"version":      p.version,
	}
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
