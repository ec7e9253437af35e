package retail_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail"
	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/retailtest"
)

// breaksOnce makes the program fail the first time that it passes a point. The points are the process's, so these tests run alone.
func breaksOnce(t *testing.T, point string) {
	t.Helper()
	var passed atomic.Bool
	t.Cleanup(failpoint.Set(point, func() {
		if passed.CompareAndSwap(false, true) {
			panic("the test breaks it here")
		}
	}))
	t.Cleanup(func() {
		if !passed.Load() {
			t.Errorf("%s was never passed", point)
		}
	})
}

func TestWhereverApplyingBreaksItEndsInOneVoucherAndOneMail(t *testing.T) {
	for _, point := range []string{failpoint.IssueDrawn, failpoint.IssueInserted, failpoint.RelayApplied, failpoint.IssueCommitted} {
		t.Run("D1 "+point, func(t *testing.T) {
			breaksOnce(t, point)
			c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
			c.front.read = func(string) (retail.Told, error) {
				o := order(0)
				return retail.Told{Order: &o}, nil
			}
			if _, err := c.sales.Receive(t.Context(), c.shop, retail.Body{Bytes: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			c.works()
			c.until("the first try is recorded", func() bool {
				got := c.deliveries(retail.KindRelay)[0]
				return got == "done" || strings.HasPrefix(got, "pending the")
			})
			retailtest.ShiftClock(t, c.pool, time.Minute)
			c.until("the mail is sent", func() bool { return slices.Equal(c.deliveries(retail.KindCode), []string{"done"}) })
			if got, want := c.standing(), "active 50000"; got != want {
				t.Errorf("I8 got %q, want %q", got, want)
			}
			if n := len(c.sink.Messages()); n != 1 {
				t.Errorf("I10 got %d mails, want 1", n)
			}
			c.until("the relay is done", func() bool { return slices.Equal(c.deliveries(retail.KindRelay), []string{"done"}) })
		})
	}
}

func TestWhereverAMailBreaksItsCopiesAreTheSameAndFew(t *testing.T) {
	tests := []struct {
		point  string
		state  string // after the break
		copies int    // the most that may leave
	}{
		{failpoint.MailConnected, "pending the", 1},
		{failpoint.MailRecipient, "pending the", 1},
		{failpoint.MailMarked, "in_doubt", 1},
		{failpoint.MailDot, "in_doubt", 2},
		{failpoint.MailAccepted, "in_doubt", 2},
	}
	for _, test := range tests {
		t.Run("D1 "+test.point, func(t *testing.T) {
			breaksOnce(t, test.point)
			c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
			c.tells(order(0))
			c.works()
			c.until("the attempt is recorded as "+test.state, func() bool {
				return strings.HasPrefix(c.deliveries(retail.KindCode)[0], test.state)
			})
			retailtest.ShiftClock(t, c.pool, 20*time.Minute)
			c.until("it is done", func() bool { return slices.Equal(c.deliveries(retail.KindCode), []string{"done"}) })
			mails := c.sink.Messages()
			if len(mails) == 0 || len(mails) > test.copies {
				t.Fatalf("I10 got %d copies, want 1 to %d", len(mails), test.copies)
			}
			for _, m := range mails[1:] {
				if diff := cmp.Diff(mails[0].Bytes, m.Bytes); diff != "" {
					t.Error("I10 the copies differ")
				}
			}
		})
	}
}

func TestAMailWithAnotherCodeThanTheVouchersNeverLeaves(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.tells(order(0))
	if _, err := c.pool.Exec(t.Context(), `UPDATE voucher SET code_mac = sha256('another')`); err != nil {
		t.Fatal(err)
	}
	c.works()
	c.until("it has failed", func() bool { return strings.HasPrefix(c.deliveries(retail.KindCode)[0], "failed") })
	if n := len(c.sink.Messages()); n != 0 {
		t.Errorf("I9 %d mails left", n)
	}
}

func TestARecipientOfAnotherDeliveryIsNoRecipient(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.tells(order(0))
	c.tells(order(0, func(o *purchase.Order) { o.ID, o.Buyer.Email = "16", "other@example.dk" }))
	const swap = `UPDATE delivery d SET recipient = o.recipient FROM delivery o WHERE d.kind = 'code' AND o.kind = 'code' AND o.id <> d.id`
	if _, err := c.pool.Exec(t.Context(), swap); err != nil {
		t.Fatal(err)
	}
	c.works()
	c.until("both were tried", func() bool {
		found, _, err := c.box.Deliveries(t.Context(), outbox.Filter{Kinds: []outbox.Kind{retail.KindCode}})
		return err == nil && !slices.ContainsFunc(found, func(d outbox.Delivery) bool { return d.Attempt == 0 || d.State == outbox.StateSending })
	})
	if n := len(c.sink.Messages()); n != 0 {
		t.Errorf("I9 %d mails left", n)
	}
}
