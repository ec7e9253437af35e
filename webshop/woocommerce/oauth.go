package woocommerce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const nonceBytes = 16 // WooCommerce refuses a nonce that it saw in the last 15 minutes

// sign adds to the query what OAuth 1.0a wants: WooCommerce accepts a key over plain http only with a signature, one-legged
// and without a token. The body of a request is not signed.
func (c *Client) sign(request *http.Request) error {
	nonce := make([]byte, nonceBytes)
	if _, err := io.ReadFull(c.config.Random, nonce); err != nil {
		return fmt.Errorf("draw a nonce: %w", err)
	}
	query := request.URL.Query()
	query.Set("oauth_consumer_key", c.config.Key)
	query.Set("oauth_nonce", hex.EncodeToString(nonce))
	query.Set("oauth_signature_method", "HMAC-SHA256")
	query.Set("oauth_timestamp", strconv.FormatInt(c.config.Now().Unix(), 10))
	query.Set("oauth_signature", SignRequest(request.Method, request.URL, query, c.config.Secret))
	request.URL.RawQuery = query.Encode()
	return nil
}

// SignRequest returns the OAuth 1.0a signature of a request to the REST API over http: of its method, its address
// without the query, and the query's values without oauth_signature (RFC 5849, HMAC-SHA256 in place of SHA-1).
func SignRequest(method string, address *url.URL, query url.Values, secret string) string {
	var pairs []string
	for name, values := range query {
		if name == "oauth_signature" {
			continue
		}
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	slices.Sort(pairs)
	base := address.Scheme + "://" + address.Host + address.EscapedPath()
	text := strings.ToUpper(method) + "&" + escape(base) + "&" + escape(strings.Join(pairs, "&"))
	h := hmac.New(sha256.New, []byte(secret+"&"))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// escape is PHP's rawurlencode: everything but letters, digits and -._~ becomes %XX.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
