package outbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/outbox"
)

func TestCancelledBeforeItWasSent(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	before := "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01"
	o.adds(box,
		outbox.Draft{ID: before, Kind: confirmation, Subject: "order", Parent: "p1"},
		outbox.Draft{Kind: codeMail, Subject: "after the cancelled", Parent: "p2", After: before},
		outbox.Draft{Kind: codeMail, Subject: "waiting", Parent: "p1", Waiting: "needs_address"},
	)
	o.cancels(box, outbox.Where{Parent: "p1"}, outbox.Ending{Cancelled: 2})
	o.cancels(box, outbox.Where{Parent: "p1"}, outbox.Ending{})

	box.Handle(confirmation, func(context.Context, *outbox.Work) outbox.Result {
		t.Error("a cancelled delivery was attempted")
		return outbox.Done()
	}, outbox.Options{})
	box.Handle(codeMail, calm(outbox.Done()), outbox.Options{})
	o.starts(box)
	o.awaits("after the cancelled", outbox.StateDone)
	if got := o.reads("order"); got.State != outbox.StateCancelled || got.Reason != "invalidated" {
		t.Errorf("got %s (%s), want cancelled (invalidated)", got.State, got.Reason)
	}
}

func (o *office) cancels(box *outbox.Outbox, where outbox.Where, want outbox.Ending) {
	o.Helper()
	o.does(func(tx outbox.Tx) error {
		got, err := box.Cancel(context.Background(), tx, where, "invalidated")
		if got != want {
			o.Errorf("cancel: got %+v, want %+v", got, want)
		}
		return err
	})
}

func TestCancelledWhileSendingStopsBeforeTheCopy(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		s.asleep <- w
		<-s.wake
		err := w.MarkCopy(ctx)
		s.late <- err
		return outbox.Refused(err)
	})
	o.adds(box, about("v1"))
	receives(t, s.asleep)
	o.cancels(box, outbox.Where{Subject: "v1"}, outbox.Ending{Stopping: 1})
	close(s.wake)

	if err := receives(t, s.late); !errors.Is(err, outbox.ErrCancelled) {
		t.Errorf("copy: got %v, want ErrCancelled", err)
	}
	if got := o.awaits("v1", outbox.StateCancelled); got.Copies != 0 || got.Reason != "invalidated" {
		t.Errorf("got %d copies, reason %q; want 0, invalidated", got.Copies, got.Reason)
	}
}

func TestCancelledAfterTheCopyIsDone(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(never, codeMail, s.afterTheCopy)
	o.adds(box, about("v1"))
	receives(t, s.asleep)
	o.cancels(box, outbox.Where{Subject: "v1"}, outbox.Ending{Stopping: 1})
	close(s.wake)
	o.awaits("v1", outbox.StateDone)
}

func TestHeartbeatTellsTheHandlerThatItWasCalledBack(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	begun, told := make(chan struct{}), make(chan error, 1)
	box := o.opens(600*time.Millisecond, codeMail, func(ctx context.Context, _ *outbox.Work) outbox.Result {
		close(begun)
		<-ctx.Done()
		told <- context.Cause(ctx)
		return outbox.Backoff("interrupted")
	})
	o.adds(box, about("v1"))
	receives(t, begun)
	o.cancels(box, outbox.Where{Subject: "v1"}, outbox.Ending{Stopping: 1})
	if err := receives(t, told); !errors.Is(err, outbox.ErrCancelled) {
		t.Errorf("got %v, want ErrCancelled", err)
	}
	o.awaits("v1", outbox.StateCancelled)
}

func (o *office) holds(box *outbox.Outbox, reason string, want int) {
	o.Helper()
	o.does(func(tx outbox.Tx) error {
		got, err := box.Hold(context.Background(), tx, outbox.Where{Parent: "p1"}, reason)
		if got != want {
			o.Errorf("hold: got %d, want %d", got, want)
		}
		return err
	})
}

func (o *office) unholds(box *outbox.Outbox, reason string, want int) {
	o.Helper()
	o.does(func(tx outbox.Tx) error {
		got, err := box.Unhold(context.Background(), tx, outbox.Where{Parent: "p1"}, reason)
		if got != want {
			o.Errorf("unhold: got %d, want %d", got, want)
		}
		return err
	})
}

// Cancelled after paid holds the mail; paid again lifts exactly that.
func TestHoldsForSeveralReasonsAddUp(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	o.adds(box,
		outbox.Draft{Kind: codeMail, Subject: "v1", Parent: "p1"},
		outbox.Draft{Kind: codeMail, Subject: "v2", Parent: "p1", Waiting: "needs_address"},
	)
	o.holds(box, "order cancelled", 2)
	o.holds(box, "order cancelled", 0)
	o.holds(box, "fraud", 2)
	o.unholds(box, "order cancelled", 2)

	got := o.reads("v1")
	if got.State != outbox.StateWaiting || got.Reason != "held" || cmp.Diff([]string{"fraud"}, got.Held) != "" {
		t.Errorf("got %s (%s) held for %v, want waiting (held) for fraud", got.State, got.Reason, got.Held)
	}
	o.worksWith(box)
	o.unholds(box, "fraud", 2)
	o.awaits("v1", outbox.StateDone)
	if got := o.reads("v2"); got.State != outbox.StateWaiting || got.Reason != "needs_address" {
		t.Errorf("got %s (%s), want waiting (needs_address)", got.State, got.Reason)
	}
}

// worksWith starts the outbox with code mails that all go well.
func (o *office) worksWith(box *outbox.Outbox) {
	o.Helper()
	box.Handle(codeMail, calm(outbox.Done()), outbox.Options{})
	o.starts(box)
}

func TestHeldWhileSendingStopsBeforeTheCopyAndGoesOnLater(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	begun, wake := make(chan struct{}, 2), make(chan struct{})
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		begun <- struct{}{}
		<-wake
		if err := w.MarkCopy(ctx); err != nil {
			return outbox.Refused(err)
		}
		return outbox.Done()
	})
	o.adds(box, outbox.Draft{Kind: codeMail, Subject: "v1", Parent: "p1"})
	receives(t, begun)
	o.holds(box, "order cancelled", 1)
	close(wake)
	o.awaits("v1", outbox.StateWaiting)
	o.unholds(box, "order cancelled", 1)
	if got := o.awaits("v1", outbox.StateDone); got.Copies != 1 {
		t.Errorf("%d copies, want 1", got.Copies)
	}
}

// What its dead worker left behind while it was held comes to rest, and goes on when the hold is lifted.
func TestHeldWhileItsWorkerDied(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(never, codeMail, s.beforeTheCopy)
	o.adds(box, outbox.Draft{Kind: codeMail, Subject: "v1", Parent: "p1"})
	receives(t, s.asleep)
	defer close(s.wake)
	o.holds(box, "order cancelled", 1)
	other := o.opens(never, codeMail, calm(outbox.Done()))
	o.shifts(2 * never)
	o.awaits("v1", outbox.StateWaiting)
	o.unholds(other, "order cancelled", 1)
	o.awaits("v1", outbox.StateDone)
}

func TestUnfinishedAreLockedForADecision(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	o.adds(box, about("v1"), about("v2"))
	o.cancels(box, outbox.Where{Subject: "v2"}, outbox.Ending{Cancelled: 1})
	o.does(func(tx outbox.Tx) error {
		for subject, want := range map[string]int{"v1": 1, "v2": 0} {
			got, err := outbox.Unfinished(context.Background(), tx, outbox.Where{Subject: subject, Kinds: []outbox.Kind{codeMail}})
			if err != nil {
				return err
			}
			if len(got) != want {
				t.Errorf("%s: %d unfinished, want %d", subject, len(got), want)
			}
		}
		return nil
	})
}
