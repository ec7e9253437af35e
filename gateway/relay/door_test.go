package relay_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail"
	"vouchsafe/retail/purchase"
	"vouchsafe/webshop/standard"
	"vouchsafe/webshop/webshoptest"
)

func TestWhoMayKnock(t *testing.T) {
	t.Parallel()
	h := open(t)
	fixture := "woocommerce-9.4.1-captured/order_updated_paid_processing_dkk"
	header, body := webshoptest.FixtureHeader(t, fixture+".headers.json"), webshoptest.Fixture(t, fixture+".body")
	forged := header.Clone()
	forged.Set("X-WC-Webhook-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	unsigned := header.Clone()
	unsigned.Del("X-WC-Webhook-Signature")
	ping := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	flipped := bytes.Replace(body, []byte("500"), []byte("501"), 1)
	tests := []struct {
		name   string
		shop   string
		header http.Header
		body   []byte
		status int
		answer string
	}{
		{"a signed order", "demo", header, body, 200, `{"accepted":true,"duplicate":false}`},
		{"the same bytes again", "demo", header, body, 200, `{"accepted":true,"duplicate":true}`},
		{"an unsigned ping", "demo", ping, []byte("webhook_id=7"), 200, `{"accepted":true,"duplicate":false}`},
		{"a forged signature", "demo", forged, body, 401, `bad_signature`},
		{"no signature", "demo", unsigned, body, 401, `bad_signature`},
		{"one bit is another", "demo", header, flipped, 401, `bad_signature`},
		{"an unknown shop", "nobody", header, body, 404, `not_found`},
		{"more than a megabyte", "demo", header, make([]byte, 1<<20+1), 413, `too_large`},
	}
	for _, test := range tests {
		status, answer := h.posts(test.shop, test.header, test.body)
		if status != test.status || !strings.Contains(answer, test.answer) {
			t.Errorf("W3 %s: got %d %s, want %d %s", test.name, status, answer, test.status, test.answer)
		}
	}
	var stored int
	if err := h.pool.QueryRow(t.Context(), `SELECT count(*) FROM inbox`).Scan(&stored); err != nil || stored != 1 {
		t.Errorf("%d bodies are stored, %v; want 1", stored, err)
	}
}

func TestCapturedBodies(t *testing.T) {
	t.Parallel()
	const captured = "woocommerce-9.4.1-captured/"
	tests := []struct {
		name   string
		bodies []string
		want   string
		tasks  []string
	}{
		{"paid: three vouchers of one line", []string{"order_updated_paid_processing_dkk", "order_updated_completed_dkk"}, "active 50000, active 50000, active 50000", nil},
		{"pending: none", []string{"order_created_guest_3_vouchers_coupon_pending_dkk"}, "", nil},
		{"cash on delivery: none, and it waits", []string{"order_28_created_arrives_after_updated_cod_processing_not_paid"}, "", []string{purchase.WaitingPurchase}},
		{"bank transfer on hold: none, and it waits", []string{"order_created_on_hold_bacs"}, "", []string{purchase.WaitingPurchase}},
		{"a refund of a shop that can't be asked waits", []string{"order_updated_completed_dkk", "order_updated_partial_refund_status_still_completed"}, "active 50000, active 50000, active 50000", []string{purchase.RefundToSettle}},
		{"cancelled, and placed before", []string{"order_updated_cancelled_sek", "order_created_customer_pending_sek"}, "", nil},
		{"a thin body of a shop that can't be asked is set aside", []string{"action_payment_complete_thin"}, "", []string{retail.TaskSetAside}},
		{"deleted: nothing follows", []string{"order_deleted_id_only"}, "", nil},
		{"an older state after a newer one", []string{"order_updated_completed_dkk", "order_created_guest_3_vouchers_coupon_pending_dkk"}, "active 50000, active 50000, active 50000", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, func(n *retail.NewShop) { n.URL, n.APIKey, n.APISecret = "", "", "" })
			for _, name := range test.bodies {
				header, body := webshoptest.FixtureHeader(t, captured+name+".headers.json"), webshoptest.Fixture(t, captured+name+".body")
				if status, answer := h.posts("demo", header, body); status != http.StatusOK {
					t.Fatalf("%s: got %d %s", name, status, answer)
				}
				h.settles()
			}
			if got := h.standing(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := h.tasks(); !slices.Equal(got, test.tasks) {
				t.Errorf("tasks: got %q, want %q", got, test.tasks)
			}
		})
	}
}

// signed is a message of the shop "plain".
func signed(t *testing.T, id string, at time.Time, body []byte) http.Header {
	t.Helper()
	signature, err := standard.Sign(standardSecret, id, at, body)
	if err != nil {
		t.Fatal(err)
	}
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {fmt.Sprint(at.Unix())}, "Webhook-Signature": {signature},
	}
}

func TestAnyOtherShopSpeaksStandardWebhooks(t *testing.T) {
	t.Parallel()
	h := open(t)
	body := []byte(`{"type":"order.paid","data":{"order":{"id":"7","number":"7","status":"paid","updated_at":"2026-11-22T01:38:05Z",
		"currency":"DKK","customer":{"email":"a@example.dk"},"payment":{"method":"quickpay","paid_at":"2026-11-22T01:38:05Z"},
		"lines":[{"id":"1","sku":"GAVEKORT-500","name":"Gavekort","quantity":2,"unit_price":{"amount":50000,"currency":"DKK"}}]}}}`)
	if status, answer := h.posts("plain", signed(t, "msg_1", time.Now(), body), body); status != http.StatusOK {
		t.Fatalf("got %d %s", status, answer)
	}
	junk := []byte(`{"type":"order.paid","data":{"order":{"id":"8","status":"perhaps"}}}`)
	if status, answer := h.posts("plain", signed(t, "msg_2", time.Now(), junk), junk); status != http.StatusOK {
		t.Errorf("what can't be understood was answered %d %s", status, answer)
	}
	later := append([]byte(" "), body...)
	status, answer := h.posts("plain", signed(t, "msg_1", time.Now(), later), later)
	if status != http.StatusOK || !strings.Contains(answer, `"duplicate":true`) {
		t.Errorf("the same message in other bytes: got %d %s", status, answer)
	}
	if status, _ := h.posts("plain", signed(t, "msg_3", time.Now().Add(-time.Hour), body), body); status != http.StatusUnauthorized {
		t.Errorf("W3 a replay after an hour was answered %d", status)
	}
	h.settles()
	if got, want := h.standing(), "active 50000, active 50000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := h.tasks(), []string{retail.TaskSetAside}; !slices.Equal(got, want) {
		t.Errorf("tasks: got %q, want %q", got, want)
	}
}

// What is registered as a secret of Standard Webhooks is what their messages are verified with, and nothing else is.
func TestASecretIsRegisteredIfAndOnlyIfItVerifies(t *testing.T) {
	t.Parallel()
	h := open(t)
	raw := func(n int) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{251}, n)) }
	for _, secret := range []string{
		standardSecret, raw(24), raw(25), "whsec_" + raw(25), "whsec_" + strings.TrimRight(raw(25), "="), raw(23), "whsec_" + raw(23), "whsec_",
		"whpk_" + raw(32), "whsec_" + base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{251}, 32)), "not base64 but long enough for one",
	} {
		registered, verifies := h.sales.RotateSecret(t.Context(), "plain", secret), standard.CheckSecret(secret)
		if (registered == nil) != (verifies == nil) {
			t.Errorf("%q: registered %v, verifies %v", secret, registered, verifies)
		}
	}
}

// X01: an order is refunded and, in the same moment, told once more without the refund. Whichever is settled first, the money that went back
// is not lost sight of: the voucher ends, or the office has it to look at.
func TestARefundThatWasOvertakenIsNotLost(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{"in its turn": "refunded", "overtaken": "paid again"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			tells := func(second int, refunds string) {
				body := fmt.Appendf(nil, `{"type":"order.paid","data":{"order":{"id":"7","number":"7","status":"paid","updated_at":"2026-11-22T01:38:%02dZ",
					"currency":"DKK","customer":{"email":"a@example.dk"},"payment":{"method":"quickpay","paid_at":"2026-11-22T01:38:05Z"},
					"lines":[{"id":"1","sku":"GAVEKORT-500","quantity":2,"unit_price":{"amount":50000,"currency":"DKK"}}]%s}}}`, second, refunds)
				if status, answer := h.posts("plain", signed(t, fmt.Sprint("msg_", second), time.Now(), body), body); status != http.StatusOK {
					t.Fatalf("got %d %s", status, answer)
				}
				h.settles()
			}
			refund := func() {
				tells(7, `,"refunds":[{"id":"r1","amount":{"amount":50000,"currency":"DKK"},"lines":[{"id":"1","quantity":1}]}]`)
			}
			again := func() { tells(8, "") }
			tells(5, "")
			standing, tasks := "active 50000, invalidated 0", []string(nil)
			if first == "refunded" {
				refund()
				again()
				tasks = []string{purchase.RefundToSettle} // the shop tells of it no more: its buyer has paid, and holds one voucher less
			} else {
				again()
				refund()
				standing, tasks = "active 50000, active 50000", []string{retail.TaskSetAside}
			}
			if got := h.standing(); got != standing {
				t.Errorf("got %q, want %q", got, standing)
			}
			if got := h.tasks(); !slices.Equal(got, tasks) {
				t.Errorf("tasks: got %q, want %q", got, tasks)
			}
		})
	}
}
