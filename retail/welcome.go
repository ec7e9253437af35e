package retail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// A welcome tells whoever has opened an account of the points that this earned (P21). It is off until the programme turns it on. One
// goes out for each customer, ever: what was taken back and given again has been told.

// welcomeFor is how long a welcome is tried: after that it is none any more.
const welcomeFor = 3 * 24 * time.Hour

// Welcome is an account that was opened, with the points that this earned.
type Welcome struct {
	Customer Customer
	Email    string // that was told with it, or ""
	Points   int64
	EarnedAt time.Time // by the database
	Days     int       // for how many days they live, beside that one; 0 for ever
}

// welcoming is what a welcome's delivery says beside its subject.
type welcoming struct {
	Points int64  `json:"points"`
	Until  string `json:"until,omitempty"` // the last day on which they can be used, YYYY-MM-DD
}

// QueueWelcome queues a customer's welcome in the transaction in which he has earned the points, unless the programme sends none, his
// address is not known, or it was queued before.
func (s *Sales) QueueWelcome(ctx context.Context, tx outbox.Tx, w Welcome) error {
	_, p, err := points.Programme(ctx, tx)
	if err != nil || !p.Greets || w.Points < 1 {
		return err
	}
	address, err := s.greeted(ctx, tx, w)
	if err != nil || address == "" {
		return err
	}
	told, err := s.welcoming(ctx, w)
	if err != nil {
		return err
	}
	draft := outbox.Draft{Kind: KindWelcome, Subject: w.Customer.ID, Shop: w.Customer.Shop, Detail: detailOf(told)}
	if draft.ID, err = s.ledger.NewID(); err != nil {
		return err
	}
	if err := s.address(&draft, address); err != nil || draft.Waiting != "" { // who can't be reached is not welcomed
		return err
	}
	if err := s.outbox.Add(ctx, tx, draft); err != nil && !errors.Is(err, outbox.ErrExists) {
		return fmt.Errorf("queue a welcome: %w", err)
	}
	return nil
}

// greeted is the address of whoever is welcomed: that which the office has given him, or that which was told with his account, or that with
// which he has paid for something of his own; empty for nobody's.
func (s *Sales) greeted(ctx context.Context, tx outbox.Tx, w Welcome) (string, error) {
	address, err := s.addressOf(w.Customer)
	if address = cmp.Or(address, w.Email); err != nil || address != "" {
		return address, err
	}
	bought, err := orders.BuyerOfOwn(ctx, tx, w.Customer.ID)
	if err != nil || bought.Purchase == "" {
		return "", err
	}
	var who buyer
	err = s.unseal(purposeBuyer, bought.Purchase, bought.Sealed, &who)
	return who.Email, err
}

// welcoming is what a welcome tells.
func (s *Sales) welcoming(ctx context.Context, w Welcome) (welcoming, error) {
	told := welcoming{Points: w.Points}
	if w.Days == 0 {
		return told, nil
	}
	shop, err := s.shop(ctx, w.Customer.Shop)
	if err != nil {
		return told, err
	}
	zone, err := s.zone(shop)
	if err != nil {
		return told, err
	}
	told.Until = voucher.DateOf(w.EarnedAt.In(zone).AddDate(0, 0, w.Days), zone).String()
	return told, nil
}

// StopWelcome cancels a customer's welcome that has not left, since what it tells of was taken back.
func (s *Sales) StopWelcome(ctx context.Context, tx outbox.Tx, customerID string) error {
	where := outbox.Where{Subject: customerID, Kinds: []outbox.Kind{KindWelcome}}
	_, err := s.outbox.Cancel(ctx, tx, where, "the points were taken back")
	return err
}

// sendWelcome makes one attempt at a welcome.
func (s *Sales) sendWelcome(ctx context.Context, w *outbox.Work) outbox.Result {
	var told welcoming
	if err := json.Unmarshal(w.Detail, &told); err != nil {
		return outbox.Fail("what the welcome is about can't be read")
	}
	return s.send(ctx, w, func(to string) (mail.Message, error) { return s.renderWelcome(ctx, w, to, told) }, nil)
}

// renderWelcome renders a welcome.
func (s *Sales) renderWelcome(ctx context.Context, w *outbox.Work, to string, told welcoming) (mail.Message, error) {
	letter, shop, err := s.head(ctx, w, to, "")
	if err != nil {
		return mail.Message{}, err
	}
	_, p, err := points.Programme(ctx, s.orders.Pool())
	if err != nil {
		return mail.Message{}, err
	}
	at, err := s.orders.Now(ctx)
	if err != nil {
		return mail.Message{}, err
	}
	t := telling{letter.Language, s.country(shop)}
	says := mail.Welcome{Points: t.points(told.Points), Worth: t.worth(p, told.Points, at)}
	if told.Until != "" {
		until, err := voucher.ParseDate(told.Until)
		if err != nil {
			return mail.Message{}, err
		}
		says.Expires = letter.Language.Date(until.Start(time.UTC))
	}
	return s.compose(ctx, laying{which: mail.WelcomeMail, shop: shop.ID, letter: letter}, func(l mail.Letter) (mail.Message, error) {
		return mail.RenderWelcome(l, says)
	})
}
