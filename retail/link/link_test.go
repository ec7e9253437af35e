package link_test

import (
	"errors"
	"testing"

	"vouchsafe/retail/link"
)

// B22, B23: category and facility both.
func TestAProductMustFitAllThatIsChosen(t *testing.T) {
	t.Parallel()
	spa := link.Offer{SKU: "SPA-10", Category: "Spa", Facilities: []string{"Odense", "Aarhus C"}}
	for _, tt := range []struct {
		name   string
		choice link.Choice
		want   bool
	}{
		{"nothing is chosen", link.Choice{}, true},
		{"its category", link.Choice{Category: "spa "}, true},
		{"its category and one of its facilities", link.Choice{Category: "Spa", Facility: "aarhus c"}, true},
		{"its category, another facility", link.Choice{Category: "Spa", Facility: "Vejle"}, false},
		{"its facility, another category", link.Choice{Category: "Gym", Facility: "Odense"}, false},
		{"itself, all of it", link.Choice{Product: "SPA-10", Category: "Spa", Facility: "Odense"}, true},
		{"itself, another facility", link.Choice{Product: "SPA-10", Facility: "Vejle"}, false},
		{"a SKU that is written otherwise", link.Choice{Product: "spa-10"}, false},
		{"a part of a facility's name", link.Choice{Facility: "Aarhus"}, false},
	} {
		if got := tt.choice.Admits(spa); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if (link.Choice{Facility: "Odense"}).Admits(link.Offer{SKU: "ANY"}) {
		t.Error("what is linked to no facility is offered at one")
	}
}

// B21: the default facility preselects and locks.
func TestADefaultFacilityPreselectsAndLocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked, locked, want string
		err                 error
	}{
		{"", "", "", nil},
		{"Odense", "", "Odense", nil},
		{"", "Odense", "Odense", nil},
		{"odense", "Odense", "Odense", nil},
		{"Vejle", "Odense", "", link.ErrLocked},
	} {
		got, err := link.Choice{Facility: tt.asked}.Within(tt.locked)
		if got.Facility != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%q within %q: got %q, %v", tt.asked, tt.locked, got.Facility, err)
		}
	}
}

// B18, B19: the platform's own form; a form of the shop's own goes first.
func TestALinkIntoTheCart(t *testing.T) {
	t.Parallel()
	woo := link.Shop{Platform: "woocommerce", URL: "https://shop.example/"}
	for _, tt := range []struct {
		name    string
		shop    link.Shop
		sku, id string
		want    string
		needsID bool
	}{
		{"WooCommerce", woo, "CARD", "42", "https://shop.example/?add-to-cart=42&quantity=1", true},
		{"WooCommerce, whose id is not known", woo, "CARD", "", "", true},
		{"a shop without a form", link.Shop{Platform: "standard", URL: "https://shop.example"}, "CARD", "42", "", false},
		{"a shop without an address", link.Shop{Platform: "woocommerce"}, "CARD", "42", "", false},
		{"by SKU", link.Shop{Form: "https://s.example/add?p={sku}"}, "A&B /1", "", "https://s.example/add?p=A%26B+%2F1", false},
		{"a form of its own", link.Shop{Platform: "woocommerce", URL: "https://shop.example", Form: "https://s.example/v/{id}"}, "CARD", "7", "https://s.example/v/7", true},
		{"Shopify", link.Shop{Platform: "shopify", URL: "https://s.example"}, "CARD", "9", "https://s.example/cart/9:1", true},
	} {
		got, known := tt.shop.Cart(tt.sku, tt.id)
		if got != tt.want || known != (tt.want != "") || tt.shop.NeedsID() != tt.needsID {
			t.Errorf("%s: got %q, %v, needs an id: %v", tt.name, got, known, tt.shop.NeedsID())
		}
	}
	page := link.Choice{Category: "Spa & Bad", Facility: "Odense"}.Page("https://vouchers.example/")
	if want := "https://vouchers.example/buy?category=Spa+%26+Bad&facility=Odense"; page != want {
		t.Errorf("the page is %q, want %q", page, want)
	}
}

func TestTheFormOfALink(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]bool{
		"https://shop.example/add?sku={sku}": true, "http://shop.example/{id}": true,
		"": false, "shop.example/{sku}": false, "https://{sku}/x": false, "https://shop.example/": false, "https://{id}.example/{sku}": false,
		"javascript:alert({sku})": false, "https://u:p@shop.example/{sku}": false, "https://shop.example{sku}": false,
	} {
		if err := link.CheckForm(form); (err == nil) != want {
			t.Errorf("%q: %v", form, err)
		}
	}
}
