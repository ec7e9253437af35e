package admin

import "testing"

// A13, A14: links lead to the shop's own office, or are absent.
func TestLinksLeadOnlyWhereAPageIs(t *testing.T) {
	t.Parallel()
	const shop = "https://shop.example/"
	for name, c := range map[string]struct{ got, want string }{
		"an order":                      {orderURL("woocommerce", shop, "15"), "https://shop.example/wp-admin/post.php?action=edit&post=15"},
		"a customer":                    {customerURL("woocommerce", "https://shop.example", "7"), "https://shop.example/wp-admin/user-edit.php?user_id=7"},
		"a guest":                       {customerURL("woocommerce", shop, "0"), ""},
		"nobody":                        {customerURL("woocommerce", shop, ""), ""},
		"an id that is more than an id": {orderURL("woocommerce", shop, "15&action=trash"), ""},
		"another platform":              {orderURL("standard", shop, "15"), ""},
		"a shop without an address":     {orderURL("woocommerce", "", "15"), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
}
