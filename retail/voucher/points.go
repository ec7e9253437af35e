package voucher

// Earn brings points to the account of a customer: how many is what the merchant's programme says (package loyalty). An act that earns
// nothing is written as well, so that its repeat is answered the same, whatever the programme has become.
type Earn struct {
	ID       string
	Ref      Ref    // kind [Earnings]
	Asked    string // what happened, in the caller's words: the repeat of an act is known by it
	Event    string // its kind, for staff
	Points   int64
	Days     int // for how long they live, beside today; 0 for ever
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
	if err := c.approved(a.Approval, a.Points); err != nil {
		return Answer{}, err
	}
	a.Detail.Earned = a.Event
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: a.Points, Detail: a.Detail, days: a.Days}
	c.post(record, "earn", contraOf("earned", a.Ref.Owner), a.Points)
	c.settle()
	return Answer{Record: c.write(record), Created: true}, nil
}

// Recall takes back points whose order was refunded or cancelled (X17): as many as are more than what the order as it is now would
// have earned. Those of the earning go first, then others, the oldest first, and never what is set aside. What is not there any more
// was spent: it stays with the customer, and the record says how much that is.
type Recall struct {
	ID      string
	Ref     Ref // kind [Recalls]
	Earning Ref
	Keep    int64 // how many points the order may keep
	Detail  Detail
}

// Refs names the recall and the earning.
func (a Recall) Refs() []Ref { return []Ref{a.Ref, a.Earning} }

func (a Recall) decide(c *Case) (Answer, error) {
	if record := c.Records[a.Ref]; record != nil {
		return Answer{Record: record}, nil
	}
	earning := c.Records[a.Earning]
	if earning == nil || earning.State != Done || c.Voucher.Quarantined {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	minor := earning.left() - a.Keep
	if minor <= 0 {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	taken := min(minor, c.available())
	earning.TakenBack, earning.dirty = earning.TakenBack+minor, true
	record := &Record{
		ID: a.ID, Ref: a.Ref, Source: earning.ID, Amount: taken, Rest: minor - taken, Detail: a.Detail, from: earning.Moves,
	}
	c.raiseFence()
	c.post(record, "recall", contraOf("earned", earning.Owner), -taken)
	c.settle()
	return Answer{Record: c.write(record), Created: true}, nil
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
