package voucher

import (
	"fmt"
	"time"
)

// WriteOff takes what is left of an expired voucher out of what is owed, once it is nobody's any more (X12): its validity has ended, and so
// has the right to have it paid out (see [Voucher.OwedUntil]), and every reservation that was granted in time could be captured. What is
// reserved, blocked or in quarantine stays in the books, since somebody has still to decide about it. It needs nobody who asks for it: the
// store offers what may be due, and on everything else the act does nothing. Its name is the line of the journal that it writes, so that it
// happens once. What comes to the voucher afterwards is another amount: it is usable for as long as [Refund] says, and what is left of it
// then is written off by itself.
//
// The state stays as it was, so that the voucher is shown as what it is: expired. [Extend] brings back what was written off.
type WriteOff struct {
	ID string // UUID for what it writes
}

// Refs names nothing: the act follows from what the voucher is.
func (WriteOff) Refs() []Ref { return nil }

func (a WriteOff) decide(c *Case) (Answer, error) {
	v := &c.Voucher
	if !c.forfeit() {
		return Answer{Outcome: OutcomeUnchanged}, nil
	}
	record := &Record{ID: a.ID, Ref: writeOffRef(v.ID, v.Entries+1), Fingerprint: digest(v.ID), Amount: v.Balance}
	c.raiseFence()
	c.post(record, "expire", contraOf("expired", clock), -v.Balance)
	return Answer{Record: c.write(record), Created: true}, nil
}

// writeOffRef names the write-off that a line of a voucher's journal tells of.
func writeOffRef(id string, seq int64) Ref {
	return Ref{Owner: clock, Kind: Lapses, Key: fmt.Sprintf("%s:%d", id, seq)}
}

// manyLines is a journal too long for a voucher that nobody has used.
const manyLines = 64

// WriteOffsSince names the write-offs that a voucher can have had if nothing else has happened to it than these, and what brought them
// back: they are every second line of its journal behind the first. One more is among them, that may have come since the lines were counted;
// a journal of many lines tells of use anyway.
func WriteOffsSince(voucher string, entries int64) (refs []Ref) {
	for seq := int64(2); seq <= min(entries, manyLines)+2; seq += 2 {
		refs = append(refs, writeOffRef(voucher, seq))
	}
	return refs
}

// forfeit tells whether there is something left of the voucher that nobody can use any more.
func (c *Case) forfeit() bool {
	v := &c.Voucher
	switch {
	case v.Quarantined, v.Blocked(), v.Balance == 0, v.ExpiresOn.Zero(), c.Live() != nil:
		return false
	}
	return !c.At.Before(c.Rules.ForfeitFrom(v))
}

// ForfeitFrom is the first instant from which nobody can use the voucher or ask for its value any more, unless he has it reserved; zero
// if that never comes.
func (r Rules) ForfeitFrom(v *Voucher) time.Time {
	if v.ExpiresOn.Zero() {
		return time.Time{}
	}
	return later(v.OwedUntil(), v.EndsAt.Add(r.Claims()))
}

// Claims is how long after the end of a voucher's validity an order may still claim value that was granted to it in time.
func (r Rules) Claims() time.Duration { return r.ReserveFor + r.LateCapture }

// WrittenOff is what of a voucher's journal tells of write-offs.
type WrittenOff struct {
	Refs    []Ref // of those that stand, and in whose place nobody has given the voucher another amount
	Entries int64 // how many lines of the journal that was read from
}

// WrittenOffIn reads it from all of a voucher's journal, the earliest line first.
func WrittenOffIn(journal []Entry) (w WrittenOff) {
	back := make(map[string]bool)
	for _, e := range journal {
		back[e.Act] = e.Kind == "reversal"
	}
	for _, e := range journal {
		w.Entries = e.Seq
		switch {
		case e.Kind == "expire" && !back[e.Act]:
			w.Refs = append(w.Refs, writeOffRef(e.Account, e.Seq))
		case e.Kind == "adjust" && e.Amount > 0 && !back[e.Act]:
			w.Refs = nil
		}
	}
	return w
}

// bringBack takes a write-off back: its value is owed again.
func (c *Case) bringBack(writeOff *Record) {
	c.post(writeOff, "reversal", contraOf("expired", clock), writeOff.left())
	writeOff.TakenBack, writeOff.State, writeOff.ReversedAt, writeOff.dirty = writeOff.Amount, Reversed, c.At, true
}
