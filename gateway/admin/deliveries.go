package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// deliveriesIn asks for deliveries.
type deliveriesIn struct {
	PageIn
	Q     string `query:"q" maxLength:"200" doc:"The id of a voucher, of a purchase, or of the delivery. Never a code"`
	State string `query:"state" enum:"waiting,pending,sending,in_doubt,done,bounced,failed,cancelled"`
	Kind  string `query:"kind" pattern:"^[a-z][a-z0-9_]{1,39}$" doc:"confirmation, code, codes, handover, reminder, relay …"`
	Shop  string `query:"shop" maxLength:"63" doc:"Of this shop"`
	Sort  string `query:"sort" enum:"created_at,-created_at" default:"-created_at" doc:"A minus turns it around"`
}

// deliveryOut is a delivery; never what it contains.
type deliveryOut struct {
	ID         string     `json:"id" format:"uuid"`
	Kind       string     `json:"kind" doc:"confirmation, code, codes, handover, reminder, relay …"`
	Subject    string     `json:"subject" doc:"What it is about: a voucher's id, a purchase's, a stored webhook's"`
	Purchase   string     `json:"purchase,omitempty" doc:"The purchase that it belongs to"`
	Shop       string     `json:"shop,omitempty"`
	State      string     `json:"state" enum:"waiting,pending,sending,in_doubt,done,bounced,failed,cancelled"`
	Reason     string     `json:"reason,omitempty" doc:"Why it waits, or what the last attempt came to"`
	Held       []string   `json:"held" nullable:"false" doc:"Reasons for which it is held"`
	Cancelling bool       `json:"cancelling" doc:"Cancelled while under way: it ends cancelled unless its copy has left already"`
	Recipient  string     `json:"recipient,omitempty" doc:"Masked; absent once erased, and where there is none"`
	Attempts   int        `json:"attempts"`
	Copies     int        `json:"copies" doc:"Copies that left, or may have left"`
	CopiesLeft int        `json:"copies_left"`
	Doubts     int        `json:"doubts" doc:"Attempts that ended in doubt"`
	CreatedAt  time.Time  `json:"created_at"`
	ReadyAt    time.Time  `json:"ready_at" doc:"Since when it could have been made, or the day for which it is planned"`
	DueAt      *time.Time `json:"due_at" doc:"The next attempt; null when none is due, and while it waits or is held"`
	GiveUpAt   *time.Time `json:"give_up_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

func (t *trade) deliveries(ctx context.Context, in *deliveriesIn) (*body[pageOut[deliveryOut]], error) {
	from, to, err := t.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := t.office.Deliveries(ctx, retail.DeliveryFilter{
		Page: in.stretch(in.Sort), State: in.State, Kind: in.Kind, Shop: in.Shop, About: in.Q, From: from, To: to,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showDelivery), nil
}

// showDelivery renders a delivery.
func showDelivery(s retail.Sent) deliveryOut {
	return deliveryOut{
		ID: s.ID, Kind: string(s.Kind), Subject: s.Subject, Purchase: s.Parent, Shop: s.Shop, State: string(s.State), Reason: s.Reason,
		Held: append([]string{}, s.Held...), Cancelling: s.Cancelling, Recipient: s.To, Attempts: s.Attempt, Copies: s.Copies,
		CopiesLeft: s.CopiesLeft(), Doubts: s.Doubts, CreatedAt: s.CreatedAt.UTC(), ReadyAt: s.ReadyAt.UTC(), DueAt: utc(s.Next()),
		GiveUpAt: utc(s.GiveUpAt), FinishedAt: utc(s.FinishedAt),
	}
}

// steerIn names a delivery, and perhaps says why.
type steerIn struct {
	ID   string `path:"id" doc:"Id of the delivery"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For the audit trail"`
	}
}

// reason is what was said, if anything was.
func (in *steerIn) reason() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Reason
}

func (t *trade) retryDelivery(ctx context.Context, in *steerIn) (*body[deliveryOut], error) {
	return steered(t.office.RetryDelivery(ctx, counter.Caller(ctx), in.ID, in.reason()))
}

func (t *trade) cancelDelivery(ctx context.Context, in *steerIn) (*body[deliveryOut], error) {
	return steered(t.office.CancelDelivery(ctx, counter.Caller(ctx), in.ID, in.reason()))
}

// rescheduleIn names a delivery and another day for it.
type rescheduleIn struct {
	ID   string `path:"id" doc:"Id of the delivery"`
	Body struct {
		DeliverOn string `json:"deliver_on" format:"date" maxLength:"10" doc:"The day on which the codes are mailed, at eight in the morning of the shop; not after 9000-12-31, nor after the voucher's last day of validity"`
		Reason    string `json:"reason,omitempty" maxLength:"500" doc:"For the audit trail"`
	}
}

func (t *trade) rescheduleDelivery(ctx context.Context, in *rescheduleIn) (*body[deliveryOut], error) {
	return steered(t.office.RescheduleDelivery(ctx, counter.Caller(ctx), in.ID, in.Body.DeliverOn, in.Body.Reason))
}

// bounceIn names a delivery and says what came back.
type bounceIn struct {
	ID   string `path:"id" doc:"Id of the delivery"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"What the other server said. No address, no code"`
	}
}

func (t *trade) bounceDelivery(ctx context.Context, in *bounceIn) (*body[deliveryOut], error) {
	return steered(t.office.BounceDelivery(ctx, counter.Caller(ctx), in.ID, in.Body.Reason))
}

// steered answers with a delivery as it is now, or with what was refused.
func steered(s retail.Sent, err error) (*body[deliveryOut], error) {
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showDelivery(s)), nil
}
