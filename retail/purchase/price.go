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
