package money

import (
	"math"
	"math/big"
)

// Rate exchanges a unit such as [Point] for money: so many units are worth so much. Both are at least 1; the zero Rate exchanges
// nothing. Worth is rounded down, once, and nothing else rounds, so that what is taken plus what is left is always the whole; only what
// is measured against a limit is rounded up.
type Rate struct {
	Units int64
	Value Amount
}

// Zero tells whether nothing can be exchanged at the rate.
func (r Rate) Zero() bool { return r.Units == 0 }

// Above tells whether a unit is worth more than at another rate: of two currencies, by the number of whole ones.
func (r Rate) Above(other Rate) bool {
	if r.Zero() || other.Zero() {
		return !r.Zero()
	}
	return r.scaled(other).Cmp(other.scaled(r)) > 0
}

// scaled is what a unit is worth, in a measure that the rate shares with another.
func (r Rate) scaled(other Rate) *big.Int {
	digits, _ := other.Value.Currency.Digits()
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	return scale.Mul(scale, product(r.Value.Minor, other.Units))
}

// Worth is what units are worth, in minor units, rounded down.
func (r Rate) Worth(units int64) int64 {
	return Share(units, r.Value.Minor, r.Units)
}

// WorthUp is what units are worth, in minor units, rounded up: there are none that are worth nothing.
func (r Rate) WorthUp(units int64) int64 {
	scaled := product(units, r.Value.Minor)
	return Quotient(scaled.Add(scaled, big.NewInt(r.Units-1)), big.NewInt(r.Units))
}

// Needed is the fewest units that are worth an amount of minor units.
func (r Rate) Needed(minor int64) int64 {
	scaled := product(minor, r.Units)
	return Quotient(scaled.Add(scaled, big.NewInt(r.Value.Minor-1)), big.NewInt(r.Value.Minor))
}

// Cover takes of the units at hand what covers most of what is due, and no unit more than that: what is covered is exactly what the
// units taken are worth. What is less than a unit's worth stays due.
func (r Rate) Cover(units, due int64) (taken, covered int64) {
	covered = r.Worth(min(units, r.most(due)))
	return r.Needed(covered), covered
}

// most is how many units are not worth more than an amount.
func (r Rate) most(minor int64) int64 {
	scaled := product(minor, r.Units)
	scaled.Add(scaled, big.NewInt(r.Units-1)) // Worth rounds down: up to just below the next minor unit
	return Quotient(scaled, big.NewInt(r.Value.Minor))
}

// product multiplies without limit.
func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

// Share is a part of an amount, as large as the part is of the whole: rounded down, and at most the largest number that there is.
func Share(minor, part, whole int64) int64 { return Quotient(product(minor, part), big.NewInt(whole)) }

// Quotient divides and rounds down; it is at most the largest number that there is.
func Quotient(n, d *big.Int) int64 {
	result := new(big.Int).Quo(n, d)
	if !result.IsInt64() {
		return math.MaxInt64
	}
	return result.Int64()
}
