package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/mail/mailbox"
	"vouchsafe/retail/mail/mailtest"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

// merchant is an installation with a shop, a product, keys, a webshop and a mail server.
type merchant struct {
	*installation
	woo        *woocommercetest.Shop
	sink       *mailtest.Sink
	shop, till string // API keys
}

// opens sets a merchant up through the commands, as the README tells it.
func opens(t testing.TB, settings ...string) *merchant {
	t.Helper()
	m := &merchant{woo: woocommercetest.New(t, woocommercetest.WithClock(time.Now)), sink: mailtest.Start(t)}
	m.installation = install(t, append([]string{"VOUCHSAFE_SMTP_URL=" + m.sink.URL()}, settings...)...)
	m.does("migrate")
	m.does("shop", "add", "--id", "demo", "--platform", "woocommerce", "--secret", woocommercetest.WebhookSecret, "--lang", "da",
		"--url", m.woo.URL, "--api-key", woocommercetest.ConsumerKey, "--api-secret", woocommercetest.ConsumerSecret,
		"--fields", "recipient_email=Til e-mail,recipient_name=Til,message=_gift_message")
	m.does("product", "add", "--sku", "GAVEKORT-500", "--name", "Gavekort 500 kr.", "--amount", "500.00", "--currency", "DKK")
	m.shop = m.does("key", "add", "--scope", "shop", "--shop", "demo")
	m.till = m.does("key", "add", "--scope", "till", "--register", "kasse-1")
	return m
}

// buys places and pays an order of so many vouchers.
func (m *merchant) buys(quantity int) *woocommercetest.Order {
	order := m.woo.Order(woocommercetest.Line{
		SKU: "GAVEKORT-500", Name: "Gavekort 500 kr.", Quantity: quantity, Total: fmt.Sprintf("%d.00", 500*quantity),
	})
	order.Pay()
	return order
}

// delivers sends what the shop has to tell, and checks that all of it is accepted.
func (m *merchant) delivers(d *running) {
	m.t.Helper()
	for _, sent := range m.woo.Deliver(m.t.Context(), d.url+"/v1/shops/demo/webhooks") {
		if sent.Status != 200 {
			m.t.Fatalf("webhook %q: %d %s\n%s", sent.Topic, sent.Status, sent.Answer, d.log)
		}
	}
}

// mails waits for so many mails and returns them in the order of their arrival.
func (m *merchant) mails(n int) []mailbox.Message {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 60*time.Second)
	defer cancel()
	return m.sink.Wait(ctx, m.t, n)
}

// codes are the codes in mails, which have one each.
func codes(t testing.TB, mails []mailbox.Message) (found []string) {
	t.Helper()
	for _, mail := range mails {
		in, err := mail.Codes()
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, in...)
	}
	return found
}

// The story of the main job, through the binary: a signed WooCommerce order of three, three code mails
// after one confirmation without a code, a reservation online that refuses the till, a power cut, the
// same key again, the capture, the rest at the till (E04-E21).
func TestTheStory(t *testing.T) {
	t.Parallel()
	theStory(t, opens(t))
}

func theStory(t *testing.T, m *merchant) {
	t.Helper()
	d := m.serves()
	m.buys(3)
	m.delivers(d)
	mails := m.mails(4)
	if first := codes(t, mails[:1]); len(first) != 0 {
		t.Errorf("the first mail holds %d codes, want an order confirmation without any (E08)", len(first))
	}
	sold := codes(t, mails[1:])
	slices.Sort(sold)
	if sold = slices.Compact(sold); len(sold) != 3 {
		t.Fatalf("%d codes were mailed, want 3 (A07)", len(sold))
	}
	code := sold[0]

	reserve := fmt.Sprintf(`{"code": %q, "holder": "cart-1", "due": {"amount": 30000, "currency": "DKK"}}`, strings.ToLower(code))
	reserved := d.wants(201, m.shop, "PUT", "/v1/reservations/woo:1", reserve)
	if reserved.at("amount.amount") != 30000.0 || reserved.at("payment_required") != false {
		t.Errorf("reserved %s", reserved.text)
	}
	redeem := fmt.Sprintf(`{"code": %q, "amount": {"amount": 10000, "currency": "DKK"}, "receipt": "17"}`, code)
	refused := d.wants(409, m.till, "PUT", "/v1/redemptions/kasse1:17", redeem)
	if refused.at("code") != "held_elsewhere" || refused.at("held_by.channel") != "webshop" {
		t.Errorf("the till is told %s", refused.text)
	}

	d.dies()
	d = m.serves()
	again := d.wants(200, m.shop, "PUT", "/v1/reservations/woo:1", reserve)
	if again.at("expires_at") != reserved.at("expires_at") {
		t.Errorf("after the power cut it expires %v, before it %v", again.at("expires_at"), reserved.at("expires_at"))
	}
	captured := d.wants(200, m.shop, "POST", "/v1/reservations/woo:1/capture", `{"order": "1042"}`)
	if captured.at("redemption.amount.amount") != 30000.0 || captured.at("balance.amount") != 20000.0 {
		t.Errorf("captured %s", captured.text)
	}
	redeemed := d.wants(201, m.till, "PUT", "/v1/redemptions/kasse1:17", redeem)
	if redeemed.at("balance.amount") != 10000.0 {
		t.Errorf("redeemed %s", redeemed.text)
	}
	d.wants(201, m.till, "PUT", "/v1/reloads/kasse1:18",
		fmt.Sprintf(`{"code": %q, "amount": {"amount": 5000, "currency": "DKK"}, "receipt": "18", "tender": "cash"}`, code))
	balance := d.wants(200, m.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
	if balance.at("balance.amount") != 15000.0 {
		t.Errorf("balance %s", balance.text)
	}
	d.stops()
	if said := m.does("verify"); !strings.HasPrefix(said, "Sound") {
		t.Errorf("verify says %s", said)
	}
	if strings.Contains(d.log.String(), strings.ReplaceAll(code, "-", "")) || strings.Contains(d.log.String(), code) {
		t.Error("a code is in the log (I13)")
	}
}
