package notary

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vouchsafe/retail/keyring"
)

const (
	anna  = "11111111-1111-4111-8111-111111111111"
	berta = "22222222-2222-4222-8222-222222222222"
)

func TestASealCoversWhatHasChangedSinceTheOneBefore(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(3)
	p.chains(3)
	p.sells(anna, 2)
	p.sells(berta, 1)
	first := p.seals()
	if again, err := p.Seal(t.Context(), Everything); err != nil || again != nil {
		t.Errorf("with nothing new: %v, %v", again, err)
	}
	p.moves(berta)
	second := p.seals()
	if first.Number != 1 || first.Accounts != 2 || first.AuditLines != 3 || second.Number != 2 || second.Accounts != 1 || second.AuditLines != 3 {
		t.Errorf("seals %+v, then %+v", first, second)
	}
	p.sound(Kept{1, first.Hash}, Kept{2, second.Hash})
	listed, err := p.Seals(t.Context(), 2, 10)
	if err != nil || len(listed) != 1 || listed[0].String() != first.String() {
		t.Errorf("listed %v, %v", listed, err)
	}
}

func TestWhatWasDoneToWhatIsSealedIsFound(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(4)
	p.chains(4)
	p.sells(anna, 3)
	p.sells(berta, 1)
	p.seals()
	p.moves(anna)
	last := p.seals()
	kept := Kept{last.Number, last.Hash}
	for _, tt := range []struct{ name, sql, first string }{
		{
			"the journal's tail is edited with the head", `UPDATE entry SET amount = 9900, hash = sha256('x') WHERE account = '` + anna + `' AND seq = 4;
				UPDATE voucher SET head = sha256('x') WHERE id = '` + anna + `'`, anna + ": entry 4 is not what seal 2 has sealed",
		},
		{
			"the journal's tail is cut off with the head", `DELETE FROM entry WHERE account = '` + anna + `' AND seq > 2;
				UPDATE voucher SET entries = 2, head = (SELECT hash FROM entry WHERE account = '` + anna + `' AND seq = 2) WHERE id = '` + anna + `'`,
			anna + ": entry 3 was there when seal 1 was made",
		},
		{"a sealed head is taken out", `DELETE FROM sealed_head WHERE seal = 1 AND account = '` + anna + `'`, "seal 1: 2 heads were sealed, and the 1 that are listed are not those"},
		{"a seal is changed", `UPDATE seal SET audit_lines = 3 WHERE number = 1`, "seal 1: it does not hash to what it says"},
		{"the last seal is cut off", `DELETE FROM seal WHERE number = 2; DELETE FROM sealed_head WHERE seal = 2`, "seal 2: history was cut off before it"},
		{"a seal in the middle is cut off", `DELETE FROM seal WHERE number = 1`, "seal 2: it follows where seal 1 should"},
		{"a fingerprint is changed", `UPDATE seal SET mac = sha256('x') WHERE number = 1`, "seal 1: no master key at hand has made it"},
	} {
		p.tampers(func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), tt.sql)
			p.must(err)
			if got, _, _ := strings.Cut(p.finds(tx, kept), "\n"); got != tt.first {
				t.Errorf("%s: found %q, want %q", tt.name, got, tt.first)
			}
		})
	}
	p.sound(kept)
	if got, err := p.Verify(t.Context(), Kept{last.Number, make([]byte, 32)}); err != nil || len(got) != 1 || got[0].Invariant != keptHolds {
		t.Errorf("another hash was kept: %v, %v", got, err)
	}
}

func TestWhoHasTheDatabaseAloneCanNotSeal(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(2)
	p.chains(2)
	other := New(p.pool, ringOf(t, keyring.Master{ID: "k1", Key: [32]byte{2}}))
	if made, err := other.Seal(t.Context(), Recent); err != nil || made == nil {
		t.Fatal(made, err)
	}
	found, err := p.Verify(t.Context())
	if err != nil || len(found) != 1 || found[0].Evidence != "no master key at hand has made it" {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestSealsOutliveTheMasterKeyThatMadeThem(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(1)
	p.chains(1)
	p.seals()
	second := keyring.Master{ID: "k2", Key: [32]byte{2}}
	p.Notary = New(p.pool, ringOf(t, second, keyring.Master{ID: "k1", Key: [32]byte{1}}))
	p.sound()
	p.audits(1)
	p.chains(1)
	if made := p.seals(); made.Key != "k2" {
		t.Errorf("sealed under %s", made.Key)
	}
	p.Notary = New(p.pool, ringOf(t, second)) // the first is retired
	p.sound()
}

// flips changes one byte of each type of column, chosen by two numbers.
var flips = map[string]string{
	"bigint":                   `%[1]s # (1::bigint << (@a %% 62))`,
	"bytea":                    `set_byte(%[1]s, @a %% octet_length(%[1]s), get_byte(%[1]s, @a %% octet_length(%[1]s)) # (1 << (@b %% 8)))`,
	"text":                     `overlay(%[1]s PLACING CASE substr(%[1]s, 1 + @a %% length(%[1]s), 1) WHEN 'x' THEN 'y' ELSE 'x' END FROM 1 + @a %% length(%[1]s) FOR 1)`,
	"timestamp with time zone": `%[1]s + (1::bigint << (@a %% 40)) * interval '1 microsecond'`,
	"uuid":                     `encode(set_byte(uuid_send(%[1]s), @a %% 16, get_byte(uuid_send(%[1]s), @a %% 16) # (1 << (@b %% 8))), 'hex')::uuid`,
	"xid8":                     `(%[1]s::text::bigint # (1::bigint << (@a %% 40)))::text::xid8`,
	"jsonb":                    `overlay(%[1]s::text PLACING chr(65 + @b %% 26) FROM 3 + @a %% 6 FOR 1)::jsonb`,
}

// edit is one column of a table.
type edit struct{ table, column, kind string }

// edits are the columns of what history is made of, but for those that nothing depends on: who has the end of the chain finds its
// horizon by himself.
func (p *past) edits(tables ...string) []edit {
	p.t.Helper()
	rows, _ := p.pool.Query(p.t.Context(), `SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
		WHERE table_name = ANY ($1) AND table_schema = 'public' AND column_name NOT IN ('single', 'horizon') ORDER BY 1, ordinal_position`, tables)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e edit, err error) {
		return e, row.Scan(&e.table, &e.column, &e.kind)
	})
	p.must(err)
	return found
}

// try makes one edit of a random row, and tells whether the database took it.
func (e edit) try(ctx context.Context, tx pgx.Tx, random *rand.Rand) (bool, error) {
	flip := fmt.Sprintf(flips[e.kind], e.column)
	sql := fmt.Sprintf(`UPDATE %[1]s SET %[2]s = %[3]s
		WHERE ctid = (SELECT ctid FROM %[1]s WHERE %[2]s IS NOT NULL ORDER BY hashtext(ctid::text || @seed::text) LIMIT 1)`, e.table, e.column, flip)
	args := pgx.NamedArgs{"a": random.IntN(1 << 20), "b": random.IntN(1 << 20), "seed": random.IntN(1 << 20)}
	tag, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol, args)
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.Code[:2] == "23" {
		return false, nil // a constraint has found it
	}
	return tag.RowsAffected() == 1, err
}

func TestEachOfAThousandEditsOfOneByteIsFound(t *testing.T) { // G19, I14
	t.Parallel()
	p := begins(t)
	for range 2 {
		p.audits(6)
		p.chains(6)
		p.sells(fmt.Sprintf("%08d-1111-4111-8111-111111111111", rand.IntN(1e8)), 2)
		p.seals()
	}
	random := rand.New(rand.NewPCG(1, 2))
	columns := p.edits("audit", "audit_link", "audit_chain", "seal", "sealed_head")
	taken := 0
	p.tampers(func(tx pgx.Tx) {
		for taken < 1000 {
			at := columns[random.IntN(len(columns))]
			edited, err := tx.Begin(t.Context())
			p.must(err)
			took, err := at.try(t.Context(), edited, random)
			if err != nil {
				t.Fatalf("edit %v: %v", at, err)
			}
			if took {
				taken++
				if p.finds(edited) == "" {
					t.Errorf("edit %d, of %s.%s, is not found", taken, at.table, at.column)
				}
			}
			p.must(edited.Rollback(t.Context()))
		}
	})
	p.sound()
}
