package standard

import (
	"math"

	"vouchsafe/webshop"
)

// maxQuantity bounds the units of one line; nobody orders a million vouchers.
const maxQuantity = 1_000_000

// readMoney reads {"amount": 4990, "currency": "DKK"}, in the order's own currency; the zero Money when it is absent.
func readMoney(o webshop.Object, name, currency string) webshop.Money {
	if !o.Has(name) {
		return webshop.Money{}
	}
	m := o.Object(name)
	amount := m.Whole("amount")
	if !m.Has("amount") || amount < 0 {
		m.Fail("amount", "minor units, 0 or more, were expected")
	}
	if own := m.Currency("currency"); own != "" && own != currency {
		m.Fail("currency", "%s was expected, as on the order", currency)
	}
	return webshop.MinorUnits(amount, currency)
}

// readPaid returns the line's total, or quantity times unit price where the shop states none.
func readPaid(l webshop.Object, line webshop.Line, currency string) webshop.Money {
	if l.Has("total") {
		return readMoney(l, "total", currency)
	}
	price, given := line.UnitPrice.Units()
	if !given {
		l.Fail("total", "is missing, and so is unit_price")
	}
	if price > 0 && int64(line.Quantity) > math.MaxInt64/price {
		l.Fail("unit_price", "the line's total is out of range")
	}
	return webshop.MinorUnits(price*int64(line.Quantity), currency)
}

// readTotal takes the order's total, or the sum of its lines where the shop states none.
func readTotal(o webshop.Object, order *webshop.Order) {
	if o.Has("total") {
		order.Total = readMoney(o, "total", order.Currency)
		return
	}
	sum := int64(0)
	for _, line := range order.Lines {
		paid, _ := line.Paid.Units()
		if paid > math.MaxInt64-sum {
			o.Fail("total", "the sum of the lines is out of range")
			break
		}
		sum += paid
	}
	order.Total = webshop.MinorUnits(sum, order.Currency)
}
