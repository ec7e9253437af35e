package retail_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/purchase"
)

func TestAWebhookIsStoredAndRelayed(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.front.read = func(body string) (retail.Told, error) {
		switch body {
		case "paid":
			o := order(0)
			return retail.Told{Order: &o}, nil
		case "ping":
			return retail.Told{Ignored: "a ping"}, nil
		}
		return retail.Told{}, retail.ErrUnreadable
	}
	c.works()
	for i, body := range []string{"paid", "ping", "junk", "paid"} {
		receipt, err := c.sales.Receive(t.Context(), c.shop, retail.Body{Bytes: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Duplicate != (i == 3) {
			t.Errorf("body %d: duplicate is %v", i, receipt.Duplicate)
		}
	}
	c.until("all is relayed", func() bool {
		return slices.Equal(c.deliveries(retail.KindRelay), []string{"done", "done", "done", "done"})
	})
	if got, want := c.standing(), "active 50000"; got != want {
		t.Errorf("E06 got %q, want %q", got, want)
	}
	if got, want := c.tasks(), []string{"set_aside it can't be understood"}; !slices.Equal(got, want) {
		t.Errorf("tasks: got %q, want %q", got, want)
	}
	var bodies, plain int
	err := c.pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE position('paid'::bytea IN body) > 0) FROM inbox`).Scan(&bodies, &plain)
	if err != nil || bodies != 3 || plain != 0 {
		t.Errorf("got %d bodies, %d of them readable, %v; want 3 sealed ones", bodies, plain, err)
	}
}

func TestTheShopIsAskedWhichOfTwoStatesIsTrue(t *testing.T) {
	t.Parallel()
	c := open(t, func(n *retail.NewShop) { n.Confirmation = orders.TheShop })
	c.tells(order(0, status(purchase.Cancelled)))
	c.front.now["15"] = order(0)
	c.front.read = func(string) (retail.Told, error) {
		o := order(0)
		return retail.Told{Order: &o}, nil
	}
	c.works()
	if _, err := c.sales.Receive(t.Context(), c.shop, retail.Body{Bytes: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	c.until("the voucher is there", func() bool { return c.standing() == "active 50000" })
	if c.front.asked != 1 {
		t.Errorf("asked %d times, want 1", c.front.asked)
	}
}

func TestARotatedSecretAndTheOneBeforeAreGood(t *testing.T) {
	t.Parallel()
	c := open(t)
	const second, third = "second-9vQ2xW7mK4pL8nB3cZ", "third-9vQ2xW7mK4pL8nB3cZ"
	for _, secret := range []string{second, third} {
		if err := c.sales.RotateSecret(t.Context(), "demo", secret); err != nil {
			t.Fatal(err)
		}
	}
	front, err := c.sales.Shopfront(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{third, second}, front.WebhookSecrets); diff != "" {
		t.Errorf("K1 secrets (-want +got):\n%s", diff)
	}
}

func TestAShopIsRegisteredOnlyWhole(t *testing.T) {
	t.Parallel()
	c := open(t)
	good := retail.NewShop{ID: "other", Platform: "standard", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw"}
	tests := []struct {
		name   string
		change func(*retail.NewShop)
	}{
		{"an id that no address can hold", func(n *retail.NewShop) { n.ID = "a/b" }},
		{"an unknown platform", func(n *retail.NewShop) { n.Platform = "oscommerce" }},
		{"no secret", func(n *retail.NewShop) { n.Secret = "" }},
		{"half an API key", func(n *retail.NewShop) { n.APIKey = "x" }},
		{"codes by a shop that can't be told any", func(n *retail.NewShop) { n.CodesBy = orders.TheShop }},
		{"a sender that is no address", func(n *retail.NewShop) { n.From = "me" }},
		{"D07 customer mode with duplicate log-ins", func(n *retail.NewShop) { n.DuplicateLogins, n.Holder = true, "customer" }},
	}
	for _, test := range tests {
		n := good
		test.change(&n)
		if _, err := c.sales.AddShop(t.Context(), n); !errors.Is(err, retail.ErrInvalid) {
			t.Errorf("%s: got %v, want %v", test.name, err, retail.ErrInvalid)
		}
	}
	if _, err := c.sales.AddShop(t.Context(), good); err != nil {
		t.Error(err)
	}
	if _, err := c.sales.AddShop(t.Context(), good); !errors.Is(err, retail.ErrExists) {
		t.Errorf("again: got %v, want %v", err, retail.ErrExists)
	}
}
