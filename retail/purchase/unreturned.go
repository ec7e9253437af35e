package purchase

import (
	"maps"
	"slices"

	"vouchsafe/retail/money"
)

// Unreturned is what vouchers paid of a cancelled order and nobody has given back: minor units by currency, none of them 0.
type Unreturned map[money.Currency]int64

// Beyond tells whether something of it is more than the office was told before: then it has to be told again, whatever it has decided
// about the rest.
func (u Unreturned) Beyond(told Unreturned) bool {
	for currency, minor := range u {
		if minor > told[currency] {
			return true
		}
	}
	return false
}

// Amounts are its parts, in the order of their currencies.
func (u Unreturned) Amounts() []money.Amount {
	amounts := make([]money.Amount, 0, len(u))
	for _, currency := range slices.Sorted(maps.Keys(u)) {
		amounts = append(amounts, money.Of(u[currency], currency))
	}
	return amounts
}
