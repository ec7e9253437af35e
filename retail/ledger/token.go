package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

const lookToken = `SELECT` + seenColumns + `
	FROM voucher v` + withLive + `
	WHERE v.token_mac = ANY($1::bytea[])`

// LookToken finds a voucher by the MACs that the token bound to it may have, as [Ledger.Look] does by its code. Named says whether an
// act bears the name that the caller is about to use. Error: voucher.ErrNotFound.
func (l *Ledger) LookToken(ctx context.Context, macs [][]byte, named bool) (Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, _ := l.pool.Query(ctx, lookToken, macs)
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[lookRow])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Seen{}, voucher.ErrNotFound
	case err != nil:
		return Seen{}, away("look up a token", err)
	}
	return l.seen(row, named)
}

const knownAs = `SELECT
		coalesce((SELECT id::text FROM voucher WHERE code_mac = ANY($1::bytea[]) LIMIT 1), ''),
		coalesce((SELECT id::text FROM voucher WHERE token_mac = ANY($1::bytea[]) LIMIT 1), '')`

// KnownAs tells which voucher has a code that looks like a token, retired codes included, and which one the token is bound to; "" for
// none. A number that is one voucher's code can't be another's token.
func (l *Ledger) KnownAs(ctx context.Context, macs [][]byte) (code, token string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if err := l.pool.QueryRow(ctx, knownAs, macs).Scan(&code, &token); err != nil {
		return "", "", away("look what a token is", err)
	}
	return code, token, nil
}

const writeToken = `UPDATE voucher
	SET
		token_mac = @mac,
		token_sealed = CASE WHEN @fresh::boolean THEN @sealed ELSE token_sealed END,
		token_by = @by::uuid,
		code_retired = @retired
	WHERE id = @id::uuid`

// A token's number that became a voucher's code in between is a unique violation, as a token that was bound is.
const expectNoCode = `SELECT expect_no_code(@macs::bytea[])`

// queueTokens writes the tokens that changed: those that ended first, since the same one may be another voucher's from now on. Only
// bindings change them, so that they are no columns of the statement that all acts share.
func (s *state) queueTokens(batch *pgx.Batch, cases []*voucher.Case) {
	for _, bound := range []bool{false, true} {
		for _, c := range cases {
			before, after := s.before[c.Voucher.ID], c.Voucher
			changed := after.Token != before.Token || after.CodeRetired != before.CodeRetired
			if changed && after.Token.Bound() == bound {
				batch.Queue(writeToken, tokenArgs(before, after))
			}
			if bound && after.Token.Bound() && after.Token != before.Token {
				batch.Queue(expectNoCode, pgx.NamedArgs{"macs": [][]byte{[]byte(after.Token.MAC)}})
			}
		}
	}
}

const expectNoToken = `SELECT expect_no_token(@macs::bytea[])`

// expectNoTokens ends the transaction with a unique violation when a code that it has written, by any of its MACs, is the number of a
// voucher's token. Until its end nobody binds any, so that it is called last.
func expectNoTokens(ctx context.Context, tx outbox.Tx, macs [][]byte) error {
	if _, err := tx.Exec(ctx, expectNoToken, pgx.NamedArgs{"macs": macs}); err != nil {
		return fmt.Errorf("look for tokens of the same number: %w", err)
	}
	return nil
}

func tokenArgs(before, after voucher.Voucher) pgx.NamedArgs {
	args := pgx.NamedArgs{
		"id": after.ID, "mac": nil, "sealed": nil, "by": textOrNull(after.Token.By), "retired": after.CodeRetired,
		"fresh": after.Token != before.Token,
	}
	if after.Token.Bound() {
		args["mac"], args["sealed"] = []byte(after.Token.MAC), []byte(after.Token.Sealed)
	}
	return args
}

// ruleProofs are those of tokens and cash-outs.
func ruleProofs() []proof {
	return []proof{
		{"a token was bound to its voucher by a binding that stands", `SELECT v.id::text, format('bound by %s, %s', v.token_by, coalesce(a.state, 'which is none of it'))
			FROM voucher v
			LEFT JOIN act a ON a.id = v.token_by AND a.kind = 'binding' AND a.voucher = v.id
			WHERE v.token_mac IS NOT NULL AND a.state IS DISTINCT FROM 'done'`},
		{"a code is retired by a binding alone", `SELECT v.id::text, 'no binding that stands has retired it'
			FROM voucher v
			WHERE v.code_retired
				AND NOT EXISTS (SELECT FROM act a WHERE a.voucher = v.id AND a.kind = 'binding' AND a.state = 'done' AND a.detail #> '{bound,retired}' = 'true')`},
		{"no token is another voucher's code", `SELECT t.id::text, format('the code of %s', v.id)
			FROM voucher t
			JOIN voucher v ON v.code_mac = t.token_mac
			WHERE t.token_mac IS NOT NULL`},
		{"a binding moves nothing", `SELECT a.id::text, format('%s of voucher %s', a.amount, a.voucher)
			FROM act a
			WHERE a.kind = 'binding' AND (a.amount <> 0 OR EXISTS (SELECT FROM entry e WHERE e.act = a.id))`},
		{"a cash-out takes what it says, part of it as its fee", `SELECT a.id::text, format('%s with a fee of %s; entries %s and %s', a.amount, f.fee, coalesce(e.paid, 0), coalesce(e.fee, 0))
			FROM act a
			CROSS JOIN LATERAL (SELECT coalesce((a.detail #>> '{fee,amount}')::bigint, -1) AS fee) f
			LEFT JOIN LATERAL (
				SELECT
					-sum(amount) FILTER (WHERE kind = 'cash_out') AS paid,
					-sum(amount) FILTER (WHERE kind = 'cash_out_fee') AS fee
				FROM entry
				WHERE account = a.voucher AND act = a.id
			) e ON true
			WHERE a.kind = 'cash_out' AND a.state <> 'prevented'
				AND (coalesce(e.fee, 0) <> f.fee OR coalesce(e.paid, 0) + f.fee <> a.amount)`},
	}
}

// readTokenLast is what staff are shown of a voucher's token.
const readTokenLast = `SELECT
		coalesce(a.detail #>> '{bound,last4}', ''),
		a.at,
		a.owner
	FROM act a
	WHERE a.id = $1::uuid`

// Binding is a token as staff see it.
type Binding struct {
	Last4 string
	At    time.Time
	Owner string // who bound it
}

// BindingOf reads what is known of a voucher's token by the id of its binding.
func (l *Ledger) BindingOf(ctx context.Context, act string) (Binding, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var b Binding
	if err := l.pool.QueryRow(ctx, readTokenLast, act).Scan(&b.Last4, &b.At, &b.Owner); err != nil {
		return Binding{}, away("read a binding", err)
	}
	return b, nil
}
