package purchase_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// gives is a refund of so many units of line 1 and an amount.
func gives(id string, quantity int, minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Refunds = append(o.Refunds, purchase.Refund{
			ID: id, Amount: money.Of(minor, o.Currency), Lines: []purchase.RefundLine{{Line: "1", Quantity: quantity}},
		})
	}
}

// says is a refund of an amount without a word for what.
func says(id string, minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Refunds = append(o.Refunds, purchase.Refund{ID: id, Amount: money.Of(minor, o.Currency)})
	}
}

// lined is a refund of an amount that says what is for which line.
func lined(id string, minor int64, l ...purchase.RefundLine) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Refunds = append(o.Refunds, purchase.Refund{ID: id, Amount: money.Of(minor, o.Currency), Lines: l})
	}
}

// given is what a refund says of a line; a negative amount is one that it does not say.
func given(line string, quantity int, minor int64) purchase.RefundLine {
	l := purchase.RefundLine{Line: line, Quantity: quantity}
	if minor >= 0 {
		l.Amount = money.Of(minor, "DKK")
	}
	return l
}

func price(minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Total = money.Of(minor, "DKK") }
}

// looks lets the rules look again at the refunds that wait.
func (w *world) looks() *world {
	w.t.Helper()
	before := fmt.Sprintf("%+v", *w.known)
	d, changed := purchase.SettleRefunds(*w.known)
	if after := fmt.Sprintf("%+v", *w.known); after != before {
		w.t.Errorf("a look has changed what is stored: %s, then %s", before, after)
	}
	if again, more := purchase.SettleRefunds(d.Purchase); more || len(again.Invalidate) > 0 {
		w.t.Errorf("a second look settles more: %+v", again)
	}
	if changed {
		w.known = &d.Purchase
	}
	return w
}

// refunds are what became of them, as "id problem amount".
func (w *world) refunds() string {
	var text []string
	for _, r := range w.known.Refunds {
		text = append(text, strings.TrimSpace(fmt.Sprintf("%s %s", r.ID, r.Problem)))
		if r.Settled != (r.Problem == "") || r.Amount.Currency != "DKK" {
			w.t.Errorf("refund %+v", r)
		}
	}
	return strings.Join(text, ", ")
}

// X01: what a refund that had to wait names is taken back when that can be, once, whoever looks; and what can't be matched changes nothing.
func TestRefundsThatWait(t *testing.T) {
	t.Parallel()
	var (
		three    = lines(sells("1", "CARD-500", 3, 1500_00))
		spent    = purchase.Voucher{Balance: 100_00, Touched: true}
		reserved = purchase.Voucher{Balance: 500_00, Reserved: true}
		free     = purchase.Voucher{Balance: 500_00}
		ended    = purchase.Voucher{Ended: true}
		gone     = status(purchase.Refunded)
		goods    = lines(sells("1", "CARD-500", 1, 500_00), sells("2", "COFFEE", 1, 500_00))
	)
	tests := []struct {
		name    string
		play    func(w *world)
		usable  string
		waits   string
		refunds string
	}{
		{"released, and told again", func(w *world) {
			w.told(state(0)).voucher("1", 1, reserved).told(state(1, gives("r1", 1, 500_00))).voucher("1", 1, free).told(state(2, gives("r1", 1, 500_00)))
		}, "", "", "r1"},
		{"released, and told the very same again", func(w *world) {
			w.told(state(0)).voucher("1", 1, reserved).told(state(1, gives("r1", 1, 500_00))).voucher("1", 1, free).told(state(1, gives("r1", 1, 500_00)))
		}, "", "", "r1"},
		{"released, and looked at", func(w *world) {
			w.told(state(0)).voucher("1", 1, reserved).told(state(1, gives("r1", 1, 500_00))).voucher("1", 1, free).looks()
		}, "", "", "r1"},
		{"still reserved", func(w *world) {
			w.told(state(0)).voucher("1", 1, reserved).told(state(1, gives("r1", 1, 500_00))).looks()
		}, "1/1=50000", "refund_to_settle in_use", "r1 in_use"},
		{"released of two, of which one was taken back", func(w *world) {
			w.told(state(0, three)).voucher("1", 3, reserved).voucher("1", 2, spent).told(state(1, three, gives("r1", 2, 1000_00))).voucher("1", 3, free).looks().looks()
		}, "1/2=50000", "", "r1"},
		{"ended by a person", func(w *world) {
			w.told(state(0)).voucher("1", 1, spent).told(state(1, gives("r1", 1, 500_00))).voucher("1", 1, ended).looks()
		}, "", "", "r1"},
		{"one without lines, and all is ended by a person", func(w *world) {
			w.told(state(0)).told(state(1, says("r1", 100_00))).voucher("1", 1, ended).looks()
		}, "", "", "r1"},
		{"one without lines, and one of three is ended", func(w *world) {
			w.told(state(0, three)).told(state(1, three, says("r1", 100_00))).voucher("1", 1, ended).looks()
		}, "1/2=50000 1/3=50000", "refund_to_settle names_no_lines", "r1 names_no_lines"},
		{"one without lines that says later what it was for", func(w *world) {
			w.told(state(0, three)).told(state(1, three, says("r1", 500_00))).told(state(2, three, gives("r1", 1, 500_00)))
		}, "1/1=50000 1/2=50000", "", "r1"},
		{"one that says later less than before", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 2, 1000_00))).told(state(2, three, gives("r1", 1, 500_00))).told(state(3, three, says("r1", 500_00)))
		}, "1/1=50000", "refund_to_settle told_less", "r1 told_less"},
		{"told again with one unit more", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(2, three, gives("r1", 2, 1000_00))).looks()
		}, "1/1=50000", "", "r1"},
		{"told again with one unit more that is spent", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 2, 1000_00))).voucher("1", 1, spent).told(state(2, three, gives("r1", 3, 1500_00)))
		}, "1/1=50000", "refund_to_settle in_use", "r1 in_use"},
		{"five units of a line of three", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 5, 2500_00))).looks()
		}, "", "refund_to_settle more_than_sold", "r1 more_than_sold"},
		{"a unit that appeared after the refund is not meant", func(w *world) {
			w.told(state(0)).voucher("1", 1, spent).told(state(1, gives("r1", 1, 500_00)))
			w.told(state(2, lines(sells("1", "CARD-500", 2, 1000_00)), gives("r1", 1, 500_00))).activated().looks()
		}, "1/1=50000 1/2=50000", "refund_to_settle in_use", "r1 in_use"},
		{"less than was paid", func(w *world) { w.told(state(0)).told(state(1, gives("r1", 1, 100_00))).looks() }, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"less than was paid, of an order that is called refunded", func(w *world) {
			w.told(state(0, price(500_00))).told(state(1, price(500_00), gone, gives("r1", 1, 100_00)))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"less than was paid, and a person ends the voucher", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 100_00))).voucher("1", 2, ended).looks()
		}, "1/1=50000 1/3=50000", "", "r1"},
		{"less than was paid, and the rest later", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 100_00))).told(state(2, three, gives("r1", 1, 100_00), gives("r2", 0, 400_00)))
		}, "1/1=50000 1/2=50000", "", "r1, r2"},
		{"the rest of a unit of which something was given back before", func(w *world) {
			w.told(state(0, three)).told(state(1, three, says("r1", 100_00), gives("r2", 1, 400_00)))
		}, "1/1=50000 1/2=50000", "", "r1, r2"},
		{"nothing", func(w *world) { w.told(state(0, three)).told(state(1, three, gives("r1", 1, 0))) }, "1/1=50000 1/2=50000 1/3=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"nothing, of an order that is called refunded", func(w *world) {
			w.told(state(0, price(500_00))).told(state(1, price(500_00), gone, gives("r1", 1, 0)))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"nothing for the unit, and all for another line", func(w *world) {
			w.told(state(0, goods, price(1000_00))).told(state(1, goods, price(1000_00), lined("r1", 500_00, given("1", 1, 0), given("2", 1, 500_00))))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"nothing for the unit, and money for freight", func(w *world) {
			w.told(state(0, three)).told(state(1, three, lined("r1", 500_00, given("1", 1, 0), given("freight", 0, 500_00))))
		}, "1/1=50000 1/2=50000 1/3=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"nothing for a unit that had cost nothing", func(w *world) {
			free := lines(sells("1", "CARD-500", 1, 0))
			w.told(state(0, free)).activated().told(state(1, free, gives("r1", 1, 0)))
		}, "", "", "r1"},
		{"less, and money for another line before", func(w *world) {
			w.told(state(0, goods, price(1000_00))).told(state(1, goods, price(1000_00), lined("r1", 400_00, given("2", 0, 400_00)), gives("r2", 1, 100_00)))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1, r2 less_than_paid"},
		{"less, and money without a word before, which may be for another line", func(w *world) {
			w.told(state(0, goods, price(1000_00))).told(state(1, goods, price(1000_00), says("r1", 400_00), gives("r2", 1, 100_00)))
		}, "1/1=50000", "refund_to_settle names_no_lines; refund_to_settle less_than_paid", "r1 names_no_lines, r2 less_than_paid"},
		{"less, and money without a word before, which may be for freight", func(w *world) {
			w.told(state(0, three, price(1540_00))).told(state(1, three, price(1540_00), says("r1", 400_00), gives("r2", 1, 100_00)))
		}, "1/1=50000 1/2=50000 1/3=50000", "refund_to_settle names_no_lines; refund_to_settle less_than_paid", "r1 names_no_lines, r2 less_than_paid"},
		{"less for two units, and money that is enough for one of them", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 0, 400_00), gives("r2", 1, 100_00), gives("r3", 1, 100_00)))
		}, "1/1=50000 1/2=50000", "refund_to_settle names_no_units; refund_to_settle less_than_paid", "r1 names_no_units, r2, r3 less_than_paid"},
		{"less, and another unit in full", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 1, 100_00), gives("r2", 1, 500_00)))
		}, "1/1=50000 1/2=50000", "refund_to_settle less_than_paid", "r1 less_than_paid, r2"},
		{"two lines in one amount that is enough for both", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, lined("r1", 1000_00, given("1", 1, -1), given("2", 1, -1))))
		}, "", "", "r1"},
		{"two lines in one amount that is enough for one", func(w *world) {
			w.told(state(0, goods, price(1000_00))).told(state(1, goods, price(1000_00), lined("r1", 500_00, given("1", 1, -1), given("2", 1, -1))))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"a cent less for each of two units", func(w *world) { w.told(state(0, three)).told(state(1, three, gives("r1", 2, 999_98))) }, "1/1=50000", "", "r1"},
		{"two cents less", func(w *world) { w.told(state(0, three)).told(state(1, three, gives("r1", 1, 499_98))) }, "1/1=50000 1/2=50000 1/3=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"less after a discount on the whole order", func(w *world) {
			w.told(state(0, goods, price(900_00))).told(state(1, goods, price(900_00), gives("r1", 1, 450_00)))
		}, "", "", "r1"},
		{"less than its share after a discount on the whole order", func(w *world) {
			w.told(state(0, goods, price(900_00))).told(state(1, goods, price(900_00), gives("r1", 1, 400_00)))
		}, "1/1=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"less after our own code paid a part", func(w *world) {
			w.told(state(0, goods, price(1000_00), covered(200_00))).told(state(1, goods, price(1000_00), covered(200_00), gives("r1", 1, 400_00)))
		}, "", "", "r1"},
		{"less than was paid, and later without a word for what", func(w *world) {
			w.told(state(0, three)).voucher("1", 3, spent).told(state(1, three, gives("r1", 1, 100_00))).told(state(2, three, says("r1", 100_00)))
		}, "1/1=50000 1/2=50000 1/3=50000", "refund_to_settle less_than_paid", "r1 less_than_paid"},
		{"in two pieces", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, gives("r1", 0, 200_00))).told(state(2, goods, gives("r1", 0, 200_00), gives("r2", 0, 300_00))).looks()
		}, "", "", "r1, r2"},
		{"in two pieces while it is spent", func(w *world) {
			w.told(state(0, goods)).voucher("1", 1, spent).told(state(1, goods, gives("r1", 0, 200_00), gives("r2", 0, 300_00))).voucher("1", 1, free).looks()
		}, "", "", "r1, r2"},
		{"in two pieces, of which one is taken back", func(w *world) {
			w.told(state(0, goods)).voucher("1", 1, spent).told(state(1, goods, gives("r1", 0, 200_00), gives("r2", 0, 300_00))).told(state(2, goods, gives("r2", 0, 300_00))).voucher("1", 1, free).looks()
		}, "1/1=50000", "refund_to_settle withdrawn; refund_to_settle less_than_paid", "r1 withdrawn, r2 less_than_paid"},
		{"in pieces that don't come to all of it", func(w *world) {
			w.told(state(0, goods)).told(state(1, goods, gives("r1", 0, 200_00), gives("r2", 0, 299_00)))
		}, "1/1=50000", "refund_to_settle names_no_units; refund_to_settle names_no_units", "r1 names_no_units, r2 names_no_units"},
		{"in pieces that come to one of three", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 0, 200_00), gives("r2", 0, 300_00)))
		}, "1/1=50000 1/2=50000 1/3=50000", "refund_to_settle names_no_units; refund_to_settle names_no_units", "r1 names_no_units, r2 names_no_units"},
		{"in pieces that come to all three", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gives("r1", 0, 800_00), gives("r2", 0, 700_00)))
		}, "", "", "r1, r2"},
		{"in pieces without a word that come to all of the order", func(w *world) {
			w.told(state(0, goods, price(1040_00))).told(state(1, goods, price(1040_00), says("r1", 200_00), says("r2", 840_00)))
		}, "", "", "r1, r2, whole order"},
		{"in pieces without a word that come to a unit of an order with other lines", func(w *world) {
			w.told(state(0, goods, price(1000_00))).told(state(1, goods, price(1000_00), says("r1", 200_00), says("r2", 300_00)))
		}, "1/1=50000", "refund_to_settle names_no_lines; refund_to_settle names_no_lines", "r1 names_no_lines, r2 names_no_lines"},
		{"all the money of an order that our own code paid in part, without a word", func(w *world) {
			w.told(state(0, goods, price(1000_00), covered(200_00))).told(state(1, goods, price(1000_00), covered(200_00), says("r1", 1000_00)))
		}, "1/1=50000", "refund_to_settle names_no_lines", "r1 names_no_lines"},
		{"amounts that no order comes to", func(w *world) {
			huge := int64(math.MaxInt64)
			w.told(state(0, goods)).told(state(1, goods, gives("r1", 1, 0), says("r2", huge), says("r3", huge)))
		}, "1/1=50000", "refund_to_settle less_than_paid; refund_to_settle names_no_lines; refund_to_settle names_no_lines", "r1 less_than_paid, r2 names_no_lines, r3 names_no_lines"},
		{"less, of a line that a discount had lowered", func(w *world) {
			cheap := lines(sells("1", "CARD-80", 1, 400_00))
			w.told(state(0, cheap)).told(state(1, cheap, gives("r1", 1, 400_00)))
		}, "", "", "r1"},
		{"all that was paid, in two parts that reach the order's total", func(w *world) {
			w.told(state(0, price(500_00))).told(state(1, price(500_00), gives("r1", 1, 250_00))).told(state(2, price(500_00), gives("r1", 1, 250_00), says("r2", 250_00)))
		}, "", "", "r1, r2"},
		{"all that was paid, however it is shared between the lines", func(w *world) {
			w.told(state(0, goods, price(1000_00))).told(state(1, goods, price(1000_00), gives("r1", 1, 400_00), func(o *purchase.Order) {
				o.Refunds = append(o.Refunds, purchase.Refund{ID: "r2", Amount: money.Of(600_00, "DKK"), Lines: []purchase.RefundLine{{Line: "2", Quantity: 1}}})
			}))
		}, "", "", "r1, r2"},
		{"a whole order that names its units later", func(w *world) {
			w.told(state(0, three)).told(state(1, three, gone)).told(state(2, three, gone, gives("r1", 3, 1500_00)))
		}, "", "", "whole order, r1"},
		{"a whole order of one spent unit that is named is one matter", func(w *world) {
			w.told(state(0, price(500_00))).voucher("1", 1, spent).told(state(1, price(500_00), gone, gives("r1", 1, 500_00)))
		}, "1/1=50000", "refund_to_settle in_use", "r1 in_use"},
		{"a whole order of spent units that are not all named is one matter", func(w *world) {
			w.told(state(0, three)).voucher("1", 3, spent).voucher("1", 1, spent).told(state(1, three, gone, gives("r1", 2, 1000_00), says("r2", 500_00)))
		}, "1/1=50000 1/3=50000", "refund_to_settle in_use", "r1 in_use, r2 names_no_lines, whole order in_use"},
		{"a whole order whose spent unit is whole again", func(w *world) {
			w.told(state(0, three)).voucher("1", 3, spent).told(state(1, three, gone)).voucher("1", 3, free).looks()
		}, "", "", "whole order"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.play(w)
			if got := w.usable(); got != test.usable {
				t.Errorf("usable vouchers: got %q, want %q", got, test.usable)
			}
			if got := w.waits(); got != test.waits {
				t.Errorf("waits for the office: got %q, want %q", got, test.waits)
			}
			if got := w.refunds(); got != test.refunds {
				t.Errorf("refunds: got %q, want %q", got, test.refunds)
			}
		})
	}
}

// activated lets the office activate what waits.
func (w *world) activated() *world {
	w.t.Helper()
	d, err := purchase.Activate(*w.known, purchase.PaidOnly)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, key := range d.Issue {
		w.issued[key] = 500_00
	}
	w.known = &d.Purchase
	return w
}

// X01: what grew while a later state was applied is not lost.
func TestARefundThatGrewIsNotLostWhenItIsOvertaken(t *testing.T) {
	t.Parallel()
	three := lines(sells("1", "CARD-500", 3, 1500_00))
	w := newWorld(t).told(state(0, three)).told(state(1, three, gives("r1", 1, 500_00))).told(state(5, three, status(purchase.Cancelled)))
	if got := w.told(state(3, three, gives("r1", 2, 1000_00))).last.Verdict; got != purchase.SetAside {
		t.Errorf("got %s, want %s", got, purchase.SetAside)
	}
	if got := w.told(state(3, three, gives("r1", 1, 500_00))).last.Verdict; got != purchase.Older {
		t.Errorf("got %s, want %s", got, purchase.Older)
	}
}
