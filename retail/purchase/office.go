package purchase

import "errors"

// ErrNotPaidOnline refuses to activate a purchase that was not paid online until the office confirms that it means it.
var ErrNotPaidOnline = errors.New("the purchase was not paid online")

// ErrNothingWaits says that nothing of the purchase waits for a decision.
var ErrNothingWaits = errors.New("nothing of the purchase waits")

// Consent is what the office says to a purchase that was not paid online.
type Consent string

// The consents.
const (
	PaidOnly  Consent = "paid_only"
	UnpaidToo Consent = "unpaid_too"
)

// unpaid tells whether a unit waits since nobody has paid it online.
func (r Reason) unpaid() bool { return r == NotOnline || r == NoPaymentDate }

// Activate lets everything that waits issue, because a person decided so. Without the right consent it is refused with
// ErrNotPaidOnline while the reason is that nobody paid online. Units that can't be worth anything are left waiting.
func Activate(known Purchase, consent Consent) (Decision, error) {
	d := Decision{Verdict: Applied, Purchase: known.clone()}
	for i := range d.Purchase.Units {
		unit := &d.Purchase.Units[i]
		if unit.State != Waiting || unit.Value.Minor <= 0 {
			continue
		}
		if consent != UnpaidToo && unit.Reason.unpaid() {
			return Decision{}, ErrNotPaidOnline
		}
		unit.State, unit.Reason, unit.Voucher = Issued, "", Voucher{Balance: unit.Value.Minor}
		d.Issue = append(d.Issue, unit.Key())
	}
	if len(d.Issue) == 0 {
		return Decision{}, ErrNothingWaits
	}
	d.Purchase.Fixed = true
	return d, nil
}

// Dismiss decides that nothing that waits will ever issue. Only news of a payment makes it wait again, and that once: the units remember
// what was known.
func Dismiss(known Purchase) (Decision, error) {
	d := Decision{Verdict: Applied, Purchase: known.clone()}
	dismissed := 0
	for i := range d.Purchase.Units {
		if unit := &d.Purchase.Units[i]; unit.State == Waiting {
			unit.State = Dismissed
			if known.Status == Placed {
				unit.Reason = Unpaid
			}
			dismissed++
		}
	}
	if dismissed == 0 {
		return Decision{}, ErrNothingWaits
	}
	return d, nil
}
