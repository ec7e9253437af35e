package purchase_test

import (
	"testing"

	"pgregory.net/rapid"

	"vouchsafe/retail/purchase"
)

// history draws the life of one order: placed perhaps, paid, then refunds, cancellations and payments in any number. The lines
// stay as they are, since what a shop changes in them after the payment is a person's business.
func history(t *rapid.T) []purchase.Order {
	quantity := rapid.IntRange(1, 4).Draw(t, "quantity")
	bought := lines(sells("1", "CARD-500", quantity, int64(quantity)*500_00), sells("2", "CARD-OPEN", 2, 333_33))
	var given []func(*purchase.Order)
	var states []purchase.Order
	tell := func(s purchase.Status) {
		changes := append([]func(*purchase.Order){bought, status(s)}, given...)
		states = append(states, state(len(states), changes...))
	}
	if rapid.Bool().Draw(t, "placed first") {
		tell(purchase.Placed)
	}
	tell(purchase.Paid)
	for i := range rapid.IntRange(0, 5).Draw(t, "changes") {
		switch rapid.SampledFrom([]string{"refund", "cancel", "pay", "refund all"}).Draw(t, "change") {
		case "refund":
			line := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "line")
			given = append(given, refund(string(rune('a'+i)), line, rapid.IntRange(0, 2).Draw(t, "units")))
			if rapid.Bool().Draw(t, "less than was paid") {
				given = append(given, func(o *purchase.Order) { o.Refunds[len(o.Refunds)-1].Amount.Minor = 50_00 })
			}
			tell(states[len(states)-1].Status)
		case "cancel":
			tell(purchase.Cancelled)
		case "pay":
			tell(purchase.Paid)
		case "refund all":
			tell(purchase.Refunded)
			return states
		}
	}
	return states
}

// TestAnyOrderOfTheStatesEndsInTheSameVouchers is I8 and W2: states arrive in any order and number, and the last of them
// arrives at least once.
func TestAnyOrderOfTheStatesEndsInTheSameVouchers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		states := history(r)
		straight := newWorld(t)
		for _, s := range states {
			straight.told(s)
		}
		arriving := append(rapid.SliceOfN(rapid.SampledFrom(states), 0, 12).Draw(r, "duplicates"), states[len(states)-1])
		arriving = rapid.Permutation(arriving).Draw(r, "arriving")
		shuffled := newWorld(t)
		for _, s := range arriving {
			shuffled.told(s)
		}
		if got, want := shuffled.usable(), straight.usable(); got != want {
			r.Fatalf("usable vouchers: got %q, want %q", got, want)
		}
		if shuffled.mails > 1 {
			r.Fatalf("got %d confirmations", shuffled.mails)
		}
	})
}
