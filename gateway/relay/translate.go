package relay

import (
	"fmt"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/purchase"
	"vouchsafe/webshop"
)

// translate makes our words of a shop's. Amounts become minor units exactly; one that can't be marks its line, so that other lines
// go on.
func translate(o webshop.Order) (purchase.Order, error) {
	currency := money.Currency(o.Currency)
	order := purchase.Order{
		ID: o.ID, Number: o.Number, Source: o.Source, Created: stored(o.Created), Modified: stored(o.Modified), PaidAt: stored(o.PaidAt),
		Tender: o.Method, Currency: currency, Language: o.Language, Doubts: o.Doubts,
		Buyer: purchase.Buyer{ID: o.Customer.ID, Email: o.Customer.Email, Name: o.Customer.Name},
	}
	status, err := statusOf(o.Status)
	if err != nil {
		return purchase.Order{}, err
	}
	order.Status = status
	if total, err := minor(o.Total, currency); err == nil {
		order.Total = total
	}
	for _, l := range o.Lines {
		order.Lines = append(order.Lines, lineOf(l, currency))
	}
	for _, r := range o.Refunds {
		refund, err := refundOf(r, currency)
		if err != nil {
			return purchase.Order{}, fmt.Errorf("%w: refund %s: %w", retail.ErrUnreadable, r.ID, err)
		}
		order.Refunds = append(order.Refunds, refund)
	}
	return order, nil
}

// stored is an instant as PostgreSQL keeps it, so that it is still the same when it comes back.
func stored(at time.Time) time.Time { return at.Truncate(time.Microsecond) }

func statusOf(s webshop.Status) (purchase.Status, error) {
	switch s {
	case webshop.Placed:
		return purchase.Placed, nil
	case webshop.Paid:
		return purchase.Paid, nil
	case webshop.Cancelled:
		return purchase.Cancelled, nil
	case webshop.Refunded:
		return purchase.Refunded, nil
	}
	return 0, fmt.Errorf("%w: the order's status is unknown", retail.ErrUnreadable)
}

func lineOf(l webshop.Line, currency money.Currency) purchase.Line {
	line := purchase.Line{
		ID: l.ID, SKU: l.SKU, Name: l.Name, Quantity: l.Quantity, Paid: money.Of(0, currency),
		RecipientEmail: l.Recipient.Email, RecipientName: l.Recipient.Name, Message: l.Message, DeliverOn: l.DeliverOn,
		ForSelf: wishOf(l.ForSelf), OneMail: l.OneMail,
	}
	paid, err := minor(l.Paid, currency)
	if err != nil {
		line.Unclear = true
		return line
	}
	if paid.Currency != "" {
		line.Paid = paid
	}
	if net, err := minor(l.Net, currency); err == nil { // without it the VAT is not known
		line.Net = net
	}
	return line
}

func wishOf(said *bool) purchase.Wish {
	switch {
	case said == nil:
		return purchase.Unsaid
	case *said:
		return purchase.Yes
	}
	return purchase.No
}

func refundOf(r webshop.Refund, currency money.Currency) (purchase.Refund, error) {
	amount, err := minor(r.Amount, currency)
	refund := purchase.Refund{ID: r.ID, Amount: amount}
	for _, l := range r.Lines {
		line := purchase.RefundLine{Line: l.ID, Quantity: l.Quantity}
		if given, err := minor(l.Amount, currency); err == nil { // without it the units tell how much it is
			line.Amount = given
		}
		refund.Lines = append(refund.Lines, line)
	}
	return refund, err
}

// minor counts the minor units of a shop's amount; the zero Amount for one that was not given. It fails when the amount is finer
// than its currency, out of range, in a currency that is not known, or in another than the order's.
func minor(m webshop.Money, currency money.Currency) (money.Amount, error) {
	if !m.Given() {
		return money.Amount{}, nil
	}
	if m.Currency != string(currency) {
		return money.Amount{}, fmt.Errorf("%s in an order in %s: %w", m, currency, money.ErrCurrency)
	}
	if !m.Minor {
		return money.Parse(m.Text, currency)
	}
	if _, known := currency.Digits(); !known {
		return money.Amount{}, fmt.Errorf("%s: %w", m, money.ErrCurrency)
	}
	units, ok := m.Units()
	if !ok {
		return money.Amount{}, fmt.Errorf("%s: %w", m, money.ErrOverflow)
	}
	return money.Of(units, currency), nil
}
