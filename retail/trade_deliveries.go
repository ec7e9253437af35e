package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// DeliveryFilter narrows a list of deliveries; what is left empty doesn't narrow.
type DeliveryFilter struct {
	Page
	State, Kind, Shop string
	About             string    // the id of a voucher, of a purchase, or of the delivery itself
	From, To          time.Time // made at or after, and before
}

// Sent is a delivery as the office sees it: with its recipient masked.
type Sent struct {
	outbox.Delivery
	To string // "" once erased, and for what has none
}

// CopiesLeft is how many copies of the message may still leave.
func (s Sent) CopiesLeft() int { return max(0, copiesMost-s.Copies) }

// copiesMost is how many copies of a message may leave; the outbox and its table hold to it.
const copiesMost = 3

// Deliveries lists deliveries, the newest first. Errors: ErrCursor, ErrIsCode.
func (o *BackOffice) Deliveries(ctx context.Context, f DeliveryFilter) (page []Sent, next string, err error) {
	page, next, err = o.sent(ctx, f)
	return page, next, settled("list deliveries", err)
}

func (o *BackOffice) sent(ctx context.Context, f DeliveryFilter) (page []Sent, next string, err error) {
	wanted := outbox.Filter{Shop: f.Shop, From: f.From, To: f.To, Sort: f.Sort, Cursor: f.Cursor, Limit: f.Limit, About: f.About}
	if err := o.noCode(ctx, f.About); err != nil {
		return nil, "", err
	}
	if f.State != "" {
		wanted.States = []outbox.State{outbox.State(f.State)}
	}
	if f.Kind != "" {
		wanted.Kinds = []outbox.Kind{outbox.Kind(f.Kind)}
	}
	found, next, err := o.sales.outbox.Deliveries(ctx, wanted)
	if err != nil {
		return nil, "", err
	}
	page = make([]Sent, len(found))
	for i, d := range found {
		if page[i], err = o.shown(d); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// shown opens the recipient of a delivery, and masks it.
func (o *BackOffice) shown(d outbox.Delivery) (Sent, error) {
	if d.Recipient == nil {
		return Sent{Delivery: d}, nil
	}
	to, err := o.sales.ring.Open(purposeRecipient, d.Recipient, []byte(d.ID))
	if err != nil {
		return Sent{}, fmt.Errorf("read the recipient of delivery %s: %w", d.ID, err)
	}
	return Sent{Delivery: d, To: masked(string(to))}, nil
}

// masked leaves of an address what tells two of them apart, and too little to write to: "m•••@example.dk".
func masked(address string) string {
	local, domain, found := strings.Cut(address, "@")
	if !found || local == "" {
		return ""
	}
	_, size := utf8.DecodeRuneInString(local)
	return local[:size] + "•••@" + domain
}

// delivery reads one. Error: ErrNoDelivery.
func (o *BackOffice) delivery(ctx context.Context, id string) (outbox.Delivery, error) {
	d, err := o.sales.outbox.Delivery(ctx, id)
	if errors.Is(err, outbox.ErrNotFound) {
		return outbox.Delivery{}, ErrNoDelivery
	}
	return d, err
}

// afterwards is a delivery as it is after the office did something with it.
func (o *BackOffice) afterwards(ctx context.Context, doing, id string, err error) (Sent, error) {
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	d, err := o.delivery(ctx, id)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	return o.shown(d)
}

// RetryDelivery makes a delivery due at once that waits, is in doubt, bounced or was given up, as long as a copy is left (X06). A
// code is sent again only where it still belongs: not for a voucher that has ended, nor where a later delivery took its place; and
// it is held like all others while its order is cancelled, and keeps its day. Errors: ErrNoDelivery, ErrUnderWay, ErrSettled, ErrCopies, ErrReplaced,
// voucher.ErrInvalidated, voucher.ErrExpired for a voucher that expired after the delivery was made.
func (o *BackOffice) RetryDelivery(ctx context.Context, by Actor, id, reason string) (Sent, error) {
	const doing = "retry a delivery"
	d, err := o.delivery(ctx, id)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	if err := o.mailable(ctx, d); err != nil {
		return Sent{}, settled(doing, err)
	}
	var applied *ledger.Applied
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) (err error) {
		applied, err = o.retry(ctx, tx, d)
		if err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, didRetryDelivery, id, about(d, reason))
	})
	if err == nil && applied != nil {
		o.sales.ledger.Told(ctx, applied)
	}
	return o.afterwards(ctx, doing, id, err)
}

// retry makes a delivery due, with the order, the voucher and the delivery locked in this order.
func (o *BackOffice) retry(ctx context.Context, tx outbox.Tx, d outbox.Delivery) (*ledger.Applied, error) {
	if d.Kind == KindCodes {
		return nil, o.retryCodes(ctx, tx, d)
	}
	if d.Kind != KindCode && d.Kind != KindHandover {
		return nil, outboxRefusal(o.sales.outbox.Retry(ctx, tx, d.ID))
	}
	blocked, err := o.lockOrder(ctx, tx, d)
	if err != nil {
		return nil, err
	}
	applied, err := o.sales.ledger.ApplyTx(ctx, tx, ledger.Aimed{Voucher: d.Subject, Act: voucher.Expire{}})
	if err != nil {
		return nil, err
	}
	if err := applied.Refusals[0]; err != nil {
		return nil, err
	}
	if applied.Answers[0].Voucher.State == voucher.Invalidated {
		return nil, voucher.ErrInvalidated
	}
	replaced, err := outbox.Replaced(ctx, tx, d.ID, KindCode, KindHandover)
	if err != nil {
		return nil, err
	}
	if replaced {
		return nil, ErrReplaced
	}
	if err := outboxRefusal(o.sales.outbox.Retry(ctx, tx, d.ID)); err != nil || !blocked {
		return applied, err
	}
	_, err = o.sales.outbox.Hold(ctx, tx, outbox.Where{ID: d.ID}, heldByOrder)
	return applied, err
}

// lockOrder locks the order that a delivery belongs to, if any, and tells whether it was cancelled.
func (o *BackOffice) lockOrder(ctx context.Context, tx outbox.Tx, d outbox.Delivery) (cancelled bool, err error) {
	if !isID(d.Parent) {
		return false, nil
	}
	sold, err := orders.LockByID(ctx, tx, d.Parent)
	if err != nil {
		return false, err
	}
	return sold.Decided.Blocked, nil
}

// CancelDelivery ends a delivery that is not finished. One that is under way is marked, and ends cancelled unless its copy has left
// already. Errors: ErrNoDelivery, ErrSettled.
func (o *BackOffice) CancelDelivery(ctx context.Context, by Actor, id, reason string) (Sent, error) {
	const doing = "cancel a delivery"
	d, err := o.delivery(ctx, id)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		ending, err := o.sales.outbox.Cancel(ctx, tx, outbox.Where{ID: id}, cmp.Or(reason, "the office cancelled it"))
		if err != nil {
			return err
		}
		if ending == (outbox.Ending{}) {
			return ErrSettled
		}
		return o.desk.audit(ctx, tx, by, didCancelDelivery, id, about(d, reason))
	})
	return o.afterwards(ctx, doing, id, err)
}

// about is what the audit trail says of a delivery.
func about(d outbox.Delivery, reason string) map[string]any {
	detail := map[string]any{"kind": d.Kind, "subject": d.Subject, "was": d.State}
	if reason != "" {
		detail["reason"] = reason
	}
	return detail
}

// outboxRefusal puts the outbox's refusals into this package's words.
func outboxRefusal(err error) error {
	switch {
	case errors.Is(err, outbox.ErrNotFound):
		return ErrNoDelivery
	case errors.Is(err, outbox.ErrFinished):
		return ErrSettled
	}
	return err
}
