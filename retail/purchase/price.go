package purchase

import (
	"errors"

	"vouchsafe/retail/money"
)

// Why a register can't sell a product for an amount. Each is about the amount that was asked.
var (
	ErrNoPrice       = errors.New("the product has no fixed amount: say how much it shall be worth")
	ErrOtherPrice    = errors.New("the product is worth another amount")
	ErrOutOfRange    = errors.New("the amount is not one that the product is sold for")
	ErrOtherCurrency = errors.New("the product is worth an amount in another currency")
)

// Price is what a voucher of the product is worth that a register sells: its face value, or the amount that was asked of an open
// one. Nil asks for the face value. The ceiling is the rule book's. Errors: the four above.
func (p Product) Price(asked *money.Amount) (money.Amount, error) {
	switch {
	case asked != nil && asked.Currency != p.Currency:
		return money.Amount{}, ErrOtherCurrency
	case p.Open == nil && asked != nil && asked.Minor != p.Amount:
		return money.Amount{}, ErrOtherPrice
	case p.Open == nil:
		return p.Face(), nil
	case asked == nil:
		return money.Amount{}, ErrNoPrice
	case asked.Minor < p.Open.Min || p.Open.Max > 0 && asked.Minor > p.Open.Max:
		return money.Amount{}, ErrOutOfRange
	}
	return *asked, nil
}

// Why a shop can't be asked to sell a product for a price.
var (
	ErrNeedsPrice = errors.New("the product has no price of its own: say for how much the shop shall sell it")
	ErrOwnPrice   = errors.New("the product has a price of its own, its face value")
)

// Offer is the price that a shop asks for the product: its face value, or what was stated for one that has none, such as a punch card
// or an open product, which is then worth its price. Errors: ErrNeedsPrice, ErrOwnPrice, and those of Price.
func (p Product) Offer(stated *money.Amount) (money.Amount, error) {
	switch {
	case p.Kind == Credit:
		return money.Amount{}, errors.New("a credit note is given for goods that come back, and not sold")
	case p.Kind == Punches && stated == nil:
		return money.Amount{}, ErrNeedsPrice
	case p.Kind == Punches:
		return *stated, nil
	case p.Open != nil && stated == nil:
		return money.Amount{}, ErrNeedsPrice
	case p.Open == nil && stated != nil && *stated != p.Face():
		return money.Amount{}, ErrOwnPrice
	}
	return p.Price(stated)
}
