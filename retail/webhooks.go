package retail

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/failpoint"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// What a shop's words can come to instead of an order.
var (
	// ErrUnreadable says that a body can't be understood, or that the shop refuses for good. Repeating helps nobody: a person has to
	// look.
	ErrUnreadable = errors.New("it can't be understood")
	// ErrUnclear says that something that can't be repeated may have happened.
	ErrUnclear = errors.New("it may have happened")
)

// PassingError says that a shop can't be asked just now.
type PassingError struct {
	RetryAfter time.Duration // how long the shop asks us to wait; 0: it does not say
	Err        error
}

// Error says what happened.
func (e *PassingError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PassingError) Unwrap() error { return e.Err }

// Body is what a shop sent, as it came.
type Body struct {
	Bytes   []byte
	Headers map[string]string // those that the platform's reader needs
	Message string            // the sender's id of the message, where it is worth something; "" otherwise
	Order   *purchase.Order   // what the bytes tell, when they say all of it; nil: they are read later, and the shop may be asked
}

// Receipt is the answer to a webhook.
type Receipt struct {
	Duplicate bool // the same bytes, or the same message, came before; it is applied again all the same
}

// bound is what ties a sealed body to its row.
func bound(shop string, digest []byte) []byte { return append([]byte(shop+"\x00"), digest...) }

// Receive stores a body that its shop has signed, and either settles the order that it tells of or leaves an errand to read it, in one
// transaction. When it returns without an error all of that is durable.
func (s *Sales) Receive(ctx context.Context, shop orders.Shop, body Body) (Receipt, error) {
	digest := sha256.Sum256(body.Bytes)
	name := bound(shop.ID, digest[:])
	sealed, err := s.ring.Seal(purposeWebhook, body.Bytes, name)
	if err != nil {
		return Receipt{}, fmt.Errorf("seal a body of shop %s: %w", shop.ID, err)
	}
	item := orders.Item{Shop: shop.ID, Digest: digest[:], Message: body.Message, Body: sealed, Headers: body.Headers}
	if item.Headers == nil {
		item.Headers = map[string]string{}
	}
	giveBack, err := s.repeats.take(ctx, string(name))
	if err != nil {
		return Receipt{}, fmt.Errorf("receive a webhook of shop %s: %w", shop.ID, err)
	}
	defer giveBack()
	a := &arrival{shop: shop, item: item, order: body.Order, told: make(chan turnOf, 1)}
	if !s.intake.together(a, func(group []*arrival) error { return s.accept(ctx, group) }) {
		a.item = item
		err = outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error { return s.keepBodies(ctx, tx, []*arrival{a}) })
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("receive a webhook of shop %s: %w", shop.ID, err)
	}
	failpoint.Hit(failpoint.WebhookCommitted)
	return a.receipt, nil
}

// relay reads stored bodies and applies what they tell.
type relay struct {
	sales     *Sales
	platforms Platforms
}

// run makes one try with one stored body.
func (r *relay) run(ctx context.Context, w *outbox.Work) outbox.Result {
	item, err := r.sales.orders.Item(ctx, w.Subject)
	if err != nil {
		return outbox.Backoff("the stored body could not be read")
	}
	front, err := r.sales.Shopfront(ctx, item.Shop)
	if err != nil {
		return outbox.Backoff("the shop could not be opened")
	}
	told, err := r.read(ctx, front, item)
	if err == nil && told.Order != nil {
		err = r.apply(ctx, w, front, item, told)
		if err == nil {
			return outbox.Settled()
		}
	}
	switch {
	case errors.Is(err, ErrUnreadable):
		return r.settle(ctx, w, item, outcome{orders.SetAside, err.Error()})
	case err != nil:
		return r.sales.again(ctx, "relay a webhook", w, err)
	}
	return r.settle(ctx, w, item, outcome{orders.Ignored, told.Ignored})
}

// read opens the body and lets the platform's reader make our words of it.
func (r *relay) read(ctx context.Context, front Shopfront, item orders.Item) (Told, error) {
	if item.Body == nil {
		return Told{Ignored: "the body was erased"}, nil
	}
	plain, err := r.sales.ring.Open(purposeWebhook, item.Body, bound(item.Shop, item.Digest))
	if err != nil {
		return Told{}, fmt.Errorf("open body %s: %w", item.ID, err)
	}
	return r.platforms.Read(ctx, front, Body{Bytes: plain, Headers: item.Headers, Message: item.Message})
}

// apply applies an order and settles the body in the same transaction. When two states bear the same instant, the shop is asked.
func (r *relay) apply(ctx context.Context, w *outbox.Work, front Shopfront, item orders.Item, told Told) error {
	item.OrderID = told.Order.ID
	settle := func(ctx context.Context, tx outbox.Tx, d purchase.Decision) error {
		if d.Verdict == purchase.Ask {
			return nil
		}
		if err := r.sales.settleItem(ctx, tx, item, outcomeOf(d)); err != nil {
			return err
		}
		return w.Settle(ctx, tx, outbox.Done())
	}
	d, err := r.sales.applyOrder(ctx, front.Shop, *told.Order, settle)
	if err != nil || d.Verdict != purchase.Ask {
		return err
	}
	now, err := r.platforms.Ask(ctx, front, told.Order.ID)
	if err != nil {
		return err
	}
	if now.Order == nil {
		return fmt.Errorf("%w: the shop was asked and says: %s", ErrUnreadable, now.Ignored)
	}
	_, err = r.sales.applyOrder(ctx, front.Shop, *now.Order, settle)
	return err
}

// outcome is what became of a body.
type outcome struct {
	state  orders.InboxState
	reason string
}

// outcomeOf says what a decision makes of the body that told the state.
func outcomeOf(d purchase.Decision) outcome {
	switch d.Verdict {
	case purchase.Applied:
		return outcome{orders.Applied, ""}
	case purchase.SetAside:
		return outcome{orders.SetAside, d.Why}
	}
	return outcome{orders.Ignored, d.Why}
}

// settle ends a body that changes no order.
func (r *relay) settle(ctx context.Context, w *outbox.Work, item orders.Item, o outcome) outbox.Result {
	err := outbox.InTx(ctx, r.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := r.sales.settleItem(ctx, tx, item, o); err != nil {
			return err
		}
		return w.Settle(ctx, tx, outbox.Done())
	})
	if err != nil {
		return r.sales.again(ctx, "settle a webhook", w, err)
	}
	return outbox.Settled()
}

// TaskSetAside is a body that a person has to look at; its subject is the body's id.
const TaskSetAside = "set_aside"

// settleItem notes what became of a body; one that is set aside is put before the office.
func (s *Sales) settleItem(ctx context.Context, tx outbox.Tx, item orders.Item, o outcome) error {
	item.State, item.Reason = o.state, o.reason
	if err := orders.Settle(ctx, tx, item); err != nil {
		return err
	}
	if o.state != orders.SetAside {
		return outbox.CloseTask(ctx, tx, TaskSetAside, item.ID, string(o.state))
	}
	s.log.ErrorContext(ctx, "webhook set aside", "shop", item.Shop, "body", item.ID, "order", item.OrderID, "reason", o.reason)
	return outbox.OpenTask(ctx, tx, outbox.Task{
		Kind: TaskSetAside, Subject: item.ID, Shop: item.Shop, Reason: o.reason, Detail: detailOf(map[string]any{"order": item.OrderID}),
	})
}

// again asks for another try after a fault that may pass.
func (s *Sales) again(ctx context.Context, doing string, w *outbox.Work, err error) outbox.Result {
	s.log.WarnContext(ctx, "delivery failed", "doing", doing, "kind", w.Kind, "delivery", w.ID, "err", err)
	passing, ok := errors.AsType[*PassingError](err)
	if ok && passing.RetryAfter > 0 {
		return outbox.RetryAfter(passing.RetryAfter, "the shop asks to wait")
	}
	if ok {
		return outbox.Backoff("the shop can't be asked: " + passing.Error())
	}
	return outbox.Backoff("it failed and is tried again")
}
