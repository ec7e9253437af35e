package turnover

import "strings"

// Move is what a line of the journal does to what is owed.
type Move string

// The moves. A positive line of Redeemed, Refunded, PaidOut, Fees, Expired or Adjusted gives back what such a line took.
const (
	Sold     Move = "sold"     // paid by a buyer
	Reloaded Move = "reloaded" // paid on top, later
	Granted  Move = "granted"  // owed without a sale: brought over from another system, a credit note, store credit
	Redeemed Move = "redeemed" // spent
	Refunded Move = "refunded" // given back in money: the purchase was refunded, or the sale taken back
	PaidOut  Move = "paid_out" // given back in cash, since its holder asked for it; what became of it is that it was refunded
	Fees     Move = "fees"     // kept of what was paid out: the customer is told of both in one, and so it was refunded as well
	Expired  Move = "expired"  // written off after its validity
	Adjusted Move = "adjusted" // corrected or ended by the office
	Moved    Move = "moved"    // to or from another account: what is owed stays the same
)

// classOf is the part of a contra account that decides: what it is, and whether a shop is behind it.
func classOf(contra string) (what string, ofShop bool) {
	what, owner, _ := strings.Cut(contra, "/")
	return what, owner == "shop" || strings.HasPrefix(owner, "shop:")
}

// Other is the account that a line moves value from or to; "" for a line that moves none.
func (l Line) Other() string {
	if what, other, _ := strings.Cut(l.Contra, "/"); contraMoves()[what] == Moved {
		return other
	}
	return ""
}

// kindMoves are the kinds of line that mean one thing, whoever is on the other side.
func kindMoves() map[string]Move {
	return map[string]Move{
		"redeem":       Redeemed,
		"refund":       Redeemed,
		"reload":       Reloaded,
		"adjust":       Adjusted,
		"expire":       Expired,
		"cash_out":     PaidOut,
		"claim":        Moved,
		"transfer":     Moved,
		"earn":         Granted, // of points, as are the three that follow
		"recall":       Granted,
		"regain":       Granted,
		"convert":      Redeemed,
		"cash_out_fee": Fees,
	}
}

// contraMoves are what an issue and a reversal mean, by the other side of the line.
func contraMoves() map[string]Move {
	return map[string]Move{
		"redeemed":    Redeemed,
		"reloaded":    Reloaded,
		"adjusted":    Adjusted,
		"invalidated": Adjusted,
		"expired":     Expired,
		"paid_out":    PaidOut,
		"fees":        Fees,
		"credited":    Granted,
		"imported":    Granted,
		"converted":   Granted,
		"earned":      Granted,
		"exchanged":   Redeemed,
		"account":     Moved,
		"voucher":     Moved,
	}
}

// MoveOf says what a line of a kind does, by the contra account that it names, such as "redeemed/till:Kasse 1"; what follows the colon
// is of no matter. Known is false for a kind that nobody has given a place: the books count it as adjusted, so that they close, and their proof
// finds it.
func MoveOf(kind, contra string) (move Move, known bool) {
	what, ofShop := classOf(contra)
	switch kind {
	case "issue":
		if what == "sold" {
			return Sold, true
		}
		return Granted, true
	case "invalidate":
		if ofShop { // its purchase was refunded
			return Refunded, true
		}
		return Adjusted, true
	case "reversal":
		if what == "sold" {
			return Refunded, true
		}
		move, known = contraMoves()[what]
	default:
		move, known = kindMoves()[kind]
	}
	if !known {
		return Adjusted, false
	}
	return move, true
}
