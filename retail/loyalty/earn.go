package loyalty

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Event is what a customer did that may earn points.
type Event string

// The events (P02 to P05); a manual grant is the office's (P15) and has no rule.
const (
	Order         Event = "order"
	Signup        Event = "signup"
	ReviewProduct Event = "review_product"
	ReviewArticle Event = "review_article"
	Referral      Event = "referral"
	Manual        Event = "manual"
)

// Most is the most points that anybody is given at once, by a rule or by hand.
const Most = 1_000_000_000

// steepest is the most points that a rule may give for one minor unit of goods: who rules more has mistyped the amount.
const steepest = 1_000

// Rule says what an event earns (P17): never more than Most, whatever else it says. What is above that is not earned.
type Rule struct {
	Event Event
	// Points are earned for each event; for an order, for every Per minor units of net goods (P06).
	Points int64
	Per    int64 // minor units, of an order alone
	// Only are the products that earn (P10): of an order its lines, of a review what was reviewed.
	Only Filter
	// PerOrder and PerProduct are the most points that an order, and one product in it, earn; 0: no limit.
	PerOrder, PerProduct int64
}

func (r Rule) check() error {
	switch {
	case r.Event == Manual || !known(r.Event):
		return fault("event", "earns by no rule")
	case r.Points < 1:
		return fault("points", "is below 1")
	case r.Points > Most:
		return fault("points", "is more than anybody is given at once")
	case (r.Event == Order) != (r.Per > 0):
		return fault("per", "belongs to orders, and is at least 1")
	case r.Event == Order && (r.Points-1)/steepest >= r.Per:
		return fault("points", fmt.Sprintf("is more than %d for the smallest unit of money", steepest))
	case r.PerOrder < 0 || r.PerProduct < 0:
		return fault("per_order, per_product", "is below 0")
	case r.Event != Order && (r.PerOrder > 0 || r.PerProduct > 0):
		return fault("per_order, per_product", "belongs to orders")
	}
	return nil
}

func (r Rule) same(other Rule) bool { return reflect.DeepEqual(r, other) }

func known(e Event) bool {
	switch e {
	case Order, Signup, ReviewProduct, ReviewArticle, Referral, Manual:
		return true
	}
	return false
}

// Bought is an order as far as points go. All amounts are minor units of the programme's currency.
type Bought struct {
	// Total is what the order comes to, with everything that is in it but stored values; PointsPaid is the part that points have paid.
	Total, PointsPaid int64
	Lines             []Line
	// Unlisted is the currency of an order whose lines the shop did not name: it has one, for all that was bought. "" for every other.
	Unlisted money.Currency
	// Guessed tells that the shop said no total: it is taken to be what the goods come to.
	Guessed bool
	// Before is what its goods were known to come to with VAT when it earned; 0 where nothing was.
	Before int64 `json:",omitempty"`
	// Unclear is what the shop said of an order that does not say what its stored values come to: it is reckoned anew when that is known.
	Unclear *Said `json:",omitempty"`
}

// Unlisted is an order of which a shop names no lines: what its goods come to, and in all with VAT, or 0 where the shop does not say.
func Unlisted(goods money.Amount, total int64) Bought {
	b := Basket([]Line{{Net: goods.Minor}}, goods.Minor, total)
	b.Unlisted, b.Guessed = goods.Currency, total == 0
	return b
}

// Basket is an order as a shop tells it: its lines, what its goods come to without VAT, and in all with it, or 0 where the shop does not
// say. Lines without a net share what the others leave of the goods. Lines that come to more than the goods earn on the goods alone.
// Stored values are no part of its total: they neither earn nor are paid with points, so that what points pay is measured by the rest.
// Where the shop does not say what they come to, it is their face value, and where they have none the order earns the least that it may.
func Basket(lines []Line, goods, total int64) Bought {
	said := Said{Lines: slices.Clone(lines), Goods: goods, Total: total}
	values, clear := storedIn(lines)
	b := said.reckon(values)
	if !clear {
		b.Unclear = &said
	}
	return b
}

// Said is an order in the words of its shop.
type Said struct {
	Lines        []Line
	Goods, Total int64
}

// reckon is the order with stored values of so much in it.
func (s Said) reckon(values stored) Bought {
	b := Bought{Lines: netted(s.Lines, s.Goods, values)}
	var net, gross int64
	for i, l := range b.Lines {
		b.Lines[i].Gross = max(l.Gross, l.Net, 0)
		if l.StoredValue {
			continue
		}
		net, gross = sum(net, max(l.Net, 0)), sum(gross, b.Lines[i].Gross)
	}
	b.Total = max(s.Total-values.minor, gross)
	if len(s.Lines) == 0 || b.Total == 0 {
		b.Total = max(s.Total, s.Goods)
	}
	return b.scaled(min(net, max(s.Goods, 0)), net)
}

// Less is the order without what was refunded of it, in minor units with VAT: all its lines are as much smaller. What was refunded of
// stored values is no concern of points; the caller leaves it out.
func (b Bought) Less(refunded int64) Bought {
	left := b
	base := max(b.Total, 1)
	refunded = min(max(refunded, 0), base)
	left.Total, left.Lines = base-refunded, make([]Line, len(b.Lines))
	left.PointsPaid = money.Share(b.PointsPaid, base-refunded, base)
	for i, l := range b.Lines {
		if !l.StoredValue {
			l.Net, l.Gross = money.Share(l.Net, base-refunded, base), money.Share(l.Gross, base-refunded, base)
		}
		left.Lines[i] = l
	}
	return left
}

// Line is a line of an order, or a product.
type Line struct {
	ID            string `json:",omitempty"` // the shop's, of a line of an order; "" where it names none
	SKU, Category string
	Net           int64 // without VAT, for all its units; freight is no line
	Gross         int64 // with VAT
	StoredValue   bool  // a voucher: it earns nothing, and points don't buy it
	// Unsaid says that Net is not known: a Basket gives the line its part of what the goods come to, by Units where it knows no Gross.
	Unsaid bool  `json:",omitempty"`
	Units  int64 `json:",omitempty"`
	Face   int64 `json:",omitempty"` // of a stored value that says no amount: what it is worth; 0 where that is not known
}

// Did is one event.
type Did struct {
	Event  Event
	Points int64  // of a manual grant
	Bought Bought // of an order
	About  Line   // of a review: the product
}

// Earn is how many points an event earns a customer at an instant; 0 when it earns nothing.
func (p Programme) Earn(did Did, who Standing, at time.Time) int64 {
	if did.Event == Manual {
		return min(max(did.Points, 0), Most)
	}
	rule, ok := p.Rule(did.Event)
	if !ok || who.Excluded || !p.Open(at) {
		return 0
	}
	return rule.Earn(did, who)
}

// Earn is how many points an event earns by this rule, at most Most. Points are rounded down, once.
func (r Rule) Earn(did Did, who Standing) int64 {
	switch did.Event {
	case Order:
		return r.ofOrder(did.Bought, who)
	case ReviewProduct, ReviewArticle:
		if !r.Only.Chooses(did.About.SKU, did.About.Category) {
			return 0
		}
	}
	return min(money.Share(r.Points, who.percent(), 100), Most)
}

// ofOrder sums what the lines earn, scaled by Per, so that one division at the end rounds: of each product at most its limit, of all
// of them the share that points have not paid.
func (r Rule) ofOrder(b Bought, who Standing) int64 {
	nets := make(map[string]*big.Int)
	for _, l := range b.Lines {
		if l.StoredValue || l.Net <= 0 || !r.Only.Chooses(l.SKU, l.Category) {
			continue
		}
		if nets[l.SKU] == nil {
			nets[l.SKU] = new(big.Int)
		}
		nets[l.SKU].Add(nets[l.SKU], product(l.Net, r.Points))
	}
	sum := new(big.Int)
	for _, scaled := range nets {
		if most := product(r.PerProduct, r.Per); r.PerProduct > 0 && scaled.Cmp(most) > 0 {
			scaled = most
		}
		sum.Add(sum, scaled)
	}
	total := max(b.Total, 1)
	sum.Mul(sum, product(total-min(max(b.PointsPaid, 0), total), who.percent()))
	points := money.Quotient(sum, new(big.Int).Mul(product(total, r.Per), big.NewInt(100)))
	return min(points, cmp.Or(r.PerOrder, Most), Most)
}
