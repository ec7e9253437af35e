package purchase_test

import (
	"math"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
)

// E06: a voucher that cost more than it holds, and more than any tax on it, is put before a person.
func TestAPriceAboveTheFaceValueIsAMatter(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		paid, value money.Amount
		state       purchase.UnitState
		matter      bool
	}{
		"as much":                 {money.Of(500_00, "DKK"), money.Of(500_00, "DKK"), purchase.Issued, false},
		"less":                    {money.Of(400_00, "DKK"), money.Of(500_00, "DKK"), purchase.Issued, false},
		"the highest tax":         {money.Of(635_00, "DKK"), money.Of(500_00, "DKK"), purchase.Issued, false},
		"more than any tax":       {money.Of(635_01, "DKK"), money.Of(500_00, "DKK"), purchase.Issued, true},
		"as much as can be":       {money.Of(math.MaxInt64, "DKK"), money.Of(math.MaxInt64/2, "DKK"), purchase.Issued, true},
		"one that waits":          {money.Of(700_00, "DKK"), money.Of(500_00, "DKK"), purchase.Offered, false},
		"one that was taken back": {money.Of(700_00, "DKK"), money.Of(500_00, "DKK"), purchase.TakenBack, false},
		"a punch card":            {money.Of(700_00, "DKK"), money.Of(10, money.Punch), purchase.Issued, false},
	} {
		p := purchase.Purchase{Units: []purchase.Unit{{Line: "1", N: 1, State: of.state, Paid: of.paid, Value: of.value}}}
		got := p.Matters()
		if of.matter != (len(got) == 1) || of.matter && (got[0].Kind != purchase.FlaggedPurchase || got[0].Reason != purchase.AboveFaceValue) {
			t.Errorf("%s: the matters are %v", name, got)
		}
	}
}
