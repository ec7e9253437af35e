package loyalty

import (
	"cmp"
	"errors"
	"math"
	"math/big"
	"slices"
	"time"

	"vouchsafe/retail/money"
)

// Why points can't be spent.
var (
	// ErrNoRate means that points are worth nothing at that instant.
	ErrNoRate = errors.New("points are worth nothing yet")
	// ErrExcluded means that the customer does not take part.
	ErrExcluded = errors.New("the customer does not take part in the programme")
	// ErrNoLines means that only some products may be paid with points, and the request names none.
	ErrNoLines = errors.New("only some products may be paid with points, and the lines of the order are not named")
)

// Rate is what points are worth since an instant.
type Rate struct {
	Since time.Time
	money.Rate
}

// RateAt is the rate at an instant. It fails with ErrNoRate before the first.
func (p Programme) RateAt(at time.Time) (Rate, error) {
	for i := len(p.Rates) - 1; i >= 0; i-- {
		if !at.Before(p.Rates[i].Since) {
			return p.Rates[i], nil
		}
	}
	return Rate{}, ErrNoRate
}

// HighestRate is the most that any of some programmes says points are worth, at whatever time; the zero Rate where none does.
func HighestRate(programmes ...Programme) (highest money.Rate) {
	for _, p := range programmes {
		for _, r := range p.Rates {
			if r.Above(highest) {
				highest = r.Rate
			}
		}
	}
	return highest
}

// Spending says what points may pay.
type Spending struct {
	PerOrder   int64  // the most points on one order; 0: no limit (P19)
	PerProduct int64  // the most points for one product of an order; 0: no limit
	Only       Filter // the products that points pay (P09)
	// Groups are the customer groups whose members may pay with points; none: everybody.
	Groups []string
}

func (s Spending) check() error {
	if s.PerOrder < 0 || s.PerProduct < 0 {
		return fault("spending.per_order, spending.per_product", "is below 0")
	}
	return nil
}

// choosy tells whether what may be paid depends on the lines.
func (s Spending) choosy() bool {
	return s.PerProduct > 0 || len(s.Only.SKUs)+len(s.Only.Categories)+len(s.Only.Without) > 0
}

// Pay is a wish to pay an order with points.
type Pay struct {
	Due   int64  // minor units
	Lines []Line // of the order; they may be left out where all products may be paid with points
	Group string // of the customer; "" for none
	Who   Standing
}

// Payable is what points may pay of an order: at most so much of what is due, with at most so many points.
type Payable struct {
	Rate   money.Rate
	Due    int64 // minor units
	Points int64
	// Permits is what the lines let points pay of the order in all, however much of it is due yet; without lines it is no limit.
	Permits int64
}

// Payable says how much of an order a customer may pay with points at an instant. Errors: ErrNoRate, ErrExcluded, ErrNoLines.
func (p Programme) Payable(pay Pay, at time.Time) (Payable, error) {
	if pay.Who.Excluded || !p.Spending.admits(pay.Group) {
		return Payable{}, ErrExcluded
	}
	rate, err := p.RateAt(at)
	if err != nil {
		return Payable{}, err
	}
	permits, err := p.Spending.permits(pay.Lines, rate.Rate)
	if err != nil {
		return Payable{}, err
	}
	return Payable{Rate: rate.Rate, Due: min(permits, pay.Due), Points: cmp.Or(p.Spending.PerOrder, math.MaxInt64), Permits: permits}, nil
}

// admits tells whether the members of a customer group may pay with points.
func (s Spending) admits(group string) bool {
	return len(s.Groups) == 0 || slices.Contains(s.Groups, group)
}

// permits is how much of an order points may pay by its lines, in minor units. Without lines it is all of it, if nothing depends on them.
func (s Spending) permits(lines []Line, rate money.Rate) (int64, error) {
	if len(lines) == 0 {
		if s.choosy() {
			return 0, ErrNoLines
		}
		return math.MaxInt64, nil
	}
	products := make(map[string]int64)
	for _, l := range lines {
		if !l.StoredValue && l.Gross > 0 && s.Only.Chooses(l.SKU, l.Category) {
			products[l.SKU] = sum(products[l.SKU], l.Gross)
		}
	}
	permitted := int64(0)
	for _, gross := range products {
		if s.PerProduct > 0 {
			gross = min(gross, rate.Worth(s.PerProduct))
		}
		permitted = sum(permitted, gross)
	}
	return permitted, nil
}

// sum of two amounts that are not negative, at most the largest that there is.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// product multiplies without limit: a total, a rate and a percentage together pass 64 bits.
func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }
