package ledger_test

import "testing"

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
