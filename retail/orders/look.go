package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/keyset"
	"vouchsafe/retail/outbox"
)

const vouchersOfOrder = `
SELECT
	u.voucher::text
FROM
	purchase p
	JOIN purchase_unit u ON u.purchase = p.id
WHERE
	p.shop = @shop
	AND p.order_id = @order
	AND u.voucher IS NOT NULL
ORDER BY
	u.voucher`

// Vouchers lists the vouchers that a shop's order has issued, without a lock.
func (s *Store) Vouchers(ctx context.Context, shop, order string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := s.pool.Query(ctx, vouchersOfOrder, pgx.NamedArgs{"shop": shop, "order": order})
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the vouchers of order %s: %w", order, err)
	}
	return ids, nil
}

// Purchase reads the purchase of a shop's order, without a lock. Error: ErrNotFound.
func (s *Store) Purchase(ctx context.Context, shop, order string) (*Purchase, error) {
	return s.purchase(ctx, readPurchase, pgx.NamedArgs{"shop": shop, "order": order})
}

// PurchaseByID reads a purchase, without a lock. Error: ErrNotFound.
func (s *Store) PurchaseByID(ctx context.Context, id string) (*Purchase, error) {
	return s.purchase(ctx, readPurchaseByID, pgx.NamedArgs{"id": id})
}

func (s *Store) purchase(ctx context.Context, sql string, args pgx.NamedArgs) (*Purchase, error) {
	var found *Purchase
	err := outbox.InTx(ctx, s.pool, func(tx outbox.Tx) (err error) {
		found, err = readOne(ctx, tx, sql, args)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a purchase: %w", err)
	}
	return found, nil
}

// Gift is what a mail about one voucher must know: the unit that it was issued for, with its purchase.
type Gift struct {
	Purchase string // id
	Shop     string
	Order    string
	Number   string
	Language string
	Buyer    []byte // sealed
	Unit     string // id
	Title    string
	Wishes   []byte // sealed
	ForSelf  bool
	Voucher  string
	SKU      string `db:"sku"`
	Currency string
	Value    int64 // minor units, as the voucher was issued
}

const giftOfVoucher = `
SELECT
	p.id::text AS purchase,
	p.shop,
	p.order_id AS order,
	p.number,
	p.language,
	p.buyer,
	u.id::text AS unit,
	u.title,
	u.wishes,
	u.for_self,
	u.voucher::text AS voucher,
	u.sku,
	u.currency,
	u.value
FROM
	purchase_unit u
	JOIN purchase p ON p.id = u.purchase
WHERE
	u.voucher = @voucher::uuid`

// Gift reads what a voucher was bought as. Error: ErrNotFound for one that no webshop sold.
func (s *Store) Gift(ctx context.Context, voucher string) (Gift, error) {
	gift, err := one[Gift](ctx, s, giftOfVoucher, pgx.NamedArgs{"voucher": voucher})
	if err != nil {
		return Gift{}, fmt.Errorf("read the purchase of voucher %s: %w", voucher, err)
	}
	return gift, nil
}

// Summary is a purchase in a list.
type Summary struct {
	ID       string
	Shop     string
	Order    string
	Number   string
	Status   string
	State    string
	Currency string
	Total    int64
	Tender   string
	Created  *time.Time // when it was ordered; nil if the shop does not tell
	PaidAt   *time.Time // nil if the shop states none
	Units    int
	Issued   int
	StoredAt time.Time
	SortKey  string // as the list's cursor has it
}

// Filter narrows a list of purchases; what is left empty doesn't narrow.
type Filter struct {
	Page   // by received_at
	Shop   string
	Number string // the order's number or id, whole
	State  string
	From   time.Time // stored at or after
	To     time.Time // stored before
}

// pageMost is how many products a text may name.
const pageMost = 500

const listPurchases = `
SELECT
	p.id::text AS id,
	p.shop,
	p.order_id AS order,
	p.number,
	p.status,
	p.state,
	p.currency,
	p.total,
	p.tender,
	p.created,
	p.paid_at,
	(SELECT count(*) FROM purchase_unit u WHERE u.purchase = p.id) AS units,
	(SELECT count(*) FROM purchase_unit u WHERE u.purchase = p.id AND u.voucher IS NOT NULL) AS issued,
	p.stored_at, `

const chosenPurchases = `
FROM
	purchase p
WHERE
	(@shop::text = '' OR p.shop = @shop::text)
	AND (@number::text = '' OR p.number = @number::text OR p.order_id = @number::text)
	AND (@state::text = '' OR p.state = @state::text)
	AND (@from::timestamptz IS NULL OR p.stored_at >= @from::timestamptz)
	AND (@to::timestamptz IS NULL OR p.stored_at < @to::timestamptz)`

// purchaseList is how purchases are listed: by index purchase_listed, those that wait by purchase_waiting.
func purchaseList() keyset.List {
	return keyset.List{
		Name: "purchases", ID: keyset.Key{Column: "p.id", Type: "uuid"}, Usual: "-received_at",
		By: map[string]keyset.Key{"received_at": {Column: "p.stored_at", Type: "timestamptz"}},
	}
}

// Purchases lists purchases, the newest first unless asked otherwise. Next is the cursor of the page after this one, empty on the last.
// Errors: ErrCursor, keyset.ErrSort.
func (s *Store) Purchases(ctx context.Context, f Filter) (page []Summary, next string, err error) {
	turn, err := purchaseList().Turn(f.Page)
	if err != nil {
		return nil, "", err
	}
	asked := keyset.Query{Turn: turn, SQL: listPurchases + turn.Column() + chosenPurchases, Args: pgx.NamedArgs{
		"shop":   f.Shop,
		"number": f.Number,
		"state":  f.State,
		"from":   instantOrNull(f.From),
		"to":     instantOrNull(f.To),
	}}
	page, next, err = paged(ctx, s, asked, func(p Summary) (key, id string) { return p.SortKey, p.ID })
	if err != nil {
		return nil, "", fmt.Errorf("list purchases: %w", err)
	}
	return page, next, nil
}
