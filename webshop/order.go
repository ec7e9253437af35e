package webshop

import "time"

// Status is how far an order has come. A later constant is further: of two states of one order with the same
// modification time, the further one counts.
type Status int

// The statuses, in the order in which an order moves through them. The zero Status is none of them.
const (
	Placed    Status = iota + 1 // ordered, not paid, or paid and then put on hold by the shop
	Paid                        // paid and being carried out; units of it may have been refunded
	Cancelled                   // called off, or its payment failed
	Refunded                    // all of it was given back
)

// String returns the status in lower case, "unknown" for a value that is none of the four.
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

// Order is the state of one order, as its shop told it at Modified. It is a level, not an event: the same state may
// arrive many times, late, and behind a newer one.
type Order struct {
	ID       string    // the shop's own key, unique in that shop only
	Number   string    // what people are shown; often the ID
	Source   string    // the shop's address as the shop states it, with a slash at its end; "" where the platform states none
	Created  time.Time // zero where the platform does not tell
	Modified time.Time // the time of this state
	Status   Status

	PaidAt time.Time // when the shop says that payment arrived; zero: it never did
	Method string    // the tender's id at the shop, "quickpay" or "cod"; "" when there was none

	Currency string // ISO 4217
	Language string // as the shop writes it, "da" or "da_DK"; "" when it is silent
	Customer Customer

	Total Money
	Lines []Line

	Refunds []Refund
	// RefundsIncomplete says that the body named refunds but not the lines they belong to: they have to be fetched.
	RefundsIncomplete bool

	// Doubts are sentences about what the shop sent and what could not be used, for a person to read. They never stop
	// an order.
	Doubts []string
}

// Customer is the buyer.
type Customer struct {
	ID    string // "" for a guest
	Email string // may be empty
	Name  string
}

// Line is one position of an order.
type Line struct {
	ID   string // stable through every state of the order
	SKU  string // "" when the product has none or is no longer in the shop
	Name string
	// Quantity is the number of units; 0 when the line is sold by a measure and holds no whole number of units.
	Quantity int
	// Paid is what was paid for all units together, tax included and discounts taken off. It may be zero.
	Paid Money
	// Net is Paid without its tax, where the shop states that.
	Net Money
	// UnitPrice is the price of one unit where the shop states one; zero otherwise.
	UnitPrice Money

	Recipient Recipient // empty when the buyer named nobody
	Message   string    // the buyer's words to the recipient
	DeliverOn string    // the day as the shop writes it, or "": at once
	OneMail   bool      // the buyer wants all codes that are for him in one mail
	ForSelf   *bool     // true: the buyer keeps it; nil: the shop did not ask
}

// Recipient is whom a line is meant for.
type Recipient struct {
	Name  string
	Email string
}

// Refund is money that the shop gave back.
type Refund struct {
	ID     string
	Amount Money // never negative
	Lines  []RefundLine
}

// RefundLine says how many units of an order line a refund took back; 0 units means that money was given back for the
// line without taking one. Money for freight has a line that is none of the order's.
type RefundLine struct {
	ID       string // the order line's ID
	Quantity int    // never negative
	Amount   Money  // with tax; what the platform does not say is zero
}

// Delivery is what one authentic webhook body comes to. Exactly one of its fields is set.
type Delivery struct {
	Order   *Order // the order's state was in the body
	FetchID string // the body is thin: fetch the order with this ID
	Ignored string // why nothing follows: a ping, a draft, an order in the bin
}

// Fields are the keys under which a shop keeps, on the order's line, what the buyer asked for. An empty key finds nothing.
type Fields struct {
	RecipientEmail string
	RecipientName  string
	Message        string
	DeliverOn      string
	OneMail        string
}
