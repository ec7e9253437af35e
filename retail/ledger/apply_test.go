package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

// does applies an act that must succeed.
func (h *house) does(id string, act voucher.Act) voucher.Answer {
	h.t.Helper()
	answer, err := h.Apply(h.t.Context(), ledger.Aimed{Voucher: id, Act: act})
	if err != nil {
		h.t.Fatalf("%T: %v", act, err)
	}
	return answer
}

// refuses applies an act that must be refused.
func (h *house) refuses(id string, act voucher.Act, want error) {
	h.t.Helper()
	if _, err := h.Apply(h.t.Context(), ledger.Aimed{Voucher: id, Act: act}); !errors.Is(err, want) {
		h.t.Errorf("%T: %v, want %v", act, err, want)
	}
}

// sound proves every invariant on the house's database.
func (h *house) sound() {
	h.t.Helper()
	findings, err := h.Verify(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range findings {
		h.t.Errorf("%s: %s: %s", f.Invariant, f.Subject, f.Evidence)
	}
}

// tasks are the open tasks of a kind, by reason.
func (h *house) tasks(kind string) (reasons []string) {
	h.t.Helper()
	rows, err := h.pool.Query(h.t.Context(), `SELECT reason FROM task WHERE kind = $1 AND closed_at IS NULL ORDER BY id`, kind)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var reason string
		if err := rows.Scan(&reason); err != nil {
			h.t.Fatal(err)
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

func TestAReservationIsCapturedOnceAndTheRestIsFree(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(50000)
	reserved := h.does(id, h.cart("a", 30000))
	if reserved.Reservation.Amount != 30000 || !reserved.Created {
		t.Errorf("reserved %+v", reserved.Reservation)
	}
	amount := dkk(20000)
	captured := h.does(id, h.capture("a", &amount))
	if captured.Record.Amount != 20000 || captured.Record.Released != 10000 || captured.Record.Balance != 30000 {
		t.Errorf("captured %+v", captured.Record)
	}
	if captured.Record.Key != "key-a" || captured.Record.Kind != voucher.Redemptions {
		t.Errorf("the redemption bears %v, want the reservation's key", captured.Record.Ref)
	}
	if again := h.does(id, h.capture("a", nil)); again.Record.ID != captured.Record.ID {
		t.Error("the same order captured twice")
	}
	other := h.capture("a", nil)
	other.Detail.Order = "another"
	h.refuses(id, other, voucher.ErrReservationEnded)
	if got := h.tasks(ledger.TaskShortOrder); len(got) != 1 || !strings.Contains(got[0], "order another is short by 300.00 DKK") {
		t.Errorf("tasks %q", got)
	}
	if got := h.balance(id); got != 30000 {
		t.Errorf("balance %d, want 30000", got)
	}
	h.sound()
}

// A key that two gateways use for two codes at once names one act (X03): the constraint decides.
func TestOneKeyOnTwoCodesAtOnceNamesOneAct(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := beside(t, a.pool)
	for round := range 20 {
		one, _ := a.issues(10000)
		two, _ := a.issues(10000)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, h := range []*house{a, b} {
			wg.Go(func() {
				act := h.till("k1", fmt.Sprint("receipt", round), 100)
				_, errs[i] = h.Apply(context.Background(), ledger.Aimed{Voucher: []string{one, two}[i], Act: act})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v, want one of them done", round, errs[0], errs[1])
		}
		if err := errors.Join(errs...); !errors.Is(err, voucher.ErrKeyReused) {
			t.Fatalf("round %d: %v, want %v", round, err, voucher.ErrKeyReused)
		}
	}
	a.sound()
}

// A cancellation that overtakes its original wins for ever; one that comes at the same moment
// either prevents the act or finds it (X02; 3.7 no. 15).
func TestACancellationMayOvertakeItsOriginal(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	late := h.till("k1", "late", 500)
	if done, err := h.Prevent(t.Context(), late.Ref); err != nil || !done {
		t.Fatalf("prevent: %v %v", done, err)
	}
	h.refuses(id, late, voucher.ErrPrevented)
	for i := range 20 {
		act := h.till("k1", fmt.Sprint("r", i), 100)
		var wg sync.WaitGroup
		var prevented bool
		var applied error
		wg.Go(func() { prevented, _ = h.Prevent(context.Background(), act.Ref) })
		wg.Go(func() { _, applied = h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: act}) })
		wg.Wait()
		if prevented == (applied == nil) {
			t.Fatalf("prevented %v and applied %v", prevented, applied)
		}
	}
	h.sound()
}

// A witness ahead of the row proves that an acknowledged change was lost: the code is quarantined,
// with a task, and nothing of it is granted (R2, P4).
func TestAWitnessAheadQuarantinesTheCode(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	h.mu.Lock()
	h.witness[id] = 7
	h.mu.Unlock()
	h.refuses(id, h.till("k", "1", 100), voucher.ErrQuarantined)
	h.refuses(id, h.cart("c", 100), voucher.ErrQuarantined)
	if got := h.tasks(ledger.TaskQuarantine); len(got) != 1 {
		t.Errorf("tasks %q, want one", got)
	}
	if got := h.balance(id); got != 10000 {
		t.Errorf("balance %d", got)
	}
}

// An expired reservation excludes nobody, and its own cart may still capture while nobody has been
// granted the code (late capture; 3.7 no. 6 and 14).
func TestAnExpiredReservationCanBeCapturedUntilAnotherIsGranted(t *testing.T) {
	t.Parallel()
	h := open(t)
	one, _ := h.issues(10000)
	two, _ := h.issues(10000)
	three, _ := h.issues(10000)
	h.does(one, h.cart("one", 5000))
	h.does(two, h.cart("two", 5000))
	h.does(three, h.cart("three", 5000))
	retailtest.ShiftClock(t, h.pool, 24*time.Hour+time.Second)
	if n, err := h.Sweep(t.Context()); err != nil || n != 3 {
		t.Errorf("swept %d, %v; want 3", n, err)
	}
	if late := h.does(one, h.capture("one", nil)); !late.Record.Late || late.Record.Amount != 5000 {
		t.Errorf("captured %+v, want it late", late.Record)
	}
	h.does(two, h.till("k", "r", 100))
	h.refuses(two, h.capture("two", nil), voucher.ErrSuperseded)
	retailtest.ShiftClock(t, h.pool, (24+72)*time.Hour+time.Second)
	h.refuses(three, h.capture("three", nil), voucher.ErrReservationExpired)
	if got := h.tasks(ledger.TaskShortOrder); len(got) != 2 {
		t.Errorf("tasks %q, want two short orders", got)
	}
	h.sound()
}

// A holder of a shop has one code at a time, also when two gateways are asked at once for two (D09).
func TestAHolderHasAsManyCodesAsAnOrderMayUse(t *testing.T) {
	t.Parallel()
	a := open(t)
	b := beside(t, a.pool)
	for round := range 10 {
		ids := make([]string, 6)
		for i := range ids {
			ids[i], _ = a.issues(1000)
		}
		var wg sync.WaitGroup
		errs := make([]error, len(ids))
		for i, id := range ids {
			h := []*house{a, b}[i%2]
			act := h.cart(fmt.Sprint("cart", round), 100)
			act.Ref.Key = fmt.Sprint("key", round, "-", i)
			wg.Go(func() { _, errs[i] = h.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: act}) })
		}
		wg.Wait()
		granted := 0
		for _, err := range errs {
			if err == nil {
				granted++
			} else if !errors.Is(err, voucher.ErrTooMany) {
				t.Error(err)
			}
		}
		if granted != 1 {
			t.Fatalf("round %d: %d codes granted, want 1", round, granted)
		}
	}
	a.sound()
}

// Two orders that take the same codes in opposite order do not block each other (3.7 no. 19), and
// each takes all of its codes or none.
func TestSeveralCodesAreCapturedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := open(t)
	one, _ := h.issues(1000)
	two, _ := h.issues(1000)
	h.does(one, h.cart("a", 700))
	h.does(two, h.cart("b", 700))
	both := []ledger.Aimed{{Voucher: one, Act: order(h.capture("a", nil), "o")}, {Voucher: two, Act: order(h.capture("b", nil), "o")}}
	var wg sync.WaitGroup
	for i := range 10 {
		acts := []ledger.Aimed{both[i%2], both[1-i%2]}
		wg.Go(func() {
			if _, err := h.ApplyAll(context.Background(), acts...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if h.balance(one) != 300 || h.balance(two) != 300 {
		t.Errorf("balances %d and %d, want 300 each", h.balance(one), h.balance(two))
	}
	three, _ := h.issues(1000)
	h.does(three, h.cart("c", 700))
	mixed := []ledger.Aimed{{Voucher: three, Act: order(h.capture("c", nil), "p")}, {Voucher: one, Act: order(h.capture("a", nil), "p")}}
	if _, err := h.ApplyAll(t.Context(), mixed...); !errors.Is(err, voucher.ErrReservationEnded) {
		t.Errorf("%v, want %v", err, voucher.ErrReservationEnded)
	}
	if h.balance(three) != 1000 {
		t.Errorf("balance %d: a refused order took one of its codes", h.balance(three))
	}
	if got := h.tasks(ledger.TaskShortOrder); len(got) != 1 {
		t.Errorf("tasks %q, want the short order", got)
	}
	h.sound()
}

// order names the order that captures.
func order(c voucher.Capture, name string) voucher.Capture {
	c.Detail.Order = name
	return c
}

// Verify finds each single edit of the stores' rows (G19 in small).
func TestVerifyFindsWhatSomebodyEdited(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]string{
		"a balance raised":          "UPDATE voucher SET balance = balance + 1",
		"an amount changed":         "ALTER TABLE entry DISABLE TRIGGER ALL; UPDATE entry SET amount = amount + 1 WHERE seq = 1",
		"a contra account changed":  "ALTER TABLE entry DISABLE TRIGGER ALL; UPDATE entry SET contra = 'redeemed/till:other' WHERE seq = 2",
		"the last entry removed":    "ALTER TABLE entry DISABLE TRIGGER ALL; DELETE FROM entry WHERE seq = 2",
		"an act enlarged":           "UPDATE act SET amount = amount + 1 WHERE kind = 'redemption'",
		"a reservation overlapping": "UPDATE reservation SET granted_at = granted_at - interval '1 year' WHERE fence = 2",
		"a fence forged":            "UPDATE reservation SET fence = 99 WHERE fence = 2",
		"a reservation uncaptured":  "UPDATE reservation SET state = 'released' WHERE state = 'captured'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			id, _ := h.issues(10000)
			h.does(id, h.till("k", "1", 100))
			h.does(id, h.cart("a", 500))
			h.sound()
			if _, err := h.pool.Exec(t.Context(), edit); err != nil {
				t.Fatal(err)
			}
			findings, err := h.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(findings) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

// The journal can't be edited by the program's own role in the ordinary way.
func TestTheJournalIsAppendOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.issues(100)
	for _, edit := range []string{"UPDATE entry SET amount = 5", "DELETE FROM entry", "TRUNCATE entry"} {
		if _, err := h.pool.Exec(t.Context(), edit); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", edit, err)
		}
	}
}
