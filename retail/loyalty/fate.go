package loyalty

import (
	"cmp"
	"time"
)

// Fate is what has become of an order since it was bought, as far as its points go, by the state that its shop told last.
type Fate struct {
	ToldAt   time.Time // when the order was so; zero while nothing was told
	Stage    int       // how far the order had come: of two states of one instant the further one counts
	Refunded int64     // of what could earn, minor units with VAT
	Closed   bool      // cancelled, or refunded altogether
}

// Word is how a state of an order came to be known.
type Word string

// A shop tells of a state, perhaps late, or it was asked, so that the state is what is true now.
const (
	Told  Word = "told"
	Asked Word = "asked"
)

// After is the fate of an order of which another was known: of two states the later one holds, whenever each of them is told, and of two
// of one instant what the shop answers when it is asked, or else the further one, and of equals the one that refunds more, or closes.
func (f Fate) After(known Fate, by Word) Fate {
	switch {
	case f.ToldAt.After(known.ToldAt):
		return f
	case f.ToldAt.Before(known.ToldAt):
		return known
	case by == Asked || f.Stage > known.Stage:
		return f
	case f.Stage == known.Stage && f.takes(known) > 0:
		return f
	}
	return known
}

// takes compares how much two states take of an order.
func (f Fate) takes(other Fate) int {
	switch {
	case f.Refunded != other.Refunded || f.Closed == other.Closed:
		return cmp.Compare(f.Refunded, other.Refunded)
	case f.Closed:
		return 1
	}
	return -1
}

// Deserves is how many points an order deserves by this rule as it is now: without what was refunded of it, none at all when it was
// cancelled, and nothing for the part that points have paid, in minor units.
func (r Rule) Deserves(b Bought, pointsPaid int64, now Fate, who Standing) int64 {
	if now.Closed {
		return 0
	}
	left := b.Less(now.Refunded)
	left.PointsPaid = pointsPaid
	return r.ofOrder(left, who)
}
