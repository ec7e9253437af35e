package standard_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"vouchsafe/webshop"
	"vouchsafe/webshop/standard"
	"vouchsafe/webshop/webshoptest"
)

type vector struct {
	Name, Secret, ID, Timestamp, Body, Signature string
	Now                                          int64
	Valid                                        bool
}

func (v vector) header() http.Header {
	header := http.Header{}
	header.Set("webhook-id", v.ID)
	header.Set("webhook-timestamp", v.Timestamp)
	header.Set("webhook-signature", v.Signature)
	return header
}

func vectors(t *testing.T) []vector {
	t.Helper()
	var list []vector
	if err := json.Unmarshal(webshoptest.Fixture(t, "standard-webhooks/vectors.json"), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 14 {
		t.Fatalf("only %d vectors", len(list))
	}
	return list
}

func TestVectorsOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			err := standard.Verify(v.header(), []byte(v.Body), []string{v.Secret}, time.Unix(v.Now, 0))
			if v.Valid && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !v.Valid && !errors.Is(err, webshop.ErrSignature) {
				t.Errorf("got %v, want ErrSignature", err)
			}
		})
	}
}

func TestSignGivesTheSignatureOfTheReference(t *testing.T) {
	t.Parallel()
	v := vectors(t)[0]
	got, err := standard.Sign(v.Secret, v.ID, time.Unix(v.Now, 0), []byte(v.Body))
	if err != nil || got != v.Signature {
		t.Errorf("got %s, %v, want %s", got, err, v.Signature)
	}
}

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	other  = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

var sent = time.Date(2026, 11, 22, 1, 38, 5, 0, time.UTC)

func signed(t *testing.T, body string) vector {
	t.Helper()
	signature, err := standard.Sign(secret, "msg_1", sent, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return vector{ID: "msg_1", Timestamp: strconv.FormatInt(sent.Unix(), 10), Body: body, Signature: signature}
}

func TestEveryActiveSecretVerifiesAndNoOther(t *testing.T) {
	t.Parallel()
	v := signed(t, `{"type":"order.paid"}`)
	tests := []struct {
		name    string
		secrets []string
		valid   bool
	}{
		{"the secret", []string{secret}, true},
		{"the old one of two", []string{other, secret}, true},
		{"the new one of two", []string{secret, other}, true},
		{"the secret of another shop", []string{other}, false},
		{"no secret", nil, false},
		{"an empty secret", []string{""}, false},
		{"a prefix alone", []string{"whsec_"}, false},
		{"one that is no base64 beside the right one", []string{"whsec_!", secret}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := standard.Verify(v.header(), []byte(v.Body), test.secrets, sent)
			if (err == nil) != test.valid {
				t.Errorf("got %v", err)
			}
		})
	}
}

// W3.
func TestNoBitOfBodyIDTimeOrSignatureCanBeChanged(t *testing.T) {
	t.Parallel()
	v := signed(t, `{"type":"order.paid"}`)
	verify := func(v vector) error {
		return standard.Verify(v.header(), []byte(v.Body), []string{secret}, sent)
	}
	if err := verify(v); err != nil {
		t.Fatal(err)
	}
	parts := map[string]*string{"body": &v.Body, "id": &v.ID, "timestamp": &v.Timestamp, "signature": &v.Signature}
	for name, part := range parts {
		whole := *part
		for bit := range len(whole) * 8 {
			changed := []byte(whole)
			changed[bit/8] ^= 1 << (bit % 8)
			*part = string(changed)
			if verify(v) == nil {
				t.Errorf("%s verifies with bit %d changed: %q", name, bit, changed)
			}
		}
		*part = whole
	}
}

func TestTheUnusedBitsOfASignatureCantBeChanged(t *testing.T) {
	t.Parallel()
	v := signed(t, "{}")
	last := len(v.Signature) - 2 // before the padding
	for _, symbol := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		changed := v
		changed.Signature = v.Signature[:last] + string(symbol) + "="
		err := standard.Verify(changed.header(), []byte(v.Body), []string{secret}, sent)
		if (err == nil) != (changed.Signature == v.Signature) {
			t.Errorf("%c: got %v", symbol, err)
		}
	}
}

func TestFiveMinutesAreTheLimitInBothDirections(t *testing.T) {
	t.Parallel()
	v := signed(t, "{}")
	for offset, valid := range map[time.Duration]bool{
		5 * time.Minute: true, -5 * time.Minute: true,
		5*time.Minute + time.Millisecond: false, -5*time.Minute - time.Millisecond: false,
	} {
		err := standard.Verify(v.header(), []byte(v.Body), []string{secret}, sent.Add(offset))
		if (err == nil) != valid {
			t.Errorf("%s: got %v", offset, err)
		}
	}
}

func TestATimeStampThatIsNotPlainSecondsIsRefused(t *testing.T) {
	t.Parallel()
	for _, stamp := range []string{"+1", "-1", "1.5", "1e9", "99999999999999999999", " 1", "0x1"} {
		v := signed(t, "{}")
		v.Timestamp = stamp
		if err := standard.Verify(v.header(), []byte(v.Body), []string{secret}, sent); !errors.Is(err, webshop.ErrSignature) {
			t.Errorf("%q: got %v", stamp, err)
		}
	}
}

func TestASecretHasAtLeast24Bytes(t *testing.T) {
	t.Parallel()
	encoded := func(n int) string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", n))) }
	for text, valid := range map[string]bool{
		secret: true, encoded(24): true, "whsec_" + encoded(25): true, "whsec_" + strings.TrimRight(encoded(25), "="): true,
		"": false, "whsec_": false, encoded(23): false, "whsec_not base64": false,
	} {
		if err := standard.CheckSecret(text); (err == nil) != valid {
			t.Errorf("%q: got %v", text, err)
		}
		if _, err := standard.Sign(text, "msg_1", sent, nil); (err == nil) != valid {
			t.Errorf("sign with %q: got %v", text, err)
		}
	}
}

// Whatever is sent, only what the secret signed verifies (G11).
func FuzzVerify(f *testing.F) {
	signature, err := standard.Sign(secret, "msg_1", sent, []byte("{}"))
	if err != nil {
		f.Fatal(err)
	}
	stamp := strconv.FormatInt(sent.Unix(), 10)
	f.Add("msg_1", stamp, signature, []byte("{}"))
	f.Add("msg_1", stamp, "v2,abc v1,"+strings.TrimPrefix(signature, "v1,")+" v1", []byte("{ }"))
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {signature}}
		switch err := standard.Verify(header, body, []string{secret}, sent); {
		case err == nil && !strings.Contains(signature, signatureOf(t, id, stamp, body)):
			t.Fatalf("verified %q", signature)
		case err != nil && !errors.Is(err, webshop.ErrSignature):
			t.Fatalf("got %v, want ErrSignature", err)
		}
	})
}

// signatureOf is what verifies under an id and a stamp in seconds, with any zeros before it taken off.
func signatureOf(t *testing.T, id, stamp string, body []byte) string {
	t.Helper()
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return ""
	}
	signature, err := standard.Sign(secret, id, time.Unix(seconds, 0), body)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}
