package ledger_test

import (
	"testing"
	"time"

	"vouchsafe/retail/retailtest"
)

// multiply makes 600 more vouchers and reservations like the one that there is.
const multiply = `WITH more AS (
		INSERT INTO voucher
		SELECT (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(), 'code_mac', '\x' || encode(sha256(n::text::bytea), 'hex')))).*
		FROM voucher v, generate_series(1, 600) n
		RETURNING id
	)
	INSERT INTO reservation
	SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'voucher', more.id))).*
	FROM reservation r, more`

func TestASweepEndsAllThatIsOverdueInBatches(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	h.does(id, h.cart("one", 5000))
	if _, err := h.pool.Exec(t.Context(), multiply); err != nil {
		t.Fatal(err)
	}
	retailtest.ShiftClock(t, h.pool, 24*time.Hour+time.Second)
	if n, err := h.Sweep(t.Context()); err != nil || n != 601 {
		t.Errorf("swept %d, %v; want 601", n, err)
	}
	var live int
	if err := h.pool.QueryRow(t.Context(), "SELECT count(*) FROM reservation WHERE state = 'active'").Scan(&live); err != nil || live != 0 {
		t.Errorf("%d are live afterwards, %v", live, err)
	}
}
