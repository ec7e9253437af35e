package voucher

import (
	"maps"

	"vouchsafe/retail/money"
)

// Exchange is at what rate points pay an order, how much of it is due, and how much of it they may pay in all. It is fixed when the points
// are reserved: what the customer was told then holds until his order is paid, whatever the rate becomes (P08).
type Exchange struct {
	Rate money.Rate
	Due  money.Amount // what the holder had to pay when he last asked, with everything that points may not pay
	Most int64        // points on one order, by whatever reservations (P19)
	// Permits is what the lines of the order let points pay of it, by whatever reservations, in minor units (P09, P19, X17).
	Permits int64
}

// PointsPaid is what points have paid for an order.
type PointsPaid struct {
	Points int64
	Worth  map[money.Currency]int64 // minor units of what they were exchanged for
}

// And is that with what some acts have taken beside it.
func (p PointsPaid) And(acts []Answer) PointsPaid {
	all := PointsPaid{Points: p.Points, Worth: maps.Clone(p.Worth)}
	for _, act := range acts {
		r := act.Record
		if !act.Created || r.Kind != Redemptions || r.Detail.Covers == nil {
			continue
		}
		if all.Worth == nil {
			all.Worth = make(map[money.Currency]int64)
		}
		all.Points += r.Amount
		all.Worth[r.Detail.Covers.Currency] += r.Detail.Covers.Minor
	}
	return all
}

// admits tells whether so many points more may pay for an order of which some have been paid with points. Whose limits differ is held to
// his own, with all that others have paid.
func (e *Exchange) admits(points int64, paid PointsPaid) bool {
	worth := paid.Worth[e.Rate.Value.Currency]
	return points <= max(0, e.Most-paid.Points) && e.Rate.Worth(points) <= max(0, e.Permits-worth)
}

// Covers is what points are worth of an order.
func (e *Exchange) Covers(points int64) money.Amount {
	return money.Of(e.Rate.Worth(points), e.Rate.Value.Currency)
}

// PayPoints is a wish to pay with points: the programme's word on how much that may be.
type PayPoints struct {
	Rate    money.Rate
	Due     money.Amount // what is to be paid in all
	Payable int64        // how much of it points may pay, minor units
	Most    int64        // points, on one order (P19)
	Permits int64        // minor units, of the whole order, whatever is due of it
}

// exchange is what a reservation stores: its own rate if it has one already.
func (p *PayPoints) exchange(live *Reservation) *Exchange {
	rate := p.Rate
	if live != nil && live.Exchange != nil {
		rate = live.Exchange.Rate
	}
	return &Exchange{Rate: rate, Due: p.Due, Most: p.Most, Permits: p.Permits}
}

// amount is how many of the points at hand to reserve: as many as cover most of what may be paid with them, at most so many as were
// asked for, none of them for nothing.
func (p *PayPoints) amount(c *Case, balance int64, asked *money.Amount, rate money.Rate) (int64, error) {
	if rate.Value.Currency != p.Due.Currency {
		return 0, ErrCurrency
	}
	most := min(balance, p.Most)
	if asked != nil {
		wanted, err := inPoints(asked, rate)
		switch {
		case err != nil:
			return 0, err
		case wanted > balance:
			return 0, c.insufficient(balance)
		case wanted > p.Most || rate.Worth(wanted) > p.Payable:
			return 0, ErrAboveDue
		}
		most = wanted
	}
	taken, covered := rate.Cover(most, p.Payable)
	if covered == 0 && p.Payable > 0 && rate.Worth(most) == 0 { // else it is less than a point's worth that is due
		return 0, c.insufficient(balance)
	}
	return taken, nil
}

// inPoints reads an amount that was named in points, or in the money that they are exchanged for.
func inPoints(amount *money.Amount, rate money.Rate) (int64, error) {
	switch amount.Currency {
	case money.Point:
		return amount.Minor, nil
	case rate.Value.Currency:
		return rate.Needed(amount.Minor), nil
	}
	return 0, ErrCurrency
}

// named is how many of the reserved points an amount is that the owner names: in points, or in money, of which they cover all or it is
// refused.
func (r *Reservation) named(amount money.Amount) (int64, error) {
	covers := r.Exchange.Covers(r.Amount)
	if amount.Currency == covers.Currency && amount.Minor > covers.Minor {
		return 0, &InsufficientError{Available: covers}
	}
	return r.covered(amount)
}

// covered is how many of the reserved points an amount of the order takes: in points, or in money, of which points cover no more than
// they are worth.
func (r *Reservation) covered(amount money.Amount) (int64, error) {
	switch {
	case amount.Currency == money.Point:
		return amount.Minor, nil
	case amount.Currency == r.Exchange.Rate.Value.Currency:
		taken, _ := r.Exchange.Rate.Cover(r.Amount, max(0, amount.Minor))
		return taken, nil
	}
	return 0, ErrCurrency
}
