package retail

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// A code is mailed on the day that the buyer chose (X05), and not before: a present that comes a month early is no surprise, and can't be
// called back. Where that day is not known, or is one on which the voucher is dead, the code waits for the office, which says another.

// The reasons of a delivery that waits for its day, and of one that came to its day too late.
const (
	NoDeliveryDay      = "no_delivery_day"       // what the shop wrote for it can mean several days, or none
	DeliveryDayTooLate = "delivery_day_too_late" // it is after the voucher's last day, or after any that can be meant
	VoucherExpired     = "voucher_expired"       // the voucher has expired since the delivery was made
)

// forADay are the reasons that another day settles.
func forADay() []string { return []string{NoDeliveryDay, DeliveryDayTooLate, VoucherExpired} }

// saidMost is how much of a text that is no day is kept, in characters.
const saidMost = 40

// deliverOn reads the day of a line, or keeps what the shop wrote where that is none.
func (s *Sales) deliverOn(shop orders.Shop, tongue, text string) (day, said string, err error) {
	if text == "" {
		return "", "", nil
	}
	zone, err := s.zone(shop)
	if err != nil {
		return "", "", err
	}
	order := purchase.DayFirst
	if s.tongue(shop, tongue) == language.English {
		order = purchase.Ambiguous
	}
	if day, ok := purchase.ReadDay(text, zone, order); ok {
		return day, "", nil
	}
	return "", cmp.Or(fmt.Sprintf("%.*s", saidMost, mail.CleanName(text)), "?"), nil
}

// plan is when the code of a voucher is to be mailed.
type plan struct {
	day     string // YYYY-MM-DD; "" for at once
	said    string // what the shop wrote for a day that nobody can tell
	waiting string // the reason for which it waits for a day; "" when it does not
}

// planOf is the plan for what a unit sold, which is valid through a day; zero for one that never expires.
func planOf(unit orders.Unit, last voucher.Date) plan {
	p := plan{day: unit.DeliverOn, said: unit.DeliverSaid}
	switch {
	case p.said != "":
		p.waiting = NoDeliveryDay
	case p.day > voucher.LastDay, !last.Zero() && p.day > last.String():
		p.waiting = DeliveryDayTooLate
	}
	return p
}

// told is what the office hears of a day that can't be.
func (p plan) told() string {
	if p.waiting == "" {
		return ""
	}
	return cmp.Or(p.said, p.day)
}

// compare orders plans, for a set of them to be gone through as always.
func (p plan) compare(other plan) int {
	return cmp.Or(cmp.Compare(p.day, other.day), cmp.Compare(p.said, other.said), cmp.Compare(p.waiting, other.waiting))
}

// put plans a draft in the zone of its voucher.
func (p plan) put(draft *outbox.Draft, zone *time.Location) (err error) {
	if draft.Waiting = p.waiting; p.waiting != "" {
		draft.Due = time.Time{}
		return nil
	}
	draft.Due, err = dueOn(p.day, zone)
	return err
}

// dated notes on changes of which instant they are, where a day of delivery is held against how long vouchers are valid.
func dated(ctx context.Context, tx outbox.Tx, changes []change) error {
	if !slices.ContainsFunc(changes, change.hasDays) {
		return nil
	}
	at, err := ledger.Instant(ctx, tx)
	for i := range changes {
		changes[i].at = at
	}
	return err
}

// hasDays tells whether anything of the purchase is to come on a day of its own.
func (c change) hasDays() bool {
	for _, unit := range c.stored.Units {
		if unit.DeliverOn != "" {
			return true
		}
	}
	return false
}

// planFor is the plan for a voucher that a change issues.
func (c change) planFor(v voucher.Voucher) plan {
	last := v.ExpiresOn
	if last.Zero() && !c.at.IsZero() {
		last = v.Term.Ends(voucher.DateOf(c.at, v.Zone))
	}
	return planOf(c.unitOf(v.ID), last)
}

// remains is what became of the vouchers of a delivery since it was made.
type remains struct {
	expired bool // one of them has expired since. Whoever makes a delivery later than that wants the owner to have the code
	ended   bool // none of them can ever be used
}

// remaining looks what became of the vouchers whose codes a delivery brings.
func (s *Sales) remaining(ctx context.Context, d outbox.Delivery) (r remains, err error) {
	subjects := []string{d.Subject}
	if d.Kind == KindCodes {
		if subjects, err = s.partsOf(ctx, d.ID); err != nil || len(subjects) == 0 {
			return r, err
		}
	}
	found, now, err := s.ledger.VouchersNow(ctx, subjects...)
	r.ended = len(found) > 0
	for _, v := range found {
		usable := deliverable(v) == nil
		r.expired = r.expired || usable && v.ExpiredAt(now) && !v.ExpiredAt(d.CreatedAt)
		r.ended = r.ended && v.State == voucher.Invalidated
	}
	return r, err
}

// partsOf are the vouchers that a mail with several is to show.
func (s *Sales) partsOf(ctx context.Context, delivery string) (vouchers []string, err error) {
	parts, err := s.outbox.Parts(ctx, delivery)
	for _, part := range parts {
		if part.DroppedAt == nil {
			vouchers = append(vouchers, part.Subject)
		}
	}
	return vouchers, err
}

// tooLate says what becomes of codes whose day comes when they are dead; nil for all others. For those that only expired the office may
// give more time.
func (s *Sales) tooLate(ctx context.Context, w *outbox.Work) *outbox.Result {
	left, err := s.remaining(ctx, w.Delivery)
	var r outbox.Result
	switch {
	case err != nil:
		r = s.again(ctx, "look how long a voucher is valid", w, err)
	case left.ended:
		r = s.withdraw(ctx, w, "the voucher was invalidated", nil)
	case left.expired:
		r = outbox.Wait(VoucherExpired).WithTask()
	default:
		return nil
	}
	return &r
}

// mailable refuses a delivery of codes that the worker would lay aside again, since a voucher of it has expired.
func (o *BackOffice) mailable(ctx context.Context, d outbox.Delivery) error {
	if !isOfCodes(d.Kind) {
		return nil
	}
	left, err := o.sales.remaining(ctx, d)
	if err == nil && left.expired {
		err = voucher.ErrExpired
	}
	return err
}

// validWhen refuses an instant for a delivery at which one of its vouchers has expired; one that is over is refused for that alone.
func (o *BackOffice) validWhen(ctx context.Context, d outbox.Delivery, due time.Time, vouchers []string) error {
	if d.FinishedAt != nil {
		return nil
	}
	found, now, err := o.sales.ledger.VouchersNow(ctx, vouchers...)
	if err != nil {
		return err
	}
	if due.Before(now) {
		due = now // a day in the past is now
	}
	for _, v := range found {
		if v.ExpiredAt(due) {
			return invalid("deliver_on: the voucher is valid through " + v.ExpiresOn.String() + "; extend it, or name an earlier day")
		}
	}
	return nil
}

// isOfCodes tells whether a delivery brings codes to somebody.
func isOfCodes(kind outbox.Kind) bool {
	return kind == KindCode || kind == KindCodes || kind == KindHandover
}
