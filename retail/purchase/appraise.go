package purchase

import (
	"math/big"

	"vouchsafe/retail/money"
)

// paidPerLine is what was paid with money for each line. What our own codes and points paid is not paid (E05): it is taken
// off what was paid for other goods first, then off the voucher lines, the last one first.
func (c *change) paidPerLine() map[string]money.Amount {
	left, limited := c.moneyPaid()
	paid := map[string]money.Amount{}
	for _, l := range c.order.Lines {
		paid[l.ID] = l.Paid
		if _, ok := soldAs(l, &c.next, c.products); !ok || !limited {
			continue
		}
		share := min(l.Paid.Minor, left)
		left -= share
		paid[l.ID] = money.Of(share, l.Paid.Currency)
	}
	return paid
}

// moneyPaid is how much money the whole order brought in, in minor units of its currency; limited is false when the shop does
// not tell. A total below the sum of its lines shows that something else paid the rest. Where the total shows nothing, what we
// know of our own codes is taken off.
func (c *change) moneyPaid() (minor int64, limited bool) {
	if c.order.Total.Currency != c.order.Currency {
		return 0, false
	}
	gross := money.Of(0, c.order.Currency)
	for _, l := range c.order.Lines {
		sum, err := gross.Add(l.Paid)
		if err != nil {
			return 0, true
		}
		gross = sum
	}
	if c.order.Total.Minor >= gross.Minor {
		return max(0, c.order.Total.Minor-c.order.Covered.Minor), true
	}
	return max(0, min(c.order.Total.Minor, gross.Minor-c.order.Covered.Minor)), true
}

// appraise says for each unit of a line what it is worth and whether something is in its way. paid is what was paid for the
// line with money.
func (c *change) appraise(l Line, p Product, paid money.Amount) []Unit {
	wholeLine := c.lineReason(l, p, paid)
	shares := l.Paid.Split(l.Quantity)
	units := make([]Unit, l.Quantity)
	for i := range units {
		unit := Unit{Line: l.ID, N: i + 1, SKU: p.SKU, State: Offered, Value: p.Face(), Paid: shares[i]}
		if p.Open != nil {
			unit.Value = money.Of(max(0, shares[i].Minor), shares[i].Currency)
		}
		reason := wholeLine
		if reason == "" {
			reason = c.valueReason(unit.Value, p)
		}
		units[i] = c.wait(unit, reason)
	}
	return units
}

// wait lets a unit wait if the order has come far enough for that, and something is in its way. Nobody needs to look at an
// order that is not paid yet, unless it never will be online.
func (c *change) wait(unit Unit, reason Reason) Unit {
	online := c.shop.PaidOnline(c.order.Tender)
	switch {
	case c.order.Status == Placed && c.order.Tender != "" && !online:
		unit.State, unit.Reason = Waiting, NotOnline
	case c.order.Status != Paid:
	case c.order.PaidAt.IsZero():
		unit.State, unit.Reason = Waiting, NoPaymentDate
	case !online:
		unit.State, unit.Reason = Waiting, NotOnline
	case reason != "":
		unit.State, unit.Reason = Waiting, reason
	}
	return unit
}

// lineReason is what is wrong with what was paid for a line, or "".
func (c *change) lineReason(l Line, p Product, paid money.Amount) Reason {
	switch {
	case l.Unclear:
		return UnclearAmount
	case p.Kind != Punches && p.Currency != c.order.Currency:
		return OtherCurrency
	case l.Paid.Minor <= 0:
		return ZeroPaid
	case p.Open != nil && paid.Minor < l.Paid.Minor:
		return OwnCodes
	case p.Kind == Punches && paid.Minor <= 0:
		return OwnCodes
	case p.Kind == Punches || p.Open != nil || enough(paid.Minor, p, l.Quantity):
		return ""
	case enough(l.Paid.Minor, p, l.Quantity):
		return OwnCodes
	}
	return BelowMinPaid
}

// enough tells whether what was paid for all units of a line reaches the product's share of their face value. It counts in
// big integers, since a stranger's amount times a percentage need not fit into 64 bits.
func enough(paid int64, p Product, units int) bool {
	have := new(big.Int).Mul(big.NewInt(paid), big.NewInt(fullyPaid))
	need := new(big.Int).Mul(big.NewInt(p.Amount), big.NewInt(int64(units)))
	need.Mul(need, big.NewInt(int64(p.MinPaid)))
	return have.Cmp(need) >= 0
}

// valueReason is why a voucher must not hold a value, or "".
func (c *change) valueReason(value money.Amount, p Product) Reason {
	if p.Open != nil && (value.Minor < p.Open.Min || p.Open.Max > 0 && value.Minor > p.Open.Max) {
		return OutOfRange
	}
	ceiling, err := money.Parse(c.shop.Ceiling, value.Currency)
	if err == nil && value.Minor > ceiling.Minor {
		return AboveCeiling
	}
	return ""
}
