package purchase_test

import (
	"math"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

func TestTheGoodsOfAnOrderAreWhatItSellsBesideOurProducts(t *testing.T) {
	t.Parallel()
	line := func(id, sku string, minor int64) purchase.Line {
		return purchase.Line{ID: id, SKU: sku, Quantity: 1, Paid: money.Of(minor, "DKK")}
	}
	card, tea, deleted := line("1", "CARD", 500_00), line("2", "TEA", 100_00), line("1", "", 500_00)
	unclear, foreign := line("3", "MUG", 0), purchase.Line{ID: "4", SKU: "MUG", Paid: money.Of(1, "EUR")}
	unclear.Unclear = true
	unclearCard := card
	unclearCard.Unclear = true
	sold := &purchase.Purchase{Units: []purchase.Unit{{Line: "1", N: 1, SKU: "CARD"}}}
	for name, c := range map[string]struct {
		lines []purchase.Line
		known *purchase.Purchase
		want  money.Amount
	}{
		"X17 a voucher alone":                   {[]purchase.Line{card}, nil, money.Of(0, "DKK")},
		"goods alone":                           {[]purchase.Line{tea, tea}, nil, money.Of(200_00, "DKK")},
		"both":                                  {[]purchase.Line{card, tea}, nil, money.Of(100_00, "DKK")},
		"a product without a SKU":               {[]purchase.Line{deleted}, nil, money.Of(500_00, "DKK")},
		"a voucher whose product is deleted":    {[]purchase.Line{deleted, tea}, sold, money.Of(100_00, "DKK")},
		"a discount that is a line":             {[]purchase.Line{tea, line("5", "", -40_00)}, nil, money.Of(60_00, "DKK")},
		"more off than there is":                {[]purchase.Line{tea, line("5", "", -140_00)}, nil, money.Of(0, "DKK")},
		"goods whose figure is unclear":         {[]purchase.Line{card, unclear}, nil, money.Amount{}},
		"a voucher whose figure is unclear":     {[]purchase.Line{unclearCard, tea}, nil, money.Of(100_00, "DKK")},
		"a line in another currency":            {[]purchase.Line{tea, foreign}, nil, money.Amount{}},
		"more than can be counted":              {[]purchase.Line{tea, line("5", "", math.MaxInt64)}, nil, money.Amount{}},
		"an order that says nothing of its own": {nil, sold, money.Amount{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := purchase.Order{Currency: "DKK", Lines: c.lines}
			if got := o.Recalled(c.known).Goods(purchase.Catalogue{"CARD": {SKU: "CARD"}}); got != c.want {
				t.Errorf("they are %v, want %v", got, c.want)
			}
		})
	}
}
