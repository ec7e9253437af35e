// Package woocommercetest is a WooCommerce shop for tests: orders that are placed, paid, edited and refunded, the webhooks
// that tell of them, and the part of the REST API v3 that package woocommerce asks.
//
// It behaves as WooCommerce 9.4 was seen to. A body shows the order at the time of its delivery. Deliveries of one order
// that wait for one webhook are one delivery. A new order comes as order.updated and order.created with the same bytes, in
// this order, and two orders of one second share a delivery id. The first thing that a webhook sends is an unsigned form,
// which only 200 answers. Nothing is ever sent twice, and the seventh failure in a row disables the webhook. A partial
// refund leaves the status and names no lines; an order in the bin is told of as {"id": 26}.
//
// Nothing happens by itself: [Shop.Deliver] stands for WP-Cron.
//
//	shop := woocommercetest.New(t)
//	order := shop.Order(woocommercetest.Line{SKU: "GIFT-500", Quantity: 3, Total: "1500.00"})
//	order.Pay()
//	shop.Deliver(ctx, gateway.URL+"/v1/shops/demo/webhooks")
package woocommercetest
