package purchase

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// Matter is something about a purchase that a person has to look at, as long as it is so.
type Matter struct {
	Kind   string // what sort of matter
	About  string // which one, of several of a kind; "" when there can be only one
	Reason string // why, for people and programs: "below_min_paid"
	Word   string // what the shop says of it; another word is another matter, also to whoever has closed it
	Units  []Key
}

// The kinds of matter.
const (
	WaitingPurchase = "purchase_waiting" // units wait for a decision
	FlaggedPurchase = "purchase_flagged" // issued units vanished from the order, were used before it was cancelled, or cost more than they hold
	RefundToSettle  = "refund_to_settle" // a refund that could not be matched, or whose vouchers are in use
	DoubtfulOrder   = "order_in_doubt"   // the shop told something that could not be used
)

// ToldAgain is the reason of a refund that stands after all, once a person had settled that the shop had taken it back.
const ToldAgain = "told_again"

// The reasons of a flag.
const (
	Vanished         = "units_vanished"
	CancelledButUsed = "cancelled_but_used"
	AboveFaceValue   = "above_face_value"
)

// explains tells whether what waits of a refund waits with the refund of the whole order already: one is enough.
func (p Purchase) explains(r Counted) bool {
	whole := p.told(WholeOrder)
	return whole != nil && !whole.Settled && !whole.Problem.byWord() && r.ID != WholeOrder && r.Problem != MoreThanSold
}

// owes tells whether what a refund has ended and the shop has taken back of it is a matter: not while nobody has paid, or all is cancelled.
func (p Purchase) owes() bool { return p.Status == Paid || p.Status == Refunded }

// StandsAgain tells whether a matter is over since a refund that had been taken back, or made smaller, stands as it was.
func (p Purchase) StandsAgain(m Matter) bool {
	if m.Kind != RefundToSettle || !Settlement(m.Reason).regretted() {
		return false
	}
	r := p.told(m.About)
	return r != nil && !r.Problem.regretted()
}

// Matters lists what waits for a person, one matter for each reason.
func (p Purchase) Matters() []Matter {
	var found []Matter
	for _, u := range p.Units {
		if u.State == Waiting {
			found = add(found, WaitingPurchase, string(u.Reason), u.Key())
		}
		if u.State == Issued && u.Missing {
			found = add(found, FlaggedPurchase, Vanished, u.Key())
		}
		if u.State == Issued && p.Status == Cancelled && u.Voucher.Touched {
			found = add(found, FlaggedPurchase, CancelledButUsed, u.Key())
		}
		if u.State == Issued && u.aboveFace() {
			found = add(found, FlaggedPurchase, AboveFaceValue, u.Key())
		}
	}
	for _, r := range p.Refunds {
		if !r.Settled && !p.explains(r) && (p.owes() || !r.Problem.regretted()) {
			found = append(found, Matter{Kind: RefundToSettle, About: r.ID, Reason: string(r.Problem), Word: r.word()})
		}
	}
	for i, doubt := range p.Doubts {
		found = append(found, Matter{Kind: DoubtfulOrder, About: fmt.Sprint(i + 1), Reason: doubt})
	}
	slices.SortFunc(found, func(a, b Matter) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.About, b.About))
	})
	return found
}

// mostTax is the percentage of its face value that may have been paid for a voucher beside it: no country of Europe taxes more.
const mostTax = 27

// aboveFace tells whether more was paid for the unit than its voucher held, and any tax on it: the price in the shop is of another product,
// and whoever paid it must not get less for it unseen.
func (u Unit) aboveFace() bool {
	if u.Paid.Currency != u.Value.Currency {
		return false
	}
	paid, most := big.NewInt(u.Paid.Minor), big.NewInt(u.Value.Minor)
	return paid.Mul(paid, big.NewInt(fullyPaid)).Cmp(most.Mul(most, big.NewInt(fullyPaid+mostTax))) > 0
}

// Flagged lists what may have been a matter of a cancelled purchase when it was told: what was spent of its vouchers by then may have come
// back since.
func (p Purchase) Flagged() []Matter {
	if p.Status != Cancelled {
		return nil
	}
	return []Matter{{Kind: FlaggedPurchase, About: CancelledButUsed, Reason: CancelledButUsed}}
}

// add puts a unit under its matter.
func add(found []Matter, kind, reason string, key Key) []Matter {
	for i := range found {
		if found[i].Kind == kind && found[i].Reason == reason {
			found[i].Units = append(found[i].Units, key)
			return found
		}
	}
	return append(found, Matter{Kind: kind, About: reason, Reason: reason, Units: []Key{key}})
}

// State is how a purchase is shown: waiting when anything of it waits, else what its order is when that is over, else the furthest that its
// units have come: issued, offered, and refunded or dismissed when nothing else is left of them.
func (p Purchase) State() string {
	some := map[UnitState]bool{}
	for _, u := range p.Units {
		some[u.State] = true
	}
	switch {
	case some[Waiting]:
		return string(Waiting)
	case p.Status == Cancelled || p.Status == Refunded:
		return p.Status.String()
	}
	for _, state := range []UnitState{Issued, Offered, TakenBack, Dismissed} {
		if some[state] {
			return string(state)
		}
	}
	return string(Offered)
}
