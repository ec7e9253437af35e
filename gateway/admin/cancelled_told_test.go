package admin_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// X01: what a shop says of an order that a voucher paid for counts by when it was so: of two states of one instant the further one, unless the
// shop was asked; that of another order which bears its id, as a copy of the shop has it, is none of its.
func TestACancelledOrderGoesByTheShopsLastWord(t *testing.T) {
	t.Parallel()
	asked := func(o purchase.Order) purchase.Order {
		o.Origin = purchase.Fetched
		return o
	}
	copied := goods("2001", 3, purchase.Cancelled)
	copied.ID = "91001"
	for name, c := range map[string]struct {
		says  []purchase.Order
		tasks int
	}{
		"the further of one instant":        {[]purchase.Order{goods("1001", 1, purchase.Paid), goods("1001", 1, purchase.Cancelled)}, 1},
		"the further, told first":           {[]purchase.Order{goods("1001", 1, purchase.Cancelled), goods("1001", 1, purchase.Paid)}, 1},
		"what it says when it is asked":     {[]purchase.Order{goods("1001", 1, purchase.Cancelled), asked(goods("1001", 1, purchase.Paid))}, 0},
		"an order of another number's":      {[]purchase.Order{goods("1001", 1, purchase.Cancelled), goods("1001", 2, purchase.Paid), copied}, 0},
		"what it says after the cancelling": {[]purchase.Order{goods("1001", 1, purchase.Cancelled), goods("1001", 2, purchase.Paid)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, first := range []string{"the capture", "the shop"} {
				h := open(t)
				if first == "the capture" {
					h.paidWith("r:1", "91001")
				}
				for _, o := range c.says {
					h.tells(o)
				}
				if first == "the shop" {
					h.paidWith("r:1", "91001")
				}
				h.reviews(c.tasks)
			}
		})
	}
}

// X01 X17: points come back with their order by themselves, if need be later: nobody is asked about them.
func TestACancelledOrderThatPointsPaidForIsNoTask(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.grantsPoints("7", 50)
	h.shop.paysWith("r:1", "7", 5_00).has(201, "{}")
	h.shop.captures("r:1", "91001").has(200, "{}")
	h.runs(`UPDATE account SET quarantined = true`)
	h.tells(goods("1001", 1, purchase.Cancelled))
	h.hasPoints("7", 0, 0)
	h.reviews(0)
	h.runs(`UPDATE account SET quarantined = false`)
	h.must(h.sales.SettlePoints(t.Context()))
	h.hasPoints("7", 50, 0)
}
