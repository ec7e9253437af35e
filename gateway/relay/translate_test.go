package relay

import (
	"errors"
	"testing"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/webshop"
)

func TestAmountsBecomeMinorUnitsExactlyOrNotAtAll(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		amount   webshop.Money
		currency money.Currency
		want     int64
		fault    error
	}{
		{"two decimals", webshop.Decimal("25.10", "DKK"), "DKK", 2510, nil},
		{"three decimals of KWD", webshop.Decimal("25.125", "KWD"), "KWD", 25125, nil},
		{"none of JPY", webshop.Decimal("500", "JPY"), "JPY", 500, nil},
		{"zeros beyond the currency's decimals", webshop.Decimal("500.000000", "DKK"), "DKK", 50000, nil},
		{"minor units", webshop.MinorUnits(4990, "DKK"), "DKK", 4990, nil},
		{"none given", webshop.Money{}, "DKK", 0, nil},
		{"finer than the currency", webshop.Decimal("66.204", "DKK"), "DKK", 0, money.ErrFormat},
		{"a currency that nobody knows", webshop.MinorUnits(1, "XYZ"), "XYZ", 0, money.ErrCurrency},
		{"another currency than the order's", webshop.Decimal("1.00", "EUR"), "DKK", 0, money.ErrCurrency},
		{"out of range", webshop.Decimal("99999999999999999999", "DKK"), "DKK", 0, money.ErrOverflow},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := minor(test.amount, test.currency)
			if got.Minor != test.want || !errors.Is(err, test.fault) {
				t.Errorf("got %v, %v; want %d, %v", got, err, test.want, test.fault)
			}
		})
	}
}

func TestALineThatIsUnclearHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	o := webshop.Order{ID: "1", Currency: "DKK", Status: webshop.Paid, Lines: []webshop.Line{
		{ID: "1", Quantity: 1, Paid: webshop.Decimal("1.005", "DKK")},
		{ID: "2", Quantity: 1, Paid: webshop.Decimal("5.00", "DKK"), Net: webshop.Decimal("4.00", "DKK"), ForSelf: new(bool)},
	}}
	got, err := translate(o)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Lines[0].Unclear || got.Lines[1].Unclear || got.Lines[1].Paid != money.Of(500, "DKK") || got.Lines[1].Net != money.Of(400, "DKK") {
		t.Errorf("got %+v", got.Lines)
	}
	o.Refunds = []webshop.Refund{{ID: "r", Amount: webshop.Decimal("0.001", "DKK")}}
	if _, err := translate(o); !errors.Is(err, retail.ErrUnreadable) {
		t.Errorf("an unclear refund: got %v, want %v", err, retail.ErrUnreadable)
	}
}
