package report

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Finding is a broken invariant with its evidence.
type Finding struct {
	Invariant string // the rule, in words
	Subject   string // what breaks it: a unit, a voucher, a delivery
	Evidence  string
}

// evidenceLimit is how many rows of one broken invariant are reported.
const evidenceLimit = 20

// proof is an invariant and the query whose every row breaks it: a subject and the evidence.
type proof struct{ invariant, query string }

// saleProofs are what must hold between purchases and vouchers (I8).
func saleProofs() []proof {
	return []proof{
		{"an issued unit has its voucher, and a voucher its unit", `SELECT coalesce(u.id, v.unit)::text, format('unit %s says voucher %s, the voucher is %s', u.state, u.voucher, v.id)
			FROM (SELECT id, state, voucher FROM purchase_unit WHERE state IN ('issued', 'refunded')) u
			FULL JOIN (SELECT id, unit FROM voucher WHERE unit IS NOT NULL) v ON v.unit = u.id
			WHERE v.id IS DISTINCT FROM u.voucher`},
		{"a voucher is kept from use only while a refund of its purchase waits", `SELECT v.id::text, format('it waits with %s, the unit is %s', v.refund_waits, u.state)
			FROM voucher v
			LEFT JOIN purchase_unit u ON u.id = v.unit
			LEFT JOIN purchase_refund r ON r.purchase = u.purchase AND NOT r.settled AND r.problem = 'in_use'
			WHERE v.refund_waits IS NOT NULL AND r.purchase IS NULL`},
	}
}

// letterProofs are what must hold between purchases, vouchers and deliveries (I8, I10).
func letterProofs() []proof {
	return []proof{
		{"the code of every sold voucher is on its way, in one way", `WITH way AS (
				SELECT d.id, d.subject, d.kind, d.detail FROM delivery d WHERE d.kind IN ('code', 'handover')
				UNION ALL
				SELECT d.id, part.subject, d.kind, d.detail FROM delivery d JOIN delivery_part part ON part.delivery = d.id WHERE d.kind = 'codes'
			)
			SELECT u.voucher::text, format('%s deliveries by mail, %s with others, %s by the shop', count(*) FILTER (WHERE d.kind = 'code'), count(*) FILTER (WHERE d.kind = 'codes'),
				count(*) FILTER (WHERE d.kind = 'handover'))
			FROM purchase_unit u
			LEFT JOIN way d ON d.subject = u.voucher::text
			WHERE u.state = 'issued'
			GROUP BY u.voucher
			HAVING count(d.id) = 0 OR count(DISTINCT d.kind) FILTER (WHERE NOT d.detail ? 'resend') > 1`},
		{"a voucher's code is sent to one person at a time", `SELECT d.subject, format('%s deliveries are open', count(*))
			FROM (
				SELECT d.subject FROM delivery d WHERE d.kind IN ('code', 'handover') AND d.finished_at IS NULL
				UNION ALL
				SELECT part.subject FROM delivery d JOIN delivery_part part ON part.delivery = d.id
				WHERE d.kind = 'codes' AND d.finished_at IS NULL AND d.cancelling IS NULL AND part.dropped_at IS NULL
			) d
			GROUP BY d.subject
			HAVING count(*) > 1`},
		{"a mail with several codes is about vouchers of its own order", `SELECT d.id::text, format('voucher %s is of purchase %s, the mail of %s', part.subject, u.purchase, d.parent)
			FROM delivery d
			JOIN delivery_part part ON part.delivery = d.id
			LEFT JOIN purchase_unit u ON u.voucher::text = part.subject
			WHERE d.kind = 'codes' AND u.purchase::text IS DISTINCT FROM d.parent`},
		{"a mail with several codes has some, and nothing else has", `SELECT d.id::text, format('%s with %s parts', d.kind, count(part.subject))
			FROM delivery d
			LEFT JOIN delivery_part part ON part.delivery = d.id
			WHERE d.kind = 'codes' OR part.subject IS NOT NULL
			GROUP BY d.id
			HAVING (d.kind = 'codes') <> (count(part.subject) > 0)`},
		{"the buyer of a sold voucher is reminded, once in a term", `SELECT d.id::text, format('voucher %s, last day %s, number %s, purchase %s', d.subject, d.detail ->> 'expires_on', d.seq, d.parent)
			FROM delivery d
			LEFT JOIN purchase_unit u ON u.voucher::text = d.subject
			WHERE d.kind = 'reminder'
				AND (u.purchase::text IS DISTINCT FROM d.parent OR (d.detail ->> 'expires_on')::date - DATE '1970-01-01' <> d.seq)`},
		{"an order is confirmed at most once", `SELECT d.parent, format('%s confirmations', count(*))
			FROM delivery d
			WHERE d.kind = 'confirmation'
			GROUP BY d.parent
			HAVING count(*) > 1`},
		{"no code is sent before its order was confirmed, but for a confirmation in doubt", `SELECT d.id::text, format('sent %s, the confirmation %s', d.finished_at, coalesce(c.finished_at::text, c.state))
			FROM delivery d
			JOIN delivery c ON c.id = d.after
			WHERE d.kind IN ('code', 'codes') AND d.state = 'done' AND c.doubts = 0 AND (NOT c.settled OR c.finished_at > d.finished_at)
				-- One that had bounced or was given up let the code pass, before the office had it sent once more.
				AND NOT EXISTS (SELECT FROM audit a WHERE a.object = c.id::text AND a.action = 'retry_delivery' AND a.detail->>'was' IN ('bounced', 'failed'))`},
		{"a mail that was sent is known by its bytes", `SELECT d.id::text, format('%s copies, message id %s', d.copies, d.message_id)
			FROM delivery d
			WHERE d.kind IN ('code', 'codes', 'reminder', 'welcome', 'confirmation') AND d.copies > 0 AND (d.message_id IS NULL OR d.body_hash IS NULL)`},
		{"what waits for a person is a task", `SELECT d.id::text, format('%s %s: %s', d.kind, d.state, d.reason)
			FROM delivery d
			WHERE (d.state IN ('bounced', 'failed') OR d.state = 'in_doubt' AND d.due_at IS NULL)
				AND NOT EXISTS (SELECT FROM task t WHERE t.subject = d.id::text)`},
	}
}

// decisionProofs are what must hold of what the merchant decides about bonus points: no version of it is ever lost.
func decisionProofs() []proof {
	return []proof{
		{"the versions of the programme follow one another", `SELECT 'version ' || max(version), format('%s versions', count(*))
			FROM loyalty_programme
			HAVING max(version) <> count(*)`},
		{"the versions of an answer follow one another", `SELECT language || '/' || entry, format('%s versions, the last is %s', count(*), max(version))
			FROM loyalty_answer
			GROUP BY language, entry
			HAVING max(version) <> count(*)`},
	}
}

// bookProofs are what must hold between the journal and what is summed up of it.
func bookProofs() []proof {
	return []proof{
		{"what is summed up of the journal is its sum", `SELECT coalesce(j.currency, t.currency), format('%s %s: %s in %s lines, summed up %s in %s', j.kind, j.class, j.amount, j.lines, t.amount, t.lines)
			FROM (
				SELECT e.currency, e.kind, ` + classOf + ` AS class, sum(e.amount) AS amount, count(*) AS lines
				FROM turnover_seen s
				JOIN entry e ON NOT (e.txid >= pg_snapshot_xmin(s.seen)::text::bigint AND NOT pg_visible_in_snapshot(e.txid::text::xid8, s.seen) AND e.at > s.since)
				GROUP BY 1, 2, 3
			) j
			FULL JOIN (SELECT currency, kind, class, sum(amount) AS amount, sum(lines) AS lines FROM turnover_sum GROUP BY 1, 2, 3) t USING (currency, kind, class)
			WHERE (j.amount, j.lines) IS DISTINCT FROM (t.amount, t.lines)`},
		{"what was sold is followed", `SELECT e.account::text, format('line %s sold %s, followed %s', e.seq, e.amount, f.sold)
			FROM turnover_seen s
			JOIN entry e ON e.kind = 'issue' AND e.contra LIKE 'sold/%'
				AND NOT (e.txid >= pg_snapshot_xmin(s.seen)::text::bigint AND NOT pg_visible_in_snapshot(e.txid::text::xid8, s.seen) AND e.at > s.since)
			LEFT JOIN turnover_fate f ON f.account = e.account AND f.seq = e.seq
			WHERE f.sold IS DISTINCT FROM e.amount AND NOT EXISTS (SELECT FROM turnover_due)`},
	}
}

// linearPlans keeps a proof from looking through one table for each row of another: where nothing is broken it reads them to their
// ends, and PostgreSQL, which expects to find what it asks for at the start, plans for less.
const linearPlans = "SET LOCAL enable_nestloop = off"

// Verify proves on one snapshot that purchases, vouchers and deliveries fit together, and returns
// what does not.
func Verify(ctx context.Context, pool *pgxpool.Pool) ([]Finding, error) {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("verify purchases and deliveries: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	if _, err := tx.Exec(ctx, linearPlans); err != nil {
		return nil, fmt.Errorf("verify purchases and deliveries: %w", err)
	}
	var findings []Finding
	for _, p := range slices.Concat(saleProofs(), letterProofs(), bookProofs(), decisionProofs()) {
		found, err := p.run(ctx, tx)
		if err != nil {
			return nil, fmt.Errorf("verify that %s: %w", p.invariant, err)
		}
		findings = append(findings, found...)
	}
	found, err := unplaced(ctx, tx)
	return append(findings, found...), err
}

// run collects the evidence against an invariant.
func (p proof) run(ctx context.Context, tx pgx.Tx) ([]Finding, error) {
	rows, _ := tx.Query(ctx, p.query+fmt.Sprintf(" LIMIT %d", evidenceLimit)) // rows carry the error to CollectRows
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Finding, error) {
		var subject, evidence *string
		if err := row.Scan(&subject, &evidence); err != nil {
			return Finding{}, err
		}
		found := Finding{Invariant: p.invariant}
		if subject != nil {
			found.Subject = *subject
		}
		if evidence != nil {
			found.Evidence = *evidence
		}
		return found, nil
	})
}
