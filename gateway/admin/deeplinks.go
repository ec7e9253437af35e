package admin

import (
	"net/url"
	"strings"
)

// shopPages are where a platform's administration shows an order and a customer, behind the shop's address; {id} stands for the shop's own
// id. What is missing has no address that follows from the shop's.
func shopPages() map[string]struct{ order, customer string } {
	return map[string]struct{ order, customer string }{
		"woocommerce": {"/wp-admin/post.php?post={id}&action=edit", "/wp-admin/user-edit.php?user_id={id}"}, // leads on to the newer order pages by itself
		"shopify":     {"/admin/orders/{id}", "/admin/customers/{id}"},
		"shopware":    {"/admin#/sw/order/detail/{id}", "/admin#/sw/customer/detail/{id}"},
		"saleor":      {"/dashboard/orders/{id}", "/dashboard/customers/{id}"},
	}
}

// orderURL is where the shop shows an order to its people (A13); "" where nobody can tell.
func orderURL(platform, shop, order string) string {
	return pageOf(shopPages()[platform].order, shop, order)
}

// customerURL is where the shop shows a customer to its people (A14); "" where nobody can tell.
func customerURL(platform, shop, customer string) string {
	return pageOf(shopPages()[platform].customer, shop, customer)
}

func pageOf(pattern, shop, id string) string {
	if pattern == "" || shop == "" || id == "" {
		return ""
	}
	return strings.TrimSuffix(shop, "/") + strings.ReplaceAll(pattern, "{id}", url.QueryEscape(id))
}
