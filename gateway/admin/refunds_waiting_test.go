package admin_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// refundedUnits is an order's refund r1 of so many units of its line, and an amount.
func refundedUnits(quantity int, minor int64) func(*purchase.Order) {
	return func(o *purchase.Order) {
		o.Refunds = append(o.Refunds, purchase.Refund{
			ID: "r1", Amount: money.Of(minor, "DKK"), Lines: []purchase.RefundLine{{Line: "1", Quantity: quantity}},
		})
	}
}

// counts checks what the office sees of the refunds of order 1001, and what waits for it.
func (h *house) counts(refunds, tasks string) {
	h.t.Helper()
	h.office.asks("GET", "/v1/admin/purchases/"+h.purchaseOf("1001"), "").has(200, `{"refunds":[`+refunds+`]}`)
	if got := h.openTasks(); got != tasks {
		h.t.Errorf("tasks: got %q, want %q", got, tasks)
	}
}

// counted is a refund as the office sees it; settled with no problem.
func counted(id string, minor int64, problem string) string {
	if problem == "" {
		return members(says("id", id), pays("amount", minor), `"settled":true`)
	}
	return members(says("id", id), pays("amount", minor), `"settled":false`, says("problem", problem))
}

const (
	inUse       = "refund_to_settle in_use"
	ofOne int64 = 500_00
)

// X01: the code of a refunded purchase that was reserved when the shop told of it ends when it is free: with the shop's next word, or
// without any. Nobody is paid twice.
func TestX01AReservedVoucherOfARefundedPurchaseEndsWhenItIsFree(t *testing.T) {
	t.Parallel()
	back := []func(*purchase.Order){refundedUnits(1, ofOne), withStatus(purchase.Refunded)}
	for _, how := range []string{"released, then told again", "released", "expired", "released on two machines"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			c := h.sells(order("1001", 0))[0]
			h.shop.reserves("r:1", c, "cart-1", 10_00).has(201, "{}")
			h.tells(order("1001", 1, back...))
			h.must(h.sales.SettleRefunds(t.Context()))
			h.counts(counted("r1", ofOne, "in_use"), inUse)
			if how == "expired" {
				h.passes(25 * time.Hour)
			} else {
				h.shop.asks("POST", "/v1/reservations/r:1/release", "").has(200, `{"outcome":"released"}`)
			}
			switch how {
			case "released, then told again":
				h.receives(order("1001", 2, back...))
				h.tells(order("1001", 2, back...))
			case "released on two machines":
				var both sync.WaitGroup
				for range 2 {
					both.Go(func() {
						if err := h.sales.SettleRefunds(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				both.Wait()
			default:
				h.must(h.sales.SettleRefunds(t.Context()))
			}
			h.counts(counted("r1", ofOne, ""), "")
			h.office.sees(c).has(200, `{"state":"invalidated"}`)
			h.till.cashesOut("o:1", c).refuses(409, "invalidated")
			h.untouched("another look", func() { h.must(h.sales.SettleRefunds(t.Context())) })
		})
	}
}

// X01: what was spent of a refunded purchase and has come back, whole, ends then. What is only partly back, or was reloaded, waits.
func TestX01ASpentVoucherOfARefundedPurchaseEndsWhenItIsWholeAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	h.till.redeems("t:1", c, 300_00).has(201, "{}")
	h.tells(order("1001", 1, refundedUnits(1, ofOne), withStatus(purchase.Refunded)))
	h.till.asks("PUT", "/v1/refunds/f:1", members(says("redemption", "t:1"), pays("amount", 100_00), because)).has(201, "{}")
	h.must(h.sales.SettleRefunds(t.Context()))
	h.counts(counted("r1", ofOne, "in_use"), inUse)
	h.till.asks("PUT", "/v1/refunds/f:2", members(says("redemption", "t:1"), because)).has(201, "{}")
	h.must(h.sales.SettleRefunds(t.Context()))
	h.counts(counted("r1", ofOne, ""), "")
	h.office.sees(c).has(200, `{"state":"invalidated"}`)
	h.till.asks("DELETE", "/v1/refunds/f:2", "").refuses(409, "not_reversible")

	undone := h.sells(order("1003", 0))[0]
	h.till.asks("PUT", "/v1/reloads/l:3", members(says("code", undone.code), pays("amount", 10_00), says("receipt", "R-3"), says("tender", "cash"))).has(201, "{}")
	h.tells(order("1003", 1, refundedUnits(1, ofOne), withStatus(purchase.Refunded)))
	h.hasTasks("refund_to_settle", 1)
	h.till.asks("DELETE", "/v1/reloads/l:3", "").has(200, `{"outcome":"reversed"}`)
	h.must(h.sales.SettleRefunds(t.Context()))
	h.office.sees(undone).has(200, `{"state":"invalidated"}`)
	h.hasTasks("refund_to_settle", 0)

	other := h.sells(order("1002", 0))[0]
	h.till.redeems("t:2", other, 300_00).has(201, "{}")
	h.till.asks("PUT", "/v1/reloads/l:2", members(says("code", other.code), pays("amount", 300_00), says("receipt", "R-2"), says("tender", "cash"))).has(201, "{}")
	h.tells(order("1002", 1, refundedUnits(1, ofOne), withStatus(purchase.Refunded)))
	h.must(h.sales.SettleRefunds(t.Context()))
	h.office.sees(other).has(200, `{"state":"active"}`)
	h.hasTasks("refund_to_settle", 1)
}

// X01, X06: what a person has settled by hand is settled, whether he has closed the task or not.
func TestX01ARefundWhoseVoucherWasInvalidatedByHandIsSettled(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{true, false} {
		h := open(t)
		c := h.sells(order("1001", 0))[0]
		h.till.redeems("t:1", c, 300_00).has(201, "{}")
		h.tells(order("1001", 1, refundedUnits(1, ofOne), withStatus(purchase.Refunded)))
		h.office.does("invalidate", c, because).has(200, "{}")
		if closed {
			h.office.closes("refund_to_settle").has(200, "{}")
		}
		h.must(h.sales.SettleRefunds(t.Context()))
		h.counts(counted("r1", ofOne, ""), "")
		h.office.asks("GET", "/v1/admin/purchases/"+h.purchaseOf("1001"), "").explains(`"state":"refunded","value"`)
	}
}

// X01: a refund that is told again with more is counted with more; what it can't have meant waits.
func TestX01ARefundThatGrowsTakesBackMore(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.sells(order("1001", 0, units(3)))
	standing := func() string {
		return h.reads(`SELECT string_agg(v.state, ' ' ORDER BY u.unit) FROM purchase_unit u JOIN voucher v ON v.id = u.voucher`)
	}
	h.tells(order("1001", 1, units(3), refundedUnits(1, ofOne)))
	h.tells(order("1001", 2, units(3), refundedUnits(2, 2*ofOne)))
	h.tells(order("1001", 3, units(3), refundedUnits(2, 2*ofOne)))
	h.counts(counted("r1", 2*ofOne, ""), "")
	if got, want := standing(), "active invalidated invalidated"; got != want {
		t.Errorf("the vouchers are %s, want %s", got, want)
	}
	h.tells(order("1001", 4, units(3), refundedUnits(5, 5*ofOne)))
	h.must(h.sales.SettleRefunds(t.Context()))
	h.counts(counted("r1", 5*ofOne, "more_than_sold"), "refund_to_settle more_than_sold")
	if got, want := standing(), "invalidated invalidated invalidated"; got != want {
		t.Errorf("the vouchers are %s, want %s", got, want)
	}
}

// X01: money given back that is less than a unit's price ends no voucher, even if the shop names the unit: a person must say what it is for.
func TestX01ARefundOfLessThanWasPaidChangesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0, units(2)))[1]
	h.tells(order("1001", 1, units(2), refundedUnits(1, 100_00)))
	h.must(h.sales.SettleRefunds(t.Context()))
	h.counts(counted("r1", 100_00, "less_than_paid"), "refund_to_settle less_than_paid")
	h.till.redeems("t:1", c, 100_00).has(201, "{}")
	h.tells(order("1001", 2, units(2), refundedUnits(1, ofOne)))
	h.counts(counted("r1", ofOne, ""), "")
	h.office.sees(c).has(200, `{"state":"active"}`)
}

// X01: one refunded unit is one matter, also when its order is called refunded; and every amount has its currency.
func TestX01OneRefundIsOneMatter(t *testing.T) {
	t.Parallel()
	h := open(t)
	c := h.sells(order("1001", 0))[0]
	h.till.redeems("t:1", c, 300_00).has(201, "{}")
	h.tells(order("1001", 1, refunded, withStatus(purchase.Refunded)))
	h.counts(counted("r1", 100_00, "names_no_lines")+","+counted("whole order", 0, "in_use"), inUse)
	h.tells(order("1001", 2, refundedUnits(1, ofOne), withStatus(purchase.Refunded)))
	h.counts(counted("r1", ofOne, "in_use")+","+counted("whole order", 0, "in_use"), inUse)
	h.till.asks("DELETE", "/v1/redemptions/t:1", "").has(200, "{}")
	h.must(h.sales.SettleRefunds(t.Context()))
	h.counts(counted("r1", ofOne, "")+","+counted("whole order", 0, ""), "")
}

// X01: the voucher of a refund that the shop takes back is good: nothing ends it when it is free, unless the shop tells of the refund
// again. Nor does anything where a person has closed the matter.
func TestX01AVoucherIsGoodWhoseRefundWasTakenBack(t *testing.T) {
	t.Parallel()
	named, whole := []func(*purchase.Order){refundedUnits(1, ofOne), withStatus(purchase.Refunded)}, []func(*purchase.Order){withStatus(purchase.Refunded)}
	for name, back := range map[string][]func(*purchase.Order){"with a refund": named, "by its status alone": whole} {
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, closed %t", name, closed), func(t *testing.T) {
				t.Parallel()
				h := open(t)
				c := h.sells(order("1001", 0))[0]
				h.shop.reserves("r:1", c, "cart-1", 10_00).has(201, "{}")
				h.tells(order("1001", 1, back...))
				if closed {
					h.office.closes("refund_to_settle").has(200, "{}")
				} else {
					h.tells(order("1001", 2))
				}
				h.shop.asks("POST", "/v1/reservations/r:1/release", "").has(200, `{"outcome":"released"}`)
				h.must(h.sales.SettleRefunds(t.Context()))
				h.tells(order("1001", 3))
				h.must(h.sales.SettleRefunds(t.Context()))
				h.office.sees(c).has(200, `{"state":"active"}`)
				if got, want := h.openTasks(), "refund_to_settle withdrawn"; got != want {
					t.Errorf("tasks: got %q, want %q", got, want)
				}
				h.tells(order("1001", 4, back...))
				h.office.sees(c).has(200, `{"state":"invalidated"}`)
				if got := h.openTasks(); got != "" {
					t.Errorf("tasks: got %q", got)
				}
			})
		}
	}
}
