package loyalty_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// per exchanges so many points for so many øre.
func per(points, minor int64) money.Rate {
	return money.Rate{Units: points, Value: money.Of(minor, "DKK")}
}

func day(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }

func TestWhatAnEventEarns(t *testing.T) {
	t.Parallel()
	rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 10_00}
	goods := func(nets ...int64) loyalty.Bought {
		b := loyalty.Bought{}
		for i, net := range nets {
			b.Lines = append(b.Lines, loyalty.Line{SKU: string(rune('A' + i)), Category: "c", Net: net, Gross: net * 5 / 4})
			b.Total += net * 5 / 4
		}
		return b
	}
	with := func(change func(*loyalty.Rule)) loyalty.Rule { r := rule; change(&r); return r }
	paid := func(b loyalty.Bought, minor int64) loyalty.Bought { b.PointsPaid = minor; return b }
	stored := func(b loyalty.Bought, line int) loyalty.Bought { b.Lines[line].StoredValue = true; return b }
	for name, c := range map[string]struct {
		rule loyalty.Rule
		did  loyalty.Did
		who  loyalty.Standing
		want int64
	}{
		"P02 P06 an order earns for its goods without VAT":    {rule, loyalty.Did{Bought: goods(400_00)}, loyalty.Standing{}, 40},
		"what is left of a point is not earned":               {rule, loyalty.Did{Bought: goods(19_99)}, loyalty.Standing{}, 1},
		"lines are summed before they are rounded":            {rule, loyalty.Did{Bought: goods(5_00, 5_00)}, loyalty.Standing{}, 1},
		"X17 a voucher in the order earns nothing":            {rule, loyalty.Did{Bought: stored(goods(400_00, 100_00), 0)}, loyalty.Standing{}, 10},
		"X17 the part that points have paid earns nothing":    {rule, loyalty.Did{Bought: paid(goods(400_00), 250_00)}, loyalty.Standing{}, 20},
		"an order that points have paid altogether":           {rule, loyalty.Did{Bought: paid(goods(400_00), 500_00)}, loyalty.Standing{}, 0},
		"more than the order can't be paid":                   {rule, loyalty.Did{Bought: paid(goods(400_00), 900_00)}, loyalty.Standing{}, 0},
		"P10 only some goods earn":                            {with(func(r *loyalty.Rule) { r.Only.SKUs = []string{"B"} }), loyalty.Did{Bought: goods(400_00, 100_00)}, loyalty.Standing{}, 10},
		"P10 some goods don't":                                {with(func(r *loyalty.Rule) { r.Only.Without = []string{"B"} }), loyalty.Did{Bought: goods(400_00, 100_00)}, loyalty.Standing{}, 40},
		"a limit for an order":                                {with(func(r *loyalty.Rule) { r.PerOrder = 15 }), loyalty.Did{Bought: goods(400_00)}, loyalty.Standing{}, 15},
		"a limit for a product":                               {with(func(r *loyalty.Rule) { r.PerProduct = 15 }), loyalty.Did{Bought: goods(400_00, 50_00)}, loyalty.Standing{}, 20},
		"P15 a customer who earns more":                       {rule, loyalty.Did{Bought: goods(400_00)}, loyalty.Standing{Percent: 150}, 60},
		"an order without goods":                              {rule, loyalty.Did{}, loyalty.Standing{}, 0},
		"a price below nothing":                               {rule, loyalty.Did{Bought: goods(400_00, -400_00)}, loyalty.Standing{}, 40},
		"P03 a review of a product":                           {loyalty.Rule{Event: loyalty.ReviewProduct, Points: 25}, loyalty.Did{About: loyalty.Line{SKU: "A"}}, loyalty.Standing{}, 25},
		"P03 a review of a product that earns nothing":        {loyalty.Rule{Event: loyalty.ReviewProduct, Points: 25, Only: loyalty.Filter{Categories: []string{"tea"}}}, loyalty.Did{About: loyalty.Line{SKU: "A", Category: "mugs"}}, loyalty.Standing{}, 0},
		"P04 a welcome":                                       {loyalty.Rule{Event: loyalty.Signup, Points: 100}, loyalty.Did{}, loyalty.Standing{}, 100},
		"P05 a referral, by half for this customer":           {loyalty.Rule{Event: loyalty.Referral, Points: 75}, loyalty.Did{}, loyalty.Standing{Percent: 50}, 37},
		"no more than anybody is given at once":               {with(func(r *loyalty.Rule) { r.Points = loyalty.Most; r.Per = 1; r.PerOrder = 2 * loyalty.Most }), loyalty.Did{Bought: goods(400_00)}, loyalty.Standing{}, loyalty.Most},
		"a welcome of no more than that":                      {loyalty.Rule{Event: loyalty.Signup, Points: loyalty.Most}, loyalty.Did{}, loyalty.Standing{Percent: 1000}, loyalty.Most},
		"an order of amounts as large as there are overflows": {with(func(r *loyalty.Rule) { r.Points = math.MaxInt64; r.Per = 1 }), loyalty.Did{Bought: loyalty.Bought{Total: math.MaxInt64, Lines: []loyalty.Line{{Net: math.MaxInt64}}}}, loyalty.Standing{}, loyalty.Most},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.did.Event = c.rule.Event
			p := loyalty.Programme{Rules: []loyalty.Rule{c.rule}}
			if got := p.Earn(c.did, c.who, day(1)); got != c.want {
				t.Errorf("earned %d points, want %d", got, c.want)
			}
			c.who.Excluded = true
			if got := p.Earn(c.did, c.who, day(1)); got != 0 {
				t.Errorf("P15 a customer who takes no part earned %d points", got)
			}
		})
	}
}

func TestAProgrammeHasAFirstAndALastDay(t *testing.T) {
	t.Parallel()
	p := loyalty.Programme{Opens: day(2), Closes: day(4), Rules: []loyalty.Rule{{Event: loyalty.Signup, Points: 10}}}
	for at, want := range map[time.Time]int64{day(1): 0, day(2): 10, day(4).Add(-1): 10, day(4): 0} {
		if got := p.Earn(loyalty.Did{Event: loyalty.Signup}, loyalty.Standing{}, at); got != want {
			t.Errorf("P01 at %s it gives %d points, want %d", at, got, want)
		}
	}
	if got := p.Earn(loyalty.Did{Event: loyalty.Manual, Points: 7}, loyalty.Standing{}, day(9)); got != 7 {
		t.Errorf("a grant by hand on a closed programme gives %d points, want 7", got)
	}
}

func TestRatesAreDated(t *testing.T) {
	t.Parallel()
	p := loyalty.Programme{Rates: []loyalty.Rate{{Since: day(2), Rate: per(1, 10)}, {Since: day(5), Rate: per(1, 20)}}}
	for at, want := range map[time.Time]int64{day(2): 10, day(5).Add(-1): 10, day(5): 20, day(9): 20} {
		if rate, err := p.RateAt(at); err != nil || rate.Value.Minor != want {
			t.Errorf("P08 at %s a point is worth %d, %v; want %d", at, rate.Value.Minor, err, want)
		}
	}
	if _, err := p.RateAt(day(1)); !errors.Is(err, loyalty.ErrNoRate) {
		t.Errorf("before the first rate: %v", err)
	}
}

func TestWhatPointsMayPay(t *testing.T) {
	t.Parallel()
	lines := []loyalty.Line{{SKU: "TEA", Category: "tea", Gross: 100_00}, {SKU: "MUG", Gross: 50_00}, {SKU: "CARD", Gross: 500_00, StoredValue: true}}
	open := func(due, points int64) loyalty.Payable {
		return loyalty.Payable{Rate: per(1, 1), Due: due, Points: points, Permits: math.MaxInt64}
	}
	permitted := func(permits, due int64) loyalty.Payable {
		return loyalty.Payable{Rate: per(1, 1), Due: due, Points: math.MaxInt64, Permits: permits}
	}
	for name, c := range map[string]struct {
		spending loyalty.Spending
		pay      loyalty.Pay
		want     loyalty.Payable
		err      error
	}{
		"all that is due":                           {loyalty.Spending{}, loyalty.Pay{Due: 60}, open(60, math.MaxInt64), nil},
		"P19 so many points on an order":            {loyalty.Spending{PerOrder: 30}, loyalty.Pay{Due: 60}, open(60, 30), nil},
		"P09 X17 only tea, and never a voucher":     {loyalty.Spending{Only: loyalty.Filter{Categories: []string{"tea"}}}, loyalty.Pay{Due: 650_00, Lines: lines}, permitted(100_00, 100_00), nil},
		"X17 never a voucher, whatever the rules":   {loyalty.Spending{}, loyalty.Pay{Due: 650_00, Lines: lines}, permitted(150_00, 150_00), nil},
		"P19 so many points on a product":           {loyalty.Spending{PerProduct: 60_00}, loyalty.Pay{Due: 650_00, Lines: lines}, permitted(110_00, 110_00), nil},
		"never more than is due now":                {loyalty.Spending{}, loyalty.Pay{Due: 20_00, Lines: lines}, permitted(150_00, 20_00), nil},
		"P09 no lines where they decide":            {loyalty.Spending{Only: loyalty.Filter{Without: []string{"MUG"}}}, loyalty.Pay{Due: 60}, loyalty.Payable{}, loyalty.ErrNoLines},
		"P15 who takes no part":                     {loyalty.Spending{}, loyalty.Pay{Due: 60, Who: loyalty.Standing{Excluded: true}}, loyalty.Payable{}, loyalty.ErrExcluded},
		"P09 only some customers":                   {loyalty.Spending{Groups: []string{"gold"}}, loyalty.Pay{Due: 60}, loyalty.Payable{}, loyalty.ErrExcluded},
		"P09 a customer who is one of them":         {loyalty.Spending{Groups: []string{"gold"}}, loyalty.Pay{Due: 60, Group: "gold"}, open(60, math.MaxInt64), nil},
		"lines as large as there are, and one more": {loyalty.Spending{}, loyalty.Pay{Due: 60, Lines: []loyalty.Line{{SKU: "A", Gross: math.MaxInt64}, {SKU: "A", Gross: 1}}}, open(60, math.MaxInt64), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := loyalty.Programme{Rates: []loyalty.Rate{{Rate: per(1, 1)}}, Spending: c.spending}
			got, err := p.Payable(c.pay, day(1))
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("points may pay %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestAProgrammeIsChecked(t *testing.T) {
	t.Parallel()
	good := func() loyalty.Programme {
		return loyalty.Programme{
			Opens: day(1), Closes: day(9), Rates: []loyalty.Rate{{Since: day(1), Rate: per(10, 1)}}, Lifetime: 365,
			Rules:   []loyalty.Rule{{Event: loyalty.Order, Points: 1, Per: 1000}, {Event: loyalty.Signup, Points: 100}},
			Rewards: []loyalty.Reward{{Name: "ticket", Points: 500}, {Name: "voucher", SKU: "CARD"}}, Shown: map[loyalty.Context]bool{loyalty.Checkout: true},
		}
	}
	if err := good().Check(); err != nil {
		t.Fatalf("a good programme: %v", err)
	}
	for name, change := range map[string]func(*loyalty.Programme){
		"closed before it opens": func(p *loyalty.Programme) { p.Closes = day(1) },
		"a life below nothing":   func(p *loyalty.Programme) { p.Lifetime = -1 },
		"a place that is none":   func(p *loyalty.Programme) { p.Shown["shelf"] = true },
		"a rate of nothing":      func(p *loyalty.Programme) { p.Rates[0].Value.Minor = 0 },
		"rates in two currencies": func(p *loyalty.Programme) {
			p.Rates = append(p.Rates, loyalty.Rate{Since: day(2), Rate: money.Rate{Units: 1, Value: money.Of(1, "EUR")}})
		},
		"a rate in a currency that orders are not in": func(p *loyalty.Programme) { p.In = "EUR" },
		"two rates since one day":                     func(p *loyalty.Programme) { p.Rates = append(p.Rates, p.Rates[0]) },
		"an order without Per":                        func(p *loyalty.Programme) { p.Rules[0].Per = 0 },
		"a welcome for an amount":                     func(p *loyalty.Programme) { p.Rules[1].Per = 10 },
		"a welcome with a limit":                      func(p *loyalty.Programme) { p.Rules[1].PerOrder = 10 },
		"a rule that gives nothing":                   func(p *loyalty.Programme) { p.Rules[1].Points = 0 },
		"more than anybody is given at once":          func(p *loyalty.Programme) { p.Rules[1].Points = loyalty.Most + 1 },
		"a thousand points and one for an øre":        func(p *loyalty.Programme) { p.Rules[0].Points, p.Rules[0].Per = 1001, 1 },
		"a rate of more points than anybody is given": func(p *loyalty.Programme) { p.Rates[0].Units = loyalty.Most + 1 },
		"a limit below nothing":                       func(p *loyalty.Programme) { p.Rules[0].PerProduct = -1 },
		"a rule for what the office is":               func(p *loyalty.Programme) { p.Rules[1].Event = loyalty.Manual },
		"an event that is none":                       func(p *loyalty.Programme) { p.Rules[1].Event = "birthday" },
		"two rules for an event":                      func(p *loyalty.Programme) { p.Rules[1] = loyalty.Rule{Event: loyalty.Order, Points: 2, Per: 1} },
		"a negative limit of spending":                func(p *loyalty.Programme) { p.Spending.PerOrder = -1 },
		"a reward without a name":                     func(p *loyalty.Programme) { p.Rewards[0].Name = "" },
		"a reward for nothing":                        func(p *loyalty.Programme) { p.Rewards[0].Points = 0 },
		"two rewards of one name":                     func(p *loyalty.Programme) { p.Rewards[1].Name = "ticket" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := good()
			change(&p)
			if err := p.Check(); !errors.Is(err, loyalty.ErrProgramme) {
				t.Errorf("it passes: %v", err)
			}
		})
	}
}
