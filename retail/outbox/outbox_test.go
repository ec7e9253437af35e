package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/retailtest"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

const (
	codeMail     outbox.Kind = "code"
	confirmation outbox.Kind = "confirmation"

	patience = time.Minute // for what happens in milliseconds on an idle machine
	never    = time.Hour   // a lease that nobody renews while a test runs
)

// office is a database with one or more outboxes on it.
type office struct {
	testing.TB
	pool *pgxpool.Pool
}

func openOffice(t testing.TB) *office {
	t.Helper()
	pool := retailtest.Database(t)
	if err := outbox.Migrate(t.Context(), pool.Config().ConnString()); err != nil {
		t.Fatal(err)
	}
	return &office{TB: t, pool: pool}
}

// box makes an outbox that is quick to look and doesn't run yet.
func (o *office) box(lease time.Duration) *outbox.Outbox {
	o.Helper()
	box, err := outbox.New(outbox.Config{
		Pool:  o.pool,
		Log:   slog.New(slog.DiscardHandler),
		Lease: lease,
		Poll:  25 * time.Millisecond,
		Sweep: 50 * time.Millisecond,
	})
	if err != nil {
		o.Fatal(err)
	}
	return box
}

// opens makes and starts an outbox that works one kind, one attempt at a time: while its handler sleeps it does nothing else.
func (o *office) opens(lease time.Duration, kind outbox.Kind, h outbox.Handler) *outbox.Outbox {
	o.Helper()
	box := o.box(lease)
	box.Handle(kind, h, outbox.Options{Workers: 1})
	o.starts(box)
	return box
}

// starts runs the outbox until the test ends.
func (o *office) starts(box *outbox.Outbox) {
	o.Helper()
	if err := box.Start(context.Background()); err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := box.Stop(ctx); err != nil {
			o.Errorf("stop: %v", err)
		}
	})
}

// does runs fn in a transaction that must succeed.
func (o *office) does(fn func(tx outbox.Tx) error) {
	o.Helper()
	if err := outbox.InTx(context.Background(), o.pool, fn); err != nil {
		o.Fatal(err)
	}
}

func (o *office) adds(box *outbox.Outbox, drafts ...outbox.Draft) {
	o.Helper()
	o.does(func(tx outbox.Tx) error { return box.Add(context.Background(), tx, drafts...) })
}

// reads the one delivery about the subject.
func (o *office) reads(subject string) outbox.Delivery {
	o.Helper()
	page, _, err := o.box(never).Deliveries(context.Background(), outbox.Filter{Subject: subject})
	if err != nil {
		o.Fatal(err)
	}
	if len(page) != 1 {
		o.Fatalf("%d deliveries about %s, want 1", len(page), subject)
	}
	return page[0]
}

// awaits the state of the one delivery about the subject.
func (o *office) awaits(subject string, want outbox.State) outbox.Delivery {
	o.Helper()
	var got outbox.Delivery
	o.until(subject+" to be "+string(want), func() bool {
		got = o.reads(subject)
		return got.State == want
	})
	return got
}

// until asks again and again; what it waits for happens in other processes' transactions.
func (o *office) until(what string, happened func() bool) {
	o.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !happened() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			o.Fatalf("waited in vain for %s", what)
		}
	}
}

func (o *office) shifts(d time.Duration) { retailtest.ShiftClock(o, o.pool, d) }

// tasks lists the reasons of the open tasks.
func (o *office) tasks() []string {
	o.Helper()
	tasks, err := o.box(never).Tasks(context.Background(), outbox.TaskFilter{})
	if err != nil {
		o.Fatal(err)
	}
	var reasons []string
	for _, task := range tasks {
		reasons = append(reasons, task.Reason)
	}
	return reasons
}

func (o *office) counts(sql string) (n int) {
	o.Helper()
	if err := o.pool.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

// nudges adds a job beside the outbox's own, as a rescue would, and waits until it was followed.
func (o *office) nudges(subject string) {
	o.Helper()
	var job int64
	err := o.pool.QueryRow(context.Background(), `
INSERT INTO river_job (args, kind, max_attempts, queue)
SELECT jsonb_build_object('delivery', id, 'work', kind), 'delivery', 1, kind FROM delivery WHERE subject = $1
RETURNING id`, subject).Scan(&job)
	if err != nil {
		o.Fatal(err)
	}
	o.until("the nudge to be followed", func() bool {
		return o.counts(fmt.Sprint(`SELECT count(*) FROM river_job WHERE state = 'completed' AND id = `, job)) == 1
	})
}

// receives what a handler sent, or fails.
func receives[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case v := <-from:
		return v
	case <-ctx.Done():
		t.Fatal("waited in vain for a handler")
		panic("unreachable")
	}
}

func about(subject string) outbox.Draft { return outbox.Draft{Kind: codeMail, Subject: subject} }

// calm answers every attempt alike.
func calm(r outbox.Result) outbox.Handler {
	return func(context.Context, *outbox.Work) outbox.Result { return r }
}
