package retail

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/herald"
	"vouchsafe/retail/outbox"
)

// ErrNoSubscriber says that no subscriber has this id.
var ErrNoSubscriber = herald.ErrUnknown

// TaskWebhooks is the kind of the task about a subscriber who was paused, or a message that nobody took.
const TaskWebhooks = "webhooks"

// The audit trail's names for what the office does about subscribers.
const (
	didAddSubscriber    = "add_subscriber"
	didChangeSubscriber = "change_subscriber"
	didRotateSubscriber = "rotate_subscriber_secret"
	didPauseSubscriber  = "pause_subscriber"
	didResumeSubscriber = "resume_subscriber"
	didEndSubscriber    = "end_subscriber"
)

// Subscriber is somebody who is told what happens to vouchers and accounts.
type Subscriber = herald.Subscriber

// NewSubscriber is what a subscriber is made of, or changed to.
type NewSubscriber struct {
	Name   string
	URL    string
	Events []string // the types that it is told; none for all
}

// The most that a subscriber may be made of.
const (
	subscriberNameMost = 200
	subscriberURLMost  = 2000
)

// validate tells everything that is wrong.
func (n NewSubscriber) validate(s *Sales) error {
	known := func(event string) bool { return slices.Contains(herald.Types(), herald.Type(event)) }
	wrong := slices.IndexFunc(n.Events, func(event string) bool { return !known(event) })
	return errors.Join(
		ensure(strings.TrimSpace(n.Name) != "" && len(n.Name) <= subscriberNameMost, "name: 1 to 200 bytes"),
		ensure(n.URL != "" && len(n.URL) <= subscriberURLMost, "url: 1 to 2000 bytes"),
		callable(n.URL, s.reach),
		ensure(wrong < 0, "events: one is no type of message; leave it out for all"),
	)
}

// EventTypes lists what a subscriber can be told.
func EventTypes() []string {
	var types []string
	for _, t := range herald.Types() {
		types = append(types, string(t))
	}
	return types
}

// list is the herald as far as it keeps the list of subscribers.
func (o *BackOffice) list() *herald.Herald {
	return herald.New(herald.Config{Pool: o.sales.orders.Pool(), Ring: o.sales.ring, Random: o.sales.random})
}

// Subscribers lists who is told what happens, the oldest first.
func (o *BackOffice) Subscribers(ctx context.Context) (all []Subscriber, err error) {
	all, err = o.list().All(ctx)
	return all, settled("list subscribers", err)
}

// Subscriber reads one. Error: ErrNoSubscriber.
func (o *BackOffice) Subscriber(ctx context.Context, id string) (Subscriber, error) {
	s, err := o.list().One(ctx, id)
	return s, settled("read a subscriber", err)
}

// AddSubscriber registers somebody who is told what happens from now on (X14), with the secret that signs, which is told this once.
// Error: ErrInvalid, with the names of the fields.
func (o *BackOffice) AddSubscriber(ctx context.Context, by Actor, n NewSubscriber) (made Subscriber, secret string, err error) {
	if err := n.validate(o.sales); err != nil {
		return Subscriber{}, "", errors.Join(ErrInvalid, err)
	}
	var id string
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) (err error) {
		id, secret, err = o.list().Add(ctx, tx, Subscriber{Name: n.Name, URL: n.URL, Events: n.Events})
		if err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didAddSubscriber, id, map[string]any{"url": n.URL})
	})
	if err != nil {
		return Subscriber{}, "", settled("add a subscriber", err)
	}
	made, err = o.Subscriber(ctx, id)
	return made, secret, err
}

// changes does something to a subscriber, and reads it.
func (o *BackOffice) changes(ctx context.Context, by Actor, id, action string, work func(tx outbox.Tx) error) (Subscriber, error) {
	err := outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := work(tx); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, action, id, nil)
	})
	if err != nil {
		return Subscriber{}, settled("change a subscriber", err)
	}
	return o.Subscriber(ctx, id)
}

// ChangeSubscriber replaces name, address and types. Errors: ErrInvalid, ErrNoSubscriber.
func (o *BackOffice) ChangeSubscriber(ctx context.Context, by Actor, id string, n NewSubscriber) (Subscriber, error) {
	if err := n.validate(o.sales); err != nil {
		return Subscriber{}, errors.Join(ErrInvalid, err)
	}
	return o.changes(ctx, by, id, didChangeSubscriber, func(tx outbox.Tx) error {
		return o.list().Change(ctx, tx, Subscriber{ID: id, Name: n.Name, URL: n.URL, Events: n.Events})
	})
}

// Retirement is when an old secret stops to sign.
type Retirement = herald.Retirement

// RotateSubscriber gives a subscriber a new secret, and tells it this once. Error: ErrNoSubscriber.
func (o *BackOffice) RotateSubscriber(ctx context.Context, by Actor, id string, old Retirement) (s Subscriber, secret string, err error) {
	s, err = o.changes(ctx, by, id, didRotateSubscriber, func(tx outbox.Tx) (err error) {
		secret, err = o.list().Rotate(ctx, tx, id, old)
		return err
	})
	return s, secret, err
}

// PauseSubscriber stops telling a subscriber anything; what happens meanwhile waits. Error: ErrNoSubscriber.
func (o *BackOffice) PauseSubscriber(ctx context.Context, by Actor, id, reason string) (Subscriber, error) {
	return o.changes(ctx, by, id, didPauseSubscriber, func(tx outbox.Tx) error { return o.list().Pause(ctx, tx, id, reason) })
}

// ResumeSubscriber tells a subscriber again what happens, first what has happened since. Error: ErrNoSubscriber.
func (o *BackOffice) ResumeSubscriber(ctx context.Context, by Actor, id string) (Subscriber, error) {
	return o.changes(ctx, by, id, didResumeSubscriber, func(tx outbox.Tx) error {
		if err := o.list().Resume(ctx, tx, id); err != nil {
			return err
		}
		return outbox.CloseTask(ctx, tx, TaskWebhooks, id, "resumed")
	})
}

// EndSubscriber forgets a subscriber. Error: ErrNoSubscriber.
func (o *BackOffice) EndSubscriber(ctx context.Context, by Actor, id string) error {
	err := outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		if err := o.list().End(ctx, tx, id); err != nil {
			return err
		}
		if err := outbox.CloseTask(ctx, tx, TaskWebhooks, id, "ended"); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didEndSubscriber, id, nil)
	})
	return settled("end a subscriber", err)
}

// Herald is who tells subscribers what happens, until its context ends. The client must call no address that may not be called.
func (s *Sales) Herald(client *http.Client, now func() time.Time) *herald.Herald {
	return herald.New(herald.Config{
		Pool: s.orders.Pool(), Ring: s.ring, Random: s.random, Log: s.log, Lease: s.ledger.UnderLease, HTTP: client, Now: now,
		Alarm: func(ctx context.Context, tx outbox.Tx, a herald.Alarm) error {
			subject := a.Subscriber
			if a.Message != "" {
				subject = a.Message
			}
			return outbox.OpenTask(ctx, tx, outbox.Task{
				Kind: TaskWebhooks, Subject: subject, Reason: a.Reason,
				Detail: detailOf(map[string]any{"subscriber": a.Subscriber, "name": a.Name, "message": a.Message, "voucher": a.Voucher, "account": a.Account}),
			})
		},
	})
}
