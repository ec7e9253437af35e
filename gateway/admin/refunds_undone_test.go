package admin_test

import (
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// withGoods adds a line of 250.00 that is none of our products.
func withGoods(o *purchase.Order) {
	o.Lines = append(o.Lines, purchase.Line{ID: "2", SKU: "MUG", Name: "Krus", Quantity: 1, Paid: money.Of(250_00, "DKK")})
	o.Total.Minor += 250_00
}

// X01: what a refund has ended stays ended when the shop takes it back or makes it smaller, and the office is told, once, until the shop tells
// of it as before. What a person has made good by then is a matter of its own.
func TestX01TheOfficeIsToldOfARefundThatWasTakenBackTooLate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first, then []func(*purchase.Order)
		reason      string
		left        string
	}{
		"taken back":     {[]func(*purchase.Order){withStatus(purchase.Refunded), givesBack("a", "1", 2, 2*ofOne)}, nil, "undone", "invalidated invalidated"},
		"whole order":    {[]func(*purchase.Order){withStatus(purchase.Refunded)}, nil, "undone", "invalidated invalidated"},
		"one unit less":  {[]func(*purchase.Order){givesBack("a", "1", 2, 2*ofOne)}, []func(*purchase.Order){givesBack("a", "1", 1, ofOne)}, "told_less", "invalidated invalidated"},
		"less money":     {[]func(*purchase.Order){givesBack("a", "1", 1, ofOne)}, []func(*purchase.Order){givesBack("a", "1", 1, 100_00)}, "told_less", "active invalidated"},
		"under no lines": {[]func(*purchase.Order){givesBack("a", "1", 1, ofOne)}, []func(*purchase.Order){givesBack("a", "", 0, 100_00)}, "told_less", "active invalidated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.sells(order("1001", 0, units(2)))
			first := append([]func(*purchase.Order){units(2)}, tt.first...)
			then := append([]func(*purchase.Order){units(2)}, tt.then...)
			stands := func(what string) {
				t.Helper()
				h.must(h.sales.SettleRefunds(t.Context()))
				if got := h.reads(`SELECT string_agg(v.state, ' ' ORDER BY u.unit) FROM purchase_unit u JOIN voucher v ON v.id = u.voucher`); got != tt.left {
					t.Errorf("%s: the vouchers are %s, want %s", what, got, tt.left)
				}
			}
			h.tells(order("1001", 1, first...))
			h.hasOpen("")
			h.receives(order("1001", 2, then...))
			h.tells(order("1001", 2, then...))
			h.tells(order("1001", 3, then...))
			stands("smaller")
			h.hasOpen("refund_to_settle " + tt.reason)
			h.tells(order("1001", 4, first...))
			stands("as before")
			h.hasOpen("")

			h.tells(order("1001", 5, then...))
			h.office.closes("refund_to_settle").has(200, "{}")
			h.tells(order("1001", 6, then...))
			stands("closed")
			h.hasOpen("")
			h.tells(order("1001", 7, first...))
			h.tells(order("1001", 8, first...))
			stands("told after all")
			h.hasOpen("refund_to_settle told_again")
			h.office.closes("refund_to_settle").has(200, "{}")
			h.tells(order("1001", 9, first...))
			h.hasOpen("")
		})
	}
}

// X01: the same unit under another id is the same unit, whenever the shop says so.
func TestX01ARefundUnderAnotherIDIsTheSameRefund(t *testing.T) {
	t.Parallel()
	for _, later := range []bool{false, true} {
		h := open(t)
		all := h.sells(order("1001", 0, units(2)))
		h.tells(order("1001", 1, units(2), givesBack("a", "1", 1, ofOne)))
		if later {
			h.tells(order("1001", 2, units(2)))
			h.hasOpen("refund_to_settle undone")
		}
		h.tells(order("1001", 3, units(2), givesBack("b", "1", 1, ofOne)))
		h.must(h.sales.SettleRefunds(t.Context()))
		h.hasOpen("")
		h.counts(counted("a", ofOne, "")+","+counted("b", ofOne, ""), "")
		h.office.sees(all[0]).has(200, `{"state":"active"}`)
		h.tells(order("1001", 4, units(2), givesBack("a", "1", 1, ofOne), givesBack("b", "1", 1, ofOne)))
		h.office.sees(all[0]).has(200, `{"state":"invalidated"}`)
		h.hasOpen("")
	}
}

// X01: a refund of a line that the order does not have waits for the office, or until the order has it; one of goods does not.
func TestX01ARefundOfAnotherOrdersLineWaits(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0, units(2)))[0]
	h.tells(order("1001", 1, units(2), givesBack("a", "2", 1, 250_00)))
	h.must(h.sales.SettleRefunds(t.Context()))
	h.counts(counted("a", 250_00, "names_other_lines"), "refund_to_settle names_other_lines")
	h.tells(order("1001", 2, units(2), withGoods, givesBack("a", "2", 1, 250_00)))
	h.counts(counted("a", 250_00, ""), "")
	h.tells(order("1001", 3, units(2), givesBack("a", "2", 1, 250_00)))
	h.hasOpen("")
	h.office.sees(c).has(200, `{"state":"active"}`)
}

// X01: a refund that says itself that it gives less for a voucher than was paid ends none, whatever it gives in all; nor does one of nothing.
func TestX01ARefundWhoseLineGivesLessWaits(t *testing.T) {
	t.Parallel()
	for _, minor := range []int64{350_00, 0} {
		h := open(t)
		c := h.sells(order("1001", 0, withGoods))[0]
		h.tells(order("1001", 1, withGoods, func(o *purchase.Order) {
			o.Refunds = []purchase.Refund{{ID: "a", Amount: money.Of(minor+250_00, "DKK"), Lines: []purchase.RefundLine{
				{Line: "1", Quantity: 1, Amount: money.Of(minor, "DKK")}, {Line: "2", Quantity: 1, Amount: money.Of(250_00, "DKK")},
			}}}
		}))
		h.counts(counted("a", minor+250_00, "less_than_paid"), "refund_to_settle less_than_paid")
		h.office.sees(c).has(200, `{"state":"active"}`)
	}
}
