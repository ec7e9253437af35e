package purchase_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// X01: a refund that the shop tells of no more names nothing but what it has taken: a whole order that is refunded later is noted, and takes
// back what that one would have.
func TestAWithdrawnRefundNamesNoUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t).told(state(0)).voucher("1", 1, purchase.Voucher{Balance: 500_00, Reserved: true}).told(state(1, gives("r1", 1, 500_00))).told(state(2))
	w.voucher("1", 1, purchase.Voucher{Balance: 500_00}).told(state(3, status(purchase.Refunded)))
	if got := w.usable(); got != "" {
		t.Errorf("vouchers %s can be used, and their order was refunded", got)
	}
}

// X01: the withdrawn refund of a whole order names no units either, so that a refund that grew is not lost when it is overtaken.
func TestAWithdrawnWholeOrderNamesNotAll(t *testing.T) {
	t.Parallel()
	three := lines(sells("1", "CARD-500", 3, 1500_00))
	w := newWorld(t).told(state(0, three)).voucher("1", 3, purchase.Voucher{Balance: 100_00, Touched: true}).told(state(1, three, status(purchase.Refunded)))
	w.told(state(2, three, gives("r1", 1, 500_00))).told(state(5, three, gives("r1", 1, 500_00), status(purchase.Cancelled)))
	if got := w.told(state(3, three, gives("r1", 2, 1000_00))).last.Verdict; got != purchase.SetAside {
		t.Errorf("got %s, want %s", got, purchase.SetAside)
	}
}

// X01: nor does it stand for another refund that waits: each is a matter of its own.
func TestAWithdrawnWholeOrderExplainsNoOtherRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t).told(state(0)).voucher("1", 1, purchase.Voucher{Balance: 100_00, Touched: true}).told(state(1, status(purchase.Refunded)))
	w.told(state(2, gives("r1", 1, 500_00)))
	if got, want := w.waits(), "refund_to_settle in_use; refund_to_settle withdrawn"; got != want {
		t.Errorf("waits: %q, want %q", got, want)
	}
}

// X01: a refund that is known is nothing to ask for, whatever else the older state says of it.
func TestAnOlderStateOfKnownRefundsChangesNothing(t *testing.T) {
	t.Parallel()
	known := purchase.Decide(nil, state(1), catalogue(), shop).Purchase
	for _, next := range []purchase.Order{state(2, refund("r1", "1", 1)), state(4, status(purchase.Cancelled), refund("r1", "1", 1))} {
		known = purchase.Decide(&known, next, catalogue(), shop).Purchase
	}
	for _, late := range []purchase.Order{state(3, refund("r1", "1", 1)), state(3, status(purchase.Refunded), refund("r1", "1", 1))} {
		if got := purchase.Decide(&known, late, catalogue(), shop); got.Verdict != purchase.Older {
			t.Errorf("%v: %s, %s", late.Status, got.Verdict, got.Why)
		}
	}
}
