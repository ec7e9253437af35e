package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Finding is a broken invariant with its evidence.
type Finding struct {
	Invariant string // the rule, in words
	Subject   string // what breaks it: a voucher, a reservation, an act
	Evidence  string
}

// proof is an invariant and the query whose every row breaks it: a subject and the evidence. Each
// names the invariant of the design it proves.
type proof struct{ invariant, query string }

// proofs are the invariants that single queries prove. A constraint of the schema holds many of
// them too; they are proven all the same, since a restored or edited database may lack it.
func proofs() []proof {
	return []proof{
		{"a balance is the sum of its journal and never negative", `SELECT v.id::text, format('balance %s, journal %s', v.balance, coalesce(e.total, 0))
			FROM voucher v
			LEFT JOIN (SELECT account, sum(amount) AS total FROM entry GROUP BY account) e ON e.account = v.id
			WHERE v.balance <> coalesce(e.total, 0) OR v.balance < 0`},
		{"a voucher counts its journal entries", `SELECT v.id::text, format('counts %s, has %s', v.entries, coalesce(e.n, 0))
			FROM voucher v
			LEFT JOIN (SELECT account, count(*) AS n, max(seq) AS last FROM entry GROUP BY account) e ON e.account = v.id
			WHERE v.entries <> coalesce(e.n, 0) OR v.entries <> coalesce(e.last, 0)`},
		{"every journal entry belongs to a voucher or account, and to an act", `SELECT e.account::text, format('entry %s of act %s', e.seq, e.act)
			FROM entry e
			LEFT JOIN voucher v ON v.id = e.account
			LEFT JOIN account c ON c.id = e.account
			LEFT JOIN act a ON a.id = e.act
			WHERE v.id IS NULL AND c.id IS NULL OR a.id IS NULL
				OR a.voucher <> e.account AND e.account::text IS DISTINCT FROM a.detail -> 'moved' ->> 'to'
					AND NOT (a.kind = 'points' AND e.kind = 'reversal' AND EXISTS ( -- taken back from where a merge has moved it
						SELECT FROM account w JOIN customer g ON g.id = w.customer WHERE w.id = a.voucher AND g.merged_into = c.customer
					))`},
		{"an act moved what its entries say", `SELECT a.id::text, format('%s of %s, taken back %s; entries %s, reversed %s', a.kind, a.amount, a.taken_back, e.moved, e.reversed)
			FROM act a
			JOIN (
				SELECT
					act,
					coalesce(abs(sum(amount) FILTER (WHERE kind <> 'reversal')), 0) AS moved,
					coalesce(abs(sum(amount) FILTER (WHERE kind = 'reversal')), 0) AS reversed
				FROM entry
				GROUP BY act
			) e ON e.act = a.id AND a.kind NOT IN ('claim', 'transfer')
			WHERE a.amount <> e.moved OR e.reversed > a.amount AND a.kind <> 'points' OR (a.state = 'reversed' AND a.taken_back <> a.amount)`},
		{"refunds and reversals never exceed what was redeemed", `SELECT a.id::text, format('%s of %s, taken back %s, refunds %s', a.kind, a.amount, a.taken_back, r.refunded)
			FROM act a
			JOIN (SELECT source, sum(amount - taken_back) AS refunded FROM act WHERE kind = 'refund' GROUP BY source) r ON r.source = a.id
			WHERE r.refunded > a.taken_back OR a.taken_back > a.amount`},
	}
}

// reservationProofs are those of reservations and their captures.
func reservationProofs() []proof {
	return []proof{
		{"no two reservations of one code overlapped", `SELECT r.voucher::text, format('%s was granted at %s, an earlier one lasted until %s', r.id, r.granted_at, r.until)
			FROM (
				SELECT
					id,
					voucher,
					granted_at,
					max(least(ended_at, expires_at)) OVER (
						PARTITION BY voucher
						ORDER BY fence
						ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
					) AS until
				FROM reservation
			) r
			WHERE r.granted_at < r.until`},
		{"fences rise with the grants of a code", `SELECT r.voucher::text, format('fence %s was granted before fence %s', r.fence, r.previous)
			FROM (
				SELECT
					voucher,
					fence,
					granted_at,
					lag(fence) OVER w AS previous,
					lag(granted_at) OVER w AS before
				FROM reservation
				WINDOW w AS (PARTITION BY voucher ORDER BY fence)
			) r
			WHERE r.granted_at < r.before`},
		{"no fence is above its voucher's", `SELECT r.id::text, format('fence %s, voucher %s', r.fence, v.fence)
			FROM reservation r
			LEFT JOIN voucher v ON v.id = r.voucher
			WHERE v.id IS NULL OR r.fence > v.fence`},
		{"a captured reservation has one redemption, no larger than itself", `SELECT coalesce(r.id, a.id)::text, format('%s of %s, redeemed %s', r.state, r.amount, a.amount)
			FROM reservation r
			FULL JOIN (
				SELECT id, reservation, amount
				FROM act
				WHERE kind = 'redemption' AND state <> 'prevented' AND NOT coalesce((detail -> 'account')::boolean, false)
			) a ON a.reservation = r.id
			WHERE (coalesce(r.state, '') = 'captured') <> (a.id IS NOT NULL) OR a.amount > r.amount`},
		{"a live reservation is covered by the balance", `SELECT r.id::text, format('reserved %s of a balance of %s', r.amount, v.balance)
			FROM reservation r
			JOIN voucher v ON v.id = r.voucher
			WHERE r.state = 'active' AND r.amount > v.balance`},
		{"a finished voucher has no live reservation", `SELECT r.id::text, format('voucher %s is %s', v.id, v.state)
			FROM reservation r
			JOIN voucher v ON v.id = r.voucher
			WHERE r.state = 'active' AND v.state IN ('claimed', 'invalidated', 'inventory')`},
	}
}

// verifyWithin bounds one query of a proof.
const verifyWithin = 10 * time.Minute

// evidenceLimit is how many rows of one broken invariant are reported.
const evidenceLimit = 20

// Verify proves the invariants of journal, reservations and acts on one snapshot, and replays every
// chain of the journal. It returns what is broken, which is nothing on a sound database.
func (l *Ledger) Verify(ctx context.Context) ([]Finding, error) {
	tx, err := l.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", verifyWithin.Milliseconds())); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return verify(ctx, tx)
}

// linearPlans keeps a proof from looking through one table for each row of another. A proof reads its tables to their ends where
// nothing is broken; PostgreSQL expects to find what it asks for at the start, and plans for that.
const linearPlans = "SET LOCAL enable_nestloop = off"

// verify is Verify on the caller's snapshot.
func verify(ctx context.Context, tx pgx.Tx) ([]Finding, error) {
	if _, err := tx.Exec(ctx, linearPlans); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	var findings []Finding
	for _, p := range slices.Concat(proofs(), reservationProofs(), stockProofs(), importProofs(), accountProofs(), ruleProofs(), writeOffProofs()) {
		found, err := p.run(ctx, tx)
		if err != nil {
			return nil, fmt.Errorf("verify that %s: %w", p.invariant, err)
		}
		findings = append(findings, found...)
	}
	broken, err := verifyChains(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("verify the journal's chains: %w", err)
	}
	goodwill, err := verifyPaidOut(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("verify what was paid out: %w", err)
	}
	return slices.Concat(findings, broken, goodwill), nil
}

// run collects the evidence against an invariant.
func (p proof) run(ctx context.Context, tx pgx.Tx) ([]Finding, error) {
	rows, _ := tx.Query(ctx, p.query+fmt.Sprintf(" LIMIT %d", evidenceLimit))
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Finding, error) {
		var subject, evidence *string
		err := row.Scan(&subject, &evidence)
		return Finding{p.invariant, orEmpty(subject), orEmpty(evidence)}, err
	})
}

// orEmpty is the empty text for NULL.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

const readChains = `SELECT` + lineColumns + `,
		e.hash,
		coalesce(v.head, c.head)
	FROM entry e
	LEFT JOIN voucher v ON v.id = e.account
	LEFT JOIN account c ON c.id = e.account
	WHERE v.id IS NOT NULL OR c.id IS NOT NULL
	ORDER BY e.account, e.seq`

// chainRow is a line of the journal with its account's head.
type chainRow struct {
	entryRow
	Hash []byte
	Head []byte
}

// verifyChains replays the journal of every voucher: each line follows from the one before it, and
// the last one is the head that the voucher's row keeps.
func verifyChains(ctx context.Context, tx pgx.Tx) ([]Finding, error) {
	rows, err := tx.Query(ctx, readChains)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var broken []Finding
	var replay replay
	for rows.Next() && len(broken) < evidenceLimit {
		row, err := pgx.RowToStructByPos[chainRow](rows)
		if err != nil {
			return nil, err
		}
		broken = append(broken, replay.next(row)...)
	}
	if rows.Err() != nil {
		return nil, rows.Err()
	}
	return append(broken, replay.end()...), nil
}

// replay follows one chain after another.
type replay struct {
	account string
	seq     int64
	balance int64
	hash    [32]byte
	head    []byte
}

// next follows the chain by one line.
func (r *replay) next(row chainRow) (broken []Finding) {
	if row.Account != r.account {
		broken = r.end()
		*r = replay{account: row.Account, head: row.Head}
	}
	r.seq, r.balance = r.seq+1, r.balance+row.Amount
	r.hash = Link(r.hash, row.entry())
	switch {
	case row.Seq != r.seq:
		broken = append(broken, r.finding(fmt.Sprintf("entry %d follows where %d should", row.Seq, r.seq)))
	case row.Balance != r.balance:
		broken = append(broken, r.finding(fmt.Sprintf("entry %d says a balance of %d, its sum is %d", row.Seq, row.Balance, r.balance)))
	case r.hash != [32]byte(row.Hash):
		broken = append(broken, r.finding(fmt.Sprintf("entry %d does not hash to what it was chained as", row.Seq)))
	}
	r.seq, r.balance, r.hash = row.Seq, row.Balance, [32]byte(row.Hash)
	return broken
}

// end compares the last line with the head of the account.
func (r *replay) end() []Finding {
	if r.account == "" || r.hash == [32]byte(r.head) {
		return nil
	}
	return []Finding{r.finding("the last entry is not the head that its voucher or account keeps")}
}

// finding is a break in the account's chain.
func (r *replay) finding(evidence string) Finding {
	return Finding{"the journal of an account is an unbroken chain", r.account, evidence}
}
