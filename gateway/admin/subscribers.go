package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// aboutWebhooks is what whoever receives webhooks must know.
const aboutWebhooks = "Messages follow Standard Webhooks: webhook-id, webhook-timestamp, and webhook-signature with v1, and base64 of HMAC-SHA-256 " +
	"over id.timestamp.body; the key is the secret after whsec_, decoded. While a secret is rotated there are two signatures. The body is " +
	`{"type", "timestamp", "data": {"voucher": {"id", "last4", "kind", "product", "shop"}, "account": {"id", "shop", "customer", "wallet_id"}, "number", ` +
	`"act": {"id", "kind", "owner", "order", "receipt", "reservation"}, "reservation": {"id", "owner", "state", "amount", "expires_at"}, "amount", "balance"}}: ` +
	"a message is about a voucher or about a customer's account. amount is what the balance changed by, balance what it was afterwards, number " +
	"counts the lines of the journal of the voucher or the account. activated, blocked, unblocked, extended and replaced have no number, act and " +
	"amount. reserved, captured, released and reservation_expired have a reservation instead, as it was then: its grant and its one end are told " +
	"(after reservation_expired a late captured may follow), the change of its amount or holder in between is not, and what a capture took is told " +
	"by redeemed, whose act names the reservation. An expiry is told when it is noted, within minutes. There is never a code in a message. " +
	"Answer 2xx within 15 seconds. Every message comes at least once, under the same webhook-id; the messages of one voucher or account come in their " +
	"order. One that is not taken is sent again for about a day and a half, with growing pauses, and holds back the later ones of its voucher alone; " +
	"then it is given up, with a task for the office. A subscriber who takes nothing for 24 hours, or answers 410, is paused, with a task."

// subscribers adds the operations about who is told what happens.
func (a *admin) subscribers(to huma.API) {
	huma.Register(to, get("subscribers", "/v1/admin/subscribers", "Who is told what happens to vouchers and accounts"), a.listSubscribers)
	add := managing(making("add-subscriber", "/v1/admin/subscribers", "Tell somebody what happens to vouchers and accounts from now on; the secret is told this once"))
	add.Description = aboutWebhooks
	huma.Register(to, add, a.addSubscriber)
	huma.Register(to, get("subscriber", "/v1/admin/subscribers/{id}", "A subscriber, and how it does"), a.subscriber)
	huma.Register(to, managing(operation(http.MethodPut, "change-subscriber", "/v1/admin/subscribers/{id}", "Replace a subscriber's name, address and types")), a.changeSubscriber)
	huma.Register(to, managing(operation(http.MethodDelete, "end-subscriber", "/v1/admin/subscribers/{id}", "Forget a subscriber, and what it was still to be told")), a.endSubscriber)
	huma.Register(to, managing(post("rotate-subscriber-secret", "/v1/admin/subscribers/{id}/secret", "Give a subscriber a new secret; it is told this once")), a.rotateSubscriber)
	huma.Register(to, managing(post("pause-subscriber", "/v1/admin/subscribers/{id}/pause", "Tell a subscriber nothing; what happens meanwhile waits")), a.pauseSubscriber)
	huma.Register(to, managing(post("resume-subscriber", "/v1/admin/subscribers/{id}/resume", "Tell a subscriber again what happens, and what has happened since")), a.resumeSubscriber)
}

// SubscriberBody is what a subscriber is made of.
type SubscriberBody struct {
	Name   string   `json:"name" minLength:"1" maxLength:"200"`
	URL    string   `json:"url" minLength:"1" maxLength:"2000" doc:"Where messages are posted: https on a public address"`
	Events []string `json:"events,omitempty" maxItems:"60" nullable:"false" doc:"The types that it is told; all when they are left out: voucher.issued, .activated, .reserved, .captured, .released, .reservation_expired, .redeemed, .refunded, .reloaded, .adjusted, .claimed, .transferred, .cashed_out, .fee_kept, .expired, .invalidated, .reversed, .blocked, .unblocked, .extended, .replaced; account.reserved, .captured, .released, .reservation_expired, .redeemed, .refunded, .adjusted, .claimed, .transferred, .earned, .converted, .recalled, .expired, .reversed; and voucher.changed and account.changed for anything that has no type of its own yet"`
}

// subscriberOut is a subscriber.
type subscriberOut struct {
	ID string `json:"id" format:"uuid"`
	SubscriberBody
	State        string     `json:"state" enum:"active,paused"`
	Reason       string     `json:"reason,omitempty" doc:"Why it is paused"`
	Secrets      int        `json:"secrets" doc:"How many secrets sign: two while one is rotated"`
	Failures     int        `json:"failures" doc:"In a row"`
	FailingSince *time.Time `json:"failing_since"`
	LastSentAt   *time.Time `json:"last_sent_at"`
	Sent         int64      `json:"sent" doc:"Messages that it has taken"`
	Waiting      int64      `json:"waiting" doc:"Messages that it is still to be told"`
	CreatedAt    time.Time  `json:"created_at"`
}

// newSubscriberOut is a subscriber with the secret that signs for it.
type newSubscriberOut struct {
	Subscriber subscriberOut `json:"subscriber"`
	Secret     string        `json:"secret" doc:"whsec_ and base64. It is told this once"`
}

func showSubscriber(s retail.Subscriber) subscriberOut {
	return subscriberOut{
		ID: s.ID, SubscriberBody: SubscriberBody{Name: s.Name, URL: s.URL, Events: s.Events}, State: string(s.State), Reason: s.Reason,
		Secrets: len(s.Secrets), Failures: s.Failures, FailingSince: utc(s.FailingSince), LastSentAt: utc(s.LastSentAt), Sent: s.Sent,
		Waiting: s.Waiting, CreatedAt: s.CreatedAt.UTC(),
	}
}

func (a *admin) listSubscribers(ctx context.Context, in *SmallPageIn) (*body[pageOut[subscriberOut]], error) {
	all, err := a.office.Subscribers(ctx)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showSmall(*in, all, func(s retail.Subscriber) string { return s.ID }, showSubscriber)
}

// subscriberAnswer renders a subscriber, or what went wrong.
func subscriberAnswer(s retail.Subscriber, err error) (*body[subscriberOut], error) {
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showSubscriber(s)), nil
}

func (a *admin) subscriber(ctx context.Context, in *idIn) (*body[subscriberOut], error) {
	return subscriberAnswer(a.office.Subscriber(ctx, in.ID))
}

// addSubscriberIn asks for a subscriber.
type addSubscriberIn struct{ Body SubscriberBody }

func (b SubscriberBody) asked() retail.NewSubscriber {
	return retail.NewSubscriber{Name: b.Name, URL: b.URL, Events: b.Events}
}

func (a *admin) addSubscriber(ctx context.Context, in *addSubscriberIn) (*body[newSubscriberOut], error) {
	s, secret, err := a.office.AddSubscriber(ctx, counter.Caller(ctx), in.Body.asked())
	if err != nil {
		return nil, refuseTrade(err)
	}
	return made(newSubscriberOut{showSubscriber(s), secret}), nil
}

// changeSubscriberIn replaces what a subscriber is made of.
type changeSubscriberIn struct {
	ID   string `path:"id"`
	Body SubscriberBody
}

func (a *admin) changeSubscriber(ctx context.Context, in *changeSubscriberIn) (*body[subscriberOut], error) {
	return subscriberAnswer(a.office.ChangeSubscriber(ctx, counter.Caller(ctx), in.ID, in.Body.asked()))
}

// rotateSubscriberIn asks for a new secret.
type rotateSubscriberIn struct {
	ID   string `path:"id"`
	Body struct {
		RetireOld string `json:"retire_old" enum:"now,later" doc:"later: the old secret signs too, until the next rotation"`
	}
}

func (a *admin) rotateSubscriber(ctx context.Context, in *rotateSubscriberIn) (*body[newSubscriberOut], error) {
	s, secret, err := a.office.RotateSubscriber(ctx, counter.Caller(ctx), in.ID, retail.Retirement(in.Body.RetireOld))
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(newSubscriberOut{showSubscriber(s), secret}), nil
}

func (a *admin) pauseSubscriber(ctx context.Context, in *reasonIn) (*body[subscriberOut], error) {
	return subscriberAnswer(a.office.PauseSubscriber(ctx, counter.Caller(ctx), in.ID, in.Body.Reason))
}

func (a *admin) resumeSubscriber(ctx context.Context, in *idIn) (*body[subscriberOut], error) {
	return subscriberAnswer(a.office.ResumeSubscriber(ctx, counter.Caller(ctx), in.ID))
}

// endedSubscriberOut says that a subscriber is no more.
type endedSubscriberOut struct {
	ID    string `json:"id" format:"uuid"`
	State string `json:"state" enum:"ended"`
}

func (a *admin) endSubscriber(ctx context.Context, in *idIn) (*body[endedSubscriberOut], error) {
	if err := a.office.EndSubscriber(ctx, counter.Caller(ctx), in.ID); err != nil {
		return nil, refuseTrade(err)
	}
	return ok(endedSubscriberOut{in.ID, "ended"}), nil
}
