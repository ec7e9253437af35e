// Package woocommerce speaks with WooCommerce: it verifies and reads the webhooks of its REST API v3 and asks that API.
//
// A body shows the order as it was when it was sent, not as it was when something happened to it: deliveries of one
// order are merged, come twice, and overtake each other. So [Parse] derives everything from the state in the body and
// takes nothing from the topic, which isn't signed, but why a thin body came. The delivery id means nothing: two
// orders share one in the same second.
//
// The shop never repeats a delivery, and it switches the webhook off at the seventh failure in a row. [Client] is
// therefore half of the protocol: [Client.ChangedSince] finds what was missed, [Client.Webhooks] tells whether the
// webhook still lives, and [Client.Reactivate] revives it.
//
// # What counts as paid
//
// An order is paid when it has a payment date and its status is processing or completed. Neither is enough alone: an
// order with cash on delivery is processing without a date, and a date stays on an order that was put on hold or
// cancelled later. A status that a plug-in invented is not known to mean anything, not even that the money is still
// there; such an order counts as placed, with its payment date and a doubt for a person to read.
//
// Package woocommercetest is a shop for tests.
package woocommerce
