package loyalty_test

import (
	"testing"

	"pgregory.net/rapid"

	"vouchsafe/retail/loyalty"
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
			if got := c.told.After(known, c.by); got != c.want {
				t.Errorf("it is %+v, want %+v", got, c.want)
			}
		})
	}
}

// In whatever order and however often the states of an order are told, the same one holds in the end.
func TestWhatHasBecomeOfAnOrderIsTheSameInWhateverOrderItIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		states := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) loyalty.Fate {
			stage := rapid.IntRange(1, 4).Draw(t, "stage")
			return loyalty.Fate{ToldAt: day(rapid.IntRange(1, 4).Draw(t, "day")), Stage: stage, Closed: stage > 2 && rapid.Bool().Draw(t, "closed"), Refunded: rapid.Int64Range(0, 3).Draw(t, "refunded")}
		}), 1, 8).Draw(t, "states")
		tell := func(states []loyalty.Fate) (now loyalty.Fate) {
			for _, f := range states {
				now = f.After(now, loyalty.Told)
			}
			return now
		}
		shuffled := rapid.Permutation(append(states, states...)).Draw(t, "told again in another order")
		if one, other := tell(states), tell(shuffled); one != other {
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
		if got := rule.Deserves(bought, 0, loyalty.Fate{}, loyalty.Standing{}); got != whole {
			t.Fatalf("it earns %d, and deserves %d", whole, got)
		}
		last := rule.Deserves(bought, paid, loyalty.Fate{}, loyalty.Standing{})
		if last > whole {
			t.Fatalf("paid with points it deserves %d of %d", last, whole)
		}
		for refunded := int64(0); refunded < net; {
			refunded += rapid.Int64Range(1, net-refunded).Draw(t, "refund")
			now := rule.Deserves(bought, paid, loyalty.Fate{Refunded: refunded}, loyalty.Standing{})
			if now < 0 || now > last {
				t.Fatalf("%d of %d are refunded: it deserves %d, and %d before", refunded, net, now, last)
			}
			last = now
		}
		if last != 0 || rule.Deserves(bought, 0, loyalty.Fate{Closed: true}, loyalty.Standing{}) != 0 {
			t.Fatalf("all is refunded, and it deserves %d", last)
		}
	})
}
