package voucher

import "strings"

// Paid is what of a voucher's balance somebody has paid for: by buying it or having it bought elsewhere, by a reload, or with another
// voucher whose value was moved here. All else was given, as goodwill. What was given is spent and moved on first, so that a customer's
// own money lasts the longest; and goodwill never becomes cash, by whichever way it came.
type Paid struct {
	Minor   int64 // of the balance after the last line
	Entries int64 // how many lines of the journal it was reckoned from

	spent int64            // was redeemed, and comes back with a refund
	moved map[string]int64 // by how much each act raised it
}

// PaidIn reckons it from all of a voucher's journal, the earliest line first. came tells how much of what a transfer from another voucher
// brought was paid for there. What comes from a customer's account is not: nothing of an account is paid out.
func PaidIn(journal []Entry, came func(Entry) int64) Paid {
	p := Paid{moved: make(map[string]int64)}
	for _, e := range journal {
		p.next(e, came)
	}
	return p
}

// next follows the journal by one line.
func (p *Paid) next(e Entry, came func(Entry) int64) {
	was := p.Minor
	what, _, _ := strings.Cut(e.Contra, "/")
	spends := what == "redeemed" && e.Kind != "issue"
	switch {
	case spends && e.Amount > 0: // a refund, or a redemption taken back
		p.Minor += min(e.Amount, p.spent)
	case e.Kind == "reversal":
		p.Minor -= p.moved[e.Act]
	case e.Kind == "issue" && what != "converted", e.Kind == "reload", e.Kind == "cash_out", e.Kind == "cash_out_fee":
		p.Minor += e.Amount
	case e.Kind == string(Transfers) && e.Amount > 0 && what == place(false):
		p.Minor += came(e)
	}
	p.Minor = max(0, min(p.Minor, e.Balance))
	p.moved[e.Act] += p.Minor - was
	if spends {
		p.spent -= p.Minor - was
	}
	p.Entries = e.Seq
}

// Gave is how much that was paid for an act took away.
func (p Paid) Gave(act string) int64 { return -p.moved[act] }
