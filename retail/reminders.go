package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/report"
	"vouchsafe/retail/voucher"
)

// A reminder tells whoever bought a voucher that its last day is near (X09): a customer who bought it for himself at the address that his
// account has now, anybody else at that of the order, as long as it is kept. It is off until a merchant turns it on. It never goes to
// the recipient of a gift, who has asked for no mail; it holds no code, and not what is left. One goes out for each voucher and term,
// whichever gateway notices first: the number of the delivery is the last day itself, so that an extended voucher has another.

// reminderFor is how long a reminder is tried: the day after it is old.
const reminderFor = 24 * time.Hour

// reminding is what a reminder's delivery says beside its subject.
type reminding struct {
	ExpiresOn string `json:"expires_on"`
}

// Remind makes the reminders that are due. It runs on a schedule, and is safe to miss and to repeat.
func (s *Sales) Remind(ctx context.Context) error {
	var last report.Expiring
	for {
		found, more, err := report.FindExpiring(ctx, s.orders.Pool(), s.defaults.RemindDays, last)
		if err != nil {
			return err
		}
		for _, e := range found {
			if err := s.remind(ctx, e); err != nil {
				return fmt.Errorf("remind of voucher %s: %w", e.Voucher, err)
			}
			last = e
		}
		if !more {
			return nil
		}
	}
}

// remind makes one reminder, if it is due. That somebody else has made it meanwhile is no fault.
func (s *Sales) remind(ctx context.Context, e report.Expiring) error {
	at, found, err := s.remindingOf(ctx, e.Voucher, e.Days, e.ExpiresOn)
	if err != nil || found == nil || at.IsZero() {
		return err
	}
	draft := outbox.Draft{
		Kind: KindReminder, Subject: e.Voucher, Seq: e.Term, Parent: e.Purchase, Shop: e.Shop, Due: at,
		Detail: detailOf(reminding{e.ExpiresOn}),
	}
	if draft.ID, err = s.ledger.NewID(); err != nil {
		return err
	}
	err = outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		email, err := s.reminded(ctx, tx, e)
		if err != nil {
			return err
		}
		if err := s.address(&draft, email); err != nil || draft.Waiting != "" { // who can't be reached is not reminded
			return err
		}
		return s.outbox.Add(ctx, tx, draft)
	})
	if errors.Is(err, outbox.ErrExists) {
		return nil
	}
	return err
}

// reminded is the address of whoever is to be reminded; empty for nobody. What it was read from is locked, so that a person who is erased
// at this moment is erased with the reminder, or before it.
func (s *Sales) reminded(ctx context.Context, tx outbox.Tx, e report.Expiring) (email string, err error) {
	if e.Owner != "" {
		owner, err := orders.LockCustomers(ctx, tx, e.Owner)
		if err != nil {
			return "", err
		}
		if email, err = s.addressOf(owner[0]); err != nil || email != "" {
			return email, err
		}
	}
	p, err := orders.LockByID(ctx, tx, e.Purchase)
	if err != nil {
		return "", err
	}
	var who buyer
	err = s.unseal(purposeBuyer, p.ID, p.Buyer, &who)
	return who.Email, err
}

// remindingOf is when a voucher is to be reminded of, in the term that ends on a day; no voucher for never.
func (s *Sales) remindingOf(ctx context.Context, id string, days int, lastDay string) (time.Time, *voucher.Voucher, error) {
	found, err := s.ledger.Vouchers(ctx, id)
	if err != nil || len(found) == 0 {
		return time.Time{}, nil, err
	}
	now, err := s.orders.Now(ctx)
	if err != nil {
		return time.Time{}, nil, err
	}
	at, ok := found[0].Reminding(days, now)
	if !ok || found[0].ExpiresOn.String() != lastDay {
		return time.Time{}, nil, nil
	}
	return at, &found[0], nil
}

// remindDays is how many days before the last one a shop's buyers are reminded; 0 is never.
func (s *Sales) remindDays(shop orders.Shop) int {
	if shop.RemindDays != nil {
		return *shop.RemindDays
	}
	return s.defaults.RemindDays
}

// sendReminder makes one attempt at a reminder, unless there is nothing to remind of any more.
func (s *Sales) sendReminder(ctx context.Context, w *outbox.Work) outbox.Result {
	var told reminding
	if err := json.Unmarshal(w.Detail, &told); err != nil {
		return outbox.Fail("what the reminder is about can't be read")
	}
	shop, err := s.shop(ctx, w.Shop)
	if err != nil {
		return s.again(ctx, "read the shop of a reminder", w, err)
	}
	_, found, err := s.remindingOf(ctx, w.Subject, s.remindDays(shop), told.ExpiresOn)
	if err != nil {
		return s.again(ctx, "look at the voucher of a reminder", w, err)
	}
	if found == nil && w.Copies == 0 {
		return s.withdraw(ctx, w, "there is nothing to remind of any more", nil)
	}
	return s.send(ctx, w, func(to string) (mail.Message, error) { return s.renderReminder(ctx, w, to, *found) }, nil)
}

// renderReminder renders a reminder.
func (s *Sales) renderReminder(ctx context.Context, w *outbox.Work, to string, v voucher.Voucher) (mail.Message, error) {
	gift, err := s.orders.Gift(ctx, v.ID)
	if err != nil {
		return mail.Message{}, err
	}
	letter, shop, err := s.head(ctx, w, to, gift.Language)
	if err != nil {
		return mail.Message{}, err
	}
	var who buyer
	var asked wishes
	if err := errors.Join(
		s.unseal(purposeBuyer, gift.Purchase, gift.Buyer, &who), s.unseal(purposeWishes, gift.Unit, gift.Wishes, &asked),
	); err != nil {
		return mail.Message{}, err
	}
	r := mail.Reminder{
		Kind: v.Kind, Title: gift.Title, Last4: v.Last4, Expires: lastDay(v, letter.Language), Buyer: who.Name,
		Gift: !gift.ForSelf && (asked.Email != "" || asked.Name != ""),
	}
	return s.compose(ctx, laying{which: mail.ReminderMail, shop: shop.ID, letter: letter}, func(l mail.Letter) (mail.Message, error) {
		return mail.RenderReminder(l, r)
	})
}
