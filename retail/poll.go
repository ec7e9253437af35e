package retail

import (
	"context"
	"fmt"
	"time"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
)

// pollOverlap is how far a poll looks behind the one before: further than two clocks differ, and than a shop takes to commit.
const pollOverlap = 10 * time.Minute

// Poll is a look at what has changed in a shop, beside its webhooks.
type Poll struct {
	Shop  Shopfront
	Since time.Time // ask for what changed at or after this instant
	Until time.Time // when the poll begins: where the next one will
}

// Polls lists the polls that are due now: one for each shop that can be asked. The first poll of a shop begins at the time when it
// was registered.
func (s *Sales) Polls(ctx context.Context) ([]Poll, error) {
	shops, err := s.orders.Shops(ctx)
	if err != nil {
		return nil, err
	}
	now, err := s.orders.Now(ctx)
	if err != nil {
		return nil, err
	}
	var polls []Poll
	for _, shop := range shops {
		if !shop.CanBeAsked() {
			continue
		}
		front, err := s.open(shop)
		if err != nil {
			return nil, err
		}
		since := shop.CreatedAt
		if shop.PolledUntil != nil {
			since = *shop.PolledUntil
		}
		polls = append(polls, Poll{Shop: front, Since: since.Add(-pollOverlap), Until: now})
	}
	return polls, nil
}

// Polled notes that everything that a poll found was applied. Another process that polled meanwhile has done no harm.
func (s *Sales) Polled(ctx context.Context, p Poll) error {
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		return orders.MovePoll(ctx, tx, p.Shop.Shop, p.Until)
	})
}

// Alarm is something about a shop that a person should look at, as long as it is so.
type Alarm struct {
	Kind   string // what sort of matter
	Shop   string
	Reason string
}

// The kinds of alarm about shops.
const (
	AlarmPoll    = "shop_not_polled"  // its changes can't be asked for
	AlarmWebhook = "webhook_disabled" // it has switched our webhook off
)

// Raise opens the task of an alarm, one for each shop and kind.
func (s *Sales) Raise(ctx context.Context, a Alarm) error {
	s.log.WarnContext(ctx, "shop needs a look", "shop", a.Shop, "kind", a.Kind, "reason", a.Reason)
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		return outbox.OpenTask(ctx, tx, outbox.Task{Kind: a.Kind, Subject: a.Shop, Shop: a.Shop, Reason: a.Reason})
	})
}

// Calm closes the task of an alarm that is over.
func (s *Sales) Calm(ctx context.Context, a Alarm) error {
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		return outbox.CloseTask(ctx, tx, a.Kind, a.Shop, "over")
	})
}

// PutAside puts an order that can't be understood before the office.
func (s *Sales) PutAside(ctx context.Context, shop, order, why string) error {
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		return outbox.OpenTask(ctx, tx, s.asideTask(ctx, shop, order, why))
	})
}

// asideTask is the task of an order that no stored body told of.
func (s *Sales) asideTask(ctx context.Context, shop, order, why string) outbox.Task {
	s.log.ErrorContext(ctx, "order set aside", "shop", shop, "order", order, "reason", why)
	return outbox.Task{
		Kind: TaskSetAside, Subject: fmt.Sprintf("%s/%.200s", shop, order), Shop: shop, Reason: why,
		Detail: detailOf(map[string]any{"order": order}),
	}
}
