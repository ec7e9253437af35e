package loyalty_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

func TestTheLaterStateOfAnOrderHolds(t *testing.T) {
	t.Parallel()
	known := loyalty.Fate{ToldAt: day(5), Stage: 2, Refunded: 100}
	later := loyalty.Fate{ToldAt: day(6), Stage: 1}
	early := loyalty.Fate{ToldAt: day(4), Stage: 3, Closed: true}
	same := func(stage int, refunded int64) loyalty.Fate {
		return loyalty.Fate{ToldAt: day(5), Stage: stage, Refunded: refunded}
	}
	closing := same(2, 100)
	closing.Closed = true
	for name, c := range map[string]struct {
		told loyalty.Fate
		by   loyalty.Word
		want loyalty.Fate
	}{
		"a later one, though the order was further":        {later, loyalty.Told, later},
		"X17 a cancellation that is told late":             {early, loyalty.Told, known},
		"an earlier one, though the shop was asked":        {early, loyalty.Asked, known},
		"of one instant the further one":                   {same(3, 0), loyalty.Told, same(3, 0)},
		"of one instant not the one before":                {same(1, 900), loyalty.Told, known},
		"of one instant what the shop answers":             {same(1, 0), loyalty.Asked, same(1, 0)},
		"of equals the one that refunds more":              {same(2, 200), loyalty.Told, same(2, 200)},
		"of equals not the one that refunds less":          {same(2, 50), loyalty.Told, known},
		"of equals the one that closes":                    {closing, loyalty.Told, closing},
		"X17 a refund that is taken back by a later state": {loyalty.Fate{ToldAt: day(6), Stage: 2}, loyalty.Told, loyalty.Fate{ToldAt: day(6), Stage: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.told.After(known, c.by); !reflect.DeepEqual(got, c.want) {
				t.Errorf("it is %+v, want %+v", got, c.want)
			}
		})
	}
}

// X17: an order that its shop calls refunded is refunded altogether when our own codes and points have paid what its refunds leave of it.
func TestX17AnOrderIsClosedByWhatItsRefundsLeave(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fate loyalty.Fate
		own  int64
		want bool
	}{
		"closed":             {loyalty.Fate{Closed: true}, 0, true},
		"not refunded":       {loyalty.Fate{}, 100, false},
		"all that money got": {loyalty.Fate{Rest: money.Of(30_00, "DKK")}, 30_00, true},
		"more than that":     {loyalty.Fate{Rest: money.Of(20_00, "DKK")}, 30_00, true},
		"less than that":     {loyalty.Fate{Rest: money.Of(30_01, "DKK")}, 30_00, false},
		"paid with money":    {loyalty.Fate{Rest: money.Of(30_00, "DKK")}, 0, false},
	} {
		if got := tt.fate.ClosedBy(tt.own); got != tt.want {
			t.Errorf("%s: closed is %t, want %t", name, got, tt.want)
		}
	}
}

// In whatever order and however often the states of an order are told, the same one holds in the end.
func TestWhatHasBecomeOfAnOrderIsTheSameInWhateverOrderItIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		states := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) loyalty.Fate {
			stage := rapid.IntRange(1, 4).Draw(t, "stage")
			at, goods := day(rapid.IntRange(1, 4).Draw(t, "day")), loyalty.Goods{}
			if rapid.Bool().Draw(t, "tells of its goods") {
				goods = loyalty.Goods{ToldAt: at, Worth: money.Of(rapid.Int64Range(0, 2).Draw(t, "goods"), "DKK"), Stored: rapid.Int64Range(0, 1).Draw(t, "stored")}
			}
			buyer := loyalty.Buyer{}
			if whose := rapid.SampledFrom([]string{"", "a", "b", loyalty.Guest}).Draw(t, "buyer"); whose != "" {
				buyer = loyalty.Buyer{ToldAt: at, Whose: whose}
			}
			returns := loyalty.Returns{Spread: rapid.Int64Range(0, 1).Draw(t, "spread"), Parts: []loyalty.Part{{ID: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "line"), Back: rapid.Int64Range(0, 1).Draw(t, "back")}}}
			return loyalty.Fate{ToldAt: at, Goods: goods, Buyer: buyer, Returns: returns, Stage: stage, Closed: stage > 2 && rapid.Bool().Draw(t, "closed"), Rest: money.Of(rapid.Int64Range(0, 2).Draw(t, "rest"), rapid.SampledFrom([]money.Currency{"DKK", "EUR"}).Draw(t, "rest in")), Refunded: rapid.Int64Range(0, 3).Draw(t, "refunded")}
		}), 1, 8).Draw(t, "states")
		tell := func(states []loyalty.Fate) (now loyalty.Fate) {
			for _, f := range states {
				now = f.After(now, loyalty.Told)
			}
			return now
		}
		shuffled := rapid.Permutation(append(states, states...)).Draw(t, "told again in another order")
		if one, other := tell(states), tell(shuffled); !reflect.DeepEqual(one, other) {
			t.Fatalf("%+v, and in another order %+v", one, other)
		}
	})
}

func TestAnOrderDeservesLessTheMoreIsRefundedAndNothingForAllOfIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := loyalty.Rule{Event: loyalty.Order, Points: rapid.Int64Range(1, 50).Draw(t, "points"), Per: rapid.Int64Range(1, 5000).Draw(t, "per")}
		if rapid.Bool().Draw(t, "limited") {
			rule.PerOrder = rapid.Int64Range(1, 100).Draw(t, "limit")
		}
		net := rapid.Int64Range(1, 1e7).Draw(t, "net")
		paid := rapid.Int64Range(0, net).Draw(t, "paid with points")
		bought := loyalty.Bought{Total: net, Lines: []loyalty.Line{{SKU: "A", Net: net}}}
		whole := rule.Earn(loyalty.Did{Event: loyalty.Order, Bought: bought}, loyalty.Standing{})
		if got := rule.Deserves(bought, loyalty.InPoints{}, loyalty.Fate{}, loyalty.Standing{}); got != whole {
			t.Fatalf("it earns %d, and deserves %d", whole, got)
		}
		last := rule.Deserves(bought, loyalty.InPoints{Paid: paid}, loyalty.Fate{}, loyalty.Standing{})
		if last > whole {
			t.Fatalf("paid with points it deserves %d of %d", last, whole)
		}
		for refunded := int64(0); refunded < net; {
			refunded += rapid.Int64Range(1, net-refunded).Draw(t, "refund")
			now := rule.Deserves(bought, loyalty.InPoints{Paid: paid}, loyalty.Fate{Refunded: refunded}, loyalty.Standing{})
			if now < 0 || now > last {
				t.Fatalf("%d of %d are refunded: it deserves %d, and %d before", refunded, net, now, last)
			}
			last = now
		}
		if last != 0 || rule.Deserves(bought, loyalty.InPoints{}, loyalty.Fate{Closed: true}, loyalty.Standing{}) != 0 {
			t.Fatalf("all is refunded, and it deserves %d", last)
		}
	})
}

// X17: an order that named no lines earns on the goods that it is known to have sold, and on no vouchers, and what is refunded and what
// points paid of it is measured by them where it named no total. One that named lines earns on no more than these.
func TestX17AnOrderIsTakenForTheGoodsThatItIsKnownToSell(t *testing.T) {
	t.Parallel()
	rule := loyalty.Rule{Event: loyalty.Order, Points: 1, Per: 1_00}
	listed := loyalty.Basket([]loyalty.Line{{SKU: "A", Net: 100_00}}, 100_00, 0)
	mixed := loyalty.Basket([]loyalty.Line{{SKU: "A", Net: 100_00}, {SKU: "B", Net: 500_00, StoredValue: true}}, 600_00, 0)
	sold := func(minor, refunded int64) loyalty.Fate {
		return loyalty.Fate{Refunded: refunded, Goods: loyalty.Goods{ToldAt: day(1), Worth: money.Of(minor, "DKK")}}
	}
	beside := func(goods, vouchers int64) loyalty.Fate {
		return loyalty.Fate{Goods: loyalty.Goods{ToldAt: day(1), Worth: money.Of(goods, "DKK"), Stored: vouchers}}
	}
	abroad := loyalty.Fate{Goods: loyalty.Goods{ToldAt: day(1), Worth: money.Of(1_00, "EUR")}}
	unlisted := func(net, total int64) loyalty.Bought { return loyalty.Unlisted(money.Of(net, "DKK"), total) }
	for name, c := range map[string]struct {
		bought loyalty.Bought
		paid   int64
		now    loyalty.Fate
		want   int64
	}{
		"a voucher beside them, counted in":       {unlisted(900_00, 1000_00), 0, beside(500_00, 500_00), 400},
		"a voucher beside them, refunded in part": {unlisted(900_00, 1000_00), 0, loyalty.Fate{Refunded: 250_00, Goods: beside(500_00, 500_00).Goods}, 200},
		"a voucher beside them, not counted in":   {unlisted(400_00, 0), 0, beside(500_00, 500_00), 400},
		"nothing is known":                        {unlisted(580_00, 0), 0, loyalty.Fate{}, 580},
		"a voucher alone":                         {unlisted(500_00, 0), 0, sold(0, 0), 0},
		"a voucher beside goods":                  {unlisted(580_00, 0), 0, sold(80_00, 0), 80},
		"goods with VAT":                          {unlisted(100_00, 0), 0, sold(125_00, 0), 100},
		"goods that were sold in other money":     {unlisted(100_00, 0), 0, abroad, 100},
		"half of it refunded":                     {unlisted(100_00, 0), 0, sold(125_00, 62_50), 50},
		"all of it refunded":                      {unlisted(100_00, 0), 0, sold(125_00, 125_00), 0},
		"some of it paid with points":             {unlisted(100_00, 0), 20_00, sold(125_00, 0), 84},
		"its total told, which has freight in it": {unlisted(100_00, 200_00), 0, sold(125_00, 50_00), 75},
		"lines named, of more than that":          {listed, 0, sold(60_00, 0), 60},
		"lines named, of vouchers alone":          {listed, 0, sold(0, 0), 0},
		"lines named, of less than that with VAT": {listed, 0, sold(125_00, 0), 100},
		"vouchers among the lines that are named": {mixed, 0, sold(60_00, 0), 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := rule.Deserves(c.bought, loyalty.InPoints{Paid: c.paid}, c.now, loyalty.Standing{}); got != c.want {
				t.Errorf("it deserves %d, want %d", got, c.want)
			}
		})
	}
}
