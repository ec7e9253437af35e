package purchase_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// refundCase is a story of refunds, and what became of its vouchers, tasks and refunds.
type refundCase struct {
	name                   string
	play                   func(*world)
	usable, waits, refunds string
}

func (c refundCase) run(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c.play(w)
	w.looks()
	if got := w.usable(); got != c.usable {
		t.Errorf("usable vouchers: got %q, want %q", got, c.usable)
	}
	if got := w.waits(); got != c.waits {
		t.Errorf("waits for the office: got %q, want %q", got, c.waits)
	}
	if got := w.refunds(); got != c.refunds {
		t.Errorf("refunds: got %q, want %q", got, c.refunds)
	}
}

const (
	undone   = "refund_to_settle undone"
	toldLess = "refund_to_settle told_less"
	others   = "refund_to_settle names_other_lines"
)

// X01: what has ended stays ended, and the office is told when the shop takes the refund back, or makes it smaller.
func TestRefundsThatAreTakenBackAfterTheyEndedUnits(t *testing.T) {
	t.Parallel()
	var (
		three = lines(sells("1", "CARD-500", 3, 1500_00))
		goods = lines(sells("1", "CARD-500", 1, 500_00), sells("2", "COFFEE", 1, 500_00))
		gone  = status(purchase.Refunded)
		spent = purchase.Voucher{Balance: 100_00, Touched: true}
		free  = purchase.Voucher{Balance: 500_00}
		ended = purchase.Voucher{Ended: true}
	)
	for _, test := range []refundCase{
		{"taken back", func(w *world) {
			w.told(state(0)).told(state(1, gone, gives("r1", 1, 500_00))).told(state(2)).told(state(3))
		}, "", undone, "r1 undone"},
		{"told as it was again", func(w *world) {
			w.told(state(0)).told(state(1, gone, gives("r1", 1, 500_00))).told(state(2)).told(state(3, gone, gives("r1", 1, 500_00)))
		}, "", "", "r1"},
		{"taken back, and the order cancelled", func(w *world) {
			w.told(state(0)).told(state(1, gone, gives("r1", 1, 500_00))).told(state(2, status(purchase.Cancelled)))
		}, "", "", "r1 undone"},
		{"taken back, cancelled and paid again", func(w *world) {
			w.told(state(0)).told(state(1, gone, gives("r1", 1, 500_00))).told(state(2, status(purchase.Cancelled))).told(state(3))
		}, "", undone, "r1 undone"},
		{"taken back, and all of the order refunded without a word", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three)).told(state(3, three, gone))
		}, "", "", "r1, whole order"},
		{"a whole order that is paid again", func(w *world) { w.told(state(0, three)).told(state(1, three, gone)).told(state(2, three)) }, "", undone, "whole order undone"},
		{"a whole order that names one unit later", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gone)).told(state(2, three, gives("r1", 1, 500_00)))
		}, "", undone, "whole order undone, r1"},
		{"of two units, one of which is spent", func(w *world) {
			w.told(state(0, three)).voucher("1", 1, spent).voucher("1", 2, spent).told(state(1, three, gives("r1", 2, 1000_00))).told(state(2, three)).voucher("1", 2, free)
		}, "1/1=50000 1/2=50000", undone, "r1 undone"},
		{"whose unit a person had ended", func(w *world) {
			w.told(state(0)).voucher("1", 1, spent).told(state(1, gives("r1", 1, 500_00))).voucher("1", 1, ended).looks().told(state(2))
		}, "", undone, "r1 undone"},
		{"one unit less", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 2, 1000_00))).told(state(2, three, gives("r1", 1, 500_00)))
		}, "1/1=50000", toldLess, "r1 told_less"},
		{"one unit less, and then as it was", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 2, 1000_00))).told(state(2, three, gives("r1", 1, 500_00))).told(state(3, three, gives("r1", 2, 1000_00)))
		}, "1/1=50000", "", "r1"},
		{"one unit less while that was spent", func(w *world) {
			w.told(state(0, three)).voucher("1", 1, spent).told(state(1, three, gives("r1", 3, 1500_00))).told(state(2, three, gives("r1", 2, 1000_00))).voucher("1", 1, free)
		}, "1/1=50000", "", "r1"},
		{"one of too many units, for less money", func(w *world) {
			w.told(state(0)).told(state(1, gives("r1", 2, 1000_00))).told(state(2, gives("r1", 0, 200_00))).told(state(3, gives("r1", 1, 200_00)))
		}, "", toldLess, "r1 told_less"},
		{"less money", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three, gives("r1", 1, 100_00))).told(state(3, three, gives("r1", 1, 100_00)))
		}, "1/1=50000 1/2=50000", toldLess, "r1 told_less"},
		{"less money without a word for what", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three, says("r1", 100_00)))
		}, "1/1=50000 1/2=50000", toldLess, "r1 told_less"},
		{"as much money without a word for what", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three, says("r1", 500_00)))
		}, "1/1=50000 1/2=50000", "", "r1"},
		{"less money, and another refund gives the rest", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three, gives("r1", 1, 100_00), gives("r2", 0, 400_00)))
		}, "1/1=50000 1/2=50000", "", "r1, r2"},
		{"less money than was told again of a unit that a person had ended", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 100_00))).voucher("1", 2, ended).looks().told(state(2, three, gives("r1", 1, 100_00)))
		}, "1/1=50000 1/3=50000", "", "r1"},
		{"a piece of it", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, gives("r1", 0, 200_00), gives("r2", 0, 300_00))).told(state(2, goods, gives("r2", 0, 300_00))).told(state(3, goods, gives("r2", 0, 300_00)))
		}, "", toldLess, "r1, r2 told_less"},
		{"the piece that took it", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, gives("r1", 0, 200_00), gives("r2", 0, 300_00))).told(state(2, goods, gives("r1", 0, 200_00)))
		}, "", undone, "r1, r2 undone"},
		{"before it had ended anything", func(w *world) {
			w.told(state(0)).voucher("1", 1, spent).told(state(1, gives("r1", 1, 500_00))).told(state(2))
		}, "1/1=50000", "refund_to_settle withdrawn", "r1 withdrawn"},
	} {
		t.Run(test.name, test.run)
	}
}

// X01: the same money under another id is the same money.
func TestRefundsThatAreToldUnderAnotherID(t *testing.T) {
	t.Parallel()
	var (
		two   = lines(sells("1", "CARD-500", 2, 1000_00))
		spent = purchase.Voucher{Balance: 100_00, Touched: true}
		free  = purchase.Voucher{Balance: 500_00}
	)
	for _, test := range []refundCase{
		{"at once", func(w *world) {
			w.told(state(0)).told(state(1, gives("r1", 1, 500_00))).told(state(2, gives("r2", 1, 500_00)))
		}, "", "", "r1, r2"},
		{"at once, of two units", func(w *world) {
			w.told(state(0, two)).told(state(1, two, gives("r1", 1, 500_00))).told(state(2, two, gives("r2", 1, 500_00))).told(state(3, two, gives("r2", 1, 500_00)))
		}, "1/1=50000", "", "r1, r2"},
		{"later", func(w *world) {
			w.told(state(0)).told(state(1, gives("r1", 1, 500_00))).told(state(2)).told(state(3, gives("r2", 1, 500_00)))
		}, "", "", "r1, r2"},
		{"both after all", func(w *world) {
			w.told(state(0)).told(state(1, gives("r1", 1, 500_00))).told(state(2, gives("r2", 1, 500_00))).told(state(3, gives("r1", 1, 500_00), gives("r2", 1, 500_00)))
		}, "", "refund_to_settle more_than_sold", "r1 more_than_sold, r2"},
		{"with a unit more", func(w *world) {
			w.told(state(0, two)).told(state(1, two, gives("r1", 1, 500_00))).told(state(2, two, gives("r2", 2, 1000_00)))
		}, "", "", "r1, r2"},
		{"with more units than there are", func(w *world) {
			w.told(state(0)).told(state(1, gives("r1", 1, 500_00))).told(state(2, gives("r2", 2, 1000_00)))
		}, "", "refund_to_settle more_than_sold", "r1, r2 more_than_sold"},
		{"for less money", func(w *world) {
			w.told(state(0)).told(state(1, gives("r1", 1, 500_00))).told(state(2, gives("r2", 1, 100_00)))
		}, "", undone + "; refund_to_settle less_than_paid", "r1 undone, r2 less_than_paid"},
		{"where one of two had waited", func(w *world) {
			w.told(state(0, two)).voucher("1", 1, spent).told(state(1, two, gives("r1", 2, 1000_00))).told(state(2, two, gives("r2", 2, 1000_00)))
		}, "1/1=50000", "refund_to_settle withdrawn; refund_to_settle in_use", "r1 withdrawn, r2 in_use"},
		{"where one of two had waited, and is free", func(w *world) {
			w.told(state(0, two)).voucher("1", 1, spent).told(state(1, two, gives("r1", 2, 1000_00))).told(state(2, two, gives("r2", 2, 1000_00))).voucher("1", 1, free)
		}, "", "", "r1, r2"},
		{"while it waits", func(w *world) {
			w.told(state(0)).voucher("1", 1, spent).told(state(1, gives("r1", 1, 500_00))).told(state(2)).told(state(3, gives("r2", 1, 500_00)))
		}, "1/1=50000", "refund_to_settle withdrawn; refund_to_settle in_use", "r1 withdrawn, r2 in_use"},
		{"of the whole order, then of its unit", func(w *world) {
			w.told(state(0)).told(state(1, status(purchase.Refunded))).told(state(2, gives("r1", 1, 500_00)))
		}, "", "", "whole order, r1"},
		{"and a part of the first is told", func(w *world) {
			w.told(state(0, two)).told(state(1, two, gives("r1", 2, 1000_00))).told(state(2, two, gives("r1", 1, 500_00), gives("r2", 1, 500_00)))
		}, "", "", "r1, r2"},
	} {
		t.Run(test.name, test.run)
	}
}

// X01: what can't be matched waits; what the order has beside our products does not concern us.
func TestRefundsOfLinesThatTheOrderDoesNotHave(t *testing.T) {
	t.Parallel()
	var (
		goods = lines(sells("1", "CARD-500", 1, 500_00), sells("2", "COFFEE", 1, 500_00))
		cards = lines(sells("1", "CARD-500", 1, 500_00), sells("9", "CARD-500", 1, 500_00))
		stray = lined("r1", 500_00, given("9", 1, -1))
	)
	for _, test := range []refundCase{
		{"it waits", func(w *world) { w.told(state(0)).told(state(1, stray)).told(state(2, stray)) }, "1/1=50000", others, "r1 names_other_lines"},
		{"all of the order was given back", func(w *world) { w.told(state(0, price(500_00))).told(state(1, price(500_00), stray)) }, "", "", "r1, whole order"},
		{"goods", func(w *world) { w.told(state(0, goods)).told(state(1, goods, lined("r1", 500_00, given("2", 1, -1)))) }, "1/1=50000", "", "r1"},
		{"goods that the shop drops later", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, lined("r1", 500_00, given("2", 1, -1)))).told(state(2, lined("r1", 500_00, given("2", 1, -1))))
		}, "1/1=50000", "", "r1"},
		{"goods that are told later", func(w *world) {
			w.told(state(0)).told(state(1, lined("r1", 500_00, given("2", 1, -1)))).told(state(2, goods, lined("r1", 500_00, given("2", 1, -1))))
		}, "1/1=50000", "", "r1"},
		{"a voucher that is told later", func(w *world) {
			w.told(state(0)).told(state(1, stray)).told(state(2, cards, stray))
		}, "1/1=50000", "", "r1"},
		{"a voucher that the office has activated by then", func(w *world) {
			w.told(state(0)).told(state(1, stray)).told(state(2, cards)).activated().told(state(3, cards, stray))
		}, "1/1=50000", "", "r1"},
		{"one of our lines, and another", func(w *world) {
			w.told(state(0, cards)).told(state(1, cards, lined("r1", 1000_00, given("1", 1, 500_00), given("7", 1, 500_00))))
		}, "9/1=50000", others, "r1 names_other_lines"},
		{"freight", func(w *world) {
			w.told(state(0)).told(state(1, lined("r1", 40_00, given("freight", 0, 40_00))))
		}, "1/1=50000", "", "r1"},
		{"without lines at first", func(w *world) { w.told(state(0)).told(state(1, says("r1", 500_00))).told(state(2, stray)) }, "1/1=50000", others, "r1 names_other_lines"},
		{"taken back", func(w *world) { w.told(state(0)).told(state(1, stray)).told(state(2)) }, "1/1=50000", "refund_to_settle withdrawn", "r1 withdrawn"},
	} {
		t.Run(test.name, test.run)
	}
}

// X01: a line's own amount counts for it, and nothing else.
func TestRefundsThatSayTheirLinesAmounts(t *testing.T) {
	t.Parallel()
	goods := lines(sells("1", "CARD-500", 1, 500_00), sells("2", "COFFEE", 1, 250_00))
	for _, test := range []refundCase{
		{"less for the card", func(w *world) {
			w.told(state(0, goods, price(750_00))).told(state(1, goods, price(750_00), lined("r1", 600_00, given("1", 1, 350_00), given("2", 1, 250_00))))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"less for the card, of an order without a total", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, lined("r1", 600_00, given("1", 1, 350_00), given("2", 1, 250_00))))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"all for both", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, lined("r1", 750_00, given("1", 1, 500_00), given("2", 1, 250_00))))
		}, "", "", "r1"},
		{"nothing", func(w *world) { w.told(state(0)).told(state(1, gives("r1", 1, 0))) }, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
	} {
		t.Run(test.name, test.run)
	}
}
