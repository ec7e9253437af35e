package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/outbox"
)

// purchaseNames are the columns that are written, in the order of purchasesGiven.
const purchaseNames = `
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
	version`

// Purchases are written column by column: one statement for all that are new, however many orders are settled together. Doubts are
// lists, which unnest would run together; they travel as JSON.
const insertPurchases = `
INSERT INTO purchase (` + purchaseNames + `
)
SELECT
	n.id,
	n.shop,
	n.order_id,
	n.number,
	n.source,
	n.created,
	n.modified,
	n.status,
	n.digest,
	n.state,
	n.confirmed,
	n.fixed,
	n.blocked,
	ARRAY(SELECT jsonb_array_elements_text(n.doubts::jsonb)),
	n.tender,
	n.paid_at,
	n.currency,
	n.total,
	n.language,
	n.buyer,
	n.buyer_mac,
	n.confirmation,
	1
FROM
	` + purchasesGiven + `
ON CONFLICT (shop, order_id) DO NOTHING`

const updatePurchases = `
UPDATE
	purchase p
SET
	number = n.number,
	source = n.source,
	created = n.created,
	modified = n.modified,
	status = n.status,
	digest = n.digest,
	state = n.state,
	confirmed = n.confirmed,
	fixed = n.fixed,
	blocked = n.blocked,
	doubts = ARRAY(SELECT jsonb_array_elements_text(n.doubts::jsonb)),
	tender = n.tender,
	paid_at = n.paid_at,
	currency = n.currency,
	total = n.total,
	language = n.language,
	buyer = n.buyer,
	buyer_mac = n.buyer_mac,
	confirmation = n.confirmation,
	version = p.version + 1
FROM
	` + purchasesGiven + `
WHERE
	p.id = n.id
	AND p.id = ANY (@id::uuid[])
	AND p.version = n.version`

const purchasesGiven = `unnest(
		@id::uuid[],
		@shop::text[],
		@order::text[],
		@number::text[],
		@source::text[],
		@created::timestamptz[],
		@modified::timestamptz[],
		@status::text[],
		@digest::bytea[],
		@state::text[],
		@confirmed::boolean[],
		@fixed::boolean[],
		@blocked::boolean[],
		@doubts::text[],
		@tender::text[],
		@paid_at::timestamptz[],
		@currency::text[],
		@total::bigint[],
		@language::text[],
		@buyer::bytea[],
		@buyer_mac::bytea[],
		@confirmation::uuid[],
		@version::bigint[]
	) AS n (` + purchaseNames + `
	)`

// Save writes purchases that [Lock] read, or new ones, with their units and refunds, in two round trips however many there are. Error:
// ErrOvertaken when somebody else has made one of the new ones meanwhile.
func Save(ctx context.Context, tx outbox.Tx, purchases ...*Purchase) error {
	err := saveRows(ctx, tx, purchases)
	if err == nil {
		err = saveParts(ctx, tx, purchases)
	}
	if err != nil {
		return fmt.Errorf("save the purchases of %d orders: %w", len(purchases), err)
	}
	for _, p := range purchases {
		p.version++
	}
	return nil
}

// saveRows writes the purchases' own rows, the new ones in the order in which Lock locks.
func saveRows(ctx context.Context, tx outbox.Tx, purchases []*Purchase) error {
	var fresh, known purchaseColumnsOf
	for _, p := range slices.SortedFunc(slices.Values(purchases), inKeyOrder) {
		if p.version == 0 {
			fresh.add(p)
		} else {
			known.add(p)
		}
	}
	written := 0
	count := func(tag pgconn.CommandTag) error {
		written += int(tag.RowsAffected())
		return nil
	}
	batch := &pgx.Batch{}
	if len(fresh.id) > 0 {
		batch.Queue(insertPurchases, fresh.args()).Exec(count)
	}
	if len(known.id) > 0 {
		batch.Queue(updatePurchases, known.args()).Exec(count)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	if written != len(purchases) {
		return ErrOvertaken
	}
	return nil
}

func inKeyOrder(a, b *Purchase) int { return a.Key().compare(b.Key()) }

// purchaseColumnsOf are purchases column by column, as unnest takes them.
type purchaseColumnsOf struct {
	id, shop, order, number, source, status, state, tender, currency, language []string
	created, paidAt                                                            []*time.Time
	modified                                                                   []time.Time
	digest, buyer, buyerMAC                                                    [][]byte
	confirmed, fixed, blocked                                                  []bool
	doubts                                                                     []string // JSON
	confirmation                                                               []*string
	total, version                                                             []int64
}

func (l *purchaseColumnsOf) add(p *Purchase) {
	d := p.Decided
	l.id, l.shop, l.order = append(l.id, p.ID), append(l.shop, p.Shop), append(l.order, p.Order)
	l.number, l.source = append(l.number, d.Number), append(l.source, d.Source)
	l.created, l.modified = append(l.created, instantOrNull(d.Created)), append(l.modified, d.Modified)
	l.status, l.state = append(l.status, d.Status.String()), append(l.state, d.State())
	l.digest, l.doubts = append(l.digest, d.Digest[:]), append(l.doubts, jsonOf(append([]string{}, d.Doubts...)))
	l.confirmed, l.fixed, l.blocked = append(l.confirmed, d.Confirmed), append(l.fixed, d.Fixed), append(l.blocked, d.Blocked)
	l.tender, l.paidAt = append(l.tender, p.Tender), append(l.paidAt, instantOrNull(p.PaidAt))
	l.currency, l.total = append(l.currency, string(p.Total.Currency)), append(l.total, p.Total.Minor)
	l.language, l.confirmation = append(l.language, p.Language), append(l.confirmation, textOrNull(p.Confirmation))
	l.buyer, l.buyerMAC = append(l.buyer, p.Buyer), append(l.buyerMAC, p.BuyerMAC)
	l.version = append(l.version, p.version)
}

func (l *purchaseColumnsOf) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":           l.id,
		"shop":         l.shop,
		"order":        l.order,
		"number":       l.number,
		"source":       l.source,
		"created":      l.created,
		"modified":     l.modified,
		"status":       l.status,
		"digest":       l.digest,
		"state":        l.state,
		"confirmed":    l.confirmed,
		"fixed":        l.fixed,
		"blocked":      l.blocked,
		"doubts":       l.doubts,
		"tender":       l.tender,
		"paid_at":      l.paidAt,
		"currency":     l.currency,
		"total":        l.total,
		"language":     l.language,
		"buyer":        l.buyer,
		"buyer_mac":    l.buyerMAC,
		"confirmation": l.confirmation,
		"version":      l.version,
	}
}

// jsonOf is the JSON of a list or map of texts, which always has one.
func jsonOf(texts any) string {
	encoded, err := json.Marshal(texts)
	if err != nil {
		panic("orders: texts have no JSON: " + err.Error())
	}
	return string(encoded)
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
