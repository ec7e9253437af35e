package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// flips changes one byte or bit of each column of the journal, by the numbers @a and @b.
var flips = map[string]string{
	"account":  `encode(set_byte(uuid_send(account), @a % 16, get_byte(uuid_send(account), @a % 16) # (1 << (@b % 8))), 'hex')::uuid`,
	"seq":      `seq # (1::bigint << (@a % 62))`,
	"act":      `encode(set_byte(uuid_send(act), @a % 16, get_byte(uuid_send(act), @a % 16) # (1 << (@b % 8))), 'hex')::uuid`,
	"kind":     `overlay(kind PLACING 'X' FROM 1 + @a % length(kind) FOR 1)`,
	"contra":   `overlay(contra PLACING 'X' FROM 1 + @a % length(contra) FOR 1)`,
	"amount":   `amount # (1::bigint << (@a % 62))`,
	"currency": `overlay(currency PLACING 'X' FROM 1 + @a % length(currency) FOR 1)`,
	"balance":  `balance # (1::bigint << (@a % 62))`,
	"at":       `at + (1::bigint << (@a % 40)) * interval '1 microsecond'`,
	"hash":     `set_byte(hash, @a % 32, get_byte(hash, @a % 32) # (1 << (@b % 8)))`,
}

func TestEachOfAThousandEditsOfTheJournalIsFound(t *testing.T) { // G19
	t.Parallel()
	h := open(t)
	for n := range 3 {
		id, _ := h.issues(500_00)
		for i := range 3 {
			redeemed := voucher.Redeem{
				ID: h.newID(), Ref: voucher.Ref{Owner: "till:1", Kind: voucher.Redemptions, Key: fmt.Sprintf("%d:%d", n, i)}, Amount: money.Of(10_00, "DKK"),
			}
			if _, err := h.Apply(t.Context(), ledger.Aimed{Voucher: id, Act: redeemed}); err != nil {
				t.Fatal(err)
			}
		}
	}
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), `ALTER TABLE entry DISABLE TRIGGER USER`); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	columns := strings.Fields("account seq act kind contra amount currency balance at hash")
	for taken := 0; taken < 1000; {
		if edits(t, tx, columns[random.IntN(len(columns))], random) {
			taken++
		}
	}
}

// edits changes one byte of a random line, expects that it is found, and takes it back; false if the database refused it.
func edits(t *testing.T, tx pgx.Tx, column string, random *rand.Rand) bool {
	t.Helper()
	edited, err := tx.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = edited.Rollback(t.Context()) }()
	sql := fmt.Sprintf(`UPDATE entry SET %s = %s WHERE ctid = (SELECT ctid FROM entry ORDER BY hashtext(ctid::text || @seed::text) LIMIT 1)`, column, flips[column])
	args := pgx.NamedArgs{"a": random.IntN(1 << 20), "b": random.IntN(1 << 20), "seed": random.IntN(1 << 20)}
	_, err = edited.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol, args)
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.Code[:2] == "23" {
		return false
	}
	if err != nil {
		t.Fatalf("edit %s: %v", column, err)
	}
	findings, err := ledger.VerifyIn(t.Context(), edited)
	if err != nil {
		t.Fatalf("verify after an edit of %s: %v", column, err)
	}
	if len(findings) == 0 {
		t.Errorf("an edit of %s is not found", column)
	}
	return true
}
