package woocommerce

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"vouchsafe/webshop"
)

// Parse reads the body of a verified webhook. A body of any other kind than an order's is Ignored with its reason, or,
// if nobody can tell what it is, an error that wraps webshop.ErrUnreadable.
func Parse(header http.Header, body []byte, fields webshop.Fields) (webshop.Delivery, error) {
	if IsPing(header, body) {
		return ignored("a ping: the webhook was saved in the shop"), nil
	}
	o, err := webshop.ReadObject(body)
	if err != nil {
		return webshop.Delivery{}, err
	}
	switch {
	case o.Has("line_items"):
		return readOrder(o, fields, header.Get(sourceHeader))
	case o.Has("action"):
		return readAction(o)
	case o.Has("id") && o.Len() == 1:
		return readThin(o, header.Get(topicHeader))
	default:
		return readOther(o, header.Get(resourceHeader))
	}
}

// readAction reads {"action": "woocommerce_payment_complete", "arg": 15}: the name of a hook and its first argument,
// which is an order's id when the hook is about orders.
func readAction(o webshop.Object) (webshop.Delivery, error) {
	action := o.Text("action")
	if err := o.Err(); err != nil {
		return webshop.Delivery{}, err
	}
	if action != "woocommerce_payment_complete" && !strings.Contains(action, "order") {
		return ignored("the action " + strconv.Quote(action) + " is not about an order"), nil
	}
	id := serial(o, "arg")
	return webshop.Delivery{FetchID: id}, o.Err()
}

// readThin reads {"id": 26}, which WooCommerce sends when an order went to the bin or out of it for good. That is
// housekeeping, not a cancellation: a paid voucher stays what it is. Under any other topic the order is fetched.
func readThin(o webshop.Object, topic string) (webshop.Delivery, error) {
	id := serial(o, "id")
	if err := o.Err(); err != nil {
		return webshop.Delivery{}, err
	}
	resource, event, _ := strings.Cut(topic, ".")
	switch {
	case resource != "order" && resource != "action" && resource != "":
		return ignored("it tells of a " + resource + ", not of an order"), nil
	case event == "deleted":
		return ignored("order " + id + " was deleted in the shop"), nil
	}
	return webshop.Delivery{FetchID: id}, nil
}

// readOther explains a body that is no order.
func readOther(o webshop.Object, resource string) (webshop.Delivery, error) {
	switch {
	case resource == "product" || resource == "coupon" || resource == "customer":
		return ignored("it tells of a " + resource + ", not of an order"), nil
	case o.Has("code") && o.Has("message"):
		return readFailure(o)
	case o.Has("order"):
		return webshop.Delivery{}, fmt.Errorf("%w: it has the form of the legacy API v3; "+
			"set the webhook's API version to WP REST API Integration v3", webshop.ErrUnreadable)
	}
	return webshop.Delivery{}, fmt.Errorf("%w: it is not an order of the REST API v3", webshop.ErrUnreadable)
}

// readFailure reads the error that WooCommerce sends in place of an order which is gone by the time of the delivery, or
// which the owner of the webhook may not see.
func readFailure(o webshop.Object) (webshop.Delivery, error) {
	code := o.Loose("code")
	if strings.HasSuffix(code, "_invalid_id") {
		return ignored("the order was deleted before the shop could tell of it"), nil
	}
	return webshop.Delivery{}, fmt.Errorf("%w: the shop sent its own error %q in place of the order; "+
		"check that the webhook's owner may read orders", webshop.ErrUnreadable, code)
}

func ignored(reason string) webshop.Delivery {
	return webshop.Delivery{Ignored: reason}
}

// serial reads a WordPress id: a whole number from 1 to 2^63-1, as number or text, without leading zeros.
func serial(o webshop.Object, name string) string {
	text := o.ID(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		o.Fail(name, "it is no id of WordPress")
	}
	return strconv.FormatInt(n, 10)
}
