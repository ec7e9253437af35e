package orders

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
)

// InboxState is what became of a body.
type InboxState string

// The states of a body.
const (
	Received InboxState = "received"
	Applied  InboxState = "applied"
	Ignored  InboxState = "ignored"   // understood, and nothing follows
	SetAside InboxState = "set_aside" // a person has to look
)

// Item is a body that a shop sent, or what became of it.
type Item struct {
	ID         string
	Shop       string
	Digest     []byte // SHA-256 of the plain body
	Message    string // the sender's own id of the message, where the platform has one that is worth something
	Body       []byte // sealed; nil once erased
	Headers    map[string]string
	Received   int        // how often the same bytes came
	State      InboxState // of a new one: "" is Received
	Reason     string
	OrderID    string
	ReceivedAt time.Time
}

// Kept is what keeping a body came to.
type Kept struct {
	ID        string
	Received  int  // 1 the first time
	Duplicate bool // the same bytes, or the same message, came before
}

// insertItems looks for each message by itself: the limit keeps a plan from reading all messages instead.
const insertItems = `
INSERT INTO inbox (
	shop,
	digest,
	message,
	body,
	headers,
	state,
	reason,
	order_id
)
SELECT
	n.shop,
	n.digest,
	n.message,
	n.body,
	n.headers::jsonb,
	n.state,
	n.reason,
	n.order_id
FROM
	unnest(
		@shops::text[],
		@digests::bytea[],
		@messages::text[],
		@bodies::bytea[],
		@headers::text[],
		@states::text[],
		@reasons::text[],
		@orders::text[]
	) AS n (shop, digest, message, body, headers, state, reason, order_id)
ORDER BY
	n.shop COLLATE "C",
	n.digest
ON CONFLICT (shop, digest) DO UPDATE SET
	received = inbox.received + 1,
	repeated_at = vouchsafe_now(),
	body = CASE WHEN inbox.erased_at IS NULL THEN COALESCE(inbox.body, EXCLUDED.body) END,
	headers = EXCLUDED.headers
RETURNING
	id::text AS id,
	shop,
	digest,
	received,
	received > 1 OR COALESCE((
		SELECT
			true
		FROM
			inbox earlier
		WHERE
			earlier.shop = inbox.shop
			AND earlier.message = inbox.message
			AND earlier.message <> ''
		LIMIT 1
	), false) AS duplicate`

// keptRow is a row that Keep wrote.
type keptRow struct {
	ID        string
	Shop      string
	Digest    []byte
	Received  int
	Duplicate bool
}

// Keep stores bodies, or counts those that their shop sent before, and tells of each in the order in which they were given. None may be
// given twice at once. A body that was there keeps its state: whoever kept it settles it. Twins wait for each other's commit.
func Keep(ctx context.Context, tx outbox.Tx, items ...Item) ([]Kept, error) {
	rows, _ := tx.Query(ctx, insertItems, itemArgs(items)) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[keptRow])
	if err != nil {
		return nil, fmt.Errorf("keep %d bodies: %w", len(items), err)
	}
	name := func(shop string, digest []byte) string { return shop + "\x00" + string(digest) }
	byName := make(map[string]Kept, len(found))
	for _, row := range found {
		byName[name(row.Shop, row.Digest)] = Kept{row.ID, row.Received, row.Duplicate}
	}
	kept := make([]Kept, len(items))
	for i, item := range items {
		kept[i] = byName[name(item.Shop, item.Digest)]
	}
	return kept, nil
}

// itemArgs are bodies column by column, as unnest takes them.
func itemArgs(items []Item) pgx.NamedArgs {
	n := len(items)
	shops, messages, headers, orders := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	states, reasons, digests, bodies := make([]string, n), make([]string, n), make([][]byte, n), make([][]byte, n)
	for i, item := range items {
		shops[i], messages[i], headers[i], orders[i] = item.Shop, item.Message, jsonOf(item.Headers), item.OrderID
		states[i], reasons[i], digests[i], bodies[i] = string(cmp.Or(item.State, Received)), item.Reason, item.Digest, item.Body
	}
	return pgx.NamedArgs{
		"shops":    shops,
		"digests":  digests,
		"messages": messages,
		"bodies":   bodies,
		"headers":  headers,
		"states":   states,
		"reasons":  reasons,
		"orders":   orders,
	}
}

const readItem = `
SELECT
	id::text AS id,
	shop,
	digest,
	message,
	body,
	headers,
	received,
	state,
	reason,
	order_id,
	received_at
FROM
	inbox
WHERE
	id = @id::uuid`

// Item reads a body. Error: ErrNotFound.
func (s *Store) Item(ctx context.Context, id string) (Item, error) {
	item, err := one[Item](ctx, s, readItem, pgx.NamedArgs{"id": id})
	if err != nil {
		return Item{}, fmt.Errorf("read body %s: %w", id, err)
	}
	return item, nil
}

// settleItem forgets the body at once when what it tells of is an order that was erased.
const settleItem = `
UPDATE
	inbox
SET
	state = @state,
	reason = @reason,
	order_id = CASE WHEN @order_id = '' THEN order_id ELSE @order_id END,
	body = CASE
		WHEN @state = 'set_aside' OR NOT EXISTS (
			SELECT
			FROM
				purchase p
			WHERE
				p.shop = inbox.shop
				AND p.order_id = CASE WHEN @order_id = '' THEN inbox.order_id ELSE @order_id END
				AND (p.erased_at IS NOT NULL OR p.erased <> '{}')
		) THEN body
	END
WHERE
	id = @id::uuid`

// Settle notes what became of a body, and of which order it told. Error: ErrNotFound.
func Settle(ctx context.Context, tx outbox.Tx, item Item) error {
	tag, err := tx.Exec(ctx, settleItem, pgx.NamedArgs{
		"id":       item.ID,
		"state":    string(item.State),
		"reason":   item.Reason,
		"order_id": item.OrderID,
	})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("settle body %s: %w", item.ID, err)
	}
	return nil
}

const eraseItems = `
UPDATE
	inbox
SET
	body = NULL
WHERE
	body IS NOT NULL
	AND state <> 'set_aside'
	AND COALESCE(repeated_at, received_at) <= (SELECT vouchsafe_now() - @keep::interval)`

// EraseBodies forgets the bodies that were settled so long ago, and tells how many.
func EraseBodies(ctx context.Context, tx outbox.Tx, keep time.Duration) (int64, error) {
	tag, err := tx.Exec(ctx, eraseItems, pgx.NamedArgs{"keep": keep})
	if err != nil {
		return 0, fmt.Errorf("erase bodies: %w", err)
	}
	return tag.RowsAffected(), nil
}
