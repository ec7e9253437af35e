package ledger_test

import (
	"testing"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/money"
)

// X17: points that were given back have paid all the same, and those of a redemption that was taken back have not; others that pay in the
// place of what was given back don't count twice.
func TestX17WhatPointsHavePaidAtMost(t *testing.T) {
	t.Parallel()
	pays := func(redemption string, points int64) ledger.Moved {
		return ledger.Moved{Redemption: redemption, Points: points, Rate: money.Rate{Units: 10, Value: money.Of(1_00, "DKK")}}
	}
	back := func(redemption string, points int64) ledger.Moved {
		m := pays(redemption, points)
		m.Back = true
		return m
	}
	undone := func(m ledger.Moved) ledger.Moved {
		m.Undone = true
		return m
	}
	abroad := pays("e", 500)
	abroad.Rate.Value.Currency = "EUR"
	for name, tt := range map[string]struct {
		moved     []ledger.Moved
		most, now int64
	}{
		"nothing":                               {nil, 0, 0},
		"one redemption":                        {[]ledger.Moved{pays("a", 30)}, 3_00, 3_00},
		"two":                                   {[]ledger.Moved{pays("a", 30), pays("b", 20)}, 5_00, 5_00},
		"given back in part":                    {[]ledger.Moved{pays("a", 30), back("a", 10)}, 3_00, 2_00},
		"given back":                            {[]ledger.Moved{pays("a", 30), back("a", 10), back("a", 20)}, 3_00, 0},
		"given back, and others in their place": {[]ledger.Moved{pays("a", 30), back("a", 30), pays("b", 30)}, 3_00, 3_00},
		"given back, and more than before":      {[]ledger.Moved{pays("a", 30), back("a", 10), pays("b", 20)}, 4_00, 4_00},
		"taken back":                            {[]ledger.Moved{undone(pays("a", 30))}, 0, 0},
		"taken back, and others in its place":   {[]ledger.Moved{undone(pays("a", 30)), pays("b", 20)}, 2_00, 2_00},
		"taken back after a part came back":     {[]ledger.Moved{undone(pays("a", 30)), undone(back("a", 10))}, 1_00, 0},
		"worth a fraction":                      {[]ledger.Moved{pays("a", 33), back("a", 15)}, 3_30, 1_80},
		"of another currency":                   {[]ledger.Moved{abroad, pays("a", 30)}, 3_00, 3_00},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if most, now := ledger.MostPaid(tt.moved, "DKK"); most != tt.most || now != tt.now {
				t.Errorf("points paid %d at most and %d now, want %d and %d", most, now, tt.most, tt.now)
			}
		})
	}
}
