package woocommercetest

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Line is what a buyer puts into an order.
type Line struct {
	SKU      string // "" stands for a product that was deleted: the body then has null
	Name     string
	Quantity int
	Total    string            // for all units, without tax, decimal: "1500.00"
	TotalTax string            // "" is "0.00"
	Meta     map[string]string // what the buyer filled in, by the fields' names
}

// Order is one order of the shop. Its methods are acts of the buyer or the merchant; each changes the time of the order's
// last change and queues the deliveries that it causes.
type Order struct {
	shop *Shop
	id   int64
}

// state is an order as the shop keeps it.
type state struct {
	id        int64
	status    string
	created   time.Time
	modified  time.Time
	paid      time.Time // zero: never
	before    string    // the status before it went to the bin
	buyer     Buyer
	method    string
	currency  string
	lines     []line
	refunds   []refund
	notes     []note
	meta      []meta
	trashed   bool
	announced bool // order.created was queued
}

type line struct {
	id int64
	Line
}

type refund struct {
	id     int64
	amount string // positive
	lines  []refundLine
}

type refundLine struct {
	id       int64
	of       int64
	quantity int
	total    string // positive
}

type meta struct {
	id    int64
	key   string
	value any
}

type note struct {
	id         int64
	text       string
	toCustomer bool
}

// Buyer is who orders. The zero CustomerID is a guest.
type Buyer struct {
	CustomerID           int64
	FirstName, LastName  string
	Email                string
	PaymentMethod        string // "" is "quickpay"
	Currency             string // "" is "DKK"
	PaymentMethodMissing bool   // the order was made by hand, without a method
}

// Order places an order of Søren Ørsted, a guest who pays with quickpay in DKK.
func (s *Shop) Order(lines ...Line) *Order {
	return s.OrderBy(Buyer{FirstName: "Søren", LastName: "Ørsted", Email: "soeren@example.dk"}, lines...)
}

// OrderBy places an order of this buyer. It is pending: the buyer has not paid.
func (s *Shop) OrderBy(buyer Buyer, lines ...Line) *Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC().Truncate(time.Second)
	o := &state{id: s.id(), status: "pending", created: now, modified: now, buyer: buyer}
	o.currency = cmp.Or(buyer.Currency, "DKK")
	if !buyer.PaymentMethodMissing {
		o.method = cmp.Or(buyer.PaymentMethod, "quickpay")
	}
	for _, l := range lines {
		o.lines = append(o.lines, line{id: s.id(), Line: l})
	}
	s.orders[o.id] = o
	s.queue(o)
	return &Order{shop: s, id: o.id}
}

// ID returns the order's id as the API writes it.
func (o *Order) ID() string { return text(o.id) }

// LineID returns the id of the n-th line, counted from 0.
func (o *Order) LineID(n int) string {
	o.shop.mu.Lock()
	defer o.shop.mu.Unlock()
	return text(o.shop.orders[o.id].lines[n].id)
}

// Pay is the payment provider's message that the money is there: processing, with a payment date.
func (o *Order) Pay() {
	o.change(func(s *state, now time.Time) { s.status, s.paid = "processing", now })
	o.shop.mu.Lock()
	defer o.shop.mu.Unlock()
	o.shop.queueTopic("action.woocommerce_payment_complete", o.id)
}

// PayAgain is Pay on an order that was cancelled; its payment date is a new one.
func (o *Order) PayAgain() { o.Pay() }

// ShipUnpaid is what cash on delivery does: processing, without a payment date.
func (o *Order) ShipUnpaid() {
	o.change(func(s *state, _ time.Time) { s.status, s.method = "processing", "cod" })
}

// Complete is the merchant who finishes the order; as in WooCommerce that sets a payment date if there is none.
func (o *Order) Complete() {
	o.change(func(s *state, now time.Time) {
		s.status = "completed"
		if s.paid.IsZero() {
			s.paid = now
		}
	})
}

// Cancel leaves the payment date where it is.
func (o *Order) Cancel() { o.SetStatus("cancelled") }

// SetStatus gives the order any status and changes nothing else.
func (o *Order) SetStatus(status string) {
	o.change(func(s *state, _ time.Time) { s.status = status })
}

// Refund gives back so many units of the n-th line, at the price that was paid for them. The status stays, unless nothing
// is left to refund.
func (o *Order) Refund(n, quantity int) {
	o.change(func(s *state, _ time.Time) {
		l := s.lines[n]
		total := share(add(l.Total, cmp.Or(l.TotalTax, "0.00")), quantity, l.Quantity)
		s.refund(o.shop, total, []refundLine{{id: o.shop.id(), of: l.id, quantity: quantity, total: total}})
	})
}

// RefundAmount gives money back without saying for what.
func (o *Order) RefundAmount(amount string) {
	o.change(func(s *state, _ time.Time) { s.refund(o.shop, amount, nil) })
}

// RefundAll gives back what is left. As when a merchant chooses the status refunded, the refund names no lines.
func (o *Order) RefundAll() {
	o.change(func(s *state, _ time.Time) { s.refund(o.shop, subtract(s.total(), s.refunded()), nil) })
}

// Edit changes the lines of the order.
func (o *Order) Edit(edit func(lines []Line) []Line) {
	o.change(func(s *state, _ time.Time) {
		old := s.lines
		plain := make([]Line, len(old))
		for i, l := range old {
			plain[i] = l.Line
		}
		s.lines = nil
		for i, l := range edit(plain) {
			id := int64(0)
			if i < len(old) {
				id = old[i].id
			} else {
				id = o.shop.id()
			}
			s.lines = append(s.lines, line{id: id, Line: l})
		}
	})
}

// Touch changes the order without changing anything that the body shows but the time.
func (o *Order) Touch() { o.change(func(*state, time.Time) {}) }

// Trash throws the order into the bin.
func (o *Order) Trash() {
	o.change(func(s *state, _ time.Time) {
		s.before, s.status, s.trashed = s.status, "trash", true
	})
}

// Restore takes the order out of the bin.
func (o *Order) Restore() {
	o.change(func(s *state, _ time.Time) { s.status, s.trashed = s.before, false })
}

// Delete removes the order for good.
func (o *Order) Delete() {
	o.shop.mu.Lock()
	defer o.shop.mu.Unlock()
	delete(o.shop.orders, o.id)
	o.shop.queueTopic("order.deleted", o.id)
}

// Notes returns what was noted on the order for the buyer, and so was mailed to them, in order.
func (o *Order) Notes() []string {
	o.shop.mu.Lock()
	defer o.shop.mu.Unlock()
	var texts []string
	for _, n := range o.shop.orders[o.id].notes {
		if n.toCustomer {
			texts = append(texts, n.text)
		}
	}
	return texts
}

// change applies an act and queues what it causes.
func (o *Order) change(act func(s *state, now time.Time)) {
	o.shop.mu.Lock()
	defer o.shop.mu.Unlock()
	s := o.shop.orders[o.id]
	now := o.shop.now().UTC().Truncate(time.Second)
	wasTrashed := s.trashed
	act(s, now)
	s.modified = now
	switch {
	case s.trashed && !wasTrashed:
		o.shop.queueTopic("order.deleted", s.id)
	case wasTrashed && !s.trashed:
		o.shop.queueTopic("order.restored", s.id)
	default:
		o.shop.queue(s)
	}
}

func (s *state) refund(shop *Shop, amount string, lines []refundLine) {
	s.refunds = append(s.refunds, refund{id: shop.id(), amount: amount, lines: lines})
	if left, _ := decimal(subtract(s.total(), s.refunded())); left.Sign() <= 0 {
		s.status = "refunded"
	}
}

func (s *state) total() string {
	sum := "0.00"
	for _, l := range s.lines {
		sum = add(sum, add(cmp.Or(l.Total, "0.00"), cmp.Or(l.TotalTax, "0.00")))
	}
	return sum
}

func (s *state) refunded() string {
	sum := "0.00"
	for _, r := range s.refunds {
		sum = add(sum, r.amount)
	}
	return sum
}

func add(a, b string) string {
	x, places := decimal(a)
	y, more := decimal(b)
	return x.Add(x, y).FloatString(max(places, more))
}

func subtract(a, b string) string {
	x, places := decimal(a)
	y, more := decimal(b)
	return x.Sub(x, y).FloatString(max(places, more))
}

// share is the part of a total that so many of all units cost.
func share(total string, units, all int) string {
	x, places := decimal(total)
	return x.Mul(x, big.NewRat(int64(units), int64(all))).FloatString(places)
}

// decimal reads a number and how many decimals it has.
func decimal(number string) (*big.Rat, int) {
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		panic("woocommercetest: an amount must be a decimal number, not " + strconv.Quote(number))
	}
	_, fraction, _ := strings.Cut(number, ".")
	return value, len(fraction)
}
