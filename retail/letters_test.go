package retail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/retailtest"
	"vouchsafe/retail/voucher"
)

func TestWithoutAUsableAddressTheCodeIsIssuedAndItsMailWaits(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, func(o *purchase.Order) { o.Buyer.Email = "" }))
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := c.deliveries(retail.KindCode), []string{"waiting needs_address"}; !slices.Equal(got, want) {
		t.Errorf("mails are %q, want %q", got, want)
	}
	if got, want := c.tasks(), []string{"delivery needs_address", "delivery needs_address"}; !slices.Equal(got, want) {
		t.Errorf("tasks: got %q, want %q", got, want)
	}
}

func TestARecipientGetsTheCodeThoughTheBuyerHasNoAddress(t *testing.T) {
	t.Parallel()
	c := open(t).works()
	c.tells(order(0, func(o *purchase.Order) { o.Buyer.Email, o.Lines[0].RecipientEmail = "", "mormor@example.dk" }))
	if m := c.mails(1)[0]; recipient(m) != "mormor@example.dk" || len(codes(t, m)) != 1 {
		t.Errorf("got a mail to %s", recipient(m))
	}
}

func TestADeliveryDayIsKept(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, func(o *purchase.Order) { o.Lines[0].DeliverOn = "2028-12-24" }))
	found, _, err := c.box.Deliveries(t.Context(), outbox.Filter{Kinds: []outbox.Kind{retail.KindCode}})
	if err != nil || len(found) != 1 {
		t.Fatalf("got %d mails, %v", len(found), err)
	}
	if got, want := found[0].DueAt.UTC(), time.Date(2028, 12, 24, 7, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("X05 due at %s, want %s", got, want)
	}
}

func TestTheShopConfirmsWhereThatIsItsSetting(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop }).works()
	c.tells(order(0))
	if m := c.mails(1)[0]; len(codes(t, m)) != 1 {
		t.Error("E07 the first mail of ours is not the code's")
	}
	if got := c.deliveries(retail.KindConfirmation); len(got) != 0 {
		t.Errorf("confirmations: %q", got)
	}
}

func TestACodeIsHandedToTheShopThatSendsItItself(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.CodesBy, n.Confirmation = orders.TheShop, orders.TheShop })
	c.front.refuse = []error{&retail.PassingError{Err: errors.New("busy"), RetryAfter: time.Millisecond}}
	c.works().tells(order(0))
	c.until("the shop has the code", func() bool { return slices.Equal(c.deliveries(retail.KindHandover), []string{"done"}) })
	if len(c.front.given) != 1 || c.front.looked != 1 {
		t.Errorf("E10 handed over %d times, looked %d times; want 1 and 1", len(c.front.given), c.front.looked)
	}
	if text := c.front.given[0].Text; !strings.Contains(text, c.front.given[0].Delivery) || !strings.Contains(text, c.vouchers()[0].Last4) {
		t.Error("E09 the text lacks the code or the delivery's id")
	}
	if n := len(c.sink.Messages()); n != 0 {
		t.Errorf("%d mails were sent as well", n)
	}
}

func TestAnUnclearHandoverIsLookedForBeforeItIsRepeated(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.CodesBy, n.Confirmation = orders.TheShop, orders.TheShop })
	c.front.refuse = []error{retail.ErrUnclear}
	c.works().tells(order(0))
	c.until("the handover is in doubt", func() bool {
		got := c.deliveries(retail.KindHandover)
		return len(got) == 1 && strings.HasPrefix(got[0], "in_doubt")
	})
	retailtest.ShiftClock(t, c.pool, 20*time.Minute)
	c.until("the shop was looked at", func() bool { return slices.Equal(c.deliveries(retail.KindHandover), []string{"done"}) })
	if len(c.front.given) != 1 {
		t.Errorf("handed over %d times, want 1", len(c.front.given))
	}
}

func TestWhatAMailServerDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		behaviour mailtest.Behaviour
		state     string
		copies    int
	}{
		{"S5 250, then the line drops: sent", mailtest.DropAfterAccept, "done", 1},
		{"S5 250, then QUIT hangs: sent", mailtest.HangAtQuit, "done", 1},
		{"S4 the line drops after the dot: in doubt", mailtest.CloseAfterDot, "in_doubt", 1},
		{"S4 no answer after the dot: in doubt", mailtest.HangAfterDot, "in_doubt", 1},
		{"S3 an unknown recipient: bounced", mailtest.UnknownRecipient, "bounced", 0},
		{"S2 come back later: pending", mailtest.Greylist, "pending", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
			c.sink.Next(test.behaviour)
			c.works().tells(order(0))
			c.until("the attempt is recorded", func() bool {
				got := c.deliveries(retail.KindCode)
				return c.sink.Attempts() > 0 && len(got) == 1 && strings.HasPrefix(got[0], test.state) && got[0] != "pending"
			})
			if n := len(c.sink.Messages()); n != test.copies {
				t.Errorf("got %d copies, want %d", n, test.copies)
			}
		})
	}
}

func TestARepeatedMailIsTheSameOctets(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.sink.Next(mailtest.CloseAfterDot)
	c.works().tells(order(0))
	c.mails(1)
	c.until("it is in doubt", func() bool { return strings.HasPrefix(c.deliveries(retail.KindCode)[0], "in_doubt") })
	retailtest.ShiftClock(t, c.pool, 20*time.Minute)
	both := c.mails(2)
	if diff := cmp.Diff(both[0].Bytes, both[1].Bytes); diff != "" {
		t.Error("I10 the second copy differs from the first")
	}
}

func TestPaidAndNotDeliveredIsATask(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.tells(order(0))
	retailtest.ShiftClock(t, c.pool, 16*time.Minute)
	if err := c.box.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := c.tasks(), []string{"delivery late"}; !slices.Equal(got, want) {
		t.Errorf("X06 tasks: got %q, want %q", got, want)
	}
}

func TestACodeIsSentOnceMoreToANewRecipientUnlessItIsUnderWay(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.sink.Next(mailtest.CloseAfterDot)
	c.tells(order(0, func(o *purchase.Order) { o.Buyer.Email = "wrong@example.dk" }))
	id := c.vouchers()[0].ID
	if err := c.resends(id, "nowhere"); !errors.Is(err, retail.ErrNeedsAddress) {
		t.Errorf("no address: got %v, want %v", err, retail.ErrNeedsAddress)
	}
	if err := c.resends(id, "right@example.dk"); err != nil {
		t.Fatal(err)
	}
	c.works()
	if m := c.mails(1)[0]; recipient(m) != "right@example.dk" {
		t.Errorf("3.7.24: the code went to %s", recipient(m))
	}
	c.until("it is in doubt", func() bool {
		return slices.ContainsFunc(c.deliveries(retail.KindCode), func(d string) bool { return strings.HasPrefix(d, "in_doubt") })
	})
	if err := c.resends(id, ""); !errors.Is(err, retail.ErrUnderWay) {
		t.Errorf("in doubt: got %v, want %v", err, retail.ErrUnderWay)
	}
	if n := len(c.sink.Messages()); n != 1 {
		t.Errorf("%d mails left, want 1", n)
	}
}

func TestACodeOfACancelledOrderIsNotResent(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0))
	c.tells(order(1, status(purchase.Cancelled)))
	id := c.vouchers()[0].ID
	if err := c.resends(id, ""); err != nil {
		t.Fatal(err)
	}
	if got, want := c.deliveries(retail.KindCode), []string{"cancelled a new delivery takes its place", "waiting held"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	c.tells(order(2, status(purchase.Refunded)))
	if err := c.resends(id, ""); !errors.Is(err, voucher.ErrInvalidated) {
		t.Errorf("refunded: got %v, want %v", err, voucher.ErrInvalidated)
	}
}

func TestTheConfirmationPrecedesTheCodeHoweverLateItIs(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.sink.For("buyer@example.dk", mailtest.Greylist)
	c.works().tells(order(0, func(o *purchase.Order) { o.Lines[0].RecipientEmail = "mormor@example.dk" }))
	c.until("the confirmation was put off", func() bool {
		return strings.HasPrefix(c.deliveries(retail.KindConfirmation)[0], "pending the")
	})
	if n := len(c.sink.Messages()); n != 0 {
		t.Fatalf("E07 %d mails left before the confirmation", n)
	}
	retailtest.ShiftClock(t, c.pool, time.Hour)
	mails := c.mails(2)
	if recipient(mails[0]) != "buyer@example.dk" || recipient(mails[1]) != "mormor@example.dk" {
		t.Errorf("E07 the mails went to %s, then %s", recipient(mails[0]), recipient(mails[1]))
	}
}
