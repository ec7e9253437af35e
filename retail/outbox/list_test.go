package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/retailtest"
)

func TestDeliveriesComeInPagesTheNewestFirst(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	for i := range 5 {
		o.adds(box, outbox.Draft{Kind: codeMail, Subject: fmt.Sprint("v", i), Shop: "s1"})
	}
	o.adds(box, outbox.Draft{Kind: codeMail, Subject: "other", Shop: "s2"})

	var got []string
	f := outbox.Filter{Shop: "s1", Kinds: []outbox.Kind{codeMail}, States: []outbox.State{outbox.StatePending}, Limit: 2}
	for pages := 1; ; pages++ {
		page, next, err := box.Deliveries(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			got = append(got, d.Subject)
		}
		if next == "" {
			break
		}
		f.Cursor = next
	}
	if diff := cmp.Diff([]string{"v4", "v3", "v2", "v1", "v0"}, got); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	for _, cursor := range []string{"x", "zz.", "zz.0B6F2C1E-58A3-4F0E-9A55-0D6C2B7F1A01", "zz.0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a0'"} {
		if _, _, err := box.Deliveries(t.Context(), outbox.Filter{Cursor: cursor}); !errors.Is(err, outbox.ErrCursor) {
			t.Errorf("cursor %q: got %v, want ErrCursor", cursor, err)
		}
	}
}

func TestDeliveryIsReadByItsID(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	o.adds(box, about("v1"))
	want := o.reads("v1")
	got, err := box.Delivery(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delivery (-want +got):\n%s", diff)
	}
	for _, id := range []string{"", "v1", "0b6f2c1e-58a3-4f0e-9a55-0d6c2b7f1a01"} {
		if _, err := box.Delivery(t.Context(), id); !errors.Is(err, outbox.ErrNotFound) {
			t.Errorf("id %q: got %v, want ErrNotFound", id, err)
		}
	}
}

func TestMatterHasOneOpenTask(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	opens := func(reason string) {
		o.does(func(tx outbox.Tx) error {
			return outbox.OpenTask(context.Background(), tx, outbox.Task{Kind: "purchase", Subject: "p1", Shop: "s1", Reason: reason})
		})
	}
	opens("not_paid_online")
	opens("below_minimum")
	o.expectTasks("below_minimum")
	o.does(func(tx outbox.Tx) error {
		return outbox.CloseTask(context.Background(), tx, "purchase", "p1", "activated")
	})
	o.expectTasks()
	opens("units_vanished")
	o.expectTasks("units_vanished")

	all, err := o.box(never).Tasks(t.Context(), outbox.TaskFilter{Kind: "purchase", Subject: "p1", Shop: "s1", Closed: outbox.AllTasks})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].ClosedReason != "activated" || all[0].ClosedAt == nil {
		t.Errorf("got %+v, want a closed task and an open one", all)
	}
}

func TestStatsCountWhatIsNotFinished(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	o.adds(box, about("v1"), about("v2"), outbox.Draft{Kind: confirmation, Subject: "v1", Waiting: "needs_address"})
	o.shifts(time.Hour)
	got, err := box.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if lag := got.Lag.Round(time.Hour); lag != time.Hour {
		t.Errorf("lag %s, want an hour", got.Lag)
	}
	want := []outbox.Count{{codeMail, outbox.StatePending, 2}, {confirmation, outbox.StateWaiting, 1}}
	if diff := cmp.Diff(want, got.Unfinished); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// soon is a schedule of the shortest period that River allows.
type soon struct{}

func (soon) Next(after time.Time) time.Time { return after.Add(time.Second) }

func TestPeriodicJobRuns(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	box := o.box(never)
	ran := make(chan struct{}, 100)
	box.Every("watch", soon{}, func(context.Context) error {
		ran <- struct{}{}
		panic("a bug that must not end the process")
	})
	o.starts(box)
	receives(t, ran)
	receives(t, ran)
	if diff := cmp.Diff([]string{"watch"}, box.Periods()); diff != "" {
		t.Errorf("periods (-want +got):\n%s", diff)
	}
}

// D4: the loser waits, and finds nothing left to do.
func TestMigrateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	o := &office{TB: t, pool: retailtest.Database(t)}
	if _, err := o.pool.Exec(t.Context(), `CREATE SCHEMA fresh`); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(o.pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("search_path", "fresh")
	address.RawQuery = query.Encode()

	again := make(chan error, 2)
	for range 2 {
		go func() { again <- outbox.Migrate(context.Background(), address.String()) }()
	}
	for range 2 {
		if err := receives(t, again); err != nil {
			t.Error(err)
		}
	}
}
