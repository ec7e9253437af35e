package voucher

// Earn brings points to the account of a customer: how many is what the merchant's programme says (package loyalty). An act that earns
// nothing is written as well, so that its repeat is answered the same, whatever the programme has become.
type Earn struct {
	ID       string
	Ref      Ref    // kind [Earnings]
	Asked    string // what happened, in the caller's words: the repeat of an act is known by it
	Event    string // its kind, for staff
	Points   int64
	Full     int64 // what the event would earn if nothing had become of it since: it may bring that later, and counts by it (X13)
	Days     int   // for how long they live, beside today; 0 for ever
	Approval Approval
	Detail   Detail
}

// Refs names the earning.
func (a Earn) Refs() []Ref { return []Ref{a.Ref} }

func (a Earn) decide(c *Case) (Answer, error) {
	content := digest(a.Asked, a.Detail.text())
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	switch err := c.Voucher.adjustable(); {
	case err != nil:
		return Answer{}, err
	case c.overflows(a.Points):
		return Answer{}, ErrAboveLimit
	}
	if err := c.approved(a.Approval, max(a.Points, a.Full)); err != nil {
		return Answer{}, err
	}
	a.Detail.Earned = a.Event
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: a.Points, Detail: a.Detail, days: a.Days}
	c.post(record, "earn", contraOf("earned", a.Ref.Owner), a.Points)
	c.settle()
	return Answer{Record: c.write(record), Created: true}, nil
}

// unearn takes back what an event earned: all that stands of it, or nothing once some of it is spent.
func (c *Case) unearn(earning *Record) error {
	left := earning.left()
	if c.available() < left || earning.Rest > 0 {
		return ErrNotReversible
	}
	c.raiseFence()
	earning.from = c.bornWith(earning)
	c.post(earning, "reversal", contraOf("earned", earning.Owner), -left)
	return nil
}

// Settle makes the points of an order those that it deserves as it is now (X17): it recalls what is too much, or gives again what is
// missing, whichever way the order came there. It says what shall be, so that there is nothing to do when it is told again.
//
// A recall takes the points of the earning first, then others, the oldest first, and never what is set aside: that waits until it is free
// or spent and the act is done again. What is not there any more was spent: it stays with the customer. The recall says how much that is (Rest), and the earning how much of it is open: what is given
// again later begins with it, since the customer has had it. So what an order has brought, as the journal says, is always what it
// deserves and what was spent of the rest.
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
		if taken, spent := a.collectable(c, -more); taken+spent > 0 {
			return a.recall(c, earning, taken, spent), nil
		}
	case more > 0 && !c.overflows(more):
		return a.regain(c, earning, more), nil
	}
	return Answer{Outcome: OutcomeUnchanged}, nil
}

// collectable parts points that are too much into those that are free and those that are gone. The others are set aside.
func (a Settle) collectable(c *Case, points int64) (taken, spent int64) {
	return min(points, c.available()), max(0, points-c.Voucher.Balance)
}

// recall takes back points of an earning.
func (a Settle) recall(c *Case, earning *Record, taken, spent int64) Answer {
	earning.TakenBack, earning.Rest, earning.dirty = earning.TakenBack+taken+spent, earning.Rest+spent, true
	record := &Record{
		ID: a.ID, Ref: a.Ref, Source: earning.ID, Amount: taken, Rest: spent, Detail: a.Detail, from: c.bornWith(earning),
	}
	c.raiseFence()
	c.post(record, "recall", contraOf("earned", earning.Owner), -taken)
	return a.settled(c, earning, record)
}

// regain gives points of an earning again: what was spent of those that were taken back is with the customer already.
func (a Settle) regain(c *Case, earning *Record, points int64) Answer {
	spent := min(points, earning.Rest)
	given := points - spent
	earning.TakenBack, earning.Rest, earning.dirty = earning.TakenBack-points, earning.Rest-spent, true
	a.Ref.Kind = Regains
	record := &Record{ID: a.ID, Ref: a.Ref, Source: earning.ID, Amount: given, Rest: spent, Detail: a.Detail, again: earning, days: a.Days}
	c.touch()
	c.post(record, "regain", contraOf("earned", earning.Owner), given)
	return a.settled(c, earning, record)
}

func (a Settle) settled(c *Case, earning, record *Record) Answer {
	for _, part := range record.Moves {
		earning.Settled = addPart(earning.Settled, part.Lot, part.Points)
	}
	c.settle()
	return Answer{Record: c.write(record), Created: true}
}

// Convert exchanges points for a reward (P20): a voucher, or something of the merchant's own.
type Convert struct {
	ID     string
	Ref    Ref    // kind [Conversions]
	Asked  string // who wants what, in the caller's words
	Points int64
	Reward Reward
	Detail Detail
}

// Reward is what points were exchanged for.
type Reward struct {
	Name    string `json:"name"`
	Voucher string `json:"voucher,omitempty"` // id of the voucher that it is; "" for something of the merchant's own
}

// Refs names the conversion.
func (a Convert) Refs() []Ref { return []Ref{a.Ref} }

func (a Convert) decide(c *Case) (Answer, error) {
	content := digest(a.Asked)
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	switch err := c.Voucher.adjustable(); {
	case err != nil:
		return Answer{}, err
	case a.Points > c.available():
		return Answer{}, c.insufficient(c.available())
	}
	a.Detail.Reward = &a.Reward
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: a.Points, Detail: a.Detail}
	c.raiseFence()
	c.post(record, "convert", contraOf("exchanged", a.Ref.Owner), -a.Points)
	c.settle()
	return Answer{Record: c.write(record), Created: true}, nil
}
