package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// begins lets another life of PostgreSQL begin, as a restart does.
func (h *house) begins(life string) {
	h.t.Helper()
	const replace = `CREATE OR REPLACE FUNCTION vouchsafe_life() RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE AS $$ SELECT '%s'::text $$`
	if _, err := h.pool.Exec(h.t.Context(), fmt.Sprintf(replace, life)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) pulse() ledger.Pulse {
	h.t.Helper()
	p, err := h.Pulse(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) version(id string) int64 {
	h.t.Helper()
	versions, err := h.Versions(h.t.Context(), []string{id})
	if err != nil {
		h.t.Fatal(err)
	}
	return versions[id]
}

// TestP4InAnUnknownLifeOnlyWhatWasHeardOfIsSettled: from the very first act after a fail-over on, none is
// settled on a voucher of which Redis could not be asked, not even one that gives nothing away: versions
// that rise would catch up with the witness.
func TestP4InAnUnknownLifeOnlyWhatWasHeardOfIsSettled(t *testing.T) {
	t.Parallel()
	h := open(t)
	id, _ := h.issues(10000)
	h.does(id, h.cart("c", 100))
	h.Trust(h.pulse().Life)
	h.away = true
	h.does(id, h.capture("c", nil))
	before := h.version(id)

	h.begins("another server")
	aimed := ledger.Aimed{Voucher: id, Act: h.till("k", "1", 100)}
	if _, err := h.Apply(t.Context(), aimed); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("a grant: got %v, want ErrUnavailable", err)
	}
	if _, err := h.Apply(t.Context(), ledger.Aimed{Voucher: id, Act: voucher.Expire{}}); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("what grants nothing: got %v, want ErrUnavailable", err)
	}
	if _, err := h.ApplyAll(t.Context(), aimed); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("several together: got %v, want ErrUnavailable", err)
	}
	also := func(outbox.Tx, *ledger.Applied) error {
		t.Error("something is done along with an act that is not settled")
		return nil
	}
	if _, err := h.ApplyWith(t.Context(), also, aimed); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("with something else: got %v, want ErrUnavailable", err)
	}
	if got := h.version(id); got != before {
		t.Errorf("the version is %d, want %d", got, before)
	}

	h.away = false
	h.witness[id] = before + 1
	h.refuses(id, h.till("k", "1", 100), voucher.ErrQuarantined)
	other, _ := h.issues(10000)
	h.does(other, h.till("k", "2", 100))
	h.away = true
	h.Trust("another server")
	h.does(other, h.till("k", "3", 100))
}

// TestP4AFailOverBetweenTheQuestionAndTheLockIsSeen: what was acknowledged after Redis was asked, and lost
// before the row was locked.
func TestP4AFailOverBetweenTheQuestionAndTheLockIsSeen(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, settles := range map[string]func(ledger.Aimed) error{
		"in a group": func(a ledger.Aimed) error { _, err := h.Apply(t.Context(), a); return err },
		"together":   func(a ledger.Aimed) error { _, err := h.ApplyAll(t.Context(), a); return err },
	} {
		id, _ := h.issues(10000)
		h.Trust("another server")
		h.then = func() { h.witness[id] = 7 }
		err := settles(ledger.Aimed{Voucher: id, Act: h.till("k", name, 100)})
		if h.then = nil; !errors.Is(err, voucher.ErrQuarantined) {
			t.Errorf("%s: got %v, want a quarantine", name, err)
		}
	}
}

// TestG7ComparingQuarantinesExactlyWhatIsBehind: the vouchers whose witness is ahead and no other, once;
// those that are gone become tasks, once and for ever.
func TestG7ComparingQuarantinesExactlyWhatIsBehind(t *testing.T) {
	t.Parallel()
	h := open(t)
	behind, _ := h.issues(10000)
	level, _ := h.issues(10000)
	ahead, _ := h.issues(10000)
	h.does(ahead, h.till("k", "1", 100))
	gone := uuid.NewString()
	witnesses := map[string]int64{behind: 5, level: 1, ahead: 1, gone: 3}
	for round, want := range []ledger.Loss{{Quarantined: []string{behind}, Missing: []string{gone}}, {}} {
		got, err := h.Compare(t.Context(), witnesses)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d (-want +got):\n%s", round, diff)
		}
	}
	for kind, want := range map[string]int{ledger.TaskQuarantine: 1, ledger.TaskMissing: 1, ledger.TaskRollback: 1} {
		if got := len(h.tasks(kind)); got != want {
			t.Errorf("%d tasks %s, want %d", got, kind, want)
		}
	}
	h.refuses(behind, h.till("k", "2", 100), voucher.ErrQuarantined)
	h.does(level, h.till("k", "3", 100))

	settled := func() bool {
		t.Helper()
		found, err := h.MissingSettled(t.Context(), []string{behind, gone})
		if err != nil || found[behind] {
			t.Errorf("%v, %v", found, err)
		}
		return found[gone]
	}
	if settled() {
		t.Error("an open task passes for settled")
	}
	err := h.InTx(t.Context(), func(tx outbox.Tx) error {
		return outbox.CloseTask(context.Background(), tx, ledger.TaskMissing, gone, "refunded")
	})
	if err != nil || !settled() {
		t.Errorf("a closed task doesn't pass for settled: %v", err)
	}
	if got, err := h.Compare(t.Context(), witnesses); err != nil || len(got.Missing) != 0 || len(h.tasks(ledger.TaskMissing)) != 0 {
		t.Errorf("found again what a person has settled: %+v, %v", got, err)
	}
}

// TestAnExaminationCountsForTheLifeThatItWasMadeIn and for no other.
func TestAnExaminationCountsForTheLifeThatItWasMadeIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	if p := h.pulse(); p.Known() || p.Before || p.Newest != "" || p.Life == "" {
		t.Errorf("a new database has the pulse %+v", p)
	}
	id, _ := h.issues(10000)
	first := h.pulse()
	h.does(id, h.till("k", "1", 100))
	if p := h.pulse(); p.Newest <= first.Newest {
		t.Errorf("after an act the newest is %q, before it %q", p.Newest, first.Newest)
	}
	if err := h.Examined(t.Context(), ledger.Examination{Life: first.Life}); err != nil {
		t.Fatal(err)
	}
	if p := h.pulse(); !p.Known() || !p.Before {
		t.Errorf("an examined life has the pulse %+v", p)
	}
	if err := h.InTx(t.Context(), func(tx outbox.Tx) error { return ledger.Doubt(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if p := h.pulse(); p.Known() || !p.Before {
		t.Errorf("a doubted life has the pulse %+v", p)
	}
	h.begins("another server")
	task := outbox.Task{Kind: "unwitnessed", Subject: "redis", Reason: "late"}
	if err := h.Examined(t.Context(), ledger.Examination{Life: first.Life}, task); !errors.Is(err, ledger.ErrMoved) {
		t.Errorf("an examination that comes too late: got %v, want ErrMoved", err)
	}
	if p := h.pulse(); p.Known() || len(h.tasks("unwitnessed")) != 0 {
		t.Errorf("it counts all the same: %+v", p)
	}
}
