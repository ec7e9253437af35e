package purchase_test

import (
	"errors"
	"testing"

	"vouchsafe/retail/purchase"
)

func TestActivateNeedsConsentWhenNobodyPaidOnline(t *testing.T) {
	t.Parallel()
	known := purchase.Decide(nil, state(0, tender("bacs")), catalogue(), shop).Purchase
	if _, err := purchase.Activate(known, purchase.PaidOnly); !errors.Is(err, purchase.ErrNotPaidOnline) {
		t.Fatalf("got %v, want %v", err, purchase.ErrNotPaidOnline)
	}
	d, err := purchase.Activate(known, purchase.UnpaidToo)
	if err != nil || len(d.Issue) != 1 || !d.Purchase.Fixed {
		t.Fatalf("got %+v, %v; want one unit issued and the units settled", d, err)
	}
	if _, err := purchase.Activate(d.Purchase, purchase.UnpaidToo); !errors.Is(err, purchase.ErrNothingWaits) {
		t.Errorf("activated twice: got %v, want %v", err, purchase.ErrNothingWaits)
	}
}

func TestDismissedUnitsNeverIssue(t *testing.T) {
	t.Parallel()
	known := purchase.Decide(nil, state(0, tender("bacs")), catalogue(), shop).Purchase
	d, err := purchase.Dismiss(known)
	if err != nil {
		t.Fatal(err)
	}
	if again := purchase.Decide(&d.Purchase, state(1), catalogue(), shop); len(again.Issue) != 0 {
		t.Errorf("a dismissed unit issued: %v", again.Issue)
	}
}

func TestOnlineTenders(t *testing.T) {
	t.Parallel()
	listed := purchase.Shop{OnlineTenders: []string{"dankort", "bacs"}}
	tests := []struct {
		name   string
		shop   purchase.Shop
		tender string
		want   bool
	}{
		{"any named tender is online", purchase.Shop{}, "stripe_cc", true},
		{"none is not", purchase.Shop{}, " ", false},
		{"Shopify's words for cash on delivery are known", purchase.Shop{}, "Cash on Delivery (COD)", false},
		{"our own codes are not money", purchase.Shop{}, "vouchsafe", false},
		{"a listed tender is online, whatever it is", listed, "BACS", true},
		{"one that is not listed is not", listed, "stripe_cc", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.shop.PaidOnline(test.tender); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestProducts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		product purchase.Product
		valid   bool
	}{
		{"a fixed amount", purchase.Product{SKU: "A", Name: "A", Currency: "DKK", Amount: 1}, true},
		{"an open amount without limits", purchase.Product{SKU: "A", Name: "A", Currency: "DKK", Open: &purchase.Range{}}, true},
		{"no amount at all", purchase.Product{SKU: "A", Name: "A", Currency: "DKK"}, false},
		{"both", purchase.Product{SKU: "A", Name: "A", Currency: "DKK", Amount: 1, Open: &purchase.Range{}}, false},
		{"max below min", purchase.Product{SKU: "A", Name: "A", Currency: "DKK", Open: &purchase.Range{Min: 2, Max: 1}}, false},
		{"an unknown currency", purchase.Product{SKU: "A", Name: "A", Currency: "XYZ", Amount: 1}, false},
		{"points", purchase.Product{SKU: "A", Name: "A", Currency: "POINT", Amount: 1}, false},
		{"a punch card without a word about VAT", purchase.Product{SKU: "A", Name: "A", Kind: purchase.Punches, Amount: 10}, false},
		{"a punch card", purchase.Product{SKU: "A", Name: "A", Kind: purchase.Punches, Amount: 10, VAT: purchase.SinglePurpose, VATRate: "25"}, true},
		{"money in punches", purchase.Product{SKU: "A", Name: "A", Currency: "PUNCH", Amount: 10}, false},
		{"without a SKU", purchase.Product{Name: "A", Currency: "DKK", Amount: 1}, false},
		{"more than all of it paid", purchase.Product{SKU: "A", Name: "A", Currency: "DKK", Amount: 1, MinPaid: 101}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := test.product.Complete().Validate(); (err == nil) != test.valid {
				t.Errorf("got %v, want valid %v", err, test.valid)
			}
		})
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	product := purchase.Product{Mode: purchase.CustomerMode}
	if got := product.ModeAt("", "", true); got != purchase.CardMode {
		t.Errorf("D07 a shop with duplicate log-ins sells %s", got)
	}
	if got := product.ModeAt(purchase.CardMode, purchase.CardMode, false); got != purchase.CustomerMode {
		t.Errorf("the product's own mode is %s", got)
	}
	if got := (purchase.Product{}).ModeAt("", purchase.CustomerMode, false); got != purchase.CustomerMode {
		t.Errorf("D01 the installation's mode is %s", got)
	}
}
