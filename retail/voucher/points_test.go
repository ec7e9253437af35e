package voucher_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// purse keeps an account of points as a store does, and proves after every act that its lots add up.
type purse struct {
	t            fataler
	now          time.Time
	account      voucher.Voucher
	lots         []*voucher.Lot
	reservations []*voucher.Reservation
	records      map[voucher.Ref]*voucher.Record
	acts         int
}

func newPurse(t fataler) *purse {
	return &purse{t: t, now: noon(), records: make(map[voucher.Ref]*voucher.Record), account: voucher.Voucher{
		ID: "account", Kind: voucher.Account, Currency: money.Point, State: voucher.Active, Term: voucher.NeverExpires, Zone: copenhagen(),
	}}
}

// tries settles an act on the purse.
func (p *purse) tries(act voucher.Act) (voucher.Answer, error) {
	p.t.Helper()
	c := &voucher.Case{
		At: p.now, Voucher: p.account, Records: make(map[voucher.Ref]*voucher.Record), Holdings: make(voucher.Holdings),
		Rules: voucher.Rules{ReserveFor: 24 * time.Hour, LateCapture: 72 * time.Hour, ReverseFor: 24 * time.Hour, PerOrder: 1, Ceiling: "1.00"},
	}
	for ref, r := range p.records {
		if c.Records[ref] = r.Stored(); r.Kind == voucher.Earnings && r.Rest > 0 {
			c.Open = append(c.Open, c.Records[ref])
		}
	}
	slices.SortFunc(c.Open, func(a, b *voucher.Record) int { return a.At.Compare(b.At) })
	for _, r := range p.reservations {
		c.Reservations = append(c.Reservations, r.Stored())
	}
	for _, l := range p.lots {
		c.Lots = append(c.Lots, l.Stored())
	}
	answer, err := voucher.Decide(c, act)
	p.account = c.Voucher
	p.account.State = voucher.Active
	p.reservations, p.lots = nil, nil
	for ref, r := range c.Records {
		p.records[ref] = r.Stored()
	}
	for _, r := range c.Reservations {
		p.reservations = append(p.reservations, r.Stored())
	}
	for _, l := range c.Lots {
		p.lots = append(p.lots, l.Stored())
	}
	p.proves(c)
	return answer, err
}

// does settles an act that must not be refused.
func (p *purse) does(act voucher.Act) voucher.Answer {
	p.t.Helper()
	answer, err := p.tries(act)
	if err != nil {
		p.t.Fatalf("%+v: %v", act, err)
	}
	return answer
}

// proves that the lots add up to the balance, what they have set aside to what is reserved, and every entry to what it moved.
func (p *purse) proves(c *voucher.Case) {
	p.t.Helper()
	var left, aside, reserved int64
	for _, l := range p.lots {
		if l.Aside < 0 || l.Left < l.Aside {
			p.t.Fatalf("lot %+v", l)
		}
		if !l.EndsAt.IsZero() && !p.now.Before(l.EndsAt) && l.Left > l.Aside {
			p.t.Fatalf("P18 lot %+v outlived its end at %v", l, p.now)
		}
		left, aside = left+l.Left, aside+l.Aside
	}
	for _, r := range p.reservations {
		parts := int64(0)
		for _, part := range r.Parts {
			parts += part.Points
		}
		if r.State == voucher.Reserved {
			reserved += r.Amount
		} else if parts != 0 {
			p.t.Fatalf("reservation %s is %s and has %d points aside", r.ID, r.State, parts)
		}
		if r.State == voucher.Reserved && parts != r.Amount {
			p.t.Fatalf("reservation %s of %d points has %d aside", r.ID, r.Amount, parts)
		}
	}
	if left != p.account.Balance || aside != reserved || reserved > left {
		p.t.Fatalf("lots of %d points, %d aside; the account has %d, %d reserved", left, aside, p.account.Balance, reserved)
	}
	for _, e := range c.Entries {
		moved := int64(0)
		for _, part := range e.Lots {
			moved += part.Points
		}
		if moved != e.Amount {
			p.t.Fatalf("entry %+v moved %d points", e, moved)
		}
	}
}

// id names something new.
func (p *purse) id() string { p.acts++; return fmt.Sprintf("id-%d", p.acts) }

func (p *purse) earns(key string, points int64, days int) voucher.Answer {
	p.t.Helper()
	return p.does(voucher.Earn{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Earnings, Key: key}, Asked: key, Event: "order", Points: points, Days: days})
}

// pays is a wish to pay so many øre with points at a rate of one point for ten øre.
func (p *purse) pays(key string, cart byte, due int64) voucher.Reserve {
	return voucher.Reserve{
		ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: key}, Holder: voucher.Holder{cart}, Due: money.Of(due, "DKK"),
		Points: &voucher.PayPoints{Rate: money.Rate{Units: 1, Value: money.Of(10, "DKK")}, Due: money.Of(due, "DKK"), Payable: due, Most: 1 << 40, Permits: 1 << 50},
	}
}

func (p *purse) captures(key, order string) voucher.Answer {
	p.t.Helper()
	return p.does(voucher.Capture{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: key}, Detail: voucher.Detail{Order: order}})
}

// left is what is left of each lot, in the order in which they came.
func (p *purse) left() (left []int64) {
	for _, l := range p.lots {
		left = append(left, l.Left)
	}
	return left
}

func wants(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestPointsPayOldestFirstAndComeBackYoungestFirst(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 100, 30)
	p.now = p.now.Add(1 * 24 * time.Hour)
	p.earns("b", 100, 30)
	reserved := p.does(p.pays("r", 1, 15_05))
	wants(t, "P08 what is set aside", reserved.Reservation.Amount, int64(150))
	wants(t, "what it covers", reserved.Reservation.Exchange.Covers(150), money.Of(15_00, "DKK"))
	captured := p.captures("r", "1001")
	wants(t, "P18 what is left of the lots", p.left(), []int64{0, 50})
	wants(t, "what was covered", *captured.Record.Detail.Covers, money.Of(15_00, "DKK"))
	refund := voucher.Refund{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Refunds, Key: "f"}, Redemption: captured.Record.Ref, Amount: new(money.Of(80, money.Point))}
	p.does(refund)
	wants(t, "after a refund in part", p.left(), []int64{30, 100})
	p.does(voucher.Refund{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Refunds, Key: "g"}, Redemption: captured.Record.Ref})
	wants(t, "after the rest of it", p.left(), []int64{100, 100})
}

func TestP18PointsEndOldestFirstButNotWhileTheyAreSetAside(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 100, 1)
	p.earns("b", 50, 0)
	p.does(p.pays("r", 1, 3_00))
	p.now = time.Date(2026, time.November, 23, 22, 59, 59, 0, time.UTC)
	p.does(voucher.Expire{})
	wants(t, "the reservation itself ended", p.left(), []int64{100, 50})
	p.does(p.pays("s", 2, 3_00))
	p.now = p.now.Add(time.Second)
	p.does(voucher.Expire{})
	wants(t, "at midnight", p.left(), []int64{30, 50})
	captured := p.captures("s", "1002")
	wants(t, "after the order", p.left(), []int64{0, 50})
	p.now = p.now.Add(10 * 24 * time.Hour)
	p.does(voucher.Refund{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Refunds, Key: "f"}, Redemption: captured.Record.Ref})
	wants(t, "what a refund brings back", p.left(), []int64{30, 50})
	p.now = p.now.Add(31 * 24 * time.Hour)
	p.does(voucher.Expire{})
	wants(t, "lives for thirty days more", p.left(), []int64{0, 50})
}

func TestNobodyIsGrantedPointsThatHaveEnded(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 100, 1)
	p.now = p.now.Add(3 * 24 * time.Hour)
	_, err := p.tries(p.pays("r", 1, 3_00))
	if none, ok := errors.AsType[*voucher.InsufficientError](err); !ok || none.Available.Minor != 0 {
		t.Errorf("P18 reserved after their end: %v", err)
	}
	wants(t, "the balance", p.account.Balance, int64(0))
}

func TestACaptureTakesTheLotsThatWereSetAside(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 50, 0)
	p.earns("b", 50, 0)
	p.does(p.pays("r", 1, 5_00))
	p.does(p.pays("s", 2, 5_00))
	p.does(voucher.Release{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Reservations, Key: "r"}})
	p.captures("s", "1")
	wants(t, "what is left", p.left(), []int64{50, 0})
}

func TestTwoTabsCannotSpendTheSamePoints(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 100, 0)
	p.does(p.pays("r", 1, 8_00))
	second := p.does(p.pays("s", 2, 8_00))
	wants(t, "what is left for the other tab", second.Reservation.Amount, int64(20))
	_, err := p.tries(p.pays("u", 3, 8_00))
	if none, ok := errors.AsType[*voucher.InsufficientError](err); !ok || none.Available.Minor != 0 {
		t.Errorf("a third tab: %v", err)
	}
	p.captures("r", "1")
	p.captures("s", "2")
	wants(t, "the balance", p.account.Balance, int64(0))
}

func TestPointsMovedToAnotherAccountEndWhenTheyWouldHave(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.earns("a", 100, 5)
	from := p.lots[0]
	c := &voucher.Case{At: p.now, Voucher: p.account, Lots: []*voucher.Lot{from.Stored()}, Records: make(map[voucher.Ref]*voucher.Record)}
	other := p.account
	other.ID, other.Balance, other.Entries = "other", 0, 0
	to := &voucher.Case{At: p.now, Voucher: other, Records: c.Records}
	ref := voucher.Ref{Owner: "office", Kind: voucher.Transfers, Key: "t"}
	if _, err := voucher.Decide(c, voucher.Transfer{ID: "t", Ref: ref, To: "other", Account: true, Amount: new(money.Of(60, money.Point))}); err != nil {
		t.Fatal(err)
	}
	if _, err := voucher.Decide(to, voucher.Receive{Ref: ref}); err != nil {
		t.Fatal(err)
	}
	got := to.Lots[0]
	if got.Left != 60 || !got.EndsAt.Equal(from.EndsAt) || !got.BornAt.Equal(from.BornAt) || c.Lots[0].Left != 40 {
		t.Errorf("it became %+v, and %+v stayed", got, c.Lots[0])
	}
	for _, half := range []struct {
		c   *voucher.Case
		act voucher.Act
	}{{c, voucher.Reverse{Target: ref, Limited: voucher.Unlimited}}, {to, voucher.Return{Target: ref}}} {
		if _, err := voucher.Decide(half.c, half.act); err != nil {
			t.Fatal(err)
		}
	}
	if got.Left != 0 || c.Lots[0].Left != 100 || len(c.Lots) != 1 {
		t.Errorf("taken back: %+v, and %+v there", c.Lots[0], got)
	}
}

// Whatever is done to an account of points in whatever order, its lots add up, none outlives its end, and no reservation lacks a point.
func TestTheLotsOfAnAccountAlwaysAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPurse(t)
		key := rapid.SampledFrom([]string{"a", "b", "c"})
		small := rapid.Int64Range(0, 120)
		ref := func(kind voucher.ActKind) voucher.Ref {
			return voucher.Ref{Owner: shop, Kind: kind, Key: key.Draw(t, "key")}
		}
		acts := map[string]func() voucher.Act{
			"earn": func() voucher.Act {
				return voucher.Earn{ID: p.id(), Ref: ref(voucher.Earnings), Asked: "x", Points: small.Draw(t, "points"), Days: int(rapid.Int64Range(0, 3).Draw(t, "days"))}
			},
			"pay": func() voucher.Act {
				r := p.pays(key.Draw(t, "key"), byte(rapid.IntRange(1, 3).Draw(t, "cart")), small.Draw(t, "due")*10+3)
				if rapid.Bool().Draw(t, "named") {
					r.Amount = new(money.Of(small.Draw(t, "amount"), money.Point))
				}
				return r
			},
			"capture": func() voucher.Act {
				c := voucher.Capture{ID: p.id(), Ref: ref(voucher.Reservations), Detail: voucher.Detail{Order: "1"}}
				if rapid.Bool().Draw(t, "of a total") {
					c.Detail.OrderTotal = new(money.Of(small.Draw(t, "total")*7, "DKK"))
				}
				return c
			},
			"release": func() voucher.Act { return voucher.Release{ID: p.id(), Ref: ref(voucher.Reservations)} },
			"refund": func() voucher.Act {
				f := voucher.Refund{ID: p.id(), Ref: ref(voucher.Refunds), Redemption: ref(voucher.Redemptions)}
				if rapid.Bool().Draw(t, "in part") {
					f.Amount = new(money.Of(small.Draw(t, "amount"), money.Point))
				}
				return f
			},
			"give back": func() voucher.Act { return voucher.GiveBack{Redemption: ref(voucher.Redemptions)} },
			"settle": func() voucher.Act {
				return voucher.Settle{ID: p.id(), Ref: voucher.Ref{Owner: shop, Kind: voucher.Recalls, Key: p.id()}, Earning: ref(voucher.Earnings), Deserves: small.Draw(t, "deserves"), Days: 2}
			},
			"convert": func() voucher.Act {
				return voucher.Convert{ID: p.id(), Ref: ref(voucher.Conversions), Points: 1 + small.Draw(t, "points")}
			},
			"adjust": func() voucher.Act {
				return voucher.Adjust{ID: p.id(), Ref: ref(voucher.Adjustments), Delta: new(money.Of(small.Draw(t, "points")-60, money.Point)), Days: 2}
			},
			"reverse": func() voucher.Act {
				kind := rapid.SampledFrom([]voucher.ActKind{voucher.Earnings, voucher.Redemptions, voucher.Conversions, voucher.Adjustments}).Draw(t, "kind")
				return voucher.Reverse{Target: ref(kind), Limited: voucher.Unlimited}
			},
			"unrefund": func() voucher.Act {
				target := ref(voucher.Refunds)
				source := voucher.Ref{Owner: shop, Kind: voucher.Redemptions, Key: key.Draw(t, "key")}
				if r := p.records[target]; r != nil {
					for _, redemption := range p.records {
						if redemption.ID == r.Source {
							source = redemption.Ref
						}
					}
				}
				return voucher.Reverse{Target: target, Source: &source, Limited: voucher.Unlimited}
			},
			"time": func() voucher.Act {
				p.now = p.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours")) * time.Hour)
				return voucher.Expire{}
			},
		}
		names := make([]string, 0, len(acts))
		for name := range acts {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			_, _ = p.tries(acts[rapid.SampledFrom(names).Draw(t, "act")]()) // refused or not, the proof is in the lots
		}
	})
}

func TestP19NoMorePointsPayForAnOrderThanMay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		paid, named int64
		want        error
	}{
		{0, 30, nil},
		{20, 30, nil},
		{21, 29, nil},
		{21, 30, voucher.ErrPerOrder},
		{50, 1, voucher.ErrPerOrder},
		{51, 1, voucher.ErrPerOrder}, // by an earlier, higher limit
		{51, 0, nil},
	} {
		p := newPurse(t)
		p.earns("a", 100, 0)
		wish := p.pays("r", 1, 3_00)
		wish.Points.Most = 50
		p.does(wish)
		capture := voucher.Capture{
			ID: p.id(), Ref: wish.Ref, Detail: voucher.Detail{Order: "1"}, Paid: voucher.PointsPaid{Points: tt.paid}, Amount: &money.Amount{Minor: tt.named, Currency: money.Point},
		}
		_, err := p.tries(capture)
		if !errors.Is(err, tt.want) {
			t.Errorf("%d after %d: %v, want %v", tt.named, tt.paid, err, tt.want)
		}
		if err == nil {
			capture.ID, capture.Paid.Points = p.id(), 1000
			p.does(capture) // a repeat
		}
	}
}

// The highest id of an act is the newest act's: by that a database is found out that was put back.
func TestActsThatNobodyAskedForAreNamedByTheirInstant(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	var last string
	for day := range 20 {
		p.earns(fmt.Sprint(day), 10, 1)
		p.now = p.now.Add(48 * time.Hour)
		p.earns(fmt.Sprint("next", day), 10, 0)
		newest := ""
		for ref, record := range p.records {
			if ref.Kind == voucher.Lapses {
				newest = max(newest, record.ID)
			}
		}
		if want := fmt.Sprintf("%012x", p.now.UnixMilli()); strings.ReplaceAll(newest, "-", "")[:12] != want || newest <= last {
			t.Fatalf("%s after %s, want one that begins with %s", newest, last, want)
		}
		last = newest
	}
}
