package webshop_test

import (
	"errors"
	"testing"

	"vouchsafe/webshop"
)

func TestAFurtherStatusIsGreaterAndNoStatusIsTheLeast(t *testing.T) {
	t.Parallel()
	order := []webshop.Status{0, webshop.Placed, webshop.Paid, webshop.Cancelled, webshop.Refunded}
	words := []string{"unknown", "placed", "paid", "cancelled", "refunded"}
	for i, status := range order {
		if got := status.String(); got != words[i] {
			t.Errorf("got %s, want %s", got, words[i])
		}
		if i > 0 && status <= order[i-1] {
			t.Errorf("%s is not further than %s", status, order[i-1])
		}
	}
}

func TestMoneyTellsDecimalTextFromMinorUnits(t *testing.T) {
	t.Parallel()
	minor, decimal := webshop.MinorUnits(4990, "DKK"), webshop.Decimal("49.90", "DKK")
	if n, ok := minor.Units(); n != 4990 || !ok {
		t.Errorf("minor units: got %d, %t", n, ok)
	}
	if _, ok := decimal.Units(); ok {
		t.Error("decimal text was taken for minor units")
	}
	if got := minor.String() + ", " + decimal.String(); got != "4990 minor DKK, 49.90 DKK" {
		t.Errorf("got %s", got)
	}
	if (webshop.Money{}).Given() || !webshop.Decimal("0.00", "DKK").Given() {
		t.Error("no amount and an amount of zero are not told apart")
	}
}

func TestATemporaryErrorKeepsItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	err := error(&webshop.TemporaryError{Err: cause})
	if !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("got %v", err)
	}
}
