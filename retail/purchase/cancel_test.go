package purchase_test

import (
	"testing"

	"vouchsafe/retail/purchase"
)

// X01: a cancelled order blocks all its vouchers, also those that are spent: that may come back.
func TestACancelledOrderBlocksSpentVouchersToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).told(state(0)).voucher("1", 1, purchase.Voucher{Touched: true}).told(state(1, status(purchase.Cancelled)))
	if !w.blocked[purchase.Key{Line: "1", N: 1}] || !w.known.Blocked {
		t.Error("a spent voucher is not blocked")
	}
	if w.told(state(2)); len(w.blocked) != 0 || w.known.Blocked {
		t.Error("it is still blocked when the order was paid again")
	}
}
