package woocommerce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"time"

	"vouchsafe/webshop"
)

const (
	signatureHeader = "X-WC-Webhook-Signature"
	topicHeader     = "X-WC-Webhook-Topic"
	resourceHeader  = "X-WC-Webhook-Resource"
	sourceHeader    = "X-WC-Webhook-Source"
)

var pingBody = regexp.MustCompile(`^webhook_id=[0-9]{1,20}$`)

// entities are what wp_specialchars_decode turns back, in one pass. WordPress stores a secret that was typed into its
// form with these escaped and signs with them decoded.
var entities = strings.NewReplacer(
	"&amp;", "&", "&#038;", "&", "&#x26;", "&",
	"&lt;", "<", "&#060;", "<", "&gt;", ">", "&#062;", ">",
	"&quot;", `"`, "&#034;", `"`, "&#x22;", `"`,
	"&#039;", "'", "&#39;", "'", "&#x27;", "'",
)

// Verify reports whether one of the secrets signed exactly these bytes, with an error that wraps webshop.ErrSignature
// if not. Several secrets may be active while one replaces another; an empty one verifies nothing. The signature has no
// time in it, so a body verifies for ever and the time is not looked at.
func Verify(header http.Header, body []byte, secrets []string, _ time.Time) error {
	got := []byte(header.Get(signatureHeader)) // as text: base64 has several for the same bytes, with line breaks or other unused bits
	valid := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(got, []byte(Sign(secret, body))) {
			valid = true
		}
	}
	if !valid {
		return webshop.ErrSignature
	}
	return nil
}

// Sign returns what the shop would send as X-WC-Webhook-Signature.
func Sign(secret string, body []byte) string {
	return base64.StdEncoding.EncodeToString(mac(secret, body))
}

func mac(secret string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(entities.Replace(secret)))
	h.Write(body)
	return h.Sum(nil)
}

// IsPing reports whether this is the form that WooCommerce posts when a webhook is saved. It is unsigned, so anybody can
// send it: it must be answered with exactly 200 and change nothing. Look for it before Verify.
func IsPing(header http.Header, body []byte) bool {
	for _, name := range []string{signatureHeader, topicHeader, resourceHeader} {
		if header.Get(name) != "" {
			return false
		}
	}
	form := strings.HasPrefix(header.Get("Content-Type"), "application/x-www-form-urlencoded")
	return form && pingBody.Match(body)
}
