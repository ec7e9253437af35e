package voucher

import "math"

// An account is what a customer has of one currency or unit. It is no voucher (it has no code, and no end), but what may be done
// with value is the same, so that the same acts are decided on it by the same rules. It differs in one thing: a code is reserved as
// a whole by one holder, an account by amount, by several at once, together never above its balance.

// Shared tells an account from a voucher.
func (v *Voucher) Shared() bool { return v.Kind == Account }

// Reserved is what the live reservations set aside, in minor units.
func (c *Case) Reserved() (minor int64) {
	for _, r := range c.Reservations {
		if r.LiveAt(c.At) {
			minor += r.Amount
		}
	}
	return minor
}

// inTheWay is the live reservation that decides what a holder is answered: his own, or whosoever it is on a code; nil if nothing
// stands between him and what is free.
func (c *Case) inTheWay(owner string, holder Holder) *Reservation {
	if !c.Voucher.Shared() {
		return c.Live()
	}
	for _, r := range c.Reservations {
		if r.LiveAt(c.At) && r.Owner == owner && r.Holder == holder {
			return r
		}
	}
	return nil
}

// free is what may be reserved by whoever has a live reservation already, or none: all of a code, and of an account what others
// have not set aside.
func (c *Case) free(own *Reservation) int64 {
	if !c.Voucher.Shared() {
		return c.Voucher.Balance
	}
	minor := c.available()
	if own != nil {
		minor += own.Amount
	}
	return minor
}

// passedOn tells that what an expired reservation had set aside was granted to others since.
func (c *Case) passedOn(r *Reservation, minor int64) bool {
	if c.Voucher.Shared() {
		return c.available() < minor
	}
	return r.Fence != c.Voucher.Fence
}

// pointsEnded tells that an expired reservation could still be captured if points had not ended since: nobody has taken them.
func (c *Case) pointsEnded(r *Reservation, minor int64) bool {
	return c.Voucher.pointed() && c.available()+r.Lapsed >= minor
}

// overflows tells that so much more can't be let in. The ceiling is one for a voucher: of an account, which adds vouchers up, it
// bounds what comes at once.
func (c *Case) overflows(minor int64) bool {
	if c.Voucher.pointed() { // no money: the one bound is what can be counted
		return c.Voucher.Balance > math.MaxInt64-minor
	}
	held := c.Voucher.Balance
	if c.Voucher.Shared() {
		held = 0
	}
	return held > c.Rules.ceiling(c.Voucher.Currency)-minor
}
