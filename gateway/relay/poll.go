package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
)

const (
	maxPages    = 1000      // of one poll; more orders than that are looked at by the next
	alarmBehind = time.Hour // a poll that is so far behind is a person's business
)

// Poll asks every shop that can be asked for the orders that changed since the last poll, and applies them: webhooks get lost. The
// windows overlap, and applying a state twice changes nothing. It runs on a schedule; one shop's trouble keeps no other waiting.
func (r *Relay) Poll(ctx context.Context) error {
	polls, err := r.sales.Polls(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, p := range polls {
		if err := r.pollShop(ctx, p); err != nil {
			faults = append(faults, fmt.Errorf("poll shop %s: %w", p.Shop.ID, err))
		}
	}
	return errors.Join(faults...)
}

// pollShop polls one shop, and tells the office when that has failed for long or for good.
func (r *Relay) pollShop(ctx context.Context, p retail.Poll) error {
	alarm := retail.Alarm{Kind: retail.AlarmPoll, Shop: p.Shop.ID}
	err := r.changes(ctx, p)
	switch {
	case err == nil:
		return errors.Join(r.sales.Polled(ctx, p), r.sales.Calm(ctx, alarm))
	case errors.Is(err, webshop.ErrUnauthorized):
		alarm.Reason = "the shop refuses the API key"
	case errors.Is(err, webshop.ErrRefused):
		alarm.Reason = "the shop's API is not where its URL says"
	case p.Until.Sub(p.Since) > alarmBehind:
		alarm.Reason = "the shop could not be asked since " + p.Since.UTC().Format(time.RFC3339)
	default:
		return err
	}
	return errors.Join(err, r.sales.Raise(ctx, alarm))
}

// changes applies what has changed, page by page.
func (r *Relay) changes(ctx context.Context, p retail.Poll) error {
	client, err := r.client(p.Shop)
	if err != nil {
		return err
	}
	for page := 1; page <= maxPages; page++ {
		found, err := client.ChangedSince(ctx, p.Since, page)
		if err != nil {
			return err
		}
		if err := r.applyPage(ctx, p.Shop, client, found); err != nil {
			return err
		}
		if !found.More {
			return nil
		}
	}
	return fmt.Errorf("more than %d pages of changes", maxPages)
}

// applyPage applies the orders of a page. One that can't be understood is put before the office and holds up none.
func (r *Relay) applyPage(ctx context.Context, shop retail.Shopfront, client *woocommerce.Client, page woocommerce.Page) error {
	for _, bad := range page.Unreadable {
		if err := r.sales.PutAside(ctx, shop.ID, bad.ID, bad.Err.Error()); err != nil {
			return err
		}
	}
	for _, o := range page.Orders {
		told, err := r.told(ctx, shop, o, purchase.Fetched)
		if errors.Is(err, retail.ErrUnreadable) {
			err = r.sales.PutAside(ctx, shop.ID, o.ID, err.Error())
		} else if err == nil {
			_, err = r.sales.ApplyOrder(ctx, shop.Shop, *told.Order)
		}
		if err != nil {
			return fmt.Errorf("order %s: %w", o.ID, err)
		}
	}
	return nil
}

// CheckWebhooks looks whether each shop still delivers to us, and makes one that gave up begin anew. What it did not deliver
// meanwhile is found by Poll. It runs on a schedule.
func (r *Relay) CheckWebhooks(ctx context.Context) error {
	polls, err := r.sales.Polls(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, p := range polls {
		if err := r.checkShop(ctx, p.Shop); err != nil {
			faults = append(faults, fmt.Errorf("check the webhooks of shop %s: %w", p.Shop.ID, err))
		}
	}
	return errors.Join(faults...)
}

// checkShop looks at the webhooks that lead here. One that a person paused is left alone.
func (r *Relay) checkShop(ctx context.Context, shop retail.Shopfront) error {
	client, err := r.client(shop)
	if err != nil {
		return err
	}
	hooks, err := client.Webhooks(ctx)
	if err != nil {
		return err
	}
	alarm := retail.Alarm{Kind: retail.AlarmWebhook, Shop: shop.ID, Reason: "the shop had switched the webhook off; it was switched on again"}
	disabled := false
	for _, hook := range hooks {
		if !hook.Disabled() || !strings.HasSuffix(hook.URL, strings.Replace(Path, ":shop", shop.ID, 1)) {
			continue
		}
		disabled = true
		if err := client.Reactivate(ctx, hook.ID); err != nil {
			alarm.Reason = "the shop has switched the webhook off, and it can't be switched on again from here"
			r.log.WarnContext(ctx, "webhook could not be switched on", "shop", shop.ID, "webhook", hook.ID, "err", err)
		}
	}
	if disabled {
		return r.sales.Raise(ctx, alarm)
	}
	return r.sales.Calm(ctx, alarm)
}
