package voucher

import (
	"fmt"
	"slices"
)

// Settle makes the points of an order those that it deserves as it is now (X17): it recalls what is too much, or gives again what is
// missing, whichever way the order came there. It says what shall be, so that there is nothing to do when it is told again.
//
// What is too much is first what has ended of the earning: nobody has it, and it counts as given back. Then the earning's own points are
// taken, then others, the oldest first, and never what is set aside: that waits until it is free or spent and the act is done again. What
// is not there any more was spent, and stays with the customer: the recall says how much that is (Rest), and the earning how much of it is
// open. Whatever gives points back to the account later makes up for it first, unless the office has waived it. What is given again
// begins with what is open or was waived, since the customer has had it, and ends with what has ended, since it has. So what an order has
// brought, as the journal says, is what it deserves and what is open, waived or ended of the rest, but for what waits.
type Settle struct {
	ID       string
	Ref      Ref // kind [Recalls]; what is given again bears the same name as kind [Regains]
	Earning  Ref
	Deserves int64 // points
	Days     int   // for how long points live that the order has not had before, from when it earned; 0 for ever
	Detail   Detail
}

// Refs names the act and the earning.
func (a Settle) Refs() []Ref { return []Ref{a.Ref, a.Earning} }

func (a Settle) decide(c *Case) (Answer, error) {
	earning := c.Records[a.Earning]
	if earning == nil || earning.State != Done || c.Voucher.Quarantined {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	switch more := a.Deserves - earning.left(); {
	case more < 0:
		if parts := c.surplus(earning, -more); parts.sum() > 0 {
			return a.recall(c, earning, parts), nil
		}
	case more > 0 && !c.overflows(more):
		return a.regain(c, earning, missing(earning, more)), nil
	}
	return Answer{Outcome: OutcomeUnchanged}, nil
}

// settlement parts points that an earning gives back or gets again.
type settlement struct {
	moved  int64 // out of the account or into it
	spent  int64 // gone from the account, since the customer has spent them
	waived int64 // likewise, and let be by the office
	ended  int64 // gone with time
}

func (s settlement) sum() int64 { return s.moved + s.spent + s.waived + s.ended }

// surplus parts points of an earning that are too much. Those that it leaves out are set aside.
func (c *Case) surplus(earning *Record, points int64) (s settlement) {
	s.ended = min(points, c.ended(earning))
	points -= s.ended
	s.moved, s.spent = min(points, c.available()), max(0, points-c.Voucher.Balance)
	return s
}

// missing parts points that an earning gets again. What it never had is new.
func missing(earning *Record, points int64) (s settlement) {
	taken := earning.TakenBack - earning.Rest - earning.Waived - earning.Ended
	s.spent = min(points, earning.Rest)
	points -= s.spent
	s.waived = min(points, earning.Waived)
	points -= s.waived
	s.moved = min(points, max(0, taken))
	points -= s.moved
	s.ended = min(points, earning.Ended)
	s.moved += points - s.ended
	return s
}

// ended is how many points of an earning have ended that it does not count as given back yet.
func (c *Case) ended(earning *Record) int64 {
	ended := earning.EndedElsewhere - earning.Ended
	for _, l := range c.Lots {
		if l.Origin == earning.ID {
			ended += l.Ended
		}
	}
	return max(0, ended)
}

// recall takes back points of an earning.
func (a Settle) recall(c *Case, earning *Record, s settlement) Answer {
	record := &Record{ID: a.ID, Ref: a.Ref, Source: earning.ID, Amount: s.moved, Rest: s.spent, Detail: a.Detail, from: c.ownOf(earning)}
	record.Detail.Ended = s.ended
	return Answer{Record: c.recall(earning, record), Created: true}
}

// recall writes what a recall takes from an earning: points of the account, those that are gone, and those that were gone and are not.
func (c *Case) recall(earning, record *Record) *Record {
	earning.TakenBack += record.Amount + record.Rest + record.Detail.Waived + record.Detail.Ended
	earning.Rest, earning.Waived, earning.Ended = earning.Rest+record.Rest, earning.Waived+record.Detail.Waived, earning.Ended+record.Detail.Ended
	earning.dirty = true
	if earning.Rest > 0 && !slices.Contains(c.Open, earning) {
		c.Open = append(c.Open, earning)
	}
	c.raiseFence()
	c.post(record, "recall", contraOf("earned", earning.Owner), -record.Amount)
	return c.settled(earning, record)
}

// regain gives points of an earning again.
func (a Settle) regain(c *Case, earning *Record, s settlement) Answer {
	earning.TakenBack -= s.sum()
	earning.Rest, earning.Waived, earning.Ended, earning.dirty = earning.Rest-s.spent, earning.Waived-s.waived, earning.Ended-s.ended, true
	a.Ref.Kind = Regains
	record := &Record{ID: a.ID, Ref: a.Ref, Source: earning.ID, Amount: s.moved, Rest: s.spent, Detail: a.Detail, again: earning, days: a.Days}
	record.Detail.Waived, record.Detail.Ended = s.waived, s.ended
	c.touch()
	c.post(record, "regain", contraOf("earned", earning.Owner), s.moved)
	return Answer{Record: c.settled(earning, record), Created: true}
}

// settled writes a recall or regain.
func (c *Case) settled(earning, record *Record) *Record {
	for _, part := range record.Moves {
		earning.Settled = addPart(earning.Settled, part.Lot, part.Points)
	}
	c.settle()
	return c.write(record)
}

// Waive lets be what is open of an earning: the office has settled it with the customer, or forgives it. He keeps what he has, and what
// comes back to him later.
type Waive struct {
	ID      string
	Ref     Ref // kind [Recalls]
	Earning Ref
	Detail  Detail
}

// Refs names the act and the earning.
func (a Waive) Refs() []Ref { return []Ref{a.Ref, a.Earning} }

func (a Waive) decide(c *Case) (Answer, error) {
	earning := c.Records[a.Earning]
	if earning == nil || earning.Rest == 0 {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	record := &Record{ID: a.ID, Ref: a.Ref, Source: earning.ID, Rest: -earning.Rest, Detail: a.Detail}
	record.Detail.Waived = earning.Rest
	return Answer{Record: c.recall(earning, record), Created: true}, nil
}

// collect lets what acts have given back to an account of points make up for what is open there: points of orders that were refunded after
// they had been spent (X17). What is brought by an act of its own, such as a transfer, has not come back. Nobody asks for it; its act is
// named by the account's line, so that it happens once.
func (c *Case) collect(answer Answer) {
	back := c.back
	c.back = 0
	for _, earning := range c.Open {
		taken := min(back, earning.Rest, c.available())
		if taken <= 0 {
			continue
		}
		ref := Ref{Owner: earning.Owner, Kind: Recalls, Key: fmt.Sprintf("%s:%s:%d", earning.ID, c.Voucher.ID, c.Voucher.Entries+1)}
		c.recall(earning, &Record{
			ID: c.derivedID("recall", ref.Key), Ref: ref, Source: earning.ID, Amount: taken, Rest: -taken,
			Detail: Detail{Order: earning.Detail.Order}, from: c.ownOf(earning),
		})
		back -= taken
		if answer.Created { // and says what is there in the end
			answer.Record.Balance = c.Voucher.Balance
		}
	}
}
