package outbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vouchsafe/retail/outbox"
)

// sleeper is a process that was stopped in the middle of an attempt, and wakes up when the test says so.
type sleeper struct {
	asleep chan *outbox.Work
	wake   chan struct{}
	late   chan error // what its late MarkCopy said
}

func newSleeper() *sleeper {
	return &sleeper{asleep: make(chan *outbox.Work, 1), wake: make(chan struct{}), late: make(chan error, 1)}
}

func (s *sleeper) beforeTheCopy(_ context.Context, w *outbox.Work) outbox.Result {
	s.asleep <- w
	<-s.wake
	s.late <- w.MarkCopy(context.Background())
	return outbox.Done()
}

func (s *sleeper) afterTheCopy(ctx context.Context, w *outbox.Work) outbox.Result {
	s.late <- w.MarkCopy(ctx)
	s.asleep <- w
	<-s.wake
	return outbox.Done()
}

// D1, D3: the lease is the only claim; who lost it can't write any more.
func TestAnotherProcessTakesOverWhenTheLeaseRanOut(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(never, codeMail, s.beforeTheCopy)
	o.adds(box, about("v1"))
	receives(t, s.asleep)

	resumed, proceed := make(chan bool, 1), make(chan struct{})
	o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		resumed <- w.Resumed
		<-proceed
		return outbox.Bounced("550 no such mailbox")
	})
	o.shifts(2 * never)
	if !receives(t, resumed) {
		t.Error("the second attempt was not told that it resumes")
	}

	close(s.wake)
	if err := receives(t, s.late); !errors.Is(err, outbox.ErrLost) {
		t.Errorf("late copy: got %v, want ErrLost", err)
	}
	if err := box.Stop(context.Background()); err != nil { // its late answer is over
		t.Fatal(err)
	}
	if got := o.reads("v1"); got.State != outbox.StateSending || got.Copies != 0 || got.Attempt != 2 {
		t.Errorf("got %s with %d copies in attempt %d, want sending, 0, 2", got.State, got.Copies, got.Attempt)
	}
	close(proceed)
	o.awaits("v1", outbox.StateBounced)
}

// D1, I10: died between announcing a copy and reporting about it. Nobody knows, so nobody sends again at once.
func TestCopyOfADeadProcessIsInDoubt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(never, codeMail, s.afterTheCopy)
	o.adds(box, about("v1"))
	receives(t, s.asleep)
	defer close(s.wake)

	second := make(chan *outbox.Work, 1)
	o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		second <- w
		return outbox.Done()
	})
	o.shifts(2 * never)
	got := o.awaits("v1", outbox.StateInDoubt)
	if got.Copies != 1 || got.DueAt == nil || len(second) != 0 {
		t.Fatalf("got %d copies, due %v, %d second attempts; want 1, in 15 minutes, none", got.Copies, got.DueAt, len(second))
	}

	o.shifts(2*never + 16*time.Minute)
	if w := receives(t, second); !w.Doubted {
		t.Error("the next attempt was not told of the doubt")
	}
	o.awaits("v1", outbox.StateDone)
}

// I10: whoever came to say that nobody knows died before he had said it. It is as unknown as before.
func TestCopyOfADeadProcessStaysInDoubtWhenTheNextOneDiesToo(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(never, codeMail, s.afterTheCopy)
	o.adds(box, about("v1"))
	receives(t, s.asleep)
	defer close(s.wake)
	if _, err := o.pool.Exec(t.Context(), `UPDATE delivery SET attempt = attempt + 1`); err != nil {
		t.Fatal(err)
	}

	third := make(chan *outbox.Work, 1)
	o.opens(never, codeMail, func(_ context.Context, w *outbox.Work) outbox.Result {
		third <- w
		return outbox.Done()
	})
	o.shifts(2 * never)
	got := o.awaits("v1", outbox.StateInDoubt)
	if got.Copies != 1 || got.Doubts != 1 || len(third) != 0 {
		t.Fatalf("got %d copies, %d doubts, %d further attempts; want 1, 1, none", got.Copies, got.Doubts, len(third))
	}
	o.shifts(2*never + 16*time.Minute)
	receives(t, third)
	if got := o.awaits("v1", outbox.StateDone); got.Doubts != 1 {
		t.Errorf("%d doubts of one copy", got.Doubts)
	}
}

// After kill -9: the job is lost or in the hands of the dead, the row is pending.
func TestLostNudgeIsFoundBySweeping(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, calm(outbox.Done()))
	o.does(func(tx outbox.Tx) error {
		if err := box.Add(context.Background(), tx, about("v1")); err != nil {
			return err
		}
		_, err := tx.Exec(context.Background(), `DELETE FROM river_job`)
		return err
	})
	o.shifts(4 * time.Second)
	o.awaits("v1", outbox.StateDone)
}

func TestTwoSweepersNudgeEachDeliveryOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box, other := o.box(never), o.box(never)
	for _, b := range []*outbox.Outbox{box, other} {
		b.Handle(codeMail, calm(outbox.Done()), outbox.Options{})
	}
	const many = 40
	for i := range many {
		o.adds(box, outbox.Draft{Kind: codeMail, Subject: "v", Seq: i})
	}
	o.shifts(10 * time.Second)

	found := make(chan int, 2)
	for _, b := range []*outbox.Outbox{box, other} {
		go func() {
			n, err := b.Sweep(context.Background())
			if err != nil {
				t.Error(err)
			}
			found <- n
		}()
	}
	if n := receives(t, found) + receives(t, found); n != many {
		t.Errorf("nudged %d, want %d", n, many)
	}
	if n, err := box.Sweep(t.Context()); err != nil || n != 0 {
		t.Errorf("a third sweep nudged %d (%v), want 0", n, err)
	}
}

func TestHeartbeatKeepsTheLease(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	box := o.opens(600*time.Millisecond, codeMail, s.beforeTheCopy)
	o.adds(box, about("v1"))
	receives(t, s.asleep)
	first := *o.reads("v1").LeaseEnd
	o.opens(never, codeMail, calm(outbox.Fail("taken from a living process")))
	o.nudges("v1")

	o.until("three leases to pass", func() bool {
		return o.reads("v1").LeaseEnd.Sub(first) > 1800*time.Millisecond
	})
	close(s.wake)
	if err := receives(t, s.late); err != nil {
		t.Errorf("copy: %v", err)
	}
	if got := o.awaits("v1", outbox.StateDone); got.Attempt != 1 {
		t.Errorf("%d attempts, want 1", got.Attempt)
	}
}

// S6: a handler that hangs, whatever its context says, loses its row.
func TestHangingHandlerLosesItsLease(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	s := newSleeper()
	hanging := o.box(300 * time.Millisecond)
	hanging.Handle(codeMail, s.beforeTheCopy, outbox.Options{Workers: 1, Timeout: 100 * time.Millisecond})
	o.starts(hanging)
	o.adds(hanging, about("v1"))
	receives(t, s.asleep)
	defer close(s.wake)
	o.opens(never, codeMail, calm(outbox.Done()))
	if got := o.awaits("v1", outbox.StateDone); got.Attempt != 2 {
		t.Errorf("%d attempts, want 2", got.Attempt)
	}
}

func TestStopDrains(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	s := newSleeper()
	box.Handle(codeMail, s.beforeTheCopy, outbox.Options{})
	if err := box.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.adds(box, about("v1"))
	receives(t, s.asleep)

	stopped := make(chan error, 1)
	go func() { stopped <- box.Stop(context.Background()) }()
	close(s.wake)
	if err := receives(t, stopped); err != nil {
		t.Fatal(err)
	}
	if got := o.reads("v1"); got.State != outbox.StateDone {
		t.Errorf("got %s, want done before Stop returned", got.State)
	}
}

func TestStopHandsOnWhatDoesNotEndInTime(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	begun := make(chan struct{})
	box.Handle(codeMail, func(ctx context.Context, _ *outbox.Work) outbox.Result {
		close(begun)
		<-ctx.Done()
		return outbox.Backoff("connection closed")
	}, outbox.Options{})
	if err := box.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.adds(box, about("v1"))
	receives(t, begun)

	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := box.Stop(now); err != nil {
		t.Fatal(err)
	}
	o.opens(never, codeMail, calm(outbox.Done()))
	if got := o.awaits("v1", outbox.StateDone); got.Attempt != 2 {
		t.Errorf("%d attempts, want 2", got.Attempt)
	}
}

// D2: the process lives, and the row knows.
func TestPanicIsAnAttempt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.opens(never, codeMail, func(ctx context.Context, w *outbox.Work) outbox.Result {
		if w.Subject == "after the copy" {
			if err := w.MarkCopy(ctx); err != nil {
				t.Error(err)
			}
		}
		panic("a bug")
	})
	o.adds(box, about("before the copy"), about("after the copy"))
	got := o.awaits("after the copy", outbox.StateInDoubt)
	if got.Copies != 1 {
		t.Errorf("%d copies, want 1", got.Copies)
	}
	o.until("the other to be tried again later", func() bool {
		d := o.reads("before the copy")
		return d.State == outbox.StatePending && d.Attempt == 1 && d.Reason != ""
	})
}
