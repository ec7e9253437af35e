package loyalty

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"vouchsafe/retail/money"
)

// Fate is what has become of an order since it was bought, as far as its points go, by the state that its shop told last.
type Fate struct {
	ToldAt   time.Time // when the order was so; zero while nothing was told
	Stage    int       // how far the order had come: of two states of one instant the further one counts
	Refunded int64     // of what could earn, minor units with VAT
	Closed   bool      // cancelled, or refunded altogether
	// Rest is what the refunds leave of the total of an order that its shop calls refunded; the zero Amount for nothing, and for any other. Our own
	// codes and points may have paid it: see [Fate.ClosedBy].
	Rest    money.Amount
	Returns Returns // of which lines, where it says
	Goods   Goods
	Buyer   Buyer
}

// Buyer is whose order it is, as far as its shop has told.
type Buyer struct {
	ToldAt time.Time // when that was so; zero while it is not known
	Whose  string    // Guest, or what BuyerOf makes of a customer; "" while it is not known
}

// Guest is a buyer without an account, who earns nothing (P23).
const Guest = "guest"

// after is the buyer of an order of which another was known: that of the later state that names one. Of one instant it is what the shop
// answers when it is asked, or else a customer before a guest.
func (b Buyer) after(known Buyer, by Word) Buyer {
	switch {
	case b.Whose == "" || b.ToldAt.Before(known.ToldAt):
		return known
	case b.ToldAt.After(known.ToldAt) || by == Asked || b.Whose < known.Whose:
		return b
	}
	return known
}

// BuyerOf is the customer of a shop who bought an order, by a digest that tells nothing of him elsewhere.
func BuyerOf(shop, order, login string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", shop, order, login))
	return hex.EncodeToString(sum[:])
}

// Word is how a state of an order came to be known.
type Word string

// A shop tells of a state, perhaps late, or it was asked, so that the state is what is true now.
const (
	Told  Word = "told"
	Asked Word = "asked"
)

// ClosedBy tells whether an order is cancelled or refunded altogether of which our own codes and points have paid so much of Rest's currency: a
// shop that calls an order refunded and has given back all the money that it got need not name the rest, which is not money.
func (f Fate) ClosedBy(own int64) bool { return f.Closed || f.Rest.Minor > 0 && own >= f.Rest.Minor }

// After is the fate of an order of which another was known: of two states the later one holds, whenever each of them is told, and of two
// of one instant what the shop answers when it is asked, or else the further one, and of equals the one that refunds more, or closes. What is known
// of its goods and its buyer holds until a later state tells of them.
func (f Fate) After(known Fate, by Word) Fate {
	now := f.over(known, by)
	now.Buyer = f.Buyer.after(known.Buyer, by)
	now.Goods = f.Goods.after(known.Goods, by)
	return now
}

// over is the state that holds of the two.
func (f Fate) over(known Fate, by Word) Fate {
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
	case f.Refunded != other.Refunded:
		return cmp.Compare(f.Refunded, other.Refunded)
	case f.Closed == other.Closed && f.Rest != other.Rest:
		return cmp.Or(cmp.Compare(other.Rest.Minor, f.Rest.Minor), cmp.Compare(f.Rest.Currency, other.Rest.Currency))
	case f.Closed == other.Closed:
		return f.Returns.compare(other.Returns)
	case f.Closed:
		return 1
	}
	return -1
}

// InPoints is what points have paid of an order, in minor units.
type InPoints struct {
	Paid int64 // at most, at one time
	Back int64 // of that, what was given back: it was paid with points all the same
}

// Deserves is how many points an order deserves by this rule as it is now: without what was refunded of it ([Returns]), none at all when it was
// cancelled, and nothing for the part that points have paid. Points that are given back earn nothing in their place, and whatever comes
// back, an order never earns more than it did before. It earns on no more than the goods that it is known to sell by now, in the currency in
// which it earned; of an order that named lines they are in that, or left out.
func (r Rule) Deserves(b Bought, points InPoints, now Fate, who Standing) int64 {
	if now.Closed {
		return 0
	}
	if goods := now.Goods.Worth.Currency; goods != "" && (b.Unlisted == "" || b.Unlisted == goods) {
		b = b.selling(now.Goods)
	}
	left := b.without(now)
	b.PointsPaid, left.PointsPaid = points.Paid, points.Paid-b.backInPoints(left, points, now)
	return min(r.ofOrder(left, who), r.ofOrder(b, who))
}
