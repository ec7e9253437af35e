package voucher

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// wholeJournal follows a journal to its end.
const wholeJournal = math.MaxInt64

// follower follows what was paid for through journals, each as far as another needs it: value is nowhere before it has left where it was.
type follower struct {
	journals map[string][]Entry
	splits   map[string]*split
	took     map[string]int64   // by redemption: what was paid for, and has not come back of it
	homes    map[string]string  // by redemption: the voucher or account that it took from
	notes    map[string][]Entry // by redemption: the lines of the notes that it was given back to, as they came
}

// split parts the balance of a voucher or account, as far as its journal was followed.
type split struct {
	paid  int64            // more than the balance where goodwill has left in its place: it is there again with what comes back
	done  int              // how many lines were followed
	busy  bool             // with the next one
	lines map[int64]int64  // by its number: by how much a line raised what was paid for
	acts  map[string]int64 // by how much an act did, all its lines together
	over  map[string]int64 // by cash-out: what it took of goodwill
}

func newFollower(journals map[string][]Entry) *follower {
	f := &follower{
		journals: journals, splits: make(map[string]*split),
		took: make(map[string]int64), homes: make(map[string]string), notes: make(map[string][]Entry),
	}
	for id, lines := range journals {
		for _, e := range lines {
			switch {
			case e.Kind == "redeem":
				f.homes[e.Act] = id
			case e.spends() && e.Source != "":
				f.notes[e.Source] = append(f.notes[e.Source], e)
			}
		}
	}
	for redemption, lines := range f.notes {
		lines = slices.DeleteFunc(lines, func(e Entry) bool { return e.Account == f.homes[redemption] })
		slices.SortFunc(lines, func(a, b Entry) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Seq, b.Seq))
		})
		f.notes[redemption] = lines
	}
	return f
}

// follow follows a journal up to the line of a number, unless it is there already.
func (f *follower) follow(id string, until int64) *split {
	s := f.splits[id]
	if s == nil {
		s = &split{lines: make(map[int64]int64), acts: make(map[string]int64), over: make(map[string]int64)}
		f.splits[id] = s
	}
	lines := f.journals[id]
	for s.done < len(lines) && lines[s.done].Seq <= until && !s.busy { // no sound journal waits for itself
		s.busy = true
		f.next(s, lines[s.done])
		s.busy, s.done = false, s.done+1
	}
	return s
}

// next follows a journal by one line.
func (f *follower) next(s *split, e Entry) {
	paid := s.paid + f.brings(s, e)
	switch {
	case e.Kind == "reversal":
		delete(s.over, e.Act)
	case e.Kind == "cash_out" || e.Kind == "cash_out_fee":
		s.over[e.Act] += max(0, -paid)
	}
	if e.Amount < 0 && e.Kind != "reversal" { // goodwill goes first
		paid = min(paid, s.paid+min(0, max(0, e.Balance-e.Amount-s.paid)+e.Amount))
	}
	raised := max(0, paid) - s.paid
	s.paid += raised
	s.lines[e.Seq] = raised
	s.acts[e.Act] += raised
	if e.spends() {
		f.took[e.redemption()] -= raised
	}
}

// brings is how much of what was paid for a line would bring or take, were there enough of it and of everything.
func (f *follower) brings(s *split, e Entry) int64 {
	what, _, _ := strings.Cut(e.Contra, "/")
	switch {
	case e.spends() && e.Amount > 0:
		f.before(e)
		return min(e.Amount, f.took[e.redemption()])
	case e.CameFrom() != "" && e.Kind == "reversal":
		return min(f.left(e), -s.acts[e.Act])
	case e.CameFrom() != "":
		return f.left(e)
	case e.Kind == "reversal":
		return -s.acts[e.Act]
	case e.Kind == "issue" && what != "converted", e.Kind == "reload", e.Kind == "cash_out", e.Kind == "cash_out_fee":
		return e.Amount
	}
	return 0
}

// before follows what a note's redemption took, and what earlier notes brought back of it.
func (f *follower) before(e Entry) {
	if e.GivenAnew() == "" {
		return
	}
	f.follow(f.homes[e.Source], wholeJournal) // it has ended
	for _, other := range f.notes[e.Source] {
		if other.Account == e.Account {
			return
		}
		f.follow(other.Account, other.Seq)
	}
}

// left is how much of what was paid for has left the place that a line's value came from.
func (f *follower) left(e Entry) int64 {
	from := e.CameFrom()
	for _, there := range f.journals[from] {
		if there.Act == e.Act && there.Kind == e.Kind {
			return -f.follow(from, there.Seq).lines[there.Seq]
		}
	}
	return 0
}

// spends tells whether a line's other side is what was redeemed: a redemption, and whatever gives back or takes again of one.
func (e *Entry) spends() bool { return strings.HasPrefix(e.Contra, contraOf("redeemed", "")) }

// redemption is the one that a line spends or gives back.
func (e *Entry) redemption() string { return cmp.Or(e.Source, e.Act) }
