package voucher

import (
	"time"

	"vouchsafe/retail/money"
)

// Print makes a voucher for the inventory at an instant: it has a code, no value and no owner, and its validity has not begun.
func Print(v Voucher, at time.Time) Voucher {
	v.State, v.Version, v.IssuedAt, v.LastAt = Inventory, 1, at, at
	v.Balance, v.Fence, v.Entries = 0, 0, 0
	v.ExpiresOn, v.EndsAt = Date{}, time.Time{}
	return v
}

// Stock says where the voucher of a sale comes from.
type Stock string

// A register sells a code that is made for the sale, or the one on a card that lies in the shop (X08).
const (
	Fresh   Stock = "fresh"
	Printed Stock = "printed"
)

// Sell sells a voucher out of the inventory at a register: it is worth its price from then on, and its validity begins. One that
// was made for the sale passes through the inventory as well, so that both kinds keep to the same rules.
type Sell struct {
	ID      string
	Ref     Ref          // kind [Sales], or [Credits] for what is given for goods that come back
	Product string       // SKU of what is sold: it must be what was printed
	Price   money.Amount // what the voucher is worth afterwards
	State   State        // afterwards: [Active], or [Issued] for a product that the office activates
	Stock   Stock
	// Approval is of a credit note that the office gives.
	Approval Approval
	Detail   Detail
}

// Sold is what a sale made of its voucher; nothing that happens to the voucher later changes it.
type Sold struct {
	Product string `json:"product"`
	Last4   string `json:"last4"` // of the code that was sold
	Stock   Stock  `json:"stock"`
	State   State  `json:"state"`
	Entries int64  `json:"entries,omitempty"` // in the journal of its voucher, with the sale's own
}

// Refs names the sale.
func (a Sell) Refs() []Ref { return []Ref{a.Ref} }

func (a Sell) decide(c *Case) (Answer, error) {
	content := a.content(c)
	if record := c.Records[a.Ref]; record != nil {
		return record.repeat(a.ID, content)
	}
	if err := a.sellable(c); err != nil {
		return Answer{}, err
	}
	if err := c.approved(a.Approval, a.Price.Minor); err != nil {
		return Answer{}, err
	}
	v := &c.Voucher
	v.State, v.IssuedAt = a.State, c.At
	v.ExpiresOn, v.EndsAt = v.validity(c.At)
	a.Detail.Sold = &Sold{Product: v.Product, Last4: v.Last4, Stock: a.Stock, State: a.State}
	record := &Record{ID: a.ID, Ref: a.Ref, Fingerprint: content, Amount: a.Price.Minor, Detail: a.Detail}
	c.post(record, "issue", sourceOf(a.Ref), a.Price.Minor)
	a.Detail.Sold.Entries = c.Voucher.Entries
	return Answer{Record: c.write(record), Created: true}, nil
}

// content sums up the sale. A code that is made for it is not of the caller's words, and another at each try.
func (a Sell) content(c *Case) [32]byte {
	named := ""
	if a.Stock == Printed {
		named = c.Voucher.ID
	}
	return digest(named, a.Product, a.Price, a.Detail.text())
}

// sellable says why the voucher can't be sold for so much, or nil.
func (a Sell) sellable(c *Case) error {
	v := &c.Voucher
	switch {
	case v.Quarantined:
		return ErrQuarantined
	case v.State == Invalidated:
		return ErrInvalidated
	case v.State != Inventory:
		return ErrAlreadySold
	case v.Blocked():
		return ErrBlocked
	case v.Product != a.Product:
		return ErrOtherProduct
	case v.Currency != a.Price.Currency:
		return ErrCurrency
	case a.Price.Minor > c.Rules.ceiling(v.Currency):
		return ErrAboveLimit
	}
	return nil
}

// validity is the last day that the voucher is valid when it is sold at an instant, and the first instant after it.
func (v *Voucher) validity(sold time.Time) (last Date, ends time.Time) {
	if last = v.Term.Ends(DateOf(sold, v.Zone)); last.Zero() {
		return last, time.Time{}
	}
	return last, last.End(v.Zone)
}

// unsell takes a sale back: all of the voucher's value, or nothing. A card that nobody has used lies in the shop again and may be sold
// anew. One that was used ends, as does a code that was made for the sale: what is taken back or refunded later of that use is no
// concern of whoever would buy the card next.
func (c *Case) unsell(sale *Record) error {
	if c.Live() != nil || c.Voucher.Balance != sale.Amount {
		return ErrNotReversible
	}
	unused := c.Voucher.Entries == sale.Detail.Sold.Entries
	c.raiseFence()
	c.post(sale, "reversal", sourceOf(sale.Ref), -sale.Amount)
	c.loseToken()
	c.Voucher.CodeRetired = false
	c.Voucher.State = Invalidated
	if sale.Detail.Sold.Stock == Printed && unused {
		c.Voucher.State = Inventory
		c.Voucher.ExpiresOn, c.Voucher.EndsAt = Date{}, time.Time{}
	}
	return nil
}

// AsSold is a voucher as a sale of it left it, whatever has become of it since.
func (v Voucher) AsSold(sale Record) Voucher {
	sold := sale.Detail.Sold
	v.State, v.Last4, v.Balance, v.IssuedAt = sold.State, sold.Last4, sale.Balance, sale.At
	v.ExpiresOn, v.EndsAt = v.validity(sale.At)
	return v
}
