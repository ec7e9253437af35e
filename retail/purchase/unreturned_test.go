package purchase_test

import (
	"fmt"
	"testing"

	"vouchsafe/retail/purchase"
)

// What the office has closed is told again only when something of it becomes more.
func TestWhatDidNotComeBackIsToldAgainWhenItIsMore(t *testing.T) {
	t.Parallel()
	type sums = purchase.Unreturned
	for _, tt := range []struct {
		now, told sums
		want      bool
	}{
		{nil, nil, false},
		{nil, sums{"DKK": 1}, false},
		{sums{"DKK": 1}, nil, true},
		{sums{"DKK": 1}, sums{"DKK": 1}, false},
		{sums{"DKK": 1}, sums{"DKK": 2}, false},
		{sums{"DKK": 2}, sums{"DKK": 1}, true},
		{sums{"DKK": 1, "PUNCH": 1}, sums{"DKK": 2}, true},
	} {
		if got := tt.now.Beyond(tt.told); got != tt.want {
			t.Errorf("%v after %v: %v", tt.now, tt.told, got)
		}
	}
	if got := fmt.Sprint(sums{"PUNCH": 2, "DKK": 150_00}.Amounts()); got != "[150.00 DKK 2 PUNCH]" {
		t.Errorf("they are %s", got)
	}
}
