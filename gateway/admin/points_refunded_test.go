package admin_test

import (
	"fmt"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X17: money that was given back for a voucher whose buyer keeps it is no concern of the goods beside it.
func TestX17MoneyBackForAVoucherTakesNoPointsOfTheGoods(t *testing.T) {
	t.Parallel()
	h := bonus(t, tenth)
	h.shop.earns("e:1", "7", "order", fivehundred("91001")).has(201, members(point("earned", 40)))
	kept := func(line string, minor ...int64) purchase.RefundLine {
		part := purchase.RefundLine{Line: line}
		for _, amount := range minor {
			part.Amount = money.Of(amount, "DKK")
		}
		return part
	}
	for minute, tt := range []struct {
		what   string
		amount int64
		lines  []purchase.RefundLine
		left   int64
	}{
		{"of the voucher", 100_00, []purchase.RefundLine{kept("1")}, 40},
		{"of the voucher, as it says", 100_00, []purchase.RefundLine{kept("1", 100_00)}, 40},
		{"of the voucher and the goods, as it says", 200_00, []purchase.RefundLine{kept("1", 75_00), kept("2", 125_00)}, 30},
		{"of the voucher and the goods", 125_00, []purchase.RefundLine{kept("1"), kept("2")}, 30},
		{"of the goods", 250_00, []purchase.RefundLine{kept("2")}, 20},
		{"of neither", 250_00, nil, 20},
		{"more than was given back", 100_00, []purchase.RefundLine{kept("1", 500_00)}, 40},
	} {
		o := goods("1001", minute, purchase.Paid)
		o.Lines = append(order("1001", minute).Lines, purchase.Line{ID: "2", SKU: "TEA", Quantity: 2, Paid: money.Of(500_00, "DKK")})
		o.Refunds = []purchase.Refund{{ID: "1", Amount: money.Of(tt.amount, "DKK"), Lines: tt.lines}}
		h.tells(o)
		if got := h.reads(`SELECT balance::text FROM account WHERE currency = 'POINT'`); got != fmt.Sprint(tt.left) {
			t.Errorf("money back %s: %s points stand, want %d", tt.what, got, tt.left)
		}
	}
}
