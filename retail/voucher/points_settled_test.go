package voucher_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vouchsafe/retail/voucher"
)

// settles makes the points of an order those that it deserves.
func (p *purse) settles(earning voucher.Ref, deserves int64) voucher.Answer {
	p.t.Helper()
	id := p.id()
	return p.does(voucher.Settle{ID: id, Ref: voucher.Ref{Owner: shop, Kind: voucher.Recalls, Key: id}, Earning: earning, Deserves: deserves, Days: 30})
}

func TestX17ARecallTakesItsOwnPointsFirstAndNeverWhatIsSetAside(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 40, 0)
	p.now = p.now.Add(time.Hour)
	order := p.earns("b", 100, 0).Record.Ref
	p.settles(order, 70)
	wants(t, "of the order's own", p.left(), []int64{40, 70})
	if again := p.settles(order, 70); again.Outcome != voucher.OutcomeUnchanged {
		t.Errorf("told twice: %+v", again)
	}
	p.does(p.pays("r", 1, 9_00))
	all := p.settles(order, 0)
	wants(t, "what is free", p.left(), []int64{40, 50})
	wants(t, "what is set aside is not spent", []int64{all.Record.Amount, all.Record.Rest}, []int64{20, 0})
	if again := p.settles(order, 0); again.Outcome != voucher.OutcomeUnchanged {
		t.Errorf("told twice: %+v", again)
	}
	wants(t, "and never more", p.left(), []int64{40, 50})
	p.captures("r", "9")
	paid := p.settles(order, 0)
	wants(t, "spent", []int64{paid.Record.Amount, paid.Record.Rest}, []int64{0, 50})
	wants(t, "none is left", p.left(), []int64{0, 0})
}

func TestX17WhatWasRecalledComesAgainToWhereItWas(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 40, 0)
	p.now = p.now.Add(time.Hour)
	order := p.earns("b", 100, 1).Record.Ref
	p.settles(order, 0)
	wants(t, "recalled", p.left(), []int64{40, 0})
	p.settles(order, 100)
	wants(t, "given again", p.left(), []int64{40, 100})
	p.does(p.pays("r", 1, 11_00))
	p.captures("r", "9") // 40 and 70 are spent
	wants(t, "spent", p.left(), []int64{0, 30})
	short := p.settles(order, 20)
	wants(t, "80 too much, 30 there", []int64{short.Record.Amount, short.Record.Rest}, []int64{30, 50})
	part := p.settles(order, 60)
	wants(t, "40 of the 50 that were spent", []int64{part.Record.Amount, part.Record.Rest}, []int64{0, 40})
	all := p.settles(order, 110)
	wants(t, "the other 10, and 40 more than it earned at first", []int64{all.Record.Amount, all.Record.Rest}, []int64{40, 10})
	wants(t, "30 of them to where they were", p.left(), []int64{0, 30, 10})
	wants(t, "the rest is as old as the order", p.lots[2].BornAt, p.lots[1].BornAt)
	p.now = p.now.Add(40 * 24 * time.Hour)
	p.settles(order, 50)
	wants(t, "ended, and nothing to take", p.account.Balance, int64(0))
	p.settles(order, 110)
	wants(t, "spent or ended, none of it comes again", p.account.Balance, int64(0))
}

// However often and in whatever order it is told what an order deserves, and whatever is spent in between, what the order has brought is
// what it deserves and what was spent of the rest; and where nothing is spent, exactly what it deserves.
func TestAnOrderBringsWhatItDeserves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPurse(t)
		other := rapid.Int64Range(0, 100).Draw(t, "other points")
		p.earns("other", other, 0)
		p.now = p.now.Add(time.Hour)
		earned := p.earns("order", rapid.Int64Range(0, 100).Draw(t, "earned"), 0).Record
		spent, brought := int64(0), earned.Amount
		for i := range rapid.IntRange(1, 12).Draw(t, "facts") {
			if rapid.IntRange(0, 3).Draw(t, "spends") == 0 && p.account.Balance > 0 {
				some := rapid.Int64Range(1, p.account.Balance).Draw(t, "points")
				p.does(voucher.Convert{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Conversions, Key: fmt.Sprint(i)}, Points: some})
				spent += some
			}
			deserves, before := rapid.Int64Range(0, 150).Draw(t, "deserves"), p.account.Balance
			p.settles(earned.Ref, deserves)
			brought += p.account.Balance - before
			record := p.records[earned.Ref]
			if open := record.Rest; brought != deserves+open || open < 0 || open > spent || record.Amount-record.TakenBack != deserves {
				t.Fatalf("it deserves %d and brought %d, %d open of %d spent: %+v", deserves, brought, open, spent, record)
			}
			before = p.account.Balance
			if p.settles(earned.Ref, deserves); p.account.Balance != before {
				t.Fatalf("told twice it moved %d", p.account.Balance-before)
			}
		}
	})
}
