package notary

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestALineThatCommitsLateIsChainedAfterThoseThatWereFaster(t *testing.T) {
	t.Parallel()
	p := begins(t)
	ctx := t.Context()
	late, err := p.pool.Begin(ctx)
	p.must(err)
	_, err = late.Exec(ctx, audits, "office", "block", "the late one", "{}") // draws the lowest id
	p.must(err)
	p.audits(3)
	p.chains(3)
	p.chains(0)
	p.audits(1)
	p.chains(1)
	p.must(late.Commit(ctx))
	p.chains(1)
	p.chains(0)
	p.sound()
	var object string
	p.must(p.pool.QueryRow(ctx, `SELECT a.object FROM audit_link l JOIN audit a ON a.id = l.entry ORDER BY l.seq DESC LIMIT 1`).Scan(&object))
	if object != "the late one" {
		t.Errorf("the last link is of %s", object)
	}
}

func TestALineOfAnOlderTransactionThatDrawsALaterIDIsChained(t *testing.T) {
	t.Parallel()
	p := begins(t)
	ctx := t.Context()
	older, err := p.pool.Begin(ctx)
	p.must(err)
	_, err = older.Exec(ctx, `SELECT pg_current_xact_id()`)
	p.must(err)
	p.audits(2)
	p.chains(2)
	_, err = older.Exec(ctx, audits, "office", "block", "later", "{}")
	p.must(err)
	p.must(older.Commit(ctx))
	p.chains(1)
	p.sound()
}

func TestARestoredCopyIsChainedOnThoughItsTransactionsCountAnew(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(2)
	p.chains(2)
	p.runs(`UPDATE audit_chain SET horizon = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8`)
	p.audits(2)
	p.chains(2)
	p.chains(0)
	p.sound()
}

func TestSealersAtOnceMakeOneChain(t *testing.T) {
	t.Parallel()
	p := begins(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { p.audits(25) })
		all.Go(func() {
			for range 10 {
				if _, err := p.Chain(t.Context(), Recent); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	_, err := p.Chain(t.Context(), Recent)
	p.must(err)
	p.sound()
	var links int
	p.must(p.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_link`).Scan(&links))
	if links != 100 {
		t.Errorf("%d links of 100 lines", links)
	}
}

func TestWhatWasDoneToTheAuditTrailIsFoundWhereItWasDone(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(10)
	p.chains(10)
	first := p.seals()
	p.audits(5)
	p.chains(5)
	for _, tt := range []struct{ name, sql, first string }{
		{"a line is taken out", `DELETE FROM audit WHERE id = 4`, "audit line 4: link 4 is there and its line is not"},
		{"two lines are swapped", `UPDATE audit a SET actor = b.actor, action = b.action, object = b.object, detail = b.detail, salt = b.salt
			FROM audit b WHERE a.id + b.id = 7 AND a.id IN (3, 4)`, "audit line 3: the detail is not what link 3 has the digest of"},
		{"two links are swapped", `UPDATE audit_link SET entry = -entry WHERE entry IN (3, 4); UPDATE audit_link SET entry = 7 + entry WHERE entry < 0`,
			"audit line 4: the detail is not what link 3 has the digest of"},
		{"a line is changed with its digest", `UPDATE audit SET detail = '{}' WHERE id = 5;
			UPDATE audit_link l SET digest = sha256('x') WHERE entry = 5`, "audit line 5: the detail is not what link 5 has the digest of"},
		{"a link is taken out", `DELETE FROM audit_link WHERE seq = 6`, "audit line 7: link 7 follows where 6 should"},
		{"the tail is cut off", `DELETE FROM audit_link WHERE seq > 12; DELETE FROM audit WHERE id > 12`,
			"audit link 12: the last link is not where the chain should end"},
		{"the tail is cut off with the end", `DELETE FROM audit_link WHERE seq > 8; DELETE FROM audit WHERE id > 8;
			UPDATE audit_chain SET seq = 8, hash = (SELECT hash FROM audit_link WHERE seq = 8)`,
			"seal 1: 10 lines of the audit trail were sealed, 8 are left"},
		{"a line is blanked unsaid", `UPDATE audit SET detail = '{}', salt = NULL WHERE id = 2`,
			"audit line 2: its detail is gone, and no erasure lists it"},
		{"the end is forgotten", `DELETE FROM audit_chain`, "audit link 15: the last link is not where the chain should end"},
	} {
		p.tampers(func(tx pgx.Tx) {
			_, err := tx.Exec(t.Context(), tt.sql)
			p.must(err)
			if got, _, _ := strings.Cut(p.finds(tx), "\n"); got != tt.first {
				t.Errorf("%s: found %q, want %q", tt.name, got, tt.first)
			}
		})
	}
	p.sound(Kept{first.Number, first.Hash})
}

func TestALineForgetsAPersonAndTheChainHolds(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(2)
	p.runs(audits, "office", "resend", "v-1", `{"reason": "Anna@Example.org has a new phone"}`)
	p.runs(audits, "office", "block", "v-1", `{"reason": "asked by Frau Beispiel"}`)
	p.runs(audits, "office", "block", "v-2", `{"reason": "another Beispiel"}`)
	p.chains(5)
	p.runs(audits, "office", "unblock", "v-1", `{"reason": "anna@example.org"}`) // not chained yet
	p.seals()
	p.must(p.within(t.Context(), writing, func(tx pgx.Tx) error {
		ids, err := Forget(t.Context(), tx, Mentions{Address: `anna@example\.org`, Objects: []string{"v-1"}, Names: "beispiel"})
		p.must(err)
		_, err = tx.Exec(t.Context(), audits, "office", Forgets, "data subject 1", map[string]any{"lines": ids})
		return err
	}))
	p.chains(1)
	p.sound()
	var said string
	p.must(p.pool.QueryRow(t.Context(), `SELECT string_agg(detail::text, ' ' ORDER BY id) FROM audit`).Scan(&said))
	if strings.Contains(strings.ToLower(said), "anna") || strings.Contains(said, "Frau") || !strings.Contains(said, "another Beispiel") {
		t.Errorf("the trail says %s", said)
	}
}

func TestNothingButBlankingAChainedLineIsTaken(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.audits(1)
	blank := `UPDATE audit SET detail = '{}', salt = NULL`
	if _, err := p.pool.Exec(t.Context(), blank); err == nil {
		t.Error("a line was blanked before it was chained")
	}
	p.chains(1)
	for _, sql := range []string{
		`UPDATE audit SET detail = '{}'`, blank + `, actor = 'x'`, `UPDATE audit SET at = at`, `DELETE FROM audit WHERE false`, `TRUNCATE audit`,
		`UPDATE audit_link SET seq = seq`, `DELETE FROM audit_link`, `UPDATE seal SET key = key`, `TRUNCATE sealed_head`,
	} {
		if _, err := p.pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was taken", sql)
		}
	}
	p.sound()
}

// A proof may take minutes: only its COMMIT has a limit.
func TestWorkMayTakeLongerThanItsCommit(t *testing.T) {
	t.Parallel()
	p := begins(t)
	p.end = 200 * time.Millisecond
	p.must(p.within(t.Context(), proving, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `SELECT pg_sleep(0.3)`)
		return err
	}))
}

// BenchmarkVerify proves a trail of a million lines (G19: 10 s).
func BenchmarkVerify(b *testing.B) {
	const lines = 1_000_000
	p := begins(b)
	ctx := context.Background()
	p.runs(`INSERT INTO audit (actor, action, object, detail)
		SELECT 'office (key 17)', 'block', 'voucher ' || n, jsonb_build_object('reason', 'case ' || n) FROM generate_series(1, $1::int) n`, lines)
	chained, err := p.Chain(ctx, Recent)
	p.must(err)
	if chained != lines {
		b.Fatalf("%d lines were chained", chained)
	}
	p.seals()
	p.runs(`ANALYZE`)
	for b.Loop() {
		p.sound()
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
