package main

import (
	"errors"
	"strings"
	"testing"

	"vouchsafe/retail/money"
)

func TestAProductIsNotRegisteredForAnAmountThatCanBeReadInTwoWays(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]productAddCommand{
		"--amount": {Amount: "1.000", Currency: "DKK"},
		"--min":    {Open: true, Min: "1.000", Currency: "DKK"},
		"--max":    {Open: true, Min: "100.00", Max: "1.000", Currency: "DKK"},
	} {
		_, err := command.product()
		if !errors.Is(err, money.ErrAmbiguous) || !strings.HasPrefix(err.Error(), name+": ") || !strings.HasSuffix(err.Error(), "write 1000 or 1000.00, or else 1.00") {
			t.Errorf("%s 1.000 is answered %v", name, err)
		}
	}
	product, err := productAddCommand{Amount: "1000.00", Currency: "DKK"}.product()
	if err != nil || product.Amount != 100000 {
		t.Errorf("1000.00 is %d øre, %v", product.Amount, err)
	}
}
