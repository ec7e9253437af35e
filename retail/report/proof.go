package report

import (
	"context"
	"fmt"

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

// proofs are what must hold between purchases, vouchers and deliveries (I8, I10).
func proofs() []proof {
	return []proof{
		{"an issued unit has its voucher, and a voucher its unit", `SELECT coalesce(u.id, v.unit)::text, format('unit %s says voucher %s, the voucher is %s', u.state, u.voucher, v.id)
			FROM (SELECT id, state, voucher FROM purchase_unit WHERE state IN ('issued', 'refunded')) u
			FULL JOIN (SELECT id, unit FROM voucher WHERE unit IS NOT NULL) v ON v.unit = u.id
			WHERE v.id IS DISTINCT FROM u.voucher`},
		{"the code of every sold voucher is on its way, in one way", `SELECT u.voucher::text, format('%s deliveries by mail, %s by the shop', count(*) FILTER (WHERE d.kind = 'code'), count(*) FILTER (WHERE d.kind = 'handover'))
			FROM purchase_unit u
			LEFT JOIN delivery d ON d.subject = u.voucher::text AND d.kind IN ('code', 'handover')
			WHERE u.state = 'issued'
			GROUP BY u.voucher
			HAVING count(d.id) = 0 OR count(DISTINCT d.kind) FILTER (WHERE NOT d.detail ? 'resend') > 1`},
		{"a voucher's code is sent to one person at a time", `SELECT d.subject, format('%s deliveries are open', count(*))
			FROM delivery d
			WHERE d.kind IN ('code', 'handover') AND d.finished_at IS NULL
			GROUP BY d.subject
			HAVING count(*) > 1`},
		{"an order is confirmed at most once", `SELECT d.parent, format('%s confirmations', count(*))
			FROM delivery d
			WHERE d.kind = 'confirmation'
			GROUP BY d.parent
			HAVING count(*) > 1`},
		{"no code is sent before its order was confirmed, but for a confirmation in doubt", `SELECT d.id::text, format('sent %s, the confirmation %s', d.finished_at, coalesce(c.finished_at::text, c.state))
			FROM delivery d
			JOIN delivery c ON c.id = d.after
			WHERE d.kind = 'code' AND d.state = 'done' AND c.doubts = 0 AND (NOT c.settled OR c.finished_at > d.finished_at)
				-- One that had bounced or was given up let the code pass, before the office had it sent once more.
				AND NOT EXISTS (SELECT FROM audit a WHERE a.object = c.id::text AND a.action = 'retry_delivery' AND a.detail->>'was' IN ('bounced', 'failed'))`},
		{"a mail that was sent is known by its bytes", `SELECT d.id::text, format('%s copies, message id %s', d.copies, d.message_id)
			FROM delivery d
			WHERE d.kind IN ('code', 'confirmation') AND d.copies > 0 AND (d.message_id IS NULL OR d.body_hash IS NULL)`},
		{"what waits for a person is a task", `SELECT d.id::text, format('%s %s: %s', d.kind, d.state, d.reason)
			FROM delivery d
			WHERE (d.state IN ('bounced', 'failed') OR d.state = 'in_doubt' AND d.due_at IS NULL)
				AND NOT EXISTS (SELECT FROM task t WHERE t.subject = d.id::text)`},
	}
}

// Verify proves on one snapshot that purchases, vouchers and deliveries fit together, and returns
// what does not.
func Verify(ctx context.Context, pool *pgxpool.Pool) ([]Finding, error) {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("verify purchases and deliveries: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	var findings []Finding
	for _, p := range proofs() {
		found, err := p.run(ctx, tx)
		if err != nil {
			return nil, fmt.Errorf("verify that %s: %w", p.invariant, err)
		}
		findings = append(findings, found...)
	}
	return findings, nil
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
