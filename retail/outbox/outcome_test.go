package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/outbox"
)

func (o *office) retries(box *outbox.Outbox, id string) (err error) {
	o.Helper()
	_ = outbox.InTx(context.Background(), o.pool, func(tx outbox.Tx) error {
		err = box.Retry(context.Background(), tx, id)
		return err
	})
	return err
}

func (o *office) expectTasks(want ...string) {
	o.Helper()
	if diff := cmp.Diff(want, o.tasks()); diff != "" {
		o.Errorf("open tasks (-want +got):\n%s", diff)
	}
}

// S4, I10: one automatic repeat after 15 minutes, then the office; never more than three copies, all the same.
func TestDoubtEndsWithTheOffice(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		if w.Body == nil {
			if err := w.SaveBody(ctx, []byte("the same bytes"), []byte("hash"), "<1@x>"); err != nil {
				return outbox.Refused(err)
			}
		}
		if err := w.MarkCopy(ctx); err != nil {
			return outbox.Refused(err)
		}
		return outbox.InDoubt(fmt.Sprintf("EOF after %s", w.Body))
	})
	o.adds(box, about("v1"))
	got := o.awaits("v1", outbox.StateInDoubt)
	if wait := got.DueAt.Sub(got.CreatedAt); wait < 15*time.Minute || wait > 16*time.Minute {
		t.Errorf("repeated after %s, want 15 minutes", wait)
	}
	o.expectTasks()

	o.shifts(16 * time.Minute)
	o.until("the second doubt", func() bool { got = o.reads("v1"); return got.Doubts == 2 })
	if got.State != outbox.StateInDoubt || got.DueAt != nil || got.Copies != 2 {
		t.Errorf("got %s, due %v, %d copies; want in_doubt, never, 2", got.State, got.DueAt, got.Copies)
	}
	o.expectTasks("in_doubt")

	if err := o.retries(box, got.ID); err != nil {
		t.Fatal(err)
	}
	o.until("the third doubt", func() bool { got = o.reads("v1"); return got.Doubts == 3 })
	if got.Copies != 3 || got.MessageID != "<1@x>" || got.Reason != "EOF after the same bytes" {
		t.Errorf("got %d copies of %s (%s), want 3 of the same", got.Copies, got.MessageID, got.Reason)
	}
	if err := o.retries(box, got.ID); !errors.Is(err, outbox.ErrCopies) {
		t.Errorf("a fourth copy: got %v, want ErrCopies", err)
	}
}

// Nobody waits for his code because nobody can tell whether the confirmation arrived.
func TestDoubtDoesNotKeepOthersWaiting(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	box.Handle(confirmation, calm(outbox.InDoubt("EOF")), outbox.Options{})
	box.Handle(codeMail, calm(outbox.Done()), outbox.Options{})
	o.starts(box)
	before := "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01"
	o.adds(box,
		outbox.Draft{ID: before, Kind: confirmation, Subject: "order"},
		outbox.Draft{Kind: codeMail, Subject: "voucher", After: before},
	)
	o.awaits("voucher", outbox.StateDone)
	if got := o.reads("order"); got.State != outbox.StateInDoubt || got.DueAt == nil {
		t.Errorf("got %s, due %v; want in_doubt, in 15 minutes", got.State, got.DueAt)
	}
}

// C2: the clock is set back between a confirmation and its code: the code was sent after it all the same.
func TestWhatFollowedEndsNoEarlierThoughTheClockWentBack(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	release := make(chan struct{})
	box.Handle(confirmation, calm(outbox.Done()), outbox.Options{})
	box.Handle(codeMail, func(context.Context, *outbox.Work) outbox.Result { <-release; return outbox.Done() }, outbox.Options{})
	o.starts(box)
	before := "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01"
	o.adds(box,
		outbox.Draft{ID: before, Kind: confirmation, Subject: "order"},
		outbox.Draft{Kind: codeMail, Subject: "voucher", After: before},
	)
	o.awaits("voucher", outbox.StateSending)
	o.shifts(-time.Hour)
	close(release)
	code, first := o.awaits("voucher", outbox.StateDone), o.reads("order")
	if code.FinishedAt == nil || first.FinishedAt == nil || code.FinishedAt.Before(*first.FinishedAt) {
		t.Errorf("the code was sent %v, its confirmation %v", code.FinishedAt, first.FinishedAt)
	}
}

// S1: an unreachable server is tried for 72 hours.
func TestGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, calm(outbox.Backoff("connection refused")))
	o.adds(box, about("v1"))
	var got outbox.Delivery
	o.until("the first try", func() bool { got = o.reads("v1"); return got.State == outbox.StatePending && got.Attempt == 1 })
	if got.GiveUpAt == nil || got.GiveUpAt.Sub(got.CreatedAt).Round(time.Hour) != 72*time.Hour {
		t.Errorf("given up at %v, want 72 hours after %v", got.GiveUpAt, got.CreatedAt)
	}
	o.shifts(73 * time.Hour)
	got = o.awaits("v1", outbox.StateFailed)
	if got.Reason != "given up: connection refused" {
		t.Errorf("reason %q", got.Reason)
	}
	o.expectTasks("failed")

	if err := o.retries(box, got.ID); err != nil {
		t.Fatal(err)
	}
	o.until("it to be tried anew", func() bool { got = o.reads("v1"); return got.State == outbox.StatePending && got.Attempt == 3 })
}

// S3: told once, and settled by itself when the office has it sent again.
func TestBounceIsATaskUntilItIsDone(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		if w.Attempt > 1 {
			return outbox.Done()
		}
		if err := w.MarkCopy(ctx); err != nil {
			return outbox.Refused(err)
		}
		return outbox.Bounced("550 mailbox full")
	})
	o.adds(box, about("v1"))
	got := o.awaits("v1", outbox.StateBounced)
	if got.Copies != 0 {
		t.Errorf("%d copies, want 0: it was refused", got.Copies)
	}
	o.expectTasks("bounced")
	if err := o.retries(box, got.ID); err != nil {
		t.Fatal(err)
	}
	o.awaits("v1", outbox.StateDone)
	o.expectTasks()
	if err := o.retries(box, got.ID); !errors.Is(err, outbox.ErrFinished) {
		t.Errorf("retry of what is done: got %v, want ErrFinished", err)
	}
}

func TestHandlerLaysADeliveryAside(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, func(_ context.Context, w *outbox.Work) outbox.Result {
		if w.Attempt == 1 {
			return outbox.Wait("needs_address").WithTask()
		}
		return outbox.Done()
	})
	o.adds(box, about("v1"))
	got := o.awaits("v1", outbox.StateWaiting)
	o.expectTasks("needs_address")
	if err := o.retries(box, got.ID); err != nil {
		t.Fatal(err)
	}
	o.awaits("v1", outbox.StateDone)
}

func TestCancellingWhatWaitsClosesItsTask(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, calm(outbox.Wait("needs_address").WithTask()))
	o.adds(box, about("v1"))
	o.awaits("v1", outbox.StateWaiting)
	o.expectTasks("needs_address")
	o.cancels(box, outbox.Where{ID: o.reads("v1").ID}, outbox.Ending{Cancelled: 1})
	o.expectTasks()
}

func TestOneCopyInOneAttempt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	second := make(chan error, 1)
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		if err := w.MarkCopy(ctx); err != nil {
			t.Error(err)
		}
		second <- w.MarkCopy(ctx)
		return outbox.Done()
	})
	o.adds(box, about("v1"))
	if err := receives(t, second); !errors.Is(err, outbox.ErrCopies) {
		t.Errorf("got %v, want ErrCopies", err)
	}
	if got := o.awaits("v1", outbox.StateDone); got.Copies != 1 {
		t.Errorf("%d copies, want 1", got.Copies)
	}
}

func TestBodyIsSavedOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	saved := make(chan error, 2)
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		saved <- w.SaveBody(ctx, []byte("one"), []byte("h1"), "<1@x>")
		saved <- w.SaveBody(ctx, []byte("two"), []byte("h2"), "<2@x>")
		return outbox.Done()
	})
	o.adds(box, about("v1"))
	if err := receives(t, saved); err != nil {
		t.Error(err)
	}
	if err := receives(t, saved); !errors.Is(err, outbox.ErrBody) {
		t.Errorf("got %v, want ErrBody", err)
	}
	if got := o.awaits("v1", outbox.StateDone); got.MessageID != "<1@x>" {
		t.Errorf("message id %s, want <1@x>", got.MessageID)
	}
}

// The effect and the end of the delivery are one commit, or none.
func TestHandlerSettlesInItsOwnTransaction(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	if _, err := o.pool.Exec(t.Context(), `CREATE TABLE effect (subject text)`); err != nil {
		t.Fatal(err)
	}
	mishap := errors.New("the effect failed")
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		err := outbox.InTx(ctx, o.pool, func(tx outbox.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO effect VALUES ($1)`, w.Subject); err != nil {
				return err
			}
			if err := w.Settle(ctx, tx, outbox.Done()); err != nil {
				return err
			}
			if w.Attempt == 1 {
				return mishap
			}
			return nil
		})
		if err != nil {
			return outbox.RetryAfter(0, err.Error())
		}
		return outbox.Settled()
	})
	o.adds(box, about("v1"))
	if got := o.awaits("v1", outbox.StateDone); got.Attempt != 2 {
		t.Errorf("%d attempts, want 2", got.Attempt)
	}
	if n := o.counts(`SELECT count(*) FROM effect`); n != 1 {
		t.Errorf("%d effects, want 1", n)
	}
}

// The contract's task "paid but not delivered after 15 minutes".
func TestWatchTellsTheOfficeWhatIsLate(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	box.Handle(codeMail, calm(outbox.Done()), outbox.Options{AlarmAfter: 15 * time.Minute})
	later := about("for christmas")
	later.Due = time.Date(2126, 12, 24, 0, 0, 0, 0, time.UTC)
	o.adds(box, about("v1"), later, outbox.Draft{Kind: codeMail, Subject: "held", Parent: "p1"})
	o.holds(box, "order cancelled", 1)
	watch := func() {
		if err := box.Watch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	watch()
	o.expectTasks()
	o.shifts(16 * time.Minute)
	watch()
	watch()
	o.expectTasks("late")
	o.starts(box)
	o.awaits("v1", outbox.StateDone)
	o.expectTasks()
}

func TestCleanKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const relay outbox.Kind = "relay"
	box := o.box(never)
	box.Handle(codeMail, calm(outbox.Done()), outbox.Options{})
	box.Handle(relay, func(_ context.Context, w *outbox.Work) outbox.Result {
		if w.Subject == "unreadable" {
			return outbox.Fail("unreadable")
		}
		return outbox.Done()
	}, outbox.Options{Keep: 7 * 24 * time.Hour})
	o.starts(box)
	o.adds(box,
		outbox.Draft{Kind: codeMail, Subject: "v1", Recipient: []byte("sealed"), RecipientHash: []byte("hash")},
		outbox.Draft{Kind: relay, Subject: "order"},
		outbox.Draft{Kind: relay, Subject: "unreadable"},
	)
	o.until("all to be over", func() bool { return o.counts(`SELECT count(*) FROM delivery WHERE finished_at IS NULL`) == 0 })

	clean := func(at time.Duration) {
		o.shifts(at)
		if err := box.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	clean(8 * 24 * time.Hour)
	if n := o.counts(`SELECT count(*) FROM delivery`); n != 2 {
		t.Errorf("%d deliveries left, want the mail and the failed one", n)
	}
	if o.reads("v1").Recipient == nil {
		t.Error("the recipient was erased too early")
	}
	clean(91 * 24 * time.Hour)
	if got := o.reads("v1"); got.Recipient != nil || got.RecipientHash == nil {
		t.Errorf("recipient %v, hash %v; want the hash alone", got.Recipient, got.RecipientHash)
	}
}
