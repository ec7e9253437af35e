package ledger_test

import (
	"slices"
	"testing"

	"vouchsafe/retail/ledger"
)

// finds makes sure that the proof finds what somebody edited, by the rule that it breaks.
func (h *house) finds(edit, invariant string) {
	h.t.Helper()
	if _, err := h.pool.Exec(h.t.Context(), edit); err != nil {
		h.t.Fatal(err)
	}
	findings, err := h.Verify(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if !slices.ContainsFunc(findings, func(f ledger.Finding) bool { return f.Invariant == invariant }) {
		h.t.Errorf("found %v", findings)
	}
}

// An earlier reservation that lasted into a later one is found by the proof of that, though fences and grants rise as they should; also
// when it is not the one just before (I3).
func TestVerifyFindsAReservationThatLastedIntoALaterOne(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	h.does(id, h.till("k", "1", 100))
	h.does(id, h.till("l", "2", 100))
	h.does(id, h.cart("a", 500))
	h.sound()
	const lasts = `UPDATE reservation SET ended_at = granted_at + interval '1 hour', expires_at = granted_at + interval '2 hours' WHERE fence = 1`
	if _, err := h.pool.Exec(t.Context(), lasts); err != nil {
		t.Fatal(err)
	}
	findings, err := h.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 2 {
		t.Fatalf("%d findings, want one for each reservation that it lasted into: %v", len(findings), findings)
	}
	for _, f := range findings {
		if f.Invariant != "no two reservations of one code overlapped" || f.Subject != id {
			t.Errorf("found %+v", f)
		}
	}
}

// A code that a whole town uses has tens of thousands of lines. The proof reads each of them some times, and not all of them for each:
// that took longer than the proof may, with 40,000 uses of one code minutes. The lines are copies, so that their chain is broken.
func TestTheProofOfACodeIsNoSlowerThanItsLines(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(100_000)
	h.does(id, h.till("k", "1", 1))
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, statement := range []string{
		`ALTER TABLE entry DISABLE TRIGGER USER`,
		`CREATE TEMPORARY TABLE used ON COMMIT DROP AS SELECT a, e, n, gen_random_uuid() AS id
			FROM act a JOIN entry e ON e.act = a.id, generate_series(3, 40000) n WHERE a.kind = 'redemption'`,
		`INSERT INTO act SELECT p.* FROM used, jsonb_populate_record(a, jsonb_build_object('id', id, 'key', n::text, 'reservation', NULL)) p`,
		`INSERT INTO entry SELECT p.* FROM used, jsonb_populate_record(e, jsonb_build_object('act', id, 'seq', n)) p`,
		`INSERT INTO entry SELECT p.* FROM entry e, generate_series(1, 20000) n, jsonb_populate_record(e, jsonb_build_object('account', md5(n::text))) p
			WHERE e.seq = 1`,
		`ANALYZE act, entry`,
		`SET LOCAL statement_timeout = '10s'`,
	} {
		if _, err := tx.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	findings, err := ledger.VerifyIn(t.Context(), tx)
	if err != nil || len(findings) == 0 {
		t.Errorf("%d findings, %v", len(findings), err)
	}
}
