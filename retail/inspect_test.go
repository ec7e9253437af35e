package retail_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vouchsafe/retail"
	"vouchsafe/retail/hold"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/report"
	"vouchsafe/retail/retailtest"
)

// inspects opens an inspector on the counter's stores and a Redis.
func (c *counter) inspects() *retail.Inspector {
	c.t.Helper()
	client, err := hold.Open(retailtest.RedisURL(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = client.Close() })
	log := slog.New(slog.DiscardHandler)
	testimony := retail.NewTestimony(hold.New(client, hold.Config{Installation: "test", Budget: time.Second}), log)
	return retail.NewInspector(retail.Inspection{
		Desk:  retail.New(retail.Config{Ledger: c.ledger, Testimony: testimony, Log: log}),
		Sales: c.sales, Outbox: c.box, Log: log, Now: time.Now,
	})
}

// proves runs a proof that must be finished.
func (c *counter) proves(i *retail.Inspector) retail.Proof {
	c.t.Helper()
	proof, err := i.Prove(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return proof
}

// open tasks of the proof.
func (c *counter) verifyTasks() []outbox.Task {
	c.t.Helper()
	tasks, err := c.box.Tasks(c.t.Context(), outbox.TaskFilter{Kind: retail.TaskVerify})
	if err != nil {
		c.t.Fatal(err)
	}
	return tasks
}

func (c *counter) runs(sql string) {
	c.t.Helper()
	if _, err := c.pool.Exec(c.t.Context(), sql); err != nil {
		c.t.Fatal(err)
	}
}

// The whole life of a red mark: nothing proven, sound, broken (a task, once however often it is found),
// sound again (the task is closed), and too long ago to rely on.
func TestABrokenInvariantIsATaskUntilItIsSoundAgain(t *testing.T) {
	t.Parallel()
	c := open(t)
	i := c.inspects()
	if said, err := i.Proven(t.Context()); err != nil || said != "not run yet" {
		t.Errorf("before the first proof: %q, %v", said, err)
	}
	c.tells(order(0, units(2)))
	if p := c.proves(i); !p.Sound() || len(c.verifyTasks()) != 0 {
		t.Errorf("a sound house: %+v, tasks %v", p, c.verifyTasks())
	}

	c.runs(`UPDATE voucher SET balance = balance + 1`)
	for range 2 {
		if p := c.proves(i); p.Sound() || p.Broken != 2 {
			t.Errorf("a house with two wrong balances: %+v", p)
		}
	}
	tasks := c.verifyTasks()
	if len(tasks) != 1 || !strings.Contains(tasks[0].Reason, "a balance is the sum of its journal") {
		t.Errorf("tasks %+v, want one with the first finding", tasks)
	}
	if said, err := i.Proven(t.Context()); !errors.Is(err, retail.ErrUnproven) || !strings.Contains(err.Error(), "found 2 broken") {
		t.Errorf("the mark: %q, %v, want red, with 2", said, err)
	}

	c.runs(`UPDATE voucher SET balance = balance - 1`)
	if p := c.proves(i); !p.Sound() || len(c.verifyTasks()) != 0 {
		t.Errorf("sound again: %+v, open tasks %v", p, c.verifyTasks())
	}
	if said, err := i.Proven(t.Context()); err != nil || !strings.HasPrefix(said, "sound at ") {
		t.Errorf("sound again: %q, %v", said, err)
	}

	retailtest.ShiftClock(t, c.pool, 4*24*time.Hour)
	if said, err := i.Proven(t.Context()); !errors.Is(err, retail.ErrUnproven) {
		t.Errorf("four days later: %q, %v, want red", said, err)
	}
}

// The confirmation precedes the code, unless nobody took it and the office had it sent once more after the code had gone.
func TestAConfirmationThatTheOfficeRepeatedMayComeAfterTheCode(t *testing.T) {
	t.Parallel()
	c := open(t)
	i := c.inspects()
	c.tells(order(0, units(1)))
	c.runs(`UPDATE delivery SET state = 'done', finished_at = vouchsafe_now() - interval '1 hour', due_at = NULL, nudge_at = NULL WHERE kind = 'code'`)
	c.runs(`UPDATE delivery SET state = 'done', finished_at = vouchsafe_now(), due_at = NULL, nudge_at = NULL WHERE kind = 'confirmation'`)
	if p := c.proves(i); p.Broken != 1 {
		t.Errorf("the code was first: %+v, want one finding", p)
	}
	c.runs(`INSERT INTO audit (actor, action, object, detail) SELECT 'office', 'retry_delivery', id::text, '{"was": "failed"}' FROM delivery WHERE kind = 'confirmation'`)
	if p := c.proves(i); p.Broken != 0 {
		t.Errorf("the office repeated what was given up: %+v, want it sound", p)
	}
}

func TestAProofThatCannotBeFinishedIsRedAndATask(t *testing.T) {
	t.Parallel()
	c := open(t)
	i := c.inspects()
	c.runs(`ALTER TABLE entry RENAME COLUMN contra TO against`)
	if _, err := i.Prove(t.Context()); err == nil {
		t.Error("a proof that can't read the journal is no error")
	}
	if _, err := i.Proven(t.Context()); !errors.Is(err, retail.ErrUnproven) {
		t.Errorf("the mark: %v, want red", err)
	}
	if tasks := c.verifyTasks(); len(tasks) != 1 || tasks[0].Reason != "the proof could not be finished" {
		t.Errorf("tasks %+v", tasks)
	}
}

func TestFiguresCountVouchersTasksAndDeliveries(t *testing.T) {
	t.Parallel()
	c := open(t)
	i := c.inspects()
	c.tells(order(0, units(3)))
	c.runs(`UPDATE voucher SET ends_at = vouchsafe_now(), expires_on = current_date WHERE id = (SELECT id FROM voucher ORDER BY id LIMIT 1)`)
	c.runs(`UPDATE voucher SET quarantined = true WHERE id = (SELECT id FROM voucher ORDER BY id DESC LIMIT 1)`)
	c.runs(`INSERT INTO task (kind, subject, reason, opened_at) VALUES ('short_order', 'a', 'r', vouchsafe_now() - interval '2 hours'), ('short_order', 'b', 'r', vouchsafe_now())`)
	got, err := i.Figures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []report.Census{
		{Currency: "DKK", State: "active", Vouchers: 2, Balance: 1000_00, Quarantined: 1},
		{Currency: "DKK", State: "expired", Vouchers: 1, Balance: 500_00},
	}
	if diff := cmp.Diff(want, got.Vouchers, cmpopts.IgnoreFields(report.Census{}, "CountedAt")); diff != "" {
		t.Errorf("vouchers (-want +got):\n%s", diff)
	}
	if len(got.Tasks) != 1 || got.Tasks[0].Kind != "short_order" || got.Tasks[0].Tasks != 2 || got.Tasks[0].Oldest < 2*time.Hour {
		t.Errorf("tasks %+v", got.Tasks)
	}
	if !slices.ContainsFunc(got.Deliveries.Unfinished, func(n outbox.Count) bool { return n.Kind == retail.KindCode && n.N == 3 }) {
		t.Errorf("deliveries %+v, want 3 codes on their way", got.Deliveries)
	}
}

// A count of all vouchers is for minutes and for every gateway: a second look takes none.
func TestTheCensusIsTakenOnceForALongWhile(t *testing.T) {
	t.Parallel()
	c := open(t)
	i, other := c.inspects(), c.inspects()
	c.tells(order(0, units(1)))
	count := func(i *retail.Inspector) int64 {
		f, err := i.Figures(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		for _, v := range f.Vouchers {
			n += v.Vouchers
		}
		return n
	}
	if n := count(i); n != 1 {
		t.Fatalf("%d vouchers, want 1", n)
	}
	c.runs(`UPDATE census SET vouchers = 17`)
	if n := count(other); n != 17 {
		t.Errorf("%d vouchers: the census was taken again within its time", n)
	}
	retailtest.ShiftClock(t, c.pool, 6*time.Minute)
	if n := count(other); n != 1 {
		t.Errorf("%d vouchers after six minutes, want a new census", n)
	}
}
