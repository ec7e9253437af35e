package purchase

import (
	"time"

	"vouchsafe/retail/money"
)

// Status is how far an order has come. A later constant is further: of two states told with the same modification time, the
// further one counts when nobody can be asked.
type Status int

// The statuses, in the order in which an order moves through them. The zero Status is none of them.
const (
	Placed Status = iota + 1
	Paid
	Cancelled
	Refunded
)

// String is the status as it is stored and shown.
func (s Status) String() string {
	switch s {
	case Placed:
		return "placed"
	case Paid:
		return "paid"
	case Cancelled:
		return "cancelled"
	case Refunded:
		return "refunded"
	}
	return "unknown"
}

// ParseStatus reads what String wrote; ok is false for anything else.
func ParseStatus(text string) (status Status, ok bool) {
	for s := Placed; s <= Refunded; s++ {
		if s.String() == text {
			return s, true
		}
	}
	return 0, false
}

// Origin says how we came to know a state.
type Origin int

// The origins.
const (
	Told    Origin = iota // by a webhook, late perhaps
	Fetched               // the shop's answer to a question: what is true now
)

// Order is the state of one order, in our own words.
type Order struct {
	ID       string // the shop's key, unique in that shop only
	Number   string // what people are shown
	Source   string // the shop's own address; "" where the platform states none
	Created  time.Time
	Modified time.Time
	Status   Status
	Origin   Origin

	PaidAt time.Time // zero: the shop states no payment date
	Tender string    // how it was paid, as the shop names it; "" when it names nothing

	Currency money.Currency
	Language string
	Buyer    Buyer
	Total    money.Amount // what the buyer had to pay in all; the zero Amount if the shop does not tell
	// Covered is what our own codes and points paid of the order, as far as the back office knows; the zero Amount if nothing.
	Covered money.Amount

	Lines   []Line
	Refunds []Refund
	Doubts  []string // what a person should read; it stops nothing
}

// Buyer is who ordered.
type Buyer struct {
	ID    string // the customer's key at the shop; "" for a guest
	Email string
	Name  string
}

// Line is one position of an order.
type Line struct {
	ID       string // stable through every state
	SKU      string // "" once the shop has deleted the product
	Name     string
	Quantity int
	Paid     money.Amount // for all units together, tax included, discounts taken off
	Net      money.Amount // likewise without tax; the zero Amount where the shop does not say
	// Unclear says that the shop's figure is finer than its currency, so that Paid is not what was paid.
	Unclear bool

	RecipientEmail string // "" when the buyer named nobody
	RecipientName  string
	Message        string
	DeliverOn      string // the day as the shop writes it, for [ReadDay]; "" for at once
	OneMail        bool   // the buyer wants the codes that are for him in one mail
	ForSelf        Wish
}

// Wish is the answer to a question that the buyer may not have been asked.
type Wish int

// The wishes.
const (
	Unsaid Wish = iota
	Yes
	No
)

// Keeps tells whether the buyer buys the line's vouchers for himself (B03): he said so, or he has an account at the shop and
// named no recipient.
func (o Order) Keeps(line Line) bool {
	switch line.ForSelf {
	case Yes:
		return true
	case No:
		return false
	default:
		return o.Buyer.ID != "" && line.RecipientEmail == "" && line.RecipientName == ""
	}
}

// Refund is money that the shop gave back. A shop repeats its refunds in every later state; the ID says which is which.
type Refund struct {
	ID     string
	Amount money.Amount // never negative
	Lines  []RefundLine // empty when the shop does not say for what
}

// RefundLine is how many units of a line were taken back; 0 units is money given back while the buyer keeps them all.
type RefundLine struct {
	Line     string
	Quantity int
	Amount   money.Amount // with VAT; the zero Amount where the shop does not say
}
