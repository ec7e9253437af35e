package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

const readUnits = `
SELECT
	id::text AS id,
	line,
	unit,
	sku,
	title,
	state,
	reason,
	currency,
	value,
	paid_currency,
	paid,
	missing,
	wishes,
	wishes_mac,
	deliver_on,
	for_self,
	one_mail,
	COALESCE(voucher::text, '') AS voucher
FROM
	purchase_unit
WHERE
	purchase = @purchase::uuid
ORDER BY
	line,
	unit`

// unitRow is a row of the table.
type unitRow struct {
	ID           string
	Line         string
	Unit         int
	SKU          string `db:"sku"`
	Title        string
	State        string
	Reason       string
	Currency     string
	Value        int64
	PaidCurrency string
	Paid         int64
	Missing      bool
	Wishes       []byte
	WishesMAC    []byte `db:"wishes_mac"`
	DeliverOn    *time.Time
	ForSelf      bool
	OneMail      bool
	Voucher      string
}

func (p *Purchase) addUnits(rows []unitRow) {
	for _, r := range rows {
		p.Decided.Units = append(p.Decided.Units, purchase.Unit{
			Line: r.Line, N: r.Unit, SKU: r.SKU, State: purchase.UnitState(r.State), Reason: purchase.Reason(r.Reason),
			Value: money.Of(r.Value, money.Currency(r.Currency)), Paid: money.Of(r.Paid, money.Currency(r.PaidCurrency)),
			Missing: r.Missing,
		})
		unit := Unit{ID: r.ID, Title: r.Title, Wishes: r.Wishes, WishesMAC: r.WishesMAC, ForSelf: r.ForSelf, OneMail: r.OneMail, Voucher: r.Voucher}
		if r.DeliverOn != nil {
			unit.DeliverOn = r.DeliverOn.Format(time.DateOnly)
		}
		p.Units[purchase.Key{Line: r.Line, N: r.Unit}] = unit
	}
}

// upsertUnit leaves alone what is settled: a unit that has a voucher keeps it.
const upsertUnit = `
INSERT INTO purchase_unit (
	id,
	purchase,
	line,
	unit,
	sku,
	title,
	state,
	reason,
	currency,
	value,
	paid_currency,
	paid,
	missing,
	wishes,
	wishes_mac,
	deliver_on,
	for_self,
	one_mail,
	voucher
)
VALUES (
	@id::uuid,
	@purchase::uuid,
	@line,
	@unit,
	@sku,
	@title,
	@state,
	@reason,
	@currency,
	@value,
	@paid_currency,
	@paid,
	@missing,
	@wishes,
	@wishes_mac,
	NULLIF(@deliver_on, '')::date,
	@for_self,
	@one_mail,
	NULLIF(@voucher, '')::uuid
)
ON CONFLICT (id) DO UPDATE SET
	sku = EXCLUDED.sku,
	title = EXCLUDED.title,
	state = EXCLUDED.state,
	reason = EXCLUDED.reason,
	currency = EXCLUDED.currency,
	value = EXCLUDED.value,
	paid_currency = EXCLUDED.paid_currency,
	paid = EXCLUDED.paid,
	missing = EXCLUDED.missing,
	wishes = EXCLUDED.wishes,
	wishes_mac = EXCLUDED.wishes_mac,
	deliver_on = EXCLUDED.deliver_on,
	for_self = EXCLUDED.for_self,
	one_mail = EXCLUDED.one_mail,
	voucher = COALESCE(purchase_unit.voucher, EXCLUDED.voucher)`

const deleteUnits = `
DELETE FROM
	purchase_unit
WHERE
	purchase = @purchase::uuid
	AND voucher IS NULL
	AND NOT id = ANY (@kept::uuid[])`

const upsertRefund = `
INSERT INTO purchase_refund (
	purchase,
	refund,
	currency,
	amount,
	settled,
	problem
)
VALUES (
	@purchase::uuid,
	@refund,
	@currency,
	@amount,
	@settled,
	@problem
)
ON CONFLICT (purchase, refund) DO UPDATE SET
	settled = EXCLUDED.settled,
	problem = EXCLUDED.problem`

// saveUnits writes the units, forgets those that were dropped, and writes the refunds, in one round trip.
func (p *Purchase) saveUnits(ctx context.Context, tx outbox.Tx) error {
	batch := &pgx.Batch{}
	kept := make([]string, 0, len(p.Decided.Units))
	for _, u := range p.Decided.Units {
		kept = append(kept, p.Units[u.Key()].ID)
	}
	batch.Queue(deleteUnits, pgx.NamedArgs{"purchase": p.ID, "kept": kept})
	for _, u := range p.Decided.Units {
		batch.Queue(upsertUnit, p.unitArgs(u))
	}
	for _, r := range p.Decided.Refunds {
		batch.Queue(upsertRefund, pgx.NamedArgs{
			"purchase": p.ID,
			"refund":   r.ID,
			"currency": string(r.Amount.Currency),
			"amount":   r.Amount.Minor,
			"settled":  r.Settled,
			"problem":  string(r.Problem),
		})
	}
	return tx.SendBatch(ctx, batch).Close()
}

func (p *Purchase) unitArgs(u purchase.Unit) pgx.NamedArgs {
	extra := p.Units[u.Key()]
	return pgx.NamedArgs{
		"id":            extra.ID,
		"purchase":      p.ID,
		"line":          u.Line,
		"unit":          u.N,
		"sku":           u.SKU,
		"title":         extra.Title,
		"state":         string(u.State),
		"reason":        string(u.Reason),
		"currency":      string(u.Value.Currency),
		"value":         u.Value.Minor,
		"paid_currency": string(u.Paid.Currency),
		"paid":          u.Paid.Minor,
		"missing":       u.Missing,
		"wishes":        extra.Wishes,
		"wishes_mac":    extra.WishesMAC,
		"deliver_on":    extra.DeliverOn,
		"for_self":      extra.ForSelf,
		"one_mail":      extra.OneMail,
		"voucher":       extra.Voucher,
	}
}

const readRefunds = `
SELECT
	refund,
	currency,
	amount,
	settled,
	problem
FROM
	purchase_refund
WHERE
	purchase = @purchase::uuid
ORDER BY
	refund`

// refundRow is a row of the table.
type refundRow struct {
	Refund   string
	Currency string
	Amount   int64
	Settled  bool
	Problem  string
}

func (p *Purchase) addRefunds(rows []refundRow) {
	for _, r := range rows {
		p.Decided.Refunds = append(p.Decided.Refunds, purchase.Counted{
			ID: r.Refund, Amount: money.Of(r.Amount, money.Currency(r.Currency)), Settled: r.Settled,
			Problem: purchase.Settlement(r.Problem),
		})
	}
}

const moveDelivery = `
UPDATE
	purchase_unit
SET
	deliver_on = @day::date
WHERE
	voucher = ANY (@vouchers::uuid[])`

// SetDeliverOn notes another day on which the codes of sold vouchers are mailed, YYYY-MM-DD.
func SetDeliverOn(ctx context.Context, tx outbox.Tx, day string, vouchers ...string) error {
	if _, err := tx.Exec(ctx, moveDelivery, pgx.NamedArgs{"day": day, "vouchers": vouchers}); err != nil {
		return fmt.Errorf("note another day of delivery: %w", err)
	}
	return nil
}
