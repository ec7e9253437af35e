package purchase

import (
	"slices"

	"vouchsafe/retail/money"
)

// Recalled is the order with what its lines sold when that was last known, where the shop has deleted the product since; known is nil for
// an order that sold no voucher yet.
func (o Order) Recalled(known *Purchase) Order {
	if known == nil {
		return o
	}
	o.Lines = slices.Clone(o.Lines)
	for i, line := range o.Lines {
		if line.SKU == "" {
			o.Lines[i].SKU = known.sku(line.ID)
		}
	}
	return o
}

// Goods is what the order sells beside products of ours, tax included and without freight; the zero Amount when that can't be told: it
// says nothing of its lines, or the figure of one is unclear.
func (o Order) Goods(ours Catalogue) money.Amount { return o.worth(ours, goods, paidFor) }

// Net is what that comes to without tax; the zero Amount when that can't be told, or a line doesn't say.
func (o Order) Net(ours Catalogue) money.Amount { return o.worth(ours, goods, netOf) }

// Vouchers is what the order sells of products of ours; the zero Amount when that can't be told.
func (o Order) Vouchers(ours Catalogue) money.Amount { return o.worth(ours, vouchers, paidFor) }

func paidFor(l Line) money.Amount { return l.Paid }

func netOf(l Line) money.Amount { return l.Net }

// side is one of the two sorts of lines of an order.
type side bool

const (
	goods    side = false
	vouchers side = true
)

// worth is what the lines of one sort come to.
func (o Order) worth(ours Catalogue, of side, amount func(Line) money.Amount) money.Amount {
	if len(o.Lines) == 0 {
		return money.Amount{}
	}
	worth := money.Of(0, o.Currency)
	for _, line := range o.Lines {
		if _, sold := ours[line.SKU]; side(sold) != of {
			continue
		}
		sum, err := worth.Add(amount(line))
		if line.Unclear || err != nil {
			return money.Amount{}
		}
		worth = sum
	}
	worth.Minor = max(worth.Minor, 0)
	return worth
}
