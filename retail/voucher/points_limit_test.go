package voucher_test

import (
	"errors"
	"testing"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// P09, P19, X17: what the lines of an order let points pay of it, and the order's total, hold for all that pay for it together.
func TestP09NoMoreOfAnOrderIsPaidWithPointsThanMay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		paid, permits int64
		change        func(*voucher.Capture)
		want          int64 // points taken
		err           error
	}{
		"all that is reserved, up to its lines":     {0, 3_00, nil, 30, nil},
		"beside what others have paid":              {2_00, 5_00, nil, 30, nil},
		"more than the lines permit":                {2_01, 5_00, nil, 0, voucher.ErrPerOrder},
		"more than they permit by now":              {9_00, 5_00, nil, 0, voucher.ErrPerOrder},
		"nothing of an order of vouchers alone":     {0, 9_00, func(c *voucher.Capture) { c.Barred = true }, 0, voucher.ErrNothingForPoints},
		"what is named of it":                       {2_50, 5_00, named(25), 25, nil},
		"what is named, one too many":               {2_50, 5_00, named(26), 0, voucher.ErrPerOrder},
		"as much as the order comes to":             {4_00, 9_00, total(6_00), 20, nil},
		"nothing of an order that is paid":          {6_00, 9_00, total(6_00), 0, nil},
		"what others leave who are told as tenders": {4_00, 9_00, total(6_00, 4_00), 20, nil},
		"what is named, more than it comes to":      {4_00, 9_00, func(c *voucher.Capture) { total(6_00)(c); named(21)(c) }, 0, voucher.ErrPerOrder},
		"what is named, all of it":                  {4_00, 9_00, func(c *voucher.Capture) { total(6_00)(c); named(20)(c) }, 20, nil},
	} {
		p := newPurse(t)
		p.earns("a", 100, 0)
		wish := p.pays("r", 1, 3_00)
		wish.Points.Permits = tt.permits
		p.does(wish)
		capture := voucher.Capture{ID: p.id(), Ref: wish.Ref, Detail: voucher.Detail{Order: "1"}}
		capture.Paid.Worth = map[money.Currency]int64{"DKK": tt.paid, "EUR": 100_00}
		if tt.change != nil {
			tt.change(&capture)
		}
		answer, err := p.tries(capture)
		if !errors.Is(err, tt.err) || err == nil && answer.Record.Amount != tt.want {
			t.Errorf("%s: %+v, %v; want %d, %v", name, answer.Record, err, tt.want, tt.err)
		}
	}
}

// named lets a capture name so many points.
func named(points int64) func(*voucher.Capture) {
	return func(c *voucher.Capture) { c.Amount = &money.Amount{Minor: points, Currency: money.Point} }
}

// total lets a capture say what its order comes to, and what other tenders have paid of it.
func total(minor int64, others ...int64) func(*voucher.Capture) {
	return func(c *voucher.Capture) {
		amount := money.Of(minor, "DKK")
		c.Detail.OrderTotal = &amount
		for _, other := range others {
			c.Detail.OtherTenders = append(c.Detail.OtherTenders, voucher.Tender{Method: "points", Amount: money.Of(other, "DKK")})
		}
	}
}
