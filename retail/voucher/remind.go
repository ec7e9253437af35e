package voucher

import "time"

// The hours of a customer's day in which he is written to, unless he asked for another time.
const (
	morning = 8
	evening = 20
)

// Reminding is when whoever bought the voucher is reminded of its last day, so many days before it: in the morning of that day, or,
// when that is over, at once by day and the next morning by night. There is nothing to remind of when the voucher can't be used or
// has nothing left, when it never expires or has expired, or when it was issued so late that it would be said twice in a breath;
// then ok is false. The reminder is due by now or within the next day unless the zero time says that it is early.
func (v *Voucher) Reminding(days int, now time.Time) (at time.Time, ok bool) {
	if days <= 0 || v.State != Active || v.Balance <= 0 || v.Blocked() || v.Awaited() || v.Quarantined || v.ExpiresOn.Zero() || !now.Before(v.EndsAt) {
		return time.Time{}, false
	}
	first := time.Date(v.ExpiresOn.Year, v.ExpiresOn.Month, v.ExpiresOn.Day-days, morning, 0, 0, 0, v.Zone)
	if !v.IssuedAt.Before(first) {
		return time.Time{}, false
	}
	if now.Before(first) {
		return time.Time{}, true
	}
	at = awake(now, v.Zone)
	return at, at.Before(v.EndsAt)
}

// awake is the instant, or the next morning when it lies in the night.
func awake(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	year, month, day := local.Date()
	switch {
	case local.Hour() >= evening:
		day++
	case local.Hour() >= morning:
		return at
	}
	return time.Date(year, month, day, morning, 0, 0, 0, zone)
}
