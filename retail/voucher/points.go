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

// Who has earned by an event before, as an earning says that brought nothing.
const (
	BeforeByCustomer = "customer"
	BeforeByAnother  = "another"
)

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

// unearn takes back what an event earned: all that stands of it, or nothing once some of it is spent or has ended.
func (c *Case) unearn(earning *Record) error {
	left := earning.left()
	if c.available() < left || earning.Rest > 0 || c.ended(earning) > 0 {
		return ErrNotReversible
	}
	c.raiseFence()
	earning.from = c.ownOf(earning)
	c.post(earning, "reversal", contraOf("earned", earning.Owner), -left)
	return nil
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
