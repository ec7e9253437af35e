package ledger_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// aDay and what a voucher of these tests is valid and may be claimed for after it was sold.
const (
	aDay     = 24 * time.Hour
	itsYears = (3*365 + 2) * aDay
	claims   = 4 * aDay
)

// multiplyVouchers makes so many more vouchers like the one that there is, with their journals.
const multiplyVouchers = `WITH more AS (
		INSERT INTO voucher
		SELECT (jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid(), 'code_mac', '\x' || encode(sha256(n::text::bytea), 'hex'), 'entries', 0, 'head', '\x' || repeat('00', 32), 'balance', 0))).*
		FROM voucher v, generate_series(1, $1) n
		RETURNING id
	)
	SELECT id::text FROM more`

// adjusts gives vouchers a balance, so that their journals are real ones.
func (h *house) adjusts(id string, minor int64) {
	h.t.Helper()
	amount := dkk(minor)
	ref := voucher.Ref{Owner: "office", Kind: voucher.Adjustments, Key: id}
	if _, err := h.Apply(h.t.Context(), ledger.Aimed{Voucher: id, Act: voucher.Adjust{ID: h.newID(), Ref: ref, Delta: &amount}}); err != nil {
		h.t.Error(err)
	}
}

// filled are so many more vouchers of 100.00.
func (h *house) filled(more int) {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), multiplyVouchers, more)
	if err != nil {
		h.t.Fatal(err)
	}
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			h.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() { h.adjusts(id, 100_00) })
	}
	wg.Wait()
}

// reads reads one figure of the database.
func (h *house) reads(query string) (n int64) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), query).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

const owedOnVouchers, writeOffs = `SELECT sum(balance)::bigint FROM voucher`, `SELECT count(*) FROM entry WHERE kind = 'expire'`

// X12: two gateways at once write each voucher off once, in batches, and leave the others alone.
func TestTwoGatewaysWriteOffOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	other := beside(t, h.pool)
	h.issues(100_00)
	h.filled(700)
	blocked, _ := h.issues(100_00)
	h.does(blocked, voucher.Block{Kind: voucher.OfficeBlock, Blocked: true})
	retailtest.ShiftClock(t, h.pool, itsYears)
	later, _ := h.issues(100_00)
	if n, err := h.WriteOff(t.Context()); err != nil || n != 0 {
		t.Errorf("while orders may claim them %d are written off, %v", n, err)
	}
	retailtest.ShiftClock(t, h.pool, itsYears+claims)
	var wg sync.WaitGroup
	var done [2]int
	for i, gateway := range []*house{h, other} {
		wg.Go(func() {
			var err error
			if done[i], err = gateway.WriteOff(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done[0]+done[1] != 701 || h.reads(writeOffs) != 701 || h.reads(owedOnVouchers) != 200_00 {
		t.Errorf("%v were written off, %d lines, %d are owed", done, h.reads(writeOffs), h.reads(owedOnVouchers))
	}
	if n, err := h.WriteOff(t.Context()); err != nil || n != 0 || h.balance(later) != 100_00 || h.balance(blocked) != 100_00 {
		t.Errorf("%d more, %v", n, err)
	}
	h.sound()
}

// The same of a gateway that dies over its work: whoever goes on finds what is left.
func TestAWriteOffThatIsCutOffGoesOn(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.issues(100_00)
	h.filled(20)
	retailtest.ShiftClock(t, h.pool, itsYears+claims)
	ctx, dies := context.WithCancel(t.Context())
	dying := beside(t, h.pool)
	dying.then = dies
	if n, err := dying.WriteOff(ctx); err == nil {
		t.Errorf("it was not cut off: %d", n)
	}
	if _, err := h.WriteOff(t.Context()); err != nil || h.reads(owedOnVouchers) != 0 || h.reads(writeOffs) != 21 {
		t.Errorf("%v: %d lines, %d are owed", err, h.reads(writeOffs), h.reads(owedOnVouchers))
	}
	h.sound()
}

// X12: whatever is edited of a write-off, the proof of the books finds it.
func TestVerifyFindsWhatIsWrongWithAWriteOff(t *testing.T) {
	t.Parallel()
	const line, due, reserved = "a write-off is a line of the journal, and stands unless it was brought back",
		"what is written off had expired, and nobody could ask for it", "nothing is written off that somebody has reserved"
	for _, tt := range []struct{ invariant, edit string }{
		{line, `UPDATE act SET key = 'x' WHERE kind = 'lapse'`},
		{line, `UPDATE act SET amount = amount - 1 WHERE kind = 'lapse'`},
		{line, `UPDATE act SET state = 'reversed', taken_back = amount WHERE kind = 'lapse'`},
		{line, `UPDATE act SET kind = 'adjustment' WHERE kind = 'lapse'`},
		{line, `ALTER TABLE entry DISABLE TRIGGER ALL; DELETE FROM entry WHERE kind = 'expire'`},
		{due, `UPDATE voucher SET expires_on = expires_on + 30`},
		{due, `UPDATE voucher SET owed_for = 1`},
		{due, `UPDATE voucher SET expires_on = NULL, ends_at = NULL`},
		{reserved, `INSERT INTO reservation (id, voucher, fence, owner, key, holder, holder_hint, amount, due, revision, state, granted_at, expires_at)
			SELECT gen_random_uuid(), v.id, 1, 'shop:demo', 'k', decode(repeat('00', 32), 'hex'), '', 0, 0, 0, 'active', v.last_at - interval '1 hour', v.last_at + interval '1 hour' FROM voucher v`},
	} {
		t.Run(tt.edit, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			id, _ := h.issues(100_00)
			retailtest.ShiftClock(t, h.pool, itsYears+claims)
			if n, err := h.WriteOff(t.Context()); err != nil || n != 1 || h.balance(id) != 0 {
				t.Fatalf("%d were written off, %v", n, err)
			}
			h.sound()
			h.finds(tt.edit, tt.invariant)
		})
	}
}

// X12: what is blocked stays owed after it has expired, since somebody has still to decide about it: its order may be paid again, or
// refunded. Once it is free, it is written off as all others are; who blocks it for good invalidates it.
func TestWhatIsBlockedIsOwedUntilItIsFree(t *testing.T) {
	t.Parallel()
	h := open(t)
	blocked, _ := h.issues(100_00)
	ended, _ := h.issues(100_00)
	block := voucher.Block{Kind: voucher.OrderBlock, Blocked: true}
	h.does(blocked, block)
	h.does(ended, block)
	retailtest.ShiftClock(t, h.pool, itsYears+claims)
	if n, err := h.WriteOff(t.Context()); err != nil || n != 0 || h.reads(owedOnVouchers) != 200_00 {
		t.Errorf("%d are written off, %d are owed, %v", n, h.reads(owedOnVouchers), err)
	}
	h.does(blocked, voucher.Block{Kind: voucher.OrderBlock})
	h.does(ended, voucher.Invalidate{ID: h.newID(), Ref: voucher.Ref{Owner: "office", Kind: voucher.Endings, Key: "e"}})
	if n, err := h.WriteOff(t.Context()); err != nil || n != 1 || h.balance(blocked) != 0 || h.reads(owedOnVouchers) != 0 {
		t.Errorf("%d are written off, %d are owed, %v", n, h.reads(owedOnVouchers), err)
	}
	h.sound()
}
