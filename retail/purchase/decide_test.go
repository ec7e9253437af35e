package purchase_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// catalogue is what the tests sell: a card of 500, an open one, a punch card.
func catalogue() purchase.Catalogue {
	return purchase.Catalogue{
		"CARD-500": purchase.Product{SKU: "CARD-500", Name: "Gift card 500", Currency: "DKK", Amount: 500_00}.Complete(),
		"CARD-80":  purchase.Product{SKU: "CARD-80", Name: "Gift card 500", Currency: "DKK", Amount: 500_00, MinPaid: 80}.Complete(),
		"CARD-OPEN": purchase.Product{
			SKU: "CARD-OPEN", Name: "Gift card", Currency: "DKK", Open: &purchase.Range{Min: 50_00, Max: 2_000_00},
		}.Complete(),
		"PUNCH-10": purchase.Product{SKU: "PUNCH-10", Name: "Ten swims", Kind: purchase.Punches, Amount: 10, VAT: "multi_purpose"}.Complete(),
		"CARD-BIG": purchase.Product{SKU: "CARD-BIG", Name: "Too big", Currency: "DKK", Amount: 20_000_00}.Complete(),
	}
}

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	shop = purchase.Shop{Ceiling: "10000.00"}
)

// state is an order of one card of 500, paid by card, at a minute past noon.
func state(minute int, change ...func(*purchase.Order)) purchase.Order {
	o := purchase.Order{
		ID: "15", Number: "15", Source: "https://shop.example/", Created: noon, Modified: noon.Add(time.Duration(minute) * time.Minute),
		Status: purchase.Paid, PaidAt: noon, Tender: "quickpay", Currency: "DKK", Buyer: purchase.Buyer{Email: "b@example.dk"},
		Lines: []purchase.Line{sells("1", "CARD-500", 1, 500_00)},
	}
	for _, f := range change {
		f(&o)
	}
	return o
}

func sells(id, sku string, quantity int, paid int64) purchase.Line {
	return purchase.Line{ID: id, SKU: sku, Name: sku, Quantity: quantity, Paid: money.Of(paid, "DKK")}
}

func status(s purchase.Status) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Status = s
		if s == purchase.Placed {
			o.PaidAt = time.Time{}
		}
	}
}

func lines(l ...purchase.Line) func(*purchase.Order) { return func(o *purchase.Order) { o.Lines = l } }

func tender(name string) func(*purchase.Order) { return func(o *purchase.Order) { o.Tender = name } }

func total(minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Total = money.Of(minor, o.Currency) }
}

func covered(minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) { o.Covered = money.Of(minor, o.Currency) }
}

func refund(id, line string, quantity int) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Refunds = append(o.Refunds, purchase.Refund{
			ID: id, Amount: money.Of(int64(max(1, quantity))*500_00, "DKK"), Lines: []purchase.RefundLine{{Line: line, Quantity: quantity}},
		})
	}
}

// world applies states one after the other, the way the back office does, and keeps what became of the vouchers.
type world struct {
	t       *testing.T
	known   *purchase.Purchase
	shop    purchase.Shop
	issued  map[purchase.Key]int64
	blocked map[purchase.Key]bool
	last    purchase.Decision
	mails   int
}

func newWorld(t *testing.T) *world {
	return &world{t: t, shop: shop, issued: map[purchase.Key]int64{}, blocked: map[purchase.Key]bool{}}
}

func (w *world) told(o purchase.Order) *world {
	w.t.Helper()
	w.last = purchase.Decide(w.known, o, catalogue(), w.shop)
	if w.last.Verdict != purchase.Applied {
		return w
	}
	next := w.last.Purchase
	for _, key := range w.last.Issue {
		if _, twice := w.issued[key]; twice {
			w.t.Fatalf("unit %v issued twice", key)
		}
		for _, u := range next.Units {
			if u.Key() == key {
				w.issued[key] = u.Value.Minor
			}
		}
	}
	for _, key := range w.last.Block {
		w.blocked[key] = true
	}
	for _, key := range w.last.Lift {
		delete(w.blocked, key)
	}
	if w.last.Confirm {
		w.mails++
	}
	w.known = &next
	return w
}

// voucher changes what the ledger says of a unit's voucher.
func (w *world) voucher(line string, n int, v purchase.Voucher) *world {
	for i, u := range w.known.Units {
		if u.Key() == (purchase.Key{Line: line, N: n}) {
			w.known.Units[i].Voucher = v
		}
	}
	return w
}

// usable are the vouchers that can be spent, as "line/unit=value".
func (w *world) usable() string {
	var found []string
	if w.known != nil {
		for _, u := range w.known.Units {
			if u.State == purchase.Issued && !u.Voucher.Ended && !w.blocked[u.Key()] {
				found = append(found, fmt.Sprintf("%s/%d=%d", u.Line, u.N, w.issued[u.Key()]))
			}
		}
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}

// waits are the matters for the office, as "kind reason".
func (w *world) waits() string {
	var found []string
	if w.known != nil {
		for _, m := range w.known.Matters() {
			found = append(found, m.Kind+" "+m.Reason)
		}
	}
	return strings.Join(found, "; ")
}

func TestDecideOneState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		order  purchase.Order
		usable string
		waits  string
	}{
		{"E06 a paid fixed product issues its face value", state(0), "1/1=50000", ""},
		{"A07 three units are three vouchers, never one of the sum", state(0, lines(sells("1", "CARD-500", 3, 1500_00))), "1/1=50000 1/2=50000 1/3=50000", ""},
		{"an open product is worth what was paid for the unit", state(0, lines(sells("1", "CARD-OPEN", 1, 123_45))), "1/1=12345", ""},
		{"remainders are spread so that the sum is exact", state(0, lines(sells("1", "CARD-OPEN", 3, 200_00))), "1/1=6667 1/2=6667 1/3=6666", ""},
		{"B11 a punch card issues its punches", state(0, lines(sells("1", "PUNCH-10", 1, 300_00))), "1/1=10", ""},
		{"a line that is no voucher is none", state(0, lines(sells("1", "COFFEE", 2, 90_00), sells("2", "CARD-500", 1, 500_00))), "2/1=50000", ""},
		{"an unpaid order issues nothing and waits for nobody", state(0, status(purchase.Placed)), "", ""},
		{"an order without a tender is not paid online", state(0, tender("")), "", "purchase_waiting not_paid_online"},
		{"E05 a bank transfer is not paid online", state(0, tender("bacs")), "", "purchase_waiting not_paid_online"},
		{"B06 cash on delivery is not paid online", state(0, tender("cod")), "", "purchase_waiting not_paid_online"},
		{"B06 an invoice is not paid online", state(0, tender("Invoice")), "", "purchase_waiting not_paid_online"},
		{"B06 an account is not paid online", state(0, tender("on_account")), "", "purchase_waiting not_paid_online"},
		{"an unpaid order by an offline tender waits at once", state(0, status(purchase.Placed), tender("cheque")), "", "purchase_waiting not_paid_online"},
		{"paid without a payment date is not paid", state(0, func(o *purchase.Order) { o.PaidAt = time.Time{} }), "", "purchase_waiting no_payment_date"},
		{"a voucher that cost nothing waits", state(0, lines(sells("1", "CARD-500", 1, 0))), "", "purchase_waiting zero_paid"},
		{"a voucher paid below its face value waits", state(0, lines(sells("1", "CARD-500", 1, 499_99))), "", "purchase_waiting below_min_paid"},
		{"min_paid lets a discounted voucher issue", state(0, lines(sells("1", "CARD-80", 2, 800_00))), "1/1=50000 1/2=50000", ""},
		{"min_paid is exact", state(0, lines(sells("1", "CARD-80", 2, 799_99))), "", "purchase_waiting below_min_paid"},
		{"an open value below the least waits", state(0, lines(sells("1", "CARD-OPEN", 1, 49_99))), "", "purchase_waiting outside_range"},
		{"an open value above the most waits", state(0, lines(sells("1", "CARD-OPEN", 1, 2000_01))), "", "purchase_waiting outside_range"},
		{"another currency than the product's waits", state(0, func(o *purchase.Order) {
			o.Currency, o.Lines[0].Paid = "EUR", money.Of(500_00, "EUR")
		}), "", "purchase_waiting other_currency"},
		{"a value above the ceiling waits", state(0, lines(sells("1", "CARD-BIG", 1, 20_000_00))), "", "purchase_waiting above_ceiling"},
		{"a figure finer than the currency waits", state(0, func(o *purchase.Order) { o.Lines[0].Unclear = true }), "", "purchase_waiting unclear_amount"},
		{"one line waits and the other issues", state(0, lines(sells("1", "CARD-500", 1, 0), sells("2", "CARD-500", 1, 500_00))), "2/1=50000", "purchase_waiting zero_paid"},
		{"what our own code paid is not paid", state(0, total(500_00), covered(500_00)), "", "purchase_waiting paid_with_own_codes"},
		{"a total below its lines shows what a code paid", state(0, total(200_00)), "", "purchase_waiting paid_with_own_codes"},
		{"a code is taken to have paid for other goods first", state(0, total(700_00), covered(200_00),
			lines(sells("1", "COFFEE", 1, 200_00), sells("2", "CARD-500", 1, 500_00))), "2/1=50000", ""},
		{"an open value is not lowered by a code, it waits", state(0, total(100_00), lines(sells("1", "CARD-OPEN", 1, 300_00))), "", "purchase_waiting paid_with_own_codes"},
		{"a cancelled order issues nothing", state(0, status(purchase.Cancelled)), "", ""},
		{"a refunded order issues nothing", state(0, status(purchase.Refunded)), "", ""},
		{"X01 a unit refunded before it was issued never issues", state(0, lines(sells("1", "CARD-500", 3, 1500_00)), refund("r1", "1", 1)), "1/1=50000 1/2=50000", ""},
		{"a refund of other goods takes no voucher", state(0, lines(sells("1", "CARD-500", 1, 500_00), sells("9", "COFFEE", 1, 500_00)), refund("r1", "9", 1)), "1/1=50000", ""},
		{"a refund of a line that the order does not have waits", state(0, refund("r1", "9", 1)), "1/1=50000", "refund_to_settle names_other_lines"},
		{"a refund without lines waits", state(0, func(o *purchase.Order) {
			o.Refunds = []purchase.Refund{{ID: "r1", Amount: money.Of(100_00, "DKK")}}
		}), "1/1=50000", "refund_to_settle names_no_lines"},
		{"a refund of money for a voucher that is kept waits", state(0, refund("r1", "1", 0)), "1/1=50000", "refund_to_settle names_no_units"},
		{"a refund of more units than there are takes all, and waits", state(0, refund("r1", "1", 2)), "", "refund_to_settle more_than_sold"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).told(test.order)
			if got := w.usable(); got != test.usable {
				t.Errorf("usable vouchers: got %q, want %q", got, test.usable)
			}
			if got := w.waits(); got != test.waits {
				t.Errorf("waits for the office: got %q, want %q", got, test.waits)
			}
		})
	}
}

func TestDecideSeveralStates(t *testing.T) {
	t.Parallel()
	three := lines(sells("1", "CARD-500", 3, 1500_00))
	spent := purchase.Voucher{Balance: 100_00, Touched: true}
	tests := []struct {
		name   string
		play   func(w *world)
		usable string
		waits  string
	}{
		{"placed, then paid", func(w *world) { w.told(state(0, status(purchase.Placed))).told(state(1)) }, "1/1=50000", ""},
		{"W1 the same state a hundred times", func(w *world) {
			for range 100 {
				w.told(state(0, three))
			}
		}, "1/1=50000 1/2=50000 1/3=50000", ""},
		{"W2 cancelled first and paid later is paid", func(w *world) { w.told(state(0, status(purchase.Cancelled))).told(state(1)) }, "1/1=50000", ""},
		{"W2 an older payment arrives after the cancellation", func(w *world) { w.told(state(1, status(purchase.Cancelled))).told(state(0)) }, "", ""},
		{"cancelled after paid blocks", func(w *world) { w.told(state(0)).told(state(1, status(purchase.Cancelled))) }, "", ""},
		{"paid again lifts the block", func(w *world) { w.told(state(0)).told(state(1, status(purchase.Cancelled))).told(state(2)) }, "1/1=50000", ""},
		{"cancelled after one was used tells the office", func(w *world) {
			w.told(state(0, three)).voucher("1", 2, spent).told(state(1, three, status(purchase.Cancelled)))
		}, "", "purchase_flagged cancelled_but_used"},
		{"an order put on hold after payment keeps its vouchers", func(w *world) { w.told(state(0)).told(state(1, status(purchase.Placed))) }, "1/1=50000", ""},
		{"X01 a refund of one takes the last unit", func(w *world) { w.told(state(0, three)).told(state(1, three, refund("r1", "1", 1))) }, "1/1=50000 1/2=50000", ""},
		{"a refund is counted once", func(w *world) {
			w.told(state(0, three)).told(state(1, three, refund("r1", "1", 1))).told(state(2, three, refund("r1", "1", 1)))
		}, "1/1=50000 1/2=50000", ""},
		{"two refunds take two units", func(w *world) {
			w.told(state(0, three)).told(state(1, three, refund("r1", "1", 1))).told(state(2, three, refund("r1", "1", 1), refund("r2", "1", 1)))
		}, "1/1=50000", ""},
		{"a refund passes over a spent unit", func(w *world) {
			w.told(state(0, three)).voucher("1", 3, spent).told(state(1, three, refund("r1", "1", 1)))
		}, "1/1=50000 1/3=50000", ""},
		{"a refund passes over a reserved unit", func(w *world) {
			w.told(state(0, three)).voucher("1", 3, purchase.Voucher{Balance: 500_00, Reserved: true}).told(state(1, three, refund("r1", "1", 1)))
		}, "1/1=50000 1/3=50000", ""},
		{"a refund of a spent voucher changes nothing and waits", func(w *world) {
			w.told(state(0)).voucher("1", 1, spent).told(state(1, refund("r1", "1", 1)))
		}, "1/1=50000", "refund_to_settle in_use"},
		{"a refund of a voucher that the office ended already is settled", func(w *world) {
			w.told(state(0, three)).voucher("1", 1, purchase.Voucher{Ended: true}).told(state(1, three, refund("r1", "1", 1)))
		}, "1/2=50000 1/3=50000", ""},
		{"a wholly refunded order takes every unit", func(w *world) { w.told(state(0, three)).told(state(1, three, status(purchase.Refunded))) }, "", ""},
		{"an order called refunded loses what its refunds name", func(w *world) {
			w.told(state(0, three)).told(state(1, three, status(purchase.Refunded), refund("r1", "1", 1), func(o *purchase.Order) { o.Total = money.Of(1500_00, "DKK") }))
		}, "1/1=50000 1/2=50000", ""},
		{"an order called refunded whose refunds reach its total loses all", func(w *world) {
			w.told(state(0, three)).told(state(1, three, status(purchase.Refunded), refund("r1", "1", 1), func(o *purchase.Order) { o.Total = money.Of(500_00, "DKK") }))
		}, "", ""},
		{"a wholly refunded order leaves what is spent", func(w *world) {
			w.told(state(0, three)).voucher("1", 2, spent).told(state(1, three, status(purchase.Refunded)))
		}, "1/2=50000", "refund_to_settle in_use"},
		{"a wholly refunded order settles an earlier refund without lines", func(w *world) {
			w.told(state(0, func(o *purchase.Order) { o.Refunds = []purchase.Refund{{ID: "r1", Amount: money.Of(100_00, "DKK")}} }))
			w.told(state(1, status(purchase.Refunded)))
		}, "", ""},
		{"paid again after a refund issues nothing again", func(w *world) { w.told(state(0)).told(state(1, status(purchase.Refunded))).told(state(2)) }, "", "refund_to_settle undone"},
		{"a refund while cancelled counts", func(w *world) {
			w.told(state(0, three)).told(state(1, three, status(purchase.Cancelled), refund("r1", "1", 1))).told(state(2, three, refund("r1", "1", 1)))
		}, "1/1=50000 1/2=50000", ""},
		{"a unit that appears after the issue waits", func(w *world) { w.told(state(0)).told(state(1, lines(sells("1", "CARD-500", 2, 1000_00)))) }, "1/1=50000", "purchase_waiting added_after_issue"},
		{"a line that appears after the issue waits", func(w *world) {
			w.told(state(0)).told(state(1, lines(sells("1", "CARD-500", 1, 500_00), sells("2", "CARD-500", 1, 500_00))))
		}, "1/1=50000", "purchase_waiting added_after_issue"},
		{"a line that vanishes after the issue is flagged", func(w *world) { w.told(state(0)).told(state(1, lines(sells("2", "COFFEE", 1, 20_00)))) }, "1/1=50000", "purchase_flagged units_vanished"},
		{"a unit that vanishes after the issue is flagged", func(w *world) {
			w.told(state(0, three)).told(state(1, lines(sells("1", "CARD-500", 2, 1000_00))))
		}, "1/1=50000 1/2=50000 1/3=50000", "purchase_flagged units_vanished"},
		{"a unit that vanishes with its refund is not flagged", func(w *world) {
			w.told(state(0, three)).told(state(1, lines(sells("1", "CARD-500", 2, 1000_00)), refund("r1", "1", 1)))
		}, "1/1=50000 1/2=50000", ""},
		{"before the first issue lines may change freely", func(w *world) {
			w.told(state(0, status(purchase.Placed), three)).told(state(1, lines(sells("2", "CARD-500", 2, 1000_00))))
		}, "2/1=50000 2/2=50000", ""},
		{"a line whose product the shop has deleted sells what it sold", func(w *world) {
			w.told(state(0, status(purchase.Placed))).told(state(1, lines(sells("1", "", 1, 500_00))))
		}, "1/1=50000", ""},
		{"a purchase that waits issues once it is paid online", func(w *world) { w.told(state(0, tender("bacs"))).told(state(1)) }, "1/1=50000", ""},
		{"the same second: the further state counts", func(w *world) { w.told(state(0)).told(state(0, status(purchase.Placed))) }, "1/1=50000", ""},
		{"the same second, the other way round", func(w *world) { w.told(state(0, status(purchase.Placed))).told(state(0)) }, "1/1=50000", ""},
		{"the same second: what the shop answers counts", func(w *world) {
			w.shop.CanBeAsked = true
			w.told(state(0, status(purchase.Cancelled))).told(state(0, func(o *purchase.Order) { o.Origin = purchase.Fetched }))
		}, "1/1=50000", ""},
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
		})
	}
}

func TestDecideRefusesToApply(t *testing.T) {
	t.Parallel()
	asked := purchase.Shop{Ceiling: "10000.00", CanBeAsked: true}
	known := purchase.Decide(nil, state(1), catalogue(), shop).Purchase
	tests := []struct {
		name  string
		order purchase.Order
		shop  purchase.Shop
		want  purchase.Verdict
	}{
		{"another number under the same id", state(2, func(o *purchase.Order) { o.Number = "16" }), shop, purchase.SetAside},
		{"another creation time under the same id", state(2, func(o *purchase.Order) { o.Created = noon.Add(-time.Hour) }), shop, purchase.SetAside},
		{"a staging clone of the shop", state(2, func(o *purchase.Order) { o.Source = "https://staging.shop.example/" }), shop, purchase.SetAside},
		{"the same shop over http is the same", state(2, func(o *purchase.Order) { o.Source = "http://shop.example" }), shop, purchase.Applied},
		{"an older state", state(0), shop, purchase.Older},
		{"an older state that was cancelled", state(0, status(purchase.Cancelled)), shop, purchase.Older},
		{"an older state with a refund that nobody knows of", state(0, refund("r1", "1", 1)), shop, purchase.SetAside},
		{"the same, of a shop that can be asked", state(0, refund("r1", "1", 1)), asked, purchase.Ask},
		{"the same, which the shop itself has said when it was asked", state(0, refund("r1", "1", 1), func(o *purchase.Order) { o.Origin = purchase.Fetched }), asked, purchase.SetAside},
		{"an older state that was refunded", state(0, status(purchase.Refunded)), shop, purchase.SetAside},
		{"the same state again", state(1), asked, purchase.Applied},
		{"another state of the same second, of a shop that can be asked", state(1, status(purchase.Cancelled)), asked, purchase.Ask},
		{"another state of the same second, of a shop that can't", state(1, status(purchase.Cancelled)), shop, purchase.Applied},
		{"a less far state of the same second", state(1, status(purchase.Placed)), shop, purchase.Older},
		{"more vouchers than anybody buys", state(2, lines(sells("1", "CARD-500", 1001, 500_500_00))), shop, purchase.SetAside},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := purchase.Decide(&known, test.order, catalogue(), test.shop).Verdict; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestDecideLeavesWhatItWasGivenAlone(t *testing.T) {
	t.Parallel()
	known := purchase.Decide(nil, state(0, lines(sells("1", "CARD-500", 3, 1500_00))), catalogue(), shop).Purchase
	before := fmt.Sprintf("%+v", known)
	purchase.Decide(&known, state(1, status(purchase.Refunded), lines(sells("1", "CARD-500", 3, 1500_00))), catalogue(), shop)
	if diff := cmp.Diff(before, fmt.Sprintf("%+v", known)); diff != "" {
		t.Errorf("the stored purchase changed (-before +after):\n%s", diff)
	}
}

func TestConfirmationIsDueOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).told(state(0, status(purchase.Placed))).told(state(1)).told(state(1)).told(state(2, status(purchase.Cancelled))).told(state(3))
	if w.mails != 1 {
		t.Errorf("E07 got %d confirmations, want 1", w.mails)
	}
	if first := newWorld(t).told(state(0, status(purchase.Cancelled))); first.mails != 0 {
		t.Error("a cancelled order was confirmed")
	}
	if first := newWorld(t).told(state(0)); first.mails != 1 {
		t.Error("an order first seen paid was not confirmed")
	}
}

func TestAnOrderWithoutVouchersIsNotOurs(t *testing.T) {
	t.Parallel()
	got := purchase.Decide(nil, state(0, lines(sells("1", "COFFEE", 1, 20_00))), catalogue(), shop).Verdict
	if got != purchase.NoVoucher {
		t.Errorf("got %s, want %s", got, purchase.NoVoucher)
	}
}
