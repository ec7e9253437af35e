package woocommerce_test

import (
	"errors"
	"testing"

	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// card is a product as it is to be in the shop.
func card() woocommerce.Product {
	return woocommerce.Product{
		SKU: "CARD-500", Name: "Gavekort & ro", Price: "500.00", Status: woocommerce.StatusPublish, Virtual: true, TaxStatus: woocommerce.TaxNone,
		Category: "Gaver & mere",
	}
}

// E03: there is one product however often it is put there, and it is as it was put last.
func TestAProductIsPutThereOnce(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	c := client(t, shop.URL, shop.Client)
	want := card()
	id, err := c.PutProduct(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	want.Price, want.Category = "450.00", "Andet"
	again, err := c.PutProduct(t.Context(), want)
	if err != nil || again != id || len(shop.Products()) != 1 {
		t.Errorf("%s, then %s, %v: %+v", id, again, err, shop.Products())
	}
	want.ID = id
	if got, err := c.ProductBySKU(t.Context(), "CARD-500"); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if err := c.SetStatus(t.Context(), id, woocommerce.StatusDraft); err != nil || shop.Products()[0].Status != "draft" || shop.Products()[0].Name != want.Name {
		t.Errorf("%v: %+v", err, shop.Products())
	}
	if currency, err := c.Currency(t.Context()); err != nil || currency != "DKK" {
		t.Errorf("%q, %v", currency, err)
	}
}

func TestAProductOfTheMerchantIsTakenOver(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	shop.Sells(woocommercetest.Product{SKU: "CARD-500", Type: "simple", Status: "trash"})
	mine := shop.Sells(woocommercetest.Product{SKU: "CARD-500", Type: "simple", Status: "private", TaxStatus: "taxable"})
	if _, err := client(t, shop.URL, shop.Client).PutProduct(t.Context(), card()); err != nil {
		t.Fatal(err)
	}
	got := shop.Products()
	if len(got) != 2 || got[0].Status != "trash" || got[1].ID != mine || got[1].Status != "publish" || got[1].TaxStatus != "none" {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNoSimpleProductIsLeftAlone(t *testing.T) {
	t.Parallel()
	shop := woocommercetest.New(t)
	shop.Sells(woocommercetest.Product{SKU: "CARD-500", Type: "variation", Status: "publish"})
	if _, err := client(t, shop.URL, shop.Client).PutProduct(t.Context(), card()); !errors.Is(err, webshop.ErrRefused) || shop.Products()[0].Writes != 0 {
		t.Errorf("%v: %+v", err, shop.Products())
	}
	if _, err := client(t, shop.URL, shop.Client).ProductBySKU(t.Context(), "A,B"); !errors.Is(err, webshop.ErrRefused) {
		t.Errorf("a comma: %v", err)
	}
	if _, err := client(t, shop.URL, shop.Client).ProductBySKU(t.Context(), "OTHER"); !errors.Is(err, webshop.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
	if err := client(t, shop.URL, shop.Client).SetStatus(t.Context(), "../orders/1", woocommerce.StatusDraft); !errors.Is(err, webshop.ErrNotFound) {
		t.Errorf("what is no id: %v", err)
	}
}
