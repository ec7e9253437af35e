package retail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/voucher"
)

// The audit trail's names for what the office does about deliveries that were planned, or came back.
const (
	didRescheduleDelivery = "reschedule_delivery"
	didBounceDelivery     = "bounce_delivery"
)

// invalid is ErrInvalid about one field.
func invalid(fault string) error { return fmt.Errorf("%w: %w", ErrInvalid, errors.New(fault)) }

// RescheduleDelivery moves the delivery of codes to another day, in the morning of the shop (X05); a day in the past is now. One that
// waits for a day has it then. Errors: ErrNoDelivery; ErrInvalid for a day that is none or on which a voucher of it has expired, or a
// delivery of something else; ErrUnderWay while it is sent; ErrSettled.
func (o *BackOffice) RescheduleDelivery(ctx context.Context, by Actor, id, day, reason string) (Sent, error) {
	const doing = "reschedule a delivery"
	d, err := o.delivery(ctx, id)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	due, err := o.morningOf(ctx, d, day)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	parts, err := o.sales.outbox.Parts(ctx, id)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	vouchers := []string{d.Subject}
	if d.Kind == KindCodes {
		vouchers = nil
	}
	for _, part := range parts {
		vouchers = append(vouchers, part.Subject)
	}
	if err := o.validWhen(ctx, d, due, vouchers); err != nil {
		return Sent{}, settled(doing, err)
	}
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		if _, err := o.lockOrder(ctx, tx, d); err != nil {
			return err
		}
		if err := outboxRefusal(o.sales.outbox.Reschedule(ctx, tx, id, due, forADay()...)); err != nil {
			return err
		}
		if err := orders.SetDeliverOn(ctx, tx, day, vouchers...); err != nil {
			return err
		}
		detail := about(d, reason)
		detail["deliver_on"] = day
		return o.desk.audit(ctx, tx, by, didRescheduleDelivery, id, detail)
	})
	return o.afterwards(ctx, doing, id, err)
}

// morningOf is when codes are mailed on a day, in the zone of the delivery's shop.
func (o *BackOffice) morningOf(ctx context.Context, d outbox.Delivery, day string) (time.Time, error) {
	if !slices.Contains([]outbox.Kind{KindCode, KindCodes, KindHandover}, d.Kind) {
		return time.Time{}, invalid("deliver_on: only codes have a day on which they are delivered")
	}
	shop, err := o.sales.seller(ctx, d.Shop)
	if err != nil {
		return time.Time{}, err
	}
	zone, err := o.sales.zone(shop)
	if err != nil {
		return time.Time{}, err
	}
	due, err := dueOn(day, zone)
	if err != nil || due.IsZero() {
		return time.Time{}, invalid("deliver_on: a day such as 2026-12-24, not after " + voucher.LastDay)
	}
	return due, nil
}

// BounceDelivery notes that a message came back after a server had taken it (X06): the delivery counts as bounced from then on, with
// its task. Again, it changes nothing. Errors: ErrNoDelivery; ErrUnderWay for one that has not been sent; ErrSettled for one that was
// cancelled or given up.
func (o *BackOffice) BounceDelivery(ctx context.Context, by Actor, id, reason string) (Sent, error) {
	const doing = "note that a delivery came back"
	d, err := o.delivery(ctx, id)
	if err != nil {
		return Sent{}, settled(doing, err)
	}
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		changed, err := o.sales.outbox.Bounce(ctx, tx, id, reason)
		if err != nil || !changed {
			return outboxRefusal(err)
		}
		return o.desk.audit(ctx, tx, by, didBounceDelivery, id, about(d, reason))
	})
	return o.afterwards(ctx, doing, id, err)
}
