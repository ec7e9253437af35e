package retail_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

func TestAPaidOrderIsConfirmedAndItsCodesAreMailed(t *testing.T) {
	t.Parallel()
	c := open(t).works()
	c.tells(order(0, units(2), func(o *purchase.Order) {
		o.Lines[0].RecipientEmail, o.Lines[0].RecipientName, o.Lines[0].Message = "mormor@example.dk", "Mormor Åse", "Tillykke!"
	}))
	mails := c.mails(3)
	if got := codes(t, mails[0]); len(got) != 0 || recipient(mails[0]) != "buyer@example.dk" {
		t.Errorf("E08 the first mail went to %s with codes %d, want the buyer and none", recipient(mails[0]), len(got))
	}
	first, second := codes(t, mails[1]), codes(t, mails[2])
	if len(first) != 1 || len(second) != 1 || first[0] == second[0] {
		t.Fatalf("A07 the second mails hold %d and %d codes, want one each and not the same", len(first), len(second))
	}
	for _, m := range mails[1:] {
		if recipient(m) != "mormor@example.dk" {
			t.Errorf("B05 a code went to %s", recipient(m))
		}
		seen, err := m.Inspect()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(seen.Text, "Tillykke!") || !strings.Contains(seen.Text, "Mormor Åse") {
			t.Error("B12 the mail lacks the message or the recipient's name")
		}
		if !slices.ContainsFunc(seen.Files, func(f mail.File) bool { return f.Type == "application/pdf" }) {
			t.Error("B13 the mail has no page to print")
		}
	}
	if got, want := c.standing(), "active 50000, active 50000"; got != want {
		t.Errorf("vouchers: got %q, want %q", got, want)
	}
	c.until("all is recorded", func() bool {
		return slices.Equal(c.deliveries(retail.KindCode), []string{"done", "done"}) &&
			slices.Equal(c.deliveries(retail.KindConfirmation), []string{"done"})
	})
}

func TestManyTwinsOfOneStateIssueOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			if _, err := c.sales.ApplyOrder(context.Background(), c.shop, order(0, units(3))); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if got, want := c.standing(), "active 50000, active 50000, active 50000"; got != want {
		t.Errorf("W1, I8: got %q, want %q", got, want)
	}
	if got := c.deliveries(retail.KindCode); len(got) != 3 {
		t.Errorf("got %d code mails, want 3", len(got))
	}
	if got := c.deliveries(retail.KindConfirmation); len(got) != 1 {
		t.Errorf("E07 got %d confirmations, want 1", len(got))
	}
}

func TestCancelledBlocksAndHoldsTheMailAndPaidAgainLiftsBoth(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0))
	c.tells(order(1, status(purchase.Cancelled)))
	if got, want := c.standing(), "blocked active 50000"; got != want {
		t.Errorf("cancelled: got %q, want %q", got, want)
	}
	if got, want := c.deliveries(retail.KindCode), []string{"waiting held"}; !slices.Equal(got, want) {
		t.Errorf("cancelled: mails are %q, want %q", got, want)
	}
	c.tells(order(2))
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("paid again: got %q, want %q", got, want)
	}
	if got, want := c.deliveries(retail.KindCode), []string{"pending"}; !slices.Equal(got, want) {
		t.Errorf("paid again: mails are %q, want %q", got, want)
	}
}

func TestARefundInvalidatesTheLastUnitAndCancelsItsMail(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, units(3)))
	c.tells(order(1, units(3), refunded("r1", 1)))
	c.tells(order(2, units(3), refunded("r1", 1)))
	if got, want := c.standing(), "active 50000, active 50000, invalidated 0"; got != want {
		t.Errorf("X01 got %q, want %q", got, want)
	}
	if got, want := c.deliveries(retail.KindCode), []string{"cancelled the purchase was refunded", "pending", "pending"}; !slices.Equal(got, want) {
		t.Errorf("mails are %q, want %q", got, want)
	}
}

func TestARefundPassesOverWhatIsReservedOrSpent(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, units(3)))
	vouchers := c.vouchers()
	c.reserves(vouchers[2].ID)
	c.redeems(vouchers[1].ID, 100_00)
	c.tells(order(1, units(3), refunded("r1", 2)))
	if got, want := c.standing(), "invalidated 0, active 40000, active 50000"; got != want {
		t.Errorf("X01 got %q, want %q", got, want)
	}
	if got, want := c.tasks(), []string{"refund_to_settle in_use"}; !slices.Equal(got, want) {
		t.Errorf("tasks: got %q, want %q", got, want)
	}
	c.tells(order(2, units(3), status(purchase.Refunded), refunded("r1", 2)))
	if got, want := c.standing(), "invalidated 0, active 40000, active 50000"; got != want {
		t.Errorf("all refunded: got %q, want %q", got, want)
	}
}

func TestARefundDuringARaceForTheCodeNeverTakesASpentOne(t *testing.T) {
	t.Parallel()
	for range 5 {
		c := open(t)
		c.tells(order(0))
		id := c.vouchers()[0].ID
		var racing sync.WaitGroup
		var spent error
		racing.Go(func() { spent = c.redeem(id, 500_00) })
		racing.Go(func() {
			if _, err := c.sales.ApplyOrder(context.Background(), c.shop, order(1, refunded("r1", 1))); err != nil {
				t.Error(err)
			}
		})
		racing.Wait()
		want := "depleted 0"
		if spent != nil {
			want = "invalidated 0"
		}
		if got := c.standing(); got != want {
			t.Fatalf("3.7.16: spent %v, got %q, want %q", spent, got, want)
		}
	}
}

func TestAStateOfTheSameSecondIsAskedAbout(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, status(purchase.Cancelled)))
	if got := c.tells(order(0)).Verdict; got != purchase.Ask {
		t.Errorf("got %s, want %s", got, purchase.Ask)
	}
	if got := c.standing(); got != "" {
		t.Errorf("issued before the shop was asked: %q", got)
	}
}

func TestAnOrderUnderAnotherNumberChangesNothing(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0))
	d := c.tells(order(1, status(purchase.Refunded), func(o *purchase.Order) { o.Number = "B-16" }))
	if d.Verdict != purchase.SetAside {
		t.Errorf("got %s, want %s", d.Verdict, purchase.SetAside)
	}
	if got := c.tasks(); len(got) != 1 || !strings.HasPrefix(got[0], retail.TaskSetAside) {
		t.Errorf("tasks: got %q, want one of kind %s", got, retail.TaskSetAside)
	}
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatWaitsIsATaskUntilTheOfficeDecides(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, func(o *purchase.Order) { o.Tender = "bacs" }))
	if got, want := c.tasks(), []string{"purchase_waiting not_paid_online"}; !slices.Equal(got, want) {
		t.Fatalf("E05 tasks: got %q, want %q", got, want)
	}
	desk := c.backOffice()
	listed, _, err := desk.Purchases(t.Context(), retail.PurchaseFilter{State: "waiting"})
	if err != nil || len(listed) != 1 {
		t.Fatalf("got %d purchases that wait, %v; want 1", len(listed), err)
	}
	id := listed[0].ID
	if err := desk.ActivatePurchase(t.Context(), office(), id, purchase.PaidOnly, "so"); !errors.Is(err, purchase.ErrNotPaidOnline) {
		t.Errorf("without consent: got %v, want %v", err, purchase.ErrNotPaidOnline)
	}
	if err := desk.ActivatePurchase(t.Context(), office(), id, purchase.UnpaidToo, "so"); err != nil {
		t.Fatal(err)
	}
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("A13 activated: got %q, want %q", got, want)
	}
	if got := c.tasks(); len(got) != 0 {
		t.Errorf("tasks are left: %q", got)
	}
	c.tells(order(1))
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("paid after it was activated: got %q, want %q", got, want)
	}
}

func TestADismissedPurchaseNeverIssues(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, func(o *purchase.Order) { o.Tender = "bacs" }))
	listed, _, err := c.backOffice().Purchases(t.Context(), retail.PurchaseFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.backOffice().DismissPurchase(t.Context(), office(), listed[0].ID, "so"); err != nil {
		t.Fatal(err)
	}
	c.tells(order(1))
	if got := c.standing(); got != "" {
		t.Errorf("X22 issued %q", got)
	}
}

func TestManualActivationIssuesAVoucherThatCanNotBeUsedYet(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0, func(o *purchase.Order) { o.Lines[0].SKU = "CARD-MANUAL" }))
	if got, want := c.standing(), "issued 50000"; got != want {
		t.Errorf("A11 got %q, want %q", got, want)
	}
}

// reserves reserves a voucher for another shop's cart.
func (c *counter) reserves(id string) {
	c.t.Helper()
	amount := money.Of(500_00, "DKK")
	_, err := c.ledger.Apply(c.t.Context(), ledger.Aimed{Voucher: id, Act: voucher.Reserve{
		ID: newID(c), Ref: voucher.Ref{Owner: "shop:other", Kind: voucher.Reservations, Key: "k"},
		Holder: voucher.Holder{1}, Due: amount,
	}})
	if err != nil {
		c.t.Fatal(err)
	}
}

// redeems spends part of a voucher at a till.
func (c *counter) redeems(id string, minor int64) {
	c.t.Helper()
	if err := c.redeem(id, minor); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) redeem(id string, minor int64) error {
	_, err := c.ledger.Apply(context.Background(), ledger.Aimed{Voucher: id, Act: voucher.Redeem{
		ID: newID(c), Ref: voucher.Ref{Owner: "till:1", Kind: voucher.Redemptions, Key: "k" + id},
		Holder: voucher.Holder{2}, Amount: money.Of(minor, "DKK"),
	}})
	return err
}

func newID(c *counter) string {
	id, err := c.ledger.NewID()
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

// What our own codes have paid is no payment: a voucher can't buy its own twin.
func TestAVoucherThatBuysAVoucherWaitsForTheOffice(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.tells(order(0))
	var id string
	if err := c.pool.QueryRow(t.Context(), `SELECT id::text FROM voucher`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	reserve := voucher.Reserve{
		ID: "0197a000-0000-7000-8000-000000000001", Ref: voucher.Ref{Owner: "shop:demo", Kind: voucher.Reservations, Key: "k"},
		Holder: sha256.Sum256([]byte("holder\x0016")), Due: money.Of(500_00, "DKK"),
	}
	if _, err := c.ledger.Apply(t.Context(), ledger.Aimed{Voucher: id, Act: reserve}); err != nil {
		t.Fatal(err)
	}
	second := func(o *purchase.Order) { o.ID, o.Number, o.Total = "16", "B-16", money.Of(500_00, "DKK") }
	c.tells(order(1, second))
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("reserved for the order: got %q, want %q", got, want)
	}
	capture := voucher.Capture{
		ID:  "0197a000-0000-7000-8000-000000000002",
		Ref: reserve.Ref, Detail: voucher.Detail{Order: "B-17"},
	}
	if _, err := c.ledger.Apply(t.Context(), ledger.Aimed{Voucher: id, Act: capture}); err != nil {
		t.Fatal(err)
	}
	c.tells(order(2, func(o *purchase.Order) { o.ID, o.Number, o.Total = "17", "B-17", money.Of(500_00, "DKK") }))
	if got, want := c.standing(), "depleted 0"; got != want {
		t.Errorf("captured for the order: got %q, want %q", got, want)
	}
}
