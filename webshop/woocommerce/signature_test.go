package woocommerce_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vouchsafe/webshop"
	"vouchsafe/webshop/woocommerce"
)

// signedRequests are all captured requests but the ping.
var signedRequests = []string{
	"action_payment_complete_thin",
	"order_28_created_arrives_after_updated_cod_processing_not_paid",
	"order_created_customer_pending_sek",
	"order_created_guest_3_vouchers_coupon_pending_dkk",
	"order_created_on_hold_bacs",
	"order_deleted_id_only",
	"order_updated_cancelled_sek",
	"order_updated_completed_dkk",
	"order_updated_paid_processing_dkk",
	"order_updated_partial_refund_status_still_completed",
	"order_updated_same_second_as_created",
}

func verify(header http.Header, body []byte, secrets ...string) error {
	return woocommerce.Verify(header, body, secrets, time.Time{})
}

func TestTheSignatureOfEveryCapturedBodyVerifies(t *testing.T) {
	t.Parallel()
	secret := capturedSecret(t)
	for _, name := range signedRequests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header, body := capturedRequest(t, name)
			if err := verify(header, body, secret); err != nil {
				t.Error(err)
			}
			if got, want := woocommerce.Sign(secret, body), header.Get("X-WC-Webhook-Signature"); got != want {
				t.Errorf("sign: got %s, want %s", got, want)
			}
			if woocommerce.IsPing(header, body) {
				t.Error("taken for a ping")
			}
		})
	}
}

func signed(body string) http.Header {
	return http.Header{"X-Wc-Webhook-Signature": {woocommerce.Sign("the secret", []byte(body))}}
}

func TestEveryActiveSecretVerifiesAndNoOther(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		secrets []string
		valid   bool
	}{
		{"the secret", []string{"the secret"}, true},
		{"the old one of two", []string{"a new one", "the secret"}, true},
		{"the new one of two", []string{"the secret", "an old one"}, true},
		{"the secret of another shop", []string{"another"}, false},
		{"the secret with a space behind it", []string{"the secret "}, false},
		{"no secret", nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := verify(signed("{}"), []byte("{}"), test.secrets...); (err == nil) != test.valid {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnEmptySecretVerifiesNothing(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Wc-Webhook-Signature": {woocommerce.Sign("", []byte("{}"))}}
	if err := verify(header, []byte("{}"), ""); !errors.Is(err, webshop.ErrSignature) {
		t.Errorf("got %v", err)
	}
}

func TestASecretThatWordPressStoredEscapedSignsAsItWasTyped(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	for escaped, typed := range map[string]string{"a&amp;b": "a&b", "&lt;&gt;&quot;&#039;": `<>"'`, "æ & ø": "æ & ø"} {
		if got, want := woocommerce.Sign(escaped, body), woocommerce.Sign(typed, body); got != want {
			t.Errorf("%s: got %s, want %s", escaped, got, want)
		}
	}
	if woocommerce.Sign("&amp;lt;", body) == woocommerce.Sign("<", body) {
		t.Error("decoded twice")
	}
}

func TestASignatureThatIsMissingOrNoneIsRefused(t *testing.T) {
	t.Parallel()
	good := signed("{}").Get("X-Wc-Webhook-Signature")
	for _, signature := range []string{"", "=", "AAAA", strings.Repeat("A", 44), good[:43], good + "AAAA", " " + good, strings.ToLower(good)} {
		header := http.Header{"X-Wc-Webhook-Signature": {signature}}
		if err := verify(header, []byte("{}"), "the secret"); !errors.Is(err, webshop.ErrSignature) {
			t.Errorf("%q: got %v", signature, err)
		}
	}
}

// W3.
func TestNoBitOfBodyOrSignatureCanBeChanged(t *testing.T) {
	t.Parallel()
	header, body := capturedRequest(t, "order_updated_paid_processing_dkk")
	secret := capturedSecret(t)
	for bit := range len(body) * 8 {
		body[bit/8] ^= 1 << (bit % 8)
		if verify(header, body, secret) == nil {
			t.Fatalf("the body verifies with bit %d changed", bit)
		}
		body[bit/8] ^= 1 << (bit % 8)
	}
	good := header.Get("X-WC-Webhook-Signature")
	for bit := range len(good) * 8 {
		flipped := []byte(good)
		flipped[bit/8] ^= 1 << (bit % 8)
		header.Set("X-WC-Webhook-Signature", string(flipped))
		if verify(header, body, secret) == nil {
			t.Errorf("the signature verifies with bit %d changed: %s", bit, flipped)
		}
	}
}

func TestTheUnusedBitsOfASignatureCantBeChanged(t *testing.T) {
	t.Parallel()
	good := signed("{}").Get("X-Wc-Webhook-Signature")
	for _, symbol := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		changed := good[:42] + string(symbol) + "="
		err := verify(http.Header{"X-Wc-Webhook-Signature": {changed}}, []byte("{}"), "the secret")
		if (err == nil) != (changed == good) {
			t.Errorf("%c: got %v", symbol, err)
		}
	}
}

func TestTheCapturedPingIsAPingAndChangesNothing(t *testing.T) {
	t.Parallel()
	header, body := capturedRequest(t, "ping_webhook_created")
	if !woocommerce.IsPing(header, body) {
		t.Error("not recognised")
	}
	got, err := woocommerce.Parse(header, body, fields)
	if err != nil || got.Ignored == "" || got.Order != nil || got.FetchID != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := verify(header, body, capturedSecret(t)); !errors.Is(err, webshop.ErrSignature) {
		t.Errorf("verify: got %v", err)
	}
}

func TestWhatOnlyLooksLikeAPingIsNone(t *testing.T) {
	t.Parallel()
	form := "application/x-www-form-urlencoded"
	tests := []struct {
		name, body string
		header     http.Header
	}{
		{"another content type", "webhook_id=7", http.Header{"Content-Type": {"application/json"}}},
		{"no content type", "webhook_id=7", http.Header{}},
		{"a signature", "webhook_id=7", http.Header{"Content-Type": {form}, "X-Wc-Webhook-Signature": {"x"}}},
		{"a topic", "webhook_id=7", http.Header{"Content-Type": {form}, "X-Wc-Webhook-Topic": {"order.created"}}},
		{"more than the id", "webhook_id=7&order=8", http.Header{"Content-Type": {form}}},
		{"no number", "webhook_id=x", http.Header{"Content-Type": {form}}},
		{"a second line", "webhook_id=7\nx", http.Header{"Content-Type": {form}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if woocommerce.IsPing(test.header, []byte(test.body)) {
				t.Error("taken for a ping")
			}
		})
	}
}

// Whatever is sent, only the one signature of these bytes verifies (G11).
func FuzzVerify(f *testing.F) {
	f.Add(woocommerce.Sign("the secret", []byte("{}")), []byte("{}"))
	f.Add("", []byte(""))
	f.Add("y+3xbiEBgWuYQgvF3Nn7r8JLBKeEgxf6PPxA\nzwmhuT4=", []byte("{}"))
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		header := http.Header{"X-Wc-Webhook-Signature": {signature}}
		switch err := verify(header, body, "the secret"); {
		case err == nil && signature != woocommerce.Sign("the secret", body):
			t.Fatalf("verified %q", signature)
		case err != nil && !errors.Is(err, webshop.ErrSignature):
			t.Fatalf("got %v, want ErrSignature", err)
		}
	})
}
