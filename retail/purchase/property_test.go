package purchase_test

import (
	"fmt"
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

// TestNoUnitEndsUnexplained lets a shop tell of refunds, change and take them back in any way: what it repeats changes nothing, every unit
// that was taken back is one that a refund took, and where more are gone than it gives money for, the office knows (X01).
func TestNoUnitEndsUnexplained(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		quantity := rapid.IntRange(1, 3).Draw(r, "quantity")
		bought := lines(sells("1", "CARD-500", quantity, int64(quantity)*500_00), sells("2", "COFFEE", 1, 500_00))
		w := newWorld(t).told(state(0, bought))
		for minute := range rapid.IntRange(1, 6).Draw(r, "states") {
			given := int64(0)
			changes := []func(*purchase.Order){bought, status(rapid.SampledFrom([]purchase.Status{purchase.Paid, purchase.Paid, purchase.Cancelled, purchase.Refunded}).Draw(r, "status"))}
			for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3, rapid.ID).Draw(r, "refunds") {
				units := rapid.IntRange(0, 3).Draw(r, "units")
				minor := int64(max(1, units))*500_00 - rapid.SampledFrom([]int64{0, 0, 300_00}).Draw(r, "less")
				changes, given = append(changes, gives(id, units, minor)), given+minor
			}
			for i := range quantity {
				if rapid.IntRange(0, 3).Draw(r, "in use") == 0 {
					if u := w.known.Units[i]; u.State == purchase.Issued {
						w.voucher("1", i+1, purchase.Voucher{Balance: 500_00, Reserved: !u.Voucher.Reserved})
					}
				}
			}
			o := state(minute+1, changes...)
			w.told(o)
			refunds, waits, usable := fmt.Sprintf("%+v", w.known.Refunds), w.waits(), w.usable()
			w.told(o)
			if w.waits() != waits || w.usable() != usable {
				r.Fatalf("told again: got %+v (%s), want %s (%s)", w.known.Refunds, w.waits(), refunds, waits)
			}
			gone, taken := 0, 0
			for _, u := range w.known.Units {
				if u.State == purchase.TakenBack {
					gone++
				}
			}
			for _, known := range w.known.Refunds {
				for _, named := range known.Lines {
					taken += named.Taken
				}
			}
			if gone != taken {
				r.Fatalf("%d units are taken back, and refunds have taken %d: %s", gone, taken, refunds)
			}
			if int64(gone)*500_00 > given && o.Status == purchase.Paid && waits == "" {
				r.Fatalf("%d units are taken back for %d, and nobody knows: %s", gone, given, refunds)
			}
		}
	})
}
