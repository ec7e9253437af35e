package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/outbox"
)

func TestRowAndNudgeExistOnlyWithTheirCause(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	mishap := errors.New("the purchase fell through")

	err := outbox.InTx(t.Context(), o.pool, func(tx outbox.Tx) error {
		return errors.Join(box.Add(t.Context(), tx, about("lost")), mishap)
	})
	if !errors.Is(err, mishap) {
		t.Fatalf("got %v, want %v", err, mishap)
	}
	o.adds(box, about("kept"))

	if n := o.counts(`SELECT count(*) FROM delivery`); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
	if n := o.counts(`SELECT count(*) FROM river_job`); n != 1 {
		t.Errorf("%d jobs, want 1", n)
	}
}

func TestDeliveryIsAddedOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	o.adds(box, about("v1"))

	o.does(func(tx outbox.Tx) error {
		err := box.Add(context.Background(), tx, about("v1"), about("v2"))
		if !errors.Is(err, outbox.ErrExists) {
			t.Errorf("got %v, want ErrExists", err)
		}
		return nil
	})
	resend := about("v1")
	resend.Seq = outbox.NextSeq
	o.adds(box, resend)

	if n := o.counts(`SELECT count(*) FROM delivery WHERE subject = 'v2'`); n != 1 {
		t.Errorf("%d other deliveries, want 1: the transaction is still good", n)
	}
	if n := o.counts(`SELECT max(seq) FROM delivery WHERE subject = 'v1'`); n != 1 {
		t.Errorf("resend has number %d, want 1", n)
	}
}

func TestDraftKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	due := time.Date(2126, 12, 24, 8, 0, 0, 0, time.UTC)
	o.adds(o.box(never), outbox.Draft{
		ID: "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01", Kind: codeMail, Subject: "v1", Seq: 3, Parent: "p1", Shop: "s1",
		Due: due, Recipient: []byte("sealed"), RecipientHash: []byte("hash"), MessageID: "<1@x>", Detail: []byte(`{"lang": "da"}`),
	})

	got := o.reads("v1")
	if !got.DueAt.Equal(due) || !got.ReadyAt.Equal(due) {
		t.Errorf("due %v, ready %v, want %v", got.DueAt, got.ReadyAt, due)
	}
	got.CreatedAt, got.ReadyAt, got.DueAt = time.Time{}, time.Time{}, nil
	want := outbox.Delivery{
		ID: "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01", Kind: codeMail, Subject: "v1", Seq: 3, Parent: "p1", Shop: "s1",
		State: outbox.StatePending, Held: []string{}, Recipient: []byte("sealed"), RecipientHash: []byte("hash"),
		MessageID: "<1@x>", Detail: []byte(`{"lang": "da"}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delivery (-want +got):\n%s", diff)
	}
	if n := o.counts(`SELECT count(*) FROM river_job`); n != 0 {
		t.Errorf("%d nudges for what is not due, want 0", n)
	}
}

// I10: whatever is delivered is delivered by one of them, not by each (D4).
func TestTwoProcessesWorkEachDeliveryOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const many = 60
	var mu sync.Mutex
	attempts := map[string]int{}
	count := func(_ context.Context, w *outbox.Work) outbox.Result {
		mu.Lock()
		defer mu.Unlock()
		attempts[w.Subject]++
		return outbox.Done()
	}
	box := o.opens(never, codeMail, count)
	o.opens(never, codeMail, count)

	for i := range many {
		o.adds(box, about(fmt.Sprint("v", i)))
	}
	// A second nudge for each, as after a rescue.
	if _, err := o.pool.Exec(t.Context(), `
INSERT INTO river_job (args, kind, max_attempts, queue)
SELECT jsonb_build_object('delivery', id, 'work', kind), 'delivery', 1, kind FROM delivery`); err != nil {
		t.Fatal(err)
	}
	o.until("all to be done", func() bool {
		return o.counts(`SELECT count(*) FROM delivery WHERE state = 'done'`) == many &&
			o.counts(`SELECT count(*) FROM river_job WHERE state <> 'completed'`) == 0
	})

	mu.Lock()
	defer mu.Unlock()
	for subject, n := range attempts {
		if n != 1 {
			t.Errorf("%s was attempted %d times, want 1", subject, n)
		}
	}
}

// E10: exactly one order confirmation precedes the code mail.
func TestDeliveryWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	first, second := make(chan string), make(chan string, 1)
	box.Handle(confirmation, func(_ context.Context, w *outbox.Work) outbox.Result {
		first <- w.Subject
		return outbox.Done()
	}, outbox.Options{})
	box.Handle(codeMail, func(_ context.Context, w *outbox.Work) outbox.Result {
		second <- w.Subject
		return outbox.Done()
	}, outbox.Options{})
	o.starts(box)

	before := "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01"
	o.adds(box,
		outbox.Draft{ID: before, Kind: confirmation, Subject: "order"},
		outbox.Draft{Kind: codeMail, Subject: "voucher", After: before},
	)
	o.awaits("order", outbox.StateSending)
	o.nudges("voucher")
	if got := o.reads("voucher"); got.Attempt != 0 {
		t.Fatalf("code mail was attempted %d times before the confirmation, want 0", got.Attempt)
	}
	receives(t, first)
	receives(t, second)
	o.awaits("voucher", outbox.StateDone)
}

// A statement does not see the rows that it inserts itself.
func TestDraftsOfOneCallKnowOneAnother(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	before := "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01"
	again := outbox.Draft{Kind: codeMail, Subject: "order", Seq: outbox.NextSeq}
	o.adds(o.box(never), again, again,
		outbox.Draft{ID: before, Kind: confirmation, Subject: "order"},
		outbox.Draft{Kind: codeMail, Subject: "voucher", After: before}, again,
	)
	if n := o.counts(`SELECT count(DISTINCT seq) FROM delivery WHERE subject = 'order' AND kind = 'code' AND seq < 3`); n != 3 {
		t.Errorf("%d resends have numbers of their own, want 3", n)
	}
	if n := o.counts(`SELECT count(*) FROM delivery WHERE subject = 'voucher' AND nudge_at IS NULL`); n != 1 {
		t.Error("the follower does not wait for the one before")
	}
}

// What a process can't work for want of something it leaves, with the reason, to one that has it.
func TestWhatAProcessLacksItLeavesToAnother(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	poor := o.box(never)
	poor.Handle(codeMail, func(context.Context, *outbox.Work) outbox.Result {
		t.Error("it was attempted without what it needs")
		return outbox.Done()
	}, outbox.Options{Lacks: "no mail server"})
	o.starts(poor)
	o.adds(poor, about("v1"))
	if got := o.reads("v1"); got.State != outbox.StatePending || got.Reason != "no mail server" {
		t.Errorf("got %s %q, want it pending with the reason", got.State, got.Reason)
	}
	if n := o.counts(`SELECT count(*) FROM river_job`); n != 0 {
		t.Errorf("%d nudges that nobody can follow", n)
	}
	o.shifts(time.Minute)
	if _, err := poor.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := o.counts(`SELECT count(*) FROM river_job`); n != 0 {
		t.Errorf("%d nudges that nobody can follow, after a sweep", n)
	}
	o.opens(never, codeMail, calm(outbox.Done()))
	o.awaits("v1", outbox.StateDone)
}

// The one before is settled, but not committed, while its follower becomes due: one of the two sees the other.
func TestFollowerBecomesDueWhileTheOneBeforeIsSettled(t *testing.T) {
	t.Parallel()
	const before, after = "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01", "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a02"
	follower := outbox.Draft{ID: after, Kind: codeMail, Subject: "voucher", Parent: "p1", After: before}
	stuck := follower
	stuck.Waiting = "no address"
	for name, test := range map[string]struct {
		first   []outbox.Draft // beside the one before
		held    bool
		becomes func(context.Context, *outbox.Outbox, outbox.Tx) error
	}{
		"added": {nil, false, func(ctx context.Context, o *outbox.Outbox, tx outbox.Tx) error { return o.Add(ctx, tx, follower) }},
		"no longer held": {[]outbox.Draft{follower}, true, func(ctx context.Context, o *outbox.Outbox, tx outbox.Tx) error {
			_, err := o.Unhold(ctx, tx, outbox.Where{ID: after}, "blocked")
			return err
		}},
		"tried again": {[]outbox.Draft{stuck}, false, func(ctx context.Context, o *outbox.Outbox, tx outbox.Tx) error { return o.Retry(ctx, tx, after) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t)
			box := o.box(never)
			written, commit := make(chan struct{}), make(chan struct{})
			box.Handle(confirmation, func(ctx context.Context, w *outbox.Work) outbox.Result {
				err := outbox.InTx(ctx, o.pool, func(tx outbox.Tx) error {
					err := w.Settle(ctx, tx, outbox.Done())
					close(written)
					<-commit
					return err
				})
				if err != nil {
					t.Error(err)
				}
				return outbox.Settled()
			}, outbox.Options{})
			box.Handle(codeMail, calm(outbox.Done()), outbox.Options{})
			o.adds(box, append([]outbox.Draft{{ID: before, Kind: confirmation, Subject: "order"}}, test.first...)...)
			if test.held {
				o.holds(box, "blocked", 1)
			}
			o.starts(box)
			receives(t, written)
			due := make(chan error, 1)
			go func() {
				due <- outbox.InTx(context.Background(), o.pool, func(tx outbox.Tx) error { return test.becomes(context.Background(), box, tx) })
			}()
			o.until("the follower to wait, or to be due", func() bool {
				return len(due) > 0 || o.counts(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0
			})
			close(commit)
			if err := receives(t, due); err != nil {
				t.Fatal(err)
			}
			o.awaits("voucher", outbox.StateDone)
		})
	}
}

func TestNudgeBeforeTheTimeDoesNothing(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, calm(outbox.Done()))
	later := about("v1")
	later.Due = time.Date(2126, 12, 24, 8, 0, 0, 0, time.UTC)
	o.adds(box, later)
	o.nudges("v1")
	if got := o.reads("v1"); got.State != outbox.StatePending || got.Attempt != 0 {
		t.Errorf("got %s after %d attempts, want pending after none", got.State, got.Attempt)
	}
}
