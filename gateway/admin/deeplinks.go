package admin

import (
	"strconv"
	"strings"
)

// orderURL is where the shop at an address shows an order to its people (A13); "" where its platform has no such page.
func orderURL(platform, shop, order string) string {
	return officePage(platform, shop, "post.php?action=edit&post=", order) // leads on to the newer order pages by itself
}

// customerURL is where the shop at an address shows a customer to its people (A14); "" where its platform has no such page.
func customerURL(platform, shop, customer string) string {
	return officePage(platform, shop, "user-edit.php?user_id=", customer)
}

// officePage is a page of a shop's own office about what has an id. Only WooCommerce has addresses that follow from the shop's, and its ids
// are numbers: whatever else was told as one leads nowhere. A guest is customer 0.
func officePage(platform, shop, page, id string) string {
	if number, err := strconv.ParseUint(id, 10, 64); platform != "woocommerce" || shop == "" || err != nil || number == 0 {
		return ""
	}
	return strings.TrimRight(shop, "/") + "/wp-admin/" + page + id
}
