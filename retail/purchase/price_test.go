package purchase_test

import (
	"errors"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// X08: what a register may ask for a product.
func TestAProductHasItsPriceAtTheTill(t *testing.T) {
	t.Parallel()
	fixed := purchase.Product{Currency: "DKK", Amount: 500_00}
	punches := purchase.Product{Kind: purchase.Punches, Currency: money.Punch, Amount: 10}
	open := purchase.Product{Currency: "DKK", Open: &purchase.Range{Min: 100_00, Max: 1000_00}}
	endless := purchase.Product{Currency: "DKK", Open: &purchase.Range{Min: 1}}
	of := func(minor int64, c money.Currency) *money.Amount { a := money.Of(minor, c); return &a }
	for _, tt := range []struct {
		name    string
		product purchase.Product
		asked   *money.Amount
		want    money.Amount
		err     error
	}{
		{"a fixed one, unasked", fixed, nil, money.Of(500_00, "DKK"), nil},
		{"a fixed one for its amount", fixed, of(500_00, "DKK"), money.Of(500_00, "DKK"), nil},
		{"a fixed one for less", fixed, of(499_99, "DKK"), money.Amount{}, purchase.ErrOtherPrice},
		{"a fixed one in another currency", fixed, of(500_00, "EUR"), money.Amount{}, purchase.ErrOtherCurrency},
		{"a punch card", punches, nil, money.Of(10, money.Punch), nil},
		{"a punch card for its punches", punches, of(10, money.Punch), money.Of(10, money.Punch), nil},
		{"a punch card for money", punches, of(10, "DKK"), money.Amount{}, purchase.ErrOtherCurrency},
		{"an open one, unasked", open, nil, money.Amount{}, purchase.ErrNoPrice},
		{"an open one for the least", open, of(100_00, "DKK"), money.Of(100_00, "DKK"), nil},
		{"an open one for the most", open, of(1000_00, "DKK"), money.Of(1000_00, "DKK"), nil},
		{"an open one for too little", open, of(99_99, "DKK"), money.Amount{}, purchase.ErrOutOfRange},
		{"an open one for too much", open, of(1000_01, "DKK"), money.Amount{}, purchase.ErrOutOfRange},
		{"an open one in another currency", open, of(100_00, "SEK"), money.Amount{}, purchase.ErrOtherCurrency},
		{"one without a most", endless, of(999_999_00, "DKK"), money.Of(999_999_00, "DKK"), nil},
	} {
		got, err := tt.product.Price(tt.asked)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, %v; want %v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}
