package api

import (
	"cmp"
	"fmt"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
)

// lineIn is a line of an order, in the form of the orders that shops tell of, with what points want to know beside it.
type lineIn struct {
	ID          string        `json:"id,omitempty" maxLength:"128" doc:"The shop's, of the line, as its webhooks name it: a refund of that line takes what it earned, and nothing else"`
	SKU         string        `json:"sku" minLength:"1" maxLength:"100"`
	Name        string        `json:"name,omitempty" maxLength:"1000" doc:"Not used"`
	Category    string        `json:"category,omitempty" maxLength:"200"`
	Quantity    *int64        `json:"quantity,omitempty" minimum:"0" maximum:"100000" doc:"Default: 1. Net, gross and total are for all units together"`
	UnitPrice   *money.Amount `json:"unit_price,omitempty" doc:"With VAT, of one unit: where there is neither gross nor total"`
	Total       *money.Amount `json:"total,omitempty" doc:"With VAT: gross by its other name"`
	Net         *money.Amount `json:"net,omitempty" doc:"For all units, discounts taken off, without VAT: what earns. Lines without it share what the others leave of net_goods, by gross, or by quantity where none of them says an amount. Vouchers have no part in it, and are taken off it wherever they can have been counted in: those that say no amount by their face value, and where they have none nothing is left to share until the shop's webhook tells what they came to. Where nobody can tell, an order earns the least that is possible: say the net of each line"`
	Gross       *money.Amount `json:"gross,omitempty" doc:"With VAT: what points may pay; where no other amount says it: the same as net"`
	StoredValue bool          `json:"stored_value,omitempty" doc:"A voucher, which neither earns points nor is paid with them. Products of ours are known to be"`
}

// linesOf reads the lines of an order, whose amounts are of one currency.
func (a *api) linesOf(in []lineIn, currency money.Currency) ([]loyalty.Line, error) {
	lines := make([]loyalty.Line, len(in))
	for i, l := range in {
		if err := a.checkLine(fmt.Sprintf("lines[%d].", i), l, currency); err != nil {
			return nil, err
		}
		lines[i] = l.line()
	}
	return lines, nil
}

// checkLine refuses the first amount of a line that can't be meant.
func (a *api) checkLine(of string, l lineIn, currency money.Currency) error {
	for _, f := range []figure{
		{of + "net", l.Net, mayBeZero}, {of + "gross", l.Gross, mayBeZero}, {of + "total", l.Total, mayBeZero}, {of + "unit_price", l.UnitPrice, mayBeZero},
	} {
		if err := a.checkMoney(f); err != nil {
			return err
		}
		if f.amount != nil && f.amount.Currency != currency {
			return counter.Invalid(f.field+".currency", "is not that of the order")
		}
	}
	if l.UnitPrice != nil && l.UnitPrice.Minor > figureLimit/max(l.units(), 1) {
		return counter.Invalid(of+"unit_price.amount", "comes to more than any order, so many times")
	}
	return nil
}

// amounts are those that a line says.
func (l lineIn) amounts() []*money.Amount {
	return []*money.Amount{l.Net, l.Gross, l.Total, l.UnitPrice}
}

func (l lineIn) units() int64 {
	if l.Quantity == nil {
		return 1
	}
	return *l.Quantity
}

// line is what points know of a line that was checked.
func (l lineIn) line() loyalty.Line {
	line := loyalty.Line{ID: l.ID, SKU: l.SKU, Category: l.Category, StoredValue: l.StoredValue}
	if l.Net == nil {
		line.Unsaid, line.Units = true, l.units()
	} else {
		line.Net, line.Gross = l.Net.Minor, l.Net.Minor
	}
	if gross := cmp.Or(l.Gross, l.Total); gross != nil {
		line.Gross = gross.Minor
	} else if l.UnitPrice != nil {
		line.Gross = l.UnitPrice.Minor * l.units()
	}
	return line
}
