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
	purchase::text AS purchase,
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
	deliver_said,
	for_self,
	one_mail,
	told,
	COALESCE(voucher::text, '') AS voucher
FROM
	purchase_unit
WHERE
	purchase = ANY (@purchases::uuid[])
ORDER BY
	line,
	unit`

// unitRow is a row of the table.
type unitRow struct {
	ID           string
	Purchase     string
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
	DeliverSaid  string
	ForSelf      bool
	OneMail      bool
	Told         []byte
	Voucher      string
}

func (p *Purchase) addUnit(r unitRow) {
	p.Decided.Units = append(p.Decided.Units, purchase.Unit{
		Line: r.Line, N: r.Unit, SKU: r.SKU, State: purchase.UnitState(r.State), Reason: purchase.Reason(r.Reason),
		Value: money.Of(r.Value, money.Currency(r.Currency)), Paid: money.Of(r.Paid, money.Currency(r.PaidCurrency)),
		Missing: r.Missing,
	})
	unit := Unit{
		ID: r.ID, Title: r.Title, Wishes: r.Wishes, WishesMAC: r.WishesMAC, ForSelf: r.ForSelf, OneMail: r.OneMail, Voucher: r.Voucher,
		DeliverSaid: r.DeliverSaid, Told: r.Told,
	}
	if r.DeliverOn != nil {
		unit.DeliverOn = r.DeliverOn.Format(time.DateOnly)
	}
	p.Units[purchase.Key{Line: r.Line, N: r.Unit}] = unit
}

const readRefunds = `
SELECT
	purchase::text AS purchase,
	refund,
	currency,
	amount,
	settled,
	problem,
	lines
FROM
	purchase_refund
WHERE
	purchase = ANY (@purchases::uuid[])
ORDER BY
	refund`

// refundRow is a row of the table.
type refundRow struct {
	Purchase string
	Refund   string
	Currency string
	Amount   int64
	Settled  bool
	Problem  string
	Lines    []purchase.Named
}

func (p *Purchase) addRefund(r refundRow) {
	p.Decided.Refunds = append(p.Decided.Refunds, purchase.Counted{
		ID: r.Refund, Amount: money.Of(r.Amount, money.Currency(r.Currency)), Settled: r.Settled,
		Problem: purchase.Settlement(r.Problem), Lines: r.Lines,
	})
}

const moveDelivery = `
UPDATE
	purchase_unit
SET
	deliver_on = NULLIF(@day::text, '')::date,
	deliver_said = @said::text
WHERE
	voucher = ANY (@vouchers::uuid[])`

// SetDeliverOn notes another day on which the codes of sold vouchers are mailed, YYYY-MM-DD.
func SetDeliverOn(ctx context.Context, tx outbox.Tx, day string, vouchers ...string) error {
	return SetDay(ctx, tx, day, "", vouchers...)
}

// SetDay notes another day on which the codes of sold vouchers are mailed, "" for at once, or what was said for one that nobody can tell.
func SetDay(ctx context.Context, tx outbox.Tx, day, said string, vouchers ...string) error {
	if _, err := tx.Exec(ctx, moveDelivery, pgx.NamedArgs{"day": day, "said": said, "vouchers": vouchers}); err != nil {
		return fmt.Errorf("note another day of delivery: %w", err)
	}
	return nil
}
