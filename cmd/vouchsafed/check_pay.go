package main

import (
	"context"
	"slices"
	"strings"

	"vouchsafe/gateway/relay"
	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

// payment looks whether a shop offers a means of payment that lets vouchers issue (B07): without one, all that it sells waits for the
// office.
func (i *inspection) payment(ctx context.Context, asks *relay.Relay, subject string, front retail.Shopfront) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	offered, err := asks.Tenders(ctx, front)
	if err != nil {
		i.warn(subject, "which means of payment it offers can't be asked: %v; a voucher issues only when its order is paid online", err)
		return
	}
	if online := slices.DeleteFunc(slices.Clone(offered), func(tender string) bool { return !payable(front.Shop, tender) }); len(online) > 0 {
		i.ok(subject, "vouchers can be paid online there, by %s", strings.Join(online, ", "))
		return
	}
	switch {
	case len(front.OnlineTenders) > 0:
		i.fail(subject, "no online means of payment is configured for selling vouchers: it offers %s, and registered as online are %s; "+
			"switch one of them on in the shop, or register the one that it has", orNone(offered), strings.Join(front.OnlineTenders, ", "))
	default:
		i.fail(subject, "no online means of payment is configured for selling vouchers: it offers %s; switch card payment or the like on in the shop", orNone(offered))
	}
}

// payable tells whether an order that was paid so is paid online.
func payable(shop orders.Shop, tender string) bool {
	return purchase.Shop{OnlineTenders: shop.OnlineTenders}.PaidOnline(tender)
}

// unaskedPayment tells what is known of a shop that can't be asked.
func (i *inspection) unaskedPayment(subject string, shop orders.Shop) {
	if len(shop.OnlineTenders) > 0 {
		i.ok(subject, "vouchers can be paid online there, by %s", strings.Join(shop.OnlineTenders, ", "))
		return
	}
	i.warn(subject, "nobody has said which of its means of payment are online: any that is named counts, but for the known offline ones; name them with --online-tenders")
}

// orNone lists names for people.
func orNone(names []string) string {
	if len(names) == 0 {
		return "none at all"
	}
	return strings.Join(names, ", ")
}
