package retail

import (
	"cmp"
	"context"
	"strings"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/ledger"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/voucher"
)

// NeedsAddress is the reason of a delivery that waits for a usable address.
const NeedsAddress = "needs_address"

// deliverAt is the hour of the shop's day at which a voucher for that day is mailed (X05).
const deliverAt = 8 * time.Hour

// drafts are the deliveries that a decision makes, and the tasks of those that wait from the start.
type drafts struct {
	all   []outbox.Draft
	tasks []outbox.Task
}

// add adds a delivery; one that waits for a usable address, or for its day, is put before the office with what was said of it.
func (d *drafts) add(draft outbox.Draft, said string) {
	d.all = append(d.all, draft)
	if draft.Waiting == "" {
		return
	}
	d.tasks = append(d.tasks, outbox.Task{
		Kind: outbox.TaskDelivery, Subject: draft.ID, Shop: draft.Shop, Reason: draft.Waiting,
		Detail: detailOf(map[string]any{"kind": draft.Kind, "subject": draft.Subject, "parent": draft.Parent, "said": said}),
	})
}

// drafts makes the confirmation that is due, and one delivery for each new voucher, after it.
func (s *Sales) drafts(c change, issued []ledger.NewVoucher) (drafts, error) {
	var made drafts
	var who buyer
	if err := s.unseal(purposeBuyer, c.stored.ID, c.stored.Buyer, &who); err != nil {
		return drafts{}, err
	}
	if c.decision.Confirm && c.shop.Confirmation == orders.Vouchsafe {
		draft, err := s.confirmationDraft(c, who)
		if err != nil {
			return drafts{}, err
		}
		c.stored.Confirmation = draft.ID
		made.add(draft, "")
	}
	bundles, single, err := s.bundles(c, issued, who)
	if err != nil {
		return drafts{}, err
	}
	for _, n := range single {
		draft, err := s.codeDraft(c, n.Voucher, who)
		if err != nil {
			return drafts{}, err
		}
		made.add(draft, c.planFor(n.Voucher).told())
	}
	for _, b := range bundles {
		draft, err := s.bundleDraft(c, b, who)
		if err != nil {
			return drafts{}, err
		}
		made.add(draft, b.told())
	}
	return made, nil
}

// confirmationDraft is the first mail (E07). What it lists goes with it, since goods other than vouchers are not stored.
func (s *Sales) confirmationDraft(c change, who buyer) (outbox.Draft, error) {
	id, err := s.ledger.NewID()
	if err != nil {
		return outbox.Draft{}, err
	}
	draft := outbox.Draft{
		ID: id, Kind: KindConfirmation, Subject: c.stored.ID, Parent: c.stored.ID, Shop: c.shop.ID,
		Detail: detailOf(s.listed(c)),
	}
	return draft, s.address(&draft, who.Email)
}

// listed is what the confirmation tells of the order. It holds nothing personal.
type listed struct {
	Order      string        `json:"order"`
	Language   string        `json:"language"`
	Items      []listedItem  `json:"items"`
	Total      *money.Amount `json:"total,omitempty"`
	Vouchers   int           `json:"vouchers"`
	PunchCards int           `json:"punch_cards"`
	Together   bool          `json:"together,omitempty"`   // all codes in one mail
	Membership bool          `json:"membership,omitempty"` // something of it asks for a membership
}

// listedItem is a line of the order.
type listedItem struct {
	Quantity int          `json:"quantity"`
	Title    string       `json:"title"`
	Paid     money.Amount `json:"paid"`
}

func (s *Sales) listed(c change) listed {
	l := listed{Order: c.decision.Purchase.Number, Language: c.stored.Language, Items: []listedItem{}}
	for _, line := range c.order.Lines {
		if line.Quantity > 0 && line.Paid.Currency != "" {
			l.Items = append(l.Items, listedItem{Quantity: line.Quantity, Title: line.Name, Paid: line.Paid})
		}
	}
	if c.order.Total.Currency != "" {
		l.Total = &c.order.Total
	}
	for _, unit := range c.decision.Purchase.Units {
		if unit.State == purchase.TakenBack || unit.State == purchase.Dismissed {
			continue
		}
		l.Membership = l.Membership || c.catalogue[unit.SKU].RequiresMembership
		switch {
		case c.catalogue[unit.SKU].Kind == purchase.Punches:
			l.PunchCards++
		default:
			l.Vouchers++
		}
	}
	l.Together = s.together(c)
	return l
}

// codeDraft is the second message for one voucher: a mail of ours, or the shop's.
func (s *Sales) codeDraft(c change, v voucher.Voucher, who buyer) (outbox.Draft, error) {
	id, err := s.ledger.NewID()
	if err != nil {
		return outbox.Draft{}, err
	}
	unit := c.unitOf(v.ID)
	draft := outbox.Draft{ID: id, Kind: KindCode, Subject: v.ID, Parent: c.stored.ID, Shop: c.shop.ID}
	if err := c.planFor(v).put(&draft, v.Zone); err != nil {
		return outbox.Draft{}, err
	}
	if _, err := mail.ParseAddress(who.Email); err == nil {
		draft.After = c.stored.Confirmation // a confirmation that waits for an address must not keep the code back
	}
	if c.shop.CodesBy == orders.TheShop {
		draft.Kind = KindHandover
		return draft, nil
	}
	var asked wishes
	if err := s.unseal(purposeWishes, unit.ID, unit.Wishes, &asked); err != nil {
		return outbox.Draft{}, err
	}
	return draft, s.address(&draft, cmp.Or(asked.Email, who.Email))
}

// unitOf finds the unit that a voucher was issued for.
func (c change) unitOf(id string) orders.Unit {
	for _, unit := range c.stored.Units {
		if unit.Voucher == id {
			return unit
		}
	}
	return orders.Unit{}
}

// dueOn is the hour of delivery on a day; the zero time for none.
func dueOn(day string, zone *time.Location) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	date, err := voucher.ParseDate(day)
	if err != nil {
		return time.Time{}, err
	}
	return time.Date(date.Year, date.Month, date.Day, int(deliverAt/time.Hour), 0, 0, 0, zone), nil
}

// address gives a delivery its recipient, sealed, or lets it wait for one.
func (s *Sales) address(draft *outbox.Draft, email string) error {
	plain, err := mail.ParseAddress(email)
	if err != nil {
		draft.Waiting = NeedsAddress
		return nil
	}
	draft.RecipientHash = s.ring.MAC(purposeRecipient, []byte(strings.ToLower(plain)))
	draft.Recipient, err = s.ring.Seal(purposeRecipient, []byte(plain), []byte(draft.ID))
	return err
}

// steerMails cancels the mails of vouchers that a refund ended, and holds those of a cancelled order until it is paid again.
func (s *Sales) steerMails(ctx context.Context, tx outbox.Tx, c change) error {
	for _, key := range c.decision.Invalidate {
		if err := s.stopLetters(ctx, tx, c.stored.Units[key].Voucher, "the purchase was refunded"); err != nil {
			return err
		}
	}
	mails := outbox.Where{Parent: c.stored.ID, Kinds: []outbox.Kind{KindCode, KindHandover, KindCodes}}
	blocked := c.before != nil && c.before.Blocked
	var err error
	switch {
	case c.decision.Purchase.Blocked && !blocked:
		_, err = s.outbox.Hold(ctx, tx, mails, heldByOrder)
	case !c.decision.Purchase.Blocked && blocked:
		_, err = s.outbox.Unhold(ctx, tx, mails, heldByOrder)
	}
	return err
}

// tongue is the language for somebody of whom a shop's order says which one he reads.
func (s *Sales) tongue(shop orders.Shop, asked string) language.Tag {
	return language.Choose(cmp.Or(asked, shop.Language), s.country(shop))
}
