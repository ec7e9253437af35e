package voucher

// Paid is what of a voucher's balance somebody has paid for: by buying it or having it bought elsewhere, by a reload, or where its value
// was moved here from. All else was given, as goodwill. What was given is spent and moved on first, so that a customer's own money lasts
// the longest; and goodwill never becomes cash, by whichever way it came.
//
// What an act took comes back as what it was. Refunds in parts bring back first what was paid for, as far as their redemption took it and
// no other has brought it back, and goodwill last: the other way round than it went, so that who redeems 200 and has 50 refunded is where
// he would be if he had redeemed 150. What an act brought and is taken back goes as what it came as, as far as that is still there: where
// what was paid for has to make up for goodwill that was spent or moved on, it is not lost, and is there again when that comes back. What
// moves between vouchers and accounts stays what it is.
type Paid struct {
	Minor    int64 // of the balance after the last line
	Entries  int64 // how many lines of the voucher's journal it was reckoned from
	Goodwill int64 // how much goodwill cash-outs that stand have paid out: 0 unless something is broken
}

// PaidIn reckons it from all of a voucher's journal and those of the places that its value came from, the earliest line of each first.
// They are found by [Entry.CameFrom] and [Entry.GivenAnew]; what came from a place whose journal is not there counts as given.
func PaidIn(id string, journals map[string][]Entry) Paid {
	s := newFollower(journals).follow(id, wholeJournal)
	p := Paid{}
	if lines := journals[id]; len(lines) > 0 {
		last := lines[len(lines)-1]
		p.Entries, p.Minor = last.Seq, min(s.paid, last.Balance)
	}
	for _, minor := range s.over {
		p.Goodwill += minor
	}
	return p
}

// CameFrom is the id of the voucher or account that a line's value came from, by a claim, a transfer, or one of them taken back; "" for
// what came from elsewhere or went away.
func (e *Entry) CameFrom() string {
	if e.Amount < 0 {
		return ""
	}
	id, _ := e.OtherPlace()
	return id
}

// GivenAnew is the redemption that a credit note was made for in the place of its ended voucher; "" for any other line.
func (e *Entry) GivenAnew() string {
	if e.Kind == "issue" && e.spends() {
		return e.Source
	}
	return ""
}

// covers says why so much of what was paid for can't be handed back in cash, or nil.
func (p Paid) covers(c *Case, minor int64) error {
	switch {
	case p.Entries != c.Voucher.Entries: // it was used since that was reckoned
		return ErrInProgress
	case p.Minor < minor:
		return ErrNotReversible
	}
	return nil
}
