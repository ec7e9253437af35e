package orders

import (
	"context"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// upsertUnits leaves alone what is settled: a unit that has a voucher keeps it.
const upsertUnits = `
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
	deliver_said,
	for_self,
	one_mail,
	voucher,
	told
)
SELECT
	*
FROM
	unnest(
		@id::uuid[],
		@purchase::uuid[],
		@line::text[],
		@unit::integer[],
		@sku::text[],
		@title::text[],
		@state::text[],
		@reason::text[],
		@currency::text[],
		@value::bigint[],
		@paid_currency::text[],
		@paid::bigint[],
		@missing::boolean[],
		@wishes::bytea[],
		@wishes_mac::bytea[],
		@deliver_on::text[]::date[],
		@deliver_said::text[],
		@for_self::boolean[],
		@one_mail::boolean[],
		@voucher::uuid[],
		@told::bytea[]
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
	deliver_said = EXCLUDED.deliver_said,
	for_self = EXCLUDED.for_self,
	one_mail = EXCLUDED.one_mail,
	told = EXCLUDED.told,
	voucher = COALESCE(purchase_unit.voucher, EXCLUDED.voucher)`

const deleteUnits = `
DELETE FROM
	purchase_unit
WHERE
	purchase = ANY (@purchases::uuid[])
	AND voucher IS NULL
	AND NOT id = ANY (@kept::uuid[])`

const upsertRefunds = `
INSERT INTO purchase_refund (
	purchase,
	refund,
	currency,
	amount,
	settled,
	problem,
	lines
)
SELECT
	*
FROM
	unnest(
		@purchase::uuid[],
		@refund::text[],
		@currency::text[],
		@amount::bigint[],
		@settled::boolean[],
		@problem::text[],
		@lines::text[]::jsonb[]
	)
ON CONFLICT (purchase, refund) DO UPDATE SET
	currency = EXCLUDED.currency,
	amount = EXCLUDED.amount,
	settled = EXCLUDED.settled,
	problem = EXCLUDED.problem,
	lines = EXCLUDED.lines`

// saveParts forgets the units that were dropped, and writes the others and the refunds.
func saveParts(ctx context.Context, tx outbox.Tx, purchases []*Purchase) error {
	var known []string // purchases that may have units from before
	var units unitColumns
	var refunds refundColumns
	for _, p := range purchases {
		if p.version > 0 {
			known = append(known, p.ID)
		}
		units.add(p)
		refunds.add(p)
	}
	batch := &pgx.Batch{}
	if len(known) > 0 {
		batch.Queue(deleteUnits, pgx.NamedArgs{"purchases": known, "kept": units.id})
	}
	if len(units.id) > 0 {
		batch.Queue(upsertUnits, units.args())
	}
	if len(refunds.refund) > 0 {
		batch.Queue(upsertRefunds, refunds.args())
	}
	return tx.SendBatch(ctx, batch).Close()
}

// unitColumns are units column by column.
type unitColumns struct {
	id, purchase, line, sku, title, state, reason, currency, paidCurrency, deliverSaid []string
	unit                                                                               []int
	value, paid                                                                        []int64
	wishes, wishesMAC, told                                                            [][]byte
	deliverOn, voucher                                                                 []*string
	missing, forSelf, oneMail                                                          []bool
}

func (l *unitColumns) add(p *Purchase) {
	for _, u := range p.Decided.Units {
		extra := p.Units[u.Key()]
		l.id, l.purchase, l.line = append(l.id, extra.ID), append(l.purchase, p.ID), append(l.line, u.Line)
		l.unit, l.sku, l.title = append(l.unit, u.N), append(l.sku, u.SKU), append(l.title, extra.Title)
		l.state, l.reason = append(l.state, string(u.State)), append(l.reason, string(u.Reason))
		l.currency, l.value = append(l.currency, string(u.Value.Currency)), append(l.value, u.Value.Minor)
		l.paidCurrency, l.paid = append(l.paidCurrency, string(u.Paid.Currency)), append(l.paid, u.Paid.Minor)
		l.missing, l.wishes = append(l.missing, u.Missing), append(l.wishes, extra.Wishes)
		l.wishesMAC, l.deliverOn = append(l.wishesMAC, extra.WishesMAC), append(l.deliverOn, textOrNull(extra.DeliverOn))
		l.deliverSaid = append(l.deliverSaid, extra.DeliverSaid)
		l.forSelf, l.oneMail = append(l.forSelf, extra.ForSelf), append(l.oneMail, extra.OneMail)
		l.voucher, l.told = append(l.voucher, textOrNull(extra.Voucher)), append(l.told, extra.Told)
	}
}

func (l *unitColumns) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"id":            l.id,
		"purchase":      l.purchase,
		"line":          l.line,
		"unit":          l.unit,
		"sku":           l.sku,
		"title":         l.title,
		"state":         l.state,
		"reason":        l.reason,
		"currency":      l.currency,
		"value":         l.value,
		"paid_currency": l.paidCurrency,
		"paid":          l.paid,
		"missing":       l.missing,
		"wishes":        l.wishes,
		"wishes_mac":    l.wishesMAC,
		"deliver_on":    l.deliverOn,
		"deliver_said":  l.deliverSaid,
		"for_self":      l.forSelf,
		"one_mail":      l.oneMail,
		"voucher":       l.voucher,
		"told":          l.told,
	}
}

// refundColumns are refunds column by column.
type refundColumns struct {
	purchase, refund, currency, problem, lines []string
	amount                                     []int64
	settled                                    []bool
}

func (l *refundColumns) add(p *Purchase) {
	for _, r := range p.Decided.Refunds {
		l.purchase, l.refund = append(l.purchase, p.ID), append(l.refund, r.ID)
		l.currency, l.amount = append(l.currency, string(r.Amount.Currency)), append(l.amount, r.Amount.Minor)
		l.settled, l.problem = append(l.settled, r.Settled), append(l.problem, string(r.Problem))
		l.lines = append(l.lines, jsonOf(append([]purchase.Named{}, r.Lines...)))
	}
}

func (l *refundColumns) args() pgx.NamedArgs {
	return pgx.NamedArgs{
		"purchase": l.purchase,
		"refund":   l.refund,
		"currency": l.currency,
		"amount":   l.amount,
		"settled":  l.settled,
		"problem":  l.problem,
		"lines":    l.lines,
	}
}
