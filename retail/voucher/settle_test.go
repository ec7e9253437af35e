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

// exchanges points for something that can be given back.
func (p *purse) exchanges(key string, points int64) voucher.Ref {
	p.t.Helper()
	ref := voucher.Ref{Owner: shop, Kind: voucher.Conversions, Key: key}
	p.does(voucher.Convert{ID: p.id(), Ref: ref, Asked: key, Points: points})
	return ref
}

// waives lets be what is open of an earning.
func (p *purse) waives(earning voucher.Ref) {
	p.t.Helper()
	id := p.id()
	p.does(voucher.Waive{ID: id, Ref: voucher.Ref{Owner: shop, Kind: voucher.Recalls, Key: id}, Earning: earning})
}

// reverses takes an act back.
func (p *purse) reverses(act voucher.Ref) voucher.Answer {
	p.t.Helper()
	return p.does(voucher.Reverse{Target: act, Limited: voucher.Unlimited})
}

func TestX17WhatWasSpentAndComesBackMakesUpForWhatIsOpen(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	order := p.earns("b", 100, 0).Record.Ref
	p.does(p.pays("r", 1, 6_00))
	captured := p.captures("r", "9")
	reward := p.exchanges("c", 40)
	p.settles(order, 0)
	wants(t, "all of it was spent", p.records[order].Rest, int64(100))
	p.does(voucher.Refund{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Refunds, Key: "f"}, Redemption: captured.Record.Ref})
	wants(t, "what came back", p.account.Balance, int64(0))
	wants(t, "still open", p.records[order].Rest, int64(40))
	p.reverses(reward)
	wants(t, "what came back last", p.account.Balance, int64(0))
	wants(t, "open", p.records[order].Rest, int64(0))
	p.settles(order, 100)
	wants(t, "paid after all", p.left(), []int64{100})
	second := p.exchanges("d", 30)
	p.settles(order, 80)
	p.reverses(second)
	wants(t, "nothing is open, so that all of it comes back", p.account.Balance, int64(80))
}

func TestX17TheOldestOrderIsMadeUpForFirst(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	first := p.earns("a", 50, 0).Record.Ref
	p.now = p.now.Add(time.Hour)
	second := p.earns("b", 50, 0).Record.Ref
	reward := p.exchanges("c", 80)
	p.settles(second, 0)
	p.settles(first, 0)
	wants(t, "open", []int64{p.records[first].Rest, p.records[second].Rest}, []int64{50, 30})
	p.reverses(reward)
	wants(t, "made up for", []int64{p.records[first].Rest, p.records[second].Rest, p.account.Balance}, []int64{0, 0, 0})
	third := p.earns("d", 70, 0).Record.Ref
	wants(t, "new points are the customer's", p.account.Balance, int64(70))
	p.settles(third, 70)
	wants(t, "as before", p.left()[len(p.left())-1], int64(70))
}

func TestX17WhatHasEndedIsNotTakenFromOthers(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	order := p.earns("a", 100, 1).Record.Ref
	p.now = p.now.Add(time.Hour)
	p.earns("b", 100, 0)
	p.exchanges("c", 60)
	p.now = p.now.Add(3 * 24 * time.Hour)
	half := p.settles(order, 50)
	wants(t, "40 have ended, 10 of the 60 that were spent are another's", []int64{half.Record.Amount, half.Record.Rest, half.Record.Detail.Ended}, []int64{10, 0, 40})
	wants(t, "what is left", p.left(), []int64{0, 90})
	p.settles(order, 0)
	wants(t, "what is left of nothing", p.left(), []int64{0, 40})
	p.settles(order, 70)
	wants(t, "what was taken comes first", p.left(), []int64{0, 100})
	all := p.settles(order, 100)
	wants(t, "what has ended does not come again", []int64{all.Record.Amount, all.Record.Rest, all.Record.Detail.Ended}, []int64{0, 0, 30})
	wants(t, "all as it was", p.left(), []int64{0, 100})
	if _, err := p.tries(voucher.Reverse{Target: order, Limited: voucher.Unlimited}); err == nil {
		t.Error("an earning of which points have ended was taken back, from another's points")
	}
}

func TestX17PointsThatWereMovedOnAreStillTheOrders(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	order := p.earns("a", 100, 1).Record
	c := &voucher.Case{At: p.now, Voucher: p.account, Lots: p.lots, Records: map[voucher.Ref]*voucher.Record{order.Ref: order.Stored()}}
	other := p.account
	other.ID, other.Balance, other.Entries = "other", 0, 0
	to := &voucher.Case{At: p.now, Voucher: other, Records: c.Records}
	ref := voucher.Ref{Owner: "merge", Kind: voucher.Transfers, Key: "t"}
	if _, err := voucher.Decide(c, voucher.Transfer{ID: "t", Ref: ref, To: "other", Account: true, Whole: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := voucher.Decide(to, voucher.Receive{Ref: ref}); err != nil {
		t.Fatal(err)
	}
	wants(t, "whose they are", to.Lots[0].Origin, order.ID)
	to.At = to.At.Add(3 * 24 * time.Hour)
	settled, err := voucher.Decide(to, voucher.Settle{ID: "s", Ref: voucher.Ref{Owner: shop, Kind: voucher.Recalls, Key: "s"}, Earning: order.Ref})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "ended where they were moved to", []int64{settled.Record.Amount, settled.Record.Rest, settled.Record.Detail.Ended}, []int64{0, 0, 100})
}

// However often and in whatever order it is told what an order deserves, whatever is spent or ends in between, and comes back: what the
// order has brought is what it deserves and what is open, waived or ended of the rest. Where nothing ends and all that was spent has
// come back, the account has what it would have had without any of it, and what was waived.
func TestAnOrderBringsWhatItDeserves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPurse(t)
		other := rapid.Int64Range(0, 100).Draw(t, "other points")
		p.earns("other", other, 0)
		p.now = p.now.Add(time.Hour)
		days := rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "days")
		earned := p.earns("order", rapid.Int64Range(0, 100).Draw(t, "earned"), days).Record
		var out []voucher.Ref
		deserves := earned.Amount
		check := func() {
			record, brought := p.records[earned.Ref], int64(0)
			for _, r := range p.records {
				for _, part := range r.Moves {
					if r.ID == earned.ID || r.Source == earned.ID {
						brought += part.Points
					}
				}
			}
			if open := record.Rest; brought != deserves+open+record.Waived+record.Ended || min(open, record.Waived, record.Ended) < 0 || record.Amount-record.TakenBack != deserves {
				t.Fatalf("it deserves %d and brought %d: %+v", deserves, brought, record)
			}
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "facts") {
			switch what := rapid.IntRange(0, 5).Draw(t, "what"); {
			case what == 0 && p.account.Balance > 0:
				out = append(out, p.exchanges(fmt.Sprint(i), rapid.Int64Range(1, p.account.Balance).Draw(t, "points")))
			case what == 1 && len(out) > 0:
				p.reverses(out[0])
				out = out[1:]
			case what == 2:
				p.now = p.now.Add(30 * time.Hour)
				p.does(voucher.Expire{})
			case what == 3:
				p.waives(earned.Ref)
			default:
				deserves = rapid.Int64Range(0, 150).Draw(t, "deserves")
				p.settles(earned.Ref, deserves)
				before := p.account.Balance
				if p.settles(earned.Ref, deserves); p.account.Balance != before {
					t.Fatalf("told twice it moved %d", p.account.Balance-before)
				}
			}
			check()
		}
		for _, ref := range out {
			p.reverses(ref)
		}
		check()
		if rest := p.records[earned.Ref].Rest; rest != 0 && p.account.Balance > 0 {
			t.Fatalf("%d are open while the account has %d", rest, p.account.Balance)
		}
		if want := other + deserves + p.records[earned.Ref].Waived; days == 0 && p.account.Balance != want {
			t.Fatalf("all came back, and the account has %d instead of %d", p.account.Balance, want)
		}
	})
}
